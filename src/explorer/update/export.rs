//! Exports to the clipboard and to files.

use crate::analysis::forecast::{self, Pair};
use crate::explorer::command::Exported;
use crate::explorer::effect::Effect;
use crate::explorer::export::selection;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::spreadsheet;

/// Copies the names of the marked models to the clipboard.
pub fn copy(state: &State, effects: &mut Vec<Effect>) {
    let names: Vec<&str> = state.chosen().into_iter().map(|m| state.name(m)).collect();
    if !names.is_empty() {
        effects.push(Effect::Copy(names.join("\n")));
    }
}

/// What the focused pane exports.
pub fn of_pane(state: &State) -> Exported {
    match state.focus {
        Pane::Forecast => Exported::Forecasts,
        Pane::NewModel => Exported::Answers,
        Pane::Map
        | Pane::Model
        | Pane::Probe
        | Pane::Route
        | Pane::Evaluate
        | Pane::Models
        | Pane::Compare
        | Pane::Questions => Exported::Models,
    }
}

/// Checks that there is something to export.
///
/// # Errors
/// Why not.
pub fn ready(state: &State, exported: Exported) -> Result<(), String> {
    let (there, problem) = match exported {
        Exported::Models => (!state.chosen().is_empty(), "There is no model to export"),
        Exported::Forecasts => {
            (state.forecasts.grid.done().is_some(), "The predictions are not computed yet")
        }
        Exported::Answers => {
            (!state.new_model.answers.is_empty(), "The new model has no answers yet")
        }
    };
    there.then_some(()).ok_or_else(|| problem.into())
}

/// The bytes to write.
///
/// # Errors
/// Those of [`ready`].
pub fn bytes(state: &State, exported: Exported) -> Result<Vec<u8>, String> {
    ready(state, exported)?;
    match exported {
        Exported::Models => selection(state).map_err(|problem| problem.to_string()),
        Exported::Forecasts => Ok(forecasts(state)),
        Exported::Answers => Ok(answers(state)),
    }
}

/// The models of the Forecast pane on all benchmarks.
fn forecasts(state: &State) -> Vec<u8> {
    let grid = state.forecasts.grid.done().into_iter().flat_map(|grid| grid.iter());
    let benchmarks = state.model_set.benchmarks.iter().zip(grid);
    let pairs = benchmarks.flat_map(|(benchmark, column)| {
        let models = state.forecasts.rows.iter();
        models.filter_map(|&m| {
            Some(Pair {
                model: state.name(m),
                benchmark: &benchmark.name,
                kind: benchmark.kind,
                forecast: *column.get(m)?,
            })
        })
    });
    forecast::csv(pairs)
}

/// The answers as `llmap onboard` reads them.
fn answers(state: &State) -> Vec<u8> {
    let rows = state.new_model.answers.iter().map(|answer| {
        [answer.prompt.clone(), answer.label.map_or_else(String::new, |y| y.to_string())]
    });
    spreadsheet::table(&["prompt", "label"], rows)
}
