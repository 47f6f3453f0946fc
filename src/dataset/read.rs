//! Loads a [`Dataset`] from a folder, detecting its layout.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::builder::attribute_columns;
use super::cells::{Columns, typed};
use super::{Dataset, Question, embedllm, tables};
use crate::error::{Error, Result};
use crate::table::{self, Table};

/// Reads the data set in `folder`.
///
/// *Tables*: `questions`, `models` and `responses`; *EmbedLLM*: `train` and optionally `val` and `test`. In
/// both, `categories` may have the [`Kind`](super::Kind) of each category. Each table may be `.csv`,
/// `.csv.gz`, `.csv.zst` or `.parquet`; questions, responses and splits may be sharded.
///
/// # Errors
/// The first error in the files, with file and line.
pub fn load(folder: &Path) -> Result<Dataset> {
    let about = match folder.metadata() {
        Ok(about) => about,
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Err(Error::input(folder, "no such folder", "check the path"));
        }
        Err(e) => return Err(Error::io(folder, e)),
    };
    if !about.is_dir() {
        return Err(Error::input(
            folder,
            "a data set is a folder, this is a file",
            "pass its folder",
        ));
    }
    let responses = table::shards(folder, "responses")?;
    if !responses.is_empty() {
        tables::load(folder, responses)
    } else if !table::shards(folder, "train")?.is_empty() {
        embedllm::load(folder)
    } else {
        // The folder may exist but be unreadable.
        fs::read_dir(folder).map_err(|e| Error::io(folder, e))?;
        let fix = "put questions.csv, models.csv and responses.csv there (tables), or train.csv, \
                   val.csv and test.csv (EmbedLLM); .csv.gz, .csv.zst and .parquet work too";
        Err(Error::input(folder, "contains no data set", fix))
    }
}

/// Loads the data set whose questions and models are tables in `folder`, and whose responses are in the table
/// `responses`.
///
/// # Errors
/// As [`load`].
pub fn load_with_responses(folder: &Path, responses: &Path) -> Result<Dataset> {
    tables::load(folder, vec![responses.to_owned()])
}

/// Loads only the questions of the data set in `folder`; in the *Tables* layout, without reading the
/// responses.
///
/// # Errors
/// As [`load`].
pub fn load_questions(folder: &Path) -> Result<Vec<Question>> {
    if folder.is_dir() && !table::shards(folder, "responses")?.is_empty() {
        return tables::load_questions(folder);
    }
    load(folder).map(|data| data.questions)
}

/// The files of the tables in `folder` that [`load`] may read.
#[must_use]
pub fn table_files(folder: &Path) -> Vec<PathBuf> {
    let stems = ["questions", "models", "responses", "train", "val", "test", "categories"];
    let orders = ["model_order", "question_order"];
    let shards = |stem| table::shards(folder, stem).unwrap_or_default();
    stems.into_iter().chain(orders).flat_map(shards).collect()
}

/// Reads additional attributes from a CSV with a `model_name` column, in the order of `models`.
///
/// # Errors
/// An error in the file, or an unknown model, with the nearest name.
pub fn load_attributes(path: &Path, models: &[String]) -> Result<Columns> {
    let mut table = Table::open(path)?;
    let name = table.column("model_name")?;
    let columns = attribute_columns(&table);
    let index: HashMap<&str, usize> = models.iter().enumerate().map(|(m, n)| (&**n, m)).collect();
    let mut cells = vec![vec![String::new(); models.len()]; columns.len()];
    let mut lines = vec![0; models.len()];
    while let Some(row) = table.next()? {
        let model = row.filled(name)?;
        let Some(&m) = index.get(model) else {
            let near = crate::names::nearest(model, models.iter().map(String::as_str));
            let fix =
                near.map_or_else(|| "remove the row".into(), |near| format!("is it `{near}`?"));
            return Err(row.error(format!("no model is called `{model}`"), fix));
        };
        lines[m] = row.line();
        for (column, (at, _)) in cells.iter_mut().zip(&columns) {
            row.text(*at)?.clone_into(&mut column[m]);
        }
    }
    let columns = columns.into_iter().map(|(_, name)| name).zip(cells);
    Ok(typed(path, columns, |m| lines[m]))
}
