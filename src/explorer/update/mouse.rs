//! The mouse: clicks, the wheel and drags.

use ratatui::layout::Position;

use super::{card, marks, panes};
use crate::explorer::command::Command;
use crate::explorer::direction::Button;
use crate::explorer::layout::{Layout, tabs};
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::map::Tool;
use crate::explorer::state::over::Pointed;
use crate::explorer::ui::frame::title_at;
use crate::explorer::ui::hints;
use crate::explorer::ui::legend::Parts;
use crate::explorer::ui::panes::{column_at, is_prompt, line_at, model_at};

/// Lines per step of the wheel.
const WHEEL: isize = 3;
/// Maximum distance from a click to a point, in cells.
const REACH: f64 = 6.0;
/// Rotation per cell of a drag, in radians.
const ORBIT: f64 = 0.05;

/// A click. Returns its command, if it has one.
pub fn click(state: &mut State, x: u16, y: u16) -> Option<Command> {
    let layout = Layout::of(state)?;
    let described = state.card.as_ref().map(|card| card.class);
    if card::click(state, x, y) {
        return None;
    }
    let at = (x, y).into();
    if layout.hints.contains(at) {
        return hints::command_at(state, layout.hints, x, y);
    }
    let tab = layout.tabs.map(|bar| tabs(bar, state.focus)).unwrap_or_default();
    if let Some((pane, ..)) = tab.into_iter().find(|(.., area)| area.contains(at)) {
        return Some(Command::Focus(pane));
    }
    let (pane, area) = layout.at(x, y)?;
    if y == area.y
        && let Some(turn) = title_at(&layout, pane, area, x)
    {
        return Some(Command::Focus(turn));
    }
    if state.focus != pane {
        state.go_to(pane);
    }
    (state.map.drag, state.map.pressed) = (None, None);
    if pane == Pane::Map {
        let parts = Parts::of(state, area);
        if let Some(class) = parts.class_at(x, y) {
            // A second click on a legend entry opens its card, and a third one closes it.
            if described == Some(class) {
                return None;
            }
            if state.map.isolated == Some(class) {
                return Some(Command::Card);
            }
            state.map.isolated = Some(class);
        } else if parts.point(x, y).is_some() {
            // Whether this selects or starts a drag is decided when the button is released.
            state.map.pressed = Some(at);
        }
    } else if let Some(model) = model_at(state, pane, area, at) {
        state.select(model);
    } else if let Some(line) = line_at(state, pane, area, at) {
        panes::click_line(state, pane, line);
    } else if let Some(column) = column_at(state, pane, area, (x, y)) {
        panes::click_column(state, pane, column);
    } else if is_prompt(state, pane, area, at) {
        return Some(Command::Prompt);
    }
    None
}

/// The model at a cell, within this distance.
fn pointed_at(state: &State, at: Position, within: f64) -> Option<usize> {
    let area = Layout::of(state)?.pane(Pane::Map)?;
    let parts = Parts::of(state, area);
    let (x, y) = parts.point(at.x, at.y)?;
    let (w, h) = (f64::from(parts.plot.width), f64::from(parts.plot.height));
    state
        .map
        .nearest((x, y), (w, h), |m| state.is_at_hand(m))
        .filter(|(_, far)| *far < within)
        .map(|(model, _)| model)
}

/// The item under the mouse that is highlighted on the map: a class of the legend, or the model of a row.
pub fn pointed(state: &State, x: u16, y: u16) -> Option<Pointed> {
    let over = state.help || state.card.is_some() || state.tour.is_some();
    if over || state.modes.picker().is_some() || state.map.drag.is_some() {
        return None;
    }
    let (pane, area) = Layout::of(state)?.at(x, y)?;
    if pane == Pane::Map {
        return Parts::of(state, area).class_at(x, y).map(Pointed::Class);
    }
    let model = panes::model_of_line(state, pane, line_at(state, pane, area, (x, y).into())?);
    model.map(Pointed::Model)
}

pub fn wheel(state: &mut State, x: u16, y: u16, up: bool) {
    let Some((pane, area)) = Layout::of(state).and_then(|layout| layout.at(x, y)) else { return };
    panes::turn(state, pane, area, (x, y), if up { -WHEEL } else { WHEEL });
}

/// Draws a box or a lasso over the map; the middle button rotates it in 3-D.
pub fn drag(state: &mut State, button: Button, x: u16, y: u16) {
    let Some((Pane::Map, area)) = Layout::of(state).and_then(|layout| layout.at(x, y)) else {
        return;
    };
    let plot = Parts::of(state, area).plot;
    let inside = |v: u16, low: u16, size: u16| v.clamp(low, low + size.saturating_sub(1));
    let at = Position::new(inside(x, plot.x, plot.width), inside(y, plot.y, plot.height));
    let pressed = state.map.pressed.replace(at);
    if button == Button::Middle {
        if let Some(before) = pressed {
            let by = |a: u16, b: u16| f64::from(b) - f64::from(a);
            // A cell is twice as high as wide.
            state.map.orbit(ORBIT * by(before.x, at.x), 2.0 * ORBIT * by(before.y, at.y));
        }
        return;
    }
    if state.map.drag.is_none()
        && let Some(start) = pressed
    {
        state.map.drag(button, start);
    }
    state.map.drag(button, at);
}

/// The button is released: marks or zooms to the models in the box or lasso; without one, selects the model
/// at the cell.
pub fn release(state: &mut State) {
    let pressed = state.map.pressed.take();
    let Some(drag) = state.map.drag.take() else {
        if let Some(model) = pressed.and_then(|at| pointed_at(state, at, REACH)) {
            state.select(model);
        }
        return;
    };
    let area = Layout::of(state).and_then(|layout| layout.pane(Pane::Map)).unwrap_or_default();
    let parts = Parts::of(state, area);
    let point = |at: &Position| parts.point(at.x, at.y);
    let (Some(first), Some(last)) =
        (drag.path.first().and_then(point), drag.path.last().and_then(point))
    else {
        return;
    };
    let (left, right) = (first.0.min(last.0), first.0.max(last.0));
    let (top, bottom) = (first.1.min(last.1), first.1.max(last.1));
    if drag.tool == Tool::Zoom {
        if drag.path.len() > 1 {
            let (a, b) = (state.map.place_at(left, top), state.map.place_at(right, bottom));
            state.map.zoom_to(a, b);
        }
        return;
    }
    let outline: Vec<(f64, f64)> = drag.path.iter().filter_map(point).collect();
    let holds = |(x, y): (f64, f64)| match drag.tool {
        Tool::Lasso => is_within(&outline, x, y),
        _ => (left..=right).contains(&x) && (top..=bottom).contains(&y),
    };
    let models = 0..state.map.places.len();
    let held: Vec<usize> = models
        .filter(|m| state.is_at_hand(*m) && holds(state.map.seen(state.map.places[*m])))
        .collect();
    state.show_notice(format!("{}. v compares them, u undoes it.", marks::counted(held.len())));
    state.mark(held);
}

/// True if a point is inside a closed polygon: a ray from it crosses the outline an odd number of times.
fn is_within(outline: &[(f64, f64)], x: f64, y: f64) -> bool {
    let next = outline.iter().cycle().skip(1);
    let crossed = outline.iter().zip(next).filter(|((ax, ay), (bx, by))| {
        (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax
    });
    crossed.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_holds_what_is_within() {
        let outline = [(0.1, 0.1), (0.9, 0.1), (0.5, 0.9)];
        assert!(is_within(&outline, 0.5, 0.3));
        assert!(!is_within(&outline, 0.15, 0.8));
        assert!(!is_within(&[], 0.5, 0.5) && !is_within(&[(0.2, 0.2)], 0.2, 0.2));
    }
}
