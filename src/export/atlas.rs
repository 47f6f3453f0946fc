//! Export for Embedding Atlas: one row per model with its position, nearest models and vector.

use ndarray::ArrayView2;

use super::sheet::Sheet;
use crate::analysis::neighbors::Finder;
use crate::error::Result;
use crate::table::{Cells, List, parquet_bytes};

/// Number of neighbors per model.
const NEIGHBORS: usize = 15;

/// Parquet for Embedding Atlas: the columns of `known`, `projection_x` and `projection_y` (the first two
/// columns of `places`), `neighbors` by cosine in the full space (`ids` are rows from 0, `distances` are 1 -
/// cosine), and `vector`.
///
/// # Errors
/// [`crate::Error::Failed`] if it cannot be written.
pub fn atlas(
    known: &Sheet,
    vectors: ArrayView2<'_, f32>,
    places: ArrayView2<'_, f64>,
) -> Result<Vec<u8>> {
    let mut columns = known.columns();
    let mut rows = known.plain();
    for (at, name) in ["projection_x", "projection_y"].into_iter().enumerate() {
        columns.push((name.to_owned(), Cells::Number));
        for (row, place) in rows.iter_mut().zip(places.rows()) {
            row.push(place.get(at).copied().unwrap_or_default().to_string());
        }
    }
    let columns: Vec<(&str, Cells)> = columns.iter().map(|(name, kind)| (&**name, *kind)).collect();
    let finder = Finder::new(vectors);
    let near = (0..vectors.nrows()).map(|m| finder.nearest(vectors, m, NEIGHBORS, |_| None));
    let (mut ids, mut distances) = (Vec::new(), Vec::new());
    for near in near {
        ids.push(near.iter().map(|n| n.model as i64).collect());
        distances.push(near.iter().map(|n| 1.0 - n.cosine).collect());
    }
    let own = vectors.rows().into_iter().map(|row| row.to_vec()).collect();
    let lists = vec![
        List::Pair("neighbors", ("ids", ids), ("distances", distances)),
        List::Floats("vector", own),
    ];
    parquet_bytes(&columns, &rows, lists)
}
