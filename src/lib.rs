//! llmap learns one vector per language model from records of which model answered which question correctly,
//! and uses the vectors to map, probe, forecast and route (EmbedLLM, arXiv 2410.02223).
//!
//! ```
//! use llmap::analysis::router::{Preferences, Router};
//! use llmap::embedder::Embedder;
//!
//! let embedder = Embedder::shipped()?;
//! let mut preferences = Preferences::default();
//! preferences.pool = Some(embedder.select("open and params_b <= 40")?);
//! let routes = Router::new(&embedder).route(&["What is 17 * 23?"], &preferences)?;
//! let best = &routes[0].candidates[0];
//! println!("{}: {:.2}", embedder.models()[best.model], best.p);
//! # Ok::<(), llmap::Error>(())
//! ```
//!
//! Data flows one way: [`dataset`] → [`encoder`] → [`embedder`] → [`analysis`], and on top of these the
//! command line (`cli`), the explorer (`explorer`, the only part that uses a terminal) and [`service`].
//! Nothing on the left depends on anything on the right. [`metrics`] are the shared evaluation metrics.
//!
//! # Features
//!
//! All are on by default; `default-features = false` leaves training, prediction and routing.
//!
//! | feature | adds |
//! | --- | --- |
//! | `cli` | the command line and the program `llmap` |
//! | `tui` | the explorer, and the commands that draw |
//! | `serve` | routing over HTTP: `Service::serve` and `llmap serve` |
//! | `hub` | sentence encoders from the Hugging Face hub by name, and `llmap fetch` |
//!
//! Off by default: `flex`, `cuda` and `wgpu`, further backends of burn, and `sql`, queries over logs, locally
//! or on a cluster.

// Code that only the commands of a feature use is dead without it.
#![cfg_attr(
    not(all(feature = "cli", feature = "tui", feature = "serve", feature = "hub")),
    allow(dead_code, unused_imports)
)]

pub mod analysis;
mod atomic;
mod cholesky;
#[cfg(feature = "cli")]
pub mod cli;
pub mod dataset;
mod dirs;
pub mod embedder;
pub mod encoder;
mod error;
pub mod estimate;
pub mod eval;
#[cfg(feature = "tui")]
pub mod explorer;
pub mod export;
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "hub")]
pub mod hub;
pub mod import;
mod kernels;
mod logit;
pub mod metrics;
mod names;
mod picture;
mod printable;
mod progress;
mod quantized;
pub mod service;
mod spreadsheet;
#[cfg(feature = "sql")]
pub mod sql;
mod table;
mod tensors;
mod unpack;

pub use error::{Error, Result};
pub use progress::Progress;

pub(crate) use atomic::{Folder, Output};
pub(crate) use error::json_fault;
pub(crate) use names::{look_alikes, resolve, short as short_names};
pub(crate) use printable::{
    Brief, PrintableLines, cell, count, number, one_line, start, write_json,
};
