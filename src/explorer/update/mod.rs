//! The only place where the state changes: takes an event, and returns the effects to run.

mod card;
mod commands;
mod export;
pub mod filter;
mod groups;
mod limits;
mod line;
mod map;
mod marks;
mod mouse;
mod new_model;
mod panes;
mod pickers;
mod results;
mod route;
mod route_commands;
mod tour;
mod typing;
mod work;

use super::command::Command;
use super::effect::Effect;
use super::event::{Event, Input};
use super::state::State;
use super::state::history::Step;
use super::ui::help;

/// Applies an event, and returns the effects to run.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    let mut effects = Vec::new();
    match event {
        // After a training has ended, any key continues; quitting still quits.
        Event::Command(command) if command != Command::Quit && results::end_training(state) => {}
        Event::Input(Input::Edit(_) | Input::Click(..) | Input::Unbound(_))
            if results::end_training(state) => {}
        Event::Command(command) => {
            if let Some(command) = through_help(state, command) {
                let step = Step::from(&command);
                let moves_in_time = matches!(command, Command::Undo | Command::Redo);
                let before = state.snapshot();
                commands::run(state, command, &mut effects);
                if !moves_in_time && state.snapshot() != before {
                    state.history.remember(before, step);
                }
            }
        }
        Event::Input(Input::Hover(x, y)) => {
            state.hover = Some((x, y).into());
            state.pointed = mouse::pointed(state, x, y);
        }
        Event::Input(input) => {
            if !reads_help(state, turned(&input)) {
                let (step, before) = (Step::from(&input), state.snapshot());
                take_input(state, input, &mut effects);
                if state.snapshot() != before {
                    state.history.remember(before, step);
                }
            }
        }
        Event::Job(result) => results::job(state, result, &mut effects),
        Event::Training(event) => results::training(state, event, &mut effects),
        Event::Outside(event) => results::outside(state, event, &mut effects),
        Event::Tick => results::tick(state),
    }
    state.map.explain(&state.model_set);
    route::light(state);
    work::ask(state, &mut effects);
    effects
}

fn take_input(state: &mut State, input: Input, effects: &mut Vec<Effect>) {
    if state.tour.is_some() {
        let click = if let Input::Click(x, y) = input { Some((x, y)) } else { None };
        if input != Input::Release && tour::input(state, click) {
            return;
        }
    }
    match input {
        Input::Edit(request) => {
            let commands = typing::edit(state, request, effects);
            commands::follow(state, commands, effects);
        }
        Input::Paste(text) => {
            let commands = typing::paste(state, &text, effects);
            commands::follow(state, commands, effects);
        }
        Input::Click(x, y) => {
            let commands = mouse::click(state, x, y).into_iter().collect();
            commands::follow(state, commands, effects);
        }
        Input::Wheel(x, y, up) => mouse::wheel(state, x, y, up),
        Input::Drag(button, x, y) => mouse::drag(state, button, x, y),
        Input::Release => mouse::release(state),
        Input::Unbound(key) => {
            state.show_notice(format!("{key} does nothing here. ? shows the keys."));
        }
        Input::Hover(..) => {}
    }
}

/// The command to run. User input closes notices and tooltips. While the help is open, movements scroll it,
/// and any other command closes it and runs.
fn through_help(state: &mut State, command: Command) -> Option<Command> {
    let by = lines_of(&command);
    match (reads_help(state, by), command) {
        (true, _) if by != 0 => None,
        (true, Command::Dismiss | Command::Help) => None,
        (_, command) => Some(command),
    }
}

/// The same for other input, which goes to the help while it is open.
fn reads_help(state: &mut State, by: isize) -> bool {
    state.notice = None;
    (state.hover, state.pointed) = (None, None);
    let open = state.help;
    if open {
        state.help = by != 0;
        let most = help::overflow(state);
        state.help_scroll = state.help_scroll.saturating_add_signed(by).min(most);
    }
    open
}

/// How far a command scrolls the help.
fn lines_of(command: &Command) -> isize {
    const ALL: isize = 1 << 20;
    match command {
        Command::Down => 1,
        Command::Up => -1,
        Command::PageDown => 10,
        Command::PageUp => -10,
        Command::Last => ALL,
        Command::First => -ALL,
        _ => 0,
    }
}

fn turned(input: &Input) -> isize {
    match input {
        Input::Wheel(_, _, true) => -1,
        Input::Wheel(_, _, false) => 1,
        Input::Edit(_)
        | Input::Paste(_)
        | Input::Click(..)
        | Input::Drag(..)
        | Input::Release
        | Input::Hover(..)
        | Input::Unbound(_) => 0,
    }
}
