//! All that the screen would show, as one JSON document or as text for a reader.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::record;
use ratatui::layout::Rect;
use serde_json::{Map, Value, json};

use crate::analysis::forecast;
use crate::analysis::probe::{Prober, Settings};
use crate::analysis::projection::Projection;
use crate::analysis::router::{Preferences, Router};
use crate::dataset::Dataset;
use crate::embedder::Embedder;
use crate::error::Result;
use crate::eval::{evaluation, untested};
use crate::explorer::depth::Depth;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::Job;
use crate::explorer::state::map::COMPONENTS;
use crate::explorer::state::model_set::ModelSet;
use crate::explorer::state::questions::{Question, QuestionSet, Surprise, rows, surprise};
use crate::explorer::theme::Theme;
use crate::progress::Progress;

/// Everything that any pane of the explorer shows of `embedder`; with a prompt also who is likely to
/// answer it, with a data set what is surprising in it.
///
/// # Errors
/// If there are too many models or attributes, the projection does not converge, or the encoder of the prompt is not on this machine.
pub fn document(
    embedder: &Embedder,
    prompt: Option<&str>,
    data: Option<&Dataset>,
    seed: u64,
) -> Result<Value> {
    let model_set = Arc::new(ModelSet::from(embedder));
    let prober = Prober::of(embedder, &model_set.attributes);
    // All models and attributes are in the document, with the neighbors and the probe of each.
    prober.check(model_set.attributes.len())?;
    let projection = Projection::pca(embedder.profiles(), COMPONENTS)?;
    let (theme, _) = Theme::load("dark", Depth::None)?;
    let mut state =
        State::new(Arc::clone(&model_set), projection, theme, Pane::Map, Rect::new(0, 0, 80, 24));
    let cancel = AtomicBool::new(false);
    state.clusters = model_set.clusters(seed, &cancel).map_or(Job::Idle, Job::Done);
    let any = Preferences::default();
    let routes = prompt.map(|prompt| Router::new(embedder).route(&[prompt], &any)).transpose()?;
    let routed = routes.and_then(|mut routes| routes.pop());
    if let Some(route) = &routed {
        state.forecast = vec![None; model_set.models.len()];
        for candidate in &route.candidates {
            state.forecast[candidate.model] = Some(candidate.p);
        }
    }
    let settings = Settings { seed, ..Settings::default() };
    let probes: Vec<Value> = model_set
        .attributes
        .iter()
        .map(|attribute| match prober.probe(attribute, &settings, &cancel) {
            Ok(report) => json!(report),
            Err(problem) => json!({ "attribute": attribute.name, "problem": problem.to_string() }),
        })
        .collect();
    let models: Vec<Value> =
        (0..model_set.models.len()).map(|m| record::model(&state, m)).collect();
    Ok(json!({
        "data": model_set.data,
        "simulated": model_set.simulated,
        "limits": embedder.limits(),
        "map": {
            "projection": "pca",
            "shares": state.map.projection.shares,
            "axes_by_coverage": model_set.axes_by_coverage,
        },
        "clusters": state.clusters.done().map(|found| &found.clusters),
        "models": models,
        "benchmarks": model_set.benchmarks.iter().map(|b| json!({
            "name": b.name,
            "kind": b.kind,
            "questions": b.questions,
            "models": b.scores.iter().flatten().count(),
        })).collect::<Vec<_>>(),
        "forecasts": forecasts(embedder, &model_set)?,
        "probes": probes,
        "questions": data.map(|data| questions(embedder, &model_set, data)).transpose()?,
        "evaluation": {
            "val": model_set.val,
            "reliability": model_set.reliability,
            "coverage": model_set.coverage,
            "data": data.map(|data| evaluation(embedder, data, &cancel)),
        },
        "route": routed.map(|route| json!({
            "prompt": prompt,
            "candidates": route.candidates.iter().map(|c| json!({
                "model": state.name(c.model),
                "p": c.p,
                "low": c.low,
                "high": c.high,
                "support": c.support,
                "cost": c.cost,
            })).collect::<Vec<_>>(),
            "kind": route.kind(),
            "evidence": route.evidence,
        })),
    }))
}

/// Every model on every benchmark: by benchmark, an entry a model.
fn forecasts(embedder: &Embedder, model_set: &ModelSet) -> Result<Value> {
    let mut all = Map::new();
    for (b, benchmark) in model_set.benchmarks.iter().enumerate() {
        all.insert(benchmark.name.clone(), json!(forecast::benchmark(embedder, b)?));
    }
    Ok(all.into())
}

/// The figures on a data set beside the baselines, or why there are none.
fn evaluation(embedder: &Embedder, data: &Dataset, cancel: &AtomicBool) -> Value {
    let settings = evaluation::Settings::plain(data);
    match evaluation::evaluate(embedder, data, &settings, &mut Progress::until(cancel)) {
        Ok(found) => {
            let mut found = json!(found);
            found["untested"] = json!(untested::cached(embedder, data));
            found
        }
        Err(problem) => json!({ "problem": problem.to_string() }),
    }
}

/// The questions that the embedder did not learn from, the most surprising first.
fn questions(embedder: &Embedder, model_set: &ModelSet, data: &Dataset) -> Result<Vec<Value>> {
    let learned = data.fingerprint() == embedder.provenance().fingerprint;
    let question_set = QuestionSet::new(data, &model_set.models, learned);
    let prompts: Vec<&str> = question_set.prompts.iter().map(String::as_str).collect();
    let forecasts = embedder.predict(&embedder.encode(&prompts)?);
    let each = question_set.questions.iter().zip(rows(&forecasts));
    let mut judged: Vec<(Surprise, &Question)> =
        each.map(|(question, row)| (surprise(&question.answers, &row), question)).collect();
    judged.sort_by(|a, b| b.0.loss.total_cmp(&a.0.loss));
    let said = judged.into_iter().map(|(surprise, question)| {
        json!({
            "prompt": question.prompt,
            "category": question_set.categories.get(question.category),
            "split": question.split,
            "answers": question.answers.len(),
            "surprise": surprise.loss,
            "right": surprise.right,
            "expected": surprise.expected,
        })
    });
    Ok(said.collect())
}
