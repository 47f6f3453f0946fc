//! Untested pairs: how well a model is predicted on benchmarks that it was not evaluated on, while other
//! models were.
//!
//! 30% of the benchmarks of each model that was evaluated on two or more are hidden, an embedder is trained
//! without them, and its routing predictions are compared with the hidden answers in val. Factor analyses of
//! accuracies are additional baselines: they know the category of each question, but not its text.

mod cache;
mod coverage;
mod factors;
mod figures;
mod hide;
mod normal;
mod shuffle;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

pub use cache::Cache;
pub use figures::Figures;
pub use hide::Hidden;

use self::factors::Counts;
use self::figures::{Answers, Prediction, rounded};
use super::baselines;
use super::evaluation::EMBEDDER;
use crate::analysis::router;
use crate::dataset::{Dataset, Split};
use crate::embedder::{self, Embedder, Event, observed, train};
use crate::error::{Error, Result};
use crate::logit::{Z80, sigmoid, stretch};
use crate::metrics::EvalSet;
use crate::progress::{Progress, proceed};

/// Number of factors over categories, and over benchmarks with attributes.
const FACTORS: (usize, usize) = (3, 2);

/// One run of hiding, training and evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// The seed of the hidden cells and of the training.
    pub seed: u64,
    /// Cells (model × benchmark) that were hidden, in all splits.
    pub hidden_cells: usize,
    /// The number of their models.
    pub hidden_models: usize,
    /// Hidden cells with an answer in val: the ones that are evaluated.
    pub judged_cells: usize,
    /// Hidden answers in val.
    pub hidden_responses: usize,
    /// Their mean label.
    pub mean_label: f64,
    /// Predictor → metrics.
    pub predictors: BTreeMap<String, Figures>,
    /// The time that it took.
    pub seconds: f64,
}

/// All repeats.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The name of the data set.
    pub data: String,
    /// One per seed.
    pub repeats: Vec<Repeat>,
    /// Predictor → the mean of its metrics over the repeats.
    pub mean: BTreeMap<String, Figures>,
    /// Predictor → their standard deviation between repeats, if there are several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub spread: BTreeMap<String, Figures>,
}

impl Report {
    /// Summarizes repeats on the same data.
    #[must_use]
    pub fn new(data: &Dataset, repeats: Vec<Repeat>) -> Self {
        let (mut mean, mut spread) = (BTreeMap::new(), BTreeMap::new());
        for name in repeats.first().map(|r| r.predictors.keys()).into_iter().flatten() {
            let all: Vec<Figures> =
                repeats.iter().filter_map(|r| r.predictors.get(name).copied()).collect();
            let Some((middle, deviation)) = Figures::summary(&all) else { continue };
            mean.insert(name.clone(), middle);
            spread.extend(deviation.map(|deviation| (name.clone(), deviation)));
        }
        Self { data: data.name.clone(), repeats, mean, spread }
    }
}

/// The training settings of `embedder`: its encoder and dimension.
///
/// # Errors
/// [`Error::Usage`] if its encoder is not on this machine.
pub fn settings(embedder: &Embedder, seed: u64) -> Result<embedder::Settings> {
    Ok(embedder::Settings {
        encoder: embedder.encoder().sources()?,
        dim: embedder.dim(),
        seed,
        ..embedder::Settings::default()
    })
}

/// The cached result of `llmap evaluate --untested` with its default seed, if there is one.
#[must_use]
pub fn cached(embedder: &Embedder, data: &Dataset) -> Option<Repeat> {
    let settings = settings(embedder, embedder::Settings::default().seed).ok()?;
    Cache::of_user()?.read(data, &settings)
}

/// Hides, trains and evaluates once; everything depends on the seed of `settings`. `progress` receives the
/// events of the training.
///
/// # Errors
/// [`Error::Usage`] if there is nothing to hide or to evaluate; [`Error::Cancelled`]; errors of training.
pub fn repeat(
    data: &Dataset,
    settings: &embedder::Settings,
    progress: &mut Progress<'_, Event>,
) -> Result<Repeat> {
    let start = Instant::now();
    let hidden = Hidden::pick(data, settings.seed);
    if hidden.cells.is_empty() {
        return Err(Error::Usage(format!(
            "{}: nothing to hide: no model was evaluated on two or more benchmarks",
            data.name
        )));
    }
    let answers = answers(data, &hidden);
    let (hidden_responses, judged_cells, mean_label) = answers.summary();
    if hidden_responses == 0 {
        return Err(Error::Usage(format!(
            "{}: no hidden answer is to a question of the split `val`",
            data.name
        )));
    }
    let seen = data.with_responses(|q, m| !hidden.contains(data, q, m));
    let embedder = train(&seen, settings, progress)?;
    // A cancelled training returns the best epoch so far, which must not be evaluated.
    let cancel = progress.cancel();
    proceed(cancel, "the evaluation")?;
    let mut predictions = vec![forecast(&embedder, &seen, &answers.all, cancel)?];
    predictions.extend(baseline(&embedder, &seen, &answers.all, cancel)?);
    predictions.extend(factor_analyses(&seen, &hidden, &answers.all)?);
    let predictors = predictions.iter().map(|p| (p.name.to_owned(), answers.figures(p))).collect();
    Ok(Repeat {
        seed: settings.seed,
        hidden_cells: hidden.cells.len(),
        hidden_models: hidden.models(),
        judged_cells,
        hidden_responses,
        mean_label: rounded(mean_label),
        predictors,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// All answers in val.
fn answers(data: &Dataset, hidden: &Hidden) -> Answers {
    let val = data.split(Split::Val);
    let val = val.into_iter().filter(|&q| data.responses.of(q).len() > 0);
    let all = EvalSet::new(data, val.collect());
    let (mut is_hidden, mut benchmarks) = (Vec::new(), Vec::new());
    for (range, &q) in all.ranges().zip(&all.questions) {
        for r in range {
            is_hidden.push(hidden.contains(data, q, all.models[r]));
            benchmarks.push(hidden.benchmark(data, q));
        }
    }
    Answers { all, hidden: is_hidden, benchmarks }
}

fn texts<'a>(data: &'a Dataset, questions: &[usize]) -> Vec<&'a str> {
    questions.iter().map(|&q| &*data.questions[q].prompt).collect()
}

/// The predictions of routing for the questions.
fn forecast(
    embedder: &Embedder,
    data: &Dataset,
    judged: &EvalSet,
    cancel: &AtomicBool,
) -> Result<Prediction> {
    let features =
        embedder.encode_many(&texts(data, &judged.questions), &mut Progress::until(cancel))?;
    let found = router::intervals(embedder, &features);
    let [p, low, high] = [&found.p, &found.low, &found.high].map(|all| observed(all, judged));
    Ok(Prediction { name: EMBEDDER, p, ends: Some(low.into_iter().zip(high).collect()) })
}

/// The baselines of every evaluation.
fn baseline(
    embedder: &Embedder,
    data: &Dataset,
    judged: &EvalSet,
    cancel: &AtomicBool,
) -> Result<Vec<Prediction>> {
    let encoder = embedder.encoder();
    let train = data.split(Split::Train);
    let keys = |questions: &[usize]| -> Result<Array2<f32>> {
        Ok(encoder.keys(&encoder.encode(&texts(data, questions), &mut Progress::until(cancel))?))
    };
    let (known, asked) = (keys(&train)?, keys(&judged.questions)?);
    let found = baselines::all(data, &train, &judged.questions, &known, &asked);
    let predictions =
        found.into_iter().map(|(name, p)| Prediction { name, p: observed(&p, judged), ends: None });
    Ok(predictions.collect())
}

/// The rank of each name in alphabetical order.
fn ranks(names: &[String]) -> Vec<usize> {
    names.iter().map(|name| names.iter().filter(|other| *other < name).count()).collect()
}

/// Factor analyses of accuracies by category, and by benchmark with attributes; both know the category of
/// each question.
fn factor_analyses(data: &Dataset, hidden: &Hidden, judged: &EvalSet) -> Result<Vec<Prediction>> {
    let (categories, benchmarks) = (ranks(&data.categories), ranks(&hidden.benchmarks));
    let category = |q: usize| categories[data.questions[q].category as usize];
    let benchmark = |q: usize| benchmarks[hidden.benchmark(data, q)];
    let by_category = Counts::of(data, data.categories.len(), category);
    let by_benchmark = Counts::of(data, hidden.benchmarks.len(), benchmark).with_attributes(data);
    let predict = |name, counts: &Counts, factors, column: &dyn Fn(usize) -> usize| {
        let found = factors::forecast(counts, factors)?;
        let (mut p, mut ends) = (Vec::new(), Vec::new());
        for (range, &q) in judged.ranges().zip(&judged.questions) {
            for r in range {
                let at = [judged.models[r], column(q)];
                let (mean, deviation) = (found.mean[at], found.variance[at].sqrt());
                p.push(sigmoid(mean / stretch(deviation)) as f32);
                let end = |z: f64| sigmoid(mean + z * deviation) as f32;
                ends.push((end(-Z80), end(Z80)));
            }
        }
        Ok(Prediction { name, p, ends: Some(ends) })
    };
    Ok(vec![
        predict("factor-analysis", &by_category, FACTORS.0, &category)?,
        predict("factor-analysis-attributes", &by_benchmark, FACTORS.1, &benchmark)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::simulate::{Model, Simulation, respond};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// Benchmarks of two opposite kinds and different difficulty, which a model's mean does not capture.
    fn data() -> Dataset {
        let (models, questions, categories) = (40, 2400, 6);
        let simulation = Simulation { models, questions, categories, ..Simulation::default() };
        let mut data = simulation.run();
        let models: Vec<Model> = (0..models)
            .map(|m| {
                let strength = 2.0 * f64::from(u8::try_from(m % 10).unwrap()) / 9.0 - 1.0;
                let skill = |c: usize| {
                    let difficulty = [0.0, 1.5, -1.0, 0.5, -1.5, 1.0][c];
                    if c < 3 { strength - difficulty } else { -strength - difficulty }
                };
                let name = data.models[m].clone();
                let skills = (0..categories).map(skill).collect();
                let run_on = (0..categories).map(|c| (m + c) % 7 != 0).collect();
                Model { name, ability: 0.0, skills, run_on }
            })
            .collect();
        data.responses = respond(&data.questions, &models, &mut ChaCha8Rng::seed_from_u64(5));
        data
    }

    #[test]
    fn factors_and_the_embedder_know_more_of_untested_pairs_than_means() {
        let data = data();
        let settings = embedder::Settings { epochs: 4, dim: 8, ..embedder::Settings::default() };
        let cancel = AtomicBool::new(false);
        let found = repeat(&data, &settings, &mut Progress::until(&cancel)).unwrap();
        let hidden = Hidden::pick(&data, settings.seed);
        assert_eq!(found.hidden_cells, hidden.cells.len());
        assert_eq!(found.judged_cells, found.hidden_cells, "every cell has questions in val");
        let factors = found.predictors["factor-analysis"];
        let means = found.predictors["model-mean"];
        assert!(factors.nll < means.nll - 0.05 && factors.auc > means.auc + 0.05, "{found:?}");
        assert!(factors.cell_error < 0.7 * means.cell_error, "{found:?}");
        assert!(found.predictors[EMBEDDER].nll < means.nll, "{found:?}");
        for name in [EMBEDDER, "factor-analysis", "factor-analysis-attributes"] {
            let covered = found.predictors[name].cells_covered.unwrap();
            assert!((0.0..=1.0).contains(&covered), "{name}");
        }
        assert!(means.cells_covered.is_none() && found.predictors.contains_key("knn"));

        let report = Report::new(&data, vec![found.clone()]);
        assert_eq!((&report.mean, report.spread.len()), (&found.predictors, 0));
    }

    #[test]
    fn nothing_to_evaluate_is_an_error() {
        let one = Simulation { categories: 1, ..Simulation::default() }.run();
        let settings = embedder::Settings::default();
        let cancel = AtomicBool::new(false);
        let error = repeat(&one, &settings, &mut Progress::until(&cancel)).unwrap_err();
        assert!(error.to_string().contains("two or more benchmarks"), "{error}");
        let data = data().only(|q| q % 60 < 6);
        let no_val = data.only(|q| data.questions[q].split != Split::Val);
        let error = repeat(&no_val, &settings, &mut Progress::until(&cancel)).unwrap_err();
        assert!(error.to_string().contains("val"), "{error}");
        let cancelled = AtomicBool::new(true);
        assert!(repeat(&data, &settings, &mut Progress::until(&cancelled)).is_err());
    }
}
