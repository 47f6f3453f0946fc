//! From text to vector.

mod builtin;
mod ngrams;
mod shape;
mod svd;

pub use builtin::{Builtin, Settings};
pub use shape::{SHAPE, shape};

use ndarray::Array2;

/// The rows scaled to unit length, so that their products are cosines; zero rows stay.
#[must_use]
pub fn unit(rows: &Array2<f32>) -> Array2<f32> {
    let mut out = rows.clone();
    for mut row in out.rows_mut() {
        let norm = row.dot(&row).sqrt();
        if norm > 0.0 {
            row /= norm;
        }
    }
    out
}
