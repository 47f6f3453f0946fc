//! The inner loops that take most of the time, compiled for the vector instructions of the current machine.

use multiversion::multiversion;

/// Adds the weighted rows of a table that a sparse text refers to, to `out`. The rows are as long as `out`.
#[multiversion(targets = "simd")]
pub(crate) fn gather(out: &mut [f32], text: &[(u32, f32)], table: &[f32]) {
    let width = out.len();
    for &(bucket, weight) in text {
        let start = bucket as usize * width;
        for (out, x) in out.iter_mut().zip(&table[start..start + width]) {
            *out += weight * x;
        }
    }
}

/// Subtracts `step` times the weight from the rows of a table that a sparse text refers to.
#[multiversion(targets = "simd")]
pub(crate) fn scatter(table: &mut [f32], text: &[(u32, f32)], step: &[f32]) {
    let width = step.len();
    for &(bucket, weight) in text {
        let start = bucket as usize * width;
        for (x, step) in table[start..start + width].iter_mut().zip(step) {
            *x -= weight * step;
        }
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
