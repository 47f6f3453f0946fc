//! Pictures on the terminal: its capabilities, the protocols, and what it currently shows.
//!
//! A picture fills the plot of the map. A separate thread paints and encodes it, so that no key waits for
//! it: the plot is drawn in cells until the first picture is ready, and each picture stays until the next one.
//! Everything over the map is drawn in cells and is never covered.

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

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use cover::{Cover, Words};
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
    /// The words over the paintings that are shown or come, by version. They move with the points: a newer frame
    /// shows the older ones until its painting comes.
    words: BTreeMap<u64, Words>,
}

impl Graphics {
    pub fn new(canvas: Canvas) -> Self {
        Self {
            canvas,
            painter: Painter::new(canvas),
            layer: Layer::new(canvas),
            wanted: None,
            version: 0,
            words: BTreeMap::new(),
        }
    }

    pub fn canvas(&self) -> Canvas {
        self.canvas
    }

    /// True if texts must be part of the picture.
    pub fn paints_texts(&self) -> bool {
        !self.canvas.protocol.lies_under_text()
    }

    /// Paints a scene, unless it equals the last one. `cover` is that of its frame.
    pub fn want(&mut self, scene: Scene, cover: Option<&Cover>) {
        if self.wanted.as_ref() != Some(&scene) {
            self.version += 1;
            self.wanted = Some(scene.clone());
            self.painter.paint(self.version, scene);
        }
        if let Some(cover) = cover {
            self.words.insert(self.version, cover.words().clone());
        }
    }

    /// The words of the next frame of this plot, if not its own ones: those of the picture that it shows.
    pub fn held(&mut self, plot: Rect) -> Option<&Words> {
        let visible = self.layer.visible(plot)?;
        self.words.retain(|version, _| *version >= visible);
        self.words.get(&visible).filter(|_| visible < self.version)
    }

    /// True while a requested scene is not painted yet.
    pub fn is_painting(&self) -> bool {
        self.layer.newest() < self.version && !self.painter.is_gone()
    }

    /// The newest painting since the last call, if any.
    pub fn arrived(&mut self) -> Option<&Painting> {
        let painting = self.painter.done()?;
        Some(self.layer.take(painting))
    }

    /// The bytes that show the last painting on the free cells of the cover after a frame; without a cover,
    /// those that remove it.
    pub fn frame(&mut self, cover: Option<&Cover>) -> Writing {
        self.layer.frame(cover, self.is_painting())
    }

    /// Notes that the terminal has processed everything.
    pub fn ready(&mut self) {
        self.layer.ready();
    }

    /// True while the terminal has not confirmed the last picture.
    pub fn awaits(&self) -> bool {
        self.layer.awaits()
    }

    /// Notes that the screen was cleared.
    pub fn forget(&mut self) {
        self.layer.forget();
    }
}
