//! Imports the output of other evaluation tools as a data set.
//!
//! Files are found (`files`) and split into records (`scan`, `json`, `rows`); each format (`formats`)
//! converts them to runs (`run`): the documents that one model was asked, with the values of every metric.
//! Then it is decided over all runs which documents are the same question (`questions`), which runs are the
//! same model (`models`), which metric and filter of a task is used (`metric`), and which of several runs
//! (`assemble`). Invalid data is skipped and reported (`report`).

mod archive;
mod assemble;
mod columns;
mod detect;
mod document;
mod encoding;
mod fields;
mod files;
mod formats;
mod json;
mod metric;
mod models;
mod prompt;
mod questions;
mod report;
mod rows;
mod run;
mod scan;
mod settings;
mod tables;
mod template;
mod value;

use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::progress::{Progress, proceed};
use files::Tree;
use questions::Documents;
use run::Run;

pub use columns::Columns;
pub use detect::{Resembles, resemble_all, resembles};
pub use formats::Format;
pub use report::{Clash, Report, Rerun, Skip, Skips, Task};
pub use tables::{Imported, Row};

/// Maximum number of faults in an error.
const NAMED: usize = 5;
/// Files in memory at the same time, per thread.
const AT_ONCE: usize = 2;

/// A metric or a filter, for one task or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The task, or the start of its name before a `*`; all tasks that have it if there is none.
    pub task: Option<String>,
    /// The metric or the filter.
    pub name: String,
}

/// Options for records with more information than needed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Metrics of correctness.
    pub metric: Vec<Choice>,
    /// Filters of lm-evaluation-harness.
    pub filter: Vec<Choice>,
    /// The field of a document that contains the question.
    pub text: Option<String>,
    /// The roles of a table's columns.
    pub columns: Columns,
    /// Fail on invalid data instead of skipping it.
    pub strict: bool,
}

/// Reads the runs of one file.
type Job = Arc<dyn Fn(&mut Skips) -> Vec<Run> + Send + Sync>;

/// Imports all files of `format` in `paths`, including subfolders.
///
/// `progress` receives the number of files done, and the total.
///
/// # Errors
/// [`Error::Input`] if one of `paths` does not exist or, with [`Options::strict`], with file and line of
/// invalid data; [`Error::Usage`] if nothing can be imported or a choice matches nothing;
/// [`Error::Cancelled`].
pub fn import(
    format: Format,
    paths: &[PathBuf],
    options: &Options,
    progress: &mut Progress<'_, (usize, usize)>,
) -> Result<Imported> {
    let mut skips = Skips::default();
    let tree = Tree::find(paths, &mut skips)?;
    let jobs = format.jobs(&tree, options, &mut skips);
    let (n, mut done) = (jobs.len(), 0);
    let (mut documents, mut runs) = (Documents::default(), Vec::new());
    for some in jobs.chunks(AT_ONCE * rayon::current_num_threads()) {
        proceed(progress.cancel(), "the import")?;
        progress.report((done, n));
        let read: Vec<(Vec<Run>, Skips)> = some
            .par_iter()
            .map(|job| {
                let mut skips = Skips::default();
                (job(&mut skips), skips)
            })
            .collect();
        for (own, passed) in read {
            skips.extend(passed);
            for mut run in own {
                documents.admit(&mut run);
                runs.push(run);
            }
        }
        done += some.len();
    }
    progress.report((n, n));
    let imported = assemble::assemble(format, runs, &documents, options, skips)?;
    let skips = &imported.report().skips;
    if let Some(first) = skips.list().first().filter(|_| options.strict) {
        return Err(refused(first, skips.rows + skips.files + skips.tasks));
    }
    if imported.responses() == 0 {
        return Err(nothing(format, paths, &tree, n, skips));
    }
    Ok(imported)
}

/// The error for invalid data with [`Options::strict`].
fn refused(first: &Skip, all: usize) -> Error {
    let more = if all > first.rows.max(1) { format!(" ({all} in all)") } else { String::new() };
    Error::Input {
        file: first.file.clone(),
        line: first.line,
        problem: format!("{}{more}", first.reason),
        fix: "repair or remove the file, or skip it by leaving out --strict".into(),
    }
}

/// The error for an import without any answer: what was searched, and what was found.
fn nothing(format: Format, paths: &[PathBuf], tree: &Tree, jobs: usize, skips: &Skips) -> Error {
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let mut text = format!("nothing to import from {}: ", shown.join(", "));
    if jobs == 0 {
        text.push_str(&format!("looked for {}; found {}", format.wanted(), tree.describe()));
    } else {
        text.push_str(&format!(
            "files: {jobs}, but without scored answers; rows skipped: {}",
            skips.rows
        ));
    }
    let mut lines = vec![text];
    for skip in skips.list().iter().take(NAMED) {
        let line = skip.line.map_or_else(String::new, |line| format!(":{line}"));
        lines.push(format!("{}{line}: {}", skip.file.display(), skip.reason));
    }
    let more = skips.list().len().saturating_sub(NAMED);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let found = detect::of(tree).filter(|found| found.format != Some(format));
    lines.extend(found.map(|found| found.advice(paths)));
    Error::Lines { usage: true, lines }
}
