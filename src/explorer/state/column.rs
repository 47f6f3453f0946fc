//! The columns of the table of models, and their cells.

use serde::Serialize;

use super::facts::Facts;
use super::model_set::ModelSet;
use crate::dataset::Values;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Name,
    Attribute(usize),
    Answers,
    Ability,
    /// The probability of a correct answer to the prompt of the Route pane.
    Forecast,
    Cluster,
    Benchmark(usize),
}

impl Column {
    /// All columns, in order.
    pub fn all(model_set: &ModelSet) -> Vec<Self> {
        let is_flag = |a: &usize| matches!(model_set.attributes[*a].values, Values::Flag(_));
        let attributes = 0..model_set.attributes.len();
        let (flags, others): (Vec<usize>, Vec<usize>) = attributes.partition(is_flag);
        let mut columns = vec![Self::Name];
        columns.extend(others.into_iter().map(Self::Attribute));
        columns.extend([Self::Answers, Self::Ability, Self::Forecast, Self::Cluster]);
        columns.extend((0..model_set.benchmarks.len()).map(Self::Benchmark));
        columns.extend(flags.into_iter().map(Self::Attribute));
        columns
    }

    pub fn title(self, model_set: &ModelSet) -> &str {
        match self {
            Self::Name => "model",
            Self::Attribute(a) => model_set.attributes.get(a).map_or("", |a| &a.name),
            Self::Answers => "answers",
            Self::Ability => "ability",
            Self::Forecast => "prompt",
            Self::Cluster => "cluster",
            Self::Benchmark(b) => model_set.benchmarks.get(b).map_or("", |b| &b.name),
        }
    }

    /// True for text, which is left-aligned and sorted from A to Z.
    pub fn is_text(self, model_set: &ModelSet) -> bool {
        match self {
            Self::Name | Self::Cluster => true,
            Self::Attribute(a) => {
                model_set.attributes.get(a).is_some_and(|a| matches!(a.values, Values::Class(_)))
            }
            _ => false,
        }
    }

    pub fn cell(self, facts: &Facts, model: usize) -> Cell {
        let model_set = facts.model_set;
        match self {
            Self::Name => Cell::Text(model_set.models.get(model).cloned().unwrap_or_default()),
            Self::Attribute(a) => match model_set.attributes.get(a).map(|a| &a.values) {
                Some(Values::Flag(values)) => values[model].map_or(Cell::Unknown, Cell::Flag),
                Some(Values::Number(values)) => values[model].map_or(Cell::Unknown, Cell::Number),
                Some(Values::Class(values)) => {
                    values[model].clone().map_or(Cell::Unknown, Cell::Text)
                }
                None => Cell::Unknown,
            },
            Self::Answers => Cell::Number(f64::from(model_set.answers(model))),
            Self::Ability => {
                let ability = model_set.vectors.get((model, 0));
                ability.map_or(Cell::Unknown, |a| Cell::Decimal(f64::from(*a)))
            }
            Self::Forecast => facts
                .forecast
                .get(model)
                .copied()
                .flatten()
                .map_or(Cell::Unknown, |p| Cell::Share(f64::from(p))),
            Self::Cluster => facts.clusters.map_or(Cell::Unknown, |clusters| {
                let name = clusters.of.get(model).and_then(|c| clusters.clusters.get(*c));
                name.map_or(Cell::Unknown, |cluster| Cell::Text(cluster.name.clone()))
            }),
            Self::Benchmark(b) => {
                let score = model_set.benchmarks.get(b).and_then(|b| b.scores.get(model));
                score.map_or(Cell::Unknown, |score| Cell::Share(score.accuracy))
            }
        }
    }
}

/// The content of a cell; its value in JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
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
    /// A sort key for the cells of a number column; `None` if unknown.
    pub fn place(&self) -> Option<i64> {
        match self {
            Self::Flag(flag) => Some(i64::from(*flag)),
            Self::Number(x) | Self::Decimal(x) | Self::Share(x) => {
                // The order of `f64::total_cmp`.
                let bits = x.to_bits() as i64;
                Some(bits ^ (((bits >> 63) as u64) >> 1) as i64)
            }
            Self::Text(_) | Self::Unknown => None,
        }
    }
}
