//! Pictures in sixels: bands of six rows, each color in turn, with runs of the same sixel counted.
//!
//! The crate icy_sixel brings a general quantizer, with a dozen crates (docs/dependencies.md); what is
//! painted here has few colors and their blends.

use std::collections::HashMap;
use std::fmt::Write;

use crate::picture::Pixels;

/// Rows of a band.
const BAND: usize = 6;
/// A color, of 8 bits a channel.
type Color = [u8; 3];

/// The picture as sixels, with at most so many colors.
pub fn encode(pixels: &Pixels, colors: usize) -> Vec<u8> {
    let (width, height) = (pixels.width as usize, pixels.height as usize);
    let (palette, indices) = indexed(pixels, colors);
    // Pixels that are not set are left alone; of square ones, so many.
    let mut out = format!("\x1bP0;1;0q\"1;1;{width};{height}");
    for (i, color) in palette.iter().enumerate() {
        let [r, g, b] = color.map(|channel| (u32::from(channel) * 100 + 127) / 255);
        // Writing to a string cannot fail.
        let _ = write!(out, "#{i};2;{r};{g};{b}");
    }
    let mut out = out.into_bytes();
    let mut band = Band::new(palette.len(), width);
    for rows in indices.chunks(BAND * width) {
        band.encode(rows, &mut out);
    }
    out.extend(b"\x1b\\");
    out
}

/// One band on its way to sixels.
struct Band {
    width: usize,
    /// The sixels of each color, all columns.
    sixels: Vec<u8>,
    /// The first and the last column of each color; none where it is not in the band.
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

/// The same sixel so many times.
fn run(out: &mut Vec<u8>, sixel: u8, times: usize) {
    let letter = b'?' + sixel;
    if times > 3 {
        out.extend(format!("!{times}").as_bytes());
        out.push(letter);
    } else {
        out.extend(std::iter::repeat_n(letter, times));
    }
}

/// A palette of at most so many colors, the most frequent first, and for each pixel its place in it.
fn indexed(pixels: &Pixels, most: usize) -> (Vec<Color>, Vec<u8>) {
    let most = most.clamp(1, 256);
    let each = pixels.rgb.as_chunks::<3>().0;
    let mut counts: HashMap<Color, usize> = HashMap::new();
    for same in each.chunk_by(|a, b| a == b) {
        *counts.entry(same[0]).or_default() += same.len();
    }
    let mut known: Vec<(Color, usize)> = counts.into_iter().collect();
    known.sort_unstable_by_key(|(color, count)| (std::cmp::Reverse(*count), *color));
    // Colors that are nearer than that to a more frequent one are taken for it.
    let mut palette = Vec::new();
    for apart in [0, 3, 5, 8, 12, 17, 24, 34, 50] {
        palette.clear();
        let fits = known.iter().all(|(color, _)| {
            let new = palette.iter().all(|taken| far(taken, color) > apart * apart);
            if new && palette.len() < most {
                palette.push(*color);
                return true;
            }
            !new
        });
        if fits {
            break;
        }
    }
    let place: HashMap<Color, u8> = known
        .iter()
        .map(|(color, _)| {
            let nearest = (0..palette.len()).min_by_key(|i| far(&palette[*i], color));
            (*color, nearest.unwrap_or_default() as u8)
        })
        .collect();
    let mut indices = Vec::with_capacity(each.len());
    for same in each.chunk_by(|a, b| a == b) {
        let index = place.get(&same[0]).copied().unwrap_or_default();
        indices.extend(std::iter::repeat_n(index, same.len()));
    }
    (palette, indices)
}

fn far(a: &Color, b: &Color) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
}
