//! Writes a data set as tables.

use std::fs;
use std::path::Path;

use super::{Attribute, Dataset, Values};
use crate::error::{Error, Result};
use crate::table::{Cells, Form, Writer};

impl Dataset {
    /// Writes the tables to `folder`, which must not be there yet, or be empty: all of them or none.
    /// Without `splits`, whoever reads them deals the questions out by their texts.
    ///
    /// # Errors
    /// [`Error::Usage`] if something is there already; [`Error::Io`] if it cannot be written.
    pub fn write(&self, folder: &Path, form: Form, splits: bool) -> Result<()> {
        ensure_empty(folder)?;
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let io = |e| Error::io(folder, e);
        fs::create_dir_all(parent).map_err(|e| Error::io(parent, e))?;
        let made = tempfile::Builder::new().prefix(".llmap-").tempdir_in(parent).map_err(io)?;
        self.write_questions(made.path(), form, splits)?;
        self.write_models(made.path(), form)?;
        self.write_responses(made.path(), form)?;
        if self.kinds.iter().any(|kind| !kind.is_correctness()) {
            self.write_categories(made.path(), form)?;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(made.path(), fs::Permissions::from_mode(0o755)).map_err(io)?;
        }
        if folder.exists() {
            fs::remove_dir(folder).map_err(io)?;
        }
        fs::rename(made.path(), folder).map_err(io)?;
        // It has moved: there is nothing to remove.
        let _ = made.keep();
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
            let cells: Vec<String> = self.attributes.iter().map(|one| cell(one, m)).collect();
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

    fn write_categories(&self, folder: &Path, form: Form) -> Result<()> {
        let columns = [("category", Cells::Text), ("kind", Cells::Text)];
        let mut table = Writer::create(folder, "categories", form, &columns)?;
        for (category, kind) in self.categories.iter().zip(&self.kinds) {
            table.row(&[category, kind.name()])?;
        }
        table.finish()
    }
}

/// The value of a model as tables hold it.
fn cell(attribute: &Attribute, model: usize) -> String {
    match &attribute.values {
        Values::Flag(values) => {
            values[model].map_or_else(String::new, |value| u8::from(value).to_string())
        }
        Values::Number(values) => values[model].map_or_else(String::new, |value| value.to_string()),
        Values::Class(values) => values[model].clone().unwrap_or_default(),
    }
}

/// Checks that a data set can be written to `folder`, before long work.
///
/// # Errors
/// [`Error::Usage`] if something is there already.
pub fn ensure_empty(folder: &Path) -> Result<()> {
    let empty = |mut entries: fs::ReadDir| entries.next().is_none();
    if !folder.exists() || fs::read_dir(folder).is_ok_and(empty) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{} is there already: name another folder, or remove it",
        folder.display()
    )))
}
