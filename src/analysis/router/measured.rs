//! How much evidence there is for a candidate on questions like the prompt.

use serde::Serialize;

use super::ties::LEAST_SUPPORT;
use super::{Answers, Candidate};
use crate::dataset::Kind;
use crate::embedder::{Benchmark, Embedder, Scope};

/// Minimum number of answers on similar benchmarks to count as measured there.
const FEWEST_HERE: u32 = 20;
/// Minimum number of answers in total to count as measured.
const FEWEST: u32 = 100;

/// The evidence for a probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measured {
    /// The model answered similar questions: a support of at least .5, and at least 20 answers on the
    /// benchmarks of the evidence. Never out of scope.
    Here,
    /// It has at least 100 answers of the same kind to other questions, from which the probability is
    /// predicted.
    Elsewhere,
    /// It has fewer answers: the probability is mostly that of similar models.
    #[default]
    Hardly,
}

impl Measured {
    /// The three levels, best first.
    pub const ALL: [Self; 3] = [Self::Here, Self::Elsewhere, Self::Hardly];

    /// Its badge, one cell wide.
    #[must_use]
    pub fn badge(self) -> &'static str {
        match self {
            Self::Here => "●",
            Self::Elsewhere => "◐",
            Self::Hardly => "○",
        }
    }

    /// What the badge means.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Here => "measured on questions like this",
            Self::Elsewhere => "measured elsewhere",
            Self::Hardly => "hardly known",
        }
    }

    /// Determines the level.
    fn of(support: f32, answers: Answers, scope: Scope) -> Self {
        if scope != Scope::Out && support >= LEAST_SUPPORT && answers.here >= FEWEST_HERE {
            Self::Here
        } else if answers.all >= FEWEST {
            Self::Elsewhere
        } else {
            Self::Hardly
        }
    }
}

/// The benchmarks whose answers are the evidence for a prompt.
pub(super) struct Grounds<'a> {
    like: Vec<&'a Benchmark>,
    same: Vec<&'a Benchmark>,
    scope: Scope,
}

impl<'a> Grounds<'a> {
    /// `categories` are those of the evidence, and `kind` is what the probabilities are of.
    pub(super) fn new(
        embedder: &'a Embedder,
        categories: &[(usize, f64, f64)],
        (kind, scope): (Kind, Scope),
    ) -> Self {
        let benchmarks = embedder.benchmarks();
        let like = categories.iter().map(|(b, ..)| &benchmarks[*b]).collect();
        let same = benchmarks.iter().filter(|b| b.kind == kind).collect();
        Self { like, same, scope }
    }

    /// Sets `answers` and `measured` of a candidate.
    pub(super) fn mark(&self, c: &mut Candidate) {
        c.answers =
            Answers { here: answers(&self.like, c.model), all: answers(&self.same, c.model) };
        c.measured = Measured::of(c.support, c.answers, self.scope);
    }

    /// Whether a candidate has answers to questions like the prompt.
    pub(super) fn answered(&self, c: &Candidate) -> bool {
        self.scope != Scope::Out && answers(&self.like, c.model) >= FEWEST_HERE
    }

    /// The most probable of some candidates that has answers to such questions (ties: the first).
    pub(super) fn best(&self, candidates: impl Iterator<Item = Candidate>) -> Option<Candidate> {
        let mut best: Option<Candidate> = None;
        for mut c in candidates {
            if best.as_ref().is_none_or(|best| c.p > best.p) && self.answered(&c) {
                self.mark(&mut c);
                best = Some(c);
            }
        }
        best
    }
}

/// The number of a model's answers on some benchmarks.
fn answers(benchmarks: &[&Benchmark], model: usize) -> u32 {
    benchmarks.iter().map(|b| b.scores.responses(model)).fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_takes_support_and_answers() {
        let of = |support, here, all, scope| Measured::of(support, Answers { here, all }, scope);
        assert_eq!(of(0.9, 20, 20, Scope::In), Measured::Here);
        assert_eq!(of(0.5, 400, 9000, Scope::Near), Measured::Here);
        assert_eq!(of(0.9, 19, 100, Scope::In), Measured::Elsewhere, "too few answers");
        assert_eq!(of(0.4, 400, 9000, Scope::In), Measured::Elsewhere, "mostly other benchmarks");
        assert_eq!(of(0.9, 400, 9000, Scope::Out), Measured::Elsewhere, "nothing is like it");
        assert_eq!(of(0.4, 50, 99, Scope::In), Measured::Hardly);
        assert!(Measured::ALL.is_sorted());
    }
}
