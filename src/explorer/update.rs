//! The only place where the state changes.

use std::sync::Arc;

use ratatui::layout::Rect;
use tui_input::InputRequest;

use super::action::{Action, Effect, Pane};
use super::layout::{Layout, tabs};
use super::state::{Notice, Search, State, Training};
use super::{pane_map, pane_model, pane_probe};
use crate::dataset::{Attribute, Values};
use crate::one_line;

/// Lines that a turn of the wheel moves.
const WHEEL: usize = 3;

/// Takes an action in, and says what has to be done outside.
pub fn update(state: &mut State, action: Action) -> Vec<Effect> {
    let mut effects = Vec::new();
    let passive = is_passive(&action);
    if !passive {
        state.notice = None;
        if state.help {
            state.help = false;
            return effects;
        }
    }
    if passive {
        report(state, action, &mut effects);
    } else {
        act(state, action, &mut effects);
    }
    let shown = Layout::of(state).is_some_and(|layout| layout.pane(Pane::Probe).is_some());
    if state.started && shown && !state.probe.asked && state.training.is_none() {
        state.probe.asked = true;
        effects.push(Effect::Probe((0..state.probe.reports.len()).collect()));
    }
    effects
}

/// True for what the user did not do.
fn is_passive(action: &Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::Resize(..)
            | A::Started
            | A::Tick
            | A::Routed(..)
            | A::Probed(..)
            | A::Encoding(_)
            | A::Epoch(_)
            | A::Trained(..)
            | A::Failed(_)
            | A::Themed(..)
    )
}

/// What time and jobs bring.
fn report(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Resize(width, height) => state.area = Rect::new(0, 0, width, height),
        Action::Started => state.started = true,
        Action::Tick => state.map.tick(),
        Action::Routed(version, route) if version == state.route.version => {
            state.route.waiting = false;
            state.route.cursor = 0;
            state.route.result = Some(route);
        }
        Action::Probed(attribute, result) => {
            // The cursor stays on its attribute while results sort the list anew.
            let chosen = state.probe.chosen().filter(|_| state.probe.cursor > 0);
            if let Some(report) = state.probe.reports.get_mut(attribute) {
                *report = Some(result);
            }
            if let Some(chosen) = chosen {
                choose(state, chosen);
            }
        }
        Action::Encoding(questions) => {
            state.training.get_or_insert_default().questions = questions;
        }
        Action::Epoch(frame) => {
            state.training.get_or_insert_with(Training::default).add(&frame.epoch);
            state.map.show(frame.projection);
        }
        Action::Trained(subject, projection, notice) => {
            state.replace(subject, projection);
            state.notice = Some(Notice { text: one_line(&notice), bad: false });
            if state.leaving {
                effects.push(Effect::Quit);
            }
        }
        Action::Failed(problem) => {
            state.route.waiting = false;
            state.notice = Some(Notice { text: one_line(&problem), bad: true });
        }
        Action::Themed(theme, warnings) => {
            state.theme = *theme;
            if let Some(first) = warnings.first() {
                let more = match warnings.len() - 1 {
                    0 => String::new(),
                    more => format!(" (and {more} more)"),
                };
                state.notice =
                    Some(Notice { text: one_line(&format!("{first}{more}")), bad: true });
            }
        }
        _ => {}
    }
}

/// What the user did.
fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Quit => quit(state, effects),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Help => state.help = true,
        Action::NextTheme => effects.push(Effect::NextTheme),
        Action::Dismiss => dismiss(state),
        Action::Focus(pane) => focus(state, pane),
        Action::NextPane => focus(state, neighbour(state.focus, 1)),
        Action::PreviousPane => focus(state, neighbour(state.focus, Pane::ALL.len() - 1)),
        Action::StopTraining => {
            if let Some(training) = &mut state.training {
                training.stopping = true;
                effects.push(Effect::StopTraining);
            }
        }
        Action::NextSection => turn(state, 1),
        Action::PreviousSection => turn(state, pane_probe::SECTIONS - 1),
        Action::NameGroup => name_group(state),
        Action::Search => search(state),
        Action::Prompt => focus(state, Pane::Route),
        Action::Accept => accept(state, effects),
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
        Action::Up => lines(state, -1),
        Action::Down => lines(state, 1),
        Action::PageUp => lines(state, -page(state)),
        Action::PageDown => lines(state, page(state)),
        Action::First => lines(state, isize::MIN / 2),
        Action::Last => lines(state, isize::MAX / 2),
        Action::Open => open(state),
        Action::Click(x, y) => click(state, x, y),
        Action::Wheel(x, y, up) => wheel(state, x, y, up),
        other => on_map(state, other),
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
        Action::NextColour => state.map.cycle_colour(&state.subject, true),
        Action::PreviousColour => state.map.cycle_colour(&state.subject, false),
        Action::Isolate => state.map.isolate_next(),
        Action::NextAxes => state.map.next_axes(),
        Action::Markers => state.map.shapes = !state.map.shapes,
        Action::Names => state.map.names = !state.map.names,
        Action::Mark => {
            let model = state.selected;
            if model < state.subject.models.len() && !state.marked.remove(&model) {
                state.marked.insert(model);
            }
        }
        _ => {}
    }
}

/// Leaves; a running training is stopped first, so that its best epoch is kept.
fn quit(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(training) = &mut state.training {
        training.stopping = true;
        state.leaving = true;
        effects.push(Effect::StopTraining);
    } else {
        effects.push(Effect::Quit);
    }
}

fn neighbour(pane: Pane, ahead: usize) -> Pane {
    Pane::ALL[(pane.number() - 1 + ahead) % Pane::ALL.len()]
}

fn focus(state: &mut State, pane: Pane) {
    // A training has only the map beside it.
    if state.training.is_none() {
        state.focus_on(pane);
    }
}

/// Closes what is on top.
fn dismiss(state: &mut State) {
    if let Some(search) = state.search.take() {
        state.select(search.before);
    } else if state.probe.naming.take().is_some() {
        // Nothing was named.
    } else if state.focus == Pane::Route && state.route.typing {
        state.route.typing = false;
    } else if state.map.isolated.is_some() {
        state.map.isolated = None;
    } else {
        state.marked.clear();
    }
}

fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    if state.search.take().is_some() {
        return;
    }
    if let Some(name) = state.probe.naming.take() {
        return add_group(state, &one_line(name.value().trim()), effects);
    }
    state.route.typing = false;
    open_candidate(state);
}

fn turn(state: &mut State, by: usize) {
    state.probe.section = (state.probe.section + by) % pane_probe::SECTIONS;
}

fn choose(state: &mut State, attribute: usize) {
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
        state.probe.reports.push(None);
    }
    state.probe.reports[at] = None;
    choose(state, at);
    state.map.colour_by(&state.subject, Some(at));
    effects.push(Effect::Probe(vec![at]));
}

fn search(state: &mut State) {
    let before = state.selected;
    let hits = (0..state.subject.models.len()).collect();
    state.search = Some(Search { input: tui_input::Input::default(), hits, at: 0, before });
}

fn edit(state: &mut State, request: InputRequest) {
    if let Some(search) = &mut state.search {
        search.input.handle(request);
    } else if let Some(name) = &mut state.probe.naming {
        name.handle(request);
    } else if state.focus == Pane::Route && state.route.typing {
        state.route.input.handle(request);
    }
}

/// After typing: looks for hits, or asks for a new route.
fn typed(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(search) = &mut state.search {
        let sought = search.input.value().to_lowercase();
        let models = state.subject.models.iter().enumerate();
        let hits = models.filter(|(_, name)| name.to_lowercase().contains(&sought));
        search.hits = hits.map(|(model, _)| model).collect();
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
    let route = &mut state.route;
    let prompt = route.input.value().trim();
    if prompt == route.asked {
        return;
    }
    route.asked = prompt.to_owned();
    route.version += 1;
    route.waiting = !prompt.is_empty();
    if route.waiting {
        effects.push(Effect::Route(route.version, route.asked.clone()));
    } else {
        route.result = None;
    }
}

/// Moves the cursor of what has the focus.
fn lines(state: &mut State, by: isize) {
    let moved = |at: usize, n: usize| at.saturating_add_signed(by).min(n.saturating_sub(1));
    if let Some(search) = &mut state.search {
        search.at = moved(search.at, search.hits.len());
        if let Some(&model) = search.hits.get(search.at) {
            state.select(model);
        }
        return;
    }
    match state.focus {
        Pane::Map | Pane::Evaluate => {}
        Pane::Model => {
            // Past the last neighbour the pane scrolls on to the benchmarks.
            let last = state.neighbours.len().saturating_sub(1);
            if by.unsigned_abs() > 1
                || by > 0 && state.model.neighbour == last
                || by < 0 && state.model.scroll > 0
            {
                scroll_model(state, by);
            } else {
                state.model.neighbour = moved(state.model.neighbour, last + 1);
            }
        }
        Pane::Probe => state.probe.cursor = moved(state.probe.cursor, state.probe.reports.len()),
        Pane::Route => {
            let n = state.route.result.as_ref().map_or(0, |route| route.candidates.len());
            state.route.cursor = moved(state.route.cursor, n);
            if n > 0 {
                open_candidate(state);
            }
        }
    }
}

fn scroll_model(state: &mut State, by: isize) {
    let area = Layout::of(state).and_then(|layout| layout.pane(Pane::Model));
    let inside = Layout::inside(area.unwrap_or_default());
    let most = pane_model::lines(state, inside.width as usize)
        .len()
        .saturating_sub(inside.height as usize);
    state.model.scroll = state.model.scroll.saturating_add_signed(by).min(most);
}

/// A page of the focused pane.
fn page(state: &State) -> isize {
    let area = Layout::of(state).and_then(|layout| layout.pane(state.focus));
    (area.map_or(2, |area| area.height / 2) as isize).max(2)
}

/// The candidate under the cursor becomes the selected model.
fn open_candidate(state: &mut State) {
    let candidates = state.route.result.as_ref().map(|route| &route.candidates);
    let under = candidates.and_then(|c| c.get(state.route.cursor)).map(|c| c.model);
    if let Some(model) = under {
        state.select(model);
    }
}

fn open(state: &mut State) {
    match state.focus {
        Pane::Map => focus(state, Pane::Model),
        Pane::Evaluate => {}
        Pane::Model => {
            if let Some(near) = state.neighbours.get(state.model.neighbour) {
                state.select(near.model);
            }
        }
        Pane::Probe => {
            state.map.colour_by(&state.subject, state.probe.chosen());
        }
        Pane::Route => {
            open_candidate(state);
            focus(state, Pane::Model);
        }
    }
}

fn click(state: &mut State, x: u16, y: u16) {
    let Some(layout) = Layout::of(state) else { return };
    let at = (x, y).into();
    let tab = layout.tabs.map(tabs).unwrap_or_default();
    if let Some((pane, _)) = tab.into_iter().find(|(_, area)| area.contains(at)) {
        return focus(state, pane);
    }
    let Some((pane, area)) = layout.at(x, y) else { return };
    if y == area.y
        && let Some(turn) = super::view::title_at(&layout, pane, area, x)
    {
        return focus(state, turn);
    }
    if state.focus != pane {
        focus(state, pane);
    }
    if pane == Pane::Map {
        let parts = pane_map::Parts::of(state, area);
        if let Some(class) = parts.class_at(x, y) {
            state.map.isolated = (state.map.isolated != Some(class)).then_some(class);
        } else if let Some((px, py)) = parts.point(x, y) {
            let (w, h) = (f64::from(parts.plot.width), f64::from(parts.plot.height));
            if let Some((model, far)) = state.map.nearest(px, py, w, h)
                && far < 6.0
            {
                state.select(model);
            }
        }
    } else if let Some(line) = super::view::line_at(state, pane, area, y) {
        match pane {
            Pane::Probe => state.probe.cursor = line,
            Pane::Route => {
                state.route.typing = false;
                state.route.cursor = line;
                open_candidate(state);
            }
            _ => {}
        }
    }
}

fn wheel(state: &mut State, x: u16, y: u16, up: bool) {
    let Some((pane, area)) = Layout::of(state).and_then(|layout| layout.at(x, y)) else { return };
    let by = if up { -(WHEEL as isize) } else { WHEEL as isize };
    match pane {
        Pane::Map => {
            if let Some((px, py)) = pane_map::Parts::of(state, area).point(x, y) {
                state.map.zoom(up, state.map.place_at(px, py));
            }
        }
        Pane::Model => scroll_model(state, by),
        Pane::Evaluate => {}
        Pane::Probe | Pane::Route => {
            let before = std::mem::replace(&mut state.focus, pane);
            lines(state, by);
            state.focus = before;
        }
    }
}
