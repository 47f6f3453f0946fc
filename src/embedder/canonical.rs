//! One of the many equal forms of a trained embedder: the one whose geometry means something.
//!
//! v·z is unchanged when v is multiplied by a matrix and z by its inverse, and a term that all
//! models share may stand with the question. Here z is centred and white over the training
//! questions, the mean of the model vectors is the origin, and their dimensions are in order of
//! variance. Then the squared distance of two vectors (ability first) is the mean squared
//! difference of their logits over the training questions, and a question's own term is the logit
//! of the average model.

use linfa_linalg::eigh::Eigh;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use super::network::Weights;
use crate::error::{Error, Result};

/// Brings `weights` into that form, given the projected questions (questions × (dim + 1)). Logits
/// stay what they were, up to rounding.
pub(super) fn canonical(mut weights: Weights, projected: &Array2<f32>) -> Result<Weights> {
    let dim = weights.vectors.ncols();
    let z = projected.slice(s![.., ..dim]).mapv(f64::from);
    let mean = column_means(z.view());
    let (values, turn) = ordered_eigen(&(z - &mean))?;
    let largest = values.first().copied().unwrap_or_default().max(f64::MIN_POSITIVE);
    let scale = values.mapv(|v| v.max(1e-8 * largest).sqrt());

    let vectors = weights.vectors.mapv(f64::from);
    // What z has in its mean is part of each model's term.
    let ability = weights.ability.mapv(f64::from) + vectors.dot(&mean);
    let vectors = vectors.dot(&turn) * &scale;
    let average = column_means(vectors.view());
    let (vectors, average_ability) = (vectors - &average, ability.mean().unwrap_or_default());
    let (_, order) = ordered_eigen(&vectors)?;

    let whiten = &turn / &scale;
    let out = weights.out.weight.mapv(f64::from);
    let bias = weights.out.bias.mapv(f64::from);
    let (z_weight, z_bias) =
        (out.slice(s![.., ..dim]).dot(&whiten), (&bias.slice(s![..dim]) - &mean).dot(&whiten));
    // What the average model makes of a question is part of the question's term.
    let ease_weight = &out.column(dim) + &z_weight.dot(&average);
    let ease_bias = bias[dim] + z_bias.dot(&average) + average_ability;

    let narrow = |x: f64| x as f32;
    weights.ability = (ability - average_ability).mapv(narrow);
    weights.vectors = vectors.dot(&order).mapv(narrow);
    weights.out.weight.slice_mut(s![.., ..dim]).assign(&z_weight.dot(&order).mapv(narrow));
    weights.out.weight.column_mut(dim).assign(&ease_weight.mapv(narrow));
    weights.out.bias.slice_mut(s![..dim]).assign(&z_bias.dot(&order).mapv(narrow));
    weights.out.bias[dim] = ease_bias as f32;
    Ok(weights)
}

fn column_means(x: ArrayView2<'_, f64>) -> Array1<f64> {
    x.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(x.ncols()))
}

/// Eigenvalues, largest first, and eigenvectors (columns) of the covariance of centred rows. The
/// sign of a vector is fixed: its largest entry is positive.
fn ordered_eigen(centred: &Array2<f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    let covariance = centred.t().dot(centred) / centred.nrows().max(1) as f64;
    let (values, vectors) = covariance
        .eigh()
        .map_err(|e| Error::Failed(format!("the vectors could not be put in order: {e}")))?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let mut vectors = vectors.select(Axis(1), &order);
    for mut column in vectors.columns_mut() {
        let largest = column.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()));
        column *= largest.unwrap_or(1.0).signum();
    }
    Ok((values.select(Axis(0), &order), vectors))
}

#[cfg(test)]
mod tests {
    use super::super::network::Layer;
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn distances_are_differences_of_logits_and_predictions_stay() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut random = |rows, columns| -> Array2<f32> {
            Array2::from_shape_simple_fn((rows, columns), || StandardNormal.sample(&mut rng))
        };
        let (hidden, dim, models) = (12, 5, 9);
        let layer = |weight: Array2<f32>| Layer { bias: weight.row(0).to_owned(), weight };
        let weights = Weights {
            first: layer(random(3, hidden)),
            second: layer(random(hidden, hidden)),
            out: layer(random(hidden, dim + 1)),
            vectors: random(models, dim),
            ability: random(1, models).row(0).to_owned(),
            fallback: Array1::zeros(models),
        };
        let activations = random(4000, hidden);
        let project = |w: &Weights| activations.dot(&w.out.weight) + &w.out.bias;
        let logits = |w: &Weights| {
            let projected = project(w);
            let z = projected.slice(s![.., ..dim]);
            z.dot(&w.vectors.t()) + &w.ability + projected.slice(s![.., dim..])
        };
        let formed = canonical(weights.clone(), &project(&weights)).unwrap();
        let (before, after) = (logits(&weights), logits(&formed));
        assert!((&before - &after).iter().all(|d| d.abs() < 1e-3));
        let difference = &after.column(2) - &after.column(7);
        let expected = difference.mapv(|d| d * d).mean().unwrap();
        let apart = &formed.vectors.row(2) - &formed.vectors.row(7);
        let found = apart.dot(&apart) + (formed.ability[2] - formed.ability[7]).powi(2);
        assert!((expected - found).abs() < 1e-2 * expected, "{expected} {found}");
        assert!(formed.vectors.mean_axis(Axis(0)).unwrap().iter().all(|m| m.abs() < 1e-4));
    }
}
