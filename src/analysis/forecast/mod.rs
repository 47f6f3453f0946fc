//! How models would do on benchmarks that they were never run on.
//!
//! The logit of a model's accuracy on a benchmark is taken as linear in what is known of the model:
//! a constant (how hard the benchmark is), its overall ability, and, for a benchmark that training
//! never saw, its specialities. The scores that are known fix the line, by Bayesian regression; where
//! none is, the prior stands alone. Of a benchmark that training saw, the vectors of the models that
//! were run on it hold their scores already, and specialities would be counted twice.
//!
//! [`check`] measures it: docs/experiments.md, forecasts.

mod check;
mod regression;
mod table;

use ndarray::{Array1, Array2, Axis, concatenate, s};

pub use check::{Check, Outcome, Row, check};
pub use table::{Pair, csv};

use crate::analysis::estimate::Estimate;
use crate::embedder::{Embedder, Features, Score};
use crate::error::Result;
use crate::logit::stretch;
use regression::{Prior, Regression};

/// Responses that make a score worth learning from.
const ENOUGH: u32 = 10;
/// Prior deviation, in logits, of how hard a benchmark is for the mean model.
const HARDNESS: f64 = 1.5;
/// Prior mean of how much of a model's ability shows in the logit of its accuracy: less than all,
/// because the questions of a benchmark are not equally hard.
const SLOPE: f64 = 0.8;
/// Its deviation.
const SLOPE_DEVIATION: f64 = 0.3;
/// Responses from which on a score stands for itself.
const PLENTY: u32 = 100;
/// What the specialities count that the texts of a benchmark call for.
const CALLED_FOR: f64 = 0.3;
/// Variance of how much a benchmark calls for each speciality, at the scale 1 of [`SPECIALITIES`].
const CALL: f64 = 0.4;
/// Scales of what a benchmark may call for beyond its texts; the scores tell which holds.
const SPECIALITIES: [f64; 3] = [0.0, 0.3, 1.0];
/// Deviations, in logits, of what no line tells; the scores tell which holds.
const MISFITS: [f64; 4] = [0.15, 0.3, 0.5, 0.8];
/// The same for a benchmark of the embedder, whose scores were fitted in training.
const FITTED_MISFIT: f64 = 0.6;

/// How a model does or would do on a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Forecast {
    /// The responses behind it: 0 for a forecast.
    pub responses: u32,
    /// The accuracy: measured, if there are responses; of a few of them, together with the forecast.
    pub accuracy: Estimate,
}

impl Forecast {
    fn of(score: Score, forecast: Estimate) -> Self {
        let n = f64::from(score.responses.max(1));
        if score.responses < PLENTY {
            let p = (score.accuracy * n + 0.5) / (n + 1.0);
            let (before, variance) = forecast.logit();
            let (known, luck) = ((p / (1.0 - p)).ln(), luck(p, n));
            let all = luck * variance / (luck + variance);
            let logit = all * (known / luck + before / variance);
            let accuracy = Estimate::of_logit(logit, all);
            return Self { responses: score.responses, accuracy };
        }
        // Two answers more, one right and one wrong, keep the interval from vanishing at 0 and 1.
        let p = (score.accuracy * n + 1.0) / (n + 2.0);
        let spread = Estimate::around(p, (p * (1.0 - p) / n).sqrt());
        let accuracy = Estimate {
            mean: score.accuracy,
            low: spread.low.min(score.accuracy),
            high: spread.high.max(score.accuracy),
        };
        Self { responses: score.responses, accuracy }
    }
}

/// The scores of all models on a benchmark of the embedder: measured where it was run, else
/// forecast. One a model.
///
/// # Errors
/// [`crate::Error::Failed`] if the numbers of the embedder are so large that there is no regression.
pub fn benchmark(embedder: &Embedder, benchmark: usize) -> Result<Vec<Forecast>> {
    let benchmark = &embedder.benchmarks[benchmark];
    let abilities = abilities(embedder);
    let z = abilities_and_constant(&abilities);
    let line = abilities.mapv(|a| SLOPE * a);
    let priors = [Prior { scale: vec![HARDNESS, SLOPE_DEVIATION].into(), misfit: FITTED_MISFIT }];
    let unknown = embedder.deviations.column(0).mapv(|d| (SLOPE * f64::from(d)).powi(2));
    let unknown = unknown_beyond_most(&unknown);
    let forecasts = forecast(&z, &line, &benchmark.scores, &priors, &unknown, benchmark.questions)?;
    Ok(with_measured(forecasts, &benchmark.scores))
}

/// The accuracies of all models on a benchmark that training never saw, of which the texts are known
/// (as `features`) and perhaps some `scores` (one entry a model; empty for none). One a model.
///
/// # Errors
/// As [`benchmark`].
pub fn unseen(
    embedder: &Embedder,
    features: &Features,
    scores: &[Option<Score>],
) -> Result<Vec<Forecast>> {
    let texts = Texts::of(embedder, features);
    let forecasts = texts.forecast(embedder, scores)?;
    Ok(with_measured(forecasts, scores))
}

fn with_measured(forecasts: Vec<Estimate>, scores: &[Option<Score>]) -> Vec<Forecast> {
    let each = forecasts.into_iter().enumerate();
    each.map(|(m, accuracy)| match scores.get(m).copied().flatten() {
        Some(score) => Forecast::of(score, accuracy),
        None => Forecast { responses: 0, accuracy },
    })
    .collect()
}

/// What the texts of a benchmark say.
struct Texts {
    questions: u32,
    /// The logit of the mean model's accuracy, by the texts alone, and what the spread of the
    /// questions' difficulty takes from all logits.
    hardness: f64,
    narrow: f64,
    /// What they call for: one number a speciality.
    call: Array1<f64>,
}

impl Texts {
    fn of(embedder: &Embedder, features: &Features) -> Self {
        let projected = embedder.project(features).mapv(f64::from);
        let own = projected.column(0);
        let mean = projected.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(projected.ncols()));
        let narrow = (embedder.calibration.temperature * stretch(own.std(0.0))).recip();
        Self {
            questions: features.len() as u32,
            hardness: mean.first().copied().unwrap_or_default() * narrow,
            narrow,
            call: mean.slice(s![2..]).to_owned(),
        }
    }

    fn forecast(&self, embedder: &Embedder, scores: &[Option<Score>]) -> Result<Vec<Estimate>> {
        let abilities = abilities(embedder);
        let special = embedder.specialities().mapv(f64::from);
        let z = concatenate![Axis(1), abilities_and_constant(&abilities), special];
        let call = &self.call * CALLED_FOR;
        let line = (&abilities + &special.dot(&call)) * self.narrow + self.hardness;
        let priors: Vec<Prior> = SPECIALITIES
            .iter()
            .flat_map(|scale| MISFITS.iter().map(move |misfit| (scale, *misfit)))
            .map(|(scale, misfit)| {
                let special = std::iter::repeat_n(scale * CALL.sqrt(), special.ncols());
                let general = [HARDNESS, SLOPE_DEVIATION].into_iter();
                Prior { scale: general.chain(special).collect(), misfit }
            })
            .collect();
        let pull = concatenate![Axis(0), Array1::ones(1), call] * self.narrow;
        let unknown = embedder.deviations.mapv(|d| f64::from(d).powi(2)).dot(&(&pull * &pull));
        let unknown = unknown_beyond_most(&unknown);
        forecast(&z, &line, scores, &priors, &unknown, self.questions)
    }
}

/// The overall abilities, the mean model's 0.
fn abilities(embedder: &Embedder) -> Array1<f64> {
    let abilities = embedder.abilities().mapv(f64::from);
    let mean = abilities.mean().unwrap_or_default();
    abilities - mean
}

/// Models × (a constant, the ability).
fn abilities_and_constant(abilities: &Array1<f64>) -> Array2<f64> {
    let mut z = Array2::ones((abilities.len(), 2));
    z.column_mut(1).assign(abilities);
    z
}

/// What is less known of each model than of the median one, as variances: what is not known of most
/// is part of the misfit.
fn unknown_beyond_most(variances: &Array1<f64>) -> Array1<f64> {
    let mut sorted = variances.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    variances.mapv(|variance| (variance - median).max(0.0))
}

/// The accuracy of each model on a benchmark of so many questions: `line` and what the regression of
/// the known scores on `z` adds to it. `unknown` is the variance by what is not known of each model.
fn forecast(
    z: &Array2<f64>,
    line: &Array1<f64>,
    scores: &[Option<Score>],
    priors: &[Prior],
    unknown: &Array1<f64>,
    questions: u32,
) -> Result<Vec<Estimate>> {
    let known: Vec<(usize, f64, f64)> = scores
        .iter()
        .enumerate()
        .filter_map(|(m, score)| score.filter(|s| s.responses >= ENOUGH).map(|s| (m, s)))
        .map(|(m, score)| {
            let n = f64::from(score.responses);
            let p = (score.accuracy * n + 0.5) / (n + 1.0);
            (m, (p / (1.0 - p)).ln() - line[m], luck(p, n) + unknown[m])
        })
        .collect();
    let rows: Vec<usize> = known.iter().map(|k| k.0).collect();
    let residuals: Array1<f64> = known.iter().map(|k| k.1).collect();
    let variances: Array1<f64> = known.iter().map(|k| k.2).collect();
    let regression = Regression::fit(&z.select(Axis(0), &rows), &residuals, &variances, priors)?;
    let each = z.rows().into_iter().zip(line).zip(unknown);
    Ok(each
        .map(|((z, line), unknown)| {
            let (more, variance) = regression.predict(z);
            let logit = line + more;
            let luck = luck(crate::logit::sigmoid(logit), f64::from(questions));
            Estimate::of_logit(logit, variance + unknown + luck)
        })
        .collect())
}

/// The variance of the logit of a share by the luck of `n` answers.
fn luck(p: f64, n: f64) -> f64 {
    (n * p * (1.0 - p) + 0.5).recip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logit::sigmoid;

    fn score(logit: f64) -> Score {
        Score { accuracy: sigmoid(logit), responses: 400 }
    }

    #[test]
    fn scores_fix_the_line_and_narrow_it() {
        let abilities: Array1<f64> = (0..20).map(|i| f64::from(i) / 5.0 - 2.0).collect();
        let z = abilities_and_constant(&abilities);
        let line = abilities.mapv(|a| SLOPE * a);
        let priors =
            MISFITS.map(|misfit| Prior { scale: vec![HARDNESS, SLOPE_DEVIATION].into(), misfit });
        let unknown = Array1::zeros(20);
        // A hard benchmark of half the models: logit = a − 1.
        let mut scores: Vec<_> = abilities.iter().map(|a| Some(score(a - 1.0))).collect();
        scores.iter_mut().step_by(2).for_each(|score| *score = None);
        let given = forecast(&z, &line, &scores, &priors, &unknown, 400).unwrap();
        let nothing = forecast(&z, &line, &[], &priors, &unknown, 400).unwrap();
        for m in (0..20).step_by(2) {
            let truth = sigmoid(abilities[m] - 1.0);
            assert!((given[m].mean - truth).abs() < 0.03, "{m}: {:?} {truth}", given[m]);
            assert!(given[m].low < truth && truth < given[m].high);
            let width = |e: Estimate| e.high - e.low;
            assert!(width(given[m]) < width(nothing[m]));
        }
    }

    #[test]
    fn a_measured_score_has_an_interval_even_at_the_ends() {
        let forecast = Estimate { mean: 0.5, low: 0.3, high: 0.7 };
        for accuracy in [0.0, 0.4, 1.0] {
            let found = Forecast::of(Score { accuracy, responses: 200 }, forecast).accuracy;
            assert!(found.low <= accuracy && accuracy <= found.high && found.low < found.high);
        }
    }

    #[test]
    fn a_few_answers_move_a_forecast_and_do_not_replace_it() {
        let forecast = Estimate::of_logit(0.0, 0.5);
        let after = |responses| Forecast::of(Score { accuracy: 1.0, responses }, forecast).accuracy;
        let (one, ten) = (after(1), after(10));
        assert!(0.5 < one.mean && one.mean < ten.mean && ten.mean < 0.95, "{one:?} {ten:?}");
        assert!(one.high - one.low < forecast.high - forecast.low);
    }
}
