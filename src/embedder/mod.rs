//! The embedder: one vector a model, a projector for questions, and everything they were made from.

mod progress;

use std::sync::atomic::AtomicBool;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::dataset::{Attribute, Dataset};
use crate::error::Result;
pub use progress::{Epoch, Event};

/// How one model did on one benchmark, over all splits that training was allowed to see.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Its mean label, in [0, 1].
    pub accuracy: f64,
    /// Over how many responses.
    pub responses: u32,
}

/// A category of the training data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Benchmark {
    /// Its name.
    pub name: String,
    /// How many training questions it has.
    pub questions: u32,
    /// One entry a model; `None` where it was not run.
    pub scores: Vec<Option<Score>>,
}

/// Where an embedder comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The name of the data set.
    pub data: String,
    /// Its fingerprint; see [`crate::dataset::Dataset::fingerprint`].
    pub fingerprint: String,
    /// True if the data is simulated: every reader must say so.
    pub simulated: bool,
    /// The seed.
    pub seed: u64,
    /// The epoch that was kept, from 1.
    pub epoch: u32,
    /// Training questions.
    pub questions: u32,
    /// Training responses.
    pub responses: u32,
    /// Seconds of training.
    pub seconds: f64,
    /// Figures on val of the kept epoch, by name.
    pub val: std::collections::BTreeMap<String, f64>,
    /// The version of llmap.
    pub version: String,
}

/// Prompts as the embedder sees them; made by [`Embedder::encode`].
pub struct Features(Array2<f32>);

/// A trained embedder.
pub struct Embedder {
    /// The models' names.
    pub models: Vec<String>,
    /// What is known about them.
    pub attributes: Vec<Attribute>,
    /// The benchmarks of the training data with every model's score.
    pub benchmarks: Vec<Benchmark>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Models × dimensions.
    pub vectors: Array2<f32>,
}

impl Embedder {
    /// The attribute called `name`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Turns prompts into features, one row each.
    #[must_use]
    pub fn encode(&self, _prompts: &[&str]) -> Features {
        todo!()
    }

    /// Calibrated probabilities that each model answers right: prompts × models.
    #[must_use]
    pub fn predict(&self, _features: &Features) -> Array2<f32> {
        todo!()
    }

    /// The 80% interval of a probability that [`Embedder::predict`] gave.
    #[must_use]
    pub fn interval(&self, _p: f32) -> (f32, f32) {
        todo!()
    }

    /// The `k` training questions nearest to a row of `features`: (benchmark, cosine), nearest first.
    #[must_use]
    pub fn similar(&self, _features: &Features, _row: usize, _k: usize) -> Vec<(usize, f64)> {
        todo!()
    }
}

/// How an embedder is trained.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Numbers in a model's vector.
    pub dim: usize,
    /// Epochs at most.
    pub epochs: u32,
    /// Decides everything random.
    pub seed: u64,
}

/// Trains an embedder.
///
/// # Errors
/// todo
pub fn train(
    _data: &Dataset,
    _settings: &Settings,
    _progress: &mut dyn FnMut(Event),
    _cancel: &AtomicBool,
) -> Result<Embedder> {
    todo!()
}
