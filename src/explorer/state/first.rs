//! Chooses the initially selected model: one with many answers and plausible neighbors.

use super::model_set::ModelSet;
use crate::analysis::neighbors::{Neighbor, nearest};
use crate::dataset::Values;

/// Attributes of related models, the closest relation first.
const KIN: [&str; 6] = ["family", "maker", "developer", "organization", "provider", "vendor"];
/// Number of neighbors that are considered.
const NEIGHBORS: usize = 5;
/// The neighbors of at least this many models with the most answers, and of a tenth of all, are considered.
const CANDIDATES: usize = 16;
/// Maximum number of compared pairs: the first frame waits for them.
const PAIRS: usize = 400_000;
/// The number of shared questions that a similarity should be based on.
const SHARED: f64 = 300.0;
/// The weight of an unrelated neighbor.
const UNRELATED: f64 = 0.5;

/// The model with the most plausible five neighbors, among those with the most answers: they are similar,
/// share many questions, and are related if an attribute shows that. Ties: the one with more answers.
pub fn first(model_set: &ModelSet) -> usize {
    let order = model_set.by_answers();
    let Some(&best_known) = order.first() else { return 0 };
    let kin = KIN
        .iter()
        .filter_map(|name| model_set.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name)))
        .find_map(|attribute| match &attribute.values {
            Values::Class(values) => Some(values),
            _ => None,
        });
    let vectors = model_set.profiles();
    let Some(kin) = kin.filter(|_| vectors.ncols() > 0) else { return best_known };
    let candidates = CANDIDATES.max(order.len() / 10).min(PAIRS / order.len());
    if candidates < 2 {
        return best_known;
    }
    let order = order.iter().copied().take(candidates);
    let convincing = |model: usize| -> i64 {
        let near = nearest(vectors, model, NEIGHBORS, |m| model_set.shared(model, m));
        let worth = |near: &Neighbor| {
            let related = kin[model].is_some() && kin[model] == kin[near.model];
            let shared = near.shared.map_or(1.0, |n| (f64::from(n) / SHARED).min(1.0));
            near.cosine * shared * if related { 1.0 } else { UNRELATED }
        };
        // In hundredths: tiny differences must not decide.
        (100.0 * near.iter().map(worth).sum::<f64>()).round() as i64
    };
    // The last of equals is the maximum: the one with the most answers.
    order.rev().max_by_key(|m| convincing(*m)).unwrap_or(best_known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Attribute, Kind};
    use crate::embedder::{Benchmark, Score};
    use ndarray::Array2;
    use std::sync::Arc;

    /// Models on a circle, of which the first have the most answers; families are neighbors only from the
    /// tenth on.
    fn model_set(attribute: &str) -> ModelSet {
        let models = 30;
        let families = (0..models).map(|m| Some(if m < 10 { m.to_string() } else { "a".into() }));
        let score = |m: usize| Some(Score { accuracy: 0.5, responses: 100 - m as u32 });
        ModelSet {
            models: Arc::new((0..models).map(|m| format!("model-{m}")).collect()),
            attributes: Arc::new(vec![Attribute {
                name: attribute.into(),
                values: Values::Class(families.collect()),
            }]),
            benchmarks: vec![Benchmark {
                name: "a".into(),
                kind: Kind::Correctness,
                description: String::new(),
                questions: 100,
                scores: (0..models).map(score).collect(),
            }],
            vectors: Arc::new(Array2::from_shape_fn((models, 3), |(m, k)| match k {
                0 => 0.0,
                1 => (m as f32 / 10.0).cos(),
                _ => (m as f32 / 10.0).sin(),
            })),
            data: "fixture".into(),
            simulated: true,
            ..ModelSet::default()
        }
    }

    #[test]
    fn it_begins_with_a_model_among_its_relatives_that_much_is_known_of() {
        let family = model_set("Family");
        // The five nearest of the twelfth are in its family; some of the tenth are not.
        assert_eq!(first(&family), 12);
        // Without related models, the most answers decide.
        assert_eq!(first(&model_set("license")), 0);
    }
}
