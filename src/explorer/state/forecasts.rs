//! The state of the Forecast pane: every model on every benchmark, measured or predicted.

use std::sync::Arc;

use super::job::Job;
use crate::analysis::forecast::Forecast;

/// By benchmark, one prediction per model.
pub type Grid = Vec<Vec<Forecast>>;

#[derive(Default)]
pub struct ForecastState {
    pub grid: Job<Arc<Grid>>,
    /// The benchmark under the cursor, by which the models are sorted.
    pub at: usize,
    /// The models that are shown, best first.
    pub rows: Vec<usize>,
    /// Nothing was selected since the pane was opened: the best ones are shown.
    pub from_top: bool,
}

impl ForecastState {
    /// Sorts the models that pass the filter by the benchmark under the cursor.
    pub fn arrange(&mut self, mut rows: Vec<usize>) {
        let Some(column) = self.grid.done().and_then(|grid| grid.get(self.at)) else { return };
        let mean = |m: usize| column.get(m).map_or(f64::NEG_INFINITY, |f| f.accuracy.mean);
        rows.sort_by(|a, b| mean(*b).total_cmp(&mean(*a)).then(a.cmp(b)));
        self.rows = rows;
    }
}
