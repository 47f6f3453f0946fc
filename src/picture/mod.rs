//! A flat picture of dots and texts, written as SVG or as PNG: both are drawn from the same shapes, so
//! that neither has to be read again to make the other.

mod png;
mod svg;

pub(crate) use svg::escaped;

/// A color of 8 bits a channel: red, green, blue.
pub(crate) type Rgb = (u8, u8, u8);

/// What is drawn, from back to front: the lines and texts around the plot, the dots, the names beside them.
pub(crate) struct Picture {
    /// Width and height, in pixels.
    pub(crate) size: (f64, f64),
    pub(crate) background: Rgb,
    /// Titles, axes and legend.
    pub(crate) texts: Vec<Text>,
    /// Dashed lines: from, to.
    pub(crate) lines: Vec<((f64, f64), (f64, f64))>,
    pub(crate) line: Rgb,
    pub(crate) dots: Vec<Dot>,
    pub(crate) names: Vec<Text>,
}

/// A line of text.
pub(crate) struct Text {
    /// Where it begins, or ends, on its base line.
    pub(crate) at: (f64, f64),
    pub(crate) end: Anchor,
    /// The height of its letters, in pixels.
    pub(crate) size: f64,
    pub(crate) fill: Rgb,
    pub(crate) words: String,
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    End,
}

/// A filled circle.
pub(crate) struct Dot {
    pub(crate) at: (f64, f64),
    pub(crate) radius: f64,
    pub(crate) fill: Rgb,
    /// What a reader of SVG tells under the pointer.
    pub(crate) title: String,
}

/// How far a dot covers what is below it.
const OPACITY: f64 = 0.85;
/// Pixels of a dash and of the gap behind it.
const DASH: (f64, f64) = (2.0, 5.0);
