//! Builders of the tables of the panes, shared by the command line and the explorer.

use ndarray::{ArrayView1, ArrayView2};

use super::sheet::{Cell, Sheet};
use crate::analysis::clusters::Clusters;
use crate::analysis::forecast::Forecast;
use crate::analysis::neighbors::Neighbor;
use crate::analysis::probe::Report;
use crate::analysis::router::Route;
use crate::dataset::{Attribute, Kind, Values};
use crate::embedder::{Benchmark, Embedder};
use crate::estimate::Estimate;
use crate::eval::evaluation::Evaluation;

/// The known facts about models.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub models: &'a [String],
    pub attributes: &'a [Attribute],
    pub benchmarks: &'a [Benchmark],
    /// In logits.
    pub abilities: ArrayView1<'a, f32>,
}

impl<'a> Facts<'a> {
    pub fn of(embedder: &'a Embedder) -> Self {
        Self {
            models: embedder.models(),
            attributes: embedder.attributes(),
            benchmarks: embedder.benchmarks(),
            abilities: embedder.abilities(),
        }
    }

    pub fn name(&self, model: usize) -> Cell {
        self.models[model].as_str().into()
    }

    pub fn ability(&self, model: usize) -> Cell {
        self.abilities.get(model).copied().into()
    }

    pub fn answers(&self, model: usize) -> u32 {
        let scores = self.benchmarks.iter().filter_map(|b| b.scores.get(model));
        scores.map(|score| score.responses).sum()
    }
}

/// An attribute's value.
pub(crate) fn value(values: &Values, model: usize) -> Cell {
    match values {
        Values::Flag(flags) => flags[model].into(),
        Values::Number(numbers) => numbers[model].into(),
        Values::Class(classes) => classes[model].clone().into(),
    }
}

/// The name of a model's cluster.
pub(crate) fn cluster(clusters: Option<&Clusters>, model: usize) -> Cell {
    clusters.map(|found| found.clusters[found.of[model]].name.as_str()).map(str::to_owned).into()
}

/// Models with their cluster and coordinates, one column per axis.
pub(crate) fn map(
    facts: Facts<'_>,
    clusters: Option<&Clusters>,
    (axis, places): (&str, ArrayView2<'_, f64>),
    models: impl IntoIterator<Item = usize>,
) -> Sheet {
    let axes = (1..=places.ncols()).map(|c| format!("{axis}{c}"));
    let mut sheet =
        Sheet::new(["model_name".to_owned(), "cluster".to_owned()].into_iter().chain(axes));
    for m in models {
        let mut row = vec![facts.name(m), cluster(clusters, m)];
        row.extend(places.row(m).iter().map(|x| Cell::from(*x as f32)));
        sheet.push(row);
    }
    sheet
}

/// The known facts about a model, one per row.
pub(crate) fn model(facts: Facts<'_>, model: usize, neighbors: &[Neighbor]) -> Sheet {
    let mut sheet = Sheet::new(["kind", "name", "value", "answers"]);
    for attribute in facts.attributes {
        let value = value(&attribute.values, model);
        sheet.push(vec!["attribute".into(), attribute.name.as_str().into(), value]);
    }
    sheet.push(vec!["ability".into(), "ability".into(), facts.ability(model)]);
    for benchmark in facts.benchmarks {
        if let Some(score) = benchmark.scores.get(model) {
            let accuracy = score.accuracy.into();
            let name = benchmark.name.as_str().into();
            sheet.push(vec!["benchmark".into(), name, accuracy, score.responses.into()]);
        }
    }
    for near in neighbors {
        let name = facts.name(near.model);
        sheet.push(vec!["neighbor".into(), name, near.cosine.into(), near.shared.into()]);
    }
    sheet
}

/// The known facts about models: one row per fact, one column per model.
pub(crate) fn compare(facts: Facts<'_>, models: &[usize]) -> Sheet {
    let names = models.iter().map(|m| facts.models[*m].clone());
    let mut sheet = Sheet::new(["kind".to_owned(), "name".to_owned()].into_iter().chain(names));
    let mut row = |kind: &str, name: &str, cell: &dyn Fn(usize) -> Cell| {
        let cells = models.iter().map(|m| cell(*m));
        sheet.push([kind.into(), name.into()].into_iter().chain(cells).collect());
    };
    for attribute in facts.attributes {
        row("attribute", &attribute.name, &|m| value(&attribute.values, m));
    }
    row("ability", "ability", &|m| facts.ability(m));
    row("answers", "answers", &|m| facts.answers(m).into());
    for benchmark in facts.benchmarks {
        if models.iter().any(|m| benchmark.scores.get(*m).is_some()) {
            row("benchmark", &benchmark.name, &|m| {
                benchmark.scores.get(m).map(|score| score.accuracy).into()
            });
        }
    }
    sheet
}

/// The result of probing an attribute.
pub(crate) enum Probed<'a> {
    Report(&'a Report),
    /// Why it cannot be probed.
    Problem(&'a str),
    /// No result yet.
    Open,
}

/// Attributes with their probe results.
pub(crate) fn probes<'a>(attributes: impl IntoIterator<Item = (&'a str, Probed<'a>)>) -> Sheet {
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
    for (name, probed) in attributes {
        let mut row = vec![Cell::from(name)];
        match probed {
            Probed::Report(report) => row.extend([
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
            Probed::Problem(problem) => {
                row.resize(sheet.header().len() - 1, Cell::Unknown);
                row.push(problem.into());
            }
            Probed::Open => {}
        }
        sheet.push(row);
    }
    sheet
}

/// The candidates of a route.
pub(crate) fn route<'a>(name: impl Fn(usize) -> &'a str, route: &Route) -> Sheet {
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
    for (at, candidate) in route.candidates.iter().enumerate() {
        sheet.push(vec![
            (at + 1).into(),
            name(candidate.model).into(),
            candidate.p.into(),
            candidate.low.into(),
            candidate.high.into(),
            candidate.support.into(),
            candidate.cost.into(),
            candidate.tied.into(),
            candidate.front.into(),
        ]);
    }
    sheet
}

/// Metrics on val, by name.
pub(crate) fn val<'a>(figures: impl IntoIterator<Item = (&'a str, f64)>) -> Sheet {
    let mut sheet = Sheet::new(["figure", "val"]);
    for (name, figure) in figures {
        sheet.push(vec![name.into(), figure.into()]);
    }
    sheet
}

/// The predictors of an evaluation.
pub(crate) fn evaluation(found: &Evaluation) -> Sheet {
    let mut sheet = Sheet::new(["predictor", "split", "accuracy", "auc", "nll", "ece", "routing"]);
    for (name, judgement) in &found.predictors {
        let f = judgement.figures;
        let figures = [f.accuracy, f.auc, f.nll, f.ece, f.routing];
        let head = [name.as_str().into(), found.split.as_str().into()];
        sheet.push(head.into_iter().chain(figures.map(Cell::from)).collect());
    }
    sheet
}

/// A question with its answers and predictions; unknown values are `None`.
pub(crate) struct Asked<'a> {
    pub category: &'a str,
    pub split: &'a str,
    pub answers: usize,
    pub right: Option<f64>,
    pub expected: Option<f64>,
    pub surprise: Option<f64>,
    pub prompt: &'a str,
}

/// Questions, in the order given.
pub(crate) fn questions<'a>(asked: impl IntoIterator<Item = Asked<'a>>) -> Sheet {
    let mut sheet =
        Sheet::new(["category", "split", "answers", "right", "expected", "surprise", "prompt"]);
    for question in asked {
        sheet.push(vec![
            question.category.into(),
            question.split.into(),
            question.answers.into(),
            question.right.into(),
            question.expected.into(),
            question.surprise.into(),
            question.prompt.into(),
        ]);
    }
    sheet
}

/// A model on a benchmark.
pub(crate) struct Pair<'a> {
    pub model: &'a str,
    pub benchmark: &'a str,
    pub kind: Kind,
    pub forecast: &'a Forecast,
}

/// Models on benchmarks, measured or predicted.
pub(crate) fn forecasts<'a>(pairs: impl IntoIterator<Item = Pair<'a>>) -> Sheet {
    let mut sheet =
        Sheet::new(["model_name", "benchmark", "accuracy", "low", "high", "responses", "kind"]);
    for pair in pairs {
        sheet.push(vec![
            pair.model.into(),
            pair.benchmark.into(),
            pair.forecast.accuracy.mean.into(),
            pair.forecast.accuracy.low.into(),
            pair.forecast.accuracy.high.into(),
            pair.forecast.responses.into(),
            pair.kind.name().into(),
        ]);
    }
    sheet
}

/// The predictions for a new model: by benchmark its answers so far and its accuracy.
pub(crate) fn new_model(benchmarks: &[(String, usize, Estimate)]) -> Sheet {
    let mut sheet = Sheet::new(["benchmark", "answers", "accuracy", "low", "high"]);
    for (name, answers, forecast) in benchmarks {
        sheet.push(vec![
            name.as_str().into(),
            (*answers).into(),
            forecast.mean.into(),
            forecast.low.into(),
            forecast.high.into(),
        ]);
    }
    sheet
}
