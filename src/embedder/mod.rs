//! The embedder: one vector per model, networks for questions, and the knowledge behind them.

mod add_model;
mod addition;
mod agreement;
mod axes;
mod benchmark;
mod calibrate;
mod calibration;
mod coverage;
mod device;
mod factors;
mod features;
mod file;
mod forecast;
mod index;
mod knn_memory;
mod knowledge;
mod levels;
mod limits;
mod logit_terms;
mod network;
mod ngram_head;
mod objective;
mod paper;
mod placement;
mod progress;
mod pth;
mod rasch;
mod reference;
mod residuals;
mod scope;
mod settings;
mod shared;
mod simulated;
mod train;

use std::sync::{Arc, OnceLock};

use burn::tensor::Device;
use ndarray::{Array2, ArrayView1, ArrayView2, s};
use serde::{Deserialize, Serialize};

use crate::dataset::{Attribute, filter};
use crate::encoder::Encoder;
use crate::error::Result;
use crate::progress::Progress;
use features::Featurizer;
use knowledge::Knowledge;
use network::{Network, Weights};

use crate::metrics::{Bin, Metrics};

pub use addition::Addition;
pub use benchmark::{Benchmark, Score, Scores};
pub use calibration::Calibration;
pub use coverage::Coverage;
pub(crate) use coverage::coverage;
pub use device::Backend;
pub(crate) use factors::grouped;
pub use features::Features;
pub(crate) use forecast::observed;
pub use forecast::{Forecast, Question};
pub(crate) use index::Index;
pub(crate) use knowledge::{Ground, Latent};
pub use knowledge::{Placement, Population};
pub use levels::Given;
pub use logit_terms::LogitTerms;
pub use paper::Paper;
pub(crate) use placement::Seen;
pub use progress::{Epoch, Event};
pub(crate) use rasch::Rasch;
pub use reference::Reference;
pub(crate) use residuals::model_means;
pub use scope::Scope;
pub use settings::Settings;
pub use shared::SharedCounts;
pub use train::{Checkpoints, Resources, train, train_with};

/// The origin of an embedder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The name of the data set.
    pub data: String,
    /// Its fingerprint; see [`crate::dataset::Dataset::fingerprint`].
    pub fingerprint: String,
    /// True if the data is simulated, which every output must state.
    pub simulated: bool,
    /// The seed.
    pub seed: u64,
    /// The selected epoch, from 1.
    pub epoch: u32,
    /// Training questions.
    pub questions: u32,
    /// Training responses.
    pub responses: u32,
    /// The metrics of the selected epoch on val.
    pub val: Metrics,
    /// The familiarity that 95% of the questions of val exceed.
    pub scope: f64,
    /// The shares of the first two axes of the map that coverage explains, in [0, 1].
    pub axes_by_coverage: [f64; 2],
    /// The reliability diagram on val.
    pub reliability: Vec<Bin>,
    /// The coverage of 80% intervals on val.
    pub coverage: Vec<Coverage>,
    /// The version of llmap.
    pub version: String,
}

/// A trained embedder.
pub struct Embedder {
    models: Arc<Vec<String>>,
    attributes: Arc<Vec<Attribute>>,
    benchmarks: Vec<Benchmark>,
    provenance: Provenance,
    vectors: Arc<Array2<f32>>,
    deviations: Array2<f32>,
    calibration: Calibration,
    featurizer: Featurizer,
    /// The number of specialities of each network.
    weights: Vec<(Weights, usize)>,
    networks: Vec<(Network, usize)>,
    knowledge: Knowledge,
    device: Device,
    /// The mean level of the models on a question of an unknown kind, computed on first use.
    mean_strength: OnceLock<f32>,
}

impl Embedder {
    /// The models' names.
    #[must_use]
    pub fn models(&self) -> &[String] {
        &self.models
    }

    /// The same, shared without copying.
    pub(crate) fn shared_models(&self) -> Arc<Vec<String>> {
        Arc::clone(&self.models)
    }

    /// The [vectors](Self::vectors), shared without copying.
    pub(crate) fn shared_vectors(&self) -> Arc<Array2<f32>> {
        Arc::clone(&self.vectors)
    }

    /// The [attributes](Self::attributes), shared without copying.
    pub(crate) fn shared_attributes(&self) -> Arc<Vec<Attribute>> {
        Arc::clone(&self.attributes)
    }

    /// The attributes of the models.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The benchmarks of the training data with every model's score.
    #[must_use]
    pub fn benchmarks(&self) -> &[Benchmark] {
        &self.benchmarks
    }

    /// Its origin.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Models × dimensions: the vector of each model, from its answers only. First the ability (the mean
    /// logit of its accuracy over the benchmarks of correctness, relative to the mean model), then the
    /// general factors, then its agreement with other models on the same questions.
    #[must_use]
    pub fn vectors(&self) -> &Array2<f32> {
        &self.vectors
    }

    /// The standard deviation of each dimension of the vectors: larger for models with fewer responses.
    #[must_use]
    pub fn deviations(&self) -> &Array2<f32> {
        &self.deviations
    }

    /// The calibration of its probabilities.
    #[must_use]
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The attribute called `name`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Which models an expression over names and attributes selects, one entry per model; see
    /// [`crate::dataset::filter`].
    ///
    /// # Errors
    /// [`crate::Error::Usage`] with the position of the error.
    pub fn select(&self, expression: &str) -> Result<Vec<bool>> {
        self.select_until(expression, &|| false)
    }

    /// The same, but gives up as soon as `stop` returns true.
    ///
    /// # Errors
    /// As [`Embedder::select`]; also if it was stopped.
    pub fn select_until(&self, expression: &str, stop: &dyn Fn() -> bool) -> Result<Vec<bool>> {
        filter::select_until(expression, &self.models, &self.attributes, stop)
            .map_err(|problem| problem.into_usage(expression))
    }

    /// Turns prompts into features, one row each.
    ///
    /// # Errors
    /// As [`Encoder::available`].
    pub fn encode(&self, prompts: &[&str]) -> Result<Features> {
        self.encode_many(prompts, &mut Progress::silent())
    }

    /// The same for many prompts, with progress and cancellation.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_many(
        &self,
        prompts: &[&str],
        progress: &mut Progress<'_, usize>,
    ) -> Result<Features> {
        self.featurizer.features(prompts, progress)
    }

    /// The vectors without the ability: the profile of each model.
    #[must_use]
    pub fn profiles(&self) -> ArrayView2<'_, f32> {
        self.vectors.slice(s![.., 1..])
    }

    /// The overall ability of each model: see [`Embedder::vectors`].
    #[must_use]
    pub fn abilities(&self) -> ArrayView1<'_, f32> {
        self.vectors.column(0)
    }

    /// The general factors in the vectors: models × factors.
    #[must_use]
    pub fn general(&self) -> ArrayView2<'_, f32> {
        self.vectors.slice(s![.., 1..=factors::GENERAL])
    }

    /// The number of dimensions of a model: those of its vector, and its specialities.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.vectors.ncols() + self.knowledge.specialities.ncols()
    }

    /// The posterior of the logit of each model's accuracy on a category of the training data: (mean,
    /// standard deviation), one entry per model.
    #[must_use]
    pub fn levels(&self, category: usize) -> Vec<(f32, f32)> {
        let levels = &self.knowledge.levels;
        let means = levels.mean.column(category);
        means.into_iter().copied().zip(levels.deviation.column(category).iter().copied()).collect()
    }

    /// The training questions nearest to a row of `features`: (benchmark, cosine), nearest first.
    #[must_use]
    pub fn similar(&self, features: &Features, row: usize) -> Vec<(usize, f64)> {
        let near = features.like.row(row).into_iter().zip(features.cosines.row(row));
        near.filter(|(benchmark, _)| (**benchmark as usize) < self.benchmarks.len())
            .map(|(benchmark, cosine)| (*benchmark as usize, f64::from(*cosine)))
            .collect()
    }

    /// Inputs and outputs of the layers of its networks, one list per network: the matrix products of
    /// training.
    #[must_use]
    pub fn layers(&self) -> Vec<Vec<(usize, usize)>> {
        let shapes = |(weights, _): &(Weights, usize)| {
            let layers = [&weights.first, &weights.second, &weights.out];
            layers.iter().map(|layer| layer.weight.dim()).collect()
        };
        self.weights.iter().map(shapes).collect()
    }

    /// The number of training questions that two models share; [`SharedCounts::LARGEST`] means at least that
    /// many. `None` if it is not stored.
    #[must_use]
    pub fn shared(&self, a: usize, b: usize) -> Option<u32> {
        self.shared_counts()?.get(a, b)
    }

    /// The same for all pairs.
    #[must_use]
    pub fn shared_counts(&self) -> Option<&SharedCounts> {
        self.knowledge.agreement.shared.as_ref()
    }

    /// The encoder of its questions.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        &self.featurizer.encoder
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Values;

    impl Embedder {
        /// The same with other names and labels, as in an untrusted file.
        pub(crate) fn with_texts(mut self, text: fn(usize) -> String) -> Self {
            let models = self.models.len();
            self.models = Arc::new((0..models).map(text).collect());
            self.provenance.data = text(0);
            for (i, benchmark) in self.benchmarks.iter_mut().enumerate() {
                benchmark.name = text(i);
            }
            let classes: Vec<_> = (0..models).map(|m| Some(text(m % 3))).collect();
            for (i, attribute) in Arc::make_mut(&mut self.attributes).iter_mut().enumerate() {
                attribute.name = text(i);
                if i % 2 == 0 {
                    attribute.values = Values::Class(classes.clone());
                }
            }
            self
        }
    }

    #[test]
    fn an_unreadable_embedder_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("e.safetensors");
        let mut embedder = Embedder::shipped().unwrap();
        embedder.save(&path).unwrap();
        let good = std::fs::read(&path).unwrap();
        embedder.provenance.val.nll = f64::NAN;
        let error = embedder.save(&path).unwrap_err();
        assert!(error.to_string().contains("could not be read again"), "{error}");
        assert_eq!(error.exit_code(), 1);
        assert!(std::fs::read(&path).unwrap() == good, "the old file is unchanged");
    }
}
