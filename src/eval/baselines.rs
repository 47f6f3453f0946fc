//! Baselines: predictors that need almost no training.

use std::collections::BTreeMap;

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use crate::dataset::Dataset;
use crate::embedder::{Rasch, model_means};

/// Neighbors of the k-NN baseline, as in the paper.
const K: usize = 131;
/// Shrinkage of a model's mean in a category towards its overall mean, in responses.
const SHRINK: f64 = 2.0;
/// Baseline probabilities are clamped this far from 0 and 1.
const EDGE: f64 = 0.005;

/// A prediction for some questions: questions × models.
type Prediction = Array2<f32>;

/// All baselines fitted on the questions `train`, predicting `questions` (indices into `data`), by name.
/// `known` and `asked` are the encoded texts of both, of unit length.
#[must_use]
pub fn all(
    data: &Dataset,
    train: &[usize],
    questions: &[usize],
    known: &Array2<f32>,
    asked: &Array2<f32>,
) -> BTreeMap<&'static str, Prediction> {
    let means = model_means(data, train);
    let same = |row: &[f64]| {
        Array2::from_shape_fn((questions.len(), row.len()), |(_, m)| kept_off_edges(row[m]))
    };
    BTreeMap::from([
        ("model-mean", same(&means)),
        ("ability", same(&Rasch::fit(data, train).means())),
        ("category-mean", category_mean(data, train, &means, questions)),
        ("knn", knn(data, train, &means, known, asked)),
    ])
}

fn kept_off_edges(p: f64) -> f32 {
    p.clamp(EDGE, 1.0 - EDGE) as f32
}

/// The training mean per model and category, shrunk towards the model's mean; the category is given.
fn category_mean(
    data: &Dataset,
    train: &[usize],
    means: &[f64],
    questions: &[usize],
) -> Prediction {
    let shape = (data.categories.len(), data.models.len());
    let mut sums = Array2::from_elem(shape, (0.0, 0.0));
    for &q in train {
        let category = data.questions[q].category as usize;
        for (m, y) in data.responses.of(q) {
            let (right, all) = &mut sums[[category, m]];
            *right += f64::from(y);
            *all += 1.0;
        }
    }
    Array2::from_shape_fn((questions.len(), data.models.len()), |(i, m)| {
        let (right, all) = sums[[data.questions[questions[i]].category as usize, m]];
        kept_off_edges((right + SHRINK * means[m]) / (all + SHRINK))
    })
}

/// The mean label of each model on the [`K`] of its own training questions nearest by cosine; the mean of the
/// model if there are none.
fn knn(
    data: &Dataset,
    train: &[usize],
    means: &[f64],
    known: &Array2<f32>,
    asked: &Array2<f32>,
) -> Prediction {
    const BLOCK: usize = 128;
    let mut answered = vec![0_usize; data.models.len()];
    for &q in train {
        for (m, _) in data.responses.of(q) {
            answered[m] += 1;
        }
    }
    let mut out = Array2::zeros((asked.nrows(), data.models.len()));
    let blocks = out.axis_chunks_iter_mut(Axis(0), BLOCK).into_par_iter();
    blocks.zip(asked.axis_chunks_iter(Axis(0), BLOCK)).for_each(|(mut out, asked)| {
        let similarity = asked.dot(&known.t());
        for (mut out, similarity) in out.rows_mut().into_iter().zip(similarity.rows()) {
            let mut order: Vec<usize> = (0..train.len()).collect();
            order
                .sort_unstable_by(|&a, &b| similarity[b].total_cmp(&similarity[a]).then(a.cmp(&b)));
            let mut sums = vec![(0.0, 0_usize); data.models.len()];
            let mut open: usize = answered.iter().map(|n| usize::from(*n > 0)).sum();
            for &i in &order {
                for (m, y) in data.responses.of(train[i]) {
                    if sums[m].1 < K {
                        sums[m].0 += f64::from(y);
                        sums[m].1 += 1;
                        open -= usize::from(sums[m].1 == K.min(answered[m]));
                    }
                }
                if open == 0 {
                    break;
                }
            }
            for (m, (right, n)) in sums.into_iter().enumerate() {
                let p = if n > 0 { right / n as f64 } else { means[m] };
                out[m] = kept_off_edges(p);
            }
        }
    });
    out
}
