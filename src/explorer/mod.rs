//! The terminal explorer: a map of the models, and beside it the selected model, the probes and the
//! router.
//!
//! `event` is all that can happen, `state` what is shown, `update` the only writer, `ui` a pure drawing
//! of the state. `keys` holds the one table that dispatch, hint bar, help and the list of commands are
//! read off. `graphics` paints the map in pixels where the terminal takes pictures. Slow work runs in
//! `jobs` and comes back as events; `app` is the loop around them and owns the terminal. `export` says
//! the same without a terminal.

mod app;
mod bench;
mod command;
mod depth;
mod direction;
mod effect;
mod event;
mod export;
mod fuzzy;
mod graphics;
mod jobs;
mod keys;
mod layout;
mod pane;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod ui;
mod update;
mod user_file;

pub use app::{Options, run, run_live, themes};
pub(crate) use bench::{Frames, Opened, Spread, frames, opened, typed};
pub(crate) use export::{Kind, Shown, document, picture, picture_of_vectors, plain};
pub use pane::Pane;

/// Whether there is a theme of this name or in this file.
///
/// # Errors
/// As the explorer fails without it.
pub fn check_theme(name: &str) -> crate::Result<()> {
    theme::Theme::load(name, depth::Depth::Indexed).map(drop)
}

/// Reads a theme, and nothing else.
pub(crate) fn read_theme(path: &std::path::Path) {
    let _ = theme::Theme::load(&path.to_string_lossy(), depth::Depth::Indexed);
}

pub(crate) use app::read_config;
