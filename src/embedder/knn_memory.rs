//! The k-NN memory: summaries of the training questions, retrieved by text similarity.
//!
//! Low-rank models generalize badly far from their training questions, nearest neighbors do not (arXiv
//! 2505.12601). The memory gives the networks what neighbors know: for a new question, the response summaries
//! of the nearest training questions, averaged by similarity.

use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use super::index::Index;
use super::residuals::SUMMARY;
use crate::dataset::Dataset;
use crate::quantized::rounded;

/// Size of a retrieval: the averaged summary, and the similarity of the nearest questions.
pub(super) const RECALL: usize = SUMMARY + 2;

/// Number of neighbors to average.
pub(super) const NEIGHBORS: usize = 60;
/// Number of neighbors whose mean similarity is the familiarity of a question.
const FAMILIAR: usize = 20;
/// Softmax temperature of the similarity.
const TEMPERATURE: f32 = 0.05;
/// Maximum number of stored questions; of more, an evenly spaced sample.
const CAPACITY: usize = 24_000;

/// Placeholder if fewer questions are stored than requested.
pub(super) const NOTHING: u32 = u32::MAX;

/// Retrieved neighbors of some questions.
pub(super) struct Retrieved {
    /// Questions × [`RECALL`].
    pub(super) inputs: Array2<f32>,
    /// The benchmarks of the nearest stored questions, one row each; [`NOTHING`] at the end.
    pub(super) like: Array2<u32>,
    /// The cosines of those questions, highest first.
    pub(super) cosines: Array2<f32>,
}

/// Training questions, stored by vector.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memory {
    /// The index of the encoded texts, of unit length.
    pub(super) index: Index,
    /// Questions × [`SUMMARY`].
    pub(super) summaries: Array2<f32>,
    /// The benchmark of each question.
    pub(super) benchmarks: Vec<u32>,
}

impl Memory {
    /// The positions of the questions that a memory stores.
    pub(super) fn kept(questions: usize) -> Vec<usize> {
        let kept = questions.min(CAPACITY);
        (0..kept).map(|i| i * questions / kept).collect()
    }

    /// Stores questions of `questions`, whose encoded texts are the rows of `keys`, with the summaries of the
    /// responses (of all `questions`). Returns the positions of the stored questions, in their order.
    pub(super) fn fit(
        data: &Dataset,
        questions: &[usize],
        keys: &Array2<f32>,
        summaries: &Array2<f32>,
    ) -> (Self, Vec<usize>) {
        let kept = Self::kept(questions.len());
        let (index, order) = Index::fit(keys);
        let kept: Vec<usize> = order.into_iter().map(|i| kept[i]).collect();
        let benchmarks = kept.iter().map(|&i| data.questions[questions[i]].category).collect();
        let summaries = rounded(&summaries.select(Axis(0), &kept));
        (Self { index, summaries, benchmarks }, kept)
    }

    /// Retrieves neighbors for each row of `queries`. `forbidden(row, stored)` hides a question and its
    /// copies from its own retrieval in training.
    pub(super) fn retrieve(
        &self,
        queries: ArrayView2<'_, f32>,
        forbidden: impl Fn(usize, usize) -> bool + Sync,
    ) -> Retrieved {
        let mut out = Array2::zeros((queries.nrows(), RECALL));
        let mut like = Array2::from_elem((queries.nrows(), NEIGHBORS), NOTHING);
        let mut cosines = Array2::zeros(like.dim());
        let found = self.index.nearest(queries, NEIGHBORS, forbidden);
        let rows = out.axis_iter_mut(Axis(0)).into_par_iter();
        let rows = rows.zip(like.axis_iter_mut(Axis(0))).zip(cosines.axis_iter_mut(Axis(0)));
        rows.zip(&found).for_each(|(((mut out, mut like), mut cosines), near)| {
            self.average(near, out.slice_mut(s![..SUMMARY]));
            out[SUMMARY] = near.first().map_or(0.0, |(_, similarity)| *similarity);
            let familiar = &near[..near.len().min(FAMILIAR)];
            out[SUMMARY + 1] = familiar.iter().map(|(_, similarity)| similarity).sum::<f32>()
                / familiar.len().max(1) as f32;
            for (place, &(j, cosine)) in near.iter().enumerate() {
                like[place] = self.benchmarks[j];
                // A rounded key may be slightly longer than 1.
                cosines[place] = cosine.min(1.0);
            }
        });
        Retrieved { inputs: out, like, cosines }
    }

    fn average(&self, near: &[(usize, f32)], mut out: ndarray::ArrayViewMut1<'_, f32>) {
        let Some(&(_, nearest)) = near.first() else { return };
        let mut total = 0.0;
        for &(j, similarity) in near {
            let weight = ((similarity - nearest) / TEMPERATURE).exp();
            out.scaled_add(weight, &self.summaries.row(j));
            total += weight;
        }
        out /= total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn memory() -> Memory {
        Memory {
            index: Index::fit(&array![[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]).0,
            summaries: Array2::from_shape_fn((3, SUMMARY), |(i, _)| i as f32),
            benchmarks: vec![0, 0, 1],
        }
    }

    #[test]
    fn the_nearest_question_decides_and_may_be_hidden() {
        let query = array![[1.0_f32, 0.0]];
        let open = memory().retrieve(query.view(), |_, _| false);
        assert_eq!(open.like.row(0).to_vec()[..3], [0, 0, 1]);
        assert!(
            (open.cosines[[0, 0]] - 1.0).abs() < 1e-6 && (open.cosines[[0, 1]] - 0.8).abs() < 4e-3
        );
        let open = open.inputs;
        assert!(open[[0, 0]] < 0.1 && (open[[0, SUMMARY]] - 1.0).abs() < 1e-4);
        let hidden = memory().retrieve(query.view(), |_, j| j == 0);
        assert_eq!(hidden.like.row(0).to_vec()[..3], [0, 1, NOTHING]);
        let hidden = hidden.inputs;
        assert!(hidden[[0, 0]] > 0.9 && (hidden[[0, SUMMARY]] - 0.8).abs() < 4e-3);
    }

    #[test]
    fn an_empty_memory_recalls_nothing() {
        let none = memory().retrieve(array![[1.0_f32, 0.0]].view(), |_, _| true);
        assert!(none.inputs.iter().all(|x| *x == 0.0) && none.like.iter().all(|b| *b == NOTHING));
    }
}
