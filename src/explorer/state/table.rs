//! The table of models: its columns and its order.

use rayon::prelude::*;

use super::column::{Cell, Column};
use super::facts::Facts;
use super::filter::Filter;
use super::model_set::ModelSet;
use crate::dataset::Values;

/// Benchmarks that are shown by default.
const BENCHMARKS: usize = 12;

pub struct TableState {
    pub columns: Vec<Column>,
    /// The column under the cursor, as an index into `columns`.
    pub at: usize,
    pub sort: Column,
    pub descending: bool,
    /// The shown models, in order.
    pub rows: Vec<usize>,
}

impl TableState {
    /// The most informative columns: all but the rarest benchmarks, and no constant attribute.
    pub fn new(model_set: &ModelSet) -> Self {
        let tells = |values: &Values| {
            (1..values.len()).any(|m| !values.same(0, m) && values.text(0) != values.text(m))
        };
        let mut common: Vec<usize> = (0..model_set.benchmarks.len()).collect();
        let run = |b: &usize| model_set.benchmarks[*b].scores.iter().flatten().count();
        common.sort_by_cached_key(|b| std::cmp::Reverse(run(b)));
        common.truncate(BENCHMARKS);
        let columns = Column::all(model_set)
            .into_iter()
            .filter(|column| match column {
                Column::Attribute(a) => tells(&model_set.attributes[*a].values),
                Column::Benchmark(b) => common.contains(b),
                Column::Forecast | Column::Cluster => false,
                _ => true,
            })
            .collect();
        Self {
            columns,
            at: 0,
            sort: Column::Answers,
            descending: true,
            rows: (0..model_set.models.len()).collect(),
        }
    }

    pub fn show(&mut self, model_set: &ModelSet, column: Column, shown: bool) {
        if column == Column::Name || self.columns.contains(&column) == shown {
            return;
        }
        if shown {
            self.columns.push(column);
            let order = Column::all(model_set);
            self.columns.sort_by_key(|c| order.iter().position(|other| other == c));
        } else {
            self.columns.retain(|c| *c != column);
        }
        self.at = self.at.min(self.columns.len() - 1);
    }

    /// Filters and sorts. Unknown values are last in either direction.
    pub fn arrange(&mut self, facts: &Facts, filter: &Filter) {
        if self.sort == Column::Answers && self.descending {
            let by_answers = facts.model_set.by_answers().iter().copied();
            self.rows = by_answers.filter(|model| filter.has(*model)).collect();
            return;
        }
        let rows = (0..facts.model_set.models.len()).filter(|model| filter.has(*model)).collect();
        let cell = |model: usize| self.sort.cell(facts, model);
        self.rows = if self.sort.is_text(facts.model_set) {
            let text =
                |cell| if let Cell::Text(text) = cell { Some(text.to_lowercase()) } else { None };
            sorted(rows, self.descending, |model| text(cell(model)))
        } else {
            sorted(rows, self.descending, |model| cell(model).place())
        };
    }

    /// Sorts by the column under the cursor; a second time in reverse.
    pub fn sort(&mut self, model_set: &ModelSet) {
        let Some(&column) = self.columns.get(self.at) else { return };
        self.descending =
            if self.sort == column { !self.descending } else { !column.is_text(model_set) };
        self.sort = column;
    }
}

/// Models by their keys (ties by index), those without one last.
fn sorted<K: Ord + Send>(
    models: Vec<usize>,
    descending: bool,
    key: impl Fn(usize) -> Option<K> + Sync + Send,
) -> Vec<usize> {
    let each = models.into_par_iter().enumerate();
    let mut keyed: Vec<(Option<K>, usize, usize)> =
        each.map(|(at, model)| (key(model), at, model)).collect();
    keyed.par_sort_unstable_by(|(a, first, _), (b, second, _)| {
        let order = if descending { b.cmp(a) } else { a.cmp(b) };
        a.is_none().cmp(&b.is_none()).then(order).then(first.cmp(second))
    });
    keyed.into_iter().map(|(_, _, model)| model).collect()
}
