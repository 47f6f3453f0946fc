//! EmbedLLM: `train`, `val` and `test`, a row an answer, with the text of the question in every row.

use std::sync::Arc;

use crate::dataset::Split;
use crate::import::files::{File, Tree, bare, holds_records};
use crate::import::report::Skips;
use crate::import::run::{Document, Run, Runs, hash};
use crate::import::value::{Record, plain, said, score};
use crate::import::{Job, json};

/// What to read: a job for each split. The hub's own conversion names folders by splits, and files by
/// numbers.
pub(super) fn jobs(tree: &Tree) -> Vec<Job> {
    let files = tree.files(holds_records).into_iter();
    files
        .filter_map(|file| Some((split(&file)?, file)))
        .map(|(split, file)| -> Job {
            Arc::new(move |skips: &mut Skips| read(&file, split, skips))
        })
        .collect()
}

/// The split that a file is named by: `train.csv`, `train-00000-of-00001.parquet`, `train/0000.parquet`.
pub(super) fn split(file: &File) -> Option<Split> {
    let name = bare(file.name());
    let of = |name: &str| {
        let first = name.split(['-', '.']).next().unwrap_or(name);
        match first {
            "validation" => Some(Split::Val),
            first => Split::from_name(first),
        }
    };
    let numbered = name.bytes().all(|byte| byte.is_ascii_digit());
    let folder = || file.folders().first().and_then(|folder| of(folder));
    of(name).or_else(|| if numbered { folder() } else { None })
}

fn read(file: &File, split: Split, skips: &mut Skips) -> Vec<Run> {
    let mut runs = Runs::new(&file.path);
    json::records(file, None, skips, |line, record: Record, skips| {
        let field = |name: &str| record.get(name);
        let Some(prompt) = field("prompt").and_then(said) else {
            return skips.row(&file.path, line, "no question", "`prompt`");
        };
        let Some(model) = field("model_name").and_then(plain) else {
            return skips.row(&file.path, line, "no model", "`model_name`");
        };
        let Some(label) = field("label").map(score) else {
            return skips.row(&file.path, line, "no score", "`label`");
        };
        let task = field("category").and_then(plain).unwrap_or_else(|| "all".into());
        let id = field("prompt_id").and_then(plain);
        let document = Document {
            // A number names one question within a split.
            id: id.map(|id| hash(&format!("{} {id}", split.name()))),
            asked: runs.text(&prompt, &[]),
            split: Some(split),
            ..Document::default()
        };
        runs.run(&task, &model).answer(line, document, "", &[("score".into(), label)]);
    });
    let mut runs = runs.finish();
    // The splits of a data set are parts of one run.
    runs.iter_mut().for_each(|run| run.date.clear());
    runs
}
