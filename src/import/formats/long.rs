//! A table with one row per answer: question, model, and whether it was correct.

use serde_json::Value;

use super::each;
use crate::dataset::Split;
use crate::import::files::{File, Tree, bare, holds_records};
use crate::import::report::Skips;
use crate::import::run::{Document, Run, Runs, hash};
use crate::import::value::{Record, is_blank, plain, texts, user_text};
use crate::import::{Columns, Job, Options, json};

/// Default columns by role, most preferred first.
pub(super) const QUESTION: &[&str] = &[
    "prompt",
    "question",
    "query",
    "input",
    "instruction",
    "problem",
    "problem_statement",
    "question_text",
    "text",
];
const MODEL: &[&str] =
    &["model_name", "model", "llm", "llm_name", "model_id", "generator", "system", "respondent"];
const LABEL: &[&str] = &[
    "label",
    "correct",
    "is_correct",
    "score",
    "performance",
    "accuracy",
    "acc",
    "exact_match",
    "passed",
    "resolved",
    "grade",
    "result",
    "value",
];
const CATEGORY: &[&str] = &[
    "category",
    "task",
    "task_name",
    "benchmark",
    "dataset",
    "dataset_name",
    "eval_name",
    "subject",
    "domain",
];
pub(super) const ID: &[&str] =
    &["prompt_id", "question_id", "sample_id", "instance_id", "item_id", "uid", "id"];
const SPLIT: &[&str] = &["split"];
const CHOICES: &[&str] = &["choices", "options"];

/// One job per file of records.
pub(super) fn jobs(tree: &Tree, options: &Options) -> Vec<Job> {
    let columns = options.columns.clone();
    each(tree.files(holds_records), move |file, skips| read(file, &columns, skips))
}

/// The indices of the columns.
struct Places {
    question: String,
    model: String,
    label: String,
}

/// Additional columns about questions: the first row of a question counts.
pub(super) struct About {
    columns: Columns,
    category: Option<String>,
    id: Option<String>,
    split: Option<String>,
    choices: Option<String>,
    /// The columns of the last row.
    seen: Vec<String>,
}

impl About {
    pub(super) fn new(columns: &Columns) -> Self {
        let (category, id, split, choices) = Default::default();
        Self { columns: columns.clone(), category, id, split, choices, seen: Vec::new() }
    }

    /// Checks the columns of the next row; true if they changed.
    pub(super) fn meet(&mut self, record: &Record) -> bool {
        if record.keys().eq(&self.seen) {
            return false;
        }
        self.seen = record.keys().cloned().collect();
        for (own, role, names) in [
            (&mut self.category, "category", CATEGORY),
            (&mut self.id, "id", ID),
            (&mut self.split, "split", SPLIT),
            (&mut self.choices, "choices", CHOICES),
        ] {
            if own.is_none() {
                *own = place(record, &self.columns, role, names);
            }
        }
        true
    }

    /// True if it is one of its columns.
    pub(super) fn has(&self, column: &str) -> bool {
        let places = [&self.category, &self.id, &self.split, &self.choices];
        places.into_iter().flatten().any(|name| name == column)
    }

    /// The category of a row, or else the name of its file.
    pub(super) fn task(&self, record: &Record, file: &File) -> String {
        let task = self.category.as_deref().and_then(|name| filled(record, name)).and_then(plain);
        task.unwrap_or_else(|| bare(file.name()).to_owned())
    }

    /// The document of a row that asks `question`.
    pub(super) fn document(&self, record: &Record, question: &str, runs: &mut Runs) -> Document {
        let field = |place: &Option<String>| filled(record, place.as_deref()?);
        let choices = field(&self.choices).map(texts).unwrap_or_default();
        let id = field(&self.id).and_then(plain);
        let split = field(&self.split).and_then(plain);
        Document {
            id: id.map(|id| hash(&id)),
            asked: runs.text(question, &choices),
            split: split.and_then(|name| Split::from_name(&name)),
            ..Document::default()
        }
    }
}

/// The value of a column in a row, unless it is blank.
pub(super) fn filled<'a>(record: &'a Record, name: &str) -> Option<&'a Value> {
    record.get(name).filter(|value| !is_blank(value))
}

/// The column for a role: the one chosen by the user, or else the first existing one of `names`.
pub(super) fn place(
    record: &Record,
    columns: &Columns,
    role: &str,
    names: &[&str],
) -> Option<String> {
    if let Some(named) = columns.of(role) {
        return Some(named.to_owned());
    }
    let there = |name: &&&str| record.keys().find(|key| key.eq_ignore_ascii_case(name));
    names.iter().find_map(|name| there(&name)).cloned()
}

impl Places {
    fn of(record: &Record, columns: &Columns) -> Result<Self, String> {
        let needed = |role: &str, names: &[&str]| {
            let there: Vec<&str> = record.keys().take(20).map(String::as_str).collect();
            let place = place(record, columns, role, names);
            place.filter(|name| record.contains_key(name)).ok_or_else(|| {
                format!(
                    "no column for the {role}: choose it with --columns {role}=NAME (there are: {})",
                    there.join(", ")
                )
            })
        };
        Ok(Self {
            question: needed("question", QUESTION)?,
            model: needed("model", MODEL)?,
            label: needed("label", LABEL)?,
        })
    }

    /// True if a row has any of these columns.
    fn any(&self, record: &Record) -> bool {
        [&self.question, &self.model, &self.label].iter().any(|name| record.contains_key(*name))
    }
}

/// True for a row of such a table, by the names of its columns.
pub(in crate::import) fn is_record(record: &Record) -> bool {
    Places::of(record, &Columns::default()).is_ok()
}

fn read(file: &File, columns: &Columns, skips: &mut Skips) -> Vec<Run> {
    let mut runs = Runs::new(&file.path);
    let (mut about, mut places) = (About::new(columns), None::<Places>);
    // Rows before the first one with all columns, and what is missing.
    let mut early: Option<(u64, usize, String)> = None;
    json::records(file, None, skips, |line, record: Record, skips| {
        if about.meet(&record) && !places.as_ref().is_some_and(|known| known.any(&record)) {
            match Places::of(&record, columns) {
                Ok(found) => places = Some(found),
                Err(problem) if places.is_none() => {
                    early.get_or_insert((line, 0, problem));
                }
                Err(_) => {}
            }
        }
        let Some(places) = &places else {
            early.iter_mut().for_each(|(_, n, _)| *n += 1);
            return;
        };
        let field = |name: &str| filled(&record, name);
        let Some(question) = field(&places.question).and_then(user_text) else {
            return skips.row(&file.path, line, "no question", &format!("`{}`", places.question));
        };
        let Some(model) = field(&places.model).and_then(plain) else {
            return skips.row(&file.path, line, "no model", &format!("`{}`", places.model));
        };
        let Some(label) = field(&places.label) else {
            return skips.row(&file.path, line, "no score", &format!("`{}`", places.label));
        };
        let task = about.task(&record, file);
        let document = about.document(&record, &question, &mut runs);
        runs.run(&task, &model).scored(line, document, label);
    });
    pass_over(file, early, places.is_some(), skips);
    runs.finish()
}

/// Skips the rows before the columns were known, or the file if they never were.
pub(super) fn pass_over(
    file: &File,
    early: Option<(u64, usize, String)>,
    known: bool,
    skips: &mut Skips,
) {
    let Some((line, n, problem)) = early else { return };
    if !known {
        return skips.file(&file.path, problem);
    }
    for _ in 0..n {
        skips.row(&file.path, line, "a row without the columns of the others", &problem);
    }
}
