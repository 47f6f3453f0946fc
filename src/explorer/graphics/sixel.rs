//! Sixel encoding: bands of six rows, color by color, with run lengths.
//!
//! The crate `icy_sixel` has a general quantizer and a dozen dependencies (docs/dependencies.md), which
//! pictures with few colors do not need.

use std::fmt::Write;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::picture::Indexed;

/// Rows of a band.
const BAND: usize = 6;

/// Shows a picture in place of the cells of the plot, in tiles of the size that the terminal takes, and moves the
/// cursor.
pub fn show(picture: &Indexed, plot: Rect, canvas: Canvas) -> Vec<u8> {
    let mut out = Vec::new();
    for tile in canvas.tiles(plot) {
        out.extend(format!("\x1b[{};{}H", plot.y + tile.y + 1, plot.x + tile.x + 1).as_bytes());
        out.extend(encode(&picture.part(canvas.pixels(tile))));
    }
    out
}

/// Encodes a picture as sixels.
pub fn encode(picture: &Indexed) -> Vec<u8> {
    let Indexed { width, height, palette, indices } = picture;
    let columns = *width as usize;
    // Unset pixels keep their color; pixels are square.
    let mut out = format!("\x1bP0;1;0q\"1;1;{width};{height}");
    for (i, (r, g, b)) in palette.iter().enumerate() {
        let [r, g, b] = [r, g, b].map(|channel| (u32::from(*channel) * 100 + 127) / 255);
        // Writing to a string cannot fail.
        let _ = write!(out, "#{i};2;{r};{g};{b}");
    }
    let mut out = out.into_bytes();
    let mut band = Band::new(palette.len(), columns);
    for rows in indices.chunks(BAND * columns) {
        band.encode(rows, &mut out);
    }
    out.extend(b"\x1b\\");
    out
}

/// The encoder of a band.
struct Band {
    width: usize,
    /// The sixels of each color, by column.
    sixels: Vec<u8>,
    /// The first and last column of each color; `None` if the band does not contain it.
    reach: Vec<Option<(usize, usize)>>,
}

impl Band {
    fn new(colors: usize, width: usize) -> Self {
        Self { width, sixels: vec![0; colors * width], reach: vec![None; colors] }
    }

    /// Appends up to six rows of indices.
    fn encode(&mut self, rows: &[u8], out: &mut Vec<u8>) {
        self.reach.fill(None);
        for (y, row) in rows.chunks(self.width).enumerate() {
            for (x, color) in row.iter().enumerate() {
                let color = usize::from(*color);
                self.sixels[color * self.width + x] |= 1 << y;
                let (first, last) = self.reach[color].get_or_insert((x, x));
                (*first, *last) = ((*first).min(x), (*last).max(x));
            }
        }
        let mut begun = false;
        for color in 0..self.reach.len() {
            let Some((first, last)) = self.reach[color] else { continue };
            if begun {
                out.push(b'$');
            }
            begun = true;
            out.extend(format!("#{color}").as_bytes());
            run(out, 0, first);
            let line = color * self.width;
            let sixels = &mut self.sixels[line + first..=line + last];
            for same in sixels.chunk_by(|a, b| a == b) {
                run(out, same[0], same.len());
            }
            sixels.fill(0);
        }
        out.push(b'-');
    }
}

/// Appends a run of one sixel.
fn run(out: &mut Vec<u8>, sixel: u8, times: usize) {
    let letter = b'?' + sixel;
    if times > 3 {
        out.extend(format!("!{times}").as_bytes());
        out.push(letter);
    } else {
        out.extend(std::iter::repeat_n(letter, times));
    }
}
