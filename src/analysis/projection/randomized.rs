//! Principal components of very many models, without a copy of their vectors.
//!
//! The leading directions of a random sample of the models, a few more than needed, span a space that nearly
//! contains those of all models. Within it the components of all models are exact (Rayleigh and Ritz): a
//! first pass over all vectors adds what is missing from the space (subspace iteration; Halko, Martinsson and
//! Tropp 2011), a second one finds the components, and a third one projects the models.

use linfa_linalg::eigh::Eigh;
use linfa_linalg::qr::QR;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Linear, Projection, SEED, sign};
use crate::error::{Error, Result};

/// Size of the sample.
const SAMPLE: usize = 8192;
/// Additional directions (oversampling).
const MORE: usize = 10;
/// Models per block, which stay in the CPU cache, computed in single precision; sums are in double precision.
const BLOCK: usize = 1024;

/// As [`Projection::pca`], for more models than directions.
pub(super) fn pca(vectors: ArrayView2<'_, f32>, components: usize) -> Result<Projection> {
    let failed =
        |e: linfa_linalg::LinalgError| Error::Failed(format!("no principal components: {e}"));
    let (models, dim) = vectors.dim();
    let kept = components.min(dim);
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut drawn = rand::seq::index::sample(&mut rng, models, SAMPLE.min(models)).into_vec();
    drawn.sort_unstable();
    let sample = vectors.select(Axis(0), &drawn);
    let center = sample.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(dim));
    let sample = sample - &center;
    let gram = sample.t().dot(&sample).mapv(f64::from);
    let space = leading(&gram, (kept + MORE).min(dim)).map_err(failed)?;

    // Covariance times space adds what the sample has missed; also the sums and the sum of squares.
    let narrow = space.mapv(|x| x as f32);
    let width = space.ncols();
    let all = sums(vectors, (dim + 1, width + 1), |block| {
        let centered = &block - &center;
        let mut all = Array2::zeros((dim + 1, width + 1));
        all.slice_mut(s![..dim, ..width]).assign(&centered.t().dot(&centered.dot(&narrow)));
        all.slice_mut(s![..dim, width]).assign(&centered.sum_axis(Axis(0)));
        let squares = centered.rows().into_iter().map(|row| row.dot(&row));
        all[[dim, width]] = squares.sum();
        all
    });
    let off = all.slice(s![..dim, width]).mapv(|x| x / models as f64);
    let mean = center.mapv(f64::from) + &off;
    let total = all[[dim, width]] / models as f64 - off.dot(&off);
    let mut coordinates = Array2::zeros((models, components));
    let mut shares = vec![0.0; components];
    if kept == 0 || total <= f64::EPSILON {
        return Ok(Projection { coordinates, shares, linear: None });
    }
    let narrow_mean = mean.mapv(|x| x as f32);
    let (space, _) = all.slice(s![..dim, ..width]).to_owned().qr().map_err(failed)?.into_decomp();

    let narrow = space.mapv(|x| x as f32);
    let inner = sums(vectors, (width, width), |block| {
        let at = (&block - &narrow_mean).dot(&narrow);
        at.t().dot(&at)
    });
    let mut axes = Array2::zeros((dim, components));
    let found = space.dot(&leading(&inner, kept).map_err(failed)?);
    for (mut axis, found) in axes.columns_mut().into_iter().zip(found.columns()) {
        axis.assign(&(&found * sign(found)));
    }
    let narrow = axes.mapv(|x| x as f32);
    let blocks = coordinates.axis_chunks_iter_mut(Axis(0), BLOCK).into_par_iter();
    blocks.zip(vectors.axis_chunks_iter(Axis(0), BLOCK)).for_each(|(mut out, block)| {
        out.assign(&(&block - &narrow_mean).dot(&narrow).mapv(f64::from));
    });
    for (share, column) in shares.iter_mut().zip(coordinates.columns()) {
        *share = column.dot(&column) / models as f64 / total;
    }
    Ok(Projection { coordinates, shares, linear: Some(Linear { mean, axes }) })
}

/// The sum of `of` over blocks of the vectors, always in the same order.
fn sums(
    vectors: ArrayView2<'_, f32>,
    dim: (usize, usize),
    of: impl Fn(ArrayView2<'_, f32>) -> Array2<f32> + Sync + Send,
) -> Array2<f64> {
    let blocks = vectors.axis_chunks_iter(Axis(0), BLOCK).into_par_iter();
    let blocks: Vec<Array2<f32>> = blocks.map(of).collect();
    blocks.into_iter().fold(Array2::zeros(dim), |mut sum, block| {
        sum.zip_mut_with(&block, |sum, x| *sum += f64::from(*x));
        sum
    })
}

/// The eigenvectors of the largest eigenvalues of a symmetric matrix, largest first.
fn leading(
    matrix: &Array2<f64>,
    count: usize,
) -> std::result::Result<Array2<f64>, linfa_linalg::LinalgError> {
    let symmetric = (matrix + &matrix.t()) / 2.0;
    let (values, vectors) = symmetric.eigh()?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    order.truncate(count);
    Ok(vectors.select(Axis(1), &order))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn the_randomized_components_are_those_of_the_exact_method() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        let turn = Array2::from_shape_simple_fn((30, 30), &mut normal);
        let x = Array2::from_shape_fn((12_000, 30), |(_, d)| normal() / (1.0 + d as f32))
            .dot(&turn)
            + 3.0;
        let exact = Projection::pca(x.view(), 4).unwrap();
        let found = pca(x.view(), 4).unwrap();
        assert_eq!(found, pca(x.view(), 4).unwrap(), "the same each time");
        let (a, b) = (&exact.linear.as_ref().unwrap(), &found.linear.as_ref().unwrap());
        // The cosine of the largest angle between the two spaces is the smallest singular value.
        let between = a.axes.t().dot(&b.axes);
        let (values, _) = between.t().dot(&between).eigh().unwrap();
        let least = values.iter().copied().fold(f64::MAX, f64::min).sqrt();
        assert!(least > 1.0 - 1e-5, "{least}");
        for c in 0..4 {
            assert!((exact.shares[c] - found.shares[c]).abs() < 1e-4);
            assert!(a.axes.column(c).dot(&b.axes.column(c)) > 0.999, "signs agree too");
        }
        assert!((&exact.coordinates - &found.coordinates).iter().all(|d| d.abs() < 0.05));
        let zeros = Array2::zeros((10, 3));
        assert!(pca(zeros.view(), 2).unwrap().linear.is_none());
    }
}
