//! Which models are alike: in the full space of the vectors, never on the map.

use ndarray::{ArrayView1, ArrayView2};

/// A model near another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its index.
    pub model: usize,
    /// Cosine similarity, in [-1, 1].
    pub cosine: f64,
    /// Euclidean distance.
    pub distance: f64,
}

/// The `k` models nearest to `model` by cosine, nearest first.
#[must_use]
pub fn nearest(vectors: ArrayView2<'_, f32>, model: usize, k: usize) -> Vec<Neighbour> {
    let of = vectors.row(model);
    let mut all: Vec<(f64, usize)> = (0..vectors.nrows())
        .filter(|&other| other != model)
        .map(|other| (cosine(of, vectors.row(other)), other))
        .collect();
    let nearer = |a: &(f64, usize), b: &(f64, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if all.len() > k && k > 0 {
        all.select_nth_unstable_by(k - 1, nearer);
    }
    all.truncate(k);
    all.sort_by(nearer);
    let neighbour = |(cosine, other): (f64, usize)| {
        let gaps = of.iter().zip(vectors.row(other)).map(|(a, b)| f64::from(a - b).powi(2));
        Neighbour { model: other, cosine, distance: gaps.sum::<f64>().sqrt() }
    };
    all.into_iter().map(neighbour).collect()
}

/// The cosine of two vectors; 0 where one of them is zero.
#[must_use]
pub fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    let dot = |x: ArrayView1<'_, f32>, y: ArrayView1<'_, f32>| -> f64 {
        x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
    };
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    if norms > 0.0 { (dot(a, b) / norms).clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn nearest_by_angle_with_distances() {
        let vectors = array![[1.0_f32, 0.0], [10.0, 1.0], [0.0, 1.0], [-1.0, 0.0], [0.0, 0.0]];
        let near = nearest(vectors.view(), 0, 9);
        assert_eq!(near.iter().map(|n| n.model).collect::<Vec<_>>(), [1, 2, 4, 3]);
        assert!((near[0].distance - 82.0_f64.sqrt()).abs() < 1e-9);
    }
}
