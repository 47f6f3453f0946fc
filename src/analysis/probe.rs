//! Probes: can an attribute of a model be read off its vector?
//!
//! A regularised logistic regression is fitted on the vectors of some models and asked about the
//! others (stratified cross-validation), so every prediction counted is about a model that the
//! probe has not seen. Beside it stand the share of the most frequent class and the same probe on
//! shuffled labels.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use crate::dataset::{Attribute, Values};
use crate::error::{Error, Result};
use crate::metrics::auc;

/// How a probe is run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Folds of the cross-validation; fewer where a class has fewer models.
    pub folds: usize,
    /// Repetitions on shuffled labels.
    pub shuffles: usize,
    /// The weight of the L2 penalty, on vectors centred and scaled to a mean square length of 1.
    pub penalty: f64,
    /// Decides folds and shuffles.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { folds: 5, shuffles: 39, penalty: 0.03, seed: 1 }
    }
}

/// A class with fewer models than this cannot be probed; its models count as unknown.
const SMALLEST_CLASS: usize = 5;

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The attribute.
    pub attribute: String,
    /// Its kind: `flag`, `number` (split at its median) or `class`.
    pub kind: &'static str,
    /// How many models have a known value in a class that is large enough.
    pub models: usize,
    /// How many models each class has.
    pub classes: BTreeMap<String, usize>,
    /// Share of models predicted right, each by a probe that had not seen it.
    pub accuracy: f64,
    /// Lower end of the 95% Wilson interval of the accuracy.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The mean over classes of the share predicted right when each probability is taken in relation
    /// to the frequency of its class.
    pub balanced_accuracy: f64,
    /// ROC AUC; the mean of one class against the rest where there are more than two.
    pub auc: f64,
    /// Accuracy of always naming the most frequent class.
    pub majority: f64,
    /// Mean accuracy of the same probe on shuffled labels.
    pub shuffled: f64,
    /// The share of shuffles whose AUC was as high, with the true labels as one of them.
    pub p_value: f64,
    /// Folds.
    pub folds: usize,
    /// What the probe says of every model: out of fold where the value is known, from a probe on
    /// all known models where it is not.
    #[serde(skip)]
    pub predictions: Vec<Prediction>,
}

/// What a probe says of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The most probable class.
    pub class: String,
    /// Its probability.
    pub probability: f64,
    /// The true class, if known.
    pub truth: Option<String>,
}

/// Probes one attribute, whose values stand in the order of `vectors` (models × dimensions).
///
/// # Errors
/// [`Error::Usage`] if fewer than two classes have enough models; [`Error::Failed`] if cancelled.
pub fn probe(
    vectors: ArrayView2<'_, f32>,
    attribute: &Attribute,
    settings: &Settings,
    cancel: &AtomicBool,
) -> Result<Report> {
    let (names, classes) = classes(&attribute.values);
    let known: Vec<usize> = (0..classes.len()).filter(|&m| classes[m].is_some()).collect();
    let y: Vec<usize> = known.iter().filter_map(|&m| classes[m]).collect();
    if names.len() < 2 {
        return Err(Error::Usage(format!(
            "`{}` cannot be probed: it needs two classes with at least {SMALLEST_CLASS} models each",
            attribute.name
        )));
    }
    let mut counts = vec![0_usize; names.len()];
    for &class in &y {
        counts[class] += 1;
    }
    let smallest = counts.iter().copied().min().unwrap_or_default();
    let folds = settings.folds.clamp(2, smallest.max(2));
    let all = vectors.mapv(f64::from);
    let x = all.select(Axis(0), &known);

    let stopped = || Error::Failed("the probe was cancelled".into());
    let out_of_fold = |y: &[usize], seed: u64| -> Result<Array2<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let fold_of = stratified_folds(y, names.len(), folds, &mut rng);
        let mut probabilities = Array2::zeros((y.len(), names.len()));
        for fold in 0..folds {
            if cancel.load(Ordering::Relaxed) {
                return Err(stopped());
            }
            let (train, test): (Vec<_>, Vec<_>) = (0..y.len()).partition(|&i| fold_of[i] != fold);
            let labels: Vec<usize> = train.iter().map(|&i| y[i]).collect();
            let fitted =
                Logistic::fit(x.select(Axis(0), &train), &labels, names.len(), settings.penalty)?;
            for (row, &i) in
                fitted.probabilities(&x.select(Axis(0), &test)).rows().into_iter().zip(&test)
            {
                probabilities.row_mut(i).assign(&row);
            }
        }
        Ok(probabilities)
    };

    let truth = out_of_fold(&y, settings.seed)?;
    let score = Score::of(&truth, &y, &counts);
    let shuffled: Vec<Score> = (1..=settings.shuffles as u64)
        .into_par_iter()
        .map(|shuffle| {
            let seed = settings.seed.wrapping_add(shuffle);
            let mut y = y.clone();
            y.shuffle(&mut ChaCha8Rng::seed_from_u64(seed ^ 0x5eed));
            Ok(Score::of(&out_of_fold(&y, seed)?, &y, &counts))
        })
        .collect::<Result<_>>()?;
    let as_high = shuffled.iter().filter(|s| s.auc >= score.auc).count();

    let rest = Logistic::fit(x.clone(), &y, names.len(), settings.penalty)?.probabilities(&all);
    let mut predictions: Vec<Prediction> =
        rest.rows().into_iter().map(|row| said(row, &names)).collect();
    for (i, &m) in known.iter().enumerate() {
        predictions[m] =
            Prediction { truth: Some(names[y[i]].clone()), ..said(truth.row(i), &names) };
    }
    let (low, high) = wilson(score.accuracy, y.len());
    Ok(Report {
        attribute: attribute.name.clone(),
        kind: attribute.values.kind(),
        models: y.len(),
        accuracy: score.accuracy,
        low,
        high,
        balanced_accuracy: score.balanced,
        auc: score.auc,
        majority: counts.iter().copied().max().unwrap_or_default() as f64 / y.len() as f64,
        shuffled: shuffled.iter().map(|s| s.accuracy).sum::<f64>()
            / settings.shuffles.max(1) as f64,
        p_value: (as_high + 1) as f64 / (settings.shuffles + 1) as f64,
        folds,
        classes: names.into_iter().zip(counts).collect(),
        predictions,
    })
}

fn said(row: ndarray::ArrayView1<'_, f64>, names: &[String]) -> Prediction {
    let best = largest(row.iter().copied());
    Prediction { class: names[best].clone(), probability: row[best], truth: None }
}

/// Class names and the class of each model; numbers are split at their median, small classes dropped.
fn classes(values: &Values) -> (Vec<String>, Vec<Option<usize>>) {
    let named: Vec<Option<String>> = match values {
        Values::Flag(values) => {
            values.iter().map(|v| v.map(|v| if v { "yes" } else { "no" }.into())).collect()
        }
        Values::Class(values) => values.clone(),
        Values::Number(values) => {
            let mut known: Vec<f64> = values.iter().flatten().copied().collect();
            known.sort_by(f64::total_cmp);
            let median = known.get(known.len().saturating_sub(1) / 2).copied().unwrap_or_default();
            let side =
                |v: f64| if v <= median { format!("≤ {median}") } else { format!("> {median}") };
            values.iter().map(|v| v.map(side)).collect()
        }
    };
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    named.iter().flatten().for_each(|name| *sizes.entry(name).or_default() += 1);
    let names: Vec<String> = sizes
        .into_iter()
        .filter(|(_, n)| *n >= SMALLEST_CLASS)
        .map(|(name, _)| name.into())
        .collect();
    let index = |name: &String| names.iter().position(|known| known == name);
    let classes = named.iter().map(|name| name.as_ref().and_then(index)).collect();
    (names, classes)
}

/// Deals each class evenly over the folds, in random order.
fn stratified_folds(y: &[usize], classes: usize, folds: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut fold_of = vec![0; y.len()];
    for class in 0..classes {
        let mut members: Vec<usize> = (0..y.len()).filter(|&i| y[i] == class).collect();
        members.shuffle(rng);
        let first = rng.random_range(0..folds);
        for (at, &i) in members.iter().enumerate() {
            fold_of[i] = (first + at) % folds;
        }
    }
    fold_of
}

/// The position of the largest value; of equals the last.
fn largest(values: impl Iterator<Item = f64>) -> usize {
    values.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at)
}

struct Score {
    accuracy: f64,
    balanced: f64,
    auc: f64,
}

impl Score {
    fn of(probabilities: &Array2<f64>, y: &[usize], counts: &[usize]) -> Self {
        let (mut right, mut balanced) = (0_usize, vec![0_usize; counts.len()]);
        for (row, &class) in probabilities.rows().into_iter().zip(y) {
            let lift = row.iter().zip(counts).map(|(p, n)| p / *n as f64);
            right += usize::from(largest(row.iter().copied()) == class);
            balanced[class] += usize::from(largest(lift) == class);
        }
        let one_against_rest = |class: usize| {
            let p: Vec<f32> = probabilities.column(class).iter().map(|p| *p as f32).collect();
            let labels: Vec<f32> = y.iter().map(|c| f32::from(u8::from(*c == class))).collect();
            auc(&p, &labels)
        };
        let shares = balanced.iter().zip(counts).map(|(r, n)| *r as f64 / *n as f64);
        let n = counts.len() as f64;
        Self {
            accuracy: right as f64 / y.len() as f64,
            balanced: shares.sum::<f64>() / n,
            auc: (0..counts.len()).map(one_against_rest).sum::<f64>() / n,
        }
    }
}

/// A logistic regression on centred vectors. All dimensions share one scale: their sizes mean
/// something, and blowing up those that hardly vary would let noise in.
struct Logistic {
    mean: Array1<f64>,
    scale: f64,
    model: linfa_logistic::MultiFittedLogisticRegression<f64, usize>,
    classes: usize,
}

impl Logistic {
    fn fit(x: Array2<f64>, y: &[usize], classes: usize, penalty: f64) -> Result<Self> {
        let mean = x.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(x.ncols()));
        let centred = x - &mean;
        let size = centred.mapv(|v| v * v).mean().unwrap_or_default() * centred.ncols() as f64;
        let scale = if size > 1e-12 { size.sqrt() } else { 1.0 };
        let standard = centred / scale;
        let model = MultiLogisticRegression::default()
            .alpha(penalty)
            .max_iterations(60)
            .fit(&DatasetBase::new(standard, Array1::from_vec(y.to_vec())))
            .map_err(|e| Error::Failed(format!("the probe could not be fitted: {e}")))?;
        Ok(Self { mean, scale, model, classes })
    }

    /// Rows × classes; a class that was not in the fit has probability 0.
    fn probabilities(&self, x: &Array2<f64>) -> Array2<f64> {
        let standard = (x - &self.mean) / self.scale;
        let fitted = self.model.predict_probabilities(&standard);
        let mut all = Array2::zeros((x.nrows(), self.classes));
        for (column, &class) in fitted.axis_iter(Axis(1)).zip(self.model.classes()) {
            all.column_mut(class).assign(&column);
        }
        all
    }
}

/// The 95% Wilson score interval of a share of `n`.
fn wilson(share: f64, n: usize) -> (f64, f64) {
    const Z: f64 = 1.96;
    let n = n.max(1) as f64;
    let centre = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((centre - half) / scale).max(0.0), ((centre + half) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};

    fn vectors(rows: usize, planted: impl Fn(usize) -> f32) -> Array2<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut x: Array2<f32> =
            Array2::from_shape_simple_fn((rows, 12), || StandardNormal.sample(&mut rng));
        for (m, mut row) in x.rows_mut().into_iter().enumerate() {
            row[3] += planted(m);
        }
        x
    }

    fn flag(rows: usize) -> Attribute {
        let values = (0..rows).map(|m| (m != 2).then_some(m % 3 == 0)).collect();
        Attribute { name: "planted".into(), values: Values::Flag(values) }
    }

    #[test]
    fn a_planted_attribute_is_found_and_the_unknown_model_predicted() {
        let x = vectors(90, |m| if m % 3 == 0 || m == 2 { 6.0 } else { 0.0 });
        let report =
            probe(x.view(), &flag(90), &Settings::default(), &AtomicBool::new(false)).unwrap();
        assert_eq!(report.models, 89);
        assert!(report.accuracy > 0.95 && report.auc > 0.98, "{report:?}");
        assert!(report.low < report.accuracy && report.accuracy <= report.high);
        assert!((report.p_value - 1.0 / 40.0).abs() < 1e-9);
        assert!((report.majority - report.shuffled).abs() < 0.15);
        let unknown = &report.predictions[2];
        assert_eq!((unknown.class.as_str(), unknown.truth.as_ref()), ("yes", None));
    }

    #[test]
    fn noise_is_not_an_attribute() {
        let x = vectors(90, |_| 0.0);
        let report =
            probe(x.view(), &flag(90), &Settings::default(), &AtomicBool::new(false)).unwrap();
        assert!(report.p_value > 0.05 && report.balanced_accuracy < 0.65, "{report:?}");
    }

    #[test]
    fn numbers_split_at_the_median_and_small_classes_drop_out() {
        let (names, classes) =
            classes(&Values::Number((0..11).map(|v| Some(f64::from(v))).collect()));
        assert_eq!(names, ["> 5", "≤ 5"]);
        assert_eq!(classes.iter().filter(|c| **c == Some(1)).count(), 6);
        let lonely = Attribute {
            name: "family".into(),
            values: Values::Class((0..9).map(|m| Some(format!("f{}", m / 5))).collect()),
        };
        let x = vectors(9, |_| 0.0);
        let error =
            probe(x.view(), &lonely, &Settings::default(), &AtomicBool::new(false)).unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn a_cancelled_probe_stops() {
        let x = vectors(90, |_| 0.0);
        assert!(probe(x.view(), &flag(90), &Settings::default(), &AtomicBool::new(true)).is_err());
    }
}
