//! Randomized truncated SVD of a sparse matrix.

use linfa_linalg::eigh::Eigh;
use ndarray::{Array2, Axis, s};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::kernels::gather;

/// A sparse matrix in compressed row format.
pub(super) struct Sparse<'a> {
    columns: usize,
    rows: &'a [Vec<(u32, f32)>],
}

impl<'a> Sparse<'a> {
    pub(super) fn new(columns: usize, rows: &'a [Vec<(u32, f32)>]) -> Self {
        Self { columns, rows }
    }

    /// The rows of the transposed matrix.
    fn transposed(&self) -> Vec<Vec<(u32, f32)>> {
        let mut rows = vec![Vec::new(); self.columns];
        for (i, row) in self.rows.iter().enumerate() {
            for &(j, value) in row {
                rows[j as usize].push((i as u32, value));
            }
        }
        rows
    }

    fn dot(&self, dense: &Array2<f32>) -> Array2<f32> {
        let mut out = Array2::zeros((self.rows.len(), dense.ncols()));
        let dense = dense.as_standard_layout();
        let table = dense.as_slice().unwrap_or_default();
        out.axis_iter_mut(Axis(0)).into_par_iter().zip(self.rows).for_each(|(mut out, row)| {
            gather(out.as_slice_mut().unwrap_or_default(), row, table);
        });
        out
    }
}

/// The first `k` right singular vectors of `a` as columns (columns of `a` × `k`), by subspace
/// iteration from a random start (Halko, Martinsson and Tropp 2011, algorithm 4.4). Columns beyond
/// the rank of `a` are zero.
pub(super) fn right_singular_vectors(a: &Sparse<'_>, k: usize, seed: u64) -> Result<Array2<f32>> {
    const OVERSAMPLE: usize = 10;
    const ITERATIONS: usize = 2;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let width = (k + OVERSAMPLE).min(a.columns);
    let start =
        Array2::from_shape_simple_fn((a.columns, width), || StandardNormal.sample(&mut rng));
    let rows = a.transposed();
    let transposed = Sparse::new(a.rows.len(), &rows);
    let mut basis = orthonormal(&a.dot(&start))?;
    for _ in 0..ITERATIONS {
        let back = orthonormal(&transposed.dot(&basis))?;
        basis = orthonormal(&a.dot(&back))?;
    }
    // B = QᵀA is small; its right singular vectors are Bᵀu/σ.
    let b = transposed.dot(&basis);
    let v = orthonormal(&b)?;
    let mut out = Array2::zeros((a.columns, k));
    let kept = k.min(v.ncols());
    out.slice_mut(s![.., ..kept]).assign(&v.slice(s![.., ..kept]));
    Ok(out)
}

/// An orthonormal basis of the columns of `y`, by descending variance: `y`·U·Λ^-½ from the eigenvectors of
/// `yᵀy`. Directions without variance become zero columns.
fn orthonormal(y: &Array2<f32>) -> Result<Array2<f32>> {
    let gram = y
        .axis_chunks_iter(Axis(0), 1024)
        .into_par_iter()
        .map(|chunk| chunk.t().dot(&chunk).mapv(f64::from))
        .collect::<Vec<_>>()
        .into_iter()
        .reduce(|a, b| a + b)
        .unwrap_or_else(|| Array2::zeros((y.ncols(), y.ncols())));
    let (values, vectors) =
        gram.eigh().map_err(|e| Error::Failed(format!("the encoder could not be fitted: {e}")))?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let largest = order.first().map_or(0.0, |&i| values[i]).max(f64::MIN_POSITIVE);
    let mut turn = vectors.select(Axis(1), &order);
    for (mut column, &i) in turn.axis_iter_mut(Axis(1)).zip(&order) {
        let scale = if values[i] > largest * 1e-9 { values[i].sqrt().recip() } else { 0.0 };
        column *= scale;
    }
    let turn = turn.mapv(|x| x as f32);
    let mut out = Array2::zeros(y.dim());
    out.axis_chunks_iter_mut(Axis(0), 1024)
        .into_par_iter()
        .zip(y.axis_chunks_iter(Axis(0), 1024))
        .for_each(|(mut out, chunk)| out.assign(&chunk.dot(&turn)));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_rank_matrix_is_recovered() {
        // Rank 3: rows are combinations of three fixed sparse patterns.
        let pattern = |r: usize, j: usize| if j % 7 == r { (1 + j % 3) as f32 } else { 0.0 };
        let rows: Vec<Vec<(u32, f32)>> = (0..200_usize)
            .map(|i| {
                let value = |j: usize| {
                    (0..3).map(|r| ((i * (r + 2)) % 11) as f32 * pattern(r, j)).sum::<f32>()
                };
                (0..60).map(|j| (j as u32, value(j))).filter(|(_, v)| *v != 0.0).collect()
            })
            .collect();
        let a = Sparse::new(60, &rows);
        let v = right_singular_vectors(&a, 5, 1).unwrap();
        let back = a.dot(&v).dot(&v.t());
        for (row, sparse) in back.rows().into_iter().zip(a.rows) {
            for &(j, value) in sparse {
                assert!((row[j as usize] - value).abs() < 1e-2);
            }
        }
        assert!(v.column(4).iter().all(|x| x.abs() < 1e-6), "beyond the rank is zero");
    }
}
