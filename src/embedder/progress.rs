//! What training tells while it runs.

use std::time::Duration;

use ndarray::Array2;

/// A step of training that has been taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The encoder is being fitted and the questions encoded.
    Encoding {
        /// How many are done.
        done: usize,
        /// How many questions.
        questions: usize,
    },
    /// An epoch is over.
    Epoch(Epoch),
}

/// One epoch, as it ended.
#[derive(Clone, Debug)]
pub struct Epoch {
    /// Its number, from 1.
    pub number: u32,
    /// How many there will be at most.
    pub of: u32,
    /// Mean training loss over its batches (with noise and dropout on).
    pub train_nll: f64,
    /// Log loss on val, before calibration.
    pub val_nll: f64,
    /// True if this is the best epoch so far.
    pub best: bool,
    /// Responses learned from in a second.
    pub responses_per_second: f64,
    /// What is left at this speed.
    pub remaining: Duration,
    /// The model vectors now: models × dimensions.
    pub vectors: Array2<f32>,
}
