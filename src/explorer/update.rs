//! The only place where the state changes.

use std::sync::Arc;

use ratatui_textarea::CursorMove;
use tui_input::InputRequest;

use super::action::{Action, Direction, Effect, Pane};
use super::colouring::ColourBy;
use super::commands;
use super::fuzzy;
use super::history::Memento;
use super::job::Job;
use super::map::{Look, Projector};
use super::outcome::{is_passive, report};
use super::state::{Notice, Search, State};
use super::{cursor, forecasts, newcomer, pane_probe, pointer, routing, table, work};
use crate::dataset::{Attribute, Values};
use crate::one_line;

/// Takes an action in, and says what has to be done outside.
pub fn update(state: &mut State, action: Action) -> Vec<Effect> {
    let mut effects = Vec::new();
    let passive = is_passive(&action);
    if !passive {
        state.notice = None;
        if state.help {
            read_help(state, &action);
            return effects;
        }
    }
    if passive {
        report(state, action, &mut effects);
    } else {
        let undoes = matches!(action, Action::Undo | Action::Redo);
        let (before, kind) = (Memento::of(state), std::mem::discriminant(&action));
        let joins = joins(&action);
        act(state, action, &mut effects);
        if !undoes && Memento::of(state) != before {
            state.history.remember(before, kind, joins);
        }
    }
    work::ask(state, &mut effects);
    effects
}

/// What moves down moves the help where it is longer than the screen; all else closes it.
fn read_help(state: &mut State, action: &Action) {
    use Action as A;
    let by = match action {
        A::Down | A::Step(Direction::Down) | A::Wheel(_, _, false) => 1,
        A::Up | A::Step(Direction::Up) | A::Wheel(_, _, true) => -1,
        A::PageDown => 10,
        A::PageUp => -10,
        _ => 0,
    };
    let most = super::overlays::help_overflow(state);
    state.help = by != 0 && most > 0;
    state.help_scroll = state.help_scroll.saturating_add_signed(by).min(most);
}

/// A run of these is one step of undo.
fn joins(action: &Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::Step(_)
            | A::Pan(_)
            | A::ZoomIn
            | A::ZoomOut
            | A::Up
            | A::Down
            | A::Edit(_)
            | A::Turn(_)
            | A::Wheel(..)
            | A::ColourBy(_)
    )
}

/// What the user did.
fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Quit => quit(state, effects),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Help => (state.help, state.help_scroll) = (true, 0),
        Action::NextTheme => effects.push(Effect::NextTheme),
        Action::Dismiss => dismiss(state, effects),
        Action::Stop => work::stop(state, effects),
        Action::Again => work::again(state),
        Action::Focus(pane) => focus(state, pane),
        Action::NextPane => focus(state, neighbour(state.focus, 1)),
        Action::PreviousPane => focus(state, neighbour(state.focus, Pane::ALL.len() - 1)),
        Action::StopTraining => {
            stop_training(state, effects);
        }
        Action::NextSection => turn(state, 1),
        Action::PreviousSection => turn(state, pane_probe::SECTIONS - 1),
        Action::NameGroup => name_group(state),
        Action::Search => search(state),
        Action::Prompt => prompt(state, effects),
        Action::Accept => accept(state, effects),
        Action::Route(command) => routing::command(state, command, effects),
        Action::Newcomer(command) => newcomer::command(state, command, effects),
        Action::Paste(text) if takes_paste(state) => {
            routing::paste(state, &text, effects);
            routing::typed(state, effects);
        }
        Action::Paste(text) => {
            for c in one_line(&text).chars() {
                edit(state, InputRequest::InsertChar(c));
            }
            typed(state, effects);
        }
        Action::Edit(request) => {
            edit(state, request);
            typed(state, effects);
        }
        Action::Up if routing::moves_up(state) => routing::go(state, CursorMove::Up),
        Action::Down if routing::moves_down(state) => routing::go(state, CursorMove::Down),
        Action::Up | Action::Down | Action::PageUp | Action::PageDown => {
            let by = match action {
                Action::Up => -1,
                Action::Down => 1,
                Action::PageUp => -cursor::page(state),
                _ => cursor::page(state),
            };
            cursor::lines(state, by);
            preview(state, effects);
        }
        Action::First => cursor::lines(state, isize::MIN / 2),
        Action::Last => cursor::lines(state, isize::MAX / 2),
        Action::Open => cursor::open(state),
        Action::Click(x, y) => pointer::click(state, x, y),
        Action::Wheel(x, y, up) => pointer::wheel(state, x, y, up),
        Action::Drag(button, x, y) => pointer::drag(state, button, x, y),
        Action::Release => pointer::release(state),
        Action::Step(direction) if state.focus == Pane::Models => {
            let last = state.table.columns.len() - 1;
            match direction {
                Direction::Left => state.table.at = state.table.at.saturating_sub(1),
                Direction::Right => state.table.at = (state.table.at + 1).min(last),
                _ => {}
            }
        }
        Action::Step(Direction::Left) if state.focus == Pane::Forecast => {
            forecasts::step(state, false);
        }
        Action::Step(Direction::Right) if state.focus == Pane::Forecast => {
            forecasts::step(state, true);
        }
        Action::NextColour if state.focus == Pane::Questions => state.questions.next_category(),
        Action::Sort => sort(state),
        Action::Undo | Action::Redo => {
            let now = Memento::of(state);
            let (undo, history) = (matches!(action, Action::Undo), &mut state.history);
            match if undo { history.undo(now) } else { history.redo(now) } {
                Some(memento) => {
                    if !state.restore(&memento) {
                        project(state, memento.look.projector, effects);
                    }
                }
                None => state.say(if undo { "nothing to undo" } else { "nothing to redo" }),
            }
        }
        Action::UseProjector(projector) => project(state, projector, effects),
        Action::Mouse => {
            state.mouse = !state.mouse;
            effects.push(Effect::Mouse(state.mouse));
            state.say(if state.mouse {
                "the mouse works here again"
            } else {
                "the mouse is released: select text with it, F2 takes it back"
            });
        }
        other => {
            if let Some(other) = commands::act(state, other, effects) {
                on_map(state, other);
            }
        }
    }
}

/// Sorts the table by the column under its cursor; a second time the other way round.
pub fn sort(state: &mut State) {
    let table = &mut state.table;
    let Some(&column) = table.columns.get(table.at) else { return };
    table.descending =
        if table.sort == column { !table.descending } else { !column.is_text(&state.subject) };
    table.sort = column;
    table::arrange(state);
}

/// Shows a projection, or has it computed.
fn project(state: &mut State, projector: Projector, effects: &mut Vec<Effect>) {
    if !state.map.use_projector(projector) {
        effects.push(Effect::Project(projector));
    }
}

/// Types a prompt; a question that is being looked at is routed.
/// True if a pasted text goes to the Route pane and not to what is typed over it.
fn takes_paste(state: &State) -> bool {
    let covered = state.picker.is_some() || state.ask.is_some() || state.search.is_some();
    !covered && state.focus == Pane::Route && state.route.is_typing()
}

fn prompt(state: &mut State, effects: &mut Vec<Effect>) {
    let question = (state.focus == Pane::Questions)
        .then(|| state.questions.under_cursor().map(|(_, q)| q.prompt.clone()))
        .flatten();
    focus(state, Pane::Route);
    if let Some(prompt) = question {
        state.route.set_prompt(&prompt);
        typed(state, effects);
        state.route.typing = false;
    }
}

fn on_map(state: &mut State, action: Action) {
    let middle = state.map.centre;
    let on_selected = state.map.places.get(state.selected).copied().unwrap_or(middle);
    match action {
        Action::Step(direction) => {
            if let Some(model) = state.map.step(state.selected, direction) {
                state.select(model);
            }
        }
        Action::Pan(direction) => state.map.pan(direction),
        Action::ZoomIn => state.map.zoom(true, on_selected),
        Action::ZoomOut => state.map.zoom(false, on_selected),
        Action::Fit => state.map.fit(),
        Action::Reset => {
            let first = Look::first(&state.subject);
            state.colour_by(first.colour);
            // Principal components are always at hand.
            state.map.look_as(&first);
        }
        Action::NextColour => cycle_colour(state, 1),
        Action::PreviousColour => cycle_colour(state, -1),
        Action::Isolate => state.map.isolate_next(),
        Action::NextAxes => state.map.next_axes(),
        Action::UseAxes(x, y) => state.map.use_axes((x, y)),
        Action::Space if state.map.components() < 3 => {
            state.say("this projection has two dimensions only");
        }
        Action::Space => state.map.toggle_space(),
        Action::Turn(direction) => state.map.turn(direction),
        Action::Spin => state.map.spin(),
        Action::Markers => {
            state.map.next_marker();
            state.say(state.map.marker.title());
        }
        Action::Density => {
            state.map.density = !state.map.density;
            state.say(if state.map.density { "crowded places are shaded" } else { "no shading" });
        }
        Action::Tool => {
            state.map.next_tool();
            state.say(state.map.tool.title());
        }
        Action::Names => state.map.names = !state.map.names,
        _ => {}
    }
}

/// Colours by what comes next or before, of what there is to see.
fn cycle_colour(state: &mut State, by: isize) {
    let all = ColourBy::all(&state.subject);
    let at = all.iter().position(|c| *c == state.map.colouring.by).unwrap_or_default();
    let next = (at as isize + by).rem_euclid(all.len() as isize) as usize;
    state.colour_by(all[next]);
}

/// Leaves; a running training is stopped first, so that its best epoch is kept.
fn quit(state: &mut State, effects: &mut Vec<Effect>) {
    if stop_training(state, effects) {
        state.leaving = true;
    } else {
        effects.push(Effect::Quit);
    }
}

/// False if no training is under way.
fn stop_training(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let Some(training) = &mut state.training else { return false };
    training.stopping = true;
    effects.push(Effect::StopTraining);
    true
}

fn neighbour(pane: Pane, ahead: usize) -> Pane {
    Pane::ALL[(pane.place() + ahead) % Pane::ALL.len()]
}

pub fn focus(state: &mut State, pane: Pane) {
    // A training has only the map beside it.
    if state.training.is_none() {
        state.picker = None;
        state.focus_on(pane);
    }
}

/// Closes what is on top.
fn dismiss(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(picker) = state.picker.take() {
        for action in picker.preview.into_iter().flatten() {
            act(state, action, effects);
        }
    } else if let Some(ask) = state.ask.take() {
        commands::take_back(state, &ask);
    } else if let Some(search) = state.search.take() {
        state.select(search.before);
    } else if state.probe.naming.take().is_some() {
        // Nothing was named.
    } else if state.focus == Pane::Route && state.route.is_typing() {
        routing::stop_typing(state, false, effects);
    } else if matches!(state.focus, Pane::Models | Pane::Forecast) && !state.table.filter.is_empty()
    {
        state.table.filter.clear();
        table::arrange(state);
    } else if state.focus == Pane::Questions && !state.questions.filter.is_empty() {
        state.questions.filter.clear();
        state.questions.arrange();
    } else if state.map.isolated.is_some() {
        state.map.isolated = None;
    } else {
        state.mark([]);
    }
}

fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(name) = state.probe.naming.take() {
        add_group(state, &one_line(name.value().trim()), effects);
    } else if state.picker.is_some() {
        pick(state, effects);
    } else if state.ask.is_some() {
        commands::accept(state, effects);
    } else if state.search.take().is_none() {
        routing::stop_typing(state, true, effects);
        cursor::open_candidate(state);
    }
}

fn turn(state: &mut State, by: usize) {
    state.probe.section = (state.probe.section + by) % pane_probe::SECTIONS;
}

pub fn choose(state: &mut State, attribute: usize) {
    let at = state.probe.order().iter().position(|a| *a == attribute);
    state.probe.cursor = at.unwrap_or_default();
}

fn name_group(state: &mut State) {
    if state.marked.is_empty() {
        let text = "mark the models of the group first: Space on the map".into();
        state.notice = Some(Notice { text, bad: true });
    } else {
        state.probe.naming = Some(tui_input::Input::default());
    }
}

/// The marked models become an attribute, in place of a group of the same name.
fn add_group(state: &mut State, name: &str, effects: &mut Vec<Effect>) {
    let of_data = state.groups_from..;
    let known = state.subject.attributes.iter().position(|a| a.name == name);
    if name.is_empty() || known.is_some_and(|at| !of_data.contains(&at)) {
        let text = format!("`{name}` cannot be the name of a group: it is empty or taken");
        state.notice = Some(Notice { text, bad: true });
        return;
    }
    let member = |m| Some(state.marked.contains(&m));
    let values = Values::Flag((0..state.subject.models.len()).map(member).collect());
    let attribute = Attribute { name: name.into(), values };
    let subject = Arc::make_mut(&mut state.subject);
    let at = known.unwrap_or(subject.attributes.len());
    if known.is_some() {
        subject.attributes[at] = attribute;
    } else {
        subject.attributes.push(attribute);
        state.probe.reports.push(Job::Idle);
    }
    state.probe.reports[at] = Job::Running;
    choose(state, at);
    state.colour_by(ColourBy::Attribute(at));
    // A newer job of a kind takes the place of the older: what that has not probed yet goes on.
    effects.push(Effect::Probe(state.probe.running()));
}

/// Does what the item under the picker's cursor stands for.
fn pick(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(picker) = &state.picker else { return };
    let (stays, at) = (picker.stays, picker.hits.get(picker.at).copied());
    let actions = picker.under_cursor().map(|item| item.actions.clone()).unwrap_or_default();
    if stays {
        if let (Some(picker), Some(at)) = (&mut state.picker, at) {
            picker.items[at].chosen = !picker.items[at].chosen;
        }
    } else {
        state.picker = None;
    }
    for action in actions {
        act(state, action, effects);
    }
}

/// Shows what the item under the cursor would do.
fn preview(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(picker) = state.picker.as_ref().filter(|picker| picker.preview.is_some()) else {
        return;
    };
    let actions = picker.under_cursor().map(|item| item.actions.clone()).unwrap_or_default();
    for action in actions {
        act(state, action, effects);
    }
}

fn search(state: &mut State) {
    let before = state.selected;
    let hits = (0..state.subject.models.len()).collect();
    state.search = Some(Search { input: tui_input::Input::default(), hits, at: 0, before });
}

fn edit(state: &mut State, request: InputRequest) {
    if let Some(picker) = &mut state.picker {
        picker.input.handle(request);
    } else if let Some(ask) = &mut state.ask {
        ask.input.handle(request);
    } else if let Some(search) = &mut state.search {
        search.input.handle(request);
    } else if let Some(name) = &mut state.probe.naming {
        name.handle(request);
    } else if state.focus == Pane::Route && state.route.is_typing() {
        routing::edit(state, request);
    }
}

/// After typing: looks for hits, or asks for a new route.
fn typed(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(picker) = &mut state.picker {
        picker.typed();
        return preview(state, effects);
    }
    if state.ask.is_some() {
        return commands::typed(state);
    }
    if let Some(search) = &mut state.search {
        let sought = search.input.value();
        search.hits = fuzzy::matching(sought, state.subject.models.iter().map(String::as_str));
        search.at = 0;
        let to = if sought.is_empty() { Some(search.before) } else { search.hits.first().copied() };
        if let Some(model) = to {
            state.select(model);
        }
        return;
    }
    if state.probe.naming.is_some() {
        return;
    }
    routing::typed(state, effects);
}
