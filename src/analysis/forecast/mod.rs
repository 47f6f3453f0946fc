//! Predicts the accuracy of models on benchmarks that they were not evaluated on.
//!
//! For a benchmark of the training data, the prediction is the level of each model (see
//! [`Embedder::levels`]). For a new benchmark, the texts of its questions give a mean prediction for each
//! model; its difficulty and what else it requires come from the known scores, by Bayesian regression on the
//! general factors.
//!
//! `eval::forecast_check` evaluates this: docs/experiments.md, forecasts.

mod regression;
mod table;

use ndarray::{Array1, Array2, Axis, concatenate};

pub use table::{Pair, csv};

use crate::embedder::{Embedder, Features, Given, Score};
use crate::error::Result;
use crate::estimate::Estimate;
use crate::logit::logit;
use crate::logit::stretch;
use regression::{Prior, Regression};

/// Minimum number of responses for a score to be used.
pub(crate) const ENOUGH: u32 = 10;
/// Prior deviation, in logits, of the difficulty of a benchmark for the mean model.
const HARDNESS: f64 = 1.5;
/// Prior deviation of the slope of the logit of the accuracy, by ability and by the texts, from the predicted
/// one.
const SLOPE_DEVIATION: f64 = 0.3;
/// Number of responses from which a score is taken as it is.
const PLENTY: u32 = 100;
/// Variance of how much a benchmark depends on each speciality, at the scale 1 of [`SPECIALITIES`].
const CALL: f64 = 0.4;
/// The general factors in vectors are that small; see [`Embedder::general`].
const GENERAL_SCALE: f64 = 0.4;
/// Scales of what a benchmark requires beyond its texts; the scores decide between them.
const SPECIALITIES: [f64; 3] = [0.0, 0.3, 1.0];
/// Residual deviations, in logits; the scores decide between them.
const MISFITS: [f64; 4] = [0.15, 0.3, 0.5, 0.8];

/// The measured or predicted accuracy of a model on a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Forecast {
    /// The number of responses: 0 for a prediction.
    pub responses: u32,
    /// The accuracy: measured if there are responses; combined with the prediction if there are only a few.
    pub accuracy: Estimate,
}

impl Forecast {
    fn of(score: Score, forecast: Estimate) -> Self {
        let n = f64::from(score.responses.max(1));
        if score.responses < PLENTY {
            let p = (score.accuracy * n + 0.5) / (n + 1.0);
            let (before, variance) = forecast.logit();
            let (known, sampling) = (logit(p), sampling_variance(p, n));
            let all = sampling * variance / (sampling + variance);
            let logit = all * (known / sampling + before / variance);
            let accuracy = Estimate::of_logit(logit, all);
            return Self { responses: score.responses, accuracy };
        }
        // One more correct and one more incorrect answer keep the interval from vanishing at 0 and 1.
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

/// The scores of all models on a benchmark of the embedder: measured, or else predicted. One per model.
///
/// # Errors
/// [`crate::Error::Failed`] if the numbers of the embedder are too large for the regression.
pub fn benchmark(embedder: &Embedder, benchmark: usize) -> Result<Vec<Forecast>> {
    let levels = embedder.levels(benchmark);
    let benchmark = &embedder.benchmarks()[benchmark];
    let each = levels.into_iter().zip(benchmark.scores.iter()).map(|((mean, deviation), score)| {
        let (mean, variance) = (f64::from(mean), f64::from(deviation).powi(2));
        let sampling =
            sampling_variance(crate::logit::sigmoid(mean), f64::from(benchmark.questions));
        let level = Estimate::of_logit(mean / stretch(variance.sqrt()), variance + sampling);
        match score {
            // The level already includes the model's own answers.
            Some(score) if score.responses < PLENTY => {
                Forecast { responses: score.responses, accuracy: level }
            }
            Some(score) => Forecast::of(score, level),
            None => Forecast { responses: 0, accuracy: level },
        }
    });
    Ok(each.collect())
}

/// The accuracies of all models on a benchmark outside of the training data, from its texts (as `features`)
/// and optionally some `scores` (one entry per model; empty for none). One per model.
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

/// The prediction from the texts of a benchmark.
pub(crate) struct Texts {
    questions: u32,
    /// The logit of each model's accuracy by the texts alone, and its variance.
    logits: Array1<f64>,
    unknown: Array1<f64>,
}

impl Texts {
    pub(crate) fn of(embedder: &Embedder, features: &Features) -> Self {
        let forecast = embedder.forecast(features, Given::Nothing);
        let mean = |matrix: &ndarray::Array2<f32>| {
            let wide = matrix.mapv(f64::from);
            wide.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(matrix.ncols()))
        };
        Self {
            questions: features.len() as u32,
            logits: mean(&forecast.p).mapv(|p| logit(p.clamp(1e-4, 1.0 - 1e-4))),
            unknown: mean(&forecast.deviation).mapv(|d| d * d),
        }
    }

    pub(crate) fn forecast(
        &self,
        embedder: &Embedder,
        scores: &[Option<Score>],
    ) -> Result<Vec<Estimate>> {
        let abilities = abilities(embedder);
        let general = embedder.general().mapv(f64::from) / GENERAL_SCALE;
        let called = &self.logits - self.logits.mean().unwrap_or_default();
        let called = called.insert_axis(Axis(1));
        let z = concatenate![Axis(1), abilities_and_constant(&abilities), called, general];
        let priors: Vec<Prior> = SPECIALITIES
            .iter()
            .flat_map(|scale| MISFITS.iter().map(move |misfit| (scale, *misfit)))
            .map(|(scale, misfit)| {
                let special = std::iter::repeat_n(scale * CALL.sqrt(), general.ncols());
                let general = [HARDNESS, SLOPE_DEVIATION, SLOPE_DEVIATION].into_iter();
                Prior { scale: general.chain(special).collect(), misfit }
            })
            .collect();
        let unknown = unknown_beyond_most(&self.unknown);
        forecast(&z, &self.logits, scores, &priors, &unknown, self.questions)
    }
}

/// The overall abilities, relative to the mean model.
pub(crate) fn abilities(embedder: &Embedder) -> Array1<f64> {
    let abilities = embedder.abilities().mapv(f64::from);
    let mean = abilities.mean().unwrap_or_default();
    abilities - mean
}

/// Models × (a constant, the ability).
pub(crate) fn abilities_and_constant(abilities: &Array1<f64>) -> Array2<f64> {
    let mut z = Array2::ones((abilities.len(), 2));
    z.column_mut(1).assign(abilities);
    z
}

/// The variance of each model beyond that of the median model: the common part is in the residual.
fn unknown_beyond_most(variances: &Array1<f64>) -> Array1<f64> {
    let mut sorted = variances.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    variances.mapv(|variance| (variance - median).max(0.0))
}

/// The accuracy of each model on a benchmark with this many questions: `line` plus the regression of the
/// known scores on `z`. `unknown` is the variance of each model.
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
            (m, logit(p) - line[m], sampling_variance(p, n) + unknown[m])
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
            let sampling = sampling_variance(crate::logit::sigmoid(logit), f64::from(questions));
            Estimate::of_logit(logit, variance + unknown + sampling)
        })
        .collect())
}

/// The sampling variance of the logit of a proportion of `n` answers.
fn sampling_variance(p: f64, n: f64) -> f64 {
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
        let line = abilities.mapv(|a| 0.8 * a);
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
