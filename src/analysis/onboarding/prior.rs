//! The prior of a model before any answers.

use ndarray::{Array1, Array2};

use crate::embedder::Embedder;

/// A normal distribution over the latent dimensions of models; see [`Embedder::population`].
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    pub(super) mean: Array1<f64>,
    pub(super) covariance: Array2<f64>,
    pub(super) precision: Array2<f64>,
}

impl Prior {
    /// The prior of the embedder's population.
    #[must_use]
    pub fn fit(embedder: &Embedder) -> Self {
        let population = embedder.population();
        Self {
            precision: Array2::from_diag(&population.variance.mapv(f64::recip)),
            covariance: Array2::from_diag(&population.variance),
            mean: population.mean,
        }
    }
}
