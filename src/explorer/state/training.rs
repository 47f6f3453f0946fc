//! The progress of a watched training.

use std::sync::Arc;
use std::time::Duration;

use super::model_set::ModelSet;
use crate::analysis::projection::Projection;
use crate::embedder::Epoch;

/// The result of a training: its models, their map, and a notice.
pub struct Trained {
    pub model_set: Arc<ModelSet>,
    pub projection: Projection,
    pub notice: String,
}

#[derive(Default)]
pub struct Training {
    /// The result, once it has ended: shown when the user continues.
    pub done: Option<Box<Trained>>,
    pub questions: usize,
    /// Number of encoded questions.
    pub encoded: usize,
    pub epoch: u32,
    pub of: u32,
    pub best: Option<(u32, f64)>,
    pub train: Vec<f64>,
    pub val: Vec<f64>,
    pub speed: f64,
    pub remaining: Duration,
    pub stopping: bool,
}

impl Training {
    pub fn add(&mut self, epoch: &Epoch) {
        self.epoch = epoch.number;
        self.of = epoch.of;
        self.speed = epoch.responses_per_second;
        self.remaining = epoch.remaining;
        self.train.push(epoch.train_nll);
        self.val.push(epoch.val_nll);
        if epoch.best {
            self.best = Some((epoch.number, epoch.val_nll));
        }
    }
}
