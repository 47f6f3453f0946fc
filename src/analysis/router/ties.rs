//! Candidates that are not distinguishable from the most probable one, given the number of training responses
//! of each on similar questions.

use super::Candidate;
use crate::embedder::{Embedder, Scores};
use crate::logit::Z80;

/// A model with less support was not evaluated on such questions: there is no evidence that it is as good.
pub(super) const LEAST_SUPPORT: f32 = 0.5;

/// The number of responses of each model on benchmarks like the prompt: by benchmark, averaged over the
/// nearest training questions.
pub(super) struct Known<'a> {
    like: Vec<(&'a Scores, f32)>,
}

impl<'a> Known<'a> {
    /// From the training questions nearest to a prompt ([`Embedder::similar`]).
    pub(super) fn new(embedder: &'a Embedder, near: &[(usize, f64)]) -> Self {
        let mut shares = vec![0.0_f32; embedder.benchmarks().len()];
        for (benchmark, _) in near {
            shares[*benchmark] += 1.0 / near.len() as f32;
        }
        let scores = embedder.benchmarks().iter().map(|benchmark| &benchmark.scores);
        Self { like: scores.zip(shares).filter(|(_, share)| *share > 0.0).collect() }
    }

    fn of(&self, model: usize) -> f32 {
        let responses = |scores: &Scores| scores.responses(model) as f32;
        self.like.iter().fold(0.0, |known, (scores, share)| known + share * responses(scores))
    }

    fn variance(&self, c: &Candidate) -> f32 {
        c.p * (1.0 - c.p) / self.of(c.model).max(1.0)
    }

    /// True if the difference between a candidate and the most probable one is within the 80% interval of a
    /// difference of two proportions with these numbers of responses.
    pub(super) fn tied(&self, c: &Candidate, best: &Candidate) -> bool {
        let spread = self.variance(best) + self.variance(c);
        let within = best.p - c.p <= Z80 as f32 * spread.sqrt();
        c.model == best.model || within && c.support >= LEAST_SUPPORT
    }
}
