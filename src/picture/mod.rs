//! A flat picture of dots and texts, written as SVG or as PNG, both from the same shapes.

mod png;
mod svg;

pub(crate) use svg::escaped;

/// A color with 8 bits per channel: red, green, blue.
pub(crate) type Rgb = (u8, u8, u8);

/// What to draw, from back to front: the lines and texts around the plot, the dots, their names.
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
    /// Where it starts or ends, on the baseline.
    pub(crate) at: (f64, f64),
    pub(crate) end: Anchor,
    /// The font size, in pixels.
    pub(crate) size: f64,
    pub(crate) fill: Rgb,
    pub(crate) words: String,
}

/// Which end of a text is at its position.
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
    /// The tooltip in SVG.
    pub(crate) title: String,
}

/// The opacity of a dot.
const OPACITY: f64 = 0.85;
/// Pixels of a dash and of the following gap.
const DASH: (f64, f64) = (2.0, 5.0);
