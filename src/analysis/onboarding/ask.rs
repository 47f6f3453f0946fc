//! Active selection: which questions to ask a model next.

use ndarray::{Array1, Array2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::posterior::Posterior;
use super::questions::Questions;
use crate::logit::sigmoid;

/// Number of random candidates for each choice.
const AMONG: usize = 8;

/// What is to be estimated: the accuracies of a model on groups of questions.
pub struct Target {
    /// Groups × dimensions: the gradient of each group's accuracy.
    gradients: Array2<f64>,
}

/// A selected question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Its position among the candidates.
    pub question: usize,
    /// The mean standard deviation of the target accuracies once it and the questions before it are answered.
    pub deviation: f64,
}

impl Target {
    /// The accuracies on each of `groups`, for a model with this `posterior`.
    #[must_use]
    pub fn new(posterior: &Posterior, groups: &[Questions]) -> Self {
        let mut gradients = Array2::zeros((groups.len(), posterior.mean.len()));
        for (mut row, group) in gradients.rows_mut().into_iter().zip(groups) {
            row.assign(&posterior.accuracy_gradient(group).1);
        }
        Self { gradients }
    }

    /// The square root of the mean variance of the accuracies.
    #[must_use]
    pub fn deviation(&self, posterior: &Posterior) -> f64 {
        let variance = (self.gradients.dot(&posterior.covariance) * &self.gradients).sum();
        (variance.max(0.0) / self.gradients.nrows().max(1) as f64).sqrt()
    }
}

/// Selects `n` of the `open` candidates whose answers are expected to reduce the variance of `target`, in the
/// order to ask them: greedily, each the best of a few random candidates, given the ones before it.
///
/// In a Laplace approximation, an answer adds w·x·xᵀ to the precision, whatever it is, with w = p(1 − p): so
/// the posterior after a batch is known in advance (Bayesian D- and A-optimal design; Chaloner and Verdinelli
/// 1995). The best of all candidates would be the questions with the most leverage, where the answer model is
/// least accurate; the best of a few are more typical questions, and the error is a fifth smaller
/// (docs/experiments.md, unseen models).
#[must_use]
pub fn ask(
    posterior: &Posterior,
    target: &Target,
    candidates: &Questions,
    open: &[usize],
    n: usize,
    seed: u64,
) -> Vec<Asked> {
    let x = candidates.x.select(Axis(0), open);
    let logits = x.dot(&posterior.mean) + &candidates.offset.select(Axis(0), open);
    let weight = logits.mapv(|l| {
        let p = sigmoid(l);
        (p * (1.0 - p)).max(1e-9)
    });
    // For each candidate: its variance, and its covariance with each of the target accuracies.
    let mut own: Array1<f64> = (x.dot(&posterior.covariance) * &x).sum_axis(Axis(1));
    let mut with = x.dot(&posterior.covariance).dot(&target.gradients.t());
    let mut covariance = posterior.covariance.clone();
    let mut variance = (target.gradients.dot(&covariance) * &target.gradients).sum();
    let groups = target.gradients.nrows().max(1) as f64;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut left: Vec<usize> = (0..open.len()).collect();
    let mut asked = Vec::new();
    for _ in 0..n.min(open.len()) {
        let gain = |i: usize| {
            let with = with.row(i);
            weight[i] * with.dot(&with) / (1.0 + weight[i] * own[i])
        };
        let drawn = rand::seq::index::sample(&mut rng, left.len(), AMONG.min(left.len()));
        let drawn = drawn.into_iter().map(|at| (at, gain(left[at])));
        let Some((at, gained)) = drawn.reduce(|a, b| if b.1 > a.1 { b } else { a }) else { break };
        let best = left.swap_remove(at);
        variance -= gained;
        // Σ ← Σ − w·Σx·(Σx)ᵀ / (1 + w·xᵀΣx), and the same for what depends on it.
        let moved = covariance.dot(&x.row(best));
        let scale = weight[best] / (1.0 + weight[best] * own[best]);
        let crossed = x.dot(&moved);
        let seen = target.gradients.dot(&moved);
        for (i, c) in crossed.iter().enumerate() {
            own[i] -= scale * c * c;
            with.row_mut(i).scaled_add(-scale * c, &seen);
        }
        let column = moved.view().insert_axis(Axis(1));
        covariance -= &(column.dot(&column.t()) * scale);
        asked.push(Asked { question: open[best], deviation: (variance.max(0.0) / groups).sqrt() });
    }
    asked
}
