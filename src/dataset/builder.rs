//! What both layouts have in common: responses become rows, columns of the models attributes.

use std::collections::HashMap;
use std::path::Path;

use super::cells::Columns;
use super::{Dataset, Question, Responses, Split, kinds};
use crate::error::{Error, Result};
use crate::table::Table;

/// The columns of a model table that are attributes: all but its keys.
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
        Columns { attributes, remarks }: Columns,
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
                    "duplicate response of model `{}` to question `{}` (first on line {})",
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
        Ok(Dataset {
            name,
            questions,
            categories,
            kinds,
            models,
            model_ids,
            attributes,
            responses,
            remarks,
        })
    }
}
