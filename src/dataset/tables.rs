//! The *Tables* layout: questions, models and responses apart.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::builder::{Builder, Triple, attribute_columns};
use super::cells::typed;
use super::{Dataset, Split};
use crate::error::{Error, Result};
use crate::table::{self, Row, Table};

/// `responses_path` is the table of the responses, which may be elsewhere.
pub(super) fn load(folder: &Path, responses_path: PathBuf) -> Result<Dataset> {
    let path = |stem: &str| -> Result<PathBuf> {
        table::find(folder, stem)?.ok_or_else(|| {
            let fix = format!("put {stem}.csv beside the other tables");
            Error::input(folder, format!("holds no {stem} table"), fix)
        })
    };
    let (questions_path, models_path) = (path("questions")?, path("models")?);

    let mut builder = Builder::default();
    let (mut question_index, mut lines) = (HashMap::new(), Vec::new());
    let mut table = Table::open(&questions_path)?;
    let id = table.column("prompt_id")?;
    let prompt = table.column("prompt")?;
    let (category, split) = (table.optional("category"), table.optional("split"));
    while let Some(row) = table.next()? {
        let (id, prompt) = (row.filled(id)?, row.filled(prompt)?);
        let category = match category {
            Some(column) => row.filled(column)?,
            None => "all",
        };
        let split = match split {
            Some(column) => {
                let name = row.text(column)?;
                Split::from_name(name).ok_or_else(|| {
                    row.error(format!("`{name}` is not a split"), "write train, val or test")
                })?
            }
            None => split_by_text(prompt),
        };
        let question = builder.question(id, category, split, prompt);
        if let Some(first) = question_index.insert(id.as_bytes().to_vec(), question) {
            let line = lines[first as usize];
            return Err(duplicate(&row, "prompt_id", id, line, "give each question its own id"));
        }
        lines.push(row.line());
    }

    let mut table = Table::open(&models_path)?;
    let id = table.column("model_id")?;
    let name = table.column("model_name")?;
    let columns = attribute_columns(&table);
    let mut cells = vec![Vec::new(); columns.len()];
    let (mut models, mut model_ids, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    let (mut model_index, mut names) = (HashMap::new(), HashMap::new());
    while let Some(row) = table.next()? {
        let (id, name) = (row.filled(id)?, row.filled(name)?);
        let model = models.len();
        if let Some(first) = model_index.insert(id.as_bytes().to_vec(), model as u32) {
            let line = lines[first as usize];
            return Err(duplicate(&row, "model_id", id, line, "give each model its own id"));
        }
        if let Some(first) = names.insert(name.to_owned(), model) {
            let line = lines[first];
            return Err(duplicate(&row, "model_name", name, line, "give each model its own name"));
        }
        models.push(name.to_owned());
        model_ids.push(id.into());
        lines.push(row.line());
        for (column, (at, _)) in cells.iter_mut().zip(&columns) {
            column.push(row.text(*at)?.to_owned());
        }
    }
    let columns = columns.into_iter().map(|(_, name)| name).zip(cells);
    let attributes = typed(&models_path, columns, |m| lines[m]);

    let mut table = Table::open(&responses_path)?;
    let (id, model, label) =
        (table.column("prompt_id")?, table.column("model_id")?, table.column("label")?);
    while let Some(row) = table.next()? {
        let Some(&question) = question_index.get(row.bytes(id)) else {
            let problem = format!("no question has the prompt_id `{}`", row.text(id)?);
            return Err(row.error(problem, format!("add it to {}", questions_path.display())));
        };
        let Some(&model) = model_index.get(row.bytes(model)) else {
            let problem = format!("no model has the model_id `{}`", row.text(model)?);
            return Err(row.error(problem, format!("add it to {}", models_path.display())));
        };
        let (label, line) = (row.label(label)?, row.short_line());
        if !builder.response(Triple { question, model, label, line, file: 0 }, models.len()) {
            break;
        }
    }
    let responses = [&*responses_path];
    let mut data = builder.finish(folder, &responses, (models, model_ids), attributes)?;
    if split.is_none() {
        split_by_rank(&mut data);
    }
    Ok(data)
}

/// A cell that must be unique and is not; `first` is the line of the other one.
fn duplicate(row: &Row, column: &str, cell: &str, first: u64, fix: &str) -> Error {
    row.error(format!("duplicate {column} `{cell}` (first on line {first})"), fix)
}

/// A split for data that brings none: eight, one and one tenth, by the text alone, so that a text
/// that occurs twice stays on one side.
pub(crate) fn split_by_text(prompt: &str) -> Split {
    match xxh3_64(prompt.as_bytes()) % 10 {
        0 => Split::Val,
        1 => Split::Test,
        _ => Split::Train,
    }
}

/// Few questions may all miss val, or train: then the same shares are dealt by the order of the
/// texts' hashes, with at least one text for val.
fn split_by_rank(data: &mut Dataset) {
    let answered: Vec<usize> =
        (0..data.questions.len()).filter(|&q| data.responses.of(q).len() > 0).collect();
    let has = |split| answered.iter().any(|&q| data.questions[q].split == split);
    if has(Split::Train) && has(Split::Val) {
        return;
    }
    let hash = |q: usize| xxh3_64(data.questions[q].prompt.as_bytes());
    let mut texts: Vec<u64> = answered.iter().map(|&q| hash(q)).collect();
    texts.sort_unstable();
    texts.dedup();
    let tenth = texts.len() / 10;
    let val = tenth.max(1);
    let dealt: Vec<Split> = (0..data.questions.len())
        .map(|q| match texts.partition_point(|&text| text < hash(q)) {
            rank if rank < val => Split::Val,
            rank if rank < val + tenth => Split::Test,
            _ => Split::Train,
        })
        .collect();
    for (question, split) in data.questions.iter_mut().zip(dealt) {
        question.split = split;
    }
}
