//! How well each model is known: the spread of its vector given its responses.

use linfa_linalg::cholesky::InverseC;
use ndarray::{Array1, Array2, Axis, s};
use rayon::prelude::*;

use super::network::Weights;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::logit::sigmoid;

/// Responses of a model that are counted; of more, every n-th, which then count n times.
const COUNTED: usize = 4096;

/// Models × (1 + dimensions), ability first: the standard deviation of each number of a vector, by
/// Laplace's approximation of a logistic regression on the projected questions (questions ×
/// (1 + dimensions), the last the question's own term), each an evidence of p(1 − p)·x·xᵀ. The prior
/// of a number is as wide as the models' vectors are.
pub(super) fn deviations(
    weights: &Weights,
    projected: &Array2<f32>,
    data: &Dataset,
    train: &[usize],
) -> Result<Array2<f32>> {
    let vectors = weights.model_vectors();
    let dim = vectors.ncols();
    let prior = vectors.map_axis(Axis(0), |column| {
        let square = column.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        (square / column.len().max(1) as f64 + 1e-6).recip()
    });
    let mut asked = vec![Vec::new(); vectors.nrows()];
    for (row, &q) in train.iter().enumerate() {
        data.responses.of(q).for_each(|(m, _)| asked[m].push(row));
    }
    let rows: Vec<Array1<f32>> = asked
        .par_iter()
        .enumerate()
        .map(|(m, asked)| {
            let step = asked.len().div_ceil(COUNTED).max(1);
            let asked: Vec<usize> = asked.iter().copied().step_by(step).collect();
            let mut x = Array2::ones((asked.len(), dim));
            let special = projected.select(Axis(0), &asked);
            x.slice_mut(s![.., 1..]).assign(&special.slice(s![.., ..dim - 1]).mapv(f64::from));
            let logits =
                x.dot(&vectors.row(m).mapv(f64::from)) + special.column(dim - 1).mapv(f64::from);
            let weight = logits.mapv(|l| {
                let p = sigmoid(l);
                step as f64 * p * (1.0 - p)
            });
            let weighted = &x * &weight.insert_axis(Axis(1));
            let precision = x.t().dot(&weighted) + Array2::from_diag(&prior);
            let precision = (&precision + &precision.t()) / 2.0;
            precision.invc().map(|covariance| covariance.diag().mapv(|v| v.max(0.0).sqrt() as f32))
        })
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| {
            Error::Failed(format!("how well the models are known is not to be told: {e}"))
        })?;
    let mut out = Array2::zeros(vectors.dim());
    out.rows_mut().into_iter().zip(rows).for_each(|(mut out, row)| out.assign(&row));
    Ok(out)
}
