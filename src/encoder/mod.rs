//! From text to vector.

mod builtin;
mod ngrams;
mod shape;
mod svd;

pub use builtin::{Builtin, Settings};
pub use shape::{SHAPE, shape};
