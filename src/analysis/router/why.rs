//! Explains a route: what the prompt resembles, the terms of the logits, and what would have to change for
//! the runner-up to win.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ranking::Order;
use super::{Candidate, Rank, Router, cost};
use crate::dataset::Kind;
use crate::embedder::{Embedder, Forecast, LogitTerms};

/// Number of categories in the evidence.
const CATEGORIES: usize = 3;
/// Number of candidates with accuracies in the evidence.
pub(super) const CANDIDATES: usize = 5;

/// Evidence: a category of training questions similar to a prompt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The category.
    pub category: String,
    /// The kind of its labels.
    pub kind: Kind,
    /// Its weight among the nearest training questions, in [0, 1].
    pub share: f64,
    /// The cosine of its nearest question.
    pub similarity: f64,
    /// The accuracy of each of the best candidates on the category in training; models that were not
    /// evaluated on it are absent.
    pub correct: BTreeMap<String, f64>,
}

/// Why the first candidate is first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lead {
    /// Its probability is the highest.
    #[default]
    Accuracy,
    /// Its probability is the highest, and none of those that are near enough to it costs less; see
    /// [`super::Preferences::cheapest_within`].
    Cheapest {
        /// Those tied with it are near enough, and no others.
        tied: bool,
    },
    /// The lower end of its interval is; see [`super::Rank::Lower`].
    LowerEnd,
    /// It costs less than more probable ones.
    Cost,
}

/// The explanation of the first candidate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Why {
    /// Why it is first.
    pub lead: Lead,
    /// The most probable candidate, if that is another one.
    pub most_probable: Option<MostProbable>,
    /// The terms of its logit.
    pub parts: LogitTerms,
    /// The next candidate; `None` if there is only one.
    pub runner_up: Option<RunnerUp>,
    /// The most probable candidate with at least 20 answers on the benchmarks of the evidence, if the first has
    /// fewer; none out of scope.
    pub best_measured: Option<Candidate>,
}

/// A candidate that is more probable than the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MostProbable {
    /// Its index in the embedder.
    pub model: usize,
    /// See [`Candidate::p`].
    pub p: f32,
    /// See [`Candidate::cost`].
    pub cost: Option<f64>,
}

/// The next candidate, and what would have to change for it to win.
#[derive(Clone, Debug, PartialEq)]
pub struct RunnerUp {
    /// Its index in the embedder.
    pub model: usize,
    /// See [`Candidate::p`].
    pub p: f32,
    /// See [`Candidate::low`].
    pub low: f32,
    /// See [`Candidate::tied`].
    pub tied: bool,
    /// The terms of its logit. If the gap is smaller than the difference in `fit`, a prompt of another kind
    /// and the same difficulty would be enough.
    pub parts: LogitTerms,
    /// The category with its largest lead over the first in training, with the accuracies of both, its own
    /// first; `None` if it leads on none.
    pub ahead_on: Option<(String, f64, f64)>,
    /// The cost weight from which it would come first, if it is cheaper and not better.
    pub from_weight: Option<f64>,
}

/// The categories of the training questions nearest to a prompt ([`Embedder::similar`]), most frequent first:
/// with the share of those questions, and the cosine of the nearest of them.
pub(super) fn categories(near: Vec<(usize, f64)>) -> Vec<(usize, f64, f64)> {
    let mut categories: Vec<(usize, f64, f64)> = Vec::new();
    let total = near.len().max(1) as f64;
    for (category, similarity) in near {
        match categories.iter_mut().find(|(known, ..)| *known == category) {
            Some((_, share, _)) => *share += 1.0 / total,
            // The nearest question of a category comes first.
            None => categories.push((category, 1.0 / total, similarity)),
        }
    }
    categories.sort_by(|a, b| b.1.total_cmp(&a.1));
    categories.truncate(CATEGORIES);
    categories
}

/// The evidence from those categories.
pub(super) fn evidence(
    embedder: &Embedder,
    categories: &[(usize, f64, f64)],
    candidates: &[Candidate],
) -> Vec<Evidence> {
    categories
        .iter()
        .map(|&(category, share, similarity)| {
            let benchmark = &embedder.benchmarks()[category];
            let correct = candidates
                .iter()
                .take(CANDIDATES)
                .filter_map(|c| {
                    let score = benchmark.scores.get(c.model)?;
                    Some((embedder.models()[c.model].clone(), score.accuracy))
                })
                .collect();
            let (category, kind) = (benchmark.name.clone(), benchmark.kind);
            Evidence { category, kind, share, similarity, correct }
        })
        .collect()
}

/// Compares the first two candidates; `best` is the most probable one of all.
pub(super) fn why(
    router: &Router,
    (forecast, row): (&Forecast, usize),
    candidates: &[Candidate],
    best: Option<&Candidate>,
    order: &Order,
) -> Why {
    let Some(first) = candidates.first() else { return Why::default() };
    let models: Vec<usize> = candidates.iter().take(2).map(|c| c.model).collect();
    let parts = router.embedder.logit_terms(forecast, row, &models);
    let runner_up = candidates.get(1).map(|second| {
        let point = |c: &Candidate| Some((f64::from(c.p), c.cost?));
        let turning = |(first, second)| cost::break_even_weight(first, second, order.most);
        RunnerUp {
            model: second.model,
            p: second.p,
            low: second.low,
            tied: second.tied,
            parts: parts[1],
            ahead_on: ahead_on(router.embedder, second.model, first.model),
            from_weight: point(first)
                .zip(point(second))
                .filter(|(first, second)| first.0 >= second.0)
                .and_then(turning),
        }
    });
    let ahead = best.filter(|best| best.p > first.p);
    let lead = if ahead.is_none() && order.preferences.asks_for_near() {
        Lead::Cheapest { tied: order.preferences.cheapest_tie }
    } else if ahead.is_none() {
        Lead::Accuracy
    } else if order.preferences.rank == Rank::Lower && candidates.iter().all(|c| c.low <= first.low)
    {
        Lead::LowerEnd
    } else {
        Lead::Cost
    };
    let most_probable = ahead.map(|c| MostProbable { model: c.model, p: c.p, cost: c.cost });
    Why { lead, most_probable, parts: parts[0], runner_up, best_measured: None }
}

fn ahead_on(embedder: &Embedder, model: usize, other: usize) -> Option<(String, f64, f64)> {
    let both = embedder.benchmarks().iter().filter_map(|benchmark| {
        let accuracy = |model: usize| Some(benchmark.scores.get(model)?.accuracy);
        Some((benchmark.name.clone(), accuracy(model)?, accuracy(other)?))
    });
    both.filter(|(_, own, others)| own > others).max_by(|a, b| (a.1 - a.2).total_cmp(&(b.1 - b.2)))
}
