//! Where to begin: a model that much is known of, and whose neighbors convince.

use super::subject::Subject;
use crate::analysis::neighbors::nearest;
use crate::dataset::Values;

/// Attributes that tell relatives, the closest first.
const KIN: [&str; 6] = ["family", "maker", "developer", "organization", "provider", "vendor"];
/// Neighbors that are looked at.
const NEIGHBORS: usize = 5;
/// Models whose neighbors are looked at, at most: the ones with most answers.
const CANDIDATES: usize = 256;
/// Pairs of models that are compared, at most: the first frame waits for them.
const PAIRS: usize = 400_000;

/// The model with most relatives among its nearest five, of those with at least the median number
/// of answers, and of equals the one that is most similar to them; where nothing tells relatives, the
/// one with most answers.
pub fn first(subject: &Subject) -> usize {
    let answers: Vec<u32> = (0..subject.models.len()).map(|m| subject.answers(m)).collect();
    let mut order: Vec<usize> = (0..answers.len()).collect();
    order.sort_by_key(|m| std::cmp::Reverse(answers[*m]));
    let Some(&best_known) = order.first() else { return 0 };
    let kin: Vec<&Vec<Option<String>>> = KIN
        .iter()
        .filter_map(|name| subject.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name)))
        .filter_map(|attribute| match &attribute.values {
            Values::Class(values) => Some(values),
            _ => None,
        })
        .collect();
    let vectors = subject.profiles();
    if kin.is_empty() || vectors.ncols() == 0 {
        return best_known;
    }
    let median = answers[order[(order.len() - 1) / 2]];
    let candidates = (PAIRS / answers.len()).clamp(1, CANDIDATES);
    let ranked: Vec<usize> =
        order.into_iter().filter(|m| answers[*m] >= median).take(candidates).collect();
    // How many relatives, and the similarity to all in tenths: hairs shall not decide.
    let convincing = |model: usize| -> (Vec<usize>, i64) {
        let near = nearest(vectors, model, NEIGHBORS, |_| None);
        let count = |values: &&Vec<Option<String>>| {
            let own = values[model].as_ref();
            near.iter().filter(|n| own.is_some() && values[n.model].as_ref() == own).count()
        };
        let similarity: f64 = near.iter().map(|near| near.cosine).sum();
        (kin.iter().map(count).collect(), (similarity * 10.0 / near.len().max(1) as f64) as i64)
    };
    // Of equals the last one is the maximum: the one with most answers.
    ranked.into_iter().rev().max_by_key(|m| convincing(*m)).unwrap_or(best_known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Attribute, Kind};
    use crate::embedder::{Benchmark, Score};
    use ndarray::Array2;

    /// Models on a circle, of which the first have most answers; the families are neighbors from the
    /// tenth on only.
    fn subject(attribute: &str) -> Subject {
        let models = 30;
        let families = (0..models).map(|m| Some(if m < 10 { m.to_string() } else { "a".into() }));
        let score = |m: usize| Some(Score { accuracy: 0.5, responses: 100 - m as u32 });
        Subject {
            models: (0..models).map(|m| format!("model-{m}")).collect(),
            attributes: vec![Attribute {
                name: attribute.into(),
                values: Values::Class(families.collect()),
            }],
            benchmarks: vec![Benchmark {
                name: "a".into(),
                kind: Kind::Correctness,
                questions: 100,
                scores: (0..models).map(score).collect(),
            }],
            vectors: Array2::from_shape_fn((models, 3), |(m, k)| match k {
                0 => 0.0,
                1 => (m as f32 / 10.0).cos(),
                _ => (m as f32 / 10.0).sin(),
            }),
            data: "fixture".into(),
            simulated: true,
            ..Subject::default()
        }
    }

    #[test]
    fn it_begins_with_a_model_among_its_relatives_that_much_is_known_of() {
        let family = subject("Family");
        // The five nearest of the twelfth are of its family; of the tenth some are not.
        assert_eq!(first(&family), 12);
        // Without relatives, most answers decide.
        assert_eq!(first(&subject("license")), 0);
    }
}
