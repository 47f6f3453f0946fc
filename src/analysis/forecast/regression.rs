//! Bayesian linear regression, averaged over priors by their marginal likelihood.

use ndarray::{Array1, Array2, ArrayView1, Axis};

use crate::cholesky::Cholesky;
use crate::error::{Error, Result};

/// A prior: independent normal coefficients around 0, and normal noise.
#[derive(Clone, Debug)]
pub(super) struct Prior {
    /// The deviation of each coefficient; 0 leaves it out.
    pub(super) scale: Array1<f64>,
    /// The deviation of the noise.
    pub(super) misfit: f64,
}

/// The posterior.
pub(super) struct Regression {
    parts: Vec<Part>,
}

struct Part {
    /// The posterior probability of its prior.
    weight: f64,
    prior: Prior,
    /// The coefficients, in units of their prior deviations.
    mean: Array1<f64>,
    covariance: Array2<f64>,
}

impl Regression {
    /// Fits `values`, each with the `variance` of its own error, to the rows of `z`.
    pub(super) fn fit(
        z: &Array2<f64>,
        values: &Array1<f64>,
        variance: &Array1<f64>,
        priors: &[Prior],
    ) -> Result<Self> {
        let failed = || {
            Error::Failed("the scores cannot be fitted: their equations have no solution".into())
        };
        let mut parts = Vec::new();
        let mut evidence = Vec::new();
        for prior in priors {
            let noise = variance + prior.misfit * prior.misfit;
            let scaled = z * &prior.scale;
            let weighted = &scaled / &noise.view().insert_axis(Axis(1));
            let precision = scaled.t().dot(&weighted) + Array2::<f64>::eye(z.ncols());
            let precision = (&precision + &precision.t()) / 2.0;
            let factor = Cholesky::of(&precision).ok_or_else(failed)?;
            let covariance = factor.inverse();
            let pull = weighted.t().dot(values);
            let mean = covariance.dot(&pull);
            // ln N(values; 0, Z·Zᵀ + noise), by the matrix determinant and inversion lemmas, up to a
            // constant.
            let fit = values.iter().zip(&noise).map(|(v, n)| v * v / n).sum::<f64>();
            let volume = noise.mapv(f64::ln).sum() + factor.ln_determinant();
            evidence.push(-0.5 * (fit - pull.dot(&mean) + volume));
            parts.push(Part { weight: 0.0, prior: prior.clone(), mean, covariance });
        }
        let most = evidence.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = evidence.iter().map(|e| (e - most).exp()).collect();
        let all: f64 = shares.iter().sum();
        parts.iter_mut().zip(shares).for_each(|(part, share)| part.weight = share / all);
        Ok(Self { parts })
    }

    /// The mean and the variance of a new value with the row `z`, without its own sampling variance.
    pub(super) fn predict(&self, z: ArrayView1<f64>) -> (f64, f64) {
        let (mut first, mut second) = (0.0, 0.0);
        for part in &self.parts {
            let z = &z * &part.prior.scale;
            let mean = z.dot(&part.mean);
            let variance = z.dot(&part.covariance.dot(&z)) + part.prior.misfit.powi(2);
            first += part.weight * mean;
            second += part.weight * (variance + mean * mean);
        }
        (first, (second - first * first).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn the_prior_that_the_data_fit_prevails() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let z = Array2::from_shape_simple_fn((60, 5), &mut normal);
        let truth = Array1::from_vec(vec![0.5, -1.0, 0.0, 2.0, 0.3]);
        let noise = Array1::from_shape_simple_fn(60, || 0.2 * normal());
        let values = z.dot(&truth) + noise;
        let prior = |scale: f64, misfit: f64| Prior { scale: Array1::from_elem(5, scale), misfit };
        let priors = [prior(0.0, 0.2), prior(1.0, 0.2), prior(1.0, 3.0)];
        let found = Regression::fit(&z, &values, &Array1::zeros(60), &priors).unwrap();
        assert!(found.parts[1].weight > 0.99);
        let asked = Array1::ones(5);
        let (mean, variance) = found.predict(asked.view());
        assert!((mean - truth.sum()).abs() < 0.3, "{mean}");
        assert!(variance > 0.04 && variance < 0.1, "{variance}");
        let nothing =
            Regression::fit(&Array2::zeros((0, 5)), &Array1::zeros(0), &Array1::zeros(0), &priors);
        let (mean, variance) = nothing.unwrap().predict(asked.view());
        assert!(mean.abs() < 1e-12 && variance > 5.0, "without data the priors stand");
    }
}
