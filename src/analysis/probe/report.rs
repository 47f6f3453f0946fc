//! What a probe found, for people and for scripts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::crossval::Scores;
use super::figures::{Figures, Outcome, correlation, largest};
use super::task::Task;
use super::{Prober, SIGNIFICANT};
use crate::dataset::Attribute;
use crate::estimate::Figure;
use crate::logit::sigmoid;

/// A benchmark needs as many models before it can pull.
const FEWEST_RUN: usize = 15;

/// One kind of probe over one way to deal folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Mean accuracy of the same on shuffled labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffled: Option<f64>,
    /// What its main figure exceeds on one of twenty shuffles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffled_high: Option<f64>,
    /// The share of shuffles that did as well by the deciding figure, the true labels being one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
}

/// What was found with one way to deal folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Scheme {
    /// How many folds.
    pub folds: usize,
    /// How often they were dealt.
    pub repetitions: usize,
    /// The linear probe.
    pub linear: Run,
    /// The nearest models.
    pub nearest: Run,
    /// The control that sees only the ability and the set of benchmarks run.
    pub pool: Run,
    /// By how much the linear probe is ahead of that control in the deciding figure.
    pub ahead_of_pool: Figure,
}

impl Scheme {
    /// The controls that the linear probe does not beat.
    fn unbeaten(&self, number: bool) -> Vec<&'static str> {
        let chance = if number { 0.0 } else { 0.5 };
        let lost = [
            (self.linear.figures.deciding().interval.low <= chance, "chance"),
            (self.linear.p_value.is_none_or(|p| p > SIGNIFICANT), "shuffled labels"),
            (self.ahead_of_pool.interval.low <= 0.0, BASELINE),
        ];
        lost.into_iter().filter(|(lost, _)| *lost).map(|(_, control)| control).collect()
    }
}

/// How a benchmark goes with an attribute, ability aside.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pull {
    /// Its name.
    pub benchmark: String,
    /// The correlation, over the models that were run on it, of the probe's score with the accuracy
    /// that their ability does not explain.
    pub correlation: f64,
    /// How many models those are.
    pub models: usize,
}

/// The control that sees ability and coverage only.
const BASELINE: &str = "ability and benchmarks run";

/// What a probe found. The figures at its top are those of the linear probe in folds that keep
/// families whole, or in random folds where the classes do not allow those.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The attribute.
    pub attribute: String,
    /// Its kind: `flag`, `number` or `class`.
    pub kind: &'static str,
    /// How many models have a known value in a class that is large enough.
    pub models: usize,
    /// How many models each class has; of a number each side of its median.
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
    /// The share of shuffles that did as well by the deciding figure, the true labels being one.
    pub p_value: f64,
    /// Folds.
    pub folds: usize,
    /// `families` or `random`: how those folds were dealt.
    pub dealt: &'static str,
    /// True if the values were taken as logarithms.
    pub log: bool,
    /// True if the linear probe beats chance, shuffled labels and the pool.
    pub beats_controls: bool,
    /// The controls that it does not beat.
    pub unbeaten: Vec<&'static str>,
    /// Folds that keep families whole; none where a class is found in one family only.
    pub grouped: Option<Scheme>,
    /// Random folds.
    pub random: Scheme,
    /// Truth × said, in the order of `classes`, all classes being taken as equally frequent.
    pub confusion: Vec<Vec<usize>>,
    /// Benchmarks from the one that goes with the attribute most to the one that goes against it;
    /// none for more than two classes.
    pub pulls: Vec<Pull>,
    /// What the linear probe says of every model: out of fold where the value is known, from a probe
    /// on all known models where it is not.
    #[serde(skip)]
    pub predictions: Vec<Prediction>,
}

/// What a probe says of one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// The most probable class; of a number the value.
    pub said: String,
    /// The probability of the class; none for a number.
    pub probability: Option<f64>,
    /// The truth, if known.
    pub truth: Option<String>,
    /// Where the model stands along the probe: above 0 towards the second class, of a number the
    /// predicted value (its logarithm if those were taken), of several classes the highest log odds.
    pub score: f64,
    /// How far the probe is off: of a class the log odds against the truth if all classes were
    /// equally frequent, of a number the distance in deviations. Lower is better; none if not known.
    pub surprise: Option<f64>,
}

impl Report {
    /// The way to deal folds that the figures at the top are of.
    #[must_use]
    pub fn main(&self) -> &Scheme {
        self.grouped.as_ref().unwrap_or(&self.random)
    }

    /// True if the linear probe beats chance and shuffled labels, whatever the baseline does.
    #[must_use]
    pub fn beats_chance(&self) -> bool {
        self.unbeaten.iter().all(|control| *control == BASELINE)
    }

    /// The known models from the one that the probe is most wrong of.
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

    /// The models whose value is not known.
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
    let (main, said, outcome) = grouped.as_ref().unwrap_or(&random);
    let number = task.is_number();
    let counts = task.counts();
    let mut confusion = vec![vec![0; task.names.len()]; task.names.len()];
    for (&m, &class) in task.known.iter().zip(&outcome.said) {
        confusion[task.class[m]][class] += 1;
    }
    let deviation = (task.known.iter().map(|&m| (said.score[[m, 0]] - task.value(m)).powi(2)))
        .sum::<f64>()
        / task.known.len().max(1) as f64;
    let mut predictions: Vec<Prediction> =
        (0..prober.models).map(|m| prediction(task, whole, m)).collect();
    for &m in &task.known {
        let class = task.class[m];
        let surprise = if number {
            (said.score[[m, 0]] - task.value(m)).abs() / deviation.sqrt().max(1e-9)
        } else if task.targets() == 1 {
            said.even[[m, 0]] * if class == 1 { -1.0 } else { 1.0 }
        } else {
            let rest = (0..task.targets()).filter(|t| *t != class).map(|t| said.even[[m, t]]);
            rest.fold(f64::NEG_INFINITY, f64::max) - said.even[[m, class]]
        };
        let truth = attribute.values.text(m);
        predictions[m] =
            Prediction { truth, surprise: Some(surprise), ..prediction(task, said, m) };
    }
    // A value in a class too small to be probed is known all the same.
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

fn prediction(task: &Task, said: &Scores, m: usize) -> Prediction {
    let (said, probability, score) = if task.is_number() {
        let score = said.score[[m, 0]];
        (number(task.unscaled(score)), None, score)
    } else if task.targets() == 1 {
        let p = sigmoid(said.odds[[m, 0]]);
        let class = usize::from(p > 0.5);
        (task.names[class].clone(), Some(p.max(1.0 - p)), said.score[[m, 0]])
    } else {
        let odds: Vec<f64> = said.odds.row(m).to_vec();
        let each: Vec<f64> = odds.iter().map(|o| sigmoid(*o)).collect();
        let best = largest(odds.iter().copied());
        let p = each[best] / each.iter().sum::<f64>().max(1e-12);
        (task.names[best].clone(), Some(p), odds[best])
    };
    Prediction { said, probability, truth: None, score, surprise: None }
}

/// Two digits that count.
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

/// What a straight line in `by` leaves of `x`.
fn residuals(x: &[f64], by: &[f64]) -> Vec<f64> {
    let n = x.len().max(1) as f64;
    let (mx, mb) = (x.iter().sum::<f64>() / n, by.iter().sum::<f64>() / n);
    let spread: f64 = by.iter().map(|b| (b - mb).powi(2)).sum();
    let slope: f64 = x.iter().zip(by).map(|(x, b)| (x - mx) * (b - mb)).sum();
    let slope = if spread > 1e-12 { slope / spread } else { 0.0 };
    x.iter().zip(by).map(|(x, b)| x - mx - slope * (b - mb)).collect()
}
