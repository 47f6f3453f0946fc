//! Writes a data set as tables.

use std::path::Path;

use super::{Dataset, Values};
use crate::atomic::Folder;
use crate::error::{Error, Result};
use crate::table::{Cells, Form, Writer};

impl Dataset {
    /// Writes the tables to `folder`, which must not exist or be empty: all of them or none, and none that
    /// could not be read again. Without `splits`, a reader assigns splits by the texts of the questions.
    ///
    /// # Errors
    /// [`Error::Usage`] if something exists already; [`Error::Io`] if it cannot be written.
    pub fn write(&self, folder: &Path, form: Form, splits: bool) -> Result<()> {
        let made = Folder::begin(folder)?;
        let written = self.write_tables(made.within(), form, splits);
        // The user does not know the temporary folder.
        written.map_err(|error| match error {
            Error::Io { source, .. } => Error::io(folder, source),
            other => other,
        })?;
        super::load(made.within()).map_err(|problem| {
            let problem = match problem {
                Error::Input { file, line, problem, fix } => {
                    let name = file.file_name().unwrap_or_default();
                    Error::Input { file: folder.join(name), line, problem, fix }
                }
                other => other,
            };
            Error::Failed(format!(
                "the data set could not be read again, so it is not written: {problem}"
            ))
        })?;
        made.finish()
    }

    /// Writes the tables to an existing folder, without checking that they can be read again.
    pub(crate) fn write_tables(&self, folder: &Path, form: Form, splits: bool) -> Result<()> {
        self.write_questions(folder, form, splits)?;
        self.write_models(folder, form)?;
        self.write_responses(folder, form)?;
        let described = self.descriptions.iter().any(|about| !about.is_empty());
        if described || self.kinds.iter().any(|kind| !kind.is_correctness()) {
            self.write_categories(folder, form, described)?;
        }
        Ok(())
    }

    fn write_questions(&self, folder: &Path, form: Form, splits: bool) -> Result<()> {
        let mut columns = vec![("prompt_id", Cells::Text), ("category", Cells::Text)];
        if splits {
            columns.push(("split", Cells::Text));
        }
        columns.push(("prompt", Cells::Text));
        let mut table = Writer::create(folder, "questions", form, &columns)?;
        for question in &self.questions {
            let mut cells = vec![&*question.id, &*self.categories[question.category as usize]];
            if splits {
                cells.push(question.split.name());
            }
            cells.push(&*question.prompt);
            table.row(&cells)?;
        }
        table.finish()
    }

    fn write_models(&self, folder: &Path, form: Form) -> Result<()> {
        let mut columns = vec![("model_id", Cells::Text), ("model_name", Cells::Text)];
        for attribute in &self.attributes {
            let number = !matches!(attribute.values, Values::Class(_));
            let cells = if number { Cells::Number } else { Cells::Text };
            columns.push((attribute.name.as_str(), cells));
        }
        let mut table = Writer::create(folder, "models", form, &columns)?;
        for (m, (name, id)) in self.models.iter().zip(&self.model_ids).enumerate() {
            let cells: Vec<String> =
                self.attributes.iter().map(|one| one.values.cell(m).unwrap_or_default()).collect();
            let mut row: Vec<&str> = vec![id, name];
            row.extend(cells.iter().map(String::as_str));
            table.row(&row)?;
        }
        table.finish()
    }

    fn write_responses(&self, folder: &Path, form: Form) -> Result<()> {
        let columns =
            [("prompt_id", Cells::Text), ("model_id", Cells::Text), ("label", Cells::Label)];
        let mut table = Writer::create(folder, "responses", form, &columns)?;
        for (q, question) in self.questions.iter().enumerate() {
            for (model, label) in self.responses.of(q) {
                table.row(&[&question.id, &self.model_ids[model], &label.to_string()])?;
            }
        }
        table.finish()
    }

    fn write_categories(&self, folder: &Path, form: Form, described: bool) -> Result<()> {
        let columns =
            [("category", Cells::Text), ("kind", Cells::Text), ("description", Cells::Text)];
        let columns = &columns[..if described { 3 } else { 2 }];
        let mut table = Writer::create(folder, "categories", form, columns)?;
        let each = self.categories.iter().zip(&self.kinds).zip(&self.descriptions);
        for ((category, kind), about) in each {
            table.row(&[category, kind.name(), about][..columns.len()])?;
        }
        table.finish()
    }
}
