//! The map in pixels, where the terminal can show them.

use ratatui::layout::Rect;

/// Of more models than this, cells count as well as pixels show.
pub const MOST: usize = 30_000;

/// Whether the map is painted in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Pixels {
    /// The user wants them.
    pub on: bool,
    /// What the terminal takes pictures by; `None` if it takes none, or has not answered.
    pub protocol: Option<&'static str>,
    /// The plot that there is a picture of, in cells of the screen.
    pub plot: Option<Rect>,
}

impl Default for Pixels {
    fn default() -> Self {
        Self { on: true, protocol: None, plot: None }
    }
}
