//! The two kinds of probe as linear smoothers: linear maps from labels to scores.
//!
//! A ridge regression and a mean over neighbors both weight the labels of the training models independently
//! of these labels, so that one fold serves the true labels and all shuffled ones at once, as columns of a
//! matrix.

use ndarray::{Array2, ArrayView2, Axis, s};

use super::folds::Fold;
use crate::cholesky;
use crate::embedder::Benchmark;
use crate::error::{Error, Result};

/// Dimensions with less than this share of the variance are dropped: the weakest penalty shrinks them to
/// nothing.
const NEGLIGIBLE: f64 = 1e-5;
/// Penalties of the ridge regression, relative to the mean squared norm of a centered vector.
const PENALTIES: [f64; 4] = [3e-4, 3e-3, 3e-2, 3e-1];
/// Numbers of neighbors, ascending.
const NEIGHBORS: [usize; 4] = [3, 5, 9, 15];

/// The kind of probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ridge regression.
    Linear,
    /// The mean of the nearest models, weighted by Euclidean distance.
    Neighbors,
}

/// The features of the models, in one or several forms from which a fold chooses one.
pub(super) struct Features {
    /// Each models × dimensions.
    forms: Vec<Array2<f64>>,
    /// For each form and model, the other models by ascending distance.
    nearest: Vec<Vec<Vec<u32>>>,
}

impl Features {
    /// The vectors unchanged, and with the profile scaled to unit length: the direction of a model's
    /// strengths, regardless of how much is known about it.
    pub(super) fn of_vectors(vectors: ArrayView2<'_, f32>) -> Self {
        let plain = vectors.mapv(f64::from);
        let mut turned = plain.clone();
        for mut row in turned.rows_mut() {
            let mut specialities = row.slice_mut(s![1.min(vectors.ncols())..]);
            let length = specialities.dot(&specialities).sqrt();
            if length > 1e-12 {
                specialities /= length;
            }
        }
        Self::new(vec![cut(plain), cut(turned)])
    }

    /// The features of the control: ability and coverage, standardized.
    pub(super) fn of_pools(vectors: ArrayView2<'_, f32>, benchmarks: &[Benchmark]) -> Self {
        let mut x = Array2::zeros((vectors.nrows(), 1 + benchmarks.len()));
        for m in 0..vectors.nrows() {
            x[[m, 0]] = vectors.get((m, 0)).map_or(0.0, |v| f64::from(*v));
            for (b, benchmark) in benchmarks.iter().enumerate() {
                x[[m, b + 1]] = f64::from(u8::from(benchmark.scores.get(m).is_some()));
            }
        }
        for mut column in x.columns_mut() {
            let (mean, deviation) = (column.mean().unwrap_or_default(), column.std(0.0));
            column.mapv_inplace(|v| if deviation > 1e-9 { (v - mean) / deviation } else { 0.0 });
        }
        Self::new(vec![x])
    }

    fn new(forms: Vec<Array2<f64>>) -> Self {
        let nearest = forms.iter().map(neighbors).collect();
        Self { forms, nearest }
    }

    /// Predicts `y` (training models × columns) for every setting of a kind: for the training models, each
    /// from those outside of its group, and for the held-out models.
    pub(super) fn each_setting(
        &self,
        kind: Kind,
        fold: &Fold,
        y: &Array2<f64>,
        mut take: impl FnMut(&Array2<f64>, &Array2<f64>),
    ) -> Result<()> {
        for (form, nearest) in self.forms.iter().zip(&self.nearest) {
            match kind {
                Kind::Linear => ridge(form, fold, y, &mut take)?,
                Kind::Neighbors => means(form, nearest, fold, y, &mut take),
            }
        }
        Ok(())
    }
}

fn cut(x: Array2<f64>) -> Array2<f64> {
    if x.nrows() == 0 {
        return x;
    }
    let variances = x.var_axis(Axis(0), 0.0);
    let least = variances.sum() * NEGLIGIBLE;
    let kept: Vec<usize> = (0..x.ncols()).filter(|&c| variances[c] > least).collect();
    x.select(Axis(1), &kept)
}

fn neighbors(x: &Array2<f64>) -> Vec<Vec<u32>> {
    let lengths = x.map_axis(Axis(1), |row| row.dot(&row));
    let products = x.dot(&x.t());
    (0..x.nrows())
        .map(|m| {
            let far = |o: u32| lengths[o as usize] - 2.0 * products[[m, o as usize]];
            let mut others: Vec<u32> = (0..x.nrows() as u32).filter(|o| *o as usize != m).collect();
            others.sort_by(|a, b| far(*a).total_cmp(&far(*b)));
            others
        })
        .collect()
}

fn unsolved() -> Error {
    Error::Failed("the probe could not be fitted: its equations have no solution".into())
}

/// Ridge regression with an unpenalized intercept. The leave-group-out prediction is exact: the residuals are
/// divided by what the group adds to its own fit (Allen's PRESS, for groups).
fn ridge(
    x: &Array2<f64>,
    fold: &Fold,
    y: &Array2<f64>,
    take: &mut impl FnMut(&Array2<f64>, &Array2<f64>),
) -> Result<()> {
    let (mut train, mut test) = (x.select(Axis(0), &fold.train), x.select(Axis(0), &fold.test));
    let (n, d) = (train.nrows() as f64, train.ncols());
    let mean = train.mean_axis(Axis(0)).unwrap_or_default();
    train -= &mean;
    test -= &mean;
    let size = train.iter().map(|v| v * v).sum::<f64>() / n;
    let scale = if size > 1e-12 { size.sqrt() } else { 1.0 };
    train /= scale;
    test /= scale;
    let level = y.mean_axis(Axis(0)).unwrap_or_default();
    let gram = train.t().dot(&train) / n;
    let sums = train.t().dot(&(y - &level)) / n;
    for penalty in PENALTIES {
        let inverse = cholesky::inverse(&(&gram + &(Array2::<f64>::eye(d) * penalty)))
            .ok_or_else(unsolved)?;
        let weights = inverse.dot(&sums);
        let mut inner = train.dot(&weights) + &level;
        let outer = test.dot(&weights) + &level;
        let pull = inverse.dot(&train.t()) / n;
        for group in &fold.groups {
            if let [i] = group[..] {
                let own = 1.0 / n + train.row(i).dot(&pull.column(i));
                let keep = 1.0 / (1.0 - own).max(1e-9);
                inner.row_mut(i).zip_mut_with(&y.row(i), |predicted, y| {
                    *predicted = y - (y - *predicted) * keep;
                });
                continue;
            }
            let own = train.select(Axis(0), group).dot(&pull.select(Axis(1), group));
            let rest = Array2::<f64>::eye(group.len()) * (1.0 + 1e-9) - own.mapv(|h| h + 1.0 / n);
            let truth = y.select(Axis(0), group);
            let gap = &truth - &inner.select(Axis(0), group);
            let gap = cholesky::inverse(&rest).ok_or_else(unsolved)?.dot(&gap);
            for (at, &i) in group.iter().enumerate() {
                inner.row_mut(i).assign(&(&truth.row(at) - &gap.row(at)));
            }
        }
        take(&inner, &outer);
    }
    Ok(())
}

/// Means over the nearest models, weighted by proximity.
fn means(
    x: &Array2<f64>,
    nearest: &[Vec<u32>],
    fold: &Fold,
    y: &Array2<f64>,
    take: &mut impl FnMut(&Array2<f64>, &Array2<f64>),
) {
    /// The nearest models by index, with their weights.
    type List = Vec<(usize, f64)>;
    const NONE: usize = usize::MAX;
    // The group and the position of each training model.
    let mut group_of = vec![NONE; nearest.len()];
    let mut place = vec![0; nearest.len()];
    for (at, &m) in fold.train.iter().enumerate() {
        place[m] = at;
    }
    for (g, group) in fold.groups.iter().enumerate() {
        group.iter().for_each(|&at| group_of[fold.train[at]] = g);
    }
    let near = |m: usize| -> List {
        let own = group_of[m];
        let others = nearest[m].iter().map(|o| *o as usize);
        let others = others.filter(|&o| group_of[o] != NONE && group_of[o] != own);
        let weighed = others.take(NEIGHBORS[NEIGHBORS.len() - 1]).map(|o| {
            let apart = &x.row(m) - &x.row(o);
            // Models at the same distance share it.
            (place[o], (apart.dot(&apart).sqrt() + 1e-6).recip())
        });
        weighed.collect()
    };
    let lists = |models: &[usize]| -> Vec<List> { models.iter().map(|m| near(*m)).collect() };
    let (inside, outside) = (lists(&fold.train), lists(&fold.test));
    // Sums over the first neighbors grow from one setting to the next.
    let grow = |lists: &[List], sums: &mut Array2<f64>, from: usize, to: usize| {
        let mut means = Array2::zeros(sums.raw_dim());
        for ((list, mut sum), mut mean) in lists.iter().zip(sums.rows_mut()).zip(means.rows_mut()) {
            let (from, to) = (from.min(list.len()), to.min(list.len()));
            list[from..to].iter().for_each(|&(o, weight)| sum.scaled_add(weight, &y.row(o)));
            let all: f64 = list[..to].iter().map(|(_, weight)| weight).sum();
            mean.assign(&sum);
            mean /= all.max(f64::MIN_POSITIVE);
        }
        means
    };
    let mut sums =
        (Array2::zeros((inside.len(), y.ncols())), Array2::zeros((outside.len(), y.ncols())));
    let mut from = 0;
    for to in NEIGHBORS {
        take(&grow(&inside, &mut sums.0, from, to), &grow(&outside, &mut sums.1, from, to));
        from = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn leaving_a_group_out_in_closed_form_is_fitting_without_it() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut noise =
            |shape| Array2::from_shape_simple_fn(shape, || StandardNormal.sample(&mut rng));
        let (x, y): (Array2<f64>, Array2<f64>) = (noise((12, 4)), noise((12, 3)));
        let groups = vec![vec![0, 1, 2], vec![3], (4..12).collect()];
        let whole = Fold { train: (0..12).collect(), test: vec![0], groups: groups.clone() };
        let mut predicted = Vec::new();
        ridge(&x, &whole, &y, &mut |inner, _| predicted.push(inner.clone())).unwrap();
        // Centering and scaling of the whole are part of the penalty: fix them for the comparison.
        let centered = &x - &x.mean_axis(Axis(0)).unwrap();
        let size = centered.iter().map(|v| v * v).sum::<f64>() / 12.0;
        let z = centered / size.sqrt();
        for group in groups {
            let rest: Vec<usize> = (0..12).filter(|i| !group.contains(i)).collect();
            for (setting, penalty) in PENALTIES.into_iter().enumerate() {
                // Normal equations with the intercept as a column without penalty.
                let with = |rows: &[usize]| {
                    let mut with = Array2::ones((rows.len(), 5));
                    with.slice_mut(s![.., 1..]).assign(&z.select(Axis(0), rows));
                    with
                };
                let mut normal = with(&rest).t().dot(&with(&rest));
                (1..5).for_each(|i| normal[[i, i]] += penalty * 12.0);
                let right = with(&rest).t().dot(&y.select(Axis(0), &rest));
                let expected = with(&group).dot(&cholesky::inverse(&normal).unwrap().dot(&right));
                let found = predicted[setting].select(Axis(0), &group);
                assert!((expected - found).iter().all(|d| d.abs() < 1e-6));
            }
        }
    }
}
