//! What is known of a model, as JSON.

use serde_json::{Map, Value, json};

use crate::analysis::neighbors::nearest;
use crate::error::{Error, Result};
use crate::explorer::state::State;
use crate::explorer::state::column::{Cell, Column};

/// Neighbors that are named for each model.
const NEIGHBORS: usize = 5;

/// What is known of one model.
pub fn model(state: &State, model: usize) -> Value {
    let model_set = &state.model_set;
    let mut fields = Map::new();
    let facts = state.facts();
    for column in Column::all(model_set) {
        let value = match column.cell(&facts, model) {
            Cell::Text(text) => json!(text),
            Cell::Flag(flag) => json!(flag),
            Cell::Number(n) | Cell::Decimal(n) | Cell::Share(n) => json!(n),
            Cell::Unknown => Value::Null,
        };
        let title = column.title(model_set);
        match column {
            Column::Attribute(_) | Column::Benchmark(_) if !value.is_null() => {
                let group = if matches!(column, Column::Attribute(_)) {
                    "attributes"
                } else {
                    "benchmarks"
                };
                if let Value::Object(group) = fields.entry(group).or_insert_with(|| json!({})) {
                    group.insert(title.to_owned(), value);
                }
            }
            Column::Attribute(_) | Column::Benchmark(_) => {}
            _ => {
                fields.insert(title.to_owned(), value);
            }
        }
    }
    let row = state.map.projection.coordinates.row(model);
    fields.insert("coordinates".into(), json!(row.to_vec()));
    let vectors = model_set.profiles();
    if vectors.ncols() > 0 {
        let shared = |m: usize| model_set.shared(model, m);
        let near = nearest(vectors, model, NEIGHBORS, shared).into_iter().map(|near| {
            json!({
                "model": state.name(near.model),
                "cosine": near.cosine,
                "distance": near.distance,
                "shared": near.shared,
            })
        });
        fields.insert("neighbours".into(), near.collect());
    }
    Value::Object(fields)
}

/// The marked models of a state, with what is known of them.
pub fn selection(state: &State) -> Result<Vec<u8>> {
    let models: Vec<Value> = state.chosen().into_iter().map(|m| model(state, m)).collect();
    let mut bytes = Vec::new();
    crate::write_json(&mut bytes, &models, true)
        .map_err(|e| Error::Failed(format!("the selection cannot be written: {e}")))?;
    Ok(bytes)
}
