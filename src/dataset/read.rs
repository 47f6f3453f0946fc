//! From a folder to a [`Dataset`]: tells the layout by what the folder holds.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Attribute, Dataset, Question, Responses, Split, Values, embedllm, kinds, tables};
use crate::error::{Error, Result};
use crate::table::{self, Table};

/// Reads the data set in `folder`.
///
/// *Tables*: `questions`, `models` and `responses`; *EmbedLLM*: `train` and, if there, `val` and
/// `test`. In both, `categories` may tell the [`Kind`](super::Kind) of each. Each may be `.csv`,
/// `.csv.gz`, `.csv.zst` or `.parquet`.
///
/// # Errors
/// The first fault of the files, with file and line.
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
            "name its folder",
        ));
    }
    if table::find(folder, "responses")?.is_some() {
        tables::load(folder)
    } else if table::find(folder, "train")?.is_some() {
        embedllm::load(folder)
    } else {
        // What it holds may only not be seen.
        fs::read_dir(folder).map_err(|e| Error::io(folder, e))?;
        let fix = "put questions.csv, models.csv and responses.csv there (tables), or train.csv, \
                   val.csv and test.csv (EmbedLLM); .csv.gz, .csv.zst and .parquet work too";
        Err(Error::input(folder, "holds no data set", fix))
    }
}

/// The files of the tables in `folder` that [`load`] may read.
#[must_use]
pub fn table_files(folder: &Path) -> Vec<PathBuf> {
    let stems = ["questions", "models", "responses", "train", "val", "test", "categories"];
    let orders = ["model_order", "question_order"];
    stems.into_iter().chain(orders).filter_map(|stem| table::find(folder, stem).ok()?).collect()
}

/// Reads further attributes from a CSV with a `model_name` column, in the order of `models`.
///
/// # Errors
/// A fault of the file; a name that is none of `models`, with the nearest one.
pub fn load_attributes(path: &Path, models: &[String]) -> Result<Vec<Attribute>> {
    let mut table = Table::open(path)?;
    let name = table.column("model_name")?;
    let columns = attribute_columns(&table);
    let index: HashMap<&str, usize> = models.iter().enumerate().map(|(m, n)| (&**n, m)).collect();
    let mut cells = vec![vec![String::new(); models.len()]; columns.len()];
    while let Some(row) = table.next()? {
        let model = row.filled(name)?;
        let Some(&m) = index.get(model) else {
            let near = crate::names::nearest(model, models.iter().map(String::as_str));
            let fix =
                near.map_or_else(|| "remove the row".into(), |near| format!("is it `{near}`?"));
            return Err(row.error(format!("no model is called `{model}`"), fix));
        };
        for (column, (at, _)) in cells.iter_mut().zip(&columns) {
            row.text(*at)?.clone_into(&mut column[m]);
        }
    }
    Ok(typed(columns, &cells))
}

/// The columns of a model table that are attributes: all but its keys.
pub(super) fn attribute_columns(table: &Table) -> Vec<(usize, String)> {
    let columns = table.header().iter().cloned().enumerate();
    columns.filter(|(_, name)| !matches!(&**name, "model_id" | "model_name" | "")).collect()
}

/// Attributes from the cells of each column.
pub(super) fn typed(columns: Vec<(usize, String)>, cells: &[Vec<String>]) -> Vec<Attribute> {
    let columns = columns.into_iter().zip(cells);
    columns
        .map(|((_, name), cells)| Attribute { name, values: Values::from_cells(cells) })
        .collect()
}

/// Collects a data set row by row, whatever the layout.
#[derive(Default)]
pub(super) struct Builder {
    questions: Vec<Question>,
    categories: Vec<String>,
    category_index: HashMap<String, u32>,
    triples: Vec<Triple>,
}

/// One response on its way in; `line` is kept for the error on a duplicate.
pub(super) struct Triple {
    pub(super) question: u32,
    pub(super) model: u32,
    pub(super) label: f32,
    pub(super) line: u32,
    pub(super) file: u8,
}

impl Builder {
    /// Adds a question and returns its index.
    pub(super) fn question(&mut self, id: &str, category: &str, split: Split, prompt: &str) -> u32 {
        let next = self.categories.len() as u32;
        let category = *self.category_index.entry(category.to_owned()).or_insert_with(|| {
            self.categories.push(category.to_owned());
            next
        });
        let index = self.questions.len() as u32;
        self.questions.push(Question { id: id.into(), category, split, prompt: prompt.into() });
        index
    }

    /// A question that was added.
    pub(super) fn get(&self, question: u32) -> (&Question, &str) {
        let question = &self.questions[question as usize];
        (question, &self.categories[question.category as usize])
    }

    /// The ids of the questions that were added.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.questions.iter().map(|question| &*question.id)
    }

    /// Adds the response that stands on `line` of the `file`-th file. False if there are more responses
    /// than pairs of a question and one of `models` models, so that there is no need to read on before
    /// [`Self::finish`] finds two of a pair.
    #[must_use]
    pub(super) fn response(&mut self, response: Triple, models: usize) -> bool {
        self.triples.push(response);
        self.triples.len() <= self.questions.len().saturating_mul(models)
    }

    /// Sorts, looks for duplicates, compresses.
    pub(super) fn finish(
        self,
        folder: &Path,
        files: &[&Path],
        (models, model_ids): (Vec<String>, Vec<Box<str>>),
        attributes: Vec<Attribute>,
    ) -> Result<Dataset> {
        let Self { questions, categories, mut triples, .. } = self;
        triples.sort_unstable_by_key(|t| (t.question, t.model, t.file, t.line));
        let same = |pair: &&[Triple]| {
            (pair[0].question, pair[0].model) == (pair[1].question, pair[1].model)
        };
        if let Some([first, second]) = triples.windows(2).find(same) {
            return Err(Error::Input {
                file: files[usize::from(second.file)].into(),
                line: Some(second.line.into()),
                problem: format!(
                    "model `{}` answers question `{}` a second time (first on line {})",
                    models[second.model as usize],
                    questions[second.question as usize].id,
                    first.line
                ),
                fix: "keep one row for each question and model, for instance the mean label".into(),
            });
        }
        if triples.is_empty() {
            return Err(Error::input(files[0], "no responses", "add at least one row"));
        }
        let sorted = triples.iter().map(|t| (t.question, t.model, t.label));
        let responses = Responses::from_sorted(questions.len(), sorted);
        let name = folder.canonicalize().unwrap_or_else(|_| folder.into());
        let name =
            name.file_name().map_or_else(|| "data".into(), |n| n.to_string_lossy().into_owned());
        let kinds = kinds::load(folder, &categories)?;
        Ok(Dataset { name, questions, categories, kinds, models, model_ids, attributes, responses })
    }
}
