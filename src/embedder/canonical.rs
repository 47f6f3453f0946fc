//! One of the many equal forms of a trained embedder: the one whose geometry means something.
//!
//! v·z is unchanged when v is multiplied by a matrix and z by its inverse. Here z is whitened over
//! the training questions, so that the squared distance of two model vectors is the variance, over
//! questions, of the difference of their logits: distances and principal components are in logits.

use linfa_linalg::eigh::Eigh;
use ndarray::{Array1, Array2, Axis, s};

use super::network::Weights;
use crate::error::{Error, Result};

/// Brings `weights` into that form, given the projected questions (questions × (dim + 1)). Logits
/// stay what they were, up to rounding.
pub(super) fn canonical(mut weights: Weights, projected: &Array2<f32>) -> Result<Weights> {
    let dim = weights.vectors.ncols();
    let z = projected.slice(s![.., ..dim]).mapv(f64::from);
    let mean = z.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(dim));
    let centred = z - &mean;
    let covariance = centred.t().dot(&centred) / centred.nrows().max(1) as f64;
    let (values, turn) = covariance
        .eigh()
        .map_err(|e| Error::Failed(format!("the vectors could not be put in order: {e}")))?;
    let largest = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let scale = values.mapv(|v| v.max(1e-8 * largest).sqrt());

    let vectors = weights.vectors.mapv(f64::from);
    weights.ability = &weights.ability + &vectors.dot(&mean).mapv(|x| x as f32);
    weights.vectors = (vectors.dot(&turn) * &scale).mapv(|x| x as f32);
    let whiten = &turn / &scale;
    let weight = weights.out.weight.slice(s![.., ..dim]).mapv(f64::from).dot(&whiten);
    let bias = (weights.out.bias.slice(s![..dim]).mapv(f64::from) - &mean).dot(&whiten);
    weights.out.weight.slice_mut(s![.., ..dim]).assign(&weight.mapv(|x| x as f32));
    weights.out.bias.slice_mut(s![..dim]).assign(&bias.mapv(|x| x as f32));
    Ok(weights)
}
