//! The error of predicted benchmark scores: each benchmark is left out of training in turn.

use std::collections::BTreeMap;
use std::time::Instant;

use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2, Axis};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::leave_out;
use crate::analysis::forecast::{ENOUGH, Texts, abilities, abilities_and_constant};
use crate::dataset::{Dataset, Kind, Split};
use crate::embedder::{self, Embedder, Event, Score, train};
use crate::error::{Error, Result};
use crate::estimate::{Estimate, Figure};
use crate::progress::{Progress, proceed};

/// Folds of a benchmark's models; each is predicted from the scores of the others.
const FOLDS: usize = 5;
/// Number of repetitions with new folds.
const DEALS: u64 = 10;
/// Resamples of the models for the intervals.
const RESAMPLES: usize = 1000;

/// The results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// One per category with enough models.
    pub benchmarks: Vec<Row>,
    /// Categories where the prediction ranks the models better than ability does.
    pub better: usize,
    /// The same, as well.
    pub equal: usize,
    /// The categories where it orders them worse.
    pub worse: Vec<String>,
    /// The time that it took.
    pub seconds: f64,
}

/// One benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub benchmark: String,
    /// The kind of its labels.
    pub kind: Kind,
    /// Models that were evaluated on it.
    pub models: usize,
    /// By predictor: `llmap` (texts, and the scores of other models), `texts` (no scores), `ability` (a line
    /// in overall ability) and `linear` (the paper's linear regression on vectors).
    pub predictors: BTreeMap<&'static str, Outcome>,
}

/// The results of one predictor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Kendall's tau between predicted and true accuracies, over pairs of models that were predicted
    /// together; with its 95% interval over models.
    pub tau: Figure,
    /// The mean absolute error; with its 95% interval over models.
    pub error: Figure,
    /// The share of accuracies in their 80% interval.
    pub covered: Option<f64>,
}

/// Leaves each benchmark of `only` (all if empty) out of training, and predicts it. Categories that share the
/// part of their name before a `/` are left out together. `progress` receives the benchmark and the events of
/// every training.
///
/// # Errors
/// [`Error::Usage`] for an unknown benchmark; errors of training.
pub fn check(
    data: &Dataset,
    only: &[String],
    settings: &embedder::Settings,
    progress: &mut Progress<'_, (String, Event)>,
) -> Result<Check> {
    let start = Instant::now();
    let all = leave_out::benchmarks(data);
    let wanted = only.iter().map(|name| crate::names::resolve("benchmark", name, &all));
    let wanted: Vec<usize> = wanted.collect::<Result<_>>()?;
    let mut rows = Vec::new();
    for (i, name) in all.iter().enumerate() {
        if !wanted.is_empty() && !wanted.contains(&i) {
            continue;
        }
        let parted = leave_out::part(data, name)?;
        let embedder =
            progress.part(|event| (name.clone(), event), |part| train(&parted, settings, part))?;
        proceed(progress.cancel(), "the check")?;
        rows.extend(judge(&embedder, &parted, settings.seed)?);
    }
    let ahead = |row: &Row| row.predictors["llmap"].tau.value - row.predictors["ability"].tau.value;
    let worse = rows.iter().filter(|row| ahead(row) < 0.0);
    Ok(Check {
        better: rows.iter().filter(|row| ahead(row) > 0.0).count(),
        equal: rows.iter().filter(|row| ahead(row) == 0.0).count(),
        worse: worse.map(|row| row.benchmark.clone()).collect(),
        benchmarks: rows,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// Predicts the categories of the test split of `data`, which `embedder` has not seen.
fn judge(embedder: &Embedder, data: &Dataset, seed: u64) -> Result<Vec<Row>> {
    let mut questions: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for q in data.split(Split::Test) {
        questions.entry(data.questions[q].category).or_default().push(q);
    }
    let mut rows = Vec::new();
    for (category, questions) in questions {
        let mut sums = vec![(0.0, 0_u32); data.models.len()];
        for &q in &questions {
            data.responses.of(q).for_each(|(m, y)| sums[m] = (sums[m].0 + y, sums[m].1 + 1));
        }
        let scores: Vec<Option<Score>> = sums
            .into_iter()
            .map(|(right, responses)| {
                let accuracy = f64::from(right) / f64::from(responses);
                (responses >= ENOUGH).then_some(Score { accuracy, responses })
            })
            .collect();
        let models: Vec<usize> = (0..scores.len()).filter(|m| scores[*m].is_some()).collect();
        if models.len() <= FOLDS {
            continue;
        }
        let texts: Vec<&str> = questions.iter().map(|&q| &*data.questions[q].prompt).collect();
        let texts = Texts::of(embedder, &embedder.encode(&texts)?);
        rows.push(Row {
            benchmark: data.categories[category as usize].clone(),
            kind: data.kinds[category as usize],
            models: models.len(),
            predictors: predictors(embedder, &texts, &scores, &models, seed)?,
        });
    }
    Ok(rows)
}

/// Assigns the models to folds, repeatedly, and predicts each fold from the others.
fn predictors(
    embedder: &Embedder,
    texts: &Texts,
    scores: &[Option<Score>],
    models: &[usize],
    seed: u64,
) -> Result<BTreeMap<&'static str, Outcome>> {
    let truth: Vec<f64> =
        models.iter().filter_map(|m| scores[*m]).map(|score| score.accuracy).collect();
    let alone = texts.forecast(embedder, &[])?;
    let line = abilities_and_constant(&abilities(embedder)).select(Axis(0), models);
    let vectors = embedder.vectors().mapv(f64::from).select(Axis(0), models);
    let mut tallies: BTreeMap<&'static str, Tally> = BTreeMap::new();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..DEALS {
        let mut order: Vec<usize> = (0..models.len()).collect();
        order.shuffle(&mut rng);
        for fold in 0..FOLDS {
            let (out, kept): (Vec<usize>, Vec<usize>) =
                (0..order.len()).partition(|i| i % FOLDS == fold);
            let [out, kept] =
                [out, kept].map(|at| at.iter().map(|i| order[*i]).collect::<Vec<_>>());
            let mut shown = vec![None; scores.len()];
            kept.iter().for_each(|i| shown[models[*i]] = scores[models[*i]]);
            let given = texts.forecast(embedder, &shown)?;
            let pick = |all: &[Estimate]| -> Vec<Estimate> {
                out.iter().map(|i| all[models[*i]]).collect()
            };
            let certain = |p: Vec<f64>| -> Vec<Estimate> {
                p.into_iter().map(|mean| Estimate { mean, low: f64::NAN, high: f64::NAN }).collect()
            };
            let by_ability = straight(&line, &truth, &kept, &out)?;
            let by_vector = straight(&vectors, &truth, &kept, &out)?;
            for (name, forecasts) in [
                ("llmap", pick(&given)),
                ("texts", pick(&alone)),
                ("ability", certain(by_ability)),
                ("linear", certain(by_vector)),
            ] {
                let tally = tallies.entry(name).or_insert_with(|| Tally::new(models.len()));
                tally.add(&out, &forecasts, &truth);
            }
        }
    }
    Ok(tallies.into_iter().map(|(name, tally)| (name, tally.outcome(seed))).collect())
}

/// Least squares with a constant, of the true values of `kept` on their rows of `x`, applied to `out`. If
/// there are more dimensions than models, the minimum-norm solution.
fn straight(x: &Array2<f64>, truth: &[f64], kept: &[usize], out: &[usize]) -> Result<Vec<f64>> {
    let failed = |e| Error::Failed(format!("a straight line cannot be fitted: {e}"));
    let known = x.select(Axis(0), kept);
    let center = known.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(x.ncols()));
    let known = known - &center;
    let y: Array1<f64> = kept.iter().map(|i| truth[*i]).collect();
    let mean = y.mean().unwrap_or_default();
    let mut similarity = known.dot(&known.t());
    let ridge = 1e-8 * similarity.diag().sum() / kept.len().max(1) as f64 + 1e-12;
    similarity.diag_mut().mapv_inplace(|d| d + ridge);
    let y = (y - mean).insert_axis(Axis(1));
    let weights = similarity.solvec(&y).map_err(failed)?.index_axis_move(Axis(1), 0);
    let slope = known.t().dot(&weights);
    Ok(out.iter().map(|i| mean + (&x.row(*i) - &center).dot(&slope)).collect())
}

/// The statistics of one predictor over all repetitions.
struct Tally {
    /// Model × model, the earlier first: how often they were predicted together, and the number of concordant
    /// minus discordant predictions.
    together: Array2<f64>,
    ordered: Array2<f64>,
    /// By model: predictions, the sum of their errors, and how many had the true value in their interval.
    errors: Vec<[f64; 3]>,
    intervals: bool,
}

impl Tally {
    fn new(n: usize) -> Self {
        Self {
            together: Array2::zeros((n, n)),
            ordered: Array2::zeros((n, n)),
            errors: vec![[0.0; 3]; n],
            intervals: true,
        }
    }

    fn add(&mut self, out: &[usize], forecasts: &[Estimate], truth: &[f64]) {
        for (i, (&a, forecast)) in out.iter().zip(forecasts).enumerate() {
            let inside = forecast.low <= truth[a] && truth[a] <= forecast.high;
            self.intervals &= forecast.low.is_finite();
            let [n, error, covered] = &mut self.errors[a];
            *n += 1.0;
            *error += (forecast.mean - truth[a]).abs();
            *covered += f64::from(u8::from(inside));
            for (&b, other) in out.iter().zip(forecasts).skip(i + 1) {
                let (one, two) = (forecast.mean - other.mean, truth[a] - truth[b]);
                if two != 0.0 {
                    let right = if one == 0.0 { 0.0 } else { one.signum() * two.signum() };
                    let at = [a.min(b), a.max(b)];
                    self.together[at] += 1.0;
                    self.ordered[at] += right;
                }
            }
        }
    }

    fn outcome(&self, seed: u64) -> Outcome {
        let n = self.errors.len();
        let figures = |weights: &[f64]| {
            let (mut ordered, mut together, mut sums) = (0.0, 0.0, [0.0; 3]);
            for a in 0..n {
                sums.iter_mut().zip(self.errors[a]).for_each(|(sum, x)| *sum += weights[a] * x);
                if weights[a] > 0.0 {
                    for b in a + 1..n {
                        ordered += weights[a] * weights[b] * self.ordered[[a, b]];
                        together += weights[a] * weights[b] * self.together[[a, b]];
                    }
                }
            }
            let tau = if together > 0.0 { ordered / together } else { 0.0 };
            [tau, sums[1] / sums[0], sums[2] / sums[0]]
        };
        let [tau, error, covered] = figures(&vec![1.0; n]);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut resampled = [Vec::new(), Vec::new()];
        for _ in 0..RESAMPLES {
            let mut weights = vec![0.0; n];
            (0..n).for_each(|_| weights[rng.random_range(0..n)] += 1.0);
            let found = figures(&weights);
            resampled.iter_mut().zip(found).for_each(|(all, x)| all.push(x));
        }
        let [taus, errors] = resampled.map(Vec::into_iter);
        Outcome {
            tau: Figure::resampled(tau, taus),
            error: Figure::resampled(error, errors),
            covered: self.intervals.then_some(covered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::simulate::Simulation;

    #[test]
    fn scores_of_other_models_help_and_no_predictor_is_missing() {
        let data =
            Simulation { models: 30, questions: 900, seed: 2, ..Simulation::default() }.run();
        let settings = embedder::Settings { epochs: 6, dim: 8, ..embedder::Settings::default() };
        let only = [data.categories[0].clone()];
        let found = check(&data, &only, &settings, &mut Progress::silent()).unwrap();
        let row = &found.benchmarks[0];
        assert_eq!((found.benchmarks.len(), &row.benchmark), (1, &only[0]));
        let error = |name: &str| row.predictors[name].error.value;
        assert!(error("llmap") < error("texts") && error("llmap") < error("linear"));
        for outcome in row.predictors.values() {
            let ordered = |of: Figure| of.interval.low <= of.value && of.value <= of.interval.high;
            assert!(ordered(outcome.tau) && ordered(outcome.error), "{outcome:?}");
        }
        assert!(row.predictors["linear"].covered.is_none());
        let wrong = check(&data, &["nothing".into()], &settings, &mut Progress::silent());
        assert!(wrong.is_err());
    }

    #[test]
    fn least_squares_finds_a_line_and_the_least_norm() {
        let x = Array2::from_shape_fn((6, 1), |(i, _)| i as f64);
        let truth: Vec<f64> = (0..6).map(|i| 0.1 + 0.05 * f64::from(i)).collect();
        let found = straight(&x, &truth, &[0, 2, 4], &[1, 5]).unwrap();
        assert!((found[0] - truth[1]).abs() < 1e-6 && (found[1] - truth[5]).abs() < 1e-6);
        let wide = Array2::from_shape_fn((4, 9), |(i, j)| ((i * 7 + j * j) % 5) as f64);
        let found = straight(&wide, &truth[..4], &[0, 1, 2], &[0, 1, 2]).unwrap();
        assert!(found.iter().zip(&truth).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn tau_counts_pairs_that_were_forecast_together() {
        let mut tally = Tally::new(4);
        let estimate = |mean: f64| Estimate { mean, low: mean - 0.1, high: mean + 0.1 };
        tally.add(&[0, 1], &[estimate(0.2), estimate(0.3)], &[0.1, 0.5, 0.3, 0.9]);
        tally.add(&[2, 3], &[estimate(0.9), estimate(0.8)], &[0.1, 0.5, 0.3, 0.9]);
        let outcome = tally.outcome(1);
        assert!(outcome.tau.value.abs() < 1e-12, "one pair right, one wrong");
        assert!((outcome.error.value - (0.1 + 0.2 + 0.6 + 0.1) / 4.0).abs() < 1e-12);
        assert_eq!(outcome.covered, Some(0.5));
    }
}
