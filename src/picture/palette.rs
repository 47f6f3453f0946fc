//! Pixels as indices into a palette.

use super::{Pixels, Rgb};

/// Bits of each channel by which colors are counted.
const BITS: u32 = 6;
/// The number of most frequent colors that are kept unchanged: backgrounds may differ only slightly.
const KEPT: usize = 24;
/// Minimum distances between colors of the palette, in steps of a channel: increased until the palette fits.
const APART: [u32; 9] = [0, 3, 5, 8, 12, 17, 24, 34, 50];

/// A picture of at most 256 colors.
#[derive(Debug, PartialEq)]
pub(crate) struct Indexed {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) palette: Vec<Rgb>,
    /// Row by row.
    pub(crate) indices: Vec<u8>,
}

/// Similar colors that are counted together.
#[derive(Clone, Copy, Default)]
struct Bin {
    count: u32,
    /// The color of the longest run, and its length: a background keeps its exact color.
    color: [u8; 3],
    run: u32,
    /// Its index in the palette.
    index: u8,
}

fn bin([r, g, b]: [u8; 3]) -> usize {
    let part = |channel: u8| usize::from(channel >> (8 - BITS));
    (part(r) << (2 * BITS)) | (part(g) << BITS) | part(b)
}

fn far(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

impl Pixels {
    /// Reduces the pixels to at most this number of colors, preferring frequent ones.
    pub(crate) fn indexed(&self, most: usize) -> Indexed {
        let most = most.clamp(1, 256);
        let pixels = self.rgb.as_chunks::<3>().0;
        let mut bins = vec![Bin::default(); 1 << (3 * BITS)];
        for same in pixels.chunk_by(|a, b| a == b) {
            let (found, run) = (&mut bins[bin(same[0])], same.len() as u32);
            found.count += run;
            if run > found.run {
                (found.color, found.run) = (same[0], run);
            }
        }
        let mut known: Vec<usize> = (0..bins.len()).filter(|i| bins[*i].count > 0).collect();
        known.sort_unstable_by_key(|i| (std::cmp::Reverse(bins[*i].count), *i));
        let mut palette: Vec<[u8; 3]> = Vec::new();
        for apart in APART {
            palette.clear();
            let fits = known.iter().all(|i| {
                let color = bins[*i].color;
                let near = |taken: &[u8; 3]| far(*taken, color) <= apart * apart;
                if palette.len() >= KEPT.min(most / 2) && palette.iter().any(near) {
                    return true;
                }
                let room = palette.len() < most;
                if room {
                    palette.push(color);
                }
                room
            });
            if fits {
                break;
            }
        }
        for i in known {
            let color = bins[i].color;
            let nearest = (0..palette.len()).min_by_key(|at| far(palette[*at], color));
            bins[i].index = nearest.unwrap_or_default() as u8;
        }
        let mut indices = Vec::with_capacity(pixels.len());
        for same in pixels.chunk_by(|a, b| a == b) {
            indices.extend(std::iter::repeat_n(bins[bin(same[0])].index, same.len()));
        }
        let palette = palette.into_iter().map(|[r, g, b]| (r, g, b)).collect();
        Indexed { width: self.width, height: self.height, palette, indices }
    }
}

impl Indexed {
    /// The part of the picture at left, top, of a width and a height; smaller at the edge.
    pub(crate) fn part(&self, [x, y, width, height]: [u32; 4]) -> Self {
        let (right, bottom) = ((x + width).min(self.width), (y + height).min(self.height));
        let rows = self.indices.chunks(self.width.max(1) as usize);
        let rows = rows.take(bottom as usize).skip(y as usize);
        Self {
            width: right.saturating_sub(x),
            height: bottom.saturating_sub(y),
            palette: self.palette.clone(),
            indices: rows
                .flat_map(|row| row.get(x as usize..right as usize).unwrap_or_default())
                .copied()
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shades(width: u32, height: u32) -> Pixels {
        let rgb = (0..width * height).flat_map(|i| [(i % 256) as u8, (i / 7 % 256) as u8, 40]);
        Pixels { width, height, rgb: rgb.collect() }
    }

    #[test]
    fn few_colors_stay_as_they_are_and_many_become_their_neighbors() {
        let mut flat = Pixels { width: 40, height: 30, rgb: [17, 20, 26].repeat(1200) };
        // The background keeps its color next to one that is counted with it.
        flat.rgb[0] = 18;
        flat.rgb[300..303].copy_from_slice(&[200, 10, 10]);
        let found = flat.indexed(256);
        assert_eq!(found.palette[0], (17, 20, 26));
        assert!(found.palette.contains(&(200, 10, 10)) && found.indices.len() == 1200);
        for most in [2, 64, 256] {
            let many = shades(120, 90);
            let found = many.indexed(most);
            assert!(found.palette.len() <= most && !found.palette.is_empty());
            let last = found.palette.len() as u8;
            assert!(found.indices.iter().all(|index| *index < last));
        }
        let many = shades(120, 90);
        let found = many.indexed(256);
        let off = many.rgb.as_chunks::<3>().0.iter().zip(&found.indices).map(|(color, index)| {
            let (r, g, b) = found.palette[usize::from(*index)];
            far(*color, [r, g, b])
        });
        assert!(off.max().unwrap() < 900, "a color is far from its own");
    }
}
