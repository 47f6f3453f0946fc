//! The input line.

use tui_input::Input;

use super::{export, filter, groups, limits, marks};
use crate::explorer::command::Exported;
use crate::explorer::effect::Effect;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::line::{LineInput, Purpose};
use crate::explorer::state::mode::Mode;
use crate::explorer::state::route::limits::Limits;
use crate::explorer::state::selection::Columns;
use crate::one_line;

pub fn open(state: &mut State, purpose: Purpose, before: String, effects: &mut Vec<Effect>) {
    let line = LineInput::new(purpose, before);
    state.modes.open(Mode::Line(line));
    typed(state, effects);
}

/// Types a filter of models; in the Questions pane, of questions.
pub fn open_filter(state: &mut State, effects: &mut Vec<Effect>) {
    if state.focus == Pane::Questions {
        open(state, Purpose::Questions, state.questions.filter.clone(), effects);
    } else {
        open(state, Purpose::Filter, state.filter.text.clone(), effects);
    }
}

/// Types a filter of models, starting with `text`, replacing the current one.
pub fn open_filter_with(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    let mut line = LineInput::new(Purpose::Filter, state.filter.text.clone());
    line.input = Input::new(text.to_owned());
    state.modes.open(Mode::Line(line));
    typed(state, effects);
}

/// Types the name of a file to write, from `name` on.
pub fn open_export(
    state: &mut State,
    exported: Exported,
    name: Option<String>,
    effects: &mut Vec<Effect>,
) {
    match export::ready(state, exported) {
        Ok(()) => {
            let name = name.unwrap_or_else(|| exported.file());
            open(state, Purpose::Export(exported), name, effects);
        }
        Err(problem) => state.show_error(&problem),
    }
}

/// Types a name for the marked models.
pub fn open_save(state: &mut State, effects: &mut Vec<Effect>) {
    if state.marked.is_empty() {
        state.show_notice("Mark some models first: Space marks the selected one");
    } else {
        open(state, Purpose::Save, String::new(), effects);
    }
}

/// Types a name for the marked models as an attribute.
pub fn open_group(state: &mut State, effects: &mut Vec<Effect>) {
    if state.marked.is_empty() {
        state.show_error("Mark some models first: Space marks the selected one");
    } else {
        open(state, Purpose::Group, String::new(), effects);
    }
}

/// Types the maximum cost of a model.
pub fn open_cost(state: &mut State, effects: &mut Vec<Effect>) {
    let most = state.route.limits.most.map_or_else(String::new, |most| most.to_string());
    open(state, Purpose::Cost, most, effects);
}

/// Types a name for the filter, to save it as a pool.
pub fn open_pool(state: &mut State, effects: &mut Vec<Effect>) {
    if state.filter.is_on() {
        open(state, Purpose::Pool, String::new(), effects);
    } else {
        state.show_notice("Filter the models first: f");
    }
}

/// Applies the typed text at once, if that can be reverted.
pub fn typed(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(line) = state.modes.line() else { return };
    let (purpose, text) = (line.purpose, line.input.value().to_owned());
    let (found, problem) = match purpose {
        Purpose::Filter | Purpose::Select => return expression(state, purpose, &text, effects),
        Purpose::Questions => (filter_questions(state, text), None),
        Purpose::Save | Purpose::Group => (state.marked.len(), None),
        Purpose::Answers | Purpose::Pool => (0, None),
        Purpose::Export(exported) => (0, export::form(exported, text.trim()).err()),
        Purpose::Cost => match limits::read_cost(state, &text) {
            Ok(most) => {
                let limits = Limits { most, ..state.route.limits.clone() };
                let preferences = limits.preferences(state.filter.pool());
                (preferences.candidates(state.model_set.costs()).count(), None)
            }
            Err(problem) => (0, Some(problem)),
        },
    };
    if let Mode::Line(line) = state.modes.top_mut() {
        (line.found, line.problem) = (found, problem);
    }
}

/// After typing an expression: what could come next, and what it means so far.
fn expression(state: &mut State, purpose: Purpose, text: &str, effects: &mut Vec<Effect>) {
    let Some(before) = state.modes.line().map(LineInput::before_cursor) else { return };
    let facts = state.facts();
    let columns =
        if purpose == Purpose::Filter { Columns::of_models } else { Columns::all }(&facts);
    let typed = columns.read(text);
    let completion = typed.complete(&before);
    let (begun, meant) = (typed.is_begun(&before, &completion), typed.meant());
    if let Mode::Line(line) = state.modes.top_mut() {
        line.offer(completion);
    }
    let (found, problem) = match meant {
        meant if purpose == Purpose::Filter => filter::typed(state, text, meant, begun, effects),
        _ if text.trim().is_empty() => (0, None),
        Ok(mask) => (mask.iter().filter(|meant| **meant).count(), None),
        Err(problem) => (0, Some(problem)),
    };
    if let Mode::Line(line) = state.modes.top_mut() {
        (line.found, line.problem) = (found, problem);
    }
}

/// Inserts the first completion of an expression.
pub fn complete(state: &mut State, effects: &mut Vec<Effect>) {
    if let Mode::Line(line) = state.modes.top_mut()
        && line.complete()
    {
        typed(state, effects);
    }
}

/// Filters the questions; returns the number of matches.
fn filter_questions(state: &mut State, text: String) -> usize {
    state.questions.filter = text;
    state.questions.arrange();
    state.questions.found().len()
}

/// Cancels a line and reverts its effects.
pub fn take_back(state: &mut State, line: LineInput, effects: &mut Vec<Effect>) {
    match line.purpose {
        Purpose::Filter => filter::take_back(state, &line, effects),
        Purpose::Questions => {
            filter_questions(state, line.before);
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

/// Accepts a line and runs its action.
pub fn accept(state: &mut State, line: LineInput, effects: &mut Vec<Effect>) {
    let text = line.input.value().trim().to_owned();
    match line.purpose {
        Purpose::Filter => filter::accept(state, line, effects),
        Purpose::Questions => {}
        Purpose::Select | Purpose::Answers | Purpose::Pool | Purpose::Save | Purpose::Export(_)
            if text.is_empty() => {}
        Purpose::Group => groups::add(state, &one_line(&text), effects),
        Purpose::Select => match Columns::all(&state.facts()).meant(&text) {
            Err(problem) => state.show_error(&problem),
            Ok(mask) => {
                let models: Vec<usize> = (0..mask.len()).filter(|m| mask[*m]).collect();
                state.show_notice(marks::counted(models.len()));
                state.mark(models);
            }
        },
        Purpose::Cost => match limits::read_cost(state, &text) {
            Ok(most) => limits::cap(state, most, effects),
            Err(problem) => state.show_error(&problem),
        },
        Purpose::Export(exported) => match export::bytes(state, exported, &text) {
            Ok(bytes) => effects.push(Effect::Write(exported, text, bytes)),
            Err(problem) => {
                // The name can be put right.
                open(state, line.purpose, text, effects);
                state.show_error(&problem);
            }
        },
        Purpose::Answers => effects.push(Effect::ReadAnswers(text)),
        Purpose::Pool => filter::save_pool(state, &text, effects),
        Purpose::Save => {
            let names = state.marked.iter().map(|m| state.name(*m).to_owned()).collect();
            state.show_notice(format!("Saved as {text}. \" recalls it."));
            state.saved.insert(one_line(&text), names);
        }
    }
}
