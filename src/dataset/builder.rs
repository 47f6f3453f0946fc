//! Common to both layouts: collects questions, responses and attributes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::cells::Columns;
use super::responses::Incoming;
use super::{Dataset, Question, Split, kinds};
use crate::error::{Error, Result};
use crate::table::Table;

/// The attribute columns of a model table: all but its keys.
pub(super) fn attribute_columns(table: &Table) -> Vec<(usize, String)> {
    let columns = table.header().iter().cloned().enumerate();
    columns.filter(|(_, name)| !matches!(&**name, "model_id" | "model_name" | "")).collect()
}

/// Collects a data set row by row, whatever the layout.
#[derive(Default)]
pub(super) struct Builder {
    questions: Vec<Question>,
    categories: Vec<String>,
    category_index: HashMap<String, u32>,
    responses: Incoming,
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

    /// All questions that were added.
    pub(super) fn into_questions(self) -> Vec<Question> {
        self.questions
    }

    /// The ids of the questions that were added.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.questions.iter().map(|question| &*question.id)
    }

    /// Adds the response of a model to a question. Returns false if there are more responses than pairs of a
    /// question and one of `models` models: reading can stop, since [`Self::finish`] will report a duplicate.
    #[must_use]
    pub(super) fn response(
        &mut self,
        (question, model): (u32, u32),
        label: f32,
        models: usize,
    ) -> bool {
        self.responses.push(question, model, label);
        self.responses.len() <= self.questions.len().saturating_mul(models)
    }

    /// Sorts the responses, checks for duplicates, and compresses. `files` are the files that may contain the
    /// responses to a question: they are read again to find the lines of a duplicate, so that the line of
    /// every response need not be stored.
    pub(super) fn finish(
        self,
        folder: &Path,
        files: impl Fn(&Question) -> Vec<PathBuf>,
        (models, model_ids): (Vec<String>, Vec<Box<str>>),
        Columns { attributes, remarks }: Columns,
    ) -> Result<Dataset> {
        let Self { questions, categories, responses, .. } = self;
        let responses = responses.finish(questions.len()).map_err(|twice| {
            let (question, model) = (&questions[twice.question as usize], twice.model as usize);
            let ids = [&*question.id, &*model_ids[model]];
            duplicate(&files(question), ids, &models[model]).unwrap_or_else(|error| error)
        })?;
        if responses.is_empty() {
            let files = questions.first().map(files).unwrap_or_default();
            let file = files.first().map_or(folder, PathBuf::as_path);
            return Err(Error::input(file, "no responses", "add at least one row"));
        }
        let name = folder.canonicalize().unwrap_or_else(|_| folder.into());
        let name =
            name.file_name().map_or_else(|| "data".into(), |n| n.to_string_lossy().into_owned());
        let (kinds, descriptions) = kinds::load(folder, &categories)?.into_iter().unzip();
        Ok(Dataset {
            name,
            questions,
            categories,
            kinds,
            descriptions,
            models,
            model_ids,
            attributes,
            responses,
            remarks,
        })
    }
}

/// The location of the second response of a model to a question, by their ids.
fn duplicate(files: &[PathBuf], [question, model]: [&str; 2], name: &str) -> Result<Error> {
    let mut first: Option<(&Path, u64)> = None;
    for file in files {
        let mut table = Table::open(file)?;
        let columns = (table.column("prompt_id")?, table.column("model_id")?);
        while let Some(row) = table.next()? {
            let ids = (row.bytes(columns.0), row.bytes(columns.1));
            if ids != (question.as_bytes(), model.as_bytes()) {
                continue;
            }
            let Some((place, line)) = first else {
                first = Some((file, row.line()));
                continue;
            };
            let at = if place == file {
                format!("line {line}")
            } else {
                format!("line {line} of {}", place.display())
            };
            let what = format!("duplicate response of model `{name}` to question `{question}`");
            let fix = "keep one row per question and model, for example with the mean label";
            return Ok(row.error(format!("{what} (first on {at})"), fix));
        }
    }
    Ok(Error::Failed("the responses changed while they were read".into()))
}
