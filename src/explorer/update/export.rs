//! What goes to the clipboard and to files.

use crate::analysis::forecast::{self, Pair};
use crate::explorer::command::Exported;
use crate::explorer::effect::Effect;
use crate::explorer::export::selection;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::spreadsheet;

/// The names of the marked models, to the clipboard.
pub fn copy(state: &State, effects: &mut Vec<Effect>) {
    let names: Vec<&str> = state.chosen().into_iter().map(|m| state.name(m)).collect();
    if !names.is_empty() {
        effects.push(Effect::Copy(names.join("\n")));
    }
}

/// What the focused pane has for a file.
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

/// What would be written.
///
/// # Errors
/// Why there is nothing to write.
pub fn bytes(state: &State, exported: Exported) -> Result<Vec<u8>, String> {
    match exported {
        Exported::Models if state.chosen().is_empty() => Err("There is no model to export".into()),
        Exported::Models => selection(state).map_err(|problem| problem.to_string()),
        Exported::Forecasts => forecasts(state),
        Exported::Answers => answers(state),
    }
}

/// The models of the Forecast pane on all benchmarks.
fn forecasts(state: &State) -> Result<Vec<u8>, String> {
    let grid = state.forecasts.grid.done().ok_or("The predictions are not there yet")?;
    let benchmarks = state.model_set.benchmarks.iter().zip(grid.iter());
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
    Ok(forecast::csv(pairs))
}

/// The answers as `llmap onboard` reads them.
fn answers(state: &State) -> Result<Vec<u8>, String> {
    if state.new_model.answers.is_empty() {
        return Err("The new model has no answers yet".into());
    }
    let rows = state.new_model.answers.iter().map(|answer| {
        [answer.prompt.clone(), answer.label.map_or_else(String::new, |y| y.to_string())]
    });
    Ok(spreadsheet::table(&["prompt", "label"], rows))
}
