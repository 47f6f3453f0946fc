//! A picture as PNG, drawn with an embedded font: it looks the same on every machine.
//!
//! The crate resvg could render the SVG, but its text shaping, style sheets and filters are not needed for
//! monospaced text, and cost 120 seconds of compile time (docs/dependencies.md).

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::{Anchor, DASH, OPACITY, Picture, Rgb, Text};

/// Scale of the PNG, so that small names are readable on high-density screens.
const SCALE: f32 = 2.0;

impl Picture {
    /// The picture as PNG, twice as wide and high in pixels.
    ///
    /// # Errors
    /// A sentence, if the picture has no size or the font cannot be read.
    pub(crate) fn png(&self) -> Result<Vec<u8>, String> {
        let face = Face::parse(dejavu::sans_mono::regular(), 0).map_err(|e| e.to_string())?;
        let size = |length: f64| (length as f32 * SCALE).round() as u32;
        let (width, height) = (size(self.size.0), size(self.size.1));
        let mut map = Pixmap::new(width, height).ok_or("a picture without a size")?;
        map.fill(color(self.background, 1.0));
        let scale = Transform::from_scale(SCALE, SCALE);
        self.texts.iter().for_each(|text| write(&mut map, &face, text));
        let dashed = Stroke {
            dash: StrokeDash::new(vec![DASH.0 as f32, DASH.1 as f32], 0.0),
            ..Stroke::default()
        };
        for (from, to) in &self.lines {
            let mut path = PathBuilder::new();
            path.move_to(from.0 as f32, from.1 as f32);
            path.line_to(to.0 as f32, to.1 as f32);
            if let Some(path) = path.finish() {
                map.stroke_path(&path, &paint(self.line, 1.0), &dashed, scale, None);
            }
        }
        for dot in &self.dots {
            let circle =
                PathBuilder::from_circle(dot.at.0 as f32, dot.at.1 as f32, dot.radius as f32);
            if let Some(path) = circle {
                let paint = paint(dot.fill, OPACITY as f32);
                map.fill_path(&path, &paint, FillRule::Winding, scale, None);
            }
        }
        self.names.iter().for_each(|text| write(&mut map, &face, text));
        let opaque: Vec<u8> =
            map.data().chunks_exact(4).flat_map(|pixel| pixel[..3].to_vec()).collect();
        Ok(encoded(width, height, &opaque))
    }
}

fn color((red, green, blue): Rgb, opacity: f32) -> Color {
    let part = |byte: u8| f32::from(byte) / 255.0;
    Color::from_rgba(part(red), part(green), part(blue), opacity).unwrap_or(Color::BLACK)
}

fn paint(fill: Rgb, opacity: f32) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(color(fill, opacity));
    paint
}

/// Draws a text, letter by letter. Letters that the font lacks become empty boxes.
fn write(map: &mut Pixmap, face: &Face<'_>, text: &Text) {
    let unit = text.size as f32 / f32::from(face.units_per_em());
    let glyphs: Vec<GlyphId> =
        text.words.chars().map(|letter| face.glyph_index(letter).unwrap_or_default()).collect();
    let step = |glyph: &GlyphId| unit * f32::from(face.glyph_hor_advance(*glyph).unwrap_or(0));
    let mut x = text.at.0 as f32;
    if text.end == Anchor::End {
        x -= glyphs.iter().map(step).sum::<f32>();
    }
    let paint = paint(text.fill, 1.0);
    for glyph in &glyphs {
        // The y-axis of the font points up, that of the picture down.
        let place = Transform::from_row(unit, 0.0, 0.0, -unit, x, text.at.1 as f32);
        if let Some(path) = outline(face, *glyph) {
            let place = place.post_scale(SCALE, SCALE);
            map.fill_path(&path, &paint, FillRule::Winding, place, None);
        }
        x += step(glyph);
    }
}

fn outline(face: &Face<'_>, glyph: GlyphId) -> Option<Path> {
    let mut outline = Outline(PathBuilder::new());
    face.outline_glyph(glyph, &mut outline)?;
    outline.0.finish()
}

/// Converts the outline of a letter from the font to the painter.
struct Outline(PathBuilder);

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

/// A PNG of opaque pixels, three bytes each (RFC 2083).
fn encoded(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    // 8 bits per channel, true color, default compression, filter and interlace methods.
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes()[..], &[8, 2, 0, 0, 0]].concat();
    chunk(&mut out, *b"IHDR", &head);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    for row in pixels.chunks_exact(3 * width as usize) {
        // Writing to memory cannot fail. No filter: flat colors compress well without.
        let _ = packed.write_all(&[0]).and_then(|()| packed.write_all(row));
    }
    chunk(&mut out, *b"IDAT", &packed.finish().unwrap_or_default());
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend(kind);
    out.extend(data);
    let mut sum = Crc::new();
    sum.update(&out[start..]);
    out.extend(sum.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::Dot;
    use super::*;

    /// The size and the pixels of a PNG as [`encoded`] writes it.
    fn decoded(png: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        let (width, height) = (number(16), number(20));
        let (mut at, mut packed) = (8, Vec::new());
        while at < png.len() {
            let length = number(at) as usize;
            let body = &png[at + 4..at + 8 + length];
            let mut sum = Crc::new();
            sum.update(body);
            assert_eq!(number(at + 8 + length), sum.sum());
            if body.starts_with(b"IDAT") {
                packed.extend(&body[4..]);
            }
            at += 12 + length;
        }
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut rows).unwrap();
        let rows = rows.chunks_exact(1 + 3 * width as usize);
        let pixels = rows.flat_map(|row| row[1..].chunks_exact(3).map(|p| [p[0], p[1], p[2]]));
        (width, height, pixels.collect())
    }

    fn picture() -> Picture {
        let text = |x: f64, end| Text {
            at: (x, 20.0),
            end,
            size: 12.0,
            fill: (0, 0, 255),
            words: "heron ●".into(),
        };
        Picture {
            size: (100.0, 60.0),
            background: (255, 255, 255),
            texts: vec![text(2.0, Anchor::Start)],
            lines: vec![((0.0, 40.0), (100.0, 40.0))],
            line: (0, 255, 0),
            dots: vec![Dot { at: (50.0, 50.0), radius: 4.0, fill: (255, 0, 0), title: "a".into() }],
            names: Vec::new(),
        }
    }

    #[test]
    fn dots_lines_and_letters_stand_where_they_should() {
        let (width, height, pixels) = decoded(&picture().png().unwrap());
        assert_eq!((width, height, pixels.len()), (200, 120, 24_000));
        let at = |x: usize, y: usize| pixels[y * 200 + x];
        assert_eq!(at(199, 119), [255, 255, 255]);
        let [red, green, blue] = at(100, 100);
        assert!(red == 255 && green == blue && green < 60, "a dot with some transparency");
        let is_blue = |p: &[u8; 3]| p[2] == 255 && p[0] < 128;
        let letters: Vec<usize> =
            (0..pixels.len()).filter(|i| is_blue(&pixels[*i])).map(|i| i % 200).collect();
        assert!(letters.len() > 100 && letters.iter().all(|x| (4..110).contains(x)));
        let lines = (0..200).filter(|x| (78..82).any(|y| at(*x, y)[0] < 200)).count();
        assert!((30..120).contains(&lines), "a dashed line: {lines}");
    }

    #[test]
    fn a_text_that_ends_at_its_place_does_so() {
        let mut picture = picture();
        picture.texts[0].end = Anchor::End;
        picture.texts[0].at.0 = 90.0;
        let (_, _, pixels) = decoded(&picture.png().unwrap());
        let blue = |i: &usize| pixels[*i][2] == 255 && pixels[*i][0] < 128;
        let right = (0..pixels.len()).filter(blue).map(|i| i % 200).max();
        assert!(right.is_some_and(|x| (170..=180).contains(&x)), "{right:?}");
    }

    #[test]
    fn the_font_has_the_letters_that_maps_use() {
        let face = Face::parse(dejavu::sans_mono::regular(), 0).unwrap();
        for letter in "aZ09·●→↑…±–é".chars() {
            assert!(face.glyph_index(letter).is_some(), "{letter}");
        }
    }
}
