//! The columns of CSV files in a query.
//!
//! `DataFusion` matches the columns of CSV files by position and guesses their types from whichever chunk
//! arrives first. Here they are read from the start of each file, so that a shard with other columns is an
//! error.

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::DataFusionError;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::path::Path;

/// How much of a file is read: 1 MiB.
const HEAD: usize = 1 << 20;
/// Number of files that are read at the same time.
const AT_ONCE: usize = 16;
/// Suffixes of columns that hold names: these are text, whatever they look like, since the id `007` is not 7.
const NAMES: [&str; 5] = ["id", "name", "model", "prompt", "question"];

/// The schema of `files`: a column is a number if all its cells in the first rows of the first file are.
///
/// # Errors
/// If a file cannot be read, or has other columns than the first.
pub(super) async fn schema(
    store: &dyn ObjectStore,
    files: &[Path],
    compression: FileCompressionType,
    delimiter: u8,
) -> Result<Schema, String> {
    let heads = futures::stream::iter(files).map(|file| async move {
        let bytes = head(store, file, compression).await.map_err(|e| format!("{file}: {e}"))?;
        Ok::<_, String>((file, columns(&bytes, delimiter).map_err(|e| format!("{file}: {e}"))?))
    });
    let mut heads = heads.buffered(AT_ONCE);
    let Some(first) = heads.next().await.transpose()? else { return Err("no file".into()) };
    while let Some((file, columns)) = heads.next().await.transpose()? {
        if names(&columns) != names(&first.1) {
            return Err(format!(
                "{file} has the columns {}, but {} has {}",
                names(&columns).join(", "),
                first.0,
                names(&first.1).join(", "),
            ));
        }
    }
    let fields = first.1.into_iter().map(|(name, kind)| Field::new(name, kind, true));
    Ok(Schema::new(fields.collect::<Vec<_>>()))
}

fn names(columns: &[(String, DataType)]) -> Vec<&str> {
    columns.iter().map(|(name, _)| &**name).collect()
}

/// The first bytes of a file, decompressed.
async fn head(
    store: &dyn ObjectStore,
    file: &Path,
    compression: FileCompressionType,
) -> Result<Vec<u8>, DataFusionError> {
    let bytes = store.get_opts(file, object_store::GetOptions::default()).await?.into_stream();
    let mut bytes = compression.convert_stream(bytes.map_err(Into::into).boxed())?;
    let mut head = Vec::new();
    while head.len() < HEAD {
        let Some(more) = bytes.next().await.transpose()? else { break };
        head.extend_from_slice(&more);
    }
    Ok(head)
}

/// The columns of a table from its first bytes; the last row may be incomplete.
fn columns(head: &[u8], delimiter: u8) -> Result<Vec<(String, DataType)>, String> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(head);
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    let is_name = |column: &str| NAMES.iter().any(|end| column.to_lowercase().ends_with(end));
    let mut numbers: Vec<bool> = header.iter().map(|column| !is_name(column)).collect();
    let mut rows = reader.byte_records().map_while(Result::ok).peekable();
    while let Some(row) = rows.next() {
        if rows.peek().is_none() && head.len() >= HEAD {
            break;
        }
        for (number, cell) in numbers.iter_mut().zip(&row) {
            let text = std::str::from_utf8(cell).unwrap_or("?").trim();
            *number &= text.is_empty() || text.parse::<f64>().is_ok_and(f64::is_finite);
        }
    }
    let kinds = numbers.into_iter().map(|n| if n { DataType::Float64 } else { DataType::Utf8 });
    Ok(header.iter().map(str::to_owned).zip(kinds).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_decide_what_a_column_is_except_of_names() {
        let found = columns(b"prompt_id,label,note\n007,1,\"a, \\\"b\"\n8,0.5,2\n", b',').unwrap();
        let kinds: Vec<DataType> = found.into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds, [DataType::Utf8, DataType::Float64, DataType::Utf8]);
        let long = format!("label\n{}1e", "1\n".repeat(HEAD / 2));
        assert_eq!(columns(long.as_bytes(), b',').unwrap()[0].1, DataType::Float64, "a cut row");
    }
}
