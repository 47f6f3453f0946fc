//! The state of the Forecast pane: every model on every benchmark, measured or forecast.

use std::sync::Arc;

use super::action::Effect;
use super::job::Job;
use super::state::State;
use crate::analysis::forecast::{self, Forecast, Pair};

/// By benchmark, a forecast a model.
pub type Grid = Vec<Vec<Forecast>>;

#[derive(Default)]
pub struct ForecastState {
    pub grid: Job<Arc<Grid>>,
    /// The benchmark under the cursor, by which the models are in order.
    pub at: usize,
    /// The models that are shown, best first.
    pub rows: Vec<usize>,
}

/// Orders the models that the table's filter leaves by the benchmark under the cursor.
pub fn arrange(state: &mut State) {
    let forecasts = &mut state.forecasts;
    let Some(grid) = forecasts.grid.done() else { return };
    let Some(column) = grid.get(forecasts.at) else { return };
    let mean = |m: usize| column.get(m).map_or(f64::NEG_INFINITY, |f| f.accuracy.mean);
    let mut rows = state.table.rows.clone();
    rows.sort_by(|a, b| mean(*b).total_cmp(&mean(*a)).then(a.cmp(b)));
    forecasts.rows = rows;
}

/// Moves the cursor to the benchmark on the left or on the right.
pub fn step(state: &mut State, right: bool) {
    let last = state.subject.benchmarks.len().saturating_sub(1);
    let at = state.forecasts.at;
    state.forecasts.at = if right { (at + 1).min(last) } else { at.saturating_sub(1) };
    arrange(state);
}

/// Writes the shown models on all benchmarks to a file.
pub fn export(state: &State, effects: &mut Vec<Effect>) {
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
