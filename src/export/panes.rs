//! The tables shown in the panes of the explorer.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::sheet::{Cell, Sheet};
use crate::analysis::clusters::{Clusters, Known, clusters};
use crate::analysis::forecast;
use crate::analysis::neighbors::nearest;
use crate::analysis::onboarding::{Catalogue, NewModel};
use crate::analysis::probe::{self, Prober};
use crate::analysis::projection::Projection;
use crate::analysis::router::{self, Preferences, Router};
use crate::dataset::{Dataset, Split, Values, load_answers};
use crate::embedder::Embedder;
use crate::error::{Error, Result};
use crate::eval::evaluation::{self, Evaluation, Settings, evaluate};
use crate::metrics::{Metrics, log_loss};
use crate::progress::Progress;

/// Number of map axes.
const AXES: usize = 6;
/// Number of neighbors of a model.
const NEIGHBORS: usize = 20;
/// Questions per batch.
const BLOCK: usize = 1024;

/// A table of a pane of the explorer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Table {
    /// The models with their clusters and map coordinates.
    Map,
    /// Attributes, benchmarks and nearest models of one model (--model).
    Model,
    /// How well each attribute can be decoded from the vectors.
    Probe,
    /// The models ranked for a prompt (--prompt).
    Route,
    /// Evaluation on a data set (--data), or on val of the training data.
    Evaluate,
    /// The models with all their attributes and scores.
    Models,
    /// Several models side by side (--model for each).
    Compare,
    /// The questions of a data set (--data), the most surprising first.
    Questions,
    /// Every model on every benchmark, measured or predicted.
    Forecast,
    /// Predicted benchmarks of a new model (--answers, --data).
    New,
}

/// What a table needs.
pub struct Request<'a> {
    /// A prompt, for [`Table::Route`] and a column of [`Table::Models`].
    pub prompt: Option<&'a str>,
    /// A data set, for [`Table::Questions`], [`Table::Evaluate`] and [`Table::New`].
    pub data: Option<&'a Dataset>,
    /// Models, for [`Table::Model`] and [`Table::Compare`].
    pub models: &'a [usize],
    /// The answers of a new model as read by `llmap onboard`, for [`Table::New`].
    pub answers: Option<&'a Path>,
    /// The random seed of clusters and probes.
    pub seed: u64,
}

/// The table of a pane.
///
/// # Errors
/// [`Error::Usage`] if something required is missing; errors of the computation.
pub fn table(
    embedder: &Embedder,
    table: Table,
    request: &Request<'_>,
    cancel: &AtomicBool,
) -> Result<Sheet> {
    match table {
        Table::Map => map(embedder, request, cancel),
        Table::Model => match request.models {
            [model] => Ok(of_model(embedder, *model)),
            _ => Err(Error::usage("the table of a model needs one", "choose it with --model")),
        },
        Table::Probe => probes(embedder, request, cancel),
        Table::Route => route(embedder, request),
        Table::Evaluate => evaluated(embedder, request, cancel),
        Table::Models => models(embedder, request, cancel),
        Table::Compare => match request.models {
            [] => Err(Error::usage("no models to compare", "choose models with --model")),
            models => Ok(compare(embedder, models)),
        },
        Table::Questions => questions(embedder, data(request, "the questions")?, cancel),
        Table::Forecast => forecasts(embedder),
        Table::New => new_model(embedder, request, cancel),
    }
}

fn data<'a>(request: &Request<'a>, what: &str) -> Result<&'a Dataset> {
    let needs = || Error::usage(format!("{what} need a data set"), "pass it with --data");
    request.data.ok_or_else(needs)
}

/// An attribute's value.
fn value(values: &Values, model: usize) -> Cell {
    match values {
        Values::Flag(flags) => flags[model].into(),
        Values::Number(numbers) => numbers[model].into(),
        Values::Class(classes) => classes[model].clone().into(),
    }
}

fn found(embedder: &Embedder, seed: u64, cancel: &AtomicBool) -> Result<Option<Clusters>> {
    let known = Known {
        models: embedder.models(),
        vectors: embedder.profiles(),
        attributes: embedder.attributes(),
        benchmarks: embedder.benchmarks(),
        axes_by_coverage: Some(embedder.provenance().axes_by_coverage),
    };
    match clusters(&known, seed, cancel) {
        Ok(found) => Ok(Some(found)),
        // Clustering needs more models.
        Err(Error::Usage(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of a model's cluster.
fn cluster(clusters: Option<&Clusters>, model: usize) -> Cell {
    clusters.map(|found| found.clusters[found.of[model]].name.as_str()).map(str::to_owned).into()
}

fn answers(embedder: &Embedder, model: usize) -> u32 {
    let scores = embedder.benchmarks().iter().filter_map(|b| b.scores.get(model));
    scores.map(|score| score.responses).sum()
}

fn map(embedder: &Embedder, request: &Request<'_>, cancel: &AtomicBool) -> Result<Sheet> {
    let places = Projection::pca(embedder.profiles(), AXES)?.coordinates;
    let found = found(embedder, request.seed, cancel)?;
    let axes = (1..=AXES).map(|c| format!("pc{c}"));
    let mut sheet =
        Sheet::new(["model_name".to_owned(), "cluster".to_owned()].into_iter().chain(axes));
    for (m, (name, place)) in embedder.models().iter().zip(places.rows()).enumerate() {
        let mut row = vec![name.as_str().into(), cluster(found.as_ref(), m)];
        row.extend(place.iter().map(|x| Cell::from(*x as f32)));
        sheet.push(row);
    }
    Ok(sheet)
}

fn models(embedder: &Embedder, request: &Request<'_>, cancel: &AtomicBool) -> Result<Sheet> {
    let found = found(embedder, request.seed, cancel)?;
    let chances = match request.prompt {
        Some(prompt) => {
            let features = embedder.encode(&[prompt])?;
            Some(router::probabilities(embedder, &features).row(0).to_vec())
        }
        None => None,
    };
    let mut header = vec!["model_name".to_owned()];
    header.extend(embedder.attributes().iter().map(|a| a.name.clone()));
    header.extend(["answers", "ability", "cluster"].map(str::to_owned));
    header.extend(chances.is_some().then(|| "prompt".to_owned()));
    header.extend(embedder.benchmarks().iter().map(|b| b.name.clone()));
    let mut sheet = Sheet::new(header);
    for (m, name) in embedder.models().iter().enumerate() {
        let mut row = vec![Cell::from(name.as_str())];
        row.extend(embedder.attributes().iter().map(|a| value(&a.values, m)));
        row.push(answers(embedder, m).into());
        row.push(embedder.abilities()[m].into());
        row.push(cluster(found.as_ref(), m));
        row.extend(chances.as_ref().map(|p| Cell::from(p[m])));
        let scores = embedder.benchmarks().iter().map(|b| b.scores.get(m).map(|s| s.accuracy));
        row.extend(scores.map(Cell::from));
        sheet.push(row);
    }
    Ok(sheet)
}

/// The properties of a model, one per row.
fn of_model(embedder: &Embedder, model: usize) -> Sheet {
    let mut sheet = Sheet::new(["kind", "name", "value", "answers"]);
    for attribute in embedder.attributes() {
        let value = value(&attribute.values, model);
        sheet.push(vec!["attribute".into(), attribute.name.as_str().into(), value]);
    }
    sheet.push(vec!["ability".into(), "ability".into(), embedder.abilities()[model].into()]);
    for benchmark in embedder.benchmarks() {
        if let Some(score) = benchmark.scores.get(model) {
            let accuracy = score.accuracy.into();
            let name = benchmark.name.as_str().into();
            sheet.push(vec!["benchmark".into(), name, accuracy, score.responses.into()]);
        }
    }
    let shared = |m: usize| embedder.shared_counts().and_then(|counts| counts.get(model, m));
    for near in nearest(embedder.profiles(), model, NEIGHBORS, shared) {
        let name = embedder.models()[near.model].as_str().into();
        sheet.push(vec!["neighbor".into(), name, near.cosine.into(), near.shared.into()]);
    }
    sheet
}

fn compare(embedder: &Embedder, models: &[usize]) -> Sheet {
    let names = models.iter().map(|m| embedder.models()[*m].clone());
    let mut sheet = Sheet::new(["kind".to_owned(), "name".to_owned()].into_iter().chain(names));
    let mut row = |kind: &str, name: &str, cell: &dyn Fn(usize) -> Cell| {
        let cells = models.iter().map(|m| cell(*m));
        sheet.push([kind.into(), name.into()].into_iter().chain(cells).collect());
    };
    for attribute in embedder.attributes() {
        row("attribute", &attribute.name, &|m| value(&attribute.values, m));
    }
    row("ability", "ability", &|m| embedder.abilities()[m].into());
    row("answers", "answers", &|m| answers(embedder, m).into());
    for benchmark in embedder.benchmarks() {
        if models.iter().any(|m| benchmark.scores.get(*m).is_some()) {
            row("benchmark", &benchmark.name, &|m| {
                benchmark.scores.get(m).map(|score| score.accuracy).into()
            });
        }
    }
    sheet
}

fn probes(embedder: &Embedder, request: &Request<'_>, cancel: &AtomicBool) -> Result<Sheet> {
    let prober = Prober::of(embedder, embedder.attributes());
    prober.check(embedder.attributes().len())?;
    let settings = probe::Settings { seed: request.seed, ..probe::Settings::default() };
    let mut sheet = Sheet::new([
        "attribute",
        "kind",
        "models",
        "accuracy",
        "low",
        "high",
        "balanced_accuracy",
        "auc",
        "spearman",
        "majority",
        "shuffled",
        "p_value",
        "folds",
        "found",
        "problem",
    ]);
    for attribute in embedder.attributes() {
        match prober.probe(attribute, &settings, cancel) {
            Ok(report) => sheet.push(vec![
                report.attribute.into(),
                report.kind.into(),
                report.models.into(),
                report.accuracy.into(),
                report.low.into(),
                report.high.into(),
                report.balanced_accuracy.into(),
                report.auc.into(),
                report.spearman.into(),
                report.majority.into(),
                report.shuffled.into(),
                report.p_value.into(),
                report.dealt.into(),
                report.beats_controls.into(),
            ]),
            Err(Error::Usage(problem)) => {
                let mut row = vec![Cell::from(attribute.name.as_str())];
                row.resize(sheet.header().len() - 1, Cell::Unknown);
                row.push(problem.into());
                sheet.push(row);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(sheet)
}

fn route(embedder: &Embedder, request: &Request<'_>) -> Result<Sheet> {
    let needs = || Error::usage("a ranking needs a prompt", "pass it with --prompt");
    let prompt = request.prompt.ok_or_else(needs)?;
    let any = Preferences::default();
    let mut sheet = Sheet::new([
        "rank",
        "model_name",
        "probability",
        "low",
        "high",
        "support",
        "cost",
        "tied",
        "pareto",
    ]);
    for route in Router::new(embedder).route(&[prompt], &any)? {
        for (at, candidate) in route.candidates.iter().enumerate() {
            sheet.push(vec![
                (at + 1).into(),
                embedder.models()[candidate.model].as_str().into(),
                candidate.p.into(),
                candidate.low.into(),
                candidate.high.into(),
                candidate.support.into(),
                candidate.cost.into(),
                candidate.tied.into(),
                candidate.front.into(),
            ]);
        }
    }
    Ok(sheet)
}

fn evaluated(embedder: &Embedder, request: &Request<'_>, cancel: &AtomicBool) -> Result<Sheet> {
    let Some(data) = request.data else {
        let mut sheet = Sheet::new(["figure", "val"]);
        for (name, figure) in Metrics::NAMES.iter().zip(embedder.provenance().val.values()) {
            sheet.push(vec![(*name).into(), figure.into()]);
        }
        return Ok(sheet);
    };
    let settings = Settings::plain(data);
    let found: Evaluation = evaluate(embedder, data, &settings, &mut Progress::until(cancel))?;
    let mut sheet = Sheet::new(["predictor", "split", "accuracy", "auc", "nll", "ece", "routing"]);
    for (name, judgement) in &found.predictors {
        let f = judgement.figures;
        let figures = [f.accuracy, f.auc, f.nll, f.ece, f.routing];
        let head = [name.as_str().into(), found.split.as_str().into()];
        sheet.push(head.into_iter().chain(figures.map(Cell::from)).collect());
    }
    Ok(sheet)
}

fn questions(embedder: &Embedder, data: &Dataset, cancel: &AtomicBool) -> Result<Sheet> {
    // The embedder was trained on the answers to the training questions of its data.
    let learned = data.fingerprint() == embedder.provenance().fingerprint;
    let kept: Vec<usize> = (0..data.questions.len())
        .filter(|q| !learned || data.questions[*q].split != Split::Train)
        .collect();
    let known = evaluation::Known::of(embedder, data)?;
    let mut rows: Vec<(f64, Vec<Cell>)> = Vec::new();
    for block in kept.chunks(BLOCK) {
        let texts: Vec<&str> = block.iter().map(|q| &*data.questions[*q].prompt).collect();
        let features = embedder.encode_many(&texts, &mut Progress::until(cancel))?;
        let forecasts = embedder.predict(&features);
        for (q, forecast) in block.iter().zip(forecasts.rows()) {
            let (mut loss, mut right, mut expected, mut n) = (0.0, 0.0, 0.0, 0_u32);
            for (m, label) in known.data.responses.of(*q) {
                let p = f64::from(forecast[known.column[m]]);
                loss += log_loss(p, f64::from(label));
                right += f64::from(label);
                expected += p;
                n += 1;
            }
            let mean = |sum: f64| (n > 0).then(|| sum / f64::from(n));
            let question = &data.questions[*q];
            rows.push((
                mean(loss).unwrap_or(-1.0),
                vec![
                    data.categories[question.category as usize].as_str().into(),
                    question.split.name().into(),
                    n.into(),
                    mean(right).into(),
                    mean(expected).into(),
                    mean(loss).into(),
                    (&*question.prompt).into(),
                ],
            ));
        }
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut sheet =
        Sheet::new(["category", "split", "answers", "right", "expected", "surprise", "prompt"]);
    rows.into_iter().for_each(|(_, row)| sheet.push(row));
    Ok(sheet)
}

fn forecasts(embedder: &Embedder) -> Result<Sheet> {
    let mut sheet =
        Sheet::new(["model_name", "benchmark", "accuracy", "low", "high", "responses", "kind"]);
    for (b, benchmark) in embedder.benchmarks().iter().enumerate() {
        for (name, forecast) in embedder.models().iter().zip(forecast::benchmark(embedder, b)?) {
            sheet.push(vec![
                name.as_str().into(),
                benchmark.name.as_str().into(),
                forecast.accuracy.mean.into(),
                forecast.accuracy.low.into(),
                forecast.accuracy.high.into(),
                forecast.responses.into(),
                benchmark.kind.name().into(),
            ]);
        }
    }
    Ok(sheet)
}

fn new_model(embedder: &Embedder, request: &Request<'_>, cancel: &AtomicBool) -> Result<Sheet> {
    let needs = || Error::usage("a new model needs answers", "pass them with --answers");
    let path = request.answers.ok_or_else(needs)?;
    let data = data(request, "the benchmarks of a new model")?;
    let given = load_answers(path, Some(data))?;
    if given.iter().all(|answer| answer.label.is_none()) {
        return Err(Error::input(path, "no row has a label", "fill in at least one"));
    }
    let catalogue = Catalogue::new(embedder, data, cancel)?;
    let new_model = NewModel::place(embedder, Some(&catalogue), &given)?;
    let mut sheet = Sheet::new(["benchmark", "answers", "accuracy", "low", "high"]);
    for (name, answers, forecast) in new_model.benchmarks() {
        sheet.push(vec![
            name.into(),
            answers.into(),
            forecast.mean.into(),
            forecast.low.into(),
            forecast.high.into(),
        ]);
    }
    Ok(sheet)
}
