//! The map: principal components of the model vectors, t-SNE, or the direction of an attribute.

mod randomized;

use std::sync::atomic::AtomicBool;

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_linalg::cholesky::SolveC;
use linfa_reduction::Pca;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, concatenate};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::embedder::Embedder;
use crate::error::{Error, Result};
use crate::progress::proceed;

/// Model vectors in two or three dimensions, and how much of their variance that shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Models × components.
    pub coordinates: Array2<f64>,
    /// The share of the total variance of each component, in [0, 1]; zero for t-SNE, which preserves
    /// neighbors and not variance.
    pub shares: Vec<f64>,
    /// From vectors to coordinates, for a linear projection.
    pub linear: Option<Linear>,
}

/// The coordinates of a vector are the vector minus `mean`, times `axes`.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// One number per dimension.
    pub mean: Array1<f64>,
    /// Dimensions × components.
    pub axes: Array2<f64>,
}

impl Linear {
    /// The coordinates of a new vector, and the projection of its covariance.
    #[must_use]
    pub fn place(
        &self,
        vector: ArrayView1<'_, f64>,
        covariance: ArrayView2<'_, f64>,
    ) -> (Array1<f64>, Array2<f64>) {
        let place = (&vector - &self.mean).dot(&self.axes);
        (place, self.axes.t().dot(&covariance.dot(&self.axes)))
    }
}

/// The correlation from which a component falls or rises clearly.
const CLEAR: f64 = 0.2;

/// The sign that makes the largest loading positive.
fn sign(loadings: ArrayView1<'_, f64>) -> f64 {
    let largest = loadings.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()));
    largest.unwrap_or(1.0).signum()
}

/// With more models, principal components come from a randomized method.
const EXACT_PCA: usize = 20_000;
/// The perplexity of t-SNE, if there are enough models for it.
const PERPLEXITY: f64 = 20.0;
/// Maximum number of models: t-SNE of more would take minutes.
const TSNE_MOST: usize = 5000;
/// Iterations of t-SNE between checks for cancellation. Each part computes the neighbors again and restarts
/// the momentum: parts of 100 are slower by two thirds and worse.
const PART: u16 = 250;
/// Number of parts of t-SNE; the first one has early exaggeration. With many models there are fewer, so that
/// [`TSNE_MOST`] take at most half a minute.
const PARTS: usize = 4;
const FEW_PARTS: usize = 2;
const MANY_MODELS: usize = 2000;
/// The seed of the initial positions of t-SNE.
const SEED: u64 = 1;
/// The Barnes-Hut parameter, and the number of models from which it is used.
const ANGLE: f64 = 0.5;
const EXACT: usize = 600;
/// The penalty of the ridge regression that finds a direction, relative to the total variance.
const PENALTY: f64 = 0.03;

impl Projection {
    /// The map of an embedder: the first principal components of its profiles, rising with ability.
    ///
    /// # Errors
    /// As [`Projection::pca`].
    pub fn of(embedder: &Embedder, components: usize) -> Result<Self> {
        Ok(Self::pca(embedder.profiles(), components)?.rising_with(embedder.abilities()))
    }

    /// The same with components turned so that none falls clearly with `values` (one per model): a component
    /// has no sign of its own.
    #[must_use]
    pub fn rising_with(mut self, values: ArrayView1<'_, f32>) -> Self {
        let n = values.len().max(1) as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        for c in 0..self.coordinates.ncols() {
            let mut column = self.coordinates.column_mut(c);
            let (middle, deviation) = (column.mean().unwrap_or_default(), column.std(0.0));
            let together =
                column.iter().zip(values).map(|(x, v)| (x - middle) * (f64::from(*v) - mean));
            let spread = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>();
            let scale = deviation * (n * spread).sqrt();
            if together.sum::<f64>() < -CLEAR * scale {
                column.mapv_inplace(|x| -x);
                if let Some(linear) = &mut self.linear {
                    linear.axes.column_mut(c).mapv_inplace(|x| -x);
                }
            }
        }
        self
    }

    /// Projects `vectors` (models × dimensions) onto their first `components` principal components.
    /// Missing components (with fewer models or dimensions) are zero.
    ///
    /// The sign of a component is fixed: its largest loading is positive. Above 20,000 models, a randomized
    /// method is used.
    ///
    /// # Errors
    /// Fails if the decomposition does not converge.
    pub fn pca(vectors: ArrayView2<'_, f32>, components: usize) -> Result<Self> {
        if vectors.nrows() > EXACT_PCA {
            return randomized::pca(vectors, components);
        }
        let x = vectors.mapv(f64::from);
        let mut coordinates = Array2::zeros((x.nrows(), components));
        let mut shares = vec![0.0; components];
        let total: f64 = x.axis_iter(Axis(1)).map(|column| column.var(0.0)).sum();
        // The solver requires fewer components than the smaller side of the matrix.
        let kept = components.min(x.ncols()).min(x.nrows().saturating_sub(1));
        if kept == 0 || total <= f64::EPSILON {
            return Ok(Self { coordinates, shares, linear: None });
        }
        let mut axes = Array2::zeros((x.ncols(), components));
        let records = DatasetBase::from(x);
        let pca = Pca::params(kept).fit(&records).map_err(|e| {
            Error::Failed(format!("the principal components did not converge: {e}"))
        })?;
        let projected: Array2<f64> = pca.predict(records.records());
        for (c, column) in projected.axis_iter(Axis(1)).enumerate() {
            let loadings = pca.components().row(c);
            let sign = sign(loadings);
            coordinates.column_mut(c).assign(&(&column * sign));
            axes.column_mut(c).assign(&(&loadings * sign));
            // linfa's own ratio is relative to the kept components: this one is relative to the total.
            shares[c] = column.var(0.0) / total;
        }
        let linear = Some(Linear { mean: pca.mean().clone(), axes });
        Ok(Self { coordinates, shares, linear })
    }

    /// t-SNE in two dimensions (van der Maaten 2008, Barnes-Hut): similar models stay close, and distances
    /// between groups have no meaning. Up to 600 models, the same vectors give the same picture; with more,
    /// the approximation is not deterministic.
    ///
    /// # Errors
    /// [`Error::Usage`] for fewer than five or more than 5,000 models; [`Error::Cancelled`], between its
    /// parts; [`Error::Failed`] if the method fails.
    pub fn tsne(vectors: ArrayView2<'_, f32>, cancel: &AtomicBool) -> Result<Self> {
        let n = vectors.nrows();
        if n < 5 || vectors.ncols() < 2 {
            return Err(Error::Usage("t-SNE needs at least five models".into()));
        }
        if n > TSNE_MOST {
            return Err(Error::Usage(format!(
                "t-SNE of {n} models would take minutes: the limit is {TSNE_MOST}"
            )));
        }
        let x = vectors.mapv(f64::from).as_standard_layout().into_owned();
        let perplexity = PERPLEXITY.min((n - 1) as f64 / 3.0 - 1e-9);
        let part = u64::from(PART);
        let angle = if n <= EXACT { 0.0 } else { ANGLE };
        let (mut x, _) = x.into_raw_vec_and_offset();
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let mut start = || -> f64 { StandardNormal.sample(&mut rng) };
        let mut y: Vec<f64> = (0..2 * n).map(|_| 1e-4 * start()).collect();
        // The library cannot be cancelled: it is called for a part at a time.
        for i in 0..if n > MANY_MODELS { FEW_PARTS } else { PARTS } {
            proceed(cancel, "t-SNE")?;
            let early = if i == 0 { part } else { 0 };
            let columns = vectors.ncols();
            bhtsne::run(&mut x, n, columns, &mut y, 2, perplexity, angle, true, part, early, early);
        }
        let coordinates = Array2::from_shape_vec((n, 2), y)
            .map_err(|e| Error::Failed(format!("t-SNE failed: {e}")))?;
        if coordinates.iter().any(|x| !x.is_finite()) {
            return Err(Error::Failed("t-SNE did not converge".into()));
        }
        Ok(Self { coordinates, shares: vec![0.0; 2], linear: None })
    }

    /// The direction that best predicts `target` (ridge regression on the models with a known value), and
    /// orthogonal to it the principal components of the rest. The fit is in-sample: use a probe to evaluate
    /// it.
    ///
    /// # Errors
    /// [`Error::Usage`] if fewer than five models are known or all values are equal.
    pub fn along(
        vectors: ArrayView2<'_, f32>,
        target: &[Option<f64>],
        components: usize,
    ) -> Result<Self> {
        let mut x = vectors.mapv(f64::from);
        let known: Vec<usize> =
            (0..x.nrows()).filter(|m| target.get(*m).is_some_and(Option::is_some)).collect();
        let y: Vec<f64> = known.iter().filter_map(|m| target[*m]).collect();
        let middle = y.iter().sum::<f64>() / y.len().max(1) as f64;
        if known.len() < 5 || y.iter().all(|y| (y - middle).abs() < 1e-12) {
            return Err(Error::Usage(
                "a direction needs five models with known values that are not all equal".into(),
            ));
        }
        let mean = x.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(x.ncols()));
        x -= &mean;
        let total: f64 = x.axis_iter(Axis(1)).map(|column| column.var(0.0)).sum();
        let seen = x.select(Axis(0), &known);
        let mut gram = seen.t().dot(&seen) / known.len() as f64;
        gram.diag_mut().mapv_inplace(|v| v + PENALTY * total.max(1e-12));
        let right = Array2::from_shape_fn((known.len(), 1), |(i, _)| y[i] - middle);
        let direction = gram
            .solvec(&(seen.t().dot(&right) / known.len() as f64))
            .map_err(|e| Error::Failed(format!("the direction could not be found: {e}")))?;
        let length = direction.mapv(|v| v * v).sum().sqrt();
        if length < 1e-12 {
            return Err(Error::Usage("the vectors have no information about it".into()));
        }
        let direction = direction / length;
        let along = x.dot(&direction);
        let rest = &x - &along.dot(&direction.t());
        let across = Self::pca(rest.mapv(|v| v as f32).view(), components.saturating_sub(1))?;
        let left = 1.0 - along.column(0).var(0.0) / total.max(1e-12);
        let mut shares = vec![1.0 - left];
        shares.extend(across.shares.iter().map(|share| share * left));
        let coordinates = concatenate(Axis(1), &[along.view(), across.coordinates.view()])
            .map_err(|e| Error::Failed(e.to_string()))?;
        // The rest of a vector is orthogonal to the direction.
        let linear = across.linear.and_then(|rest| {
            let turned = &rest.axes - &direction.dot(&direction.t().dot(&rest.axes));
            let axes = concatenate(Axis(1), &[direction.view(), turned.view()]).ok()?;
            Some(Linear { mean, axes })
        });
        Ok(Self { coordinates, shares, linear })
    }

    /// The same picture rotated to match `before` as well as possible (orthogonal Procrustes), so that
    /// successive frames of a training do not flip. The variance shares stay with the rotated axes.
    #[must_use]
    pub fn aligned_to(mut self, before: &Self) -> Self {
        if self.coordinates.dim() == before.coordinates.dim()
            && let Some(turn) = procrustes(&self.coordinates, &before.coordinates)
        {
            self.coordinates = self.coordinates.dot(&turn);
            if let Some(linear) = &mut self.linear {
                linear.axes = linear.axes.dot(&turn);
            }
        }
        self
    }
}

/// The orthogonal matrix R that minimises ‖A·R − B‖: the polar factor of `AᵀB`, found by Newton's
/// iteration R ← (R + `R⁻ᵀ`)/2 (Higham 1986). `None` if `AᵀB` is singular.
fn procrustes(a: &Array2<f64>, b: &Array2<f64>) -> Option<Array2<f64>> {
    let mut r = a.t().dot(b);
    for _ in 0..60 {
        let next = (&r + &inverse_transposed(&r)?) / 2.0;
        let change = (&next - &r).mapv(f64::abs).sum();
        r = next;
        if change < 1e-12 {
            break;
        }
    }
    r.iter().all(|x| x.is_finite()).then_some(r)
}

/// The inverse transpose of a 2×2 or 3×3 matrix: its cofactors over its determinant.
fn inverse_transposed(m: &Array2<f64>) -> Option<Array2<f64>> {
    let n = m.nrows();
    let cofactor = |i: usize, j: usize| {
        if n == 2 {
            return m[[1 - i, 1 - j]] * if i == j { 1.0 } else { -1.0 };
        }
        let (i1, i2, j1, j2) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3);
        m[[i1, j1]] * m[[i2, j2]] - m[[i1, j2]] * m[[i2, j1]]
    };
    if !(2..=3).contains(&n) {
        return None;
    }
    let cofactors = Array2::from_shape_fn((n, n), |(i, j)| cofactor(i, j));
    let determinant: f64 = (0..n).map(|j| m[[0, j]] * cofactors[[0, j]]).sum();
    (determinant.abs() > 1e-12).then(|| cofactors / determinant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn components_rise_with_ability_and_keep_placing_new_vectors() {
        let x = Array2::from_shape_fn((40, 4), |(m, d)| ((m * (d + 3)) % 17) as f32);
        let flat = Projection::pca(x.view(), 2).unwrap();
        let falling: Array1<f32> = flat.coordinates.column(0).mapv(|v| -v as f32);
        let turned = flat.clone().rising_with(falling.view());
        assert_eq!(turned.coordinates.column(0), flat.coordinates.column(0).mapv(|v| -v));
        assert_eq!(turned.coordinates.column(1), flat.coordinates.column(1), "unrelated");
        let linear = turned.linear.clone().unwrap();
        let (placed, _) = linear.place(x.mapv(f64::from).row(7), Array2::zeros((4, 4)).view());
        assert!((placed[0] - turned.coordinates[[7, 0]]).abs() < 1e-9);
        assert_eq!(turned.clone().rising_with(falling.view()), turned);
        assert_eq!(
            flat.clone().rising_with(Array1::zeros(40).view()),
            flat,
            "nothing to rise with"
        );
    }

    #[test]
    fn the_first_component_follows_the_longest_direction() {
        let x = Array2::from_shape_fn((40, 5), |(i, j)| {
            let t = i as f32 - 19.5;
            if j == 2 { 3.0 * t } else { (i * (j + 3) % 7) as f32 }
        });
        let projection = Projection::pca(x.view(), 3).unwrap();
        assert!(projection.shares[0] > 0.9, "{:?}", projection.shares);
        assert!(projection.shares.iter().sum::<f64>() <= 1.0 + 1e-9);
        let first = projection.coordinates.column(0);
        assert!(first.windows(2).into_iter().all(|w| w[0] < w[1]), "largest loading is positive");
    }

    #[test]
    fn a_vector_that_is_known_is_placed_where_it_stands() {
        let x = Array2::from_shape_fn((40, 6), |(i, j)| ((i * (j + 3) + j * j) % 11) as f32);
        let target: Vec<Option<f64>> = (0..40).map(|m| Some(f64::from(m % 3))).collect();
        let covariance = Array2::<f64>::eye(6);
        for projection in [
            Projection::pca(x.view(), 3).unwrap(),
            Projection::along(x.view(), &target, 3).unwrap(),
        ] {
            let linear = projection.linear.unwrap();
            let (place, spread) = linear.place(x.row(7).mapv(f64::from).view(), covariance.view());
            let off = &place - &projection.coordinates.row(7);
            assert!(off.iter().all(|d| d.abs() < 1e-4), "{off}");
            assert!(spread.diag().iter().all(|v| (v - 1.0).abs() < 1e-4), "axes have unit length");
        }
    }

    #[test]
    fn too_few_models_or_equal_ones_give_a_point() {
        for x in [Array2::<f32>::zeros((1, 8)), Array2::ones((5, 8)), Array2::zeros((0, 8))] {
            let projection = Projection::pca(x.view(), 2).unwrap();
            assert!(projection.coordinates.iter().all(|v| *v == 0.0));
        }
        let two = array![[0.0_f32, 1.0], [1.0, 0.0]];
        assert!(Projection::pca(two.view(), 2).unwrap().shares[0] > 0.99);
    }

    #[test]
    fn tsne_keeps_groups_apart() {
        let x = Array2::from_shape_fn((40, 6), |(m, d)| {
            let noise = ((m * 7 + d * 5) % 9) as f32 / 9.0;
            if d < 3 && m % 2 == 0 { 8.0 + noise } else { noise }
        });
        let projection = Projection::tsne(x.view(), &AtomicBool::new(false)).unwrap();
        assert_eq!(projection, Projection::tsne(x.view(), &AtomicBool::new(false)).unwrap());
        let at = |m: usize| projection.coordinates.row(m).to_owned();
        let far = |a: usize, b: usize| (at(a) - at(b)).mapv(|v| v * v).sum().sqrt();
        let pairs = |same: bool| {
            let each = (0..40).flat_map(|a| (0..a).map(move |b| (a, b)));
            let each: Vec<f64> =
                each.filter(|(a, b)| (a % 2 == b % 2) == same).map(|(a, b)| far(a, b)).collect();
            each.iter().sum::<f64>() / each.len() as f64
        };
        assert!(pairs(false) > 1.5 * pairs(true));
        let err = |x: ArrayView2<'_, f32>, cancelled: bool| {
            Projection::tsne(x, &AtomicBool::new(cancelled)).unwrap_err().to_string()
        };
        assert!(err(x.slice(ndarray::s![..3, ..]), false).contains("at least five"));
        let many = Array2::zeros((TSNE_MOST + 1, 2));
        assert!(err(many.view(), false).contains("the limit is"));
        assert!(err(x.view(), true).contains("cancelled"));
    }

    #[test]
    fn a_direction_orders_what_it_was_fitted_on() {
        let x = Array2::from_shape_fn((60, 5), |(m, d)| {
            let noise = ((m * 11 + d * 17) % 13) as f32;
            if d == 3 { (m % 2) as f32 * 3.0 + noise * 0.01 } else { noise }
        });
        let target: Vec<Option<f64>> =
            (0..60).map(|m| (m % 7 != 0).then_some(f64::from(m % 2))).collect();
        let projection = Projection::along(x.view(), &target, 3).unwrap();
        assert_eq!(projection.coordinates.dim(), (60, 3));
        let along = projection.coordinates.column(0);
        let lowest_of_ones =
            (0..60).filter(|m| m % 2 == 1).map(|m| along[m]).fold(f64::MAX, f64::min);
        let highest_of_zeros =
            (0..60).filter(|m| m % 2 == 0).map(|m| along[m]).fold(f64::MIN, f64::max);
        assert!(lowest_of_ones > highest_of_zeros, "unknown models are placed too");
        assert!(projection.shares.iter().sum::<f64>() <= 1.0 + 1e-9);
        assert!(Projection::along(x.view(), &vec![Some(1.0); 60], 3).is_err());
    }

    #[test]
    fn alignment_undoes_a_rotation_and_a_flip() {
        let before = Projection {
            coordinates: Array2::from_shape_fn((9, 3), |(i, j)| ((i * 5 + j * 3) % 7) as f64 - 3.0),
            shares: vec![0.5, 0.3, 0.1],
            linear: None,
        };
        let (s, c) = 2.1_f64.sin_cos();
        let turn = array![[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, -1.0]];
        let turned = Projection { coordinates: before.coordinates.dot(&turn), ..before.clone() };
        let back = turned.aligned_to(&before);
        assert!((back.coordinates - before.coordinates).iter().all(|d| d.abs() < 1e-9));
    }
}
