//! Keys and mouse within the panes.

use ratatui::layout::Rect;

use super::card;
use super::map::next_marker;
use crate::explorer::direction::Direction;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::column::Column;
use crate::explorer::state::mode::Mode;
use crate::explorer::ui::legend::Parts;
use crate::explorer::ui::panes::{height, seen_forecasts, shows_all};

/// Moves the cursor of the focused list, input or pane.
pub fn lines(state: &mut State, by: isize) {
    match state.modes.top_mut() {
        Mode::Picker(picker) => picker.move_by(by),
        Mode::Line(_) | Mode::Prompt | Mode::Normal => {
            lines_of(state, state.focus, by);
        }
    }
}

/// Moves the cursor of a pane.
fn lines_of(state: &mut State, pane: Pane, by: isize) {
    let moved = |at: usize, n: usize| at.saturating_add_signed(by).min(n.saturating_sub(1));
    match pane {
        Pane::Map | Pane::Evaluate => {}
        Pane::NewModel | Pane::Compare => scroll(state, pane, by),
        Pane::Models | Pane::Forecast => {
            let rows = if pane == Pane::Models { &state.table.rows } else { &state.forecasts.rows };
            let at = rows.iter().position(|model| *model == state.selected);
            let seen = at.filter(|at| pane == Pane::Models || is_seen(state, *at));
            // From a row out of sight, the first step is to the first row.
            let first = || by.saturating_sub(1).max(0).unsigned_abs().min(rows.len().max(1) - 1);
            let to = seen.map_or_else(first, |at| moved(at, rows.len()));
            if let Some(&model) = rows.get(to) {
                state.select(model);
            }
            state.forecasts.from_top &= pane != Pane::Forecast;
        }
        Pane::Questions => {
            state.questions.at = moved(state.questions.at, state.questions.rows.len());
        }
        Pane::Model => {
            // After the last neighbor the pane scrolls to the benchmarks.
            let last = state.neighbors.len().saturating_sub(1);
            if by.unsigned_abs() > 1
                || by > 0 && state.model.neighbor == last
                || by < 0 && state.model.scroll > 0
            {
                scroll(state, pane, by);
            } else {
                state.model.neighbor = moved(state.model.neighbor, last + 1);
            }
        }
        Pane::Probe => state.probe.cursor = moved(state.probe.cursor, state.probe.reports.len()),
        Pane::Route => {
            let n = state.route.lines();
            state.route.cursor = moved(state.route.cursor, n);
            if n > 0 {
                open_candidate(state);
            }
        }
    }
}

/// True if a row of the forecasts is on the screen.
fn is_seen(state: &State, row: usize) -> bool {
    let area = Layout::of(state).and_then(|layout| layout.pane(Pane::Forecast));
    area.is_some_and(|area| seen_forecasts(state, area).contains(&row))
}

/// Scrolls a pane with text.
fn scroll(state: &mut State, pane: Pane, by: isize) {
    let area = Layout::of(state).and_then(|layout| layout.pane(pane));
    let inside = Layout::inside(area.unwrap_or_default());
    let all = height(state, pane, inside.width.into());
    let most = all.saturating_sub(inside.height.into());
    let above = match pane {
        Pane::Model => &mut state.model.scroll,
        Pane::NewModel => &mut state.new_model.scroll,
        Pane::Compare => &mut state.compare_scroll,
        Pane::Map
        | Pane::Probe
        | Pane::Route
        | Pane::Evaluate
        | Pane::Models
        | Pane::Questions
        | Pane::Forecast => return,
    };
    *above = (*above).min(most).saturating_add_signed(by).min(most);
}

/// A page of the focused pane.
pub fn page(state: &State) -> isize {
    let area = Layout::of(state).and_then(|layout| layout.pane(state.focus));
    (area.map_or(2, |area| area.height / 2) as isize).max(2)
}

/// Moves left, right, up or down: to a column, a benchmark, or a model of the map.
pub fn step(state: &mut State, direction: Direction) {
    match (state.focus, direction) {
        (Pane::Models, Direction::Left) => state.table.at = state.table.at.saturating_sub(1),
        (Pane::Models, Direction::Right) => {
            state.table.at = (state.table.at + 1).min(state.table.columns.len() - 1);
        }
        (Pane::Models, Direction::Up | Direction::Down) => {}
        (Pane::Forecast, Direction::Left) => {
            use_benchmark(state, state.forecasts.at.saturating_sub(1));
        }
        (Pane::Forecast, Direction::Right) => {
            let last = state.model_set.benchmarks.len().saturating_sub(1);
            use_benchmark(state, (state.forecasts.at + 1).min(last));
        }
        (Pane::Questions, Direction::Left | Direction::Right) => {
            state.questions.unfold(direction == Direction::Right);
        }
        _ => {
            let at_hand = |m| state.is_at_hand(m);
            if let Some(model) = state.map.step(state.selected, direction, at_hand) {
                state.select(model);
            }
        }
    }
}

/// Sorts the predictions by a benchmark.
fn use_benchmark(state: &mut State, benchmark: usize) {
    state.forecasts.at = benchmark;
    state.forecasts.arrange(state.table.rows.clone());
}

/// Selects the candidate under the cursor.
pub fn open_candidate(state: &mut State) {
    if let Some(model) = state.route.under_cursor() {
        state.select(model);
    }
}

/// Enter.
pub fn open(state: &mut State) {
    match state.focus {
        Pane::Map if state.map.isolated.is_some() => card::open(state),
        Pane::Map | Pane::Models | Pane::Compare | Pane::Forecast => state.go_to(Pane::Model),
        Pane::Evaluate | Pane::NewModel => state.show_notice("There is nothing to open here"),
        Pane::Questions => {
            let forecast = state.questions.under_cursor();
            let row = forecast.and_then(|(q, _)| state.questions.forecasts.get(q));
            let best =
                row.and_then(|row| (0..row.len()).rev().max_by(|a, b| row[*a].total_cmp(&row[*b])));
            if let Some(model) = best {
                state.select(model);
            }
        }
        Pane::Model => {
            if let Some(near) = state.neighbors.get(state.model.neighbor) {
                state.select(near.model);
            }
        }
        Pane::Probe => {
            if let Some(attribute) = state.probe.chosen() {
                state.color_by(ColorBy::Attribute(attribute));
            }
        }
        // Without candidates, starts typing a prompt.
        Pane::Route if state.route.under_cursor().is_none() => state.modes.set_base(Mode::Prompt),
        Pane::Route if !state.maximized && Layout::has_room(state.area) => state.maximized = true,
        Pane::Route => {
            open_candidate(state);
            state.maximized = false;
            state.go_to(Pane::Model);
        }
    }
}

/// The next view of the focused pane.
pub fn next_view(state: &mut State) {
    match state.focus {
        Pane::Map => next_marker(state),
        Pane::Route => {
            let area = Layout::of(state).and_then(|layout| layout.pane(Pane::Route));
            let beside = area.is_some_and(|area| shows_all(state, area));
            state.route.view = state.route.view.next(beside);
        }
        Pane::Model
        | Pane::Probe
        | Pane::Evaluate
        | Pane::Models
        | Pane::Compare
        | Pane::Questions
        | Pane::Forecast
        | Pane::NewModel => {
            state.show_notice("This pane has only one view. The Map and Route have several.");
        }
    }
}

/// Sorts the table by the column under its cursor; a second time in reverse.
pub fn sort(state: &mut State) {
    state.table.sort(&state.model_set);
    state.arrange_table();
}

/// Shows or hides a column of the table.
pub fn toggle_column(state: &mut State, at: usize) {
    if let Some(&column) = Column::all(&state.model_set).get(at) {
        let shown = state.table.columns.contains(&column);
        state.table.show(&state.model_set, column, !shown);
    }
}

/// A click on a line of a pane's list.
pub fn click_line(state: &mut State, pane: Pane, line: usize) {
    match pane {
        Pane::Probe => state.probe.cursor = line,
        Pane::Route => {
            state.modes.set_base(Mode::Normal);
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
        Pane::Map | Pane::Model | Pane::Evaluate | Pane::Compare | Pane::NewModel => {}
    }
}

/// A click on a column title.
pub fn click_column(state: &mut State, pane: Pane, column: usize) {
    match pane {
        Pane::Models => {
            state.table.at = column;
            sort(state);
        }
        Pane::Forecast => use_benchmark(state, column),
        Pane::Map
        | Pane::Model
        | Pane::Probe
        | Pane::Route
        | Pane::Evaluate
        | Pane::Compare
        | Pane::Questions
        | Pane::NewModel => {}
    }
}

/// The wheel over a pane, by this many lines.
pub fn turn(state: &mut State, pane: Pane, area: Rect, at: (u16, u16), by: isize) {
    match pane {
        Pane::Map => {
            if let Some((px, py)) = Parts::of(state, area).point(at.0, at.1) {
                state.map.zoom(by < 0, state.map.place_at(px, py));
            }
        }
        Pane::Model | Pane::NewModel | Pane::Compare => scroll(state, pane, by),
        Pane::Evaluate => {}
        Pane::Probe | Pane::Route | Pane::Models | Pane::Questions | Pane::Forecast => {
            // The wheel scrolls an open list or search instead.
            let before = std::mem::replace(&mut state.focus, pane);
            lines(state, by);
            state.focus = before;
        }
    }
}

/// The model of a line of the pane's list.
pub fn model_of_line(state: &State, pane: Pane, line: usize) -> Option<usize> {
    match pane {
        Pane::Route => state.route.result.as_ref()?.candidates.get(line).map(|c| c.model),
        Pane::Models => state.table.rows.get(line).copied(),
        Pane::Forecast => state.forecasts.rows.get(line).copied(),
        Pane::Map
        | Pane::Model
        | Pane::Probe
        | Pane::Evaluate
        | Pane::Compare
        | Pane::Questions
        | Pane::NewModel => None,
    }
}
