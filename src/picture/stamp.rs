//! Small shapes that are drawn many times: each is rasterized once, and then printed in any color.

use std::collections::HashMap;

use tiny_skia::{FillRule, Mask, Path, Pixmap, Transform};

use super::{Rgb, Sign};

/// Positions are rounded to this fraction of a pixel.
const PARTS: f32 = 4.0;

/// The content of a stamp. Lengths are in sixteenths of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// A letter of the font, its height, and the width of its outline.
    Letter(u16, u32, u32),
    /// A sign, its radius, and the width of its line; filled if the width is 0.
    Sign(Sign, u32, u32),
}

/// In sixteenths of a pixel.
pub(super) fn sixteenths(length: f32) -> u32 {
    (16.0 * length).round().max(0.0) as u32
}

/// The coverage of each pixel of a small shape, relative to its position.
struct Stamp {
    left: i32,
    top: i32,
    mask: Mask,
}

impl Stamp {
    fn of(path: &Path, place: Transform) -> Option<Self> {
        let bounds = path.clone().transform(place)?.bounds();
        let (left, top) = (bounds.left().floor() as i32 - 1, bounds.top().floor() as i32 - 1);
        let width = (bounds.right().ceil() as i32 + 1 - left) as u32;
        let height = (bounds.bottom().ceil() as i32 + 1 - top) as u32;
        let mut mask = Mask::new(width, height)?;
        let place = place.post_translate(-left as f32, -top as f32);
        mask.fill_path(path, FillRule::Winding, true, place);
        Some(Self { left, top, mask })
    }

    /// Blends a color into opaque pixels.
    fn print(&self, map: &mut Pixmap, (x, y): (i32, i32), (r, g, b): Rgb, opacity: f64) {
        let (width, height) = (map.width() as i32, map.height() as i32);
        let (left, top) = (x + self.left, y + self.top);
        let across = self.mask.width() as usize;
        let full = (256.0 * opacity) as u32;
        let pixels = map.data_mut().as_chunks_mut::<4>().0;
        for (row, line) in (top..).zip(self.mask.data().chunks_exact(across)) {
            if !(0..height).contains(&row) {
                continue;
            }
            for (column, coverage) in (left..).zip(line) {
                if *coverage == 0 || !(0..width).contains(&column) {
                    continue;
                }
                let share = u32::from(*coverage) * full / 255;
                let pixel = &mut pixels[(row * width + column) as usize];
                for (to, ink) in pixel.iter_mut().zip([r, g, b]) {
                    let mixed = u32::from(*to) * (256 - share) + u32::from(ink) * share;
                    *to = ((mixed + 128) >> 8) as u8;
                }
            }
        }
    }
}

/// The stamps of one picture. A subject without an outline, such as a space, has none.
#[derive(Default)]
pub(super) struct Stamps {
    known: HashMap<(Subject, u8, u8), Option<Stamp>>,
}

impl Stamps {
    /// Prints a subject at a position in pixels. `outline` computes its outline around the origin and the
    /// transform to pixels, if it is not cached.
    pub(super) fn print(
        &mut self,
        map: &mut Pixmap,
        subject: Subject,
        (x, y): (f32, f32),
        (ink, opacity): (Rgb, f64),
        outline: impl FnOnce() -> Option<(Path, Transform)>,
    ) {
        // An offset of less than a quarter of a pixel is invisible.
        let part = |v: f32| (v * PARTS).round() as i32;
        let (x, y) = (part(x), part(y));
        let parts = PARTS as i32;
        let phase = (x.rem_euclid(parts), y.rem_euclid(parts));
        let stamp =
            self.known.entry((subject, phase.0 as u8, phase.1 as u8)).or_insert_with(|| {
                let (path, place) = outline()?;
                let place = place.post_translate(phase.0 as f32 / PARTS, phase.1 as f32 / PARTS);
                Stamp::of(&path, place)
            });
        if let Some(stamp) = stamp {
            stamp.print(map, (x.div_euclid(parts), y.div_euclid(parts)), ink, opacity);
        }
    }
}
