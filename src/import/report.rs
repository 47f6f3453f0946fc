//! A report of an import: what was imported, and what was skipped.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::dataset::Kind;

/// Maximum number of listed skips; all are counted.
const LISTED: usize = 200;

/// Something that was skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skip {
    /// The file.
    pub file: PathBuf,
    /// The line of the first row, if it is about rows.
    pub line: Option<u64>,
    /// Why.
    pub reason: String,
    /// Number of rows of the file with this reason; 0 if it is about the file itself.
    pub rows: usize,
}

/// Everything that was skipped: a bounded list, and counts.
#[derive(Debug, Default)]
pub struct Skips {
    list: Vec<Skip>,
    index: HashMap<(PathBuf, &'static str), usize>,
    /// Number of skipped rows.
    pub rows: usize,
    /// Number of skipped files.
    pub files: usize,
    /// Number of tasks without any usable answer.
    pub tasks: usize,
}

impl Skips {
    /// Skips a file.
    pub(super) fn file(&mut self, file: &Path, reason: impl Into<String>) {
        self.files += 1;
        self.note(file, reason);
    }

    /// Skips a task; `file` is the first one that has it.
    pub(super) fn task(&mut self, file: &Path, reason: impl Into<String>) {
        self.tasks += 1;
        self.note(file, reason);
    }

    fn note(&mut self, file: &Path, reason: impl Into<String>) {
        if self.list.len() < LISTED {
            self.list.push(Skip { file: file.into(), line: None, reason: reason.into(), rows: 0 });
        }
    }

    /// Skips a row. Rows with the same file and `kind` are listed once; `detail` is of the first.
    pub(super) fn row(&mut self, file: &Path, line: u64, kind: &'static str, detail: &str) {
        self.rows += 1;
        if let Some(&at) = self.index.get(&(file.to_owned(), kind)) {
            self.list[at].rows += 1;
        } else if self.list.len() < LISTED {
            self.index.insert((file.to_owned(), kind), self.list.len());
            let reason =
                if detail.is_empty() { kind.to_owned() } else { format!("{kind}: {detail}") };
            self.list.push(Skip { file: file.into(), line: Some(line), reason, rows: 1 });
        }
    }

    /// Skips a column with its answers.
    pub(super) fn column(&mut self, file: &Path, answers: usize, reason: String) {
        self.rows += answers;
        if self.list.len() < LISTED {
            self.list.push(Skip { file: file.into(), line: None, reason, rows: answers });
        }
    }

    /// Adds the skips of another report.
    pub(super) fn extend(&mut self, other: Self) {
        self.rows += other.rows;
        self.files += other.files;
        self.tasks += other.tasks;
        let at = self.list.len();
        self.list.extend(other.list);
        self.list.truncate(LISTED);
        for (key, own) in other.index {
            if at + own < LISTED {
                self.index.entry(key).or_insert(at + own);
            }
        }
    }

    /// The listed skips, in the order of the files.
    #[must_use]
    pub fn list(&self) -> &[Skip] {
        &self.list
    }

    /// True if nothing was skipped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows + self.files + self.tasks == 0
    }
}

/// The summary of a task.
#[derive(Clone, Debug, Serialize)]
pub struct Task {
    /// Its name: the category of its questions.
    pub task: String,
    /// The kind of its labels.
    pub kind: Kind,
    /// Models that answered.
    pub models: usize,
    /// Questions with an answer.
    pub questions: usize,
    /// Answers.
    pub responses: usize,
    /// The mean label.
    pub mean: f64,
    /// The number of labels that are 0, between, and 1.
    pub labels: [usize; 3],
    /// The metric used as the label.
    pub metric: String,
    /// True if that metric is a percentage, which was divided by 100.
    pub percent: bool,
    /// The other metrics.
    pub other_metrics: Vec<String>,
    /// The filter that was used, if there are filters.
    pub filter: Option<String>,
    /// The other filters.
    pub other_filters: Vec<String>,
    /// Files without that metric or filter, and what was used instead.
    pub exceptions: Vec<String>,
}

/// A file that was replaced by a newer run of the same model on the same task.
#[derive(Clone, Debug, Serialize)]
pub struct Rerun {
    /// The model.
    pub model: String,
    /// The task.
    pub task: String,
    /// The skipped file.
    pub left_out: PathBuf,
    /// The newer file.
    pub taken: PathBuf,
    /// Scored answers in the skipped file.
    pub responses: usize,
}

/// Runs with the same name that are kept apart, since they differ in more than their date.
#[derive(Clone, Debug, Serialize)]
pub struct Clash {
    /// The common name.
    pub name: String,
    /// Their new names.
    pub models: Vec<String>,
}

/// The report of an import.
#[derive(Debug, Default)]
pub struct Report {
    /// The tasks, in order of appearance.
    pub tasks: Vec<Task>,
    /// What was skipped.
    pub skips: Skips,
    /// Duplicate answers: within a file the first one counts, in files without a date the last one.
    pub repeated: usize,
    /// How many of those differ from the one that counts.
    pub conflicting: usize,
    /// Answers without a usable score.
    pub unjudged: usize,
    /// Runs that were replaced by a newer one.
    pub reruns: Vec<Rerun>,
    /// Models that are kept apart.
    pub clashes: Vec<Clash>,
    /// Documents matched by hash or id although their texts differ.
    pub merged_texts: usize,
    /// Documents matched by text although their hashes differ.
    pub merged_documents: usize,
    /// Questions with the same text as another question of the task.
    pub split: usize,
    /// Other notes.
    pub notes: Vec<String>,
}

/// The error of the system, without the path.
pub(super) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "the link is broken".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => format!("cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_listed_once_a_kind_and_file_and_all_are_counted() {
        let mut skips = Skips::default();
        for line in 1..=3 {
            skips.row(Path::new("x"), line, "odd", "");
        }
        let mut all = Skips::default();
        all.extend(skips);
        (0..LISTED).for_each(|_| all.file(Path::new("y"), "empty"));
        assert_eq!((all.rows, all.files, all.list().len()), (3, LISTED, LISTED));
        assert_eq!((all.list()[0].line, all.list()[0].rows), (Some(1), 3));
    }
}
