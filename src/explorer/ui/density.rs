//! Density shading behind the points: a smooth kernel estimate, drawn by half cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::explorer::graphics::density::blurred;
use crate::explorer::state::State;
use crate::explorer::theme::{Ink, Theme};

/// The standard deviation of the kernel, in cells; half a cell is as high as a cell is wide.
const DEVIATION: f64 = 3.0;
/// Minimum density for shading, in models at the same position: a lone model has no shade.
const LEAST: f64 = 1.5;
/// How far the densest place is mixed towards the muted color.
const MOST: f64 = 0.36;

/// Draws the shading.
pub fn draw(buffer: &mut Buffer, state: &State, plot: Rect) {
    let (w, h) = (usize::from(plot.width), 2 * usize::from(plot.height));
    let levels = levels(&density(state, w, h));
    let theme = &state.theme;
    let ground = theme[Ink::Background];
    let mixed = |level: f64| Theme::blend(ground, theme[Ink::Muted], MOST * level);
    let mixes = mixed(1.0) != ground;
    for (y, rows) in levels.chunks(2 * w).enumerate() {
        for (x, (upper, lower)) in rows[..w].iter().zip(&rows[w..]).enumerate() {
            if upper.max(*lower) <= 0.0 {
                continue;
            }
            let at = (plot.x + x as u16, plot.y + y as u16);
            let (symbol, style) = if mixes {
                ("▀", Style::new().fg(mixed(*upper)).bg(mixed(*lower)))
            } else {
                let level = f64::midpoint(*upper, *lower);
                (["░", "▒", "▓"][((3.0 * level) as usize).min(2)], theme.ink(Ink::MapAxis))
            };
            buffer.set_string(at.0, at.1, symbol, style);
        }
    }
}

/// Visible models around each half of a cell, weighted by a Gaussian with peak 1.
fn density(state: &State, w: usize, h: usize) -> Vec<f64> {
    let mut counts = vec![0.0; w * h];
    for (model, place) in state.map.places.iter().enumerate() {
        let (x, y) = state.map.seen(*place);
        let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
        if inside && state.is_at_hand(model) {
            counts[(y * h as f64) as usize * w + (x * w as f64) as usize] += 1.0;
        }
    }
    smooth(&counts, w, h)
}

fn smooth(counts: &[f64], w: usize, h: usize) -> Vec<f64> {
    let across = blurred(counts, w, h, DEVIATION, (1, w));
    blurred(&across, h, w, DEVIATION, (w, 1))
}

/// From 0 (no shade) to 1 (the densest place), on a logarithmic scale.
fn levels(density: &[f64]) -> Vec<f64> {
    let most = density.iter().copied().fold(0.0, f64::max);
    let scale = (most / LEAST).ln().max(f64::MIN_POSITIVE);
    let level = |d: &f64| if *d < LEAST { 0.0 } else { ((d / LEAST).ln() / scale).min(1.0) };
    density.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_model_has_no_shade_and_a_crowd_grows_dark_smoothly() {
        let mut halves = vec![0.0; 60 * 40];
        halves[10 * 60 + 5] = 1.0;
        assert!(levels(&smooth(&halves, 60, 40)).iter().all(|level| *level <= 0.0));
        halves[20 * 60 + 40] = 20.0;
        let shades = levels(&smooth(&halves, 60, 40));
        assert!(shades[10 * 60 + 5] <= 0.0);
        assert!(shades[20 * 60 + 40] >= 1.0);
        let beside: Vec<f64> = (40..50).map(|x| shades[20 * 60 + x]).collect();
        assert!(beside.windows(2).all(|pair| pair[0] >= pair[1]), "{beside:?}");
        assert!(beside.iter().filter(|level| (0.05..0.95).contains(*level)).count() > 3);
    }
}
