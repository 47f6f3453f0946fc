//! Density shading: a smooth density in three shades behind the points.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::explorer::graphics::density::blurred;
use crate::explorer::state::State;
use crate::explorer::theme::{Ink, Theme};

/// Standard deviations of the kernel, in cells: a cell is twice as high as wide.
const ACROSS: f64 = 3.0;
const DOWN: f64 = 1.5;
/// Minimum density for shading, in models at the same position: a lone model has no shade.
const LEAST: f64 = 1.5;
/// How far each shade is mixed towards the muted color.
const SHADES: [f64; 3] = [0.12, 0.22, 0.34];

/// Draws the shading.
pub fn draw(buffer: &mut Buffer, state: &State, plot: Rect) {
    let (w, h) = (usize::from(plot.width), usize::from(plot.height));
    let levels = levels(&density(state, w, h));
    let theme = &state.theme;
    let grounds = SHADES.map(|s| Theme::blend(theme[Ink::Background], theme[Ink::Muted], s));
    let mixes = grounds[0] != theme[Ink::Background];
    for (cell, level) in levels.into_iter().enumerate() {
        let Some(shade) = level.checked_sub(1) else { continue };
        let (x, y) = (plot.x + (cell % w) as u16, plot.y + (cell / w) as u16);
        if mixes {
            let style = Style::new().bg(grounds[usize::from(shade)]);
            buffer.set_style(Rect { x, y, width: 1, height: 1 }, style);
        } else {
            let symbol = ["░", "▒", "▓"][usize::from(shade)];
            buffer.set_string(x, y, symbol, theme.ink(Ink::MapAxis));
        }
    }
}

/// Visible models around each cell, weighted by a Gaussian with peak 1.
fn density(state: &State, w: usize, h: usize) -> Vec<f64> {
    let mut counts = vec![0.0; w * h];
    for (model, place) in state.map.places.iter().enumerate() {
        let (x, y) = state.map.seen(*place);
        let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
        if inside && state.is_lit(model) {
            counts[(y * h as f64) as usize * w + (x * w as f64) as usize] += 1.0;
        }
    }
    let across = blurred(&counts, w, h, ACROSS, (1, w));
    blurred(&across, h, w, DOWN, (w, 1))
}

/// No shade (0) or one of three (1 to 3): steps with a constant ratio up to the densest cell.
fn levels(density: &[f64]) -> Vec<u8> {
    let most = density.iter().copied().fold(0.0, f64::max);
    let level = |d: &f64| {
        if *d < LEAST {
            return 0;
        }
        let share = if most > LEAST { (d / LEAST).ln() / (most / LEAST).ln() } else { 0.0 };
        1 + ((share * 3.0) as u8).min(2)
    };
    density.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_model_has_no_shade_and_a_crowd_has_three() {
        let mut cells = vec![0.0; 60 * 20];
        cells[5 * 60 + 5] = 1.0;
        let smooth = |cells: &[f64]| {
            blurred(&blurred(cells, 60, 20, ACROSS, (1, 60)), 20, 60, DOWN, (60, 1))
        };
        assert!(levels(&smooth(&cells)).iter().all(|level| *level == 0));
        cells[10 * 60 + 40] = 20.0;
        let shades = levels(&smooth(&cells));
        assert_eq!(shades[5 * 60 + 5], 0);
        assert_eq!(shades[10 * 60 + 40], 3);
        assert!((1..=3).all(|level| shades.contains(&level)));
    }
}
