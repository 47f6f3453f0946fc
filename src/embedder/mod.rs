//! The embedder: one vector a model, a projector for questions, and everything they were made from.

mod calibration;
mod canonical;
mod coverage;
mod deviations;
mod device;
mod features;
mod file;
mod forecast;
mod grow;
mod memory;
mod network;
mod parts;
mod progress;
mod rasch;
mod reference;
mod residuals;
mod scope;
mod train;
mod words;

use std::sync::atomic::AtomicBool;

use burn::tensor::Device;
use ndarray::{Array2, ArrayView1, ArrayView2, s};
use serde::{Deserialize, Serialize};

use crate::dataset::{Attribute, Kind, filter};
use crate::encoder::Encoder;
use crate::error::Result;
use features::Featurizer;
use network::{Network, Weights};

use crate::metrics::Bin;

pub use calibration::Calibration;
pub use coverage::{Coverage, coverage};
pub use device::Backend;
pub use features::Features;
pub(crate) use forecast::observed;
pub use parts::Parts;
pub use progress::{Epoch, Event};
pub use rasch::Rasch;
pub use reference::Reference;
pub(crate) use residuals::model_means;
pub use train::{Settings, train};

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
    /// What its labels say.
    #[serde(default, skip_serializing_if = "Kind::is_correctness")]
    pub kind: Kind,
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
    /// The [`Embedder::familiarity`] that 95% of the questions of val exceed.
    pub scope: f64,
    /// The reliability diagram on val.
    pub reliability: Vec<Bin>,
    /// The coverage of 80% intervals on val.
    pub coverage: Vec<Coverage>,
    /// The version of llmap.
    pub version: String,
}

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
    /// Models × dimensions, the ability of a model first: its logit on the mean training question,
    /// above the average model's. The squared distance of two rows is the mean squared difference
    /// of their logits over the training questions.
    pub vectors: Array2<f32>,
    /// The standard deviation of each number of the vectors: the fewer responses of a model are
    /// known, the larger.
    pub deviations: Array2<f32>,
    /// From logits to probabilities.
    pub calibration: Calibration,
    featurizer: Featurizer,
    weights: Weights,
    network: Network,
    device: Device,
}

impl Embedder {
    /// The attribute called `name`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Which models an expression over names and attributes means, one entry a model; see
    /// [`crate::dataset::filter`].
    ///
    /// # Errors
    /// [`crate::Error::Usage`] with the place of the fault.
    pub fn select(&self, expression: &str) -> Result<Vec<bool>> {
        filter::select(expression, &self.models, &self.attributes)
            .map_err(|problem| problem.into_usage(expression))
    }

    /// Turns prompts into features, one row each.
    ///
    /// # Errors
    /// As [`Encoder::available`].
    pub fn encode(&self, prompts: &[&str]) -> Result<Features> {
        self.encode_many(prompts, &mut |_| {}, &AtomicBool::new(false))
    }

    /// The same for so many that the user wants to hear how many are done, and to cancel.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_many(
        &self,
        prompts: &[&str],
        progress: &mut dyn FnMut(usize),
        cancel: &AtomicBool,
    ) -> Result<Features> {
        self.featurizer.features(prompts, progress, cancel)
    }

    /// The vectors without the ability: what each model is good at beyond how good it is.
    #[must_use]
    pub fn specialities(&self) -> ArrayView2<'_, f32> {
        self.vectors.slice(s![.., 1..])
    }

    /// The overall ability of each model, a logit above the mean model's: corrected for how hard its
    /// questions were, and for nothing else (a one-parameter item response theory).
    #[must_use]
    pub fn abilities(&self) -> ArrayView1<'_, f32> {
        self.weights.fallback.view()
    }

    /// What a model's vector meets in each prompt: prompts × (1 + dimensions). The first number is
    /// the prompt's own term (the logit of the average model), the others are for the numbers of a
    /// vector, a 1 for its ability first. Where support is full, a model's logit is the first number
    /// plus the product of its vector with the others.
    #[must_use]
    pub fn project(&self, features: &Features) -> Array2<f32> {
        forecast::project(&self.network, features, &self.device)
    }

    /// Calibrated probabilities that each model answers right: prompts × models.
    #[must_use]
    pub fn predict(&self, features: &Features) -> Array2<f32> {
        self.forecast(features, &self.support(features))
    }

    /// The same for a given support (prompts × models, in [0, 1]): as far as it is lacking, a model
    /// is judged by its overall ability alone.
    #[must_use]
    pub fn forecast(&self, features: &Features, support: &Array2<f32>) -> Array2<f32> {
        let gate = forecast::Gate { support, weights: &self.weights };
        let mut logits = forecast::predict(&self.network, features, Some(gate), &self.device);
        logits.zip_mut_with(support, |x, support| *x = self.calibration.probability(*x, *support));
        logits
    }

    /// How far each model was tested on the like of each prompt, in [0, 1]: prompts × models.
    #[must_use]
    pub fn support(&self, features: &Features) -> Array2<f32> {
        forecast::support(&self.benchmarks, self.models.len(), features)
    }

    /// The 80% interval of a probability that [`Embedder::predict`] gave to a model with this
    /// [`Embedder::support`].
    #[must_use]
    pub fn interval(&self, p: f32, support: f32) -> (f32, f32) {
        self.calibration.interval(p, support)
    }

    /// The training questions nearest to a row of `features`: (benchmark, cosine), nearest first.
    #[must_use]
    pub fn similar(&self, features: &Features, row: usize) -> Vec<(usize, f64)> {
        let near = features.like.row(row).into_iter().zip(features.cosines.row(row));
        near.filter(|(benchmark, _)| (**benchmark as usize) < self.benchmarks.len())
            .map(|(benchmark, cosine)| (*benchmark as usize, f64::from(*cosine)))
            .collect()
    }

    /// The encoder of its questions.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        &self.featurizer.encoder
    }
}
