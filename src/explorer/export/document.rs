//! Everything that the screen would show as one document: serialized as JSON, and rendered as text by
//! [`super::plain`].

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ratatui::layout::Rect;
use serde::Serialize;

use super::record::{Named, Record};
use crate::analysis::clusters::Cluster;
use crate::analysis::forecast::{self, Forecast};
use crate::analysis::probe::{Prober, Report, Settings};
use crate::analysis::projection::Projection;
use crate::analysis::router::{Evidence, Measured, Preferences, Route, Router};
use crate::dataset::{Dataset, Kind};
use crate::embedder::{Coverage, Embedder, Scope};
use crate::error::Result;
use crate::eval::evaluation::Evaluation;
use crate::eval::untested::Repeat;
use crate::eval::{evaluation, untested};
use crate::explorer::depth::Depth;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::Job;
use crate::explorer::state::map::COMPONENTS;
use crate::explorer::state::model_set::ModelSet;
use crate::explorer::state::questions::{Question, QuestionSet, Surprise, rows, surprise};
use crate::explorer::theme::Theme;
use crate::metrics::Bin;
use crate::progress::Progress;

/// Everything that the panes of the explorer show. Unknown values are null.
#[derive(Serialize)]
pub struct Document {
    pub data: String,
    pub simulated: bool,
    /// Limitations of the embedder because of too little data.
    pub limits: Vec<String>,
    pub map: Map,
    pub clusters: Option<Vec<Cluster>>,
    pub models: Vec<Record>,
    pub benchmarks: Vec<Benchmark>,
    /// By benchmark, one entry per model.
    pub forecasts: Named<Vec<Forecast>>,
    pub probes: Vec<Probed>,
    pub questions: Option<Vec<Asked>>,
    pub evaluation: Evaluated,
    pub route: Option<Routed>,
}

#[derive(Serialize)]
pub struct Map {
    pub projection: &'static str,
    pub shares: Vec<f64>,
    pub axes_by_coverage: Option<[f64; 2]>,
}

#[derive(Serialize)]
pub struct Benchmark {
    pub name: String,
    pub kind: Kind,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub questions: u32,
    /// How many models were evaluated on it.
    pub models: usize,
}

/// The result of a probe.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Probed {
    Report(Box<Report>),
    Failed { attribute: String, problem: String },
}

/// A question that the embedder was not trained on.
#[derive(Serialize)]
pub struct Asked {
    pub prompt: String,
    pub category: Option<String>,
    pub split: &'static str,
    pub answers: usize,
    pub surprise: f64,
    /// The share of correct answers, and the predicted share.
    pub right: f64,
    pub expected: f64,
}

/// The evaluation of the training on val, and on a data set.
#[derive(Serialize)]
pub struct Evaluated {
    pub val: Named<f64>,
    pub reliability: Vec<Bin>,
    pub coverage: Vec<Coverage>,
    pub data: Option<OnData>,
}

/// The evaluation on a data set with baselines, or why there is none.
#[derive(Serialize)]
#[serde(untagged)]
pub enum OnData {
    Found {
        #[serde(flatten)]
        evaluation: Box<Evaluation>,
        untested: Option<Box<Repeat>>,
    },
    Failed {
        problem: String,
    },
}

/// A prompt and the ranking of the models.
#[derive(Serialize)]
pub struct Routed {
    pub prompt: String,
    pub candidates: Vec<Candidate>,
    pub kind: Kind,
    pub scope: Scope,
    /// The explanation of the first candidate.
    pub sentence: String,
    pub evidence: Vec<Evidence>,
}

#[derive(Serialize)]
pub struct Candidate {
    pub model: String,
    pub p: f32,
    pub low: f32,
    pub high: f32,
    pub support: f32,
    pub measured: Measured,
    pub cost: Option<f64>,
}

/// Everything that the panes of the explorer show of `embedder`; with a prompt also its ranking, with a data
/// set the most surprising questions.
///
/// # Errors
/// If there are too many models or attributes, the projection does not converge, or the encoder is not on
/// this machine.
pub fn document(
    embedder: &Embedder,
    prompt: Option<&str>,
    data: Option<&Dataset>,
    seed: u64,
) -> Result<Document> {
    let model_set = Arc::new(ModelSet::from(embedder));
    let prober = Prober::of(embedder, &model_set.attributes);
    // The document contains all models and attributes, with the neighbors and the probe of each.
    prober.check(model_set.attributes.len())?;
    let projection = Projection::of(embedder, COMPONENTS)?;
    let (theme, _) = Theme::load("dark", Depth::None)?;
    let mut state =
        State::new(Arc::clone(&model_set), projection, theme, Pane::Map, Rect::new(0, 0, 80, 24));
    let cancel = AtomicBool::new(false);
    state.clusters = model_set.clusters(seed, &cancel).map_or(Job::Idle, Job::Done);
    let any = Preferences::default();
    let routes = prompt.map(|prompt| Router::new(embedder).route(&[prompt], &any)).transpose()?;
    let route = routes.and_then(|mut routes| routes.pop());
    if let Some(route) = &route {
        state.forecast = vec![None; model_set.models.len()];
        for candidate in &route.candidates {
            state.forecast[candidate.model] = Some(candidate.p);
        }
    }
    let settings = Settings { seed, ..Settings::default() };
    let probed = model_set.attributes.iter().map(|attribute| {
        match prober.probe(attribute, &settings, &cancel) {
            Ok(report) => Probed::Report(Box::new(report)),
            Err(problem) => {
                Probed::Failed { attribute: attribute.name.clone(), problem: problem.to_string() }
            }
        }
    });
    let probes = probed.collect();
    let mut document = Document::of(&state);
    document.limits = embedder.limits();
    document.probes = probes;
    document.forecasts = forecasts(embedder, &model_set)?;
    document.questions = data.map(|data| questions(embedder, &model_set, data)).transpose()?;
    document.evaluation.data = data.map(|data| evaluation(embedder, data, &cancel));
    document.route = prompt.zip(route).map(|(prompt, route)| routed(&state, prompt, route));
    Ok(document)
}

impl Document {
    /// The part that needs no further computation.
    pub fn of(state: &State) -> Self {
        let model_set = &state.model_set;
        let benchmarks = model_set.benchmarks.iter().map(|b| Benchmark {
            name: b.name.clone(),
            kind: b.kind,
            description: b.description.clone(),
            questions: b.questions,
            models: b.scores.iter().flatten().count(),
        });
        let val = model_set.val.iter().map(|(name, figure)| (name.clone(), *figure));
        Self {
            data: model_set.data.clone(),
            simulated: model_set.simulated,
            limits: Vec::new(),
            map: Map {
                projection: "pca",
                shares: state.map.projection.shares.clone(),
                axes_by_coverage: model_set.axes_by_coverage,
            },
            clusters: state.clusters.done().map(|found| found.clusters.clone()),
            models: (0..model_set.models.len()).map(|m| Record::of(state, m)).collect(),
            benchmarks: benchmarks.collect(),
            forecasts: Named::default(),
            probes: Vec::new(),
            questions: None,
            evaluation: Evaluated {
                val: Named(val.collect()),
                reliability: model_set.reliability.clone(),
                coverage: model_set.coverage.clone(),
                data: None,
            },
            route: None,
        }
    }
}

/// A prompt with its route.
pub fn routed(state: &State, prompt: &str, route: Route) -> Routed {
    let name = |model: usize| state.name(model).to_owned();
    Routed {
        prompt: prompt.to_owned(),
        candidates: (route.candidates.iter())
            .map(|c| Candidate {
                model: name(c.model),
                p: c.p,
                low: c.low,
                high: c.high,
                support: c.support,
                measured: c.measured,
                cost: c.cost,
            })
            .collect(),
        kind: route.kind(),
        scope: route.scope,
        sentence: route.sentence(&name, state.model_set.costs().unit()),
        evidence: route.evidence,
    }
}

/// Every model on every benchmark.
fn forecasts(embedder: &Embedder, model_set: &ModelSet) -> Result<Named<Vec<Forecast>>> {
    let each = model_set.benchmarks.iter().enumerate();
    let of = |(b, benchmark): (usize, &crate::embedder::Benchmark)| {
        Ok((benchmark.name.clone(), forecast::benchmark(embedder, b)?))
    };
    each.map(of).collect::<Result<_>>().map(Named)
}

fn evaluation(embedder: &Embedder, data: &Dataset, cancel: &AtomicBool) -> OnData {
    let settings = evaluation::Settings::plain(data);
    match evaluation::evaluate(embedder, data, &settings, &mut Progress::until(cancel)) {
        Ok(found) => OnData::Found {
            evaluation: Box::new(found),
            untested: untested::cached(embedder, data).map(Box::new),
        },
        Err(problem) => OnData::Failed { problem: problem.to_string() },
    }
}

/// The questions that the embedder was not trained on, most surprising first.
fn questions(embedder: &Embedder, model_set: &ModelSet, data: &Dataset) -> Result<Vec<Asked>> {
    let learned = data.fingerprint() == embedder.provenance().fingerprint;
    let question_set = QuestionSet::new(data, &model_set.models, learned);
    let prompts: Vec<&str> = question_set.prompts.iter().map(String::as_str).collect();
    let forecasts = embedder.predict(&embedder.encode(&prompts)?);
    let each = question_set.questions.iter().zip(rows(&forecasts));
    let mut judged: Vec<(Surprise, &Question)> =
        each.map(|(question, row)| (surprise(&question.answers, &row), question)).collect();
    judged.sort_by(|a, b| b.0.loss.total_cmp(&a.0.loss));
    let asked = judged.into_iter().map(|(surprise, question)| Asked {
        prompt: question.prompt.clone(),
        category: question_set.categories.get(question.category).cloned(),
        split: question.split,
        answers: question.answers.len(),
        surprise: surprise.loss,
        right: surprise.right,
        expected: surprise.expected,
    });
    Ok(asked.collect())
}
