//! Matrices in 8 bits: an integer per entry and one scale per row.
//!
//! Values are rounded when they are fitted ([`rounded`]), so that a file restores exactly what training had.
//! Rounding twice equals rounding once, since the products of a scale with the integers are exact.

use ndarray::{Array1, Array2, Axis, Zip};

/// The largest integer; -128 is not used, so that the range is symmetric.
const LARGEST: f32 = 127.0;
/// Low bits of a scale that stay zero, so that a product with a 7-bit integer is exact.
const EMPTY: u32 = 8;

/// A quantized matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized {
    /// Rows × columns.
    pub integers: Array2<i8>,
    /// The scale of each row.
    pub scales: Array1<f32>,
}

impl Quantized {
    /// Quantizes `matrix`, whose entries are finite.
    pub fn new(matrix: &Array2<f32>) -> Self {
        let scales =
            matrix.map_axis(Axis(1), |row| scale(row.fold(0.0_f32, |most, x| most.max(x.abs()))));
        let mut integers = Array2::zeros(matrix.dim());
        Zip::from(integers.rows_mut()).and(matrix.rows()).and(&scales).for_each(
            |integers, row, &scale| {
                let each = Zip::from(integers).and(row);
                if scale > 0.0 {
                    each.for_each(|integer, x| *integer = (x / scale).round() as i8);
                }
            },
        );
        Self { integers, scales }
    }

    /// The dequantized matrix.
    pub fn matrix(&self) -> Array2<f32> {
        let integers = self.integers.mapv(f32::from);
        integers * self.scales.view().insert_axis(Axis(1))
    }
}

/// A matrix rounded to 8 bits.
pub fn rounded(matrix: &Array2<f32>) -> Array2<f32> {
    Quantized::new(matrix).matrix()
}

/// A matrix rounded to 16 bits.
pub fn halved(matrix: &Array2<f32>) -> Array2<f32> {
    matrix.mapv(|x| half::f16::from_f32(x).to_f32())
}

/// The scale of a row with largest magnitude `most`: with zero low bits, and rounded up, so that no entry
/// exceeds the largest integer. It is zero if it would be too small for full precision.
fn scale(most: f32) -> f32 {
    let scale = most / LARGEST;
    if !scale.is_normal() {
        return 0.0;
    }
    let empty = (1 << EMPTY) - 1;
    f32::from_bits((scale.to_bits() + empty) & !empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn zeros_and_signs_are_kept() {
        let stored = Quantized::new(&array![[0.0, 0.0], [-2.54, 1.3], [1e-42, 0.0]]);
        assert_eq!(stored.integers, array![[0, 0], [-127, 65], [0, 0]]);
        assert_eq!((stored.scales[0], stored.scales[2]), (0.0, 0.0));
        let none = Array2::zeros((0, 3));
        assert_eq!(rounded(&none), none);
    }

    proptest! {
        #[test]
        fn rounding_is_near_and_twice_is_once(
            entries in prop::collection::vec(-1.0_f32..1.0, 12),
            exponents in prop::collection::vec(-140_i32..127, 3),
        ) {
            let mut matrix = Array2::from_shape_vec((3, 4), entries).unwrap();
            for (mut row, exponent) in matrix.rows_mut().into_iter().zip(exponents) {
                row *= 2.0_f64.powi(exponent) as f32;
            }
            let stored = Quantized::new(&matrix);
            let once = stored.matrix();
            for (row, (near, scale)) in
                matrix.rows().into_iter().zip(once.rows().into_iter().zip(&stored.scales))
            {
                let most = row.fold(0.0_f32, |most, x| most.max(x.abs()));
                prop_assert!(*scale <= most / 126.9);
                let error = (&row - &near).fold(0.0_f32, |most, x| most.max(x.abs()));
                prop_assert!(error <= 0.501 * scale || *scale == 0.0 && most < 1e-35, "{row} {near}");
            }
            let again = Quantized::new(&once);
            prop_assert_eq!(&again.integers, &stored.integers);
            prop_assert_eq!(&again.scales, &stored.scales);
            prop_assert_eq!(again.matrix(), once);
        }
    }
}
