//! Pictures on the terminal: what it can show, how a picture is sent to it, and what is on it now.
//!
//! A picture lies in the plot of the map. It is painted and encoded on a thread of its own, so that no
//! key waits for it: until the first one is there the plot is drawn in cells, afterwards the last one
//! stays until the next one comes. What lies over the map stays in cells and is never covered.

pub mod cover;
pub mod density;
mod iterm;
mod kitty;
mod layer;
mod painter;
pub mod reply;
mod sixel;
pub mod survey;
#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

use crate::picture::Picture;
use cover::Cover;
use density::Crowd;
use layer::Layer;
use painter::Painter;

pub use kitty::delete as delete_image;
pub use layer::Writing;

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
    fn lies_under_text(self) -> bool {
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
    /// Whether a picture of the plot can be shown at all.
    pub fn fits(&self, plot: Rect) -> bool {
        let width = u32::from(plot.width) * u32::from(self.cell.0);
        let height = u32::from(plot.height) * u32::from(self.cell.1);
        width > 0
            && height > 0
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

/// Pictures on one terminal.
pub struct Graphics {
    canvas: Canvas,
    painter: Painter,
    layer: Layer,
    wanted: Option<Scene>,
    version: u64,
}

impl Graphics {
    pub fn new(canvas: Canvas) -> Self {
        Self {
            canvas,
            painter: Painter::new(canvas),
            layer: Layer::new(canvas),
            wanted: None,
            version: 0,
        }
    }

    pub fn canvas(&self) -> Canvas {
        self.canvas
    }

    /// True if texts have to be part of the picture.
    pub fn paints_texts(&self) -> bool {
        !self.canvas.protocol.lies_under_text()
    }

    /// Has a scene painted, unless it is what was wanted last.
    pub fn want(&mut self, scene: Scene) {
        if self.wanted.as_ref() == Some(&scene) {
            return;
        }
        self.version += 1;
        self.wanted = Some(scene.clone());
        self.painter.paint(self.version, scene);
    }

    /// True while something that is wanted is not painted yet.
    pub fn is_painting(&self) -> bool {
        self.layer.newest() < self.version
    }

    /// The newest painting that has come, if any has.
    pub fn arrived(&mut self) -> Option<&Painting> {
        let painting = self.painter.done()?;
        Some(self.layer.take(painting))
    }

    /// What has to be written after a frame so that the terminal shows the last painting where the
    /// cover leaves it free; without a cover, nothing.
    pub fn frame(&mut self, cover: Option<&Cover>) -> Writing {
        self.layer.frame(cover)
    }

    /// The terminal has shown all that was written.
    pub fn ready(&mut self) {
        self.layer.ready();
    }

    /// True while the terminal has not confirmed the last picture.
    pub fn awaits(&self) -> bool {
        self.layer.awaits()
    }

    /// The screen was cleared: nothing is on it any more.
    pub fn forget(&mut self) {
        self.layer.forget();
    }
}
