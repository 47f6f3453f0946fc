//! Commands of the Route pane.

use super::{filter, limits, line, pickers, route};
use crate::analysis::router::Answer;
use crate::explorer::command::RouteCommand;
use crate::explorer::effect::Effect;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::mode::Mode;
use crate::explorer::state::route::View;

pub fn run(state: &mut State, command: RouteCommand, effects: &mut Vec<Effect>) {
    use RouteCommand as C;
    match command {
        C::Plot => {
            state.go_to(Pane::Route);
            state.route.view = View::Plot;
            if state.route.result.is_none() {
                state.show_notice("The plot needs a prompt: press p and type one");
            }
        }
        C::Cheaper => limits::weigh(state, 1, effects),
        C::Better => limits::weigh(state, -1, effects),
        C::RaiseFloor => limits::demand(state, true, effects),
        C::LowerFloor => limits::demand(state, false, effects),
        C::CheapestTie => limits::toggle_ties(state, effects),
        C::CheapestWithin => limits::widen(state, effects),
        C::Cautious => limits::toggle_rank(state, effects),
        C::HighestCost => line::open_cost(state, effects),
        C::Pools => {
            let pools = filter::pools(state);
            state.modes.open(Mode::Picker(pools));
        }
        C::SavePool => line::open_pool(state, effects),
        C::Newline => {
            state.route.editor.insert_newline();
            route::typed(state, effects);
        }
        C::Older => recall(state, true, effects),
        C::Newer => recall(state, false, effects),
        C::Pin => {
            if let Some(message) = state.route.pin() {
                state.show_notice(message);
            }
        }
        C::Heat => heat(state),
        C::AnswerTokens => {
            let mut palette = pickers::palette(state);
            palette.input = "answer-tokens ".into();
            palette.typed();
            state.modes.open(Mode::Picker(palette));
        }
        C::AssumeTokens(tokens) => {
            state.route.answer_tokens = tokens;
            let tokens = crate::count(tokens as usize, "token");
            state.show_notice(format!("Costs of prompts: with an answer of {tokens}"));
        }
        C::CopyJson => {
            if let Some(answer) = &state.route.result {
                let (models, costs) = (&state.model_set.models, state.model_set.costs());
                let asked = (state.route.asked.as_str(), state.route.answer_tokens);
                let document = Answer::new(models, costs, asked, answer, usize::MAX);
                let mut bytes = Vec::new();
                // Writing to memory cannot fail.
                let _ = crate::write_json(&mut bytes, &document, true);
                effects.push(Effect::Copy(String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
}

fn recall(state: &mut State, older: bool, effects: &mut Vec<Effect>) {
    if state.route.recall(older) {
        route::typed(state, effects);
    }
}

/// Colors the map by the prompt, or as before.
fn heat(state: &mut State) {
    let now = state.map.coloring.by;
    if now == ColorBy::Forecast {
        let before = state.route.before_heat.take().unwrap_or(ColorBy::Nothing);
        state.color_by(before);
    } else if state.route.result.is_none() {
        state.show_notice("Type a prompt first: p");
    } else {
        state.route.before_heat = Some(now);
        state.color_by(ColorBy::Forecast);
    }
}
