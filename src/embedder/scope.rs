//! Scope: whether a prompt is similar to the training questions.

use super::features::Features;

/// The share of val's questions that count as out of scope.
const FAR: f64 = 0.05;

/// The similarity of a prompt to the training questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Similar to them.
    In,
    /// As dissimilar as one in twenty of the questions of val.
    Near,
    /// Less than half as familiar as that: predictions are those for a question of an unknown kind.
    Out,
}

/// The familiarity of each prompt, in [0, 1]: the mean cosine of its nearest training questions, times the
/// norm of its vector. The latter is the share of the text's weight that the encoder covers: a text of
/// unknown words may be near some question in the few known ones.
pub(super) fn familiarity(features: &Features) -> Vec<f64> {
    let cosines = features.cosines.rows().into_iter().zip(features.like.rows());
    let near = cosines.map(|(cosines, like)| {
        let known = like.iter().take_while(|benchmark| **benchmark != super::knn_memory::NOTHING);
        let known = known.count();
        let sum: f32 = cosines.iter().take(known).sum();
        f64::from(sum) / known.max(1) as f64
    });
    near.zip(&features.vocabulary_coverage)
        .map(|(near, vocabulary_coverage)| near * f64::from(*vocabulary_coverage))
        .collect()
}

/// The familiarity that all but [`FAR`] of val's questions exceed.
pub(super) fn threshold(val: &Features) -> f64 {
    let mut all = familiarity(val);
    all.sort_by(f64::total_cmp);
    let at = (FAR * all.len() as f64) as usize;
    // Short and rounded down: a file restores it exactly, and other summation orders do not move the question
    // that defines it to the other side.
    (all.get(at).copied().unwrap_or_default() * 1e6).floor() / 1e6
}

/// The scope for a familiarity.
pub(super) fn of(familiarity: f64, threshold: f64) -> Scope {
    if familiarity >= threshold {
        Scope::In
    } else if familiarity > threshold / 2.0 {
        Scope::Near
    } else {
        Scope::Out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedder::knn_memory::NOTHING;
    use ndarray::{Array2, array};

    fn features(cosine: &[f32]) -> Features {
        let n = cosine.len();
        Features {
            inputs: Array2::zeros((n, 1)),
            like: Array2::from_shape_fn((n, 3), |(_, j)| if j < 2 { 0 } else { NOTHING }),
            cosines: Array2::from_shape_fn((n, 3), |(i, j)| if j < 2 { cosine[i] } else { 0.0 }),
            vocabulary_coverage: ndarray::Array1::from_elem(n, 0.5),
        }
    }

    #[test]
    fn familiarity_needs_similarity_and_known_words() {
        let mut asked = features(&[0.8, 0.8]);
        asked.vocabulary_coverage = array![1.0, 0.25];
        let found = familiarity(&asked);
        assert!((found[0] - 0.8).abs() < 1e-6 && (found[1] - 0.2).abs() < 1e-6);
    }

    #[test]
    fn a_twentieth_of_val_lies_below_the_threshold() {
        let cosines: Vec<f32> = (0..100).map(|i| i as f32 / 100.0).collect();
        let threshold = threshold(&features(&cosines));
        let below = familiarity(&features(&cosines)).into_iter().filter(|f| *f < threshold);
        assert_eq!(below.count(), 5);
    }
}
