//! The tooltip of the model under the mouse.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::legend::Parts;
use super::widgets::{fit, pad, thousands, width};
use crate::explorer::state::State;
use crate::explorer::theme::Ink;

/// Maximum distance from the mouse to a point, in cells.
const REACH: f64 = 2.5;
/// Maximum width.
const WIDE: usize = 44;
/// Number of benchmarks.
const BENCHMARKS: usize = 3;

/// Draws the tooltip in the area of the map.
pub fn draw(buffer: &mut Buffer, state: &State, area: Rect) {
    let Some(at) = state.hover.filter(|_| state.map.drag.is_none() && !state.help) else { return };
    let Some(model) = under(state, area, at) else { return };
    let lines = lines(state, model);
    let w = lines.iter().map(|(text, _)| width(text)).max().unwrap_or_default() + 2;
    let (w, h) = (w as u16, lines.len() as u16);
    if w > area.width || h + 1 > area.height {
        return;
    }
    // To the lower right, or on the other side if there is no space.
    let x = if at.x + 2 + w <= area.right() { at.x + 2 } else { at.x.saturating_sub(w + 1) };
    let y = if at.y + 1 + h < area.bottom() { at.y + 1 } else { at.y.saturating_sub(h) };
    let place = Rect { x: x.max(area.x), y: y.max(area.y), width: w, height: h };
    let theme = &state.theme;
    let ground =
        Style::new().bg(theme[Ink::Surface]).remove_modifier(ratatui::style::Modifier::all());
    for (y, (text, ink)) in (place.y..).zip(lines) {
        let line = format!(" {} ", pad(&text, usize::from(w) - 2));
        let style = if y == place.y { theme.bold(ink) } else { theme.ink(ink) };
        buffer.set_string(place.x, y, line, ground.patch(style).bg(theme[Ink::Surface]));
    }
}

/// The model under the mouse.
fn under(state: &State, area: Rect, at: Position) -> Option<usize> {
    if state.map.places.is_empty() || state.modes.picker().is_some() {
        return None;
    }
    let parts = Parts::of(state, area);
    let (x, y) = parts.point(at.x, at.y)?;
    let (w, h) = (f64::from(parts.plot.width), f64::from(parts.plot.height));
    state
        .map
        .nearest((x, y), (w, h), |m| state.is_at_hand(m))
        .filter(|(_, far)| *far < REACH)
        .map(|(model, _)| model)
}

fn lines(state: &State, model: usize) -> Vec<(String, Ink)> {
    let model_set = &state.model_set;
    let mut lines = vec![(fit(state.name(model), WIDE), Ink::MapSelected)];
    let coloring = &state.map.coloring;
    if let Some((title, class)) =
        coloring.title.as_ref().zip(coloring.classes.get(coloring.class_of(model)))
    {
        lines.push((fit(&format!("{title}: {}", class.name), WIDE), Ink::Text));
    }
    lines.push((format!("{} answers", thousands(model_set.answers(model).into())), Ink::Muted));
    let standing = model_set.standing(model).map(|standing| (standing.text(false), Ink::Muted));
    lines.extend(standing);
    let mut known: Vec<_> =
        model_set.benchmarks.iter().filter_map(|b| Some((b, b.scores.get(model)?))).collect();
    known.sort_by_key(|(_, score)| std::cmp::Reverse(score.responses));
    lines.extend(known.into_iter().take(BENCHMARKS).map(|(benchmark, score)| {
        let share = format!("{:>4.0}%", 100.0 * score.accuracy);
        (format!("{share} {}", fit(&benchmark.name, WIDE - 6)), Ink::Muted)
    }));
    lines
}
