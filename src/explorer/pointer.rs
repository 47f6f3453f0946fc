//! The mouse: what a click, the wheel and a drag mean where they happen.

use ratatui::layout::Position;

use super::action::{Button, Pane};
use super::cursor::{lines, open_candidate, scroll_model, scroll_newcomer};
use super::layout::{Layout, tabs};
use super::map::Tool;
use super::pane_map;
use super::state::State;
use super::update::focus;

/// Lines that a turn of the wheel moves.
const WHEEL: usize = 3;

pub fn click(state: &mut State, x: u16, y: u16) {
    let Some(layout) = Layout::of(state) else { return };
    let at = (x, y).into();
    let tab = layout.tabs.map(tabs).unwrap_or_default();
    if let Some((pane, ..)) = tab.into_iter().find(|(.., area)| area.contains(at)) {
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
    state.map.drag = None;
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
                (state.route.typing, state.route.filter.typing) = (false, false);
                state.route.cursor = line;
                open_candidate(state);
            }
            Pane::Models => {
                if let Some(&model) = state.table.rows.get(line) {
                    state.select(model);
                }
            }
            Pane::Questions => state.questions.at = line,
            Pane::Forecast => {
                if let Some(&model) = state.forecasts.rows.get(line) {
                    state.select(model);
                }
            }
            _ => {}
        }
    } else if pane == Pane::Forecast && y == Layout::inside(area).y {
        let inside = Layout::inside(area);
        if let Some(benchmark) = super::pane_forecast::benchmark_at(state, inside, x) {
            state.forecasts.at = benchmark;
            super::forecasts::arrange(state);
        }
    } else if pane == Pane::Models && y == Layout::inside(area).y {
        let inside = Layout::inside(area);
        if let Some(column) = super::pane_models::column_at(state, inside, x) {
            state.table.at = column;
            super::update::sort(state);
        }
    }
}

pub fn wheel(state: &mut State, x: u16, y: u16, up: bool) {
    let Some((pane, area)) = Layout::of(state).and_then(|layout| layout.at(x, y)) else { return };
    let by = if up { -(WHEEL as isize) } else { WHEEL as isize };
    match pane {
        Pane::Map => {
            if let Some((px, py)) = pane_map::Parts::of(state, area).point(x, y) {
                state.map.zoom(up, state.map.place_at(px, py));
            }
        }
        Pane::Model => scroll_model(state, by),
        Pane::Newcomer => scroll_newcomer(state, by),
        Pane::Evaluate | Pane::Compare => {}
        Pane::Probe | Pane::Route | Pane::Models | Pane::Questions | Pane::Forecast => {
            let before = std::mem::replace(&mut state.focus, pane);
            lines(state, by);
            state.focus = before;
        }
    }
}

/// Draws a box or a loop over the map.
pub fn drag(state: &mut State, button: Button, x: u16, y: u16) {
    let Some((Pane::Map, area)) = Layout::of(state).and_then(|layout| layout.at(x, y)) else {
        return;
    };
    let plot = pane_map::Parts::of(state, area).plot;
    let inside = |v: u16, low: u16, size: u16| v.clamp(low, low + size.saturating_sub(1));
    let at = Position::new(inside(x, plot.x, plot.width), inside(y, plot.y, plot.height));
    state.map.drag(button, at);
}

/// The button is let go: what the box or loop holds is marked or zoomed to.
pub fn release(state: &mut State) {
    let Some(drag) = state.map.drag.take() else { return };
    let area = Layout::of(state).and_then(|layout| layout.pane(Pane::Map)).unwrap_or_default();
    let parts = pane_map::Parts::of(state, area);
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
        .filter(|m| state.map.is_lit(*m) && holds(state.map.seen(state.map.places[*m])))
        .collect();
    state.say(format!("{} models are marked: v compares them, u undoes it", held.len()));
    state.mark(held);
}

/// True if a point lies within a closed outline: a ray from it crosses the outline an odd number of
/// times.
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
