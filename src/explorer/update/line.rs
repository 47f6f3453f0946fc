//! What is typed in the lowest line.

use super::{export, filter, groups, limits, marks};
use crate::explorer::command::Exported;
use crate::explorer::effect::Effect;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::line::{LineInput, Purpose};
use crate::explorer::state::mode::Mode;
use crate::explorer::state::route::limits::Limits;
use crate::explorer::state::selection;
use crate::one_line;

pub fn open(state: &mut State, purpose: Purpose, before: String) {
    let line = LineInput::new(purpose, before);
    state.modes.open(Mode::Line(line));
    typed(state);
}

/// Types a filter of the focused pane's list.
pub fn open_filter(state: &mut State) {
    let before = match state.focus {
        Pane::Route => return filter::begin(state),
        Pane::Questions => state.questions.filter.clone(),
        Pane::Models | Pane::Forecast => state.table.filter.clone(),
        Pane::Map | Pane::Model | Pane::Probe | Pane::Evaluate | Pane::Compare | Pane::NewModel => {
            return state.say("No list to filter here. w marks models by an expression.");
        }
    };
    open(state, Purpose::Filter, before);
}

/// Types the name of a file to write.
pub fn open_export(state: &mut State, exported: Exported) {
    match export::ready(state, exported) {
        Ok(()) => open(state, Purpose::Export(exported), exported.file().into()),
        Err(problem) => state.complain(&problem),
    }
}

/// Types a name for the marked models.
pub fn open_save(state: &mut State) {
    if state.marked.is_empty() {
        state.say("Mark some models first: Space marks the selected one");
    } else {
        open(state, Purpose::Save, String::new());
    }
}

/// Types a name for the marked models as an attribute.
pub fn open_group(state: &mut State) {
    if state.marked.is_empty() {
        state.complain("Mark some models first: Space marks the selected one");
    } else {
        open(state, Purpose::Group, String::new());
    }
}

/// Types what a model may cost.
pub fn open_cost(state: &mut State) {
    let most = state.route.limits.most.map_or_else(String::new, |most| most.to_string());
    open(state, Purpose::Cost, most);
}

/// Types a name for the filter of the Route pane.
pub fn open_pool(state: &mut State) {
    if state.route.filter.pool.is_none() {
        state.say("Filter the models first: f");
    } else {
        open(state, Purpose::Pool, String::new());
    }
}

/// What was typed holds at once, where it can be taken back.
pub fn typed(state: &mut State) {
    let Some(line) = state.modes.line() else { return };
    let (purpose, text) = (line.purpose, line.input.value().to_owned());
    let (found, problem) = match purpose {
        Purpose::Filter => filter_list(state, text),
        Purpose::Select if text.trim().is_empty() => (0, None),
        Purpose::Select => {
            let (models, problem) = selection::matching(&state.facts(), &text);
            (models.len(), problem)
        }
        Purpose::Save | Purpose::Group => (state.marked.len(), None),
        Purpose::Answers | Purpose::Pool | Purpose::Export(_) => (0, None),
        Purpose::Cost => match limits::read_cost(state, &text) {
            Ok(most) => {
                let limits = Limits { most, ..state.route.limits.clone() };
                let preferences = limits.preferences(state.route.filter.pool.clone());
                (preferences.candidates(&state.model_set.costs()).count(), None)
            }
            Err(problem) => (0, Some(problem)),
        },
    };
    if let Mode::Line(line) = state.modes.top_mut() {
        (line.found, line.problem) = (found, problem);
    }
}

/// Filters the list of the focused pane: how much is left of it, and what is wrong with the filter.
fn filter_list(state: &mut State, text: String) -> (usize, Option<String>) {
    if state.focus == Pane::Questions {
        state.questions.filter = text;
        state.questions.arrange();
        (state.questions.rows.len(), None)
    } else {
        state.table.filter = text;
        state.arrange_table();
        (state.table.rows.len(), state.table.problem.clone())
    }
}

/// A line is left as if it had not been typed.
pub fn take_back(state: &mut State, line: LineInput) {
    match line.purpose {
        Purpose::Filter => {
            filter_list(state, line.before);
        }
        Purpose::Select
        | Purpose::Save
        | Purpose::Group
        | Purpose::Answers
        | Purpose::Cost
        | Purpose::Pool
        | Purpose::Export(_) => {}
    }
}

/// A line is left, and what was typed is done.
pub fn accept(state: &mut State, line: LineInput, effects: &mut Vec<Effect>) {
    let text = line.input.value().trim().to_owned();
    match line.purpose {
        // A filter that means nothing does not stay in force.
        Purpose::Filter => {
            if let Some(problem) = line.problem.clone() {
                take_back(state, line);
                state.complain(&format!("Filter not applied: {problem}"));
            }
        }
        Purpose::Group => groups::add(state, &one_line(&text), effects),
        Purpose::Select => match line.problem {
            _ if text.is_empty() => {}
            Some(problem) => state.complain(&problem),
            None => {
                let (models, _) = selection::matching(&state.facts(), &text);
                state.say(marks::counted(models.len()));
                state.mark(models);
            }
        },
        Purpose::Cost => match limits::read_cost(state, &text) {
            Ok(most) => limits::cap(state, most, effects),
            Err(problem) => state.complain(&problem),
        },
        Purpose::Answers | Purpose::Pool | Purpose::Save | Purpose::Export(_)
            if text.is_empty() => {}
        Purpose::Export(exported) => match export::bytes(state, exported) {
            Ok(bytes) => effects.push(Effect::Write(exported, text, bytes)),
            Err(problem) => state.complain(&problem),
        },
        Purpose::Answers => effects.push(Effect::ReadAnswers(text)),
        Purpose::Pool => filter::save_pool(state, &text, effects),
        Purpose::Save => {
            let names = state.marked.iter().map(|m| state.name(*m).to_owned()).collect();
            state.say(format!("Saved as {text}. \" recalls it."));
            state.saved.insert(one_line(&text), names);
        }
    }
}
