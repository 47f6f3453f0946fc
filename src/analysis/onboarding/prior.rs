//! What can be said of a model before it has answered anything.

use linfa_linalg::cholesky::InverseC;
use ndarray::{Array1, Array2, Axis};

use crate::embedder::Embedder;
use crate::error::{Error, Result};

/// How far the covariance is drawn towards its diagonal: a few hundred models do not tell it all.
const SHRINK: f64 = 0.3;
/// The vectors of the trained models are regularised, so the prior is wider than they are.
const WIDEN: f64 = 1.6;

/// A normal distribution over the vectors of models.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    pub(super) mean: Array1<f64>,
    pub(super) covariance: Array2<f64>,
    pub(super) precision: Array2<f64>,
}

impl Prior {
    /// Fits it to the vectors of the embedder's models.
    ///
    /// # Errors
    /// [`Error::Failed`] if the vectors are so large that they have no covariance.
    pub fn fit(embedder: &Embedder) -> Result<Self> {
        let vectors = embedder.vectors.mapv(f64::from);
        let n = vectors.nrows() as f64;
        let mean = vectors.mean_axis(Axis(0)).unwrap_or_default();
        let centred = &vectors - &mean;
        let mut covariance = centred.t().dot(&centred) / n;
        let diagonal = covariance.diag().to_owned();
        covariance *= (1.0 - SHRINK) * WIDEN;
        let floor = diagonal.mean().unwrap_or_default() * 1e-3 + 1e-6;
        for (i, d) in diagonal.iter().enumerate() {
            covariance[[i, i]] += SHRINK * d * WIDEN + floor;
        }
        let precision = covariance
            .invc()
            .map_err(|e| Error::Failed(format!("the prior of the models has no inverse: {e}")))?;
        let precision = (&precision + &precision.t()) / 2.0;
        Ok(Self { mean, covariance, precision })
    }
}
