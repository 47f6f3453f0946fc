//! LiveBench: ground truth judgments, one record per answer; questions are in separate files.

use std::sync::Arc;

use serde_json::Value;

use super::asked::{Texts, is_questions, texts};
use super::each;
use crate::import::files::{File, Tree, bare, holds_records};
use crate::import::report::Skips;
use crate::import::run::{Document, Run, Runs, clean, hash};
use crate::import::value::{Record, plain, score, text};
use crate::import::{Job, json};

/// One job per file of judgments.
pub(super) fn jobs(tree: &Tree, skips: &mut Skips) -> Vec<Job> {
    let known = Arc::new(texts(tree, &["question_id"], &["turns", "prompt"], is_questions, skips));
    let files = tree.files(holds_records).into_iter();
    let judged = files.filter(|file| tree.is_named(file) || json::begins_with(file, is_judgment));
    each(judged, move |file, skips| read(file, &known, skips))
}

/// True for a judgment.
pub(in crate::import) fn is_judgment(record: &Record) -> bool {
    ["question_id", "model", "score", "task"].iter().all(|name| record.contains_key(*name))
}

fn read(file: &File, known: &Texts, skips: &mut Skips) -> Vec<Run> {
    let mut runs = Runs::new(&file.path);
    json::records(file, None, skips, |line, record: Record, skips| {
        if !is_judgment(&record) {
            return skips.row(&file.path, line, "no judgment", "");
        }
        let (Some(id), Some(model)) =
            (record.get("question_id").and_then(plain), text(&record, "model"))
        else {
            return skips.row(
                &file.path,
                line,
                "no judgment",
                "`question_id` and `model` are empty",
            );
        };
        let Some(asked) = known.get(&id) else {
            let problem = "put question.jsonl, or the hub's table of its category, next to it";
            return skips.row(&file.path, line, "no text of the question", problem);
        };
        let value = record.get("score").unwrap_or(&Value::Null);
        if score(value) < 0.0 {
            return skips.row(&file.path, line, "not judged", "a score of -1");
        }
        let task = text(&record, "task").map_or_else(|| bare(file.name()).to_owned(), clean);
        let task = match text(&record, "category").map(clean) {
            Some(category) if category != task => format!("livebench/{category}/{task}"),
            _ => format!("livebench/{task}"),
        };
        let document =
            Document { id: Some(hash(&id)), asked: runs.text(asked, &[]), ..Document::default() };
        let stamp = record.get("tstamp").map_or(0.0, |stamp| stamp.as_f64().unwrap_or_default());
        let run = runs.run(&task, model);
        let stamp = format!("{:014.3}", stamp.max(0.0));
        if stamp > run.date {
            run.date = stamp;
        }
        run.scored(line, document, value);
    });
    runs.finish()
}
