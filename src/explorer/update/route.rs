//! The prompt of the Route pane and its route.

use super::work;
use crate::analysis::router::{Route, Tokens};
use crate::explorer::effect::Effect;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::column::Column;
use crate::explorer::state::job::{Job, JobKind};
use crate::explorer::state::map::glow::by_chance;
use crate::explorer::state::mode::Mode;
use crate::explorer::state::route::Similar;

/// Starts typing a prompt; a shown question is routed.
pub fn prompt(state: &mut State, effects: &mut Vec<Effect>) {
    let question = (state.focus == Pane::Questions)
        .then(|| state.questions.under_cursor().map(|(_, q)| q.prompt.clone()))
        .flatten();
    state.go_to(Pane::Route);
    if state.training.is_none() {
        state.modes.set_base(Mode::Prompt);
    }
    if let Some(prompt) = question {
        state.route.set_prompt(&prompt);
        typed(state, effects);
        state.modes.set_base(Mode::Normal);
    }
}

/// True if the cursor can move up within the prompt: above its first line it moves through the models.
pub fn moves_up(state: &State) -> bool {
    matches!(state.modes.top(), Mode::Prompt) && state.route.editor.cursor().0 > 0
}

/// True if the cursor can go down within the prompt.
pub fn moves_down(state: &State) -> bool {
    let editor = &state.route.editor;
    matches!(state.modes.top(), Mode::Prompt) && editor.cursor().0 + 1 < editor.lines().len()
}

/// Handles a pasted text. A path, as terminals paste it for a dropped file, is checked first.
pub fn paste(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    if looks_like_path(text) {
        effects.push(Effect::Drop(text.to_owned()));
    } else {
        insert(state, text);
    }
}

/// Inserts a text at the cursor of the prompt.
pub fn insert(state: &mut State, text: &str) {
    if let Err(problem) = state.route.insert(text) {
        state.show_error(&problem);
    }
}

fn looks_like_path(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['"', '\'']);
    let begins = ["/", "~/", "file://", "\\\\"].iter().any(|start| text.starts_with(start));
    let drive = text.chars().nth(1) == Some(':') && text.chars().nth(2) == Some('\\');
    (begins || drive) && text.len() < 4096 && !text.contains('\n')
}

/// Requests a new route if the prompt has changed.
pub fn typed(state: &mut State, effects: &mut Vec<Effect>) {
    let prompt = state.route.prompt();
    if prompt.trim() != state.route.asked {
        let route = &mut state.route;
        prompt.trim().clone_into(&mut route.asked);
        route.tokens = Tokens::of(&route.asked, route.answer_tokens).prompt;
        // Similar questions may have changed.
        route.finding = Job::Idle;
        ask(state, effects);
    }
}

/// Requests a route of the current prompt.
pub fn ask(state: &mut State, effects: &mut Vec<Effect>) {
    let route = &mut state.route;
    route.version += 1;
    if !route.asked.is_empty() && state.model_set.unread.is_none() {
        route.routing = Job::Running;
        // Similar questions depend on the prompt only: they are searched once.
        if state.with_data && route.finding.start_once() {
            route.similar_version += 1;
            effects.push(Effect::Similar(route.similar_version, route.asked.clone()));
        }
        effects.push(Effect::Route(route.version, route.asked.clone()));
    } else {
        (route.routing, route.finding) = (Job::Idle, Job::Idle);
        (route.result, route.similar) = (None, Vec::new());
        forecast(state);
    }
}

/// Stores a route. One for an older prompt is dropped.
pub fn routed(state: &mut State, version: u64, answer: Result<Route, String>) {
    if version != state.route.version {
        return;
    }
    match answer {
        Ok(answer) => {
            // A limit may choose another model: the selection stays with the chosen one.
            let follows = state.routed() == Some(state.selected)
                && !matches!(state.modes.top(), Mode::Prompt);
            state.route.take(answer);
            if let Some(chosen) = state.routed().filter(|_| follows) {
                state.select(chosen);
            }
            forecast(state);
        }
        Err(problem) => work::failed(state, JobKind::Route, &problem),
    }
}

/// Stores similar training questions. Those for an older prompt are dropped.
pub fn found(state: &mut State, version: u64, found: Result<Vec<Similar>, String>) {
    if version != state.route.similar_version {
        return;
    }
    match found {
        Ok(found) => {
            if state.route.finding.finish(()) {
                state.route.similar = found;
            }
        }
        // The pane shows the error itself.
        Err(problem) => drop(state.route.finding.fail(&problem)),
    }
}

/// Ends typing the prompt, which is added to the history.
pub fn stop_typing(state: &mut State) {
    state.modes.set_base(Mode::Normal);
    state.route.remember();
}

/// While a prompt is typed, the brightness of the models follows their probability of a correct answer.
pub fn light(state: &mut State) {
    let typing = matches!(state.modes.top(), Mode::Prompt) && state.training.is_none();
    // If the colors show it already, brightness would be redundant.
    let shown = typing && !state.forecast.is_empty() && state.map.coloring.by != ColorBy::Forecast;
    let aim = shown.then_some(state.forecast_version);
    state.map.glow.aim(aim, || by_chance(&state.forecast));
}

/// Stores the probabilities of a route for the map and the table.
fn forecast(state: &mut State) {
    state.forecast.clear();
    state.forecast_version += 1;
    if let Some(answer) = &state.route.result {
        state.forecast.resize(state.model_set.models.len(), None);
        for candidate in &answer.candidates {
            if let Some(p) = state.forecast.get_mut(candidate.model) {
                *p = Some(candidate.p);
            }
        }
    }
    state.recolor(ColorBy::Forecast);
    if state.table.sort == Column::Forecast {
        state.arrange_table();
    }
}
