//! The results of a probe, for people and for scripts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::crossval::Scores;
use super::figures::{Figures, Outcome, correlation, largest};
use super::task::Task;
use super::{Prober, SIGNIFICANT};
use crate::dataset::Attribute;
use crate::estimate::Figure;
use crate::logit::sigmoid;

/// Minimum number of models for the correlation with a benchmark.
const FEWEST_RUN: usize = 15;

/// One kind of probe with one set of folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Its metrics.
    #[serde(flatten)]
    pub figures: Figures,
    /// Mean accuracy on shuffled labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffled: Option<f64>,
    /// The 95% quantile of its main metric on shuffled labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffled_high: Option<f64>,
    /// The share of shuffles with at least the same deciding metric, counting the true labels as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
}

/// The results with one set of folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Scheme {
    /// How many folds.
    pub folds: usize,
    /// The number of repetitions.
    pub repetitions: usize,
    /// The linear probe.
    pub linear: Run,
    /// The k-NN probe.
    pub nearest: Run,
    /// The control with only the ability and the set of benchmarks.
    pub pool: Run,
    /// The lead of the linear probe over that control in the deciding metric.
    pub ahead_of_pool: Figure,
}

impl Run {
    /// Whether chance and shuffled labels are not beaten.
    fn lost(&self, number: bool) -> [(bool, &'static str); 2] {
        let chance = if number { 0.0 } else { 0.5 };
        [
            (self.figures.deciding().interval.low <= chance, "chance"),
            (self.p_value.is_none_or(|p| p > SIGNIFICANT), "shuffled labels"),
        ]
    }
}

impl Scheme {
    /// The controls that the linear probe does not beat.
    fn unbeaten(&self, number: bool) -> Vec<&'static str> {
        let baseline = (self.ahead_of_pool.interval.low <= 0.0, BASELINE);
        let lost = self.linear.lost(number).into_iter().chain([baseline]);
        lost.filter(|(lost, _)| *lost).map(|(_, control)| control).collect()
    }
}

/// The correlation of a benchmark with an attribute, controlling for ability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pull {
    /// Its name.
    pub benchmark: String,
    /// The correlation of the probe's score with the accuracy that ability does not explain, over the models
    /// that were evaluated on it.
    pub correlation: f64,
    /// The number of those models.
    pub models: usize,
}

/// The control with only ability and coverage.
const BASELINE: &str = "ability and benchmarks run";

/// The results of a probe. The metrics at its top are those of the linear probe in folds that keep families
/// together, or in random folds if the classes do not allow that.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The attribute.
    pub attribute: String,
    /// Its kind: `flag`, `number` or `class`.
    pub kind: &'static str,
    /// How many models have a known value in a class that is large enough.
    pub models: usize,
    /// The number of models in each class; of a number, on each side of its median.
    pub classes: BTreeMap<String, usize>,
    /// See [`Figures::accuracy`].
    pub accuracy: f64,
    /// Lower end of its 95% interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// See [`Figures::balanced_accuracy`].
    pub balanced_accuracy: f64,
    /// See [`Figures::auc`].
    pub auc: f64,
    /// See [`Figures::r2`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// See [`Figures::spearman`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spearman: Option<f64>,
    /// Accuracy of always naming the most frequent class.
    pub majority: f64,
    /// Mean accuracy of the same probe on shuffled labels.
    pub shuffled: f64,
    /// The share of shuffles with at least the same deciding metric, counting the true labels as one.
    pub p_value: f64,
    /// Folds.
    pub folds: usize,
    /// `families` or `random`: the kind of those folds.
    pub dealt: &'static str,
    /// True if the logarithms of the values were used.
    pub log: bool,
    /// True if the linear probe beats chance, shuffled labels and the control.
    pub beats_controls: bool,
    /// The controls that it does not beat.
    pub unbeaten: Vec<&'static str>,
    /// Folds that keep families together; none if a class occurs in one family only.
    pub grouped: Option<Scheme>,
    /// Random folds.
    pub random: Scheme,
    /// Confusion matrix, true × predicted, in the order of `classes`, with equal priors.
    pub confusion: Vec<Vec<usize>>,
    /// Benchmarks by their correlation with the attribute, highest first; none for more than two classes.
    pub pulls: Vec<Pull>,
    /// The predictions of the linear probe for every model: out of fold where the value is known, else from a
    /// probe on all known models.
    #[serde(skip)]
    pub predictions: Vec<Prediction>,
}

/// The prediction for one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// The most probable class with equal priors, as in the confusion matrix; for a number the value.
    pub predicted: String,
    /// The probability of the class with equal priors; none for a number.
    pub probability: Option<f64>,
    /// The true value, if known.
    pub truth: Option<String>,
    /// The score of the model: above 0 for the second class; for a number the predicted value (or its
    /// logarithm), for several classes the highest log odds.
    pub score: f64,
    /// The error: for a class the log odds against the true one with equal priors, for a number the distance
    /// in deviations. Lower is better; none if unknown.
    pub surprise: Option<f64>,
}

impl Report {
    /// The folds of the metrics at the top.
    #[must_use]
    pub fn main(&self) -> &Scheme {
        self.grouped.as_ref().unwrap_or(&self.random)
    }

    /// True if the linear probe beats chance and shuffled labels, regardless of the control.
    #[must_use]
    pub fn beats_chance(&self) -> bool {
        self.unbeaten.iter().all(|control| *control == BASELINE)
    }

    /// True if the k-NN probe beats chance and shuffled labels: the attribute may be in the vectors, but not
    /// along one direction.
    #[must_use]
    pub fn nearest_beats_chance(&self) -> bool {
        let lost = self.main().nearest.lost(self.kind == "number");
        lost.into_iter().all(|(lost, _)| !lost)
    }

    /// The known models that the probe predicts wrong, by descending error; of a number, all.
    #[must_use]
    pub fn errors(&self) -> Vec<usize> {
        let wrong = |m: &usize| {
            let Prediction { predicted, truth, .. } = &self.predictions[*m];
            self.kind == "number" || truth.as_ref() != Some(predicted)
        };
        self.most_wrong().into_iter().filter(wrong).collect()
    }

    /// The known models by descending error.
    #[must_use]
    pub fn most_wrong(&self) -> Vec<usize> {
        let surprise = |m: usize| self.predictions[m].surprise;
        let mut known: Vec<usize> =
            (0..self.predictions.len()).filter(|m| surprise(*m).is_some()).collect();
        known.sort_by(|a, b| {
            surprise(*b).partial_cmp(&surprise(*a)).unwrap_or(std::cmp::Ordering::Equal)
        });
        known
    }

    /// The models with an unknown value.
    #[must_use]
    pub fn unknown(&self) -> Vec<usize> {
        (0..self.predictions.len()).filter(|m| self.predictions[*m].truth.is_none()).collect()
    }
}

pub(super) fn assemble(
    prober: &Prober,
    attribute: &Attribute,
    task: &Task,
    random: (Scheme, Scores, Outcome),
    grouped: Option<(Scheme, Scores, Outcome)>,
    whole: &Scores,
) -> Report {
    let dealt = if grouped.is_some() { "families" } else { "random" };
    let (main, predicted, outcome) = grouped.as_ref().unwrap_or(&random);
    let number = task.is_number();
    let counts = task.counts();
    let mut confusion = vec![vec![0; task.names.len()]; task.names.len()];
    for (&m, &class) in task.known.iter().zip(&outcome.predicted) {
        confusion[task.class[m]][class] += 1;
    }
    let deviation = (task.known.iter().map(|&m| (predicted.score[[m, 0]] - task.value(m)).powi(2)))
        .sum::<f64>()
        / task.known.len().max(1) as f64;
    let mut predictions: Vec<Prediction> =
        (0..prober.models).map(|m| prediction(task, whole, m)).collect();
    for &m in &task.known {
        let class = task.class[m];
        let surprise = if number {
            (predicted.score[[m, 0]] - task.value(m)).abs() / deviation.sqrt().max(1e-9)
        } else if task.targets() == 1 {
            predicted.even[[m, 0]] * if class == 1 { -1.0 } else { 1.0 }
        } else {
            let rest = (0..task.targets()).filter(|t| *t != class).map(|t| predicted.even[[m, t]]);
            rest.fold(f64::NEG_INFINITY, f64::max) - predicted.even[[m, class]]
        };
        let truth = attribute.values.text(m);
        predictions[m] =
            Prediction { truth, surprise: Some(surprise), ..prediction(task, predicted, m) };
    }
    // A value of a class that is too small to probe is known nevertheless.
    for (m, prediction) in predictions.iter_mut().enumerate() {
        prediction.truth = attribute.values.text(m);
    }
    let figures = main.linear.figures;
    let unbeaten = main.unbeaten(number);
    Report {
        attribute: attribute.name.clone(),
        kind: attribute.values.kind(),
        models: task.known.len(),
        accuracy: figures.accuracy.value,
        low: figures.accuracy.interval.low,
        high: figures.accuracy.interval.high,
        balanced_accuracy: figures.balanced_accuracy.value,
        auc: figures.auc.value,
        r2: figures.r2.map(|f| f.value),
        spearman: figures.spearman.map(|f| f.value),
        majority: counts.iter().copied().max().unwrap_or_default() as f64
            / task.known.len().max(1) as f64,
        shuffled: main.linear.shuffled.unwrap_or_default(),
        p_value: main.linear.p_value.unwrap_or(1.0),
        folds: main.folds,
        dealt,
        log: task.log,
        beats_controls: unbeaten.is_empty(),
        unbeaten,
        pulls: pulls(prober, task, whole),
        confusion,
        predictions,
        classes: task.names.iter().cloned().zip(counts).collect(),
        grouped: grouped.as_ref().map(|g| g.0),
        random: random.0,
    }
}

fn prediction(task: &Task, predicted: &Scores, m: usize) -> Prediction {
    let (predicted, probability, score) = if task.is_number() {
        let score = predicted.score[[m, 0]];
        (number(task.unscaled(score)), None, score)
    } else if task.targets() == 1 {
        let p = sigmoid(predicted.even[[m, 0]]);
        let class = usize::from(p > 0.5);
        (task.names[class].clone(), Some(p.max(1.0 - p)), predicted.score[[m, 0]])
    } else {
        let odds: Vec<f64> = predicted.even.row(m).to_vec();
        let each: Vec<f64> = odds.iter().map(|o| sigmoid(*o)).collect();
        let best = largest(odds.iter().copied());
        let p = each[best] / each.iter().sum::<f64>().max(1e-12);
        (task.names[best].clone(), Some(p), odds[best])
    };
    Prediction { predicted, probability, truth: None, score, surprise: None }
}

/// A number with two significant digits.
fn number(value: f64) -> String {
    if value.abs() >= 1e15 {
        return format!("{value:.1e}");
    }
    let digits = (1.0 - value.abs().max(1e-9).log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.digits$}")
}

fn pulls(prober: &Prober, task: &Task, whole: &Scores) -> Vec<Pull> {
    if task.targets() > 1 {
        return Vec::new();
    }
    let mut pulls: Vec<Pull> = prober
        .benchmarks
        .iter()
        .filter_map(|benchmark| {
            let run: Vec<(usize, f64)> = (benchmark.scores.iter().enumerate())
                .filter_map(|(m, score)| score.map(|s| (m, s.accuracy)))
                .collect();
            let weights = vec![1.0; run.len()];
            let ability: Vec<f64> = run.iter().map(|(m, _)| prober.abilities[*m]).collect();
            let rest = |x: Vec<f64>| residuals(&x, &ability);
            let accuracy = rest(run.iter().map(|(_, a)| *a).collect());
            let score = rest(run.iter().map(|(m, _)| whole.score[[*m, 0]]).collect());
            let correlation = correlation(&accuracy, &score, &weights);
            (run.len() >= FEWEST_RUN).then(|| Pull {
                benchmark: benchmark.name.clone(),
                correlation,
                models: run.len(),
            })
        })
        .collect();
    pulls.sort_by(|a, b| b.correlation.total_cmp(&a.correlation));
    pulls
}

/// The residuals of `x` after a linear regression on `by`.
fn residuals(x: &[f64], by: &[f64]) -> Vec<f64> {
    let n = x.len().max(1) as f64;
    let (mx, mb) = (x.iter().sum::<f64>() / n, by.iter().sum::<f64>() / n);
    let spread: f64 = by.iter().map(|b| (b - mb).powi(2)).sum();
    let slope: f64 = x.iter().zip(by).map(|(x, b)| (x - mx) * (b - mb)).sum();
    let slope = if spread > 1e-12 { slope / spread } else { 0.0 };
    x.iter().zip(by).map(|(x, b)| x - mx - slope * (b - mb)).collect()
}
