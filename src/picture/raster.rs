//! A picture as pixels, drawn with an embedded font: it looks the same on every machine.
//!
//! The crate resvg could render the SVG, but its text shaping, style sheets and filters are not needed for
//! monospaced text, and cost 120 seconds of compile time (docs/dependencies.md).

use std::sync::OnceLock;

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash,
    Transform,
};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::stamp::{Stamps, Subject, sixteenths};
use super::{Anchor, DASH, Dot, EDGE, HALO, Picture, Point, Rgb, Shape, Sign, Text};

/// Opaque pixels, three bytes each, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgb: Vec<u8>,
}

impl Picture {
    /// Renders the picture with `scale` pixels per unit.
    ///
    /// # Errors
    /// A sentence, if the picture has no size or the font cannot be read.
    pub(crate) fn pixels(&self, scale: f32) -> Result<Pixels, String> {
        let face = face().ok_or("the font that is compiled in cannot be read")?;
        let size = |length: f64| (length as f32 * scale).round() as u32;
        let (width, height) = (size(self.size.0), size(self.size.1));
        let mut map = Pixmap::new(width, height).ok_or("a picture without a size")?;
        map.fill(color(self.background, 1.0));
        let mut canvas = Canvas { map, scale, face, stamps: Stamps::default() };
        self.shapes.iter().for_each(|shape| canvas.shape(shape));
        self.texts.iter().for_each(|text| canvas.text(text));
        self.lines.iter().for_each(|(from, to)| canvas.dashed(*from, *to, self.line));
        self.dots.iter().for_each(|dot| canvas.dot(dot));
        self.names.iter().for_each(|text| canvas.text(text));
        let mut rgb = vec![0; 3 * (width * height) as usize];
        let pixels = canvas.map.data().as_chunks::<4>().0;
        for (to, [r, g, b, _]) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(pixels) {
            *to = [*r, *g, *b];
        }
        Ok(Pixels { width, height, rgb })
    }
}

fn face() -> Option<&'static Face<'static>> {
    static FACE: OnceLock<Option<Face<'static>>> = OnceLock::new();
    FACE.get_or_init(|| Face::parse(dejavu::sans_mono::regular(), 0).ok()).as_ref()
}

/// True if the embedded font has this letter.
pub(crate) fn has_letter(letter: char) -> bool {
    face().is_some_and(|face| face.glyph_index(letter).is_some())
}

fn color((red, green, blue): Rgb, opacity: f64) -> Color {
    let part = |byte: u8| f32::from(byte) / 255.0;
    Color::from_rgba(part(red), part(green), part(blue), opacity as f32).unwrap_or(Color::BLACK)
}

fn paint(fill: Rgb, opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(color(fill, opacity));
    paint
}

fn wide(width: f64) -> Stroke {
    Stroke {
        width: width as f32,
        line_join: LineJoin::Round,
        line_cap: LineCap::Round,
        ..Stroke::default()
    }
}

fn path(paths: &[Vec<Point>], closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for path in paths {
        for (i, (x, y)) in path.iter().enumerate() {
            if i == 0 {
                builder.move_to(*x as f32, *y as f32);
            } else {
                builder.line_to(*x as f32, *y as f32);
            }
        }
        if closed {
            builder.close();
        }
    }
    builder.finish()
}

struct Canvas {
    map: Pixmap,
    scale: f32,
    face: &'static Face<'static>,
    stamps: Stamps,
}

impl Canvas {
    fn transform(&self) -> Transform {
        Transform::from_scale(self.scale, self.scale)
    }

    fn shape(&mut self, shape: &Shape) {
        let Some(path) = path(&shape.paths, shape.closed) else { return };
        let scale = self.transform();
        if shape.closed && shape.fill > 0.0 {
            let paint = paint(shape.color, shape.fill);
            self.map.fill_path(&path, &paint, FillRule::EvenOdd, scale, None);
        }
        let (width, opacity) = shape.line;
        if width > 0.0 {
            let paint = paint(shape.color, opacity);
            self.map.stroke_path(&path, &paint, &wide(width), scale, None);
        }
    }

    fn dashed(&mut self, from: Point, to: Point, ink: Rgb) {
        let dash = StrokeDash::new(vec![DASH.0 as f32, DASH.1 as f32], 0.0);
        let Some(path) = path(&[vec![from, to]], false) else { return };
        let stroke = Stroke { dash, ..Stroke::default() };
        let scale = self.transform();
        self.map.stroke_path(&path, &paint(ink, 1.0), &stroke, scale, None);
    }

    fn dot(&mut self, dot: &Dot) {
        if let Some(edge) = dot.edge {
            let width = dot.line.unwrap_or_default() + 2.0 * EDGE;
            self.sign(dot, width, (edge, 1.0));
        }
        self.sign(dot, dot.line.unwrap_or_default(), (dot.fill, dot.opacity));
    }

    /// Draws the sign of a dot: as a line of that width, or filled if the width is 0.
    fn sign(&mut self, dot: &Dot, width: f64, ink: (Rgb, f64)) {
        let subject = Subject::Sign(
            dot.sign,
            sixteenths(dot.radius as f32 * self.scale),
            sixteenths(width as f32 * self.scale),
        );
        let at = (dot.at.0 as f32 * self.scale, dot.at.1 as f32 * self.scale);
        let scale = self.transform();
        self.stamps.print(&mut self.map, subject, at, ink, || {
            let outline = match dot.sign {
                Sign::Disc => PathBuilder::from_circle(0.0, 0.0, dot.radius as f32),
                sign => path(&[sign.corners((0.0, 0.0), dot.radius)], true),
            };
            Some((drawn(outline?, width)?, scale))
        });
    }

    /// Draws a text, letter by letter. Letters that the font lacks become empty boxes.
    fn text(&mut self, text: &Text) {
        let face = self.face;
        let unit = text.size as f32 / f32::from(face.units_per_em());
        let glyphs: Vec<GlyphId> =
            text.words.chars().map(|letter| face.glyph_index(letter).unwrap_or_default()).collect();
        let step = |glyph: &GlyphId| unit * f32::from(face.glyph_hor_advance(*glyph).unwrap_or(0));
        let mut start = text.at.0 as f32;
        if text.end == Anchor::End {
            start -= glyphs.iter().map(step).sum::<f32>();
        }
        let halo = text.halo.map(|halo| (halo, 0.85, HALO));
        // All halos first: no halo may cover the letter before it.
        for (ink, opacity, width) in halo.into_iter().chain([(text.fill, 1.0, 0.0)]) {
            let mut x = start;
            for glyph in &glyphs {
                let size = sixteenths(text.size as f32 * self.scale);
                let line = sixteenths(width as f32 * self.scale);
                let subject = Subject::Letter(glyph.0, size, line);
                let at = (x * self.scale, text.at.1 as f32 * self.scale);
                x += step(glyph);
                // The y-axis of the font points up, that of the picture down.
                let place = Transform::from_scale(unit * self.scale, -unit * self.scale);
                self.stamps.print(&mut self.map, subject, at, (ink, opacity), || {
                    Some((drawn(outline(face, *glyph)?, width / f64::from(unit))?, place))
                });
            }
        }
    }
}

/// A path, or a line of that width along it.
fn drawn(path: Path, width: f64) -> Option<Path> {
    if width > 0.0 { path.stroke(&wide(width), 1.0) } else { Some(path) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Picture {
        let text = |x: f64, end| Text {
            at: (x, 20.0),
            end,
            size: 12.0,
            fill: (0, 0, 255),
            halo: None,
            words: "heron ●".into(),
        };
        Picture {
            size: (100.0, 60.0),
            background: (255, 255, 255),
            shapes: Vec::new(),
            texts: vec![text(2.0, Anchor::Start)],
            lines: vec![((0.0, 40.0), (100.0, 40.0))],
            line: (0, 255, 0),
            dots: vec![Dot::disc((50.0, 50.0), 4.0, (255, 0, 0))],
            names: Vec::new(),
        }
    }

    fn pixels(picture: &Picture) -> Vec<[u8; 3]> {
        let pixels = picture.pixels(2.0).unwrap();
        assert_eq!((pixels.width, pixels.height, pixels.rgb.len()), (200, 120, 72_000));
        pixels.rgb.as_chunks::<3>().0.to_vec()
    }

    #[test]
    fn dots_lines_and_letters_stand_where_they_should() {
        let pixels = pixels(&picture());
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
        let pixels = pixels(&picture);
        let blue = |i: &usize| pixels[*i][2] == 255 && pixels[*i][0] < 128;
        let right = (0..pixels.len()).filter(blue).map(|i| i % 200).max();
        assert!(right.is_some_and(|x| (170..=180).contains(&x)), "{right:?}");
    }

    #[test]
    fn a_hole_is_left_open_and_a_line_has_no_inside() {
        let square = |from: f64, to: f64| vec![(from, from), (to, from), (to, to), (from, to)];
        let mut picture = Picture { dots: Vec::new(), texts: Vec::new(), ..picture() };
        picture.lines.clear();
        picture.shapes = vec![Shape {
            paths: vec![square(5.0, 55.0), square(20.0, 40.0)],
            closed: true,
            color: (0, 0, 0),
            fill: 1.0,
            line: (0.0, 0.0),
        }];
        let filled = pixels(&picture);
        let at = |pixels: &[[u8; 3]], x: usize, y: usize| pixels[2 * y * 200 + 2 * x][0];
        assert_eq!((at(&filled, 10, 10), at(&filled, 30, 30), at(&filled, 2, 2)), (0, 255, 255));
        picture.shapes.clear();
        picture.dots = vec![Dot { line: Some(2.0), ..Dot::disc((30.0, 30.0), 10.0, (0, 0, 0)) }];
        let ring = pixels(&picture);
        assert!(at(&ring, 30, 30) == 255 && at(&ring, 40, 30) < 100);
    }

    #[test]
    fn the_font_has_the_letters_that_maps_use() {
        for letter in "aZ09·●→↑…±–é".chars() {
            assert!(has_letter(letter), "{letter}");
        }
        assert!(!has_letter('語'));
    }
}
