//! The posterior of a model: a normal distribution over its vector.

use ndarray::{Array1, Array2, Axis};

use super::prior::Prior;
use super::questions::Questions;
use crate::cholesky::{Cholesky, inverse};
use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::logit::{sigmoid, stretch};

/// Residual deviation of an accuracy given the vector, chosen so that intervals have their nominal coverage
/// (docs/experiments.md, unseen models).
const MISFIT: f64 = 0.02;

/// A normal distribution over a model's vector (ability first).
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    /// The most probable vector.
    pub mean: Array1<f64>,
    /// Its covariance.
    pub covariance: Array2<f64>,
    /// The number of responses.
    pub responses: usize,
}

impl Posterior {
    /// Folds in responses to `questions`: labels in [0, 1].
    ///
    /// # Errors
    /// [`Error::Failed`] if the numbers of the embedder are too large for a posterior.
    pub fn fold_in(prior: &Prior, questions: &Questions, labels: &[f32]) -> Result<Self> {
        const STEPS: usize = 30;
        let failed = || {
            let why = "their equations have no solution";
            Error::Failed(format!("the responses cannot be folded in: {why}"))
        };
        let x = &questions.x;
        let loss = |theta: &Array1<f64>| -> f64 {
            let off = theta - &prior.mean;
            let logits = x.dot(theta) + &questions.offset;
            let answers = logits.iter().zip(labels).map(|(l, y)| softplus(*l) - f64::from(*y) * l);
            0.5 * off.dot(&prior.precision.dot(&off)) + answers.sum::<f64>()
        };
        let mut theta = prior.mean.clone();
        let mut before = loss(&theta);
        for _ in 0..STEPS {
            let p = (x.dot(&theta) + &questions.offset).mapv(sigmoid);
            let error: Array1<f64> =
                labels.iter().zip(&p).map(|(y, p)| f64::from(*y) - p).collect();
            let slope = x.t().dot(&error) - prior.precision.dot(&(&theta - &prior.mean));
            let curvature = Cholesky::of(&curvature(prior, x, &p)).ok_or_else(failed)?;
            let step = curvature.solve(&slope);
            // The loss is convex: a shorter step in a descent direction always helps.
            let (mut length, mut next) = (1.0, &theta + &step);
            while loss(&next) > before + 1e-12 && length > 1e-4 {
                length /= 2.0;
                next = &theta + &(&step * length);
            }
            let after = loss(&next);
            theta = next;
            let change = before - after;
            before = after;
            if change < 1e-9 {
                break;
            }
        }
        let p = (x.dot(&theta) + &questions.offset).mapv(sigmoid);
        let covariance = inverse(&curvature(prior, x, &p)).ok_or_else(failed)?;
        Ok(Self { mean: theta, covariance, responses: labels.len() })
    }

    /// The prior without responses.
    #[must_use]
    pub fn prior_only(prior: &Prior) -> Self {
        Self { mean: prior.mean.clone(), covariance: prior.covariance.clone(), responses: 0 }
    }

    /// The logit of each question and its standard deviation.
    pub(super) fn logits(&self, questions: &Questions) -> (Array1<f64>, Array1<f64>) {
        let mean = questions.x.dot(&self.mean) + &questions.offset;
        let spread = (questions.x.dot(&self.covariance) * &questions.x).sum_axis(Axis(1));
        (mean, spread.mapv(|v| v.max(0.0).sqrt()))
    }

    /// The probability that the model answers each question correctly, averaged over the posterior.
    #[must_use]
    pub fn probabilities(&self, questions: &Questions) -> Array1<f64> {
        let (mean, deviation) = self.logits(questions);
        let mut p = mean;
        p.zip_mut_with(&deviation, |p, d| *p = sigmoid(*p / stretch(*d)));
        p
    }

    /// The share of `questions` that the model will answer correctly: the interval covers the posterior of
    /// the model (by the delta method) and the sampling variance of the answers.
    #[must_use]
    pub fn accuracy(&self, questions: &Questions) -> Estimate {
        let (mean, gradient) = self.accuracy_gradient(questions);
        let p = self.probabilities(questions);
        let sampling_variance = p.mapv(|p| p * (1.0 - p)).sum() / (p.len() as f64).powi(2).max(1.0);
        let unknown = gradient.dot(&self.covariance.dot(&gradient)).max(0.0);
        Estimate::around(mean, (unknown + sampling_variance + MISFIT * MISFIT).sqrt())
    }

    /// The accuracy and its gradient with respect to the vector.
    pub(super) fn accuracy_gradient(&self, questions: &Questions) -> (f64, Array1<f64>) {
        let n = questions.len().max(1) as f64;
        let (mean, deviation) = self.logits(questions);
        let narrow = deviation.mapv(|d| stretch(d).recip());
        let p = (&mean * &narrow).mapv(sigmoid);
        let slope = p.mapv(|p| p * (1.0 - p)) * &narrow / n;
        (p.sum() / n, questions.x.t().dot(&slope))
    }
}

/// The curvature of the loss: the prior's precision plus the information of the responses.
fn curvature(prior: &Prior, x: &Array2<f64>, p: &Array1<f64>) -> Array2<f64> {
    let weighted = x * &p.mapv(|p| (p * (1.0 - p)).max(1e-9)).insert_axis(Axis(1));
    let information = x.t().dot(&weighted);
    // Rounding must not make it asymmetric.
    let information = (&information + &information.t()) / 2.0;
    &prior.precision + &information
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
