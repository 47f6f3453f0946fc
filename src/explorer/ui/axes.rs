//! The axes of the map: lines through the means, titles, and three axes in 3-D.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::labels::{Grid, Wanted};
use super::widgets::width;
use crate::explorer::state::State;
use crate::explorer::state::map::Meaning;
use crate::explorer::state::map::Projector;
use crate::explorer::theme::Ink;

/// Faint lines through the means; in 3-D the three axes.
pub fn draw_lines(buffer: &mut Buffer, state: &State, plot: Rect) {
    let map = &state.map;
    let style = state.theme.ink(Ink::MapAxis);
    let cell = |(x, y): (f64, f64)| {
        let at = |v: f64, size: u16| (v * f64::from(size)).floor();
        let (x, y) = (at(x, plot.width), at(y, plot.height));
        let inside =
            (0.0..f64::from(plot.width)).contains(&x) && (0.0..f64::from(plot.height)).contains(&y);
        inside.then(|| (plot.x + x as u16, plot.y + y as u16))
    };
    if let Some(ends) = map.ends() {
        const STEPS: u32 = 80;
        for end in ends {
            let between = |share: f64| {
                let (ox, oy) = map.origin;
                map.seen((ox + (end.0 - ox) * share, oy + (end.1 - oy) * share))
            };
            for (x, y) in (0..=STEPS).filter_map(|i| cell(between(f64::from(i) / f64::from(STEPS))))
            {
                buffer.set_string(x, y, "·", state.theme.ink(Ink::Muted));
            }
        }
        return;
    }
    let (x, y) = map.seen(map.origin);
    let column = (0.0..1.0).contains(&x).then(|| plot.x + (x * f64::from(plot.width)) as u16);
    let row = (0.0..1.0).contains(&y).then(|| plot.y + (y * f64::from(plot.height)) as u16);
    if let Some(column) = column {
        (plot.top()..plot.bottom()).for_each(|y| {
            buffer.set_string(column, y, "┊", style);
        });
    }
    if let Some(row) = row {
        (plot.left()..plot.right()).for_each(|x| {
            buffer.set_string(x, row, if Some(x) == column { "┼" } else { "┈" }, style);
        });
    }
}

/// The titles of the axes, drawn over points, so that they stay readable.
pub fn draw_titles(buffer: &mut Buffer, state: &State, plot: Rect, grid: &mut Grid) {
    let map = &state.map;
    let (a, b) = map.axes();
    let room = usize::from(plot.width).saturating_sub(4);
    let (vertical, horizontal) = if let Some(turned) = map.space {
        let share: f64 = map.projection.shares.iter().take(3).sum();
        let degrees = |radians: f64| radians.to_degrees().round();
        (
            format!("3-D · {:.0}% of variance", 100.0 * share),
            format!("rotation {}° · tilt {}°", degrees(turned.yaw), degrees(turned.pitch)),
        )
    } else {
        let title = |component| {
            let share = share(state, component);
            let (named, plain) = (named(state, component), plain(state, component));
            let brief = brief(state, component);
            let short = map.meaning_of(component).map(Meaning::short);
            let short = short.map_or(plain.clone(), |meaning| format!("{plain}: {meaning}"));
            let long = [
                axis(state, component),
                format!("{named}{brief}"),
                format!("{short}{brief}"),
                format!("{named}{share}"),
                named,
                short,
                format!("{plain}{share}"),
                plain,
            ];
            long.into_iter().find(|title| width(title) <= room).unwrap_or_default()
        };
        (format!("↑ {}", title(b)), format!("{} →", title(a)))
    };
    let muted = state.theme.ink(Ink::Muted);
    for (component, end) in map.ends().into_iter().flatten().enumerate() {
        let seen = map.seen(end);
        if (0.0..1.0).contains(&seen.0) && (0.0..1.0).contains(&seen.1) {
            let at = |share: f64, size: u16| (share * f64::from(size)) as usize;
            let text = &format!("PC{}", component + 1);
            let (x, y) = (at(seen.0, plot.width), at(seen.1, plot.height));
            if let Some(place) = grid.place(&Wanted { x, y, text, covers: usize::MAX }) {
                let style = state.theme.bold(Ink::Muted);
                let (right, down) = (place.0 as u16, place.1 as u16);
                buffer.set_string(plot.x + right, plot.y + down, text, style);
            }
        }
    }
    let w = width(&horizontal).min(plot.width as usize);
    let (left, bottom) = (plot.width as usize - w, plot.height as usize - 1);
    buffer.set_stringn(plot.x, plot.y, &vertical, plot.width.into(), muted);
    buffer.set_stringn(plot.x + left as u16, plot.y + bottom as u16, &horizontal, w, muted);
    grid.reserve(0, 0, width(&vertical) + 1);
    grid.reserve(left.saturating_sub(1), bottom, w + 1);
}

/// The title of an axis with its correlate, its share of the variance, and how much of that coverage
/// explains.
pub fn axis(state: &State, component: usize) -> String {
    let axis = named(state, component) + &share(state, component);
    match explained(state, component) {
        Some(share) => format!("{axis} · coverage explains {:.0}%", 100.0 * share),
        None => axis,
    }
}

/// The same figures in few words.
fn brief(state: &State, component: usize) -> String {
    let explained = explained(state, component);
    let explained = explained.map_or_else(String::new, |e| format!(", {:.0}% coverage", 100.0 * e));
    let of = |share| format!(" · {:.0}% variance{explained}", 100.0 * share);
    variance(state, component).map_or_else(String::new, of)
}

/// The share of an axis of the variance, as it follows its name.
fn share(state: &State, component: usize) -> String {
    let of = |share| format!(" · {:.0}% of variance", 100.0 * share);
    variance(state, component).map_or_else(String::new, of)
}

/// The share of an axis of the variance; t-SNE has none.
fn variance(state: &State, component: usize) -> Option<f64> {
    let share = state.map.projection.shares.get(component).copied().unwrap_or_default();
    (state.map.projector != Projector::Tsne).then_some(share)
}

/// How much of a principal component coverage explains, if known.
fn explained(state: &State, component: usize) -> Option<f64> {
    let shares = state.model_set.axes_by_coverage;
    let shares = shares.filter(|_| state.map.projector == Projector::Pca)?;
    shares.get(component).copied()
}

/// The name of an axis with its correlate.
fn named(state: &State, component: usize) -> String {
    let name = plain(state, component);
    let meaning = state.map.meaning_of(component);
    meaning.map_or(name.clone(), |meaning| format!("{name}: {}", meaning.text()))
}

/// The name of an axis alone.
fn plain(state: &State, component: usize) -> String {
    match state.map.projector {
        Projector::Tsne => format!("t-SNE {}", component + 1),
        Projector::Pca => format!("PC{}", component + 1),
        Projector::WithoutCoverage => format!("PC{} without coverage", component + 1),
        Projector::Attribute(_) if component == 0 => state.map.projector.title(&state.model_set),
        Projector::Attribute(_) => format!("PC{component} of the rest"),
    }
}

/// The variance of the principal components, and how much of the first ones coverage explains.
pub fn caption(shares: &[f64], by_coverage: &[f64]) -> String {
    let percent = |share: &f64| format!("{:.0}%", 100.0 * share);
    let axis = |(i, share)| format!("PC{} {}", i + 1, percent(share));
    let axes: Vec<String> = shares.iter().enumerate().map(axis).collect();
    let explained: Vec<String> = by_coverage.iter().map(percent).collect();
    let explained = if explained.is_empty() {
        String::new()
    } else {
        format!(" · coverage explains {}", explained.join(" and "))
    };
    format!("{} of variance{explained}", axes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caption_says_how_much_coverage_explains_in_one_line() {
        let message = caption(&[0.181, 0.064, 0.05], &[0.18, 0.054]);
        assert_eq!(message, "PC1 18%, PC2 6%, PC3 5% of variance · coverage explains 18% and 5%");
        assert!(width(&message) < 80);
        assert_eq!(caption(&[0.5, 0.2], &[]), "PC1 50%, PC2 20% of variance");
    }
}
