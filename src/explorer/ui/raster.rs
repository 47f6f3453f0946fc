//! The points of the map as characters: counted by cell, so that no model hides another by chance.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::pixel::OCTANTS;

use crate::explorer::depth::Depth;
use crate::explorer::state::State;
use crate::explorer::state::map::{MANY, Marker, Place};
use crate::explorer::theme::HUES;
use crate::explorer::theme::{Ink, Theme};
use crate::explorer::ui::labels::Grid;

/// A shape for each class, for eyes and terminals without colors. None is the sign of a role: ◉
/// selected, ◆ marked, ★ routed, ✚ new.
pub const SHAPES: [&str; HUES + 2] = ["●", "▲", "■", "▼", "○", "△", "□", "▽", "•", "·"];
/// How much the most distant point is dimmed.
pub const FADE: f32 = 0.55;

/// Dots of one trail at most.
const STEPS: usize = 400;
/// What is darker stands back where colors do not mix: the farthest points do not.
const DARK: f32 = 0.4;

/// Models counted by cell: a cell (or its half) has one color, that of most of its models.
pub struct Raster {
    /// The 2 × 4 dots of each cell, row by row.
    dots: Vec<u8>,
    /// Lit models by class, for each part of a cell.
    counts: Vec<[u16; HUES + 2]>,
    /// How far the brightest model of a cell is from the ground: in three dimensions near models are
    /// bright, while a prompt is typed likely ones. Empty where all are.
    strengths: Vec<f32>,
    /// Cells of models that the filter leaves out.
    out: Vec<bool>,
    across: usize,
    /// Parts of a cell that have a color of their own, below each other.
    parts: usize,
}

impl Raster {
    pub fn of(state: &State, plot: Rect) -> Self {
        let map = &state.map;
        let (w, h) = (plot.width as usize, plot.height as usize);
        let marker = state.marker();
        let parts = if marker == Marker::Blocks { 2 } else { 1 };
        let mut raster = Self {
            dots: vec![0; w * h],
            counts: vec![[0; HUES + 2]; w * h * parts],
            strengths: if map.nearness.is_empty() && !map.glow.is_on() {
                Vec::new()
            } else {
                vec![0.0; w * h]
            },
            out: if state.filter.is_on() { vec![false; w * h] } else { Vec::new() },
            across: w,
            parts,
        };
        // One dot is hard to see where there are few; symbols of a whole cell are not.
        let whole = matches!(marker, Marker::Shapes | Marker::Dots);
        let size = if map.places.len() <= MANY && !whole { 2 } else { 1 };
        for (model, place) in map.places.iter().enumerate() {
            let (x, y) = map.seen(*place);
            if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
                continue;
            }
            if !state.filter.has(model) {
                raster.out[(y * h as f64) as usize * w + (x * w as f64) as usize] = true;
                continue;
            }
            let (mut x, mut y) = ((x * (w * 2) as f64) as usize, (y * (h * 4) as f64) as usize);
            // Blocks have one size only where they do not straddle halves of cells.
            if matches!(marker, Marker::Blocks | Marker::Octants) && size == 2 {
                (x, y) = (x / 2 * 2, y / 2 * 2);
            }
            let class = state.is_lit(model).then(|| map.coloring.class_of(model));
            for dy in 0..size {
                for dx in 0..size {
                    if x + dx < w * 2 && y + dy < h * 4 {
                        raster.set(x + dx, y + dy, class);
                    }
                }
            }
            if let Some(known) = raster.strengths.get_mut(y / 4 * w + x / 2) {
                let near = map.nearness.get(model).map_or(1.0, |near| 1.0 - FADE * (1.0 - near));
                *known = known.max(near * map.glow.of(model));
            }
        }
        raster
    }

    fn set(&mut self, x: usize, y: usize, class: Option<usize>) {
        let cell = y / 4 * self.across + x / 2;
        self.dots[cell] |= 1 << (y % 4 * 2 + x % 2);
        if let Some(class) = class {
            let part = if self.parts == 2 { y % 4 / 2 } else { 0 };
            let count = &mut self.counts[cell * self.parts + part][class.min(HUES + 1)];
            *count = count.saturating_add(1);
        }
    }

    /// The class of most models; of equals the one that stands first in the legend.
    fn majority(&self, part: usize) -> Option<usize> {
        let counts = &self.counts[part];
        let most = (0..counts.len()).rev().max_by_key(|class| counts[*class]);
        most.filter(|class| counts[*class] > 0)
    }

    /// Keeps names off the points.
    pub fn reserve(&self, grid: &mut Grid) {
        for (i, _) in self.dots.iter().enumerate().filter(|(_, dots)| **dots > 0) {
            grid.add_point(i % self.across, i / self.across);
        }
    }

    pub fn draw(&self, buffer: &mut Buffer, state: &State, plot: Rect) {
        // Without colors, axes and shades are dim; a point over them is not.
        let point = |color: Color| Style::new().fg(color).remove_modifier(Modifier::all());
        let (map, theme, marker) = (&state.map, &state.theme, state.marker());
        // A trace of what is left out: where it would stand, under what is looked at.
        let left_out = self.out.iter().zip(&self.dots).enumerate();
        for (i, _) in left_out.filter(|(_, (out, dots))| **out && **dots == 0) {
            let at = (plot.x + (i % self.across) as u16, plot.y + (i / self.across) as u16);
            if let Some(cell) = buffer.cell_mut(at) {
                cell.set_symbol("·").set_style(theme.ink(Ink::MapAxis));
            }
        }
        for (i, &dots) in self.dots.iter().enumerate().filter(|(_, dots)| **dots > 0) {
            let (x, y) = (i % self.across, i / self.across);
            let Some(cell) = buffer.cell_mut((plot.x + x as u16, plot.y + y as u16)) else {
                continue;
            };
            let hue = |class: Option<usize>| {
                let class = class.and_then(|class| map.coloring.classes.get(class));
                let hue = class.map_or(theme[Ink::MapDim], |class| theme.hue(class.hue));
                match self.strengths.get(i) {
                    // Where colors do not mix, the darker half stands back.
                    Some(strength) if theme.depth != Depth::True && *strength < DARK => {
                        theme[Ink::MapDim]
                    }
                    Some(strength) => {
                        Theme::blend(hue, theme[Ink::Background], f64::from(1.0 - strength))
                    }
                    None => hue,
                }
            };
            if self.parts == 2 {
                let halves = [dots & 0x0f, dots & 0xf0].map(|half| half > 0);
                let [upper, lower] = [0, 1].map(|part| hue(self.majority(i * 2 + part)));
                let (symbol, style) = match halves {
                    [true, true] => ("▀", point(upper).bg(lower)),
                    [true, false] => ("▀", point(upper)),
                    _ => ("▄", point(lower)),
                };
                cell.set_symbol(symbol).set_style(style);
                continue;
            }
            let class = self.majority(i);
            let color = hue(class);
            let mut buffer = [0; 4];
            let symbol: &str = match marker {
                Marker::Shapes => SHAPES[class.unwrap_or(SHAPES.len() - 1)],
                Marker::Dots => "●",
                Marker::Octants => OCTANTS[usize::from(dots)].encode_utf8(&mut buffer),
                Marker::Braille | Marker::Blocks => braille(dots).encode_utf8(&mut buffer),
            };
            cell.set_symbol(symbol).set_style(point(color));
        }
    }
}

/// Where the models were at the last epochs of a training, as faint lines that lead to where they are now. A
/// terminal without Braille shows none.
pub fn draw_trails(buffer: &mut Buffer, state: &State, plot: Rect) {
    let map = &state.map;
    if map.trails.is_empty() || !state.has_braille {
        return;
    }
    let (w, h) = (usize::from(plot.width), usize::from(plot.height));
    let mut dots = vec![0_u8; w * h];
    let stations: Vec<&Vec<Place>> = map.trails.iter().chain([&map.places]).collect();
    for pair in stations.windows(2) {
        for (from, to) in pair[0].iter().zip(pair[1]) {
            let (from, to) = (map.seen(*from), map.seen(*to));
            let apart = ((to.0 - from.0) * 2.0 * w as f64).hypot((to.1 - from.1) * 4.0 * h as f64);
            let steps = (apart.ceil() as usize).clamp(1, STEPS);
            for step in 0..steps {
                let share = step as f64 / steps as f64;
                let x = from.0 + (to.0 - from.0) * share;
                let y = from.1 + (to.1 - from.1) * share;
                if (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y) {
                    let (x, y) = ((x * (w * 2) as f64) as usize, (y * (h * 4) as f64) as usize);
                    dots[y / 4 * w + x / 2] |= 1 << (y % 4 * 2 + x % 2);
                }
            }
        }
    }
    let style = state.theme.ink(Ink::MapAxis);
    for (i, dots) in dots.into_iter().enumerate().filter(|(_, dots)| *dots > 0) {
        let (x, y) = (plot.x + (i % w) as u16, plot.y + (i / w) as u16);
        buffer.set_string(x, y, braille(dots).encode_utf8(&mut [0; 4]), style);
    }
}

/// The Braille symbol of 2 × 4 dots, which has its own order of dots.
fn braille(dots: u8) -> char {
    const BITS: [u8; 8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];
    let bits = (0..8).filter(|i| dots & (1 << i) > 0).fold(0, |bits, i| bits | BITS[i]);
    char::from_u32(0x2800 + u32::from(bits)).unwrap_or('•')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_class_has_the_sign_of_a_role() {
        for sign in ["◉", "◆", "★", "✚", "∙"] {
            assert!(!SHAPES.contains(&sign), "{sign}");
        }
    }

    #[test]
    fn dots_become_their_symbols() {
        assert_eq!(braille(0b1), '⠁');
        assert_eq!(braille(0b11), '⠉');
        assert_eq!(braille(0xff), '⣿');
        assert_eq!(OCTANTS[0b1100_0000 | 0b11_0000], '▄');
    }
}
