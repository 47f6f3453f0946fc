//! The inner loops that take most of the time, compiled for the vector instructions of the current machine.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

/// Rows as long as a multiple of this are the fastest in [`gather`] and [`scatter`].
pub(crate) const LANES: usize = 16;

/// Adds the weighted rows of a table that a sparse text refers to, to `out`. The rows are as long as `out`.
#[multiversion(targets = "simd")]
pub(crate) fn gather(out: &mut [f32], text: &[(u32, f32)], table: &[f32]) {
    /// Adds the same `N` columns of every row, which stay in registers meanwhile.
    #[expect(
        clippy::inline_always,
        reason = "only then it has the vector instructions of its caller"
    )]
    #[inline(always)]
    fn columns<const N: usize>(
        out: &mut [f32; N],
        text: &[(u32, f32)],
        (table, width, at): (&[f32], usize, usize),
    ) {
        let mut sums = *out;
        for &(bucket, weight) in text {
            let start = bucket as usize * width + at;
            let row = table[start..start + N].iter();
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += weight * x);
        }
        *out = sums;
    }

    let width = out.len();
    let (wide, rest) = out.as_chunks_mut::<64>();
    let mut at = 0;
    for out in wide {
        columns(out, text, (table, width, at));
        at += 64;
    }
    let (narrow, rest) = rest.as_chunks_mut::<LANES>();
    for out in narrow {
        columns(out, text, (table, width, at));
        at += LANES;
    }
    for &(bucket, weight) in text {
        let row = &table[bucket as usize * width + at..];
        rest.iter_mut().zip(row).for_each(|(out, x)| *out += weight * x);
    }
}

/// Subtracts `step` times the weight from the rows of a table that a sparse text refers to.
#[multiversion(targets = "simd")]
pub(crate) fn scatter(table: &mut [f32], text: &[(u32, f32)], step: &[f32]) {
    let width = step.len();
    for &(bucket, weight) in text {
        let start = bucket as usize * width;
        let (wide, rest) = table[start..start + width].as_chunks_mut::<LANES>();
        let (steps, last) = step.as_chunks::<LANES>();
        for (row, step) in wide.iter_mut().zip(steps) {
            row.iter_mut().zip(step).for_each(|(x, step)| *x -= weight * step);
        }
        rest.iter_mut().zip(last).for_each(|(x, step)| *x -= weight * step);
    }
}

/// The dot products of `query` with consecutive 8-bit keys, one for each element of `out`. The sums must fit
/// in 32 bits.
#[multiversion(targets = "simd")]
pub(crate) fn products(out: &mut [i32], keys: &[i8], query: &[i16]) {
    for (out, key) in out.iter_mut().zip(keys.chunks_exact(query.len().max(1))) {
        // The compiler turns this into 16-bit multiply-and-add instructions.
        let products = key.iter().zip(query).map(|(k, q)| i32::from(*k) * i32::from(*q));
        *out = products.sum();
    }
}

/// Adds `x`, times its weight, to `out`.
#[multiversion(targets = "simd")]
pub(crate) fn add(out: &mut [f32], weight: f32, x: &[f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += weight * x;
    }
}

/// Adds a component of a mixture to the first and second moments in `out`: the weight of each element is `p`
/// times its `weight` times its `within`.
#[multiversion(targets = "simd")]
pub(crate) fn mix(
    out: (&mut [f32], &mut [f32]),
    (weight, p): (&[f32], f32),
    within: &[f32],
    (mean, deviation): (&[f32], &[f32]),
) {
    let out = out.0.iter_mut().zip(out.1);
    let weights = weight.iter().zip(within).map(|(weight, within)| weight * p * within);
    let component = mean.iter().zip(deviation);
    for (((first, second), w), (mean, deviation)) in out.zip(weights).zip(component) {
        *first += w * mean;
        *second += w * (deviation * deviation + mean * mean);
    }
}

/// The sums of the columns, each times its weight, in the order of the weights: `out` has one element for each
/// row.
#[multiversion(targets = "simd")]
pub(crate) fn combine(out: &mut [f32], columns: &[&[f32]], weights: &[f32]) {
    // As in a product of matrices, each step is rounded once where the machine can do that.
    let fused = cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma");
    out.fill(0.0);
    for (column, weight) in columns.iter().zip(weights) {
        for (out, x) in out.iter_mut().zip(*column) {
            *out = if fused { weight.mul_add(*x, *out) } else { weight * x + *out };
        }
    }
}

/// The dot products of `a` and `b`, and of `b` with itself, in double precision.
#[multiversion(targets = "simd")]
pub(crate) fn dots(a: &[f32], b: &[f32]) -> (f64, f64) {
    /// Sums that are independent of each other.
    const LANES: usize = 16;
    let (mut own, mut other) = ([0.0_f64; LANES], [0.0_f64; LANES]);
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            let (a, b) = (f64::from(a[i]), f64::from(b[i]));
            own[i] += a * b;
            other[i] += b * b;
        }
    }
    for (i, (a, b)) in last_a.iter().zip(last_b).enumerate() {
        let (a, b) = (f64::from(*a), f64::from(*b));
        own[i] += a * b;
        other[i] += b * b;
    }
    (own.iter().sum(), other.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_rows_are_added_and_subtracted() {
        let mut table = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let text = [(2, 0.5), (0, 2.0)];
        let mut out = [1.0, 1.0];
        gather(&mut out, &text, &table);
        let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near(&out, &[5.5, 8.0]));
        scatter(&mut table, &text, &[1.0, -1.0]);
        assert!(near(&table, &[-1.0, 4.0, 3.0, 4.0, 4.5, 6.5]));
    }

    #[test]
    fn sums_of_columns_and_moments_and_dot_products() {
        let columns: Vec<Vec<f32>> =
            (0..5).map(|c| (0..37).map(|r| (c * 7 + r) as f32 / 8.0).collect()).collect();
        let views: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
        let weights = [0.5, -1.0, 2.0, 0.25, 1.5];
        let mut out = vec![9.0; 37];
        combine(&mut out, &views, &weights);
        for (r, out) in out.iter().enumerate() {
            let sum: f32 = columns.iter().zip(weights).map(|(column, w)| column[r] * w).sum();
            assert!((out - sum).abs() < 1e-4);
        }
        add(&mut out, 2.0, &columns[0]);
        let sum: f32 = columns.iter().zip(weights).map(|(column, w)| column[36] * w).sum();
        assert!((out[36] - sum - 2.0 * columns[0][36]).abs() < 1e-4);
        let (mut first, mut second) = (vec![1.0; 37], vec![0.0; 37]);
        mix((&mut first, &mut second), (&columns[0], 0.5), &columns[1], (&columns[2], &columns[3]));
        let w = columns[0][36] * 0.5 * columns[1][36];
        let (mean, deviation) = (columns[2][36], columns[3][36]);
        assert!((first[36] - 1.0 - w * mean).abs() < 1e-4);
        assert!((second[36] - w * (deviation * deviation + mean * mean)).abs() < 1e-3);
        let (found, own) = dots(&columns[0], &columns[1]);
        let sum = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        assert!((found - sum(&columns[0], &columns[1])).abs() < 1e-9);
        assert!((own - sum(&columns[1], &columns[1])).abs() < 1e-9);
    }

    #[test]
    fn products_are_exact() {
        let keys: Vec<i8> = (0..2 * 67).map(|i| (i % 255 - 127) as i8).collect();
        let query: Vec<i16> = (0..67).map(|i| i * 37 - 999).collect();
        let mut out = [0; 2];
        products(&mut out, &keys, &query);
        for (row, found) in keys.chunks(67).zip(out) {
            let sum: i64 = row.iter().zip(&query).map(|(k, q)| i64::from(*k) * i64::from(*q)).sum();
            assert_eq!(i64::from(found), sum);
        }
    }
}
