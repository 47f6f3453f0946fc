//! Updates of the map view.

use crate::explorer::effect::Effect;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::map::{Projector, ViewState};

/// Zooms about the selected model.
pub fn zoom(state: &mut State, closer: bool) {
    let about = state.map.places.get(state.selected).copied().unwrap_or(state.map.center);
    state.map.zoom(closer, about);
}

pub fn zoom_to_marked(state: &mut State) {
    let places: Vec<_> =
        state.marked.iter().filter_map(|m| state.map.places.get(*m).copied()).collect();
    let over = |f: fn(f64, f64) -> f64, start: f64| {
        places.iter().fold((start, start), |(x, y), p| (f(x, p.0), f(y, p.1)))
    };
    if places.is_empty() {
        state.show_notice("Nothing marked: Space marks the selected model");
    } else {
        state.map.zoom_to(over(f64::min, f64::MAX), over(f64::max, f64::MIN));
    }
}

/// Resets the map.
pub fn reset(state: &mut State) {
    let first = ViewState::first(&state.model_set);
    state.color_by(first.color);
    // Principal components are always available.
    state.map.look_as(&first);
}

/// Shows a projection, or requests its computation.
pub fn project(state: &mut State, projector: Projector, effects: &mut Vec<Effect>) {
    if !state.map.use_projector(projector) {
        effects.push(Effect::Project(projector));
    }
}

pub fn toggle_space(state: &mut State) {
    if state.map.components() < 3 {
        state.show_notice("This projection has two dimensions only");
    } else {
        state.map.toggle_space();
    }
}

/// Colors by the next or previous of the available colorings.
pub fn cycle_color(state: &mut State, by: isize) {
    let all = ColorBy::all(&state.model_set);
    let at = all.iter().position(|c| *c == state.map.coloring.by).unwrap_or_default();
    let next = (at as isize + by).rem_euclid(all.len() as isize) as usize;
    state.color_by(all[next]);
}

pub fn color_by(state: &mut State, by: ColorBy) {
    if by == ColorBy::Forecast && state.forecast.is_empty() {
        state.show_notice("Type a prompt first: p");
    }
    state.color_by(by);
}

pub fn next_marker(state: &mut State) {
    state.map.next_marker();
    // What the font lacks is passed over; single dots it has.
    while !state.can_draw(state.map.marker) {
        state.map.next_marker();
    }
    state.show_notice(state.marker().title());
}

/// Toggles density shading.
pub fn toggle_density(state: &mut State) {
    state.map.density = !state.map.density;
    state.show_notice(if state.map.density { "Density shading on" } else { "Density shading off" });
}

/// Switches the tool for dragging.
pub fn next_tool(state: &mut State) {
    state.map.next_tool();
    state.show_notice(state.map.tool.title());
}
