//! Core sets: a few questions that represent a benchmark, chosen once for all models.

use std::collections::HashMap;

use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::catalogue::Catalogue;
use super::posterior::Posterior;
use super::prior::Prior;
use super::questions::Questions;
use crate::embedder::Embedder;
use crate::error::Result;

/// The labels of one model by question.
pub type Labels = HashMap<usize, f32>;

/// Number of random sets, and maximum number of models that they are evaluated on.
const SETS: usize = 60;
const MODELS: usize = 40;

/// The `n` of `questions` whose answers best predict the scores of the models in `known`, among 60 random
/// sets.
///
/// # Errors
/// As [`Posterior::fold_in`].
pub fn coreset(
    prior: &Prior,
    all: &Questions,
    questions: &[usize],
    known: &[Labels],
    n: usize,
    seed: u64,
) -> Result<Vec<usize>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let models: Vec<&Labels> = known.iter().step_by(known.len().div_ceil(MODELS).max(1)).collect();
    let sets: Vec<Vec<usize>> = (0..SETS)
        .map(|_| {
            let drawn = index::sample(&mut rng, questions.len(), n.min(questions.len()));
            drawn.into_iter().map(|i| questions[i]).collect()
        })
        .collect();
    let costs: Vec<f64> = sets
        .par_iter()
        .map(|set| {
            let each = models.iter().map(|label| score_errors(prior, all, questions, label, set));
            each.map(|errors| errors.map(|[error, _]| error * error)).sum::<Result<f64>>()
        })
        .collect::<Result<_>>()?;
    let best = (0..sets.len()).min_by(|a, b| costs[*a].total_cmp(&costs[*b])).unwrap_or_default();
    Ok(sets.into_iter().nth(best).unwrap_or_default())
}

/// The error of a model's score on `questions` when predicted from its answers to `asked`: by folding them
/// in, and by the share of correct ones.
pub(crate) fn score_errors(
    prior: &Prior,
    all: &Questions,
    questions: &[usize],
    label: &Labels,
    asked: &[usize],
) -> Result<[f64; 2]> {
    let truth = label.values().map(|y| f64::from(*y)).sum::<f64>() / label.len().max(1) as f64;
    let given: Vec<usize> = asked.iter().copied().filter(|q| label.contains_key(q)).collect();
    let labels: Vec<f32> = given.iter().map(|q| label[q]).collect();
    let right: f64 = labels.iter().map(|y| f64::from(*y)).sum();
    let posterior = Posterior::fold_in(prior, &all.select(&given), &labels)?;
    let is_rest = |q: &usize| label.contains_key(q) && !given.contains(q);
    let rest: Vec<usize> = questions.iter().copied().filter(is_rest).collect();
    let expected = right + posterior.probabilities(&all.select(&rest)).sum();
    let score = expected / label.len().max(1) as f64;
    Ok([(score - truth).abs(), (right / labels.len().max(1) as f64 - truth).abs()])
}

impl Catalogue<'_> {
    /// `n` questions that represent a category (by its index in the data): those whose answers best predict
    /// the scores of the models that answered most of it.
    ///
    /// # Errors
    /// If the posterior does not exist.
    pub fn coreset(
        &self,
        embedder: &Embedder,
        category: usize,
        n: usize,
        seed: u64,
    ) -> Result<Vec<usize>> {
        let questions = self.groups().remove(&category).unwrap_or_default();
        let mut known = vec![Labels::new(); self.data.models.len()];
        for &q in &questions {
            for (m, y) in self.data.responses.of(q) {
                known[m].insert(q, y);
            }
        }
        known.retain(|label| label.len() >= questions.len() / 2 && !label.is_empty());
        coreset(&Prior::fit(embedder), &self.questions, &questions, &known, n, seed)
    }
}
