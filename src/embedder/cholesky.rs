//! Cholesky decomposition of matrices of a few rows, on the stack. The factor model decomposes about a million of
//! them; linfa-linalg, which is made for large ones, takes thirty times as long.

/// A square matrix, by rows.
pub(super) type Square<const N: usize> = [[f64; N]; N];

/// The lower triangle L of A = L·Lᵀ.
pub(super) struct Cholesky<const N: usize>(Square<N>);

impl<const N: usize> Cholesky<N> {
    /// Of a symmetric matrix; `None` if it is not positive definite.
    pub(super) fn of(matrix: &Square<N>) -> Option<Self> {
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
    pub(super) fn solve(&self, right: [f64; N]) -> [f64; N] {
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
    pub(super) fn inverse(&self) -> Square<N> {
        // It is symmetric: its columns are its rows.
        std::array::from_fn(|i| {
            let mut unit = [0.0; N];
            unit[i] = 1.0;
            self.solve(unit)
        })
    }
}

/// The dot product.
pub(super) fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved_and_a_matrix_without_a_solution_refused() {
        let matrix = [[4.0, 2.0, 0.4], [2.0, 5.0, -1.0], [0.4, -1.0, 3.0]];
        let (right, found) = ([1.0, -2.0, 3.0], Cholesky::of(&matrix).unwrap());
        let (x, inverse) = (found.solve(right), found.inverse());
        for i in 0..3 {
            assert!((dot(&matrix[i], &x) - right[i]).abs() < 1e-12);
            for (j, column) in inverse.iter().enumerate() {
                let unit = f64::from(u8::from(i == j));
                assert!((dot(&matrix[i], column) - unit).abs() < 1e-12);
            }
        }
        assert!(Cholesky::of(&[[1.0, 2.0], [2.0, 1.0]]).is_none(), "indefinite");
        assert!(
            Cholesky::of(&[[f64::NAN]]).is_none() && Cholesky::of(&[[f64::INFINITY]]).is_none()
        );
    }
}
