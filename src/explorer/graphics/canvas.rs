//! What a terminal can show, what is to be painted, and what came of it.

use ratatui::layout::Rect;

use super::density::Crowd;
use crate::picture::Picture;

/// The largest picture, in pixels: some 100 MB while it is painted.
const MOST: u64 = 1 << 24;

/// How a terminal takes pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Images under the text, which stay there until they are deleted.
    Kitty,
    /// Images in the place of cells, of PNG files.
    Iterm,
    /// The same in bands of six rows, with a palette.
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

    /// Cells can be written over a picture without covering it.
    pub fn lies_under_text(self) -> bool {
        self == Self::Kitty
    }
}

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    pub protocol: Protocol,
    /// Pixels of a cell, across and down.
    pub cell: (u16, u16),
    /// Colors that it has registers for.
    pub colors: usize,
    /// The largest picture, in pixels, where it has a limit.
    pub largest: Option<(u32, u32)>,
}

impl Canvas {
    /// Whether a picture of the plot can be shown at all. The size of a cell is the terminal's claim.
    pub fn fits(&self, plot: Rect) -> bool {
        let width = u32::from(plot.width) * u32::from(self.cell.0);
        let height = u32::from(plot.height) * u32::from(self.cell.1);
        (1..=MOST).contains(&(u64::from(width) * u64::from(height)))
            && self.largest.is_none_or(|(most, tallest)| width <= most && height <= tallest)
    }
}

/// What is to be painted in a plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// In cells of the screen.
    pub plot: Rect,
    /// It was asked for by a frame that left the plot to a picture, and so with the texts of the plot.
    pub with_texts: bool,
    /// Pixels for each of the picture's own.
    pub scale: f64,
    pub picture: Picture,
    /// Models whose density is shown by contours.
    pub crowd: Option<Crowd>,
}

/// A scene as bytes for the terminal.
#[derive(Debug)]
pub struct Painting {
    pub version: u64,
    pub plot: Rect,
    pub with_texts: bool,
    pub bytes: Vec<u8>,
    pub pixels: (u32, u32),
    pub milliseconds: f64,
}
