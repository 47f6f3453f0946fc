//! Cholesky decomposition of symmetric positive definite matrices. The one of linfa-linalg addresses each row by a
//! view, and takes ten to thirty times as long: too long where it is most of the work (the factor model, probes,
//! onboarding).

use multiversion::multiversion;
use ndarray::{Array1, Array2};

/// The lower triangle L of A = L·Lᵀ.
pub(crate) struct Cholesky {
    lower: Array2<f64>,
}

impl Cholesky {
    /// Of a symmetric matrix, of which the lower triangle is read; `None` if it is not positive definite.
    pub(crate) fn of(matrix: &Array2<f64>) -> Option<Self> {
        let n = matrix.nrows();
        let mut lower = Array2::zeros((n, n));
        for i in 0..n {
            (0..=i).for_each(|j| lower[[i, j]] = matrix[[i, j]]);
        }
        // In row-major order, since it was made here.
        decompose(lower.as_slice_mut()?, n).then_some(Self { lower })
    }

    /// The logarithm of the determinant of A.
    pub(crate) fn ln_determinant(&self) -> f64 {
        2.0 * self.lower.diag().iter().map(|x| x.ln()).sum::<f64>()
    }

    /// The solution x of A·x = `right`.
    pub(crate) fn solve(&self, right: &Array1<f64>) -> Array1<f64> {
        let (lower, mut x) = (&self.lower, right.clone());
        let n = lower.nrows().min(x.len());
        for i in 0..n {
            let known: f64 = (0..i).map(|k| lower[[i, k]] * x[k]).sum();
            x[i] = (x[i] - known) / lower[[i, i]];
        }
        for i in (0..n).rev() {
            x[i] /= lower[[i, i]];
            for k in 0..i {
                x[k] -= lower[[i, k]] * x[i];
            }
        }
        x
    }

    /// The inverse of A, which is exactly symmetric.
    pub(crate) fn inverse(&self) -> Array2<f64> {
        let n = self.lower.nrows();
        let mut inverse = Array2::eye(n);
        if let (Some(inverse), Some(lower)) = (inverse.as_slice_mut(), self.lower.as_slice()) {
            invert(inverse, lower, n);
        }
        let product = inverse.t().dot(&inverse);
        (&product + &product.t()) / 2.0
    }
}

/// The inverse of a symmetric matrix; `None` if it is not positive definite.
pub(crate) fn inverse(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    Cholesky::of(matrix).map(|factor| factor.inverse())
}

/// Replaces the lower triangle of a matrix of `n` rows by L. False if it is not positive definite.
#[multiversion(targets = "simd")]
fn decompose(matrix: &mut [f64], n: usize) -> bool {
    for i in 0..n {
        let (above, own) = matrix.split_at_mut(i * n);
        for j in 0..i {
            let row = &above[j * n..j * n + n];
            own[j] = (own[j] - dot_slices(&own[..j], &row[..j])) / row[j];
        }
        let left = own[i] - dot_slices(&own[..i], &own[..i]);
        // Also false for what is not a number.
        if !(left > 0.0 && left.is_finite()) {
            return false;
        }
        own[i] = left.sqrt();
    }
    true
}

/// Replaces the identity by the inverse of a lower triangle, both of `n` rows.
#[multiversion(targets = "simd")]
fn invert(identity: &mut [f64], lower: &[f64], n: usize) {
    for i in 0..n {
        let (above, own) = identity.split_at_mut(i * n);
        let factors = &lower[i * n..i * n + n];
        for (k, factor) in factors[..i].iter().enumerate() {
            let row = &above[k * n..][..=k];
            own[..n].iter_mut().zip(row).for_each(|(x, y)| *x -= factor * y);
        }
        own[..=i].iter_mut().for_each(|x| *x /= factors[i]);
    }
}

/// The dot product, as sums that are independent of each other.
// Only then it has the vector instructions of its caller.
#[inline(always)]
fn dot_slices(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f64>() + last_a.iter().zip(last_b).map(|(a, b)| a * b).sum::<f64>()
}

/// A square matrix, by rows.
pub(crate) type Square<const N: usize> = [[f64; N]; N];

/// The same for a few rows, on the stack.
pub(crate) struct Small<const N: usize>(Square<N>);

impl<const N: usize> Small<N> {
    /// Of a symmetric matrix; `None` if it is not positive definite.
    pub(crate) fn of(matrix: &Square<N>) -> Option<Self> {
        let mut lower = [[0.0; N]; N];
        for i in 0..N {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
                let left = matrix[i][j] - known;
                if i > j {
                    lower[i][j] = left / lower[j][j];
                } else if left > 0.0 && left.is_finite() {
                    lower[i][i] = left.sqrt();
                } else {
                    return None;
                }
            }
        }
        Some(Self(lower))
    }

    /// The solution x of A·x = `right`.
    pub(crate) fn solve(&self, right: [f64; N]) -> [f64; N] {
        let (lower, mut x) = (&self.0, right);
        for i in 0..N {
            let known: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
            x[i] = (x[i] - known) / lower[i][i];
        }
        for i in (0..N).rev() {
            let known: f64 = (i + 1..N).map(|k| lower[k][i] * x[k]).sum();
            x[i] = (x[i] - known) / lower[i][i];
        }
        x
    }

    /// The inverse of A.
    pub(crate) fn inverse(&self) -> Square<N> {
        // It is symmetric: its columns are its rows.
        std::array::from_fn(|i| {
            let mut unit = [0.0; N];
            unit[i] = 1.0;
            self.solve(unit)
        })
    }
}

/// The dot product.
pub(crate) fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_systems_are_solved_and_inverted() {
        for n in [1, 2, 7, 8, 9, 33, 100] {
            let x =
                Array2::from_shape_fn((n + 5, n), |(i, j)| ((i * 7 + j * 13) % 17) as f64 / 9.0);
            let matrix = x.t().dot(&x) + Array2::<f64>::eye(n);
            let factor = Cholesky::of(&matrix).unwrap();
            let off = factor.inverse().dot(&matrix) - Array2::<f64>::eye(n);
            assert!(off.iter().all(|x| x.abs() < 1e-9), "{n}");
            let right = Array1::from_shape_fn(n, |i| i as f64 - 2.0);
            let off = matrix.dot(&factor.solve(&right)) - &right;
            assert!(off.iter().all(|x| x.abs() < 1e-9), "{n}");
            let l = &factor.lower;
            assert!((l.dot(&l.t()) - &matrix).iter().all(|x| x.abs() < 1e-9));
        }
        let scaled = Cholesky::of(&(Array2::eye(4) * 2.0)).unwrap();
        assert!((scaled.ln_determinant() - 16_f64.ln()).abs() < 1e-12);
        let indefinite = ndarray::array![[1.0, 2.0], [2.0, 1.0]];
        assert!(inverse(&indefinite).is_none());
        assert!(inverse(&Array2::from_elem((3, 3), f64::NAN)).is_none());
        assert_eq!(inverse(&Array2::zeros((0, 0))).unwrap().dim(), (0, 0));
    }

    #[test]
    fn a_system_is_solved_and_a_matrix_without_a_solution_refused() {
        let matrix = [[4.0, 2.0, 0.4], [2.0, 5.0, -1.0], [0.4, -1.0, 3.0]];
        let (right, found) = ([1.0, -2.0, 3.0], Small::of(&matrix).unwrap());
        let (x, inverse) = (found.solve(right), found.inverse());
        for i in 0..3 {
            assert!((dot(&matrix[i], &x) - right[i]).abs() < 1e-12);
            for (j, column) in inverse.iter().enumerate() {
                let unit = f64::from(u8::from(i == j));
                assert!((dot(&matrix[i], column) - unit).abs() < 1e-12);
            }
        }
        assert!(Small::of(&[[1.0, 2.0], [2.0, 1.0]]).is_none(), "indefinite");
        assert!(Small::of(&[[f64::NAN]]).is_none() && Small::of(&[[f64::INFINITY]]).is_none());
    }
}
