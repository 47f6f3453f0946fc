//! Dispatches commands.

use ratatui_textarea::CursorMove;

use super::{
    card, export, filter, line, map, marks, new_model, panes, pickers, route, route_commands, tour,
    typing, work,
};
use crate::explorer::command::Command;
use crate::explorer::effect::Effect;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::line::Purpose;
use crate::explorer::state::mode::Mode;
use crate::explorer::state::picker::Picker;
use crate::explorer::state::probe::SECTIONS;

/// Lets the tour or a card handle a command first; returns what remains to be run.
fn through(state: &mut State, mut command: Command) -> Option<Command> {
    if state.tour.is_some() {
        command = tour::through(state, command)?;
    }
    if state.card.is_some() {
        command = card::through(state, command)?;
    }
    Some(command)
}

/// Runs a command.
pub fn run(state: &mut State, command: Command, effects: &mut Vec<Effect>) {
    use Command as C;
    let Some(command) = through(state, command) else { return };
    match command {
        C::Quit => quit(state, effects),
        C::Suspend => effects.push(Effect::Suspend),
        C::Tour => tour::begin(state),
        // These belong to a running tour.
        C::TourNext | C::TourBack => {}
        C::Help => (state.help, state.help_scroll) = (true, 0),
        C::NextTheme => effects.push(Effect::NextTheme),
        C::UseTheme(name) => effects.push(Effect::UseTheme(name)),
        C::Mouse => toggle_mouse(state, effects),
        C::Stop => work::stop(state, effects),
        C::Again => work::again(state),
        C::StopTraining => _ = stop_training(state, effects),
        C::Undo | C::Redo => travel(state, command == C::Undo, effects),
        C::Copy => export::copy(state, effects),
        C::Export => line::open_export(state, export::of_pane(state), None, effects),
        C::ExportTo(exported) => line::open_export(state, exported, None, effects),

        C::Accept => {
            let commands = typing::accept(state, effects);
            follow(state, commands, effects);
        }
        C::Dismiss => {
            let commands = typing::dismiss(state, effects);
            follow(state, commands, effects);
        }
        C::Search => pick(state, pickers::models),
        C::ViewState(name) => look(state, &name),
        C::Maximize => maximize(state),
        C::Filter => line::open_filter(state, effects),
        C::ClearFilter => filter::clear(state, effects),
        C::Complete => line::complete(state, effects),
        C::Select => line::open(state, Purpose::Select, String::new(), effects),
        C::SaveSelection => line::open_save(state, effects),
        C::NameGroup => line::open_group(state, effects),
        C::Prompt => route::prompt(state, effects),

        C::Palette => pick(state, pickers::palette),
        C::Themes => pick(state, pickers::themes),
        C::Colors => pick(state, pickers::colors),
        C::Columns => pick(state, pickers::columns),
        C::Projections => pick(state, pickers::projections),
        C::Axes => pick(state, pickers::axes),
        C::Selections => match pickers::selections(state) {
            Some(picker) => state.modes.open(Mode::Picker(picker)),
            None => state.show_notice("Nothing saved yet: mark some models and press S"),
        },

        C::Focus(pane) => state.go_to(pane),
        C::NextPane => state.go_to(state.focus.ahead(1)),
        C::PreviousPane => state.go_to(state.focus.ahead(Pane::ALL.len() - 1)),
        C::Step(direction) => panes::step(state, direction),
        C::Up if route::moves_up(state) => state.route.editor.move_cursor(CursorMove::Up),
        C::Down if route::moves_down(state) => state.route.editor.move_cursor(CursorMove::Down),
        C::Up => scroll(state, -1, effects),
        C::Down => scroll(state, 1, effects),
        C::PageUp => scroll(state, -panes::page(state), effects),
        C::PageDown => scroll(state, panes::page(state), effects),
        C::First => panes::lines(state, isize::MIN / 2),
        C::Last => panes::lines(state, isize::MAX / 2),
        C::Open => panes::open(state),
        C::NextSection => state.probe.turn(1),
        C::PreviousSection => state.probe.turn(SECTIONS - 1),
        C::Sort => panes::sort(state),
        C::ToggleColumn(at) => panes::toggle_column(state, at),

        C::Pan(direction) => state.map.pan(direction),
        C::ZoomIn => map::zoom(state, true),
        C::ZoomOut => map::zoom(state, false),
        C::ZoomToMarked => map::zoom_to_marked(state),
        C::Fit => state.map.fit(),
        C::Reset => map::reset(state),
        C::NextCategory => state.questions.next_category(),
        C::NextColor => map::cycle_color(state, 1),
        C::PreviousColor => map::cycle_color(state, -1),
        C::ColorBy(by) => map::color_by(state, by),
        C::Isolate => state.map.isolate_next(),
        C::Card => card::open(state),
        C::NextAxes => state.map.next_axes(),
        C::UseAxes(x, y) => state.map.use_axes((x, y)),
        C::UseProjector(projector) => map::project(state, projector, effects),
        C::TurnCoverage => map::turn_coverage(state, effects),
        C::Space => map::toggle_space(state),
        C::Turn(direction) => state.map.turn(direction),
        C::Spin => state.map.spin(),
        C::NextView => panes::next_view(state),
        C::Density => map::toggle_density(state),
        C::Pixels => map::toggle_pixels(state, effects),
        C::Tool => map::next_tool(state),
        C::Names => state.map.names = !state.map.names,

        C::Mark => marks::toggle(state),
        C::MarkShown => marks::shown(state),
        C::MarkNeighbors => marks::neighbors(state),
        C::MarkCluster => marks::cluster(state),
        C::MarkErrors => marks::errors(state),
        C::Invert => marks::invert(state),
        C::Recall(name) => marks::recall(state, &name),
        C::Forget(name) => marks::forget(state, &name),

        C::UsePool(name) => filter::use_pool(state, name.as_deref(), effects),
        C::Route(command) => route_commands::run(state, command, effects),
        C::NewModel(command) => new_model::run(state, command, effects),
    }
}

/// Runs the commands of a chosen or previewed entry.
pub fn follow(state: &mut State, commands: Vec<Command>, effects: &mut Vec<Effect>) {
    for command in commands {
        run(state, command, effects);
    }
}

fn pick(state: &mut State, list: fn(&State) -> Picker) {
    let picker = list(state);
    state.modes.open(Mode::Picker(picker));
}

/// Moves the cursor of the focused list; a list with a preview shows the entry under it.
fn scroll(state: &mut State, by: isize, effects: &mut Vec<Effect>) {
    panes::lines(state, by);
    let commands = pickers::preview(state);
    follow(state, commands, effects);
}

fn look(state: &mut State, name: &str) {
    if let Some(model) = state.model_set.models.iter().position(|known| known == name) {
        state.select(model);
    }
}

/// Maximizes the focused pane, or restores it.
fn maximize(state: &mut State) {
    if Layout::has_room(state.area) && state.training.is_none() {
        state.maximized = !state.maximized;
    } else {
        state.show_notice(
            "Panes are side by side from 120 columns on; this one already fills the window",
        );
    }
}

fn travel(state: &mut State, back: bool, effects: &mut Vec<Effect>) {
    let (now, history) = (state.snapshot(), &mut state.history);
    match if back { history.undo(now) } else { history.redo(now) } {
        Some(snapshot) => {
            filter::set(state, snapshot.filter.clone(), effects);
            if !state.restore(&snapshot) {
                map::project(state, snapshot.look.projector, effects);
            }
        }
        None => state.show_notice(if back { "Nothing to undo" } else { "Nothing to redo" }),
    }
}

fn toggle_mouse(state: &mut State, effects: &mut Vec<Effect>) {
    state.mouse = !state.mouse;
    effects.push(Effect::Mouse(state.mouse));
    state.show_notice(if state.mouse {
        "Mouse capture on"
    } else {
        "Mouse capture off: select text with the mouse (F2 to re-enable)"
    });
}

/// Quits; a running training is stopped first, so that its best epoch is kept.
fn quit(state: &mut State, effects: &mut Vec<Effect>) {
    if stop_training(state, effects) {
        state.leaving = true;
    } else {
        effects.push(Effect::Quit);
    }
}

/// False if no training is running.
fn stop_training(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let Some(training) = state.training.as_mut().filter(|training| training.done.is_none()) else {
        return false;
    };
    training.stopping = true;
    effects.push(Effect::StopTraining);
    true
}
