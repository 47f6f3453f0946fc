//! Nested cross-validation: settings and thresholds are chosen within each fold.

use std::sync::atomic::AtomicBool;

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::folds::Fold;
use super::smoother::{Features, Kind};
use super::task::Task;
use crate::error::Result;
use crate::progress::proceed;

/// The held-out predictions for each model; each models × columns.
#[derive(Clone)]
pub(super) struct Scores {
    /// The score minus the threshold of its fold; for a number, the predicted value.
    pub score: Array2<f64>,
    /// The log odds of the class with equal priors.
    pub even: Array2<f64>,
    /// The log odds of the class.
    pub odds: Array2<f64>,
}

impl Scores {
    fn zeros(rows: usize, columns: usize) -> Self {
        let zeros = Array2::zeros((rows, columns));
        Self { score: zeros.clone(), even: zeros.clone(), odds: zeros }
    }
}

/// Predicts `y` for the models of each fold with a probe on the others: models × columns, where each labeling
/// has `task.targets()` adjacent columns.
pub(super) fn cross_validate(
    kind: Kind,
    features: &Features,
    folds: &[Fold],
    task: &Task,
    y: &Array2<f64>,
    cancel: &AtomicBool,
) -> Result<Scores> {
    let predicted: Vec<Scores> = folds
        .par_iter()
        .map(|f| fold(kind, features, f, task, y, cancel))
        .collect::<Result<_>>()?;
    let mut all = Scores::zeros(y.nrows(), y.ncols());
    for (fold, predicted) in folds.iter().zip(predicted) {
        for (at, &m) in fold.test.iter().enumerate() {
            all.score.row_mut(m).assign(&predicted.score.row(at));
            all.even.row_mut(m).assign(&predicted.even.row(at));
            all.odds.row_mut(m).assign(&predicted.odds.row(at));
        }
    }
    Ok(all)
}

fn fold(
    kind: Kind,
    features: &Features,
    fold: &Fold,
    task: &Task,
    y: &Array2<f64>,
    cancel: &AtomicBool,
) -> Result<Scores> {
    proceed(cancel, "the probe")?;
    let targets = task.targets();
    let y = y.select(Axis(0), &fold.train);
    let n = y.nrows() as f64;
    let ones = y.sum_axis(Axis(0));
    // Errors on both classes have the same weight, however rare the class is.
    let weight = |truth: f64, ones: f64| match (task.is_number(), truth > 0.5) {
        (true, _) => 1.0,
        (false, true) => 0.5 / ones.max(1.0),
        (false, false) => 0.5 / (n - ones).max(1.0),
    };
    let mut best = vec![f64::INFINITY; y.ncols() / targets];
    let mut predicted = Scores::zeros(fold.test.len(), y.ncols());
    features.each_setting(kind, fold, &y, |inner, outer| {
        let mut losses = vec![0.0; y.ncols()];
        for (inner, truth) in inner.rows().into_iter().zip(y.rows()) {
            for (c, loss) in losses.iter_mut().enumerate() {
                *loss += weight(truth[c], ones[c]) * (inner[c] - truth[c]).powi(2);
            }
        }
        for (labeling, best) in best.iter_mut().enumerate() {
            let columns = labeling * targets..(labeling + 1) * targets;
            let loss: f64 = losses[columns.clone()].iter().sum();
            if loss >= *best {
                continue;
            }
            *best = loss;
            for c in columns {
                if task.is_number() {
                    predicted.score.column_mut(c).assign(&outer.column(c));
                    continue;
                }
                let rule = Threshold::of(inner.column(c), y.column(c), n, ones[c]);
                for (at, x) in outer.column(c).iter().enumerate() {
                    let above = x - rule.middle;
                    predicted.score[[at, c]] = above;
                    predicted.even[[at, c]] = rule.slope * above;
                    predicted.odds[[at, c]] = rule.slope * above + rule.prior;
                }
            }
        }
    })?;
    Ok(predicted)
}

/// Converts a score to log odds: two normal distributions of the same width, at the class means of
/// out-of-group predictions (linear discriminant analysis of the score).
struct Threshold {
    middle: f64,
    slope: f64,
    prior: f64,
}

impl Threshold {
    fn of(
        inner: ndarray::ArrayView1<'_, f64>,
        truth: ndarray::ArrayView1<'_, f64>,
        n: f64,
        ones: f64,
    ) -> Self {
        let zeros = n - ones;
        let prior = ((ones + 0.5) / (zeros + 0.5)).ln();
        if ones < 1.0 || zeros < 1.0 {
            return Self { middle: 0.5, slope: 0.0, prior };
        }
        let (mut up, mut down) = (0.0, 0.0);
        for (x, y) in inner.iter().zip(truth) {
            if *y > 0.5 { up += x } else { down += x }
        }
        let (up, down) = (up / ones, down / zeros);
        let spread = inner
            .iter()
            .zip(truth)
            .map(|(x, y)| (x - if *y > 0.5 { up } else { down }).powi(2))
            .sum::<f64>()
            / n;
        Self {
            middle: f64::midpoint(up, down),
            slope: (up - down).max(0.0) / spread.max(1e-6),
            prior,
        }
    }
}
