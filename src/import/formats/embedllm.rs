//! EmbedLLM: `train`, `val` and `test`, one row per answer, with the text of the question in every row.

use std::sync::Arc;

use crate::dataset::Split;
use crate::import::files::{File, Tree, bare, holds_records};
use crate::import::report::Skips;
use crate::import::run::{Document, Run, Runs, hash};
use crate::import::value::{Record, plain, user_text};
use crate::import::{Job, json};

/// One job per split. The hub's conversion names folders by splits, and files by numbers.
pub(super) fn jobs(tree: &Tree, skips: &mut Skips) -> Vec<Job> {
    let files = tree.files(holds_records).into_iter();
    let mut named = |file: File| {
        let split = split(&file);
        if split.is_none() && json::begins_with(&file, is_record) {
            skips.file(&file.path, "its name is not a split: rename it to train, val or test");
        }
        Some((split?, file))
    };
    let files: Vec<(Split, File)> = files.filter_map(&mut named).collect();
    files
        .into_iter()
        .map(|(split, file)| -> Job {
            Arc::new(move |skips: &mut Skips| read(&file, split, skips))
        })
        .collect()
}

/// True for a row of such a table.
pub(in crate::import) fn is_record(record: &Record) -> bool {
    ["prompt_id", "prompt", "model_name", "label"].iter().all(|name| record.contains_key(*name))
}

/// The split in the name of a file: `train.csv`, `train-00000-of-00001.parquet`, `train/0000.parquet`.
pub(super) fn split(file: &File) -> Option<Split> {
    let name = bare(file.name());
    let of = |name: &str| {
        let name = name.to_lowercase();
        let first = name.split(['-', '.']).next().unwrap_or(&name);
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
        let Some(prompt) = field("prompt").and_then(user_text) else {
            return skips.row(&file.path, line, "no question", "`prompt`");
        };
        let Some(model) = field("model_name").and_then(plain) else {
            return skips.row(&file.path, line, "no model", "`model_name`");
        };
        let Some(label) = field("label") else {
            return skips.row(&file.path, line, "no score", "`label`");
        };
        let task = field("category").and_then(plain).unwrap_or_else(|| "all".into());
        let id = field("prompt_id").and_then(plain);
        let document = Document {
            // A number identifies a question within a split.
            id: id.map(|id| hash(&format!("{} {id}", split.name()))),
            asked: runs.text(&prompt, &[]),
            split: Some(split),
            ..Document::default()
        };
        runs.run(&task, &model).scored(line, document, label);
    });
    let mut runs = runs.finish();
    // The splits of a data set are parts of one run.
    runs.iter_mut().for_each(|run| run.date.clear());
    runs
}
