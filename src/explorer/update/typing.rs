//! Text input, Enter and Esc, by the current mode.

use tui_input::InputRequest;

use super::{export, filter, limits, line, panes, pickers, route};
use crate::explorer::command::Command;
use crate::explorer::effect::Effect;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::mode::Mode;
use crate::one_line;

/// Types into the focused input. Returns the commands of a preview.
pub fn edit(state: &mut State, request: InputRequest, effects: &mut Vec<Effect>) -> Vec<Command> {
    handle(state, request);
    typed(state, effects)
}

/// Pastes into the focused input: only a prompt has line breaks.
pub fn paste(state: &mut State, text: &str, effects: &mut Vec<Effect>) -> Vec<Command> {
    if matches!(state.modes.top(), Mode::Prompt) {
        route::paste(state, text, effects);
    } else {
        for c in one_line(text).chars() {
            handle(state, InputRequest::InsertChar(c));
        }
    }
    typed(state, effects)
}

fn handle(state: &mut State, request: InputRequest) {
    match state.modes.top_mut() {
        Mode::Picker(picker) => drop(picker.input.handle(request)),
        Mode::Line(line) => drop(line.input.handle(request)),
        Mode::Prompt => state.route.edit(request),
        Mode::Normal => {}
    }
}

/// Updates the matches, or requests a new route.
fn typed(state: &mut State, effects: &mut Vec<Effect>) -> Vec<Command> {
    match state.modes.top_mut() {
        Mode::Picker(picker) => {
            picker.typed();
            if let Some(filter) = pickers::filter_in(picker) {
                state.modes.close_picker();
                line::open_filter_with(state, &filter, effects);
                return Vec::new();
            }
            // `:export the marked` still finds the commands of that name.
            if let Some(name) = pickers::export_in(picker).filter(|name| name.contains('.')) {
                state.modes.close_picker();
                line::open_export(state, export::of_pane(state), Some(name), effects);
                return Vec::new();
            }
            return pickers::preview(state);
        }
        Mode::Line(_) => line::typed(state, effects),
        Mode::Prompt => route::typed(state, effects),
        Mode::Normal => {}
    }
    Vec::new()
}

/// Accepts the typed text. Returns the commands of the chosen entry.
pub fn accept(state: &mut State, effects: &mut Vec<Effect>) -> Vec<Command> {
    match state.modes.top() {
        Mode::Picker(_) => return pickers::pick(state),
        Mode::Line(_) => {
            if let Some(Mode::Line(line)) = state.modes.close() {
                line::accept(state, line, effects);
            }
        }
        Mode::Prompt | Mode::Normal => {
            route::stop_typing(state);
            panes::open_candidate(state);
        }
    }
    Vec::new()
}

/// Closes what is on top. Returns the commands that revert a preview.
pub fn dismiss(state: &mut State, effects: &mut Vec<Effect>) -> Vec<Command> {
    match state.modes.top() {
        Mode::Picker(_) | Mode::Line(_) => match state.modes.close() {
            Some(Mode::Picker(picker)) => return picker.preview.unwrap_or_default(),
            Some(Mode::Line(line)) => line::take_back(state, line, effects),
            Some(Mode::Normal | Mode::Prompt) | None => {}
        },
        Mode::Prompt => route::stop_typing(state),
        Mode::Normal => lift(state, effects),
    }
    Vec::new()
}

/// Clears what hides models or reorders them, one thing at a time: a limit of the router, a filter, a
/// focused group, the marks.
fn lift(state: &mut State, effects: &mut Vec<Effect>) {
    if state.focus == Pane::Route && limits::lift(state, effects) {
    } else if state.focus == Pane::Questions && !state.questions.filter.is_empty() {
        state.questions.filter.clear();
        state.questions.arrange();
    } else if state.filter.is_on() {
        filter::clear(state, effects);
    } else if state.map.isolated.is_some() {
        state.map.isolated = None;
    } else {
        state.mark([]);
    }
}
