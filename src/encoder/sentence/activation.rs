//! Elementwise functions, written so that the compiler vectorizes them.

use std::f32::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E};

use multiversion::multiversion;

/// eˣ to a relative error of 2e-7 near zero; saturates at 2^±126.
#[inline]
fn exp(x: f32) -> f32 {
    /// Adding it rounds to an integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let y = (x * LOG2_E).clamp(-126.0, 126.0);
    let rounded = y + ROUND;
    let z = (y - (rounded - ROUND)) * LN_2;
    // Taylor's series; |z| ≤ ln 2 / 2.
    let series = [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let power = series.iter().fold(1.0 / 720.0, |sum, c| sum * z + c);
    let scale = f32::from_bits((rounded.to_bits().wrapping_add(127)) << 23);
    power * scale
}

/// The error function to 2e-7 (Abramowitz and Stegun, 7.1.26).
#[inline]
fn erf(x: f32) -> f32 {
    let magnitude = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * magnitude);
    let series = [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6];
    let sum = series.iter().fold(1.061_405_4, |sum, c| sum * t + c);
    (1.0 - sum * t * exp(-magnitude * magnitude)).copysign(x)
}

/// x·Φ(x), in place.
#[multiversion(targets = "simd")]
pub(super) fn gelu(xs: &mut [f32]) {
    for x in xs {
        *x *= 0.5 * (1.0 + erf(*x * FRAC_1_SQRT_2));
    }
}

/// eˣ over its sum, in place.
#[multiversion(targets = "simd")]
pub(super) fn softmax(xs: &mut [f32]) {
    let highest = xs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for x in &mut *xs {
        *x = exp(*x - highest);
    }
    let total: f32 = xs.iter().sum();
    for x in xs {
        *x /= total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_near_their_definitions() {
        for i in -2000..=2000 {
            let x = f64::from(i) / 100.0;
            let relative = f64::from(exp(x as f32)) / x.exp() - 1.0;
            assert!(relative.abs() < 3e-6, "exp {x}: {relative}");
        }
        // Values of a table (Abramowitz and Stegun, table 7.1).
        for (x, y) in [(0.0, 0.0), (0.5, 0.520_499_9), (1.0, 0.842_700_8), (2.0, 0.995_322_3)] {
            assert!((erf(x) - y).abs() < 5e-7 && (erf(-x) + y).abs() < 5e-7, "erf {x}");
        }
        let mut row = [1.0, 1.0, -1000.0];
        softmax(&mut row);
        assert!((row[0] - 0.5).abs() < 1e-6 && row[2] < 1e-6);
    }
}
