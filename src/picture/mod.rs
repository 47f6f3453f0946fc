//! A flat picture of shapes, dots and texts, written as SVG, as PNG or as pixels: all are drawn from the
//! same shapes, so that none has to be read again to make another.

mod palette;
mod png;
mod raster;
mod sign;
mod stamp;
mod svg;

pub(crate) use palette::Indexed;
#[cfg(test)]
pub(crate) use png::decoded;
pub(crate) use raster::{Pixels, has_letter};
pub(crate) use sign::Sign;
pub(crate) use svg::escaped;

/// A color with 8 bits per channel: red, green, blue.
pub(crate) type Rgb = (u8, u8, u8);
/// A place in pixels, from the upper left corner.
pub(crate) type Point = (f64, f64);

/// What is drawn, from back to front: shapes, the lines and texts around the plot, the dots, the names
/// beside them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    /// Width and height, in pixels.
    pub(crate) size: (f64, f64),
    pub(crate) background: Rgb,
    pub(crate) shapes: Vec<Shape>,
    /// Titles, axes and legend.
    pub(crate) texts: Vec<Text>,
    /// Dashed lines: from, to.
    pub(crate) lines: Vec<(Point, Point)>,
    pub(crate) line: Rgb,
    pub(crate) dots: Vec<Dot>,
    pub(crate) names: Vec<Text>,
}

/// Paths that are drawn together: a closed one inside another is a hole in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) paths: Vec<Vec<Point>>,
    /// The last point of each path leads back to the first.
    pub(crate) closed: bool,
    pub(crate) color: Rgb,
    /// How far what it holds is covered with the color.
    pub(crate) fill: f64,
    /// How wide its line is, in pixels, and how far it covers.
    pub(crate) line: (f64, f64),
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    /// Where it starts or ends, on the baseline.
    pub(crate) at: Point,
    pub(crate) end: Anchor,
    /// The font size, in pixels.
    pub(crate) size: f64,
    pub(crate) fill: Rgb,
    /// Around the letters, so that they can be read over dots and lines.
    pub(crate) halo: Option<Rgb>,
    pub(crate) words: String,
}

/// Which end of a text is at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    End,
}

/// A sign at a place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dot {
    pub(crate) at: Point,
    pub(crate) radius: f64,
    pub(crate) sign: Sign,
    pub(crate) fill: Rgb,
    /// How far it covers what is below it.
    pub(crate) opacity: f64,
    /// It is a line of this width, and not filled.
    pub(crate) line: Option<f64>,
    /// A thin edge that keeps it apart from what is below it.
    pub(crate) edge: Option<Rgb>,
    /// The tooltip in SVG.
    pub(crate) title: String,
}

impl Dot {
    /// A filled disc.
    pub(crate) fn disc(at: Point, radius: f64, fill: Rgb) -> Self {
        Self {
            at,
            radius,
            sign: Sign::Disc,
            fill,
            opacity: OPACITY,
            line: None,
            edge: None,
            title: String::new(),
        }
    }
}

/// How far a dot covers what is below it, unless it says otherwise.
const OPACITY: f64 = 0.85;
/// Pixels of a dash and of the following gap.
const DASH: (f64, f64) = (2.0, 5.0);
/// How wide the edge of a dot and the halo of a letter are, in pixels.
const EDGE: f64 = 1.0;
const HALO: f64 = 3.0;
