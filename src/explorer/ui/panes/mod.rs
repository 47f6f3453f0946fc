//! Draws the panes, and maps cells to their content.

mod asked;
pub mod compare;
mod evaluate;
mod forecast;
pub mod map;
pub mod model;
mod models;
mod new_model;
mod probe;
mod questions;
mod ranking;
pub mod route;
mod sections;
mod strip;
pub mod training;
mod why;

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;

pub fn draw(frame: &mut Frame, state: &State, pane: Pane, area: Rect, layout: &Layout) {
    match pane {
        Pane::Map => map::draw(frame, state, area, layout),
        Pane::Model => model::draw(frame, state, area, layout),
        Pane::Probe => probe::draw(frame, state, area, layout),
        Pane::Route => route::draw(frame, state, area, layout),
        Pane::Evaluate => evaluate::draw(frame, state, area, layout),
        Pane::Models => models::draw(frame, state, area, layout),
        Pane::Compare => compare::draw(frame, state, area, layout),
        Pane::Questions => questions::draw(frame, state, area, layout),
        Pane::Forecast => forecast::draw(frame, state, area, layout),
        Pane::NewModel => new_model::draw(frame, state, area, layout),
    }
}

/// True if the Route pane shows list, plot and explanation together.
pub fn shows_all(state: &State, area: Rect) -> bool {
    route::shows_all(state, Layout::inside(area))
}

/// The rows of the forecasts that are on the screen.
pub fn seen_forecasts(state: &State, area: Rect) -> Range<usize> {
    forecast::visible(state, Layout::inside(area).height.into())
}

/// The model at a cell of a pane that is not a list.
pub fn model_at(state: &State, pane: Pane, area: Rect, at: Position) -> Option<usize> {
    (pane == Pane::Probe).then(|| probe::model_at(state, Layout::inside(area), at)).flatten()
}

/// The line of a pane's list at a cell.
pub fn line_at(state: &State, pane: Pane, area: Rect, at: Position) -> Option<usize> {
    let inside = Layout::inside(area);
    let row = usize::from(at.y.checked_sub(inside.y)?);
    match pane {
        Pane::Probe => probe::attribute_at(state, inside.height.into(), row),
        Pane::Route => route::candidate_at(state, inside, at),
        Pane::Models => models::row_at(state, inside.height.into(), row),
        Pane::Questions => questions::row_at(state, inside, row),
        Pane::Forecast => forecast::row_at(state, inside.height.into(), row),
        Pane::Map | Pane::Model | Pane::Evaluate | Pane::Compare | Pane::NewModel => None,
    }
}

/// True at a cell of the prompt editor.
pub fn is_prompt(state: &State, pane: Pane, area: Rect, at: Position) -> bool {
    pane == Pane::Route && route::prompt_place(state, Layout::inside(area)).contains(at)
}

/// The column whose title is at a cell.
pub fn column_at(state: &State, pane: Pane, area: Rect, (x, y): (u16, u16)) -> Option<usize> {
    let inside = Layout::inside(area);
    let titles = if pane == Pane::Forecast { forecast::TITLES as u16 } else { 1 };
    if !(inside.y..inside.y + titles).contains(&y) {
        return None;
    }
    match pane {
        Pane::Models => models::column_at(state, inside, x),
        Pane::Forecast => forecast::benchmark_at(state, inside, x),
        Pane::Map
        | Pane::Model
        | Pane::Probe
        | Pane::Route
        | Pane::Evaluate
        | Pane::Compare
        | Pane::Questions
        | Pane::NewModel => None,
    }
}

/// The number of lines of a scrollable pane that is `room` cells wide; 0 for others.
pub fn height(state: &State, pane: Pane, room: usize) -> usize {
    match pane {
        Pane::Model => model::lines(state, room).len(),
        Pane::NewModel => new_model::lines(state, room).len(),
        Pane::Compare => compare::height(state, room),
        Pane::Map
        | Pane::Probe
        | Pane::Route
        | Pane::Evaluate
        | Pane::Models
        | Pane::Questions
        | Pane::Forecast => 0,
    }
}
