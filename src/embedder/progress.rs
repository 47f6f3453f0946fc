//! Progress events of training.

use std::time::Duration;

use ndarray::Array2;

/// A completed step of training.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The encoder is being fitted and the questions encoded.
    Encoding {
        /// The number of encoded questions.
        done: usize,
        /// The total.
        questions: usize,
    },
    /// An epoch has ended.
    Epoch(Epoch),
}

/// The report of an epoch.
#[derive(Clone, Debug)]
pub struct Epoch {
    /// Its number, from 1.
    pub number: u32,
    /// The maximum number of epochs.
    pub of: u32,
    /// Mean training loss over its batches (with noise and dropout).
    pub train_nll: f64,
    /// Log loss on val, before calibration.
    pub val_nll: f64,
    /// True if this is the best epoch so far.
    pub best: bool,
    /// Training throughput.
    pub responses_per_second: f64,
    /// The estimated remaining time.
    pub remaining: Duration,
    /// The current model vectors: models × dimensions.
    pub vectors: Array2<f32>,
}
