//! Evaluates an embedder on responses that it was not trained on, together with baselines.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use ndarray::{Array2, Axis};
use serde::Serialize;

use super::baselines;
use super::bootstrap::{Spread, spreads};
use super::deferral::{Deferral, deferral};
use crate::analysis::router::Costs;
use crate::dataset::{Dataset, Split};
use crate::embedder::{Coverage, Embedder, Given, Paper, Reference, coverage, observed};
use crate::error::{Error, Result};
use crate::metrics::{Bin, EvalSet, Metrics, RoutingBounds, reliability};
use crate::progress::Progress;

/// The name of the embedder among the predictors.
pub const EMBEDDER: &str = "llmap";
/// The embedder as used for routing: not given that each model was evaluated on the question's benchmark.
pub const ROUTED: &str = "llmap-route";
/// The paper's weights among the predictors.
pub const PAPER: &str = "paper-weights";
/// Groups of models by how many training responses they have.
const GROUPS: usize = 4;

/// What to evaluate and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The split; all of them for `None`.
    pub split: Option<Split>,
    /// Resamples of the bootstrap; none for 0.
    pub resamples: usize,
    /// Where `reference-mf` is cached; without it, it is not evaluated.
    pub reference: Option<PathBuf>,
    /// The paper's weights, evaluated as `paper-weights`.
    pub paper: Option<Arc<Paper>>,
    /// The random seed of the bootstrap and the reference.
    pub seed: u64,
    /// Only the responses of these models are evaluated, one entry per model of the embedder.
    pub pool: Option<Vec<bool>>,
    /// Compute deferral curves.
    pub routing_curve: bool,
}

impl Settings {
    /// Only the metrics, on the first of val and test that has responses, or on everything.
    #[must_use]
    pub fn plain(data: &Dataset) -> Self {
        let has =
            |split: &Split| data.split(*split).into_iter().any(|q| data.responses.of(q).len() > 0);
        Self {
            split: [Split::Val, Split::Test].into_iter().find(has),
            resamples: 0,
            reference: None,
            paper: None,
            seed: 1,
            pool: None,
            routing_curve: false,
        }
    }
}

/// Metrics of every predictor on the same responses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// `train`, `val`, `test` or `all`.
    pub split: String,
    /// Questions with a response.
    pub questions: usize,
    /// Models of the data set that are in the embedder.
    pub models: usize,
    /// Responses.
    pub responses: usize,
    /// Models of the data set that are not in the embedder and are ignored.
    pub models_skipped: usize,
    /// Their responses to the questions of the split.
    pub responses_skipped: usize,
    /// Predictor → metrics.
    pub predictors: BTreeMap<String, Judgement>,
    /// Reference values for routing.
    pub routing_bounds: RoutingBounds,
    /// Category → predictor → metrics.
    pub by_category: BTreeMap<String, BTreeMap<String, Part>>,
    /// Models by how many training responses they have, fewest first.
    pub by_responses: Vec<Group>,
    /// The embedder's reliability diagram.
    pub reliability: Vec<Bin>,
    /// The measured coverage of the embedder's 80% intervals.
    pub coverage: Vec<Coverage>,
    /// Accuracy against cost, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing_curve: Option<Deferral>,
    /// The time that it took.
    pub seconds: f64,
}

/// All metrics of one predictor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// The metrics on all questions.
    #[serde(flatten)]
    pub figures: Metrics,
    /// Their 95% intervals, and those of the embedder's lead; absent without a bootstrap.
    #[serde(flatten)]
    pub spread: Option<Spread>,
}

/// Metrics on a part of the responses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Part {
    /// See [`Metrics::accuracy`].
    pub accuracy: f64,
    /// See [`Metrics::auc`].
    pub auc: f64,
    /// See [`Metrics::nll`].
    pub nll: f64,
    /// See [`Metrics::routing`].
    pub routing: f64,
}

/// Models with a similar number of training responses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The fewest training responses among them.
    pub from: usize,
    /// The most.
    pub to: usize,
    /// How many models.
    pub models: usize,
    /// How many judged responses.
    pub responses: usize,
    /// Predictor → metrics.
    pub predictors: BTreeMap<String, Part>,
}

/// Progress of an evaluation.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// This many questions are encoded.
    Encoding(usize),
    /// An epoch of `reference-mf` has ended, of this many.
    Reference(u32, u32),
    /// `reference-mf` could not be cached, which is not fatal.
    NotKept(Error),
}

/// A data set without the models that are not in an embedder.
pub struct Known<'a> {
    /// Their questions and responses.
    pub data: Cow<'a, Dataset>,
    /// The index of each of its models in the embedder.
    pub column: Vec<usize>,
    /// The number of ignored models.
    pub skipped: usize,
}

impl<'a> Known<'a> {
    /// Removes the models of `data` that are not in `embedder`.
    ///
    /// # Errors
    /// [`Error::Usage`] if none is.
    pub fn of(embedder: &Embedder, data: &'a Dataset) -> Result<Self> {
        let index: BTreeMap<&str, usize> =
            embedder.models().iter().enumerate().map(|(m, name)| (&**name, m)).collect();
        let (known, column): (Vec<usize>, Vec<usize>) = data
            .models
            .iter()
            .enumerate()
            .filter_map(|(m, name)| Some((m, *index.get(&**name)?)))
            .unzip();
        let skipped = data.models.len() - known.len();
        if skipped == 0 {
            return Ok(Self { data: Cow::Borrowed(data), column, skipped });
        }
        if let (true, Some(first)) = (known.is_empty(), data.models.first()) {
            crate::names::resolve("model of the embedder", first, embedder.models()).map_err(
                |problem| {
                    Error::Usage(format!(
                        "{}: none of its {skipped} models is in the embedder; {problem}",
                        data.name
                    ))
                },
            )?;
        }
        Ok(Self { data: Cow::Owned(data.with_models(&known)), column, skipped })
    }
}

/// The deferral curves of the predictors; `column` has the index of each model in the embedder.
fn curve(
    embedder: &Embedder,
    judged: &EvalSet,
    predictions: &[(&'static str, Vec<f32>)],
    column: &[usize],
) -> Result<Deferral> {
    // In the data set's order of models.
    let costs = Costs::of(embedder.models().len(), embedder.attributes()).select(column);
    deferral(judged, predictions, "ability", &costs).ok_or_else(|| {
        Error::Usage(
            "no curve: no question has two responses of models with known cost (the columns \
             cost_in and cost_out, or params_b)"
                .into(),
        )
    })
}

/// Evaluates `embedder` on a split of `data`, ignoring unknown models. The baselines are fitted on the train
/// split of `data`; `progress` receives the encoding of many questions, and the epochs of `reference-mf` if
/// it has to be trained.
///
/// # Errors
/// [`Error::Usage`] if `data` has no model of the embedder, no train split, or no responses in the split;
/// errors of training `reference-mf`.
pub fn evaluate(
    embedder: &Embedder,
    data: &Dataset,
    settings: &Settings,
    progress: &mut Progress<'_, Step>,
) -> Result<Evaluation> {
    let start = Instant::now();
    let all = data;
    let Known { data, column, skipped } = Known::of(embedder, all)?;
    let data = &*data;
    let questions = match settings.split {
        Some(split) => data.split(split),
        None => (0..data.questions.len()).collect(),
    };
    let responses_skipped =
        questions.iter().map(|&q| all.responses.of(q).len() - data.responses.of(q).len()).sum();
    let questions: Vec<usize> =
        questions.into_iter().filter(|&q| data.responses.of(q).len() > 0).collect();
    let name = settings.split.map_or("all", Split::name);
    if questions.is_empty() {
        return Err(Error::Usage(format!("{}: no responses in the split `{name}`", data.name)));
    }
    let train = data.split(Split::Train);
    if train.is_empty() {
        return Err(Error::Usage(format!(
            "{}: no train split, on which the baselines are fitted",
            data.name
        )));
    }
    let judged = EvalSet::new(data, questions);
    let texts = |questions: &[usize]| -> Vec<&str> {
        questions.iter().map(|&q| &*data.questions[q].prompt).collect()
    };
    let asked = texts(&judged.questions);
    // First, since the weights may not match the data.
    let mut by_paper = |paper: &Arc<Paper>| -> Result<Array2<f32>> {
        let column = columns(paper, data)?;
        let p = progress.part(Step::Encoding, |part| paper.predict(&asked, part))?;
        Ok(p.select(Axis(1), &column))
    };
    let paper = settings.paper.as_ref().map(&mut by_paper).transpose()?;
    let features = progress.part(Step::Encoding, |part| embedder.encode_many(&asked, part))?;
    // From the embedder's order of models to the data set's.
    let predicted = embedder.predict(&features).select(Axis(1), &column);

    let encoder = embedder.encoder();
    let mut encode =
        |texts: &[&str]| progress.part(Step::Encoding, |part| encoder.encode(texts, part));
    let (known, asked) = (encode(&texts(&train))?, encode(&asked)?);
    let keys = [&known, &asked].map(|encoded| encoder.keys(encoded));
    let routed = embedder.forecast(&features, Given::Nothing).p.select(Axis(1), &column);
    let mut predictions =
        vec![(EMBEDDER, observed(&predicted, &judged)), (ROUTED, observed(&routed, &judged))];
    for (name, p) in baselines::all(data, &train, &judged.questions, &keys[0], &keys[1]) {
        predictions.push((name, observed(&p, &judged)));
    }
    if let Some(cache) = &settings.reference {
        let (reference, problem) = progress.part(
            |(epoch, of)| Step::Reference(epoch, of),
            |part| Reference::cached(cache, data, &train, &known, settings.seed, part),
        )?;
        if let Some(problem) = problem {
            progress.report(Step::NotKept(problem));
        }
        predictions.push(("reference-mf", observed(&reference.predict(&asked), &judged)));
    }
    if let Some(p) = paper {
        predictions.push((PAPER, observed(&p, &judged)));
    }
    let mut judged = judged;
    if let Some(pool) = &settings.pool {
        judged = within(&judged, &mut predictions, |m| pool[column[m]]);
        if judged.labels.is_empty() {
            return Err(Error::Usage("no response is by a model of the pool".into()));
        }
    }
    let curve = || curve(embedder, &judged, &predictions, &column);
    let routing_curve = settings.routing_curve.then(curve).transpose()?;
    let p: Vec<&[f32]> = predictions.iter().map(|(_, p)| &**p).collect();
    let spreads = match settings.resamples {
        0 => vec![None; p.len()],
        n => spreads(&judged, &p, n, settings.seed).into_iter().map(Some).collect(),
    };
    let judgements = predictions.iter().zip(spreads).map(|((name, p), spread)| {
        ((*name).into(), Judgement { figures: Metrics::of(&judged, p), spread })
    });
    Ok(Evaluation {
        split: name.into(),
        questions: judged.questions.len(),
        models: (0..column.len())
            .filter(|m| settings.pool.as_ref().is_none_or(|pool| pool[column[*m]]))
            .count(),
        responses: judged.labels.len(),
        models_skipped: skipped,
        responses_skipped,
        predictors: judgements.collect(),
        routing_bounds: RoutingBounds::of(&judged),
        by_category: by_category(data, &judged, &predictions),
        by_responses: by_responses(data, &train, &judged, &predictions),
        reliability: reliability(p[0], &judged.labels).to_vec(),
        coverage: coverage(&judged, p[0], embedder.calibration()),
        routing_curve,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// The index of each model of the data in the paper's weights.
fn columns(paper: &Paper, data: &Dataset) -> Result<Vec<usize>> {
    let place: BTreeMap<&str, usize> =
        paper.models.iter().enumerate().map(|(m, name)| (&**name, m)).collect();
    let column = |name: &String| {
        place.get(name.as_str()).copied().ok_or_else(|| {
            let problem = format!("the weights have no model called `{name}`");
            Error::usage(problem, "evaluate them on the data that they were trained on")
        })
    };
    data.models.iter().map(column).collect()
}

type Predictions<'a> = [(&'a str, Vec<f32>)];

/// Only the responses of some models, with the predictions cut to match.
fn within(
    judged: &EvalSet,
    predictions: &mut Predictions,
    keep: impl Fn(usize) -> bool,
) -> EvalSet {
    let mut left = judged.part(&[], |_, _| false).0;
    for (_, p) in predictions.iter_mut() {
        (left, *p) = judged.part(p, |_, r| keep(judged.models[r]));
    }
    left
}

/// The metrics of every predictor on the responses for which `keep` is true; `None` if there are none.
fn part(
    judged: &EvalSet,
    predictions: &Predictions,
    keep: impl Fn(usize, usize) -> bool,
) -> Option<(usize, BTreeMap<String, Part>)> {
    let mut responses = 0;
    let figures = predictions.iter().map(|(name, p)| {
        let (part, p) = judged.part(p, &keep);
        responses = p.len();
        let Metrics { accuracy, auc, nll, routing, .. } = Metrics::of(&part, &p);
        ((*name).to_owned(), Part { accuracy, auc, nll, routing })
    });
    let figures = figures.collect();
    (responses > 0).then_some((responses, figures))
}

fn by_category(
    data: &Dataset,
    judged: &EvalSet,
    predictions: &Predictions,
) -> BTreeMap<String, BTreeMap<String, Part>> {
    let category = |c: usize| {
        let inside = |i: usize, _| data.questions[judged.questions[i]].category as usize == c;
        Some((data.categories[c].clone(), part(judged, predictions, inside)?.1))
    };
    (0..data.categories.len()).filter_map(category).collect()
}

fn by_responses(
    data: &Dataset,
    train: &[usize],
    judged: &EvalSet,
    predictions: &Predictions,
) -> Vec<Group> {
    let mut counts = vec![0_usize; data.models.len()];
    train.iter().for_each(|&q| data.responses.of(q).for_each(|(m, _)| counts[m] += 1));
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&m| counts[m]);
    let group = |models: &[usize]| {
        let (responses, predictors) =
            part(judged, predictions, |_, r| models.contains(&judged.models[r]))?;
        let (from, to) = (counts[*models.first()?], counts[*models.last()?]);
        Some(Group { from, to, models: models.len(), responses, predictors })
    };
    order.chunks(order.len().div_ceil(GROUPS).max(1)).filter_map(group).collect()
}
