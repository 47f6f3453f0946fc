//! Which candidates cannot be told from the best.
//!
//! The interval of a probability is about the question: what its text leaves open strikes all models
//! alike and says nothing of the difference of two. That difference is as sure as the responses that
//! it was learned from are many.

use super::Candidate;
use crate::embedder::{Embedder, Features};
use crate::logit::Z80;

/// A model with less support was not tested on such questions: nothing says that it is as good.
const LEAST_SUPPORT: f32 = 0.5;

/// How many responses of each model are known on benchmarks like the prompt in a row of `features`:
/// their numbers by benchmark, averaged over the nearest training questions.
pub(super) fn known(embedder: &Embedder, features: &Features, row: usize) -> Vec<f32> {
    let near = embedder.similar(features, row);
    let mut shares = vec![0.0_f32; embedder.benchmarks().len()];
    for (benchmark, _) in &near {
        shares[*benchmark] += 1.0 / near.len() as f32;
    }
    let mut known = vec![0.0; embedder.models().len()];
    let like = embedder.benchmarks().iter().zip(shares).filter(|(_, share)| *share > 0.0);
    for (benchmark, share) in like {
        for (known, score) in known.iter_mut().zip(benchmark.scores.iter()) {
            *known += score.map_or(0.0, |score| share * score.responses as f32);
        }
    }
    known
}

/// Marks the candidates whose difference to the most probable one lies within the 80% interval of a
/// difference of two shares, each of so many responses; `known` has one entry a model.
pub(super) fn mark(candidates: &mut [Candidate], known: &[f32]) {
    let variance = |c: &Candidate| c.p * (1.0 - c.p) / known[c.model].max(1.0);
    let best = candidates.iter().max_by(|a, b| a.p.total_cmp(&b.p));
    let Some((model, p, spread)) = best.map(|best| (best.model, best.p, variance(best))) else {
        return;
    };
    for c in candidates.iter_mut() {
        let within = p - c.p <= Z80 as f32 * (spread + variance(c)).sqrt();
        c.tied = c.model == model || within && c.support >= LEAST_SUPPORT;
    }
}
