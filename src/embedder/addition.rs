//! A new model, ready to be added to an embedder.

use ndarray::{Array1, Array2, ArrayView1};

use super::benchmark::Score;

/// The parts of a [`Placement`](super::Placement) that an embedder stores.
#[derive(Clone, Debug)]
pub struct Addition {
    pub(super) name: String,
    pub(super) vector: Array1<f32>,
    pub(super) deviations: Array1<f32>,
    pub(super) levels: Array1<f32>,
    pub(super) level_deviations: Array1<f32>,
    pub(super) specialities: Array1<f32>,
    pub(super) rasch: f32,
    /// The number of questions shared with each of the embedder's models.
    pub(super) shared: Vec<u32>,
    pub(super) scores: Vec<Option<Score>>,
}

/// Rows as a matrix, in single precision.
pub(super) fn rows<'a, T: Copy + Into<f64> + 'a>(
    width: usize,
    rows: impl ExactSizeIterator<Item = ArrayView1<'a, T>>,
) -> Array2<f32> {
    let mut out = Array2::zeros((rows.len(), width));
    for (mut out, row) in out.rows_mut().into_iter().zip(rows) {
        out.zip_mut_with(&row, |out, x| *out = (*x).into() as f32);
    }
    out
}
