//! Routing: which model is most likely to answer this prompt right, and why.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use crate::dataset::Values;
use crate::embedder::Embedder;
use crate::error::Result;

/// How many categories the evidence names.
const EVIDENCE_CATEGORIES: usize = 3;

/// A model that could answer a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its index in the embedder.
    pub model: usize,
    /// The calibrated probability that it answers right.
    pub p: f32,
    /// The lower end of the 80% interval of `p`.
    pub low: f32,
    /// The upper end.
    pub high: f32,
    /// How far the model was tested on the like of the prompt, in [0, 1].
    pub support: f32,
    /// Dollars per million tokens, the mean of `cost_in` and `cost_out`, where they are known.
    pub cost: Option<f64>,
}

/// What a prompt is like: a category of training questions near it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The category.
    pub category: String,
    /// Its weight among the nearest training questions, in [0, 1].
    pub share: f64,
    /// The cosine of its nearest question.
    pub similarity: f64,
    /// The share of the category that each of the best candidates answered right in training;
    /// models that were not run on it are absent.
    pub correct: BTreeMap<String, f64>,
}

/// The ranking of the models for one prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The candidates, most probable first (ties: lowest model id). Never empty.
    pub candidates: Vec<Candidate>,
    /// What the prompt is like, most similar category first.
    pub evidence: Vec<Evidence>,
    /// How long it took, in milliseconds.
    pub milliseconds: f64,
}

/// Ranks all models of `embedder` for `prompt`.
///
/// # Errors
/// If the encoder is not on this machine; see [`Embedder::encode`].
pub fn route(embedder: &Embedder, prompt: &str) -> Result<Route> {
    let start = Instant::now();
    let features = embedder.encode(&[prompt])?;
    let (probabilities, support) = (embedder.predict(&features), embedder.support(&features));
    let mut candidates: Vec<Candidate> = probabilities
        .row(0)
        .iter()
        .enumerate()
        .map(|(model, &p)| {
            let support = support[[0, model]];
            let (low, high) = embedder.interval(p, support);
            Candidate { model, p, low, high, support, cost: cost(embedder, model) }
        })
        .collect();
    candidates.sort_by(|a, b| b.p.total_cmp(&a.p));
    let evidence = evidence(embedder, &features, &candidates);
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    Ok(Route { candidates, evidence, milliseconds })
}

/// The mean price of a million tokens in and out.
fn cost(embedder: &Embedder, model: usize) -> Option<f64> {
    let price = |name: &str| match &embedder.attribute(name)?.values {
        Values::Number(values) => values[model],
        _ => None,
    };
    Some(f64::midpoint(price("cost_in")?, price("cost_out")?))
}

fn evidence(
    embedder: &Embedder,
    features: &crate::embedder::Features,
    candidates: &[Candidate],
) -> Vec<Evidence> {
    let near = embedder.similar(features, 0);
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
    let named = categories.into_iter().take(EVIDENCE_CATEGORIES);
    named
        .map(|(category, share, similarity)| {
            let benchmark = &embedder.benchmarks[category];
            let correct = candidates
                .iter()
                .take(5)
                .filter_map(|c| {
                    let score = benchmark.scores[c.model].as_ref()?;
                    Some((embedder.models[c.model].clone(), score.accuracy))
                })
                .collect();
            Evidence { category: benchmark.name.clone(), share, similarity, correct }
        })
        .collect()
}
