//! The table of all models: its columns, its order and what is filtered out.

use std::cmp::Ordering;

use super::state::State;
use super::subject::Subject;
use crate::dataset::Values;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Name,
    Attribute(usize),
    Answers,
    Ability,
    /// The probability that the model answers the prompt of the Route pane right.
    Forecast,
    Cluster,
    Benchmark(usize),
}

impl Column {
    /// Every column there is, in the order in which they stand.
    pub fn all(subject: &Subject) -> Vec<Self> {
        let is_flag = |a: &usize| matches!(subject.attributes[*a].values, Values::Flag(_));
        let attributes = 0..subject.attributes.len();
        let (flags, others): (Vec<usize>, Vec<usize>) = attributes.partition(is_flag);
        let mut columns = vec![Self::Name];
        columns.extend(others.into_iter().map(Self::Attribute));
        columns.extend([Self::Answers, Self::Ability, Self::Forecast, Self::Cluster]);
        columns.extend((0..subject.benchmarks.len()).map(Self::Benchmark));
        columns.extend(flags.into_iter().map(Self::Attribute));
        columns
    }

    pub fn title(self, subject: &Subject) -> &str {
        match self {
            Self::Name => "model",
            Self::Attribute(a) => subject.attributes.get(a).map_or("", |a| &a.name),
            Self::Answers => "answers",
            Self::Ability => "ability",
            Self::Forecast => "prompt",
            Self::Cluster => "cluster",
            Self::Benchmark(b) => subject.benchmarks.get(b).map_or("", |b| &b.name),
        }
    }

    /// True for texts, which stand to the left of their column and are sorted from a to z.
    pub fn is_text(self, subject: &Subject) -> bool {
        match self {
            Self::Name | Self::Cluster => true,
            Self::Attribute(a) => {
                subject.attributes.get(a).is_some_and(|a| matches!(a.values, Values::Class(_)))
            }
            _ => false,
        }
    }

    pub fn cell(self, state: &State, model: usize) -> Cell {
        let subject = &state.subject;
        match self {
            Self::Name => Cell::Text(state.name(model).to_owned()),
            Self::Attribute(a) => match subject.attributes.get(a).map(|a| &a.values) {
                Some(Values::Flag(values)) => values[model].map_or(Cell::Unknown, Cell::Flag),
                Some(Values::Number(values)) => values[model].map_or(Cell::Unknown, Cell::Number),
                Some(Values::Class(values)) => {
                    values[model].clone().map_or(Cell::Unknown, Cell::Text)
                }
                None => Cell::Unknown,
            },
            Self::Answers => Cell::Number(f64::from(subject.answers(model))),
            Self::Ability => {
                let ability = subject.vectors.get((model, 0));
                ability.map_or(Cell::Unknown, |a| Cell::Decimal(f64::from(*a)))
            }
            Self::Forecast => state
                .forecast
                .get(model)
                .copied()
                .flatten()
                .map_or(Cell::Unknown, |p| Cell::Share(f64::from(p))),
            Self::Cluster => state.clusters.done().map_or(Cell::Unknown, |clusters| {
                let name = clusters.of.get(model).and_then(|c| clusters.clusters.get(*c));
                name.map_or(Cell::Unknown, |cluster| Cell::Text(cluster.name.clone()))
            }),
            Self::Benchmark(b) => {
                let score = subject.benchmarks.get(b).and_then(|b| b.scores.get(model)?.as_ref());
                score.map_or(Cell::Unknown, |score| Cell::Share(score.accuracy))
            }
        }
    }
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Text(String),
    Flag(bool),
    Number(f64),
    Decimal(f64),
    /// In [0, 1].
    Share(f64),
    Unknown,
}

impl Cell {
    fn order(&self, other: &Self) -> Ordering {
        use Cell::{Decimal, Flag, Number, Share, Text};
        match (self, other) {
            (Text(a), Text(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
            (Flag(a), Flag(b)) => a.cmp(b),
            (Number(a) | Decimal(a) | Share(a), Number(b) | Decimal(b) | Share(b)) => {
                a.total_cmp(b)
            }
            _ => Ordering::Equal,
        }
    }
}

/// Benchmarks that the table begins with.
const BENCHMARKS: usize = 12;

pub struct TableState {
    pub columns: Vec<Column>,
    /// The column under the cursor, as an index of `columns`.
    pub at: usize,
    pub sort: Column,
    pub descending: bool,
    pub filter: String,
    /// What is wrong with the filter, if it was meant as an expression.
    pub problem: Option<String>,
    /// The models that are shown, in order.
    pub rows: Vec<usize>,
}

impl TableState {
    /// The columns that say most: all but the rarest benchmarks, and no attribute that is the same
    /// for all.
    pub fn new(subject: &Subject) -> Self {
        let tells = |values: &Values| {
            let first = (!values.is_empty()).then(|| values.text(0));
            (0..values.len()).any(|m| Some(values.text(m)) != first)
        };
        let mut common: Vec<usize> = (0..subject.benchmarks.len()).collect();
        let run = |b: &usize| subject.benchmarks[*b].scores.iter().flatten().count();
        common.sort_by_key(|b| std::cmp::Reverse(run(b)));
        common.truncate(BENCHMARKS);
        let columns = Column::all(subject)
            .into_iter()
            .filter(|column| match column {
                Column::Attribute(a) => tells(&subject.attributes[*a].values),
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
            filter: String::new(),
            problem: None,
            rows: (0..subject.models.len()).collect(),
        }
    }

    pub fn show(&mut self, subject: &Subject, column: Column, shown: bool) {
        if column == Column::Name || self.columns.contains(&column) == shown {
            return;
        }
        if shown {
            self.columns.push(column);
            let order = Column::all(subject);
            self.columns.sort_by_key(|c| order.iter().position(|other| other == c));
        } else {
            self.columns.retain(|c| *c != column);
        }
        self.at = self.at.min(self.columns.len() - 1);
    }
}

/// Filters and sorts anew. What is unknown stands last in either direction.
pub fn arrange(state: &mut State) {
    let (rows, problem) = super::selection::matching(state, &state.table.filter);
    let column = state.table.sort;
    let mut keyed: Vec<(Cell, usize)> =
        rows.into_iter().map(|model| (column.cell(state, model), model)).collect();
    let descending = state.table.descending;
    keyed.sort_by(|(a, _), (b, _)| {
        let unknown = |cell: &Cell| *cell == Cell::Unknown;
        unknown(a).cmp(&unknown(b)).then_with(|| {
            let order = a.order(b);
            if descending { order.reverse() } else { order }
        })
    });
    state.table.rows = keyed.into_iter().map(|(_, model)| model).collect();
    state.table.problem = problem;
    super::forecasts::arrange(state);
}
