//! The map: principal components of the model vectors.

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_reduction::Pca;
use ndarray::{Array2, ArrayView2, Axis};

use crate::error::{Error, Result};

/// Model vectors in the plane or in space, and how much of them that shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Models × components.
    pub coordinates: Array2<f64>,
    /// The share of the total variance that each component shows, in [0, 1].
    pub shares: Vec<f64>,
}

impl Projection {
    /// Projects `vectors` (models × dimensions) onto their first `components` principal components.
    /// Components that the data does not have (fewer models or dimensions) are zero.
    ///
    /// The sign of a component is fixed: its largest loading is positive.
    ///
    /// # Errors
    /// Fails if the decomposition does not converge.
    pub fn pca(vectors: ArrayView2<'_, f32>, components: usize) -> Result<Self> {
        let x = vectors.mapv(f64::from);
        let mut coordinates = Array2::zeros((x.nrows(), components));
        let mut shares = vec![0.0; components];
        let total: f64 = x.axis_iter(Axis(1)).map(|column| column.var(0.0)).sum();
        // The solver needs fewer components than the smaller side of the matrix.
        let kept = components.min(x.ncols()).min(x.nrows().saturating_sub(1));
        if kept == 0 || total <= f64::EPSILON {
            return Ok(Self { coordinates, shares });
        }
        let records = DatasetBase::from(x);
        let pca = Pca::params(kept).fit(&records).map_err(|e| {
            Error::Failed(format!("the principal components did not converge: {e}"))
        })?;
        let projected: Array2<f64> = pca.predict(records.records());
        for (c, column) in projected.axis_iter(Axis(1)).enumerate() {
            let loadings = pca.components().row(c);
            let largest = loadings.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()));
            let sign = largest.unwrap_or(1.0).signum();
            coordinates.column_mut(c).assign(&(&column * sign));
            // linfa's own ratio is relative to the kept components: this one is of the whole.
            shares[c] = column.var(0.0) / total;
        }
        Ok(Self { coordinates, shares })
    }

    /// The same picture turned to lie as near as possible to `before` (orthogonal Procrustes), so
    /// that successive frames of a training do not flip. Shares stay with the turned axes.
    #[must_use]
    pub fn aligned_to(mut self, before: &Self) -> Self {
        if self.coordinates.dim() == before.coordinates.dim()
            && let Some(turn) = procrustes(&self.coordinates, &before.coordinates)
        {
            self.coordinates = self.coordinates.dot(&turn);
        }
        self
    }
}

/// The orthogonal matrix R that minimises ‖A·R − B‖: the polar factor of `AᵀB`, found by Newton's
/// iteration R ← (R + `R⁻ᵀ`)/2 (Higham 1986). `None` where `AᵀB` is singular.
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
    fn too_few_models_or_equal_ones_give_a_point() {
        for x in [Array2::<f32>::zeros((1, 8)), Array2::ones((5, 8)), Array2::zeros((0, 8))] {
            let projection = Projection::pca(x.view(), 2).unwrap();
            assert!(projection.coordinates.iter().all(|v| *v == 0.0));
        }
        let two = array![[0.0_f32, 1.0], [1.0, 0.0]];
        assert!(Projection::pca(two.view(), 2).unwrap().shares[0] > 0.99);
    }

    #[test]
    fn alignment_undoes_a_rotation_and_a_flip() {
        let before = Projection {
            coordinates: Array2::from_shape_fn((9, 3), |(i, j)| ((i * 5 + j * 3) % 7) as f64 - 3.0),
            shares: vec![0.5, 0.3, 0.1],
        };
        let (s, c) = 2.1_f64.sin_cos();
        let turn = array![[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, -1.0]];
        let turned = Projection { coordinates: before.coordinates.dot(&turn), ..before.clone() };
        let back = turned.aligned_to(&before);
        assert!((back.coordinates - before.coordinates).iter().all(|d| d.abs() < 1e-9));
    }
}
