//! The tables shown in the panes of the explorer.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::sheet::{Cell, Sheet};
use super::tables::{self, Facts, Probed, cluster, value};
use crate::analysis::clusters::{Clusters, Known, clusters};
use crate::analysis::forecast::{self, Forecast};
use crate::analysis::neighbors::nearest;
use crate::analysis::onboarding::{Catalogue, NewModel};
use crate::analysis::probe::{self, Prober};
use crate::analysis::projection::Projection;
use crate::analysis::router::{self, Preferences, Router};
use crate::dataset::{Dataset, Split, load_answers};
use crate::embedder::Embedder;
use crate::error::{Error, Result};
use crate::eval::evaluation::{self, Settings, evaluate};
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
            models => Ok(tables::compare(Facts::of(embedder), models)),
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

fn map(embedder: &Embedder, request: &Request<'_>, cancel: &AtomicBool) -> Result<Sheet> {
    let places = Projection::of(embedder, AXES)?.coordinates;
    let found = found(embedder, request.seed, cancel)?;
    let all = 0..embedder.models().len();
    Ok(tables::map(Facts::of(embedder), found.as_ref(), ("pc", places.view()), all))
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
    let facts = Facts::of(embedder);
    for m in 0..facts.models.len() {
        let mut row = vec![facts.name(m)];
        row.extend(facts.attributes.iter().map(|a| value(&a.values, m)));
        row.push(facts.answers(m).into());
        row.push(facts.ability(m));
        row.push(cluster(found.as_ref(), m));
        row.extend(chances.as_ref().map(|p| Cell::from(p[m])));
        let scores = embedder.benchmarks().iter().map(|b| b.scores.get(m).map(|s| s.accuracy));
        row.extend(scores.map(Cell::from));
        sheet.push(row);
    }
    Ok(sheet)
}

fn of_model(embedder: &Embedder, model: usize) -> Sheet {
    let shared = |m: usize| embedder.shared_counts().and_then(|counts| counts.get(model, m));
    let near = nearest(embedder.profiles(), model, NEIGHBORS, shared);
    tables::model(Facts::of(embedder), model, &near)
}

fn probes(embedder: &Embedder, request: &Request<'_>, cancel: &AtomicBool) -> Result<Sheet> {
    let prober = Prober::of(embedder, embedder.attributes());
    prober.check(embedder.attributes().len())?;
    let settings = probe::Settings { seed: request.seed, ..probe::Settings::default() };
    let mut found = Vec::new();
    for attribute in embedder.attributes() {
        found.push(match prober.probe(attribute, &settings, cancel) {
            Ok(report) => Ok(report),
            Err(Error::Usage(problem)) => Err(problem),
            Err(error) => return Err(error),
        });
    }
    let names = embedder.attributes().iter().map(|a| a.name.as_str());
    Ok(tables::probes(names.zip(found.iter().map(|found| match found {
        Ok(report) => Probed::Report(report),
        Err(problem) => Probed::Problem(problem),
    }))))
}

fn route(embedder: &Embedder, request: &Request<'_>) -> Result<Sheet> {
    let needs = || Error::usage("a ranking needs a prompt", "pass it with --prompt");
    let prompt = request.prompt.ok_or_else(needs)?;
    let found = Router::new(embedder).route(&[prompt], &Preferences::default())?.pop();
    let found = found.ok_or_else(|| Error::Failed("nothing was routed".into()))?;
    Ok(tables::route(|m| embedder.models()[m].as_str(), &found))
}

fn evaluated(embedder: &Embedder, request: &Request<'_>, cancel: &AtomicBool) -> Result<Sheet> {
    let Some(data) = request.data else {
        let figures = embedder.provenance().val.values();
        return Ok(tables::val(Metrics::NAMES.into_iter().zip(figures)));
    };
    let settings = Settings::plain(data);
    Ok(tables::evaluation(&evaluate(embedder, data, &settings, &mut Progress::until(cancel))?))
}

fn questions(embedder: &Embedder, data: &Dataset, cancel: &AtomicBool) -> Result<Sheet> {
    // The embedder was trained on the answers to the training questions of its data.
    let learned = data.fingerprint() == embedder.provenance().fingerprint;
    let kept: Vec<usize> = (0..data.questions.len())
        .filter(|q| !learned || data.questions[*q].split != Split::Train)
        .collect();
    let known = evaluation::Known::of(embedder, data)?;
    let mut rows: Vec<tables::Asked<'_>> = Vec::new();
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
            rows.push(tables::Asked {
                category: data.categories[question.category as usize].as_str(),
                split: question.split.name(),
                answers: n as usize,
                right: mean(right),
                expected: mean(expected),
                surprise: mean(loss),
                prompt: &question.prompt,
            });
        }
    }
    let surprise = |row: &tables::Asked<'_>| row.surprise.unwrap_or(-1.0);
    rows.sort_by(|a, b| surprise(b).total_cmp(&surprise(a)));
    Ok(tables::questions(rows))
}

fn forecasts(embedder: &Embedder) -> Result<Sheet> {
    let grid: Result<Vec<Vec<Forecast>>> =
        (0..embedder.benchmarks().len()).map(|b| forecast::benchmark(embedder, b)).collect();
    let grid = grid?;
    let pairs = embedder.benchmarks().iter().zip(&grid).flat_map(|(benchmark, column)| {
        embedder.models().iter().zip(column).map(|(model, forecast)| tables::Pair {
            model,
            benchmark: &benchmark.name,
            kind: benchmark.kind,
            forecast,
        })
    });
    Ok(tables::forecasts(pairs))
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
    Ok(tables::new_model(&new_model.benchmarks()))
}
