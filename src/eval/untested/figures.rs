//! The metrics of one predictor on hidden answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::coverage;
use crate::metrics::{self, EvalSet};

/// The results of one predictor on hidden answers. A cell is a model × a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// See [`metrics::Metrics::accuracy`].
    pub accuracy: f64,
    /// ROC AUC; a fractional label counts as correct above one half, else as incorrect.
    pub auc: f64,
    /// See [`metrics::Metrics::nll`].
    pub nll: f64,
    /// See [`metrics::Metrics::ece`].
    pub ece: f64,
    /// The mean prediction.
    pub mean_p: f64,
    /// The mean over cells of |mean prediction − accuracy|.
    pub cell_error: f64,
    /// The mean over cells of (mean prediction − accuracy).
    pub cell_bias: f64,
    /// The share of cells whose accuracy is between the mean ends of the 80% intervals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells_covered: Option<f64>,
    /// The share of groups of answers (the same question, similar predictions) within their 80% intervals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers_covered: Option<f64>,
    /// See [`metrics::Metrics::routing`]: with all candidates, hidden or not.
    pub routing: f64,
}

/// One predictor's predictions for all answers to the evaluated questions, hidden or not.
pub(super) struct Prediction {
    pub(super) name: &'static str,
    pub(super) p: Vec<f32>,
    /// The ends of the 80% intervals, if it has any.
    pub(super) ends: Option<Vec<(f32, f32)>>,
}

/// All answers to the evaluated questions, and which of them are hidden.
pub(super) struct Answers {
    pub(super) all: EvalSet,
    pub(super) hidden: Vec<bool>,
    /// The benchmark of each answer.
    pub(super) benchmarks: Vec<usize>,
}

/// The sums over one cell.
#[derive(Default)]
struct Cell {
    n: f64,
    right: f64,
    p: f64,
    low: f64,
    high: f64,
}

impl Answers {
    /// The number of hidden answers and of their cells, and their mean label.
    pub(super) fn summary(&self) -> (usize, usize, f64) {
        let hidden: Vec<usize> = self.places().collect();
        let cells: std::collections::BTreeSet<(usize, usize)> =
            hidden.iter().map(|&r| (self.all.models[r], self.benchmarks[r])).collect();
        let right: f64 = hidden.iter().map(|&r| f64::from(self.all.labels[r])).sum();
        (hidden.len(), cells.len(), right / hidden.len().max(1) as f64)
    }

    fn places(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.hidden.len()).filter(|&r| self.hidden[r])
    }

    pub(super) fn figures(&self, prediction: &Prediction) -> Figures {
        let Prediction { p, ends, .. } = prediction;
        let (hidden, hidden_p) = self.all.part(p, |_, r| self.hidden[r]);
        let figures = metrics::Metrics::of(&hidden, &hidden_p);
        let class = |y: &f32| f32::from(u8::from(*y > 0.5));
        let classes: Vec<f32> = hidden.labels.iter().map(class).collect();
        let mut cells: BTreeMap<(usize, usize), Cell> = BTreeMap::new();
        for r in self.places() {
            let cell = cells.entry((self.all.models[r], self.benchmarks[r])).or_default();
            cell.n += 1.0;
            cell.right += f64::from(self.all.labels[r]);
            cell.p += f64::from(p[r]);
            if let Some(ends) = ends {
                cell.low += f64::from(ends[r].0);
                cell.high += f64::from(ends[r].1);
            }
        }
        let mean = |of: &dyn Fn(&Cell) -> f64| {
            cells.values().map(of).sum::<f64>() / cells.len().max(1) as f64
        };
        let inside = |cell: &Cell| {
            // Equal means may differ in their last bit.
            let slack = 1e-9 * cell.n;
            let within = (cell.low - slack..=cell.high + slack).contains(&cell.right);
            f64::from(u8::from(within))
        };
        let hidden_ends: Option<Vec<(f32, f32)>> =
            ends.as_ref().map(|ends| self.places().map(|r| ends[r]).collect());
        Figures {
            accuracy: figures.accuracy,
            auc: metrics::auc(&hidden_p, &classes),
            nll: figures.nll,
            ece: figures.ece,
            mean_p: hidden_p.iter().map(|p| f64::from(*p)).sum::<f64>()
                / hidden_p.len().max(1) as f64,
            cell_error: mean(&|cell| ((cell.p - cell.right) / cell.n).abs()),
            cell_bias: mean(&|cell| (cell.p - cell.right) / cell.n),
            cells_covered: ends.as_ref().map(|_| mean(&inside)),
            answers_covered: hidden_ends
                .and_then(|ends| coverage::of_answers(&hidden, &hidden_p, &ends)),
            routing: metrics::Metrics::of(&self.all, p).routing,
        }
        .rounded()
    }
}

/// Seven decimals: more are noise, and these survive a round trip through JSON.
pub(super) fn rounded(x: f64) -> f64 {
    const DIGITS: f64 = 1e7;
    (x * DIGITS).round() / DIGITS
}

impl Figures {
    /// All numbers [`rounded`].
    fn rounded(self) -> Self {
        self.each(&|of| rounded(of(&self)))
    }

    /// Combines metrics of several results field by field, with intervals if they have them.
    #[allow(clippy::type_complexity)]
    fn each(&self, make: &dyn Fn(&dyn Fn(&Self) -> f64) -> f64) -> Self {
        Self {
            accuracy: make(&|f| f.accuracy),
            auc: make(&|f| f.auc),
            nll: make(&|f| f.nll),
            ece: make(&|f| f.ece),
            mean_p: make(&|f| f.mean_p),
            cell_error: make(&|f| f.cell_error),
            cell_bias: make(&|f| f.cell_bias),
            cells_covered: self
                .cells_covered
                .map(|_| make(&|f| f.cells_covered.unwrap_or_default())),
            answers_covered: self
                .answers_covered
                .map(|_| make(&|f| f.answers_covered.unwrap_or_default())),
            routing: make(&|f| f.routing),
        }
    }

    /// The mean over repeats, and the standard deviation between them (zero for one repeat).
    #[must_use]
    pub fn summary(all: &[Self]) -> Option<(Self, Option<Self>)> {
        let n = all.len() as f64;
        let mean = |of: &dyn Fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / n;
        let spread = |of: &dyn Fn(&Self) -> f64| {
            let middle = mean(of);
            (all.iter().map(|f| (of(f) - middle).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
        };
        let mut first = *all.first()?;
        if all.iter().any(|f| f.answers_covered.is_none()) {
            first.answers_covered = None;
        }
        Some((first.each(&mean), (all.len() > 1).then(|| first.each(&spread))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_judged_as_wholes_and_routing_with_all_candidates() {
        // Two questions of one benchmark; model 0 is hidden, model 1 is not.
        let all = EvalSet {
            questions: vec![0, 1],
            starts: vec![0, 2, 4],
            models: vec![0, 1, 0, 1],
            labels: vec![1.0, 0.0, 0.0, 1.0],
        };
        let answers =
            Answers { all, hidden: vec![true, false, true, false], benchmarks: vec![0; 4] };
        assert_eq!(answers.summary(), (2, 1, 0.5));
        let p = vec![0.9, 0.2, 0.7, 0.6];
        let ends = Some(vec![(0.5, 0.95), (0.0, 1.0), (0.4, 0.8), (0.0, 1.0)]);
        let found = answers.figures(&Prediction { name: "test", p, ends });
        assert!((found.cell_error - 0.3).abs() < 1e-6 && (found.cell_bias - 0.3).abs() < 1e-6);
        assert_eq!(
            found.cells_covered,
            Some(1.0),
            "an accuracy of one half is between .45 and .875"
        );
        assert!((found.auc - 1.0).abs() < 1e-9 && (found.accuracy - 0.5).abs() < 1e-9);
        assert!((found.mean_p - 0.8).abs() < 1e-6);
        // Routed to model 0 both times, which is correct once.
        assert!((found.routing - 0.5).abs() < 1e-9);
        let (mean, spread) = Figures::summary(&[found, Figures { auc: 0.5, ..found }]).unwrap();
        assert!((mean.auc - 0.75).abs() < 1e-9);
        assert!((spread.unwrap().auc - 0.5 / 2.0_f64.sqrt()).abs() < 1e-9);
        assert!(Figures::summary(&[found]).unwrap().1.is_none());
    }
}
