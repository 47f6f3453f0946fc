//! What goes to the clipboard and to files.

use crate::analysis::forecast::{self, Pair};
use crate::explorer::effect::Effect;
use crate::explorer::export::selection;
use crate::explorer::state::State;

/// The names of the marked models, to the clipboard.
pub fn copy(state: &State, effects: &mut Vec<Effect>) {
    let names: Vec<&str> = state.chosen().into_iter().map(|m| state.name(m)).collect();
    if !names.is_empty() {
        effects.push(Effect::Copy(names.join("\n")));
    }
}

/// The marked models with what is known of them, to a file.
pub fn marked(state: &mut State, effects: &mut Vec<Effect>) {
    match selection(state) {
        Ok(bytes) => effects.push(Effect::Write("llmap-selection.json".into(), bytes)),
        Err(problem) => state.complain(&problem.to_string()),
    }
}

/// The models of the Forecast pane on all benchmarks, to a file.
pub fn forecasts(state: &State, effects: &mut Vec<Effect>) {
    let Some(grid) = state.forecasts.grid.done() else { return };
    let benchmarks = state.subject.benchmarks.iter().zip(grid.iter());
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
    effects.push(Effect::Write("llmap-forecast.csv".into(), forecast::csv(pairs)));
}
