//! The capabilities of a terminal, scenes to paint, and the results.

use ratatui::layout::Rect;

use super::density::Crowd;
use crate::picture::Picture;

/// The maximum number of pixels of a picture: painting it takes about 100 MB.
const MOST: f64 = (1 << 24) as f64;
/// The maximum number of tiles of a picture. Terminals keep each as an image of its own.
const TILES: usize = 8;

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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    pub protocol: Protocol,
    /// Width and height of a cell, in pixels. Browsers have fractions.
    pub cell: (f64, f64),
    /// The number of color registers.
    pub colors: usize,
    /// The maximum size of a picture in pixels, if there is one. Larger ones are sent in tiles.
    pub largest: Option<(u32, u32)>,
}

impl Canvas {
    /// Whether a picture of the plot can be shown. The terminal reports the size of a cell, so it is not
    /// trusted.
    pub fn fits(&self, plot: Rect) -> bool {
        let pixels = f64::from(plot.width) * self.cell.0 * f64::from(plot.height) * self.cell.1;
        (1.0..=MOST).contains(&pixels) && (1..=TILES).contains(&self.tiles(plot).len())
    }

    /// The plot in pieces of the size that the terminal takes, in cells relative to the plot. None if it takes
    /// not even a cell.
    pub fn tiles(&self, plot: Rect) -> Vec<Rect> {
        // Rounding may add a pixel.
        let cells = |most: u32, cell: f64| (f64::from(most.saturating_sub(1)) / cell) as u16;
        let (width, height) = self.largest.map_or((plot.width, plot.height), |(width, height)| {
            (cells(width, self.cell.0), cells(height, self.cell.1))
        });
        let starts = |length: u16, step: u16| (0..length).step_by(usize::from(step.max(1)));
        if width == 0 || height == 0 {
            return Vec::new();
        }
        let whole = Rect::new(0, 0, plot.width, plot.height);
        starts(plot.height, height)
            .flat_map(|y| starts(plot.width, width).map(move |x| Rect { x, y, width, height }))
            .map(|tile| tile.intersection(whole))
            .collect()
    }

    /// Left, top, width and height of cells, in pixels.
    pub fn pixels(&self, cells: Rect) -> [u32; 4] {
        let at = |cells: u16, size: f64| (f64::from(cells) * size).round() as u32;
        let (x, y) = (at(cells.x, self.cell.0), at(cells.y, self.cell.1));
        let (right, bottom) = (at(cells.right(), self.cell.0), at(cells.bottom(), self.cell.1));
        [x, y, right - x, bottom - y]
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
