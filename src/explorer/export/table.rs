//! The table of a pane as it is shown: filtered, in the order of the screen.

use std::iter::once;

use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::column::{self, Column};
use crate::explorer::state::job::Job;
use crate::explorer::state::map::Projector;
use crate::explorer::ui::panes::compare::compared;
use crate::export::tables::{self, Asked, Facts, Pair, Probed};
use crate::export::{Cell, Sheet};
use crate::metrics::Metrics;

/// The table of a pane, with the columns of `llmap export --pane`.
///
/// # Errors
/// A sentence about what is missing.
pub fn table(state: &State, pane: Pane) -> Result<Sheet, String> {
    let model_set = &state.model_set;
    if model_set.models.is_empty() {
        return Err("There is no model to export".into());
    }
    match pane {
        Pane::Map => Ok(map(state)),
        Pane::Model => Ok(tables::model(facts(state), state.selected, &state.neighbors)),
        Pane::Probe => Ok(probes(state)),
        Pane::Route => {
            let route = state.route.result.as_ref().ok_or("Type a prompt first: p")?;
            Ok(tables::route(|m| state.name(m), route))
        }
        Pane::Evaluate => Ok(if let Some(found) = state.evaluation.found.done() {
            tables::evaluation(found)
        } else {
            let known = |name| Some((name, *model_set.val.get(name)?));
            tables::val(Metrics::NAMES.into_iter().filter_map(known))
        }),
        Pane::Models => Ok(models(state)),
        Pane::Compare => Ok(tables::compare(facts(state), &compared(state))),
        Pane::Questions => questions(state),
        Pane::Forecast => forecasts(state),
        Pane::NewModel => {
            let placed = state.new_model.placed.as_ref();
            let placed = placed.ok_or("The new model has no answers yet")?;
            Ok(tables::new_model(&placed.benchmarks))
        }
    }
}

fn facts(state: &State) -> Facts<'_> {
    let model_set = &state.model_set;
    Facts {
        models: &model_set.models,
        attributes: &model_set.attributes,
        benchmarks: &model_set.benchmarks,
        abilities: model_set.vectors.column(0),
    }
}

/// Adds a column for the marked models, if there are any.
fn with_marks(state: &State, sheet: Sheet, models: &[usize]) -> Sheet {
    if state.marked.is_empty() {
        return sheet;
    }
    let mut marked = Sheet::new(sheet.header().iter().cloned().chain(once("marked".to_owned())));
    for (row, model) in sheet.rows().iter().zip(models) {
        let mark = Cell::Flag(state.marked.contains(model));
        marked.push(row.iter().cloned().chain(once(mark)).collect());
    }
    marked
}

fn map(state: &State) -> Sheet {
    let shown: Vec<usize> =
        (0..state.model_set.models.len()).filter(|m| state.filter.has(*m)).collect();
    let axis = match state.map.projector {
        Projector::Pca | Projector::WithoutCoverage => "pc",
        Projector::Tsne => "tsne",
        Projector::Attribute(_) => "axis",
    };
    let places = (axis, state.map.projection.coordinates.view());
    let sheet = tables::map(facts(state), state.clusters.done(), places, shown.iter().copied());
    with_marks(state, sheet, &shown)
}

fn models(state: &State) -> Sheet {
    let (table, facts) = (&state.table, state.facts());
    let title = |column: &Column| match column {
        Column::Name => "model_name".to_owned(),
        column => column.title(&state.model_set).to_owned(),
    };
    let mut sheet = Sheet::new(table.columns.iter().map(title));
    for &model in &table.rows {
        let cells = table.columns.iter().map(|column| match column.cell(&facts, model) {
            column::Cell::Text(text) => text.into(),
            column::Cell::Flag(flag) => flag.into(),
            // Abilities and probabilities are stored in single precision: they have no more digits.
            column::Cell::Decimal(x) => (x as f32).into(),
            column::Cell::Share(x) if *column == Column::Forecast => (x as f32).into(),
            column::Cell::Number(x) | column::Cell::Share(x) => x.into(),
            column::Cell::Unknown => Cell::Unknown,
        });
        sheet.push(cells.collect());
    }
    with_marks(state, sheet, &table.rows)
}

fn probes(state: &State) -> Sheet {
    let attributes = &state.model_set.attributes;
    tables::probes(state.probe.order().into_iter().filter_map(|a| {
        let probed = match &state.probe.reports[a] {
            Job::Done(report) => Probed::Report(report),
            Job::Failed(problem) => Probed::Problem(problem),
            Job::Idle | Job::Running | Job::Cancelled => Probed::Open,
        };
        Some((attributes.get(a)?.name.as_str(), probed))
    }))
}

fn questions(state: &State) -> Result<Sheet, String> {
    let missing = "Start with --data FOLDER to export questions";
    let question_set = state.questions.question_set.done().ok_or(missing)?;
    let asked = state.questions.found().iter().map(|&q| {
        let question = &question_set.questions[q];
        let known = state.questions.surprises.get(q).filter(|_| !question.answers.is_empty());
        Asked {
            category: question_set.categories.get(question.category).map_or("", String::as_str),
            split: question.split,
            answers: question.answers.len(),
            right: known.map(|s| s.right),
            expected: known.map(|s| s.expected),
            surprise: known.map(|s| s.loss),
            prompt: &question.prompt,
        }
    });
    Ok(tables::questions(asked))
}

fn forecasts(state: &State) -> Result<Sheet, String> {
    let grid = state.forecasts.grid.done().ok_or("The predictions are not there yet")?;
    let columns = state.model_set.benchmarks.iter().zip(grid.iter());
    Ok(tables::forecasts(columns.flat_map(|(benchmark, column)| {
        let models = state.forecasts.rows.iter();
        models.filter_map(|&m| {
            let forecast = column.get(m)?;
            let (model, name) = (state.name(m), benchmark.name.as_str());
            Some(Pair { model, benchmark: name, kind: benchmark.kind, forecast })
        })
    })))
}
