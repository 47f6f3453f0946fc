//! All that the screen would show, as one JSON document or as text for a reader.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ratatui::layout::Rect;
use serde_json::{Map, Value, json};

use super::COMPONENTS;
use super::action::Pane;
use super::pane_map::caption;
use super::questions::{Book, Question, Surprise, rows, surprise};
use super::state::State;
use super::subject::Subject;
use super::table::{Cell, Column};
use super::theme::{Depth, Theme};
use super::widgets::fit;
use crate::analysis::neighbours::{basis, nearest};
use crate::analysis::probe::{Prober, Settings};
use crate::analysis::projection::Projection;
use crate::analysis::router::{Preferences, Router};
use crate::analysis::{evaluation, forecast, untested};
use crate::dataset::{Dataset, Kind};
use crate::embedder::Embedder;
use crate::error::{Error, Result};
use crate::one_line;

/// Models that are named for each benchmark they were not run on.
const BEST: usize = 3;
/// Neighbours that are named for each model.
const NEIGHBOURS: usize = 5;

/// Everything that any pane of the explorer shows of `embedder`; with a prompt also who is likely to
/// answer it, with a data set what is surprising in it.
///
/// # Errors
/// If the projection does not converge, or the encoder of the prompt is not on this machine.
pub fn document(
    embedder: &Embedder,
    prompt: Option<&str>,
    data: Option<&Dataset>,
    seed: u64,
) -> Result<Value> {
    let subject = Arc::new(Subject::from(embedder));
    let projection = Projection::pca(embedder.profiles(), COMPONENTS)?;
    let (theme, _) = Theme::load("dark", Depth::None)?;
    let mut state =
        State::new(Arc::clone(&subject), projection, theme, Pane::Map, Rect::new(0, 0, 80, 24));
    let cancel = AtomicBool::new(false);
    state.clusters = subject.clusters(seed, &cancel).ok();
    let any = Preferences::default();
    let routes = prompt.map(|prompt| Router::new(embedder).route(&[prompt], &any)).transpose()?;
    let routed = routes.and_then(|mut routes| routes.pop());
    if let Some(route) = &routed {
        state.forecast = vec![None; subject.models.len()];
        for candidate in &route.candidates {
            state.forecast[candidate.model] = Some(candidate.p);
        }
    }
    let settings = Settings { seed, ..Settings::default() };
    let prober = Prober::of(embedder, &subject.attributes);
    let probes: Vec<Value> = subject
        .attributes
        .iter()
        .map(|attribute| match prober.probe(attribute, &settings, &cancel) {
            Ok(report) => json!(report),
            Err(problem) => json!({ "attribute": attribute.name, "problem": problem.to_string() }),
        })
        .collect();
    let models: Vec<Value> = (0..subject.models.len()).map(|m| model(&state, m)).collect();
    Ok(json!({
        "data": subject.data,
        "simulated": subject.simulated,
        "map": {
            "projection": "pca",
            "shares": state.map.projection.shares,
            "axes_by_coverage": subject.axes_by_coverage,
        },
        "clusters": state.clusters.as_ref().map(|found| &found.clusters),
        "models": models,
        "benchmarks": subject.benchmarks.iter().map(|b| json!({
            "name": b.name,
            "kind": b.kind,
            "questions": b.questions,
            "models": b.scores.iter().flatten().count(),
        })).collect::<Vec<_>>(),
        "forecasts": forecasts(embedder, &subject)?,
        "probes": probes,
        "questions": data.map(|data| questions(embedder, &subject, data)).transpose()?,
        "evaluation": {
            "val": subject.val,
            "reliability": subject.reliability,
            "coverage": subject.coverage,
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
fn forecasts(embedder: &Embedder, subject: &Subject) -> Result<Value> {
    let mut all = Map::new();
    for (b, benchmark) in subject.benchmarks.iter().enumerate() {
        all.insert(benchmark.name.clone(), json!(forecast::benchmark(embedder, b)?));
    }
    Ok(all.into())
}

/// The figures on a data set beside the baselines, or why there are none.
fn evaluation(embedder: &Embedder, data: &Dataset, cancel: &AtomicBool) -> Value {
    let settings = evaluation::Settings::plain(data);
    match evaluation::evaluate(embedder, data, &settings, &mut |_| {}, cancel) {
        Ok(found) => {
            let mut found = json!(found);
            found["untested"] = json!(untested::cached(embedder, data));
            found
        }
        Err(problem) => json!({ "problem": problem.to_string() }),
    }
}

/// The questions that the embedder did not learn from, the most surprising first.
fn questions(embedder: &Embedder, subject: &Subject, data: &Dataset) -> Result<Vec<Value>> {
    let learned = data.fingerprint() == embedder.provenance.fingerprint;
    let book = Book::new(data, &subject.models, learned);
    let prompts: Vec<&str> = book.prompts.iter().map(String::as_str).collect();
    let forecasts = embedder.predict(&embedder.encode(&prompts)?);
    let each = book.questions.iter().zip(rows(&forecasts));
    let mut judged: Vec<(Surprise, &Question)> =
        each.map(|(question, row)| (surprise(&question.answers, &row), question)).collect();
    judged.sort_by(|a, b| b.0.loss.total_cmp(&a.0.loss));
    let said = judged.into_iter().map(|(surprise, question)| {
        json!({
            "prompt": question.prompt,
            "category": book.categories.get(question.category),
            "split": question.split,
            "answers": question.answers.len(),
            "surprise": surprise.loss,
            "right": surprise.right,
            "expected": surprise.expected,
        })
    });
    Ok(said.collect())
}

/// What is known of one model.
fn model(state: &State, model: usize) -> Value {
    let subject = &state.subject;
    let mut fields = Map::new();
    for column in Column::all(subject) {
        let value = match column.cell(state, model) {
            Cell::Text(text) => json!(text),
            Cell::Flag(flag) => json!(flag),
            Cell::Number(n) | Cell::Decimal(n) | Cell::Share(n) => json!(n),
            Cell::Unknown => Value::Null,
        };
        let title = column.title(subject);
        match column {
            Column::Attribute(_) | Column::Benchmark(_) if !value.is_null() => {
                let group = if matches!(column, Column::Attribute(_)) {
                    "attributes"
                } else {
                    "benchmarks"
                };
                if let Value::Object(group) = fields.entry(group).or_insert_with(|| json!({})) {
                    group.insert(title.to_owned(), value);
                }
            }
            Column::Attribute(_) | Column::Benchmark(_) => {}
            _ => {
                fields.insert(title.to_owned(), value);
            }
        }
    }
    let row = state.map.projection.coordinates.row(model);
    fields.insert("coordinates".into(), json!(row.to_vec()));
    let vectors = subject.profiles();
    if vectors.ncols() > 0 {
        let shared = |m: usize| subject.shared(model, m);
        let near = nearest(vectors, model, NEIGHBOURS, shared).into_iter().map(|near| {
            json!({
                "model": state.name(near.model),
                "cosine": near.cosine,
                "distance": near.distance,
                "shared": near.shared,
            })
        });
        fields.insert("neighbours".into(), near.collect());
    }
    Value::Object(fields)
}

/// The marked models of a state, with what is known of them.
pub fn selection(state: &State) -> Result<Vec<u8>> {
    let models: Vec<Value> = state.chosen().into_iter().map(|m| model(state, m)).collect();
    let mut bytes = Vec::new();
    crate::write_json(&mut bytes, &models, true)
        .map_err(|e| Error::Failed(format!("the selection cannot be written: {e}")))?;
    Ok(bytes)
}

/// By benchmark, the models that were not run on it and are expected to do best.
fn best_not_run(document: &Value) -> Vec<String> {
    let (Value::Object(benchmarks), Some(models)) =
        (&document["forecasts"], document["models"].as_array())
    else {
        return Vec::new();
    };
    let lines = benchmarks.iter().map(|(name, column)| {
        let accuracy = |m: usize| column[m]["accuracy"]["mean"].as_f64().unwrap_or_default();
        let mut order: Vec<usize> =
            (0..models.len()).filter(|m| column[*m]["responses"] == 0).collect();
        order.sort_by(|a, b| accuracy(*b).total_cmp(&accuracy(*a)));
        let best = order.into_iter().take(BEST).map(|m| {
            let model = one_line(models[m]["model"].as_str().unwrap_or_default());
            format!("{model} {:.0}%", 100.0 * accuracy(m))
        });
        format!("- {}: {}", one_line(name), best.collect::<Vec<_>>().join(", "))
    });
    lines.collect()
}

/// What training measured on val, and what is measured on a data set.
fn evaluated(evaluation: &Value) -> Vec<String> {
    let number = |value: &Value| format!("{:.3}", value.as_f64().unwrap_or_default());
    let mut said = vec!["\nEvaluation on val".to_owned()];
    if let Value::Object(figures) = &evaluation["val"] {
        let each = figures.iter();
        said.extend(each.map(|(name, value)| format!("- {}: {}", one_line(name), number(value))));
    }
    let beside = &evaluation["data"];
    if let Value::Object(predictors) = &beside["predictors"] {
        let split = one_line(beside["split"].as_str().unwrap_or_default());
        said.push(format!("\nOn {split} of the data set, beside the baselines"));
        said.extend(predictors.iter().map(|(name, figures)| {
            let figure = |name: &str| format!("{name} {}", number(&figures[name]));
            let all = ["accuracy", "auc", "nll", "ece", "routing"].map(figure);
            format!("- {}: {}", one_line(name), all.join(", "))
        }));
        let untested = &beside["untested"];
        let figures = &untested["predictors"]["llmap"];
        if figures.is_object() {
            said.push(format!(
                "- untested pairs: auc {}, nll {}, error of a cell's accuracy {}, {} hidden cells, {} \
                 models",
                number(&figures["auc"]),
                number(&figures["nll"]),
                number(&figures["cell_error"]),
                untested["hidden_cells"],
                untested["hidden_models"],
            ));
        }
    } else if let Some(problem) = beside["problem"].as_str() {
        said.push(format!("\nThe data set cannot be judged: {}", one_line(problem)));
    }
    said
}

/// The same as sentences and lists, without a drawing: for readers of screens and for files.
#[must_use]
pub fn plain(document: &Value) -> String {
    let mut out = String::new();
    let text = |value: &Value| match value {
        Value::String(text) => one_line(text),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.into(),
        Value::Number(n) => match n.as_f64() {
            Some(x) if x.fract() != 0.0 => format!("{x:.3}"),
            x => format!("{:.0}", x.unwrap_or_default()),
        },
        other => one_line(&other.to_string()),
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let percent = |value: &Value| format!("{:.0}%", 100.0 * value.as_f64().unwrap_or_default());
    let models = list(&document["models"]);
    let mut say = |line: String| {
        let _ = writeln!(out, "{line}");
    };
    let simulated =
        if document["simulated"] == true { " (simulated: they do not exist)" } else { "" };
    say(format!("{} models of {}{simulated}", models.len(), text(&document["data"])));
    let shares: Vec<f64> =
        list(&document["map"]["shares"]).iter().filter_map(Value::as_f64).collect();
    let by_coverage = list(&document["map"]["axes_by_coverage"]);
    let by_coverage: Vec<f64> = by_coverage.iter().filter_map(Value::as_f64).collect();
    say(format!("Map: {}", caption(&shares, &by_coverage)));
    say("\nClusters".into());
    for cluster in list(&document["clusters"]) {
        say(format!(
            "- {}: {} models, stability {}, {} of them predicted by coverage alone",
            text(&cluster["name"]),
            cluster["size"],
            text(&cluster["stability"]),
            percent(&cluster["coverage"])
        ));
        say(format!("  in its middle: {}", text(&cluster["prototype"])));
        let features = list(&cluster["features"]);
        let features: Vec<String> = features.iter().map(|f| text(&f["text"])).collect();
        if !features.is_empty() {
            say(format!("  against the rest: {}", features.join("; ")));
        }
    }
    if document["route"].is_object() {
        say(format!("\nMost likely to answer right: {}", text(&document["route"]["prompt"])));
        let kind = Kind::from_name(&text(&document["route"]["kind"]));
        if let Some(remark) = kind.and_then(Kind::remark) {
            say(remark.into());
        }
        for candidate in list(&document["route"]["candidates"]).iter().take(10) {
            say(format!(
                "- {}: {} ({} to {})",
                text(&candidate["model"]),
                percent(&candidate["p"]),
                percent(&candidate["low"]),
                percent(&candidate["high"])
            ));
        }
    }
    say("\nProbes: can it be read off the vectors?".into());
    for probe in list(&document["probes"]) {
        if probe["problem"].is_string() {
            say(format!("- {}: {}", text(&probe["attribute"]), text(&probe["problem"])));
            continue;
        }
        say(format!(
            "- {}: {} right, balanced {}, the most frequent class {}, shuffled labels {}, p {}",
            text(&probe["attribute"]),
            percent(&probe["accuracy"]),
            percent(&probe["balanced_accuracy"]),
            percent(&probe["majority"]),
            percent(&probe["shuffled"]),
            text(&probe["p_value"])
        ));
    }
    say("\nThe best that were not run, by benchmark".into());
    best_not_run(document).into_iter().for_each(&mut say);
    evaluated(&document["evaluation"]).into_iter().for_each(&mut say);
    if document["questions"].is_array() {
        say("\nMost surprising questions".into());
        for question in list(&document["questions"]).iter().take(10) {
            say(format!(
                "- {}: {} of {} right, {} expected: {}",
                text(&question["category"]),
                percent(&question["right"]),
                text(&question["answers"]),
                percent(&question["expected"]),
                fit(&text(&question["prompt"]), 160)
            ));
        }
    }
    say("\nModels".into());
    for model in &models {
        let group = |name: &str, shown: &dyn Fn(&Value) -> String| -> String {
            let Value::Object(fields) = &model[name] else { return String::new() };
            let each = fields.iter().map(|(name, v)| format!("{} {}", one_line(name), shown(v)));
            each.collect::<Vec<_>>().join(", ")
        };
        say(text(&model["model"]));
        say(format!("  {}", group("attributes", &text)));
        say(format!("  cluster {}, {} answers", text(&model["cluster"]), text(&model["answers"])));
        for near in list(&model["neighbours"]) {
            let by = near["shared"].as_u64().and_then(|n| u32::try_from(n).ok());
            let by = by.map_or_else(String::new, |n| format!(", {}", basis(n)));
            let similarity = near["cosine"].as_f64().unwrap_or_default();
            say(format!("  like {}: similarity {similarity:.2}{by}", text(&near["model"])));
        }
        say(format!("  {}", group("benchmarks", &percent)));
    }
    out
}
