//! Which models are alike: in the full space of the vectors, never on the map.

use ndarray::{ArrayView1, ArrayView2};

use crate::embedder::SharedCounts;
use crate::printable::thousands;

/// A model near another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbor {
    /// Its index.
    pub model: usize,
    /// Cosine similarity, in [-1, 1].
    pub cosine: f64,
    /// Euclidean distance.
    pub distance: f64,
    /// How many questions both answered, where that is known: what the similarity stands on.
    pub shared: Option<u32>,
}

impl Neighbor {
    /// What the similarity stands on, in words.
    #[must_use]
    pub fn basis(&self) -> Option<String> {
        Some(basis(self.shared?))
    }

    /// The same in a few cells, beside a heading that explains it.
    #[must_use]
    pub fn short_basis(&self) -> Option<String> {
        Some(short_basis(self.shared?))
    }
}

/// What the similarity of two models that share so many questions stands on.
#[must_use]
pub(crate) fn basis(shared: u32) -> String {
    match shared {
        0 => "no shared question: by forecast alone".into(),
        1 => "agreement on 1 shared question".into(),
        n => format!("agreement on {} shared questions", counted(n)),
    }
}

/// The same in a few cells.
#[must_use]
pub(crate) fn short_basis(shared: u32) -> String {
    match shared {
        0 => "by forecast".into(),
        n => format!("{} shared", counted(n)),
    }
}

/// A number of shared questions; the largest one stands for more.
fn counted(n: u32) -> String {
    let more = if n >= SharedCounts::LARGEST { "≥ " } else { "" };
    format!("{more}{}", thousands(n.into()))
}

/// The `k` models nearest to `model` by cosine, nearest first. `shared` tells how many questions
/// another model shares with it.
#[must_use]
pub fn nearest(
    vectors: ArrayView2<'_, f32>,
    model: usize,
    k: usize,
    shared: impl Fn(usize) -> Option<u32>,
) -> Vec<Neighbor> {
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
    let neighbor = |(cosine, other): (f64, usize)| {
        let gaps = of.iter().zip(vectors.row(other)).map(|(a, b)| f64::from(a - b).powi(2));
        let distance = gaps.sum::<f64>().sqrt();
        Neighbor { model: other, cosine, distance, shared: shared(other) }
    };
    all.into_iter().map(neighbor).collect()
}

/// The cosine of two vectors; 0 where one of them is zero.
#[must_use]
pub(crate) fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
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
        let near = nearest(vectors.view(), 0, 9, |other| Some(other as u32));
        assert_eq!(near[0].shared, Some(1));
        assert_eq!(near.iter().map(|n| n.model).collect::<Vec<_>>(), [1, 2, 4, 3]);
        assert!((near[0].distance - 82.0_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn a_neighbor_says_what_its_likeness_stands_on() {
        let near = |shared| Neighbor { model: 0, cosine: 0.5, distance: 1.0, shared };
        let said = |shared| near(shared).basis().unwrap();
        assert_eq!(said(Some(1204)), "agreement on 1,204 shared questions");
        assert_eq!(said(Some(0)), "no shared question: by forecast alone");
        assert_eq!(said(Some(1)), "agreement on 1 shared question");
        assert_eq!(said(Some(65_535)), "agreement on ≥ 65,535 shared questions");
        assert_eq!(near(Some(1204)).short_basis().unwrap(), "1,204 shared");
        assert_eq!((near(None).basis(), near(None).short_basis()), (None, None));
    }
}
