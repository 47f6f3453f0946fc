//! llmap learns one vector a language model from records of who answered which question correctly,
//! and uses it to map, probe, forecast and route (EmbedLLM, arXiv 2410.02223).
//!
//! Data flows one way: [`dataset`] → [`encoder`] → [`embedder`] → [`analysis`] → [`explorer`].
//! Nothing on the left knows anything on the right, and only the explorer knows a terminal.
//! [`metrics`] are the figures by which all are judged.

pub mod analysis;
mod atomic;
pub mod dataset;
pub mod embedder;
pub mod encoder;
mod error;
pub mod explorer;
pub mod export;
#[doc(hidden)]
pub mod fuzzing;
pub mod hub;
pub mod import;
mod kernels;
mod logit;
pub mod metrics;
mod names;
mod picture;
mod printable;
mod quantized;
mod sealed;
pub mod service;
pub mod spreadsheet;
mod table;
mod tensors;
mod unpack;

pub use atomic::{Folder, Output, write as write_atomically};
pub use error::{Error, Result, json_fault};
pub use names::{look_alikes, resolve, short as short_names};
pub use printable::{Printable, PrintableLines, one_line, thousands, write_json};
