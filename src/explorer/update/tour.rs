//! Updates of the tour.

use crate::explorer::command::Command;
use crate::explorer::layout::Layout;
use crate::explorer::state::State;
use crate::explorer::state::over::tour::{STEPS, Target, Tour};
use crate::explorer::ui;

/// Starts it, unless a training is running or the window is too small.
pub fn begin(state: &mut State) {
    if state.training.is_some() {
        return state.show_notice("The tour is available once the training has ended");
    }
    state.modes.close_picker();
    let before = (state.focus, state.side, state.wide);
    state.maximized = false;
    state.tour = Some(Tour { at: 0, before });
    show(state);
}

/// Focuses the target of the step, so that it is on the screen.
fn show(state: &mut State) {
    let target = state.tour.as_ref().map(|tour| tour.step().target);
    if let Some(Target::Pane(pane)) = target {
        state.focus_on(pane);
    }
}

/// Goes forward or back; after the last step it ends.
fn go(state: &mut State, by: isize) {
    let Some(tour) = &mut state.tour else { return };
    let to = tour.at.saturating_add_signed(by);
    if to < STEPS.len() {
        tour.at = to;
        show(state);
    } else {
        end(state);
    }
}

/// Ends it and restores the panes.
fn end(state: &mut State) {
    let Some(tour) = state.tour.take() else { return };
    let (focus, side, wide) = tour.before;
    for pane in [wide, side, focus] {
        state.focus_on(pane);
    }
}

/// During the tour, its own keys control it and Esc ends it; any other command ends it and then runs. Returns
/// the command that remains to be run.
pub fn through(state: &mut State, command: Command) -> Option<Command> {
    match command {
        // It is not visible: ends it silently.
        command if Layout::of(state).is_none() => {
            end(state);
            return Some(command);
        }
        Command::TourNext => go(state, 1),
        Command::TourBack => go(state, -1),
        Command::Dismiss => end(state),
        Command::Quit => {
            end(state);
            return Some(command);
        }
        command => {
            state.tour = None;
            return Some(command);
        }
    }
    None
}

/// Other input: a click into its window goes forward; anything else ends it and is handled. True if it was
/// handled here.
pub fn input(state: &mut State, click: Option<(u16, u16)>) -> bool {
    let window = ui::tour::window(state, state.area);
    if let (Some(at), Some(window)) = (click, window)
        && window.contains(at.into())
    {
        go(state, 1);
        return true;
    }
    state.tour = None;
    false
}
