//! The cursor of the pane that has the focus, and what Enter opens.

use super::action::Pane;
use super::colouring::ColourBy;
use super::layout::Layout;
use super::state::State;
use super::update::focus;
use super::{pane_model, pane_newcomer};

/// Moves the cursor of what has the focus.
pub fn lines(state: &mut State, by: isize) {
    let moved = |at: usize, n: usize| at.saturating_add_signed(by).min(n.saturating_sub(1));
    if let Some(picker) = &mut state.picker {
        return picker.move_by(by);
    }
    if let Some(search) = &mut state.search {
        search.at = moved(search.at, search.hits.len());
        if let Some(&model) = search.hits.get(search.at) {
            state.select(model);
        }
        return;
    }
    match state.focus {
        Pane::Map | Pane::Evaluate | Pane::Compare => {}
        Pane::Newcomer => scroll_newcomer(state, by),
        Pane::Models | Pane::Forecast => {
            let rows =
                if state.focus == Pane::Models { &state.table.rows } else { &state.forecasts.rows };
            let at = rows.iter().position(|model| *model == state.selected);
            let to = at.map_or(0, |at| moved(at, rows.len()));
            if let Some(&model) = rows.get(to) {
                state.select(model);
            }
        }
        Pane::Questions => {
            state.questions.at = moved(state.questions.at, state.questions.rows.len());
        }
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
            let n = state.route.lines();
            state.route.cursor = moved(state.route.cursor, n);
            if n > 0 {
                open_candidate(state);
            }
        }
    }
}

pub fn scroll_model(state: &mut State, by: isize) {
    let area = Layout::of(state).and_then(|layout| layout.pane(Pane::Model));
    let inside = Layout::inside(area.unwrap_or_default());
    let most = pane_model::lines(state, inside.width as usize)
        .len()
        .saturating_sub(inside.height as usize);
    state.model.scroll = state.model.scroll.saturating_add_signed(by).min(most);
}

pub fn scroll_newcomer(state: &mut State, by: isize) {
    let area = Layout::of(state).and_then(|layout| layout.pane(Pane::Newcomer));
    let inside = Layout::inside(area.unwrap_or_default());
    let all = pane_newcomer::lines(state, inside.width.into()).len();
    let most = all.saturating_sub(inside.height.into());
    state.newcomer.scroll = state.newcomer.scroll.saturating_add_signed(by).min(most);
}

/// A page of the focused pane.
pub fn page(state: &State) -> isize {
    let area = Layout::of(state).and_then(|layout| layout.pane(state.focus));
    (area.map_or(2, |area| area.height / 2) as isize).max(2)
}

/// The candidate under the cursor becomes the selected model.
pub fn open_candidate(state: &mut State) {
    if let Some(model) = state.route.under_cursor() {
        state.select(model);
    }
}

pub fn open(state: &mut State) {
    match state.focus {
        Pane::Map | Pane::Models | Pane::Compare | Pane::Forecast => focus(state, Pane::Model),
        Pane::Evaluate | Pane::Newcomer => {}
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
            if let Some(near) = state.neighbours.get(state.model.neighbour) {
                state.select(near.model);
            }
        }
        Pane::Probe => {
            if let Some(attribute) = state.probe.chosen() {
                state.colour_by(ColourBy::Attribute(attribute));
            }
        }
        Pane::Route => {
            open_candidate(state);
            focus(state, Pane::Model);
        }
    }
}
