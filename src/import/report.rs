//! What an import did, and what it passed over.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::dataset::Kind;

/// At most so many things that were passed over are kept for the list; all are counted.
const LISTED: usize = 200;

/// Something that was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skip {
    /// The file.
    pub file: PathBuf,
    /// The line of the first row, where it is one of rows.
    pub line: Option<u64>,
    /// Why.
    pub reason: String,
    /// How many rows of the file for this reason; 0 if it is about the file itself.
    pub rows: usize,
}

/// All that was passed over: a bounded list, and counts.
#[derive(Debug, Default)]
pub struct Skips {
    list: Vec<Skip>,
    index: HashMap<(PathBuf, &'static str), usize>,
    /// Rows that were passed over.
    pub rows: usize,
    /// Files that were passed over.
    pub files: usize,
    /// Tasks of which nothing could be taken.
    pub tasks: usize,
}

impl Skips {
    /// A file is passed over.
    pub(super) fn file(&mut self, file: &Path, reason: impl Into<String>) {
        self.files += 1;
        self.note(file, reason);
    }

    /// A task is passed over; `file` is the first one that holds it.
    pub(super) fn task(&mut self, file: &Path, reason: impl Into<String>) {
        self.tasks += 1;
        self.note(file, reason);
    }

    fn note(&mut self, file: &Path, reason: impl Into<String>) {
        if self.list.len() < LISTED {
            self.list.push(Skip { file: file.into(), line: None, reason: reason.into(), rows: 0 });
        }
    }

    /// A row is passed over. Rows of one file and `kind` are listed once; `detail` is of the first.
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

    /// A column is passed over with its answers.
    pub(super) fn column(&mut self, file: &Path, answers: usize, reason: String) {
        self.rows += answers;
        if self.list.len() < LISTED {
            self.list.push(Skip { file: file.into(), line: None, reason, rows: answers });
        }
    }

    /// Takes over what was passed over elsewhere.
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

    /// The first ones of what was passed over, in the order of the files.
    #[must_use]
    pub fn list(&self) -> &[Skip] {
        &self.list
    }

    /// True if nothing was passed over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows + self.files + self.tasks == 0
    }
}

/// What was taken of one task.
#[derive(Clone, Debug, Serialize)]
pub struct Task {
    /// Its name: the category of its questions.
    pub task: String,
    /// What a label of 1 says.
    pub kind: Kind,
    /// Models that answered.
    pub models: usize,
    /// Questions with an answer.
    pub questions: usize,
    /// Answers.
    pub responses: usize,
    /// The mean label.
    pub mean: f64,
    /// Labels that are 0, between, and 1.
    pub labels: [usize; 3],
    /// The metric that became the label.
    pub metric: String,
    /// True if that metric is a percentage: it was divided by 100.
    pub percent: bool,
    /// The metrics that were not taken.
    pub other_metrics: Vec<String>,
    /// The filter whose answers were taken, where there are filters.
    pub filter: Option<String>,
    /// The filters that were not taken.
    pub other_filters: Vec<String>,
    /// Files that lack that metric or filter, and what was taken of them.
    pub exceptions: Vec<String>,
}

/// A file that a newer run of the same model on the same task replaces.
#[derive(Clone, Debug, Serialize)]
pub struct Rerun {
    /// The model.
    pub model: String,
    /// The task.
    pub task: String,
    /// The file that is left out.
    pub left_out: PathBuf,
    /// The file that counts.
    pub taken: PathBuf,
    /// Scored answers in the file that is left out.
    pub responses: usize,
}

/// Runs of one name that are kept apart, since they differ in more than their date.
#[derive(Clone, Debug, Serialize)]
pub struct Clash {
    /// The name that they share.
    pub name: String,
    /// What they are called instead.
    pub models: Vec<String>,
}

/// What an import did.
#[derive(Debug, Default)]
pub struct Report {
    /// The tasks, in the order in which they came.
    pub tasks: Vec<Task>,
    /// What was passed over.
    pub skips: Skips,
    /// Duplicate answers: within a file the first one counts, of files without a date the last.
    pub repeated: usize,
    /// How many of those contradict the one that counts.
    pub conflicting: usize,
    /// Answers without a score that could be a label.
    pub unjudged: usize,
    /// Runs that a newer one replaces.
    pub reruns: Vec<Rerun>,
    /// Models that are kept apart.
    pub clashes: Vec<Clash>,
    /// Documents that are one question although their texts differ, since their hashes or ids agree.
    pub merged_texts: usize,
    /// Documents that are one question although their hashes differ, since their texts agree.
    pub merged_documents: usize,
    /// Questions that another question of the same task shares its text with.
    pub split: usize,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// What the system says, without the path.
pub(super) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "the link leads nowhere".into(),
        std::io::ErrorKind::PermissionDenied => "no permission to read it".into(),
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
