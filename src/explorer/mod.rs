//! The terminal explorer: a map of the models, and next to it the selected model, the probes and the router.
//!
//! `event` defines all events, `state` what is shown; `update` is the only writer of the state, and `ui`
//! draws it. `keys` has the one keymap for dispatch, hint bar, help and palette. `graphics` paints the map in
//! pixels where the terminal takes pictures. Slow work runs in `jobs` and returns as events; `app` is the main
//! loop and owns the terminal. `export` writes the same content without a terminal.

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

/// Checks that there is a theme with this name or file.
///
/// # Errors
/// The error of the explorer without it.
pub fn check_theme(name: &str) -> crate::Result<()> {
    theme::Theme::load(name, depth::Depth::Indexed).map(drop)
}

/// Parses a theme, for the fuzzers.
pub(crate) fn read_theme(path: &std::path::Path) {
    let _ = theme::Theme::load(&path.to_string_lossy(), depth::Depth::Indexed);
}

pub(crate) use app::read_config;
