//! Approximate nearest neighbors: an inverted file (lists of keys by nearest center; a query visits the
//! nearest lists), with 8-bit keys.
//!
//! Dot products of integers are exact, so the same file gives the same neighbors on every machine.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::kernels::products;
use crate::quantized::{Quantized, rounded};

/// Target number of keys per list.
const SMALL: usize = 4096;
/// The share of the keys that a query visits: an eighth finds 98.7% of the 60 nearest of 24,000 questions
/// (docs/experiments.md).
const VISITED: usize = 8;
/// Maximum number of keys for k-means.
const SAMPLE: usize = 1 << 16;
/// Keys per block while building.
const AT_ONCE: usize = 1024;
/// Iterations of k-means.
const PASSES: usize = 8;
/// Queries per block.
const BLOCK: usize = 32;
/// Number of candidates before they are pruned to the nearest.
const CHUNK: usize = 512;

/// An index of unit vectors by cosine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Index {
    /// Keys × dimensions, list by list.
    pub(super) keys: Quantized,
    /// Lists × dimensions, rounded as they are stored.
    pub(super) centers: Array2<f32>,
    /// The number of keys in each list.
    pub(super) sizes: Vec<u32>,
}

impl Index {
    /// Builds an index of `keys` (keys × dimensions). Also returns the original row of each of its keys.
    pub(super) fn fit(keys: &Array2<f32>) -> (Self, Vec<usize>) {
        Self::fit_blocks(keys.dim(), &|rows| keys.slice(s![rows, ..]).to_owned())
    }

    /// The same for very many keys, which are computed on demand: `keys` returns those of some rows. With
    /// more than [`SAMPLE`] keys, the centers come from an evenly spaced sample of that size.
    pub(crate) fn fit_blocks(
        (n, dim): (usize, usize),
        keys: &(impl Fn(Range<usize>) -> Array2<f32> + Sync),
    ) -> (Self, Vec<usize>) {
        let lists = if n <= SMALL { 1 } else { (n as f64).sqrt() as usize };
        let (centers, list) = if n <= SAMPLE {
            clustered(&keys(0..n), lists)
        } else {
            let mut sample = Array2::zeros((SAMPLE, dim));
            sample.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(i, mut row)| {
                let at = i * n / SAMPLE;
                row.assign(&keys(at..at + 1).row(0));
            });
            let (centers, _) = clustered(&sample, lists);
            let near = |rows| nearest_center(keys(rows).view(), &centers);
            let list = blocks(n).map(near).collect::<Vec<_>>().concat();
            (centers, list)
        };
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&i| (list[i], i));
        let mut sizes = vec![0; lists];
        list.iter().for_each(|&list| sizes[list] += 1);
        let mut quantized =
            Quantized { integers: Array2::zeros((n, dim)), scales: Array1::zeros(n) };
        // In the order of the lists, so that a list is read sequentially.
        let rows = quantized.integers.axis_chunks_iter_mut(Axis(0), AT_ONCE).into_par_iter();
        let rows = rows.zip(quantized.scales.axis_chunks_iter_mut(Axis(0), AT_ONCE));
        rows.zip(order.par_chunks(AT_ONCE)).for_each(|((mut integers, mut scales), order)| {
            let mut own = Array2::zeros((order.len(), dim));
            for (mut row, &i) in own.rows_mut().into_iter().zip(order) {
                row.assign(&keys(i..i + 1).row(0));
            }
            let own = Quantized::new(&own);
            integers.assign(&own.integers);
            scales.assign(&own.scales);
        });
        (Self { keys: quantized, centers, sizes }, order)
    }

    /// From its parts, as read from a file. `None` if the lists do not match the keys.
    pub(super) fn from_parts(
        keys: Quantized,
        centers: Array2<f32>,
        sizes: Vec<u32>,
    ) -> Option<Self> {
        let all: u64 = sizes.iter().map(|size| u64::from(*size)).sum();
        let fits = all == keys.scales.len() as u64
            && sizes.len() == centers.nrows()
            && centers.ncols() == keys.integers.ncols();
        fits.then_some(Self { keys, centers, sizes })
    }

    /// The number of keys.
    pub(super) fn len(&self) -> usize {
        self.keys.scales.len()
    }

    /// The `k` nearest keys of each query of unit length (queries × dimensions) among those in its nearest
    /// lists, with their cosines, nearest first (ties: the first key). `forbidden` excludes a key for a
    /// query.
    pub(crate) fn nearest(
        &self,
        queries: ArrayView2<'_, f32>,
        k: usize,
        forbidden: impl Fn(usize, usize) -> bool + Sync,
    ) -> Vec<Vec<(usize, f32)>> {
        let mut starts = Vec::with_capacity(self.sizes.len());
        let mut start = 0;
        for size in &self.sizes {
            starts.push(start);
            start += *size as usize;
        }
        let blocks = queries.axis_chunks_iter(Axis(0), BLOCK).into_par_iter().enumerate();
        let found = blocks.map(|(block, queries)| {
            let near = (self.sizes.len() > 1).then(|| queries.dot(&self.centers.t()));
            let found = queries.rows().into_iter().enumerate().map(|(i, query)| {
                let lists = near.as_ref().map_or_else(|| vec![0], |near| self.visited(near.row(i)));
                let mut nearest = Nearest::new(k);
                self.scan(query, &lists, &starts, |key, cosine| {
                    if !forbidden(block * BLOCK + i, key) {
                        nearest.push(key, cosine);
                    }
                    nearest.bound
                });
                nearest.sorted()
            });
            found.collect::<Vec<_>>()
        });
        found.flatten().collect()
    }

    /// The lists with the nearest centers that contain the visited share of the keys.
    fn visited(&self, near: ArrayView1<'_, f32>) -> Vec<usize> {
        let mut lists: Vec<usize> = (0..self.sizes.len()).collect();
        lists.sort_unstable_by(|&a, &b| near[b].total_cmp(&near[a]).then(a.cmp(&b)));
        let (mut keys, enough) = (0, self.len().div_ceil(VISITED));
        let more = |list: &usize| {
            let missing = keys < enough;
            keys += self.sizes[*list] as usize;
            missing
        };
        lists.into_iter().take_while(more).collect()
    }

    /// Passes keys of some lists to `found` if they exceed the bound that it returns.
    fn scan(
        &self,
        query: ArrayView1<'_, f32>,
        lists: &[usize],
        starts: &[usize],
        mut found: impl FnMut(usize, f32) -> f32,
    ) {
        let dim = query.len();
        let (query, scale) = in_16_bits(query);
        // The keys are in row-major order.
        let keys = self.keys.integers.as_slice().unwrap_or_default();
        let scales = self.keys.scales.as_slice().unwrap_or_default();
        let mut sums = [0; CHUNK];
        let mut bound = f32::NEG_INFINITY;
        for &list in lists {
            let end = starts[list] + self.sizes[list] as usize;
            for first in (starts[list]..end).step_by(CHUNK) {
                let rows = first..end.min(first + CHUNK);
                let sums = &mut sums[..rows.len()];
                products(sums, &keys[rows.start * dim..rows.end * dim], &query);
                for (key, sum) in rows.zip(sums) {
                    let cosine = *sum as f32 * scales[key] * scale;
                    if cosine > bound {
                        bound = found(key, cosine);
                    }
                }
            }
        }
    }
}

/// The rows of `n` keys in blocks.
fn blocks(n: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    (0..n.div_ceil(AT_ONCE)).into_par_iter().map(move |i| i * AT_ONCE..n.min((i + 1) * AT_ONCE))
}

/// The centers of some keys by k-means, rounded as they are stored, and the list of each key.
fn clustered(keys: &Array2<f32>, lists: usize) -> (Array2<f32>, Vec<usize>) {
    let n = keys.nrows();
    let start: Vec<usize> = (0..lists).map(|i| i * n / lists).collect();
    let mut centers = keys.select(Axis(0), &start);
    let mut list = vec![0; n];
    for _ in 0..if lists > 1 { PASSES } else { 0 } {
        centers = rounded(&centers);
        list = nearest_center(keys.view(), &centers);
        let mut sums = Array2::<f32>::zeros(centers.dim());
        for (key, list) in keys.rows().into_iter().zip(&list) {
            sums.row_mut(*list).scaled_add(1.0, &key);
        }
        for (mut center, sum) in centers.rows_mut().into_iter().zip(sums.rows()) {
            let length = sum.dot(&sum).sqrt();
            // An empty list keeps its center.
            if length > 0.0 {
                center.assign(&(&sum / length));
            }
        }
    }
    (rounded(&centers), list)
}

/// The nearest keys so far.
struct Nearest {
    k: usize,
    all: Vec<(usize, f32)>,
    /// The bound that a key must exceed to be among them.
    bound: f32,
}

impl Nearest {
    fn new(k: usize) -> Self {
        Self { k, all: Vec::with_capacity(4 * k), bound: f32::NEG_INFINITY }
    }

    fn push(&mut self, key: usize, cosine: f32) {
        self.all.push((key, cosine));
        if self.all.len() >= 4 * self.k {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.all.len() > self.k && self.k > 0 {
            self.all.select_nth_unstable_by(self.k - 1, nearer);
            self.all.truncate(self.k);
            // A key with the same cosine as the last one ranks after it only if its index is higher: within a
            // list strictly nearer keys are enough, and ties between lists are decided here.
            self.bound = self.all[self.k - 1].1.next_down();
        }
    }

    fn sorted(mut self) -> Vec<(usize, f32)> {
        self.cut();
        self.all.sort_unstable_by(nearer);
        self.all
    }
}

fn nearer(a: &(usize, f32), b: &(usize, f32)) -> std::cmp::Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

/// The center with the largest dot product with each key.
fn nearest_center(keys: ArrayView2<'_, f32>, centers: &Array2<f32>) -> Vec<usize> {
    let blocks = keys.axis_chunks_iter(Axis(0), BLOCK).into_par_iter();
    let nearest = blocks.map(|keys| {
        let near = keys.dot(&centers.t());
        let most = |row: ArrayView1<'_, f32>| {
            let first = (0, f32::NEG_INFINITY);
            row.iter()
                .enumerate()
                .fold(first, |most, (i, x)| if *x > most.1 { (i, *x) } else { most })
                .0
        };
        near.rows().into_iter().map(most).collect::<Vec<_>>()
    });
    nearest.flatten().collect()
}

/// A query as integers, and their scale: as large as possible while dot products with keys fit in 32 bits.
fn in_16_bits(query: ArrayView1<'_, f32>) -> (Vec<i16>, f32) {
    let most = query.fold(0.0_f32, |most, x| most.max(x.abs()));
    let largest = (i32::MAX as usize / 127 / query.len().max(1)).min(i16::MAX as usize) as f32;
    if most == 0.0 || !most.is_finite() {
        return (vec![0; query.len()], 0.0);
    }
    let scale = most / largest;
    (query.iter().map(|x| (x / scale) as i16).collect(), scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::unit;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Keys around some directions.
    fn keys(n: usize) -> Array2<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let spots = Array2::from_shape_simple_fn((40, 16), || rng.random_range(-1.0_f32..1.0));
        unit(&Array2::from_shape_fn((n, 16), |(i, j)| {
            spots[[i % 40, j]] + rng.random_range(-0.4_f32..0.4)
        }))
    }

    #[test]
    fn few_keys_are_compared_exactly() {
        let keys = keys(300);
        let (index, order) = Index::fit(&keys);
        assert_eq!((index.sizes.len(), order.len()), (1, 300));
        let found = index.nearest(keys.view(), 5, |row, key| row == key);
        let stored = index.keys.matrix();
        for (row, found) in found.iter().enumerate() {
            let mut all: Vec<f32> =
                (0..300).filter(|j| *j != row).map(|j| keys.row(row).dot(&stored.row(j))).collect();
            all.sort_unstable_by(|a, b| b.total_cmp(a));
            assert!(found.iter().all(|(key, _)| *key != row));
            assert!(found.iter().zip(&all).all(|((_, a), b)| (a - b).abs() < 2e-4), "{found:?}");
        }
    }

    #[test]
    fn of_many_keys_nearly_all_of_the_nearest_are_found() {
        let keys = keys(SMALL + 1000);
        let (index, order) = Index::fit(&keys);
        assert!(index.sizes.len() > 50);
        let stored = index.keys.matrix();
        let (mut hits, mut all) = (0, 0);
        for (i, found) in
            index.nearest(keys.slice(ndarray::s![..50, ..]), 20, |_, _| false).iter().enumerate()
        {
            let mut exact: Vec<(usize, f32)> =
                (0..stored.nrows()).map(|j| (j, keys.row(i).dot(&stored.row(j)))).collect();
            exact.sort_unstable_by(nearer);
            exact.truncate(20);
            hits += exact.iter().filter(|(j, _)| found.iter().any(|(k, _)| k == j)).count();
            all += 20;
            assert!(order[found[0].0] == i, "a key finds itself");
        }
        assert!(hits * 100 >= all * 95, "{hits} of {all}");
    }

    #[test]
    fn a_query_without_direction_finds_keys_at_no_likeness() {
        let (index, _) = Index::fit(&keys(10));
        let none = Array2::zeros((1, 16));
        let found = index.nearest(none.view(), 3, |_, _| false);
        assert_eq!(found, [[(0, 0.0), (1, 0.0), (2, 0.0)]]);
    }
}
