//! The capabilities of a terminal, scenes to paint, and the results.

use ratatui::layout::Rect;

use super::density::Crowd;
use crate::picture::Picture;

/// The maximum number of pixels of a picture: painting it takes about 100 MB.
const MOST: u64 = 1 << 24;

/// The protocol by which a terminal receives pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Images below the text, which stay until they are deleted.
    Kitty,
    /// PNG images that replace cells.
    Iterm,
    /// Pictures that replace cells, in bands of six rows, with a palette.
    Sixel,
}

impl Protocol {
    pub fn title(self) -> &'static str {
        match self {
            Self::Kitty => "kitty graphics",
            Self::Iterm => "iTerm2 images",
            Self::Sixel => "sixel",
        }
    }

    /// True if text is drawn over a picture without erasing it.
    pub fn lies_under_text(self) -> bool {
        self == Self::Kitty
    }
}

/// The graphics capabilities of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    pub protocol: Protocol,
    /// Width and height of a cell, in pixels.
    pub cell: (u16, u16),
    /// The number of color registers.
    pub colors: usize,
    /// The maximum size of a picture in pixels, if there is one.
    pub largest: Option<(u32, u32)>,
}

impl Canvas {
    /// Whether a picture of the plot can be shown. The terminal reports the size of a cell, so it is not
    /// trusted.
    pub fn fits(&self, plot: Rect) -> bool {
        let width = u32::from(plot.width) * u32::from(self.cell.0);
        let height = u32::from(plot.height) * u32::from(self.cell.1);
        (1..=MOST).contains(&(u64::from(width) * u64::from(height)))
            && self.largest.is_none_or(|(most, tallest)| width <= most && height <= tallest)
    }
}

/// A scene to paint into a plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// In cells of the screen.
    pub plot: Rect,
    /// The scene contains the texts of the plot, because its frame left the plot to the picture.
    pub with_texts: bool,
    /// Screen pixels per unit of the picture.
    pub scale: f64,
    pub picture: Picture,
    /// The models whose density the contours show.
    pub crowd: Option<Crowd>,
}

/// A painted scene, encoded for the terminal.
#[derive(Debug)]
pub struct Painting {
    pub version: u64,
    pub plot: Rect,
    pub with_texts: bool,
    pub bytes: Vec<u8>,
    pub pixels: (u32, u32),
    pub milliseconds: f64,
}
