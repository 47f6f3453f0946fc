//! The data of a model, as text and JSON.

use serde::{Serialize, Serializer};

use crate::analysis::neighbors::nearest;
use crate::error::{Error, Result};
use crate::explorer::state::State;
use crate::explorer::state::column::{Cell, Column};

/// Number of neighbors per model.
const NEIGHBORS: usize = 5;

/// Values by name, in order; a JSON object.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Named<T> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The data of one model. Unknown values are absent or null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    pub model: String,
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub attributes: Named<Cell>,
    pub answers: u32,
    pub ability: Option<f64>,
    /// The probability that it answers the prompt correctly.
    pub prompt: Option<f64>,
    pub cluster: Option<String>,
    /// Its accuracy by benchmark.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub benchmarks: Named<f64>,
    /// Its map coordinates.
    pub coordinates: Vec<f64>,
    #[serde(rename = "neighbours")]
    pub neighbors: Vec<Near>,
}

/// A model near another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Near {
    pub model: String,
    pub cosine: f64,
    pub distance: f64,
    pub shared: Option<u32>,
}

impl Record {
    pub fn of(state: &State, model: usize) -> Self {
        let (model_set, facts) = (&state.model_set, state.facts());
        let cell = |column: Column| column.cell(&facts, model);
        let number = |column: Column| match cell(column) {
            Cell::Number(n) | Cell::Decimal(n) | Cell::Share(n) => Some(n),
            Cell::Text(_) | Cell::Flag(_) | Cell::Unknown => None,
        };
        let (mut attributes, mut benchmarks) = (Named::default(), Named::default());
        for column in Column::all(model_set) {
            let title = || column.title(model_set).to_owned();
            match column {
                Column::Attribute(_) => match cell(column) {
                    Cell::Unknown => {}
                    known => attributes.0.push((title(), known)),
                },
                Column::Benchmark(_) => {
                    benchmarks.0.extend(number(column).map(|share| (title(), share)));
                }
                Column::Name
                | Column::Answers
                | Column::Ability
                | Column::Forecast
                | Column::Cluster => {}
            }
        }
        let cluster = match cell(Column::Cluster) {
            Cell::Text(name) => Some(name),
            _ => None,
        };
        let vectors = model_set.profiles();
        let near = if vectors.ncols() > 0 {
            nearest(vectors, model, NEIGHBORS, |m| model_set.shared(model, m))
        } else {
            Vec::new()
        };
        let near = near.into_iter().map(|near| Near {
            model: state.name(near.model).to_owned(),
            cosine: near.cosine,
            distance: near.distance,
            shared: near.shared,
        });
        Self {
            model: state.name(model).to_owned(),
            attributes,
            answers: model_set.answers(model),
            ability: number(Column::Ability),
            prompt: number(Column::Forecast),
            cluster,
            benchmarks,
            coordinates: state.map.projection.coordinates.row(model).to_vec(),
            neighbors: near.collect(),
        }
    }
}

/// The marked models of a state, with their data.
pub fn selection(state: &State) -> Result<Vec<u8>> {
    let models: Vec<Record> = state.chosen().into_iter().map(|m| Record::of(state, m)).collect();
    let mut bytes = Vec::new();
    crate::write_json(&mut bytes, &models, true)
        .map_err(|e| Error::Failed(format!("the selection cannot be written: {e}")))?;
    Ok(bytes)
}
