//! The *Tables* layout: questions, models and responses in separate tables.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::builder::{Builder, attribute_columns};
use super::cells::typed;
use super::{Dataset, Question, Split};
use crate::error::{Error, Result};
use crate::table::{self, Row, Table};

/// `responses` are the tables of the responses, which may be in another folder.
pub(super) fn load(folder: &Path, responses: Vec<PathBuf>) -> Result<Dataset> {
    let questions = shards(folder, "questions")?;
    let models_path = table::find(folder, "models")?.ok_or_else(|| missing(folder, "models"))?;

    let mut builder = Builder::default();
    let (question_index, split_everywhere) = read_questions(&questions, &mut builder)?;

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
            let first = (None, lines[first as usize]);
            return Err(duplicate(&row, "model_id", id, first, "give each model a unique id"));
        }
        if let Some(first) = names.insert(name.to_owned(), model) {
            let first = (None, lines[first]);
            return Err(duplicate(
                &row,
                "model_name",
                name,
                first,
                "give each model a unique name",
            ));
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

    'shards: for path in &responses {
        let mut table = Table::open(path)?;
        let (id, model, label) =
            (table.column("prompt_id")?, table.column("model_id")?, table.column("label")?);
        // The responses to a question are usually next to each other.
        let (mut last, mut known) = (Vec::new(), None);
        while let Some(row) = table.next()? {
            let question = match known {
                Some(question) if *last == *row.bytes(id) => question,
                _ => {
                    let Some(&question) = question_index.get(row.bytes(id)) else {
                        let problem = format!("no question has the prompt_id `{}`", row.text(id)?);
                        let fix = format!("add it to {}", questions[0].display());
                        return Err(row.error(problem, fix));
                    };
                    last.clear();
                    last.extend_from_slice(row.bytes(id));
                    known = Some(question);
                    question
                }
            };
            let Some(&model) = model_index.get(row.bytes(model)) else {
                let problem = format!("no model has the model_id `{}`", row.text(model)?);
                return Err(row.error(problem, format!("add it to {}", models_path.display())));
            };
            if !builder.response((question, model), row.label(label)?, models.len()) {
                break 'shards;
            }
        }
    }
    drop(question_index);
    let files = |_: &Question| responses.clone();
    let mut data = builder.finish(folder, files, (models, model_ids), attributes)?;
    if !split_everywhere {
        split_by_rank(&mut data);
    }
    Ok(data)
}

/// Only the questions.
pub(super) fn load_questions(folder: &Path) -> Result<Vec<Question>> {
    let mut builder = Builder::default();
    read_questions(&shards(folder, "questions")?, &mut builder)?;
    Ok(builder.into_questions())
}

/// The files of a required table.
fn shards(folder: &Path, stem: &str) -> Result<Vec<PathBuf>> {
    let shards = table::shards(folder, stem)?;
    if shards.is_empty() { Err(missing(folder, stem)) } else { Ok(shards) }
}

fn missing(folder: &Path, stem: &str) -> Error {
    let fix = format!("put {stem}.csv beside the other tables");
    Error::input(folder, format!("contains no {stem} table"), fix)
}

/// Adds all questions; returns their indices by id, and whether all have a split.
fn read_questions(
    questions: &[PathBuf],
    builder: &mut Builder,
) -> Result<(HashMap<Vec<u8>, u32>, bool)> {
    let (mut question_index, mut lines) = (HashMap::new(), Vec::new());
    let mut split_everywhere = true;
    for (file, path) in questions.iter().enumerate() {
        let mut table = Table::open(path)?;
        let id = table.column("prompt_id")?;
        let prompt = table.column("prompt")?;
        let (category, split) = (table.optional("category"), table.optional("split"));
        split_everywhere &= split.is_some();
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
                let (at, line) = lines[first as usize];
                let first = (at != file as u32).then(|| &*questions[at as usize]);
                let fix = "give each question a unique id";
                return Err(duplicate(&row, "prompt_id", id, (first, line), fix));
            }
            lines.push((file as u32, row.line()));
        }
    }
    Ok((question_index, split_everywhere))
}

/// A duplicate cell in a column of unique values; `first` is the line of the first one, with its file if that
/// is another.
fn duplicate(
    row: &Row,
    column: &str,
    cell: &str,
    (file, line): (Option<&Path>, u64),
    fix: &str,
) -> Error {
    let file = file.map_or_else(String::new, |file| format!(" of {}", file.display()));
    row.error(format!("duplicate {column} `{cell}` (first on line {line}{file})"), fix)
}

/// A split for data without one: 80% train, 10% val, 10% test, by the text alone, so that a duplicate text
/// stays in one split.
pub(crate) fn split_by_text(prompt: &str) -> Split {
    match xxh3_64(prompt.as_bytes()) % 10 {
        0 => Split::Val,
        1 => Split::Test,
        _ => Split::Train,
    }
}

/// With few questions, val or train may be empty: then the same fractions are taken by the order of the
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
