//! The metrics of a probe, over all models or resamples.

use rand::RngExt;
use serde::Serialize;

use super::crossval::Scores;
use super::folds;
use super::task::Task;
use crate::estimate::Figure;
use crate::metrics::area;

/// The metrics of one kind of probe, with intervals over resampled models, or over families where folds keep
/// them together; for a number the first three are about the two sides of its median.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Share of correct out-of-fold predictions.
    pub accuracy: Figure,
    /// The mean over classes of the share of correct predictions, with equal priors.
    pub balanced_accuracy: Figure,
    /// ROC AUC; one-vs-rest average with more than two classes.
    pub auc: Figure,
    /// Of a number: the share of explained variance (R²).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<Figure>,
    /// Of a number: the rank correlation of true and predicted values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spearman: Option<Figure>,
}

impl Figures {
    /// Decides whether an attribute is decodable: the AUC, or Spearman's correlation for a number.
    #[must_use]
    pub fn deciding(&self) -> Figure {
        self.spearman.unwrap_or(self.auc)
    }

    /// The main metric for people: balanced accuracy, or Spearman's correlation for a number.
    #[must_use]
    pub fn main(&self) -> Figure {
        self.spearman.unwrap_or(self.balanced_accuracy)
    }

    pub(super) fn from(values: [Figure; 5], number: bool) -> Self {
        let [accuracy, balanced_accuracy, auc, r2, spearman] = values;
        let of = |figure| number.then_some(figure);
        Self { accuracy, balanced_accuracy, auc, r2: of(r2), spearman: of(spearman) }
    }
}

/// The position of the largest value; the first of equals.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (at, value) in values.enumerate() {
        if value > best.1 {
            best = (at, value);
        }
    }
    best.0
}

/// The predictions for the known models with the true values, sorted so that metrics for any weights take one
/// pass.
pub(super) struct Outcome {
    class: Vec<usize>,
    value: Vec<f64>,
    right: Vec<bool>,
    even_right: Vec<bool>,
    /// The predicted class, with equal priors.
    pub predicted: Vec<usize>,
    scores: Vec<Vec<f64>>,
    orders: Vec<Vec<usize>>,
    value_order: Vec<usize>,
    classes: usize,
    number: bool,
}

fn order(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    order
}

/// True for a tie of ascending values. NaN ties with itself, so that loops over ties always advance.
fn same(value: f64, tie: f64) -> bool {
    value <= tie || value.total_cmp(&tie).is_eq()
}

impl Outcome {
    /// Takes the columns of one labeling, whose labels are those of the models of `labeling`.
    pub(super) fn new(task: &Task, scores: &Scores, labeling: &[usize], at: usize) -> Self {
        let targets = task.targets();
        let columns = at * targets..(at + 1) * targets;
        let class: Vec<usize> = labeling.iter().map(|m| task.class[*m]).collect();
        let number = task.is_number();
        let say = |table: &ndarray::Array2<f64>, m: usize| {
            if number {
                usize::from(scores.score[[m, at]] > task.median)
            } else if targets == 1 {
                usize::from(table[[m, at]] > 0.0)
            } else {
                largest(columns.clone().map(|c| table[[m, c]]))
            }
        };
        let even = if targets == 1 { &scores.score } else { &scores.even };
        let predicted: Vec<usize> = task.known.iter().map(|&m| say(even, m)).collect();
        let right = task.known.iter().zip(&class).map(|(&m, c)| say(&scores.odds, m) == *c);
        let value: Vec<f64> =
            if number { labeling.iter().map(|m| task.value(*m)).collect() } else { Vec::new() };
        let columns: Vec<Vec<f64>> = columns
            .clone()
            .map(|c| task.known.iter().map(|&m| scores.score[[m, c]]).collect())
            .collect();
        Self {
            right: right.collect(),
            even_right: predicted.iter().zip(&class).map(|(a, b)| a == b).collect(),
            orders: columns.iter().map(|c| order(c)).collect(),
            value_order: order(&value),
            scores: columns,
            classes: task.names.len(),
            class,
            value,
            predicted,
            number,
        }
    }

    /// Accuracy, balanced accuracy, AUC, R² and Spearman's correlation of models with these weights; NaN
    /// where a metric is undefined.
    pub(super) fn figures(&self, weights: &[f64]) -> [f64; 5] {
        let total: f64 = weights.iter().sum();
        let share = |right: &[bool]| {
            right.iter().zip(weights).filter(|(r, _)| **r).map(|(_, w)| w).sum::<f64>()
        };
        let mut sizes = vec![0.0; self.classes];
        let mut found = vec![0.0; self.classes];
        for ((&class, &right), &w) in self.class.iter().zip(&self.even_right).zip(weights) {
            sizes[class] += w;
            found[class] += if right { w } else { 0.0 };
        }
        let balanced = found.iter().zip(&sizes).map(|(f, n)| f / n).sum::<f64>();
        let (mut r2, mut spearman) = (f64::NAN, f64::NAN);
        if self.number {
            (r2, spearman) = (self.r2(weights, total), self.spearman(weights));
        }
        [
            share(&self.right) / total,
            balanced / self.classes as f64,
            self.auc(weights),
            r2,
            spearman,
        ]
    }

    /// The deciding metric, with equal weights.
    pub(super) fn deciding(&self) -> f64 {
        let weights = vec![1.0; self.class.len()];
        if self.number { self.spearman(&weights) } else { self.auc(&weights) }
    }

    /// The main metric, with equal weights.
    pub(super) fn main(&self) -> f64 {
        let figures = self.figures(&vec![1.0; self.class.len()]);
        if self.number { figures[4] } else { figures[1] }
    }

    pub(super) fn accuracy(&self) -> f64 {
        self.right.iter().filter(|r| **r).count() as f64 / self.right.len().max(1) as f64
    }

    fn auc(&self, weights: &[f64]) -> f64 {
        let each = self.orders.iter().zip(&self.scores).enumerate().map(|(target, (order, x))| {
            let wanted = if self.orders.len() == 1 { 1 } else { target };
            let each = order.iter().map(|&m| {
                let (w, hit) = (weights[m], self.class[m] == wanted);
                (x[m], if hit { w } else { 0.0 }, if hit { 0.0 } else { w })
            });
            area(each).unwrap_or(f64::NAN)
        });
        each.sum::<f64>() / self.orders.len() as f64
    }

    fn r2(&self, weights: &[f64], total: f64) -> f64 {
        let mean = self.value.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / total;
        let (mut error, mut spread) = (0.0, 0.0);
        for ((v, predicted), w) in self.value.iter().zip(&self.scores[0]).zip(weights) {
            error += w * (v - predicted).powi(2);
            spread += w * (v - mean).powi(2);
        }
        if spread > 0.0 { 1.0 - error / spread } else { 0.0 }
    }

    fn spearman(&self, weights: &[f64]) -> f64 {
        let ranks = |values: &[f64], order: &[usize]| {
            let (mut ranks, mut before, mut at) = (vec![0.0; values.len()], 0.0, 0);
            while at < order.len() {
                let tie = values[order[at]];
                let end = at + order[at..].iter().take_while(|m| same(values[**m], tie)).count();
                let here: f64 = order[at..end].iter().map(|m| weights[*m]).sum();
                order[at..end].iter().for_each(|m| ranks[*m] = before + here / 2.0);
                before += here;
                at = end;
            }
            ranks
        };
        correlation(
            &ranks(&self.value, &self.value_order),
            &ranks(&self.scores[0], &self.orders[0]),
            weights,
        )
    }
}

/// Weighted Pearson correlation; 0 if one side is constant.
pub(super) fn correlation(a: &[f64], b: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let mean = |x: &[f64]| x.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>() / total;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for ((a, b), w) in a.iter().zip(b).zip(weights) {
        ab += w * (a - ma) * (b - mb);
        aa += w * (a - ma).powi(2);
        bb += w * (b - mb).powi(2);
    }
    if aa > 1e-12 && bb > 1e-12 { ab / (aa * bb).sqrt() } else { 0.0 }
}

/// Weights of the known models in each of `resamples` bootstrap samples of whole units.
pub(super) fn resampled(unit: &[usize], resamples: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut units = unit.to_vec();
    units.sort_unstable();
    units.dedup();
    let place: Vec<usize> =
        unit.iter().map(|u| units.binary_search(u).unwrap_or_default()).collect();
    (0..resamples as u64)
        .map(|resample| {
            let mut rng = folds::rng(seed, (1 << 32) + resample);
            let mut drawn = vec![0.0; units.len()];
            (0..units.len()).for_each(|_| drawn[rng.random_range(0..units.len())] += 1.0);
            place.iter().map(|p| drawn[*p]).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Attribute, Values};
    use proptest::prelude::*;

    fn outcome(rows: &[(bool, f64)]) -> Outcome {
        let class: Vec<usize> = rows.iter().map(|(c, _)| usize::from(*c)).collect();
        let score: Vec<f64> = rows.iter().map(|(_, s)| *s).collect();
        let even_right = rows.iter().map(|(c, s)| *c == (*s > 0.0)).collect();
        Outcome {
            right: vec![true; rows.len()],
            predicted: Vec::new(),
            value: score.clone(),
            value_order: order(&score),
            orders: vec![order(&score)],
            scores: vec![score],
            classes: 2,
            number: false,
            class,
            even_right,
        }
    }

    proptest! {
        #[test]
        fn a_weight_of_two_is_a_model_twice(
            rows in prop::collection::vec((any::<bool>(), -3_i8..4, 1_u8..4), 2..20)
        ) {
            let plain: Vec<(bool, f64)> = rows.iter().map(|(c, s, _)| (*c, f64::from(*s))).collect();
            let weights: Vec<f64> = rows.iter().map(|(.., w)| f64::from(*w)).collect();
            let copied: Vec<(bool, f64)> = rows
                .iter()
                .flat_map(|(c, s, w)| std::iter::repeat_n((*c, f64::from(*s)), usize::from(*w)))
                .collect();
            let weighted = outcome(&plain).figures(&weights);
            let repeated = outcome(&copied).figures(&vec![1.0; copied.len()]);
            for (a, b) in weighted.into_iter().zip(repeated) {
                prop_assert!(a.is_nan() && b.is_nan() || (a - b).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn figures_of_a_number_by_hand() {
        let values: Vec<f64> = (0..12).map(f64::from).collect();
        let attribute = Attribute {
            name: "n".into(),
            values: Values::Number(values.iter().map(|v| Some(*v)).collect()),
        };
        let task = Task::new(&attribute).unwrap();
        let column = ndarray::Array2::from_shape_fn((12, 1), |(m, _)| values[m].powi(3));
        let scores = Scores { score: column.clone(), even: column.clone(), odds: column };
        let outcome = Outcome::new(&task, &scores, &task.known, 0);
        let [accuracy, balanced, auc, r2, spearman] = outcome.figures(&[1.0; 12]);
        // From 2³ on a cube is above the median of 5: three of the lower side are.
        assert!((accuracy - 8.0 / 12.0).abs() < 1e-9 && (balanced - accuracy).abs() < 1e-9);
        assert!((auc - 1.0).abs() < 1e-9 && (spearman - 1.0).abs() < 1e-9 && r2 < 0.0);
    }

    #[test]
    fn nan_does_not_loop_forever() {
        let mut outcome = outcome(&[(true, f64::NAN), (false, 1.0), (true, -f64::NAN)]);
        outcome.number = true;
        outcome.figures(&[1.0; 3]);
    }

    #[test]
    fn whole_families_are_drawn() {
        let unit = [4, 4, 9, 9, 9, 2];
        for weights in resampled(&unit, 20, 1) {
            assert!((weights[0] - weights[1]).abs() < 1e-9);
            assert!((weights[2] - weights[4]).abs() < 1e-9);
            let drawn = weights[0] + weights[2] + weights[5];
            assert!((drawn - 3.0).abs() < 1e-9);
        }
    }
}
