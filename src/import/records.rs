//! Answers on their way from another program to a data set.

use std::collections::HashMap;
use std::collections::btree_map::{BTreeMap, Entry};
use std::fs;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use crate::dataset::Kind;
use crate::error::{Error, Result};

/// Which model answered which question how.
#[derive(Debug, Default)]
pub struct Records {
    categories: Vec<String>,
    /// By category, where its labels are not correctness.
    kinds: HashMap<String, Kind>,
    /// Category and text.
    questions: Vec<(u32, String)>,
    models: Vec<(String, Option<f64>)>,
    /// By question and model.
    labels: BTreeMap<(u32, u32), f32>,
    category_index: HashMap<String, u32>,
    question_index: HashMap<(u32, u64), u32>,
    model_index: HashMap<String, u32>,
    /// Answers of a model to a question that it had answered already: the first one counts.
    pub repeated: usize,
    /// Answers that nobody calls right or wrong, or to nothing.
    pub unjudged: usize,
    /// Runs that a newer one of the same model on the same task replaces.
    pub older: usize,
}

impl Records {
    /// The index of a model, whose name must not be blank. `params_b` are its parameters in billions.
    pub(super) fn model(&mut self, name: &str, params_b: Option<f64>) -> u32 {
        let next = self.models.len() as u32;
        let index = *self.model_index.entry(name.to_owned()).or_insert(next);
        if index == next {
            self.models.push((name.to_owned(), None));
        }
        let known = &mut self.models[index as usize].1;
        *known = known.or(params_b);
        index
    }

    /// Takes an answer in; `label` is 1 for right, 0 for wrong, or a share between.
    pub(super) fn answer(&mut self, model: u32, category: &str, prompt: &str, label: f32) {
        if prompt.trim().is_empty() {
            self.unjudged += 1;
            return;
        }
        let next = self.categories.len() as u32;
        let category = *self.category_index.entry(category.to_owned()).or_insert_with(|| {
            self.categories.push(category.to_owned());
            next
        });
        let next = self.questions.len() as u32;
        let hash = xxh3_64(prompt.as_bytes());
        let question = *self.question_index.entry((category, hash)).or_insert_with(|| {
            self.questions.push((category, prompt.to_owned()));
            next
        });
        match self.labels.entry((question, model)) {
            Entry::Vacant(place) => drop(place.insert(label)),
            Entry::Occupied(_) => self.repeated += 1,
        }
    }

    /// Says that the labels of a category are not correctness.
    pub(super) fn kind(&mut self, category: &str, kind: Kind) {
        self.kinds.insert(category.to_owned(), kind);
    }

    /// How many models.
    #[must_use]
    pub fn models(&self) -> usize {
        self.models.len()
    }

    /// How many questions.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.questions.len()
    }

    /// How many answers.
    #[must_use]
    pub fn responses(&self) -> usize {
        self.labels.len()
    }

    /// The categories, in the order in which they came.
    #[must_use]
    pub fn categories(&self) -> &[String] {
        &self.categories
    }

    /// Writes the tables to `folder`, which must not be there yet, or be empty: all of them or none.
    /// The id of a question depends on its category and text alone.
    ///
    /// # Errors
    /// [`Error::Usage`] if something is there already; [`Error::Io`] if it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        vacant(folder)?;
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let io = |e| Error::io(folder, e);
        fs::create_dir_all(parent).map_err(|e| Error::io(parent, e))?;
        let made = tempfile::Builder::new().prefix(".llmap-").tempdir_in(parent).map_err(io)?;
        let mut tables = vec![
            ("questions", self.questions_csv()),
            ("models", self.models_csv()),
            ("responses", self.responses_csv()),
        ];
        if !self.kinds.is_empty() {
            tables.push(("categories", self.categories_csv()));
        }
        for (name, table) in tables {
            let path = made.path().join(format!("{name}.csv"));
            crate::atomic::write(&path, &table.map_err(|e| Error::io(folder, e.into()))?)?;
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

    fn id(&self, question: u32) -> String {
        let (category, prompt) = &self.questions[question as usize];
        let category = &self.categories[*category as usize];
        format!("{:016x}", xxh3_64(format!("{category}\0{prompt}").as_bytes()))
    }

    fn questions_csv(&self) -> csv::Result<Vec<u8>> {
        let questions = (0..).zip(&self.questions);
        let row = |(q, (category, prompt)): (u32, &(u32, String))| {
            [self.id(q), self.categories[*category as usize].clone(), prompt.clone()]
        };
        table(&["prompt_id", "category", "prompt"], questions.map(row))
    }

    fn categories_csv(&self) -> csv::Result<Vec<u8>> {
        let row = |category: &String| {
            let kind = self.kinds.get(category).copied().unwrap_or_default();
            [category.clone(), kind.name().to_owned()]
        };
        table(&["category", "kind"], self.categories.iter().map(row))
    }

    fn models_csv(&self) -> csv::Result<Vec<u8>> {
        let size = |size: &Option<f64>| size.map_or_else(String::new, |b| format!("{b:.3}"));
        let models = self.models.iter().enumerate();
        if self.models.iter().all(|(_, size)| size.is_none()) {
            let row = |(m, (name, _)): (usize, &(String, _))| [m.to_string(), name.clone()];
            return table(&["model_id", "model_name"], models.map(row));
        }
        let row = |(m, (name, b)): (usize, &(String, _))| [m.to_string(), name.clone(), size(b)];
        table(&["model_id", "model_name", "params_b"], models.map(row))
    }

    fn responses_csv(&self) -> csv::Result<Vec<u8>> {
        let row =
            |((q, m), label): (&(u32, u32), &f32)| [self.id(*q), m.to_string(), label.to_string()];
        table(&["prompt_id", "model_id", "label"], self.labels.iter().map(row))
    }
}

/// Whether a data set can be written to `folder`; told before long work.
///
/// # Errors
/// [`Error::Usage`] if something is there already.
pub fn vacant(folder: &Path) -> Result<()> {
    let empty = |mut entries: fs::ReadDir| entries.next().is_none();
    if !folder.exists() || fs::read_dir(folder).is_ok_and(empty) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{} is there already: name another folder, or remove it",
        folder.display()
    )))
}

fn table<const N: usize>(
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> csv::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(&row)?;
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}
