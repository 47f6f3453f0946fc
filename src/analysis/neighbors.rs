//! Similar models, in the full space of the vectors and not on the map.

use ndarray::{ArrayView1, ArrayView2, s};
use rayon::prelude::*;

use crate::embedder::{Index, SharedCounts};
use crate::encoder::unit;
use crate::kernels;
use crate::printable::thousands;

/// With more models than this, neighbors are found by an index.
const INDEXED: usize = 20_000;
/// Number of candidates kept before they are pruned to the nearest.
const KEPT: usize = 512;

/// A model near another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbor {
    /// Its index.
    pub model: usize,
    /// Cosine similarity, in [-1, 1].
    pub cosine: f64,
    /// Euclidean distance.
    pub distance: f64,
    /// How many questions both answered, if known: the basis of the similarity.
    pub shared: Option<u32>,
}

impl Neighbor {
    /// The basis of the similarity, in words.
    #[must_use]
    pub fn basis(&self) -> Option<String> {
        Some(basis(self.shared?))
    }

    /// The same in a few cells, for a column with a heading.
    #[must_use]
    pub fn short_basis(&self) -> Option<String> {
        Some(short_basis(self.shared?))
    }
}

/// The basis of the similarity of two models that share this many questions.
#[must_use]
pub(crate) fn basis(shared: u32) -> String {
    match shared {
        0 => "no shared question: by prediction alone".into(),
        1 => "from 1 shared question".into(),
        n => format!("from {} shared questions", counted(n)),
    }
}

/// The same in a few cells.
#[must_use]
pub(crate) fn short_basis(shared: u32) -> String {
    match shared {
        0 => "by prediction".into(),
        n => format!("{} shared", counted(n)),
    }
}

/// A number of shared questions; the largest value means at least this many.
fn counted(n: u32) -> String {
    let more = if n >= SharedCounts::LARGEST { "≥ " } else { "" };
    format!("{more}{}", thousands(n.into()))
}

/// The `k` models nearest to `model` by cosine, nearest first. `shared` returns how many questions another
/// model shares with it.
#[must_use]
pub fn nearest(
    vectors: ArrayView2<'_, f32>,
    model: usize,
    k: usize,
    shared: impl Fn(usize) -> Option<u32>,
) -> Vec<Neighbor> {
    let others = (0..vectors.nrows()).into_par_iter().filter(|&other| other != model);
    nearest_of(vectors, vectors.row(model), others, k, shared)
}

/// The `k` models whose vectors are nearest to `own` by cosine, nearest first.
#[must_use]
pub(crate) fn nearest_to(
    vectors: ArrayView2<'_, f32>,
    own: ArrayView1<'_, f32>,
    k: usize,
    shared: impl Fn(usize) -> Option<u32>,
) -> Vec<Neighbor> {
    nearest_of(vectors, own, (0..vectors.nrows()).into_par_iter(), k, shared)
}

fn nearest_of(
    vectors: ArrayView2<'_, f32>,
    own: ArrayView1<'_, f32>,
    others: impl ParallelIterator<Item = usize>,
    k: usize,
    shared: impl Fn(usize) -> Option<u32>,
) -> Vec<Neighbor> {
    let length = dots(own, own).1;
    let nearer = |a: &(f64, usize), b: &(f64, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    let cut = |mut all: Vec<(f64, usize)>| {
        if all.len() > k && k > 0 {
            all.select_nth_unstable_by(k - 1, nearer);
        }
        all.truncate(k);
        all
    };
    let found = others.fold(Vec::new, |mut all, other| {
        all.push((cosine_of((own, length), vectors.row(other)), other));
        // Prunes from time to time, to bound memory.
        if all.len() >= KEPT.max(2 * k) { cut(all) } else { all }
    });
    let found = found.reduce(Vec::new, |mut a, mut b| {
        a.append(&mut b);
        a
    });
    let mut all = cut(found);
    all.sort_by(nearer);
    let neighbor = |(cosine, other): (f64, usize)| {
        let gaps = own.iter().zip(vectors.row(other)).map(|(a, b)| f64::from(a - b).powi(2));
        let distance = gaps.sum::<f64>().sqrt();
        Neighbor { model: other, cosine, distance, shared: shared(other) }
    };
    all.into_iter().map(neighbor).collect()
}

/// Finds the nearest models of many models: by an index (an inverted file) above 20,000 models, else by
/// comparing all.
pub struct Finder {
    /// The index, and the model of each of its keys.
    index: Option<(Index, Vec<usize>)>,
}

impl Finder {
    /// For models with these vectors.
    #[must_use]
    pub fn new(vectors: ArrayView2<'_, f32>) -> Self {
        let keys = |rows| unit(&vectors.slice(s![rows, ..]).to_owned());
        let index = (vectors.nrows() > INDEXED && vectors.ncols() > 0)
            .then(|| Index::fit_blocks(vectors.dim(), &keys));
        Self { index }
    }

    /// The `k` models nearest to `model` by cosine, nearest first, as in [`nearest`]; above 20,000 models at
    /// least 95% of them (docs/scaling.md). `vectors` are those passed to [`Finder::new`].
    #[must_use]
    pub fn nearest(
        &self,
        vectors: ArrayView2<'_, f32>,
        model: usize,
        k: usize,
        shared: impl Fn(usize) -> Option<u32>,
    ) -> Vec<Neighbor> {
        let Some((index, models)) = &self.index else { return nearest(vectors, model, k, shared) };
        let own = vectors.slice(s![model..=model, ..]).to_owned();
        // Keys are rounded: finds more than needed, and compares them exactly.
        let found = index.nearest(unit(&own).view(), 2 * k + 8, |_, key| models[key] == model);
        let found: Vec<usize> = found.into_iter().flatten().map(|(key, _)| models[key]).collect();
        nearest_of(vectors, own.row(0), found.into_par_iter(), k, shared)
    }
}

/// The dot products of two vectors, and of the second with itself.
fn dots(x: ArrayView1<'_, f32>, y: ArrayView1<'_, f32>) -> (f64, f64) {
    let (x, y) = (x.as_standard_layout(), y.as_standard_layout());
    kernels::dots(x.as_slice().unwrap_or_default(), y.as_slice().unwrap_or_default())
}

/// The cosine of a vector, given with its squared length, and another; 0 if one of them is zero.
fn cosine_of((a, length): (ArrayView1<'_, f32>, f64), b: ArrayView1<'_, f32>) -> f64 {
    let (both, other) = dots(a, b);
    let norms = (length * other).sqrt();
    if norms > 0.0 { (both / norms).clamp(-1.0, 1.0) } else { 0.0 }
}

/// The cosine of two vectors; 0 if one of them is zero.
#[must_use]
pub(crate) fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    cosine_of((a, dots(a, a).1), b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn nearest_by_angle_with_distances() {
        let vectors = array![[1.0_f32, 0.0], [10.0, 1.0], [0.0, 1.0], [-1.0, 0.0], [0.0, 0.0]];
        let near = nearest(vectors.view(), 0, 9, |other| Some(other as u32));
        assert_eq!(near[0].shared, Some(1));
        assert_eq!(near.iter().map(|n| n.model).collect::<Vec<_>>(), [1, 2, 4, 3]);
        assert!((near[0].distance - 82.0_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn of_many_models_the_index_finds_nearly_all_neighbors() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let spots = Array2::from_shape_simple_fn((60, 12), || rng.random_range(-1.0_f32..1.0));
        let vectors = Array2::from_shape_fn((INDEXED + 1000, 12), |(m, d)| {
            3.0 * spots[[m % 60, d]] + rng.random_range(-1.0_f32..1.0)
        });
        let finder = Finder::new(vectors.view());
        assert!(finder.index.is_some());
        let (mut hits, mut all) = (0, 0);
        for model in (0..vectors.nrows()).step_by(700) {
            let found = finder.nearest(vectors.view(), model, 10, |_| None);
            let exact = nearest(vectors.view(), model, 10, |_| None);
            assert!(found.windows(2).all(|w| w[0].cosine >= w[1].cosine));
            hits += exact.iter().filter(|e| found.contains(e)).count();
            all += exact.len();
        }
        assert!(100 * hits >= 95 * all, "{hits} of {all}");
        let few = vectors.slice(s![..50, ..]);
        assert_eq!(Finder::new(few).nearest(few, 3, 5, |_| None), nearest(few, 3, 5, |_| None));
    }

    #[test]
    fn a_neighbor_has_the_basis_of_its_similarity() {
        let near = |shared| Neighbor { model: 0, cosine: 0.5, distance: 1.0, shared };
        let describe = |shared| near(shared).basis().unwrap();
        assert_eq!(describe(Some(1204)), "from 1,204 shared questions");
        assert_eq!(describe(Some(0)), "no shared question: by prediction alone");
        assert_eq!(describe(Some(1)), "from 1 shared question");
        assert_eq!(describe(Some(65_535)), "from ≥ 65,535 shared questions");
        assert_eq!(near(Some(1204)).short_basis().unwrap(), "1,204 shared");
        assert_eq!((near(None).basis(), near(None).short_basis()), (None, None));
    }
}
