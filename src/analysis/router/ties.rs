//! Candidates that are not distinguishable from the most probable one, given the number of training responses
//! of each on similar questions.

use super::{Candidate, Route};
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

    /// True if a candidate ties with the most probable one.
    pub(super) fn tied(&self, c: &Candidate, best: &Candidate) -> bool {
        c.model == best.model || ties(c, best, self.variance(best) + self.variance(c))
    }
}

/// The definition of a tie: both were evaluated on such questions, and their difference is within the 80%
/// interval of a difference of two proportions with this variance.
fn ties(c: &Candidate, best: &Candidate, variance: f32) -> bool {
    let measured = c.support.min(best.support) >= LEAST_SUPPORT;
    measured && best.p - c.p <= Z80 as f32 * variance.sqrt()
}

impl Route {
    /// True if a candidate is another one than the most probable, and ties with it: what `≈` marks.
    #[must_use]
    pub fn is_tie(&self, c: &Candidate) -> bool {
        let first = self.candidates.first().map(|first| first.model);
        let best = self.why.most_probable.map(|best| best.model).or(first);
        c.tied && Some(c.model) != best && Some(c.model) != first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::router::{Answers, Measured, MostProbable, Why};
    use crate::embedder::Scope;

    fn candidate(model: usize, p: f32, support: f32) -> Candidate {
        let (measured, answers) = (Measured::Here, Answers::default());
        let (low, high, cost, tied, front) = (p, p, None, true, false);
        Candidate { model, p, low, high, support, cost, tied, front, measured, answers }
    }

    #[test]
    fn only_measured_models_tie_and_the_best_ties_with_none() {
        let best = candidate(0, 0.9, 1.0);
        assert!(ties(&candidate(1, 0.88, 1.0), &best, 0.0004));
        assert!(!ties(&candidate(1, 0.87, 1.0), &best, 0.0004), "too far");
        assert!(!ties(&candidate(1, 0.9, 0.4), &best, 0.0004), "not evaluated on such questions");
        assert!(!ties(&candidate(1, 0.9, 1.0), &candidate(0, 0.9, 0.4), 0.0004), "nor is the best");
    }

    #[test]
    fn the_sign_of_a_tie_is_never_on_the_leader() {
        let mut route = Route {
            candidates: (0..3).map(|m| candidate(m, 0.9, 1.0)).collect(),
            scope: Scope::In,
            familiarity: None,
            below: false,
            evidence: Vec::new(),
            why: Why::default(),
            cascade: None,
            milliseconds: 0.0,
        };
        let signs = |route: &Route| -> Vec<bool> {
            route.candidates.iter().map(|c| route.is_tie(c)).collect()
        };
        assert_eq!(signs(&route), [false, true, true]);
        // Chosen for its cost: the most accurate comes second.
        route.why.most_probable = Some(MostProbable { model: 1, p: 0.95, cost: None });
        assert_eq!(signs(&route), [false, false, true]);
    }
}
