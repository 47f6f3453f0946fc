//! Updates of the map view.

use crate::explorer::effect::Effect;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::map::{Marker, Projector, ViewState};

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

/// Shows the principal components without coverage, or again with it.
pub fn turn_coverage(state: &mut State, effects: &mut Vec<Effect>) {
    let without = state.map.wanted == Projector::WithoutCoverage;
    let next = if without { Projector::Pca } else { Projector::WithoutCoverage };
    project(state, next, effects);
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

/// Goes on to the next way of drawing points: in pixels there are discs and shapes.
pub fn next_marker(state: &mut State) {
    if state.paints() {
        let shapes = state.marker() == Marker::Shapes;
        state.map.marker = if shapes { Marker::default() } else { Marker::Shapes };
        let shapes = state.marker() == Marker::Shapes;
        state.show_notice(if shapes { Marker::Shapes.title() } else { "Discs" });
    } else {
        state.map.next_marker();
        // Markers that the font lacks are skipped; it always has single dots.
        while !state.can_draw(state.map.marker) {
            state.map.next_marker();
        }
        state.show_notice(state.marker().title());
    }
}

/// Shows where many models are, or no longer.
pub fn toggle_density(state: &mut State) {
    let on = !state.shows_density();
    state.map.density = Some(on);
    let what = if state.paints() { "contours" } else { "shading" };
    state.show_notice(format!("Density {what} {}", if on { "on" } else { "off" }));
}

/// Paints the map in pixels, or draws it in cells.
pub fn toggle_pixels(state: &mut State, effects: &mut Vec<Effect>) {
    let pixels = &mut state.map.pixels;
    let Some(protocol) = pixels.protocol else {
        // The configuration may have kept it from being asked.
        pixels.on = true;
        effects.push(Effect::Survey);
        return;
    };
    pixels.on = !pixels.on;
    let message = match (pixels.on, state.theme.is_exact()) {
        (false, _) => "Pixels off: the map is drawn in cells".to_owned(),
        (true, true) => format!("Pixels on: {protocol}"),
        (true, false) => "This theme leaves its colors to the terminal: no pixels".to_owned(),
    };
    state.show_notice(message);
}

/// Switches the tool for dragging.
pub fn next_tool(state: &mut State) {
    state.map.next_tool();
    state.show_notice(state.map.tool.title());
}
