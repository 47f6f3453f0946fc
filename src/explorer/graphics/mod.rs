//! Pictures on the terminal: what it can show, how a picture is sent to it, and what is on it now.
//!
//! A picture lies in the plot of the map. It is painted and encoded on a thread of its own, so that no
//! key waits for it: until the first one is there the plot is drawn in cells, afterwards the last one
//! stays until the next one comes. What lies over the map stays in cells and is never covered.

mod canvas;
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

use cover::Cover;
use layer::{Layer, Writing};
use painter::Painter;

pub use canvas::{Canvas, Painting, Protocol, Scene};
pub use kitty::delete as delete_image;

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
        self.layer.newest() < self.version && !self.painter.is_gone()
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
