//! LLMRouter: routing data, one record per answer. LLMRouterBench: one file per model and dataset.

use super::each;
use crate::import::files::{File, Tree, bare, holds_records};
use crate::import::report::Skips;
use crate::import::run::{Document, Run, Runs, clean, hash};
use crate::import::value::{Record, plain, text, texts, user_text};
use crate::import::{Job, json};

/// One job per file of records.
pub(super) fn jobs(tree: &Tree) -> Vec<Job> {
    each(tree.files(holds_records), read)
}

/// True for routing data of LLMRouter, and for results of LLMRouterBench.
pub(in crate::import) fn is_record(record: &Record) -> bool {
    let all = |names: &[&str]| names.iter().all(|name| record.contains_key(*name));
    all(&["query", "model_name", "performance"]) || all(&["records", "dataset_name"])
}

/// The fields before the records of results.
#[derive(Default)]
struct Head {
    model: String,
    dataset: String,
    demo: bool,
}

fn read(file: &File, skips: &mut Skips) -> Vec<Run> {
    let mut runs = Runs::new(&file.path);
    let head = std::cell::RefCell::new(Head::default());
    let mut header = |name: &str, bytes: &[u8]| {
        let word = || json::parse::<String>(bytes).map(|text| clean(&text)).unwrap_or_default();
        let mut head = head.borrow_mut();
        match name {
            "model_name" => head.model = word(),
            "dataset_name" => head.dataset = word(),
            "demo" => head.demo = bytes == b"true",
            _ => {}
        }
    };
    let mut each = |line: u64, record: Record, skips: &mut Skips| {
        let head = head.borrow();
        answer(file, &head, line, &record, &mut runs, skips);
    };
    let bench = json::begins_with(file, |record| record.contains_key("records"));
    if file.shape() == crate::import::files::Shape::Json && bench {
        json::within(file, Some("records"), &mut header, skips, &mut each);
    } else {
        json::records(file, None, skips, each);
    }
    let date = date(bare(file.name()));
    let mut runs = runs.finish();
    runs.iter_mut().for_each(|run| run.date.clone_from(&date));
    runs
}

fn answer(
    file: &File,
    head: &Head,
    line: u64,
    record: &Record,
    runs: &mut Runs,
    skips: &mut Skips,
) {
    if head.demo {
        return skips.row(&file.path, line, "a demonstration", "");
    }
    let query = ["query", "origin_query", "prompt"].iter().find_map(|name| record.get(*name));
    let Some(query) = query.and_then(user_text) else {
        return skips.row(&file.path, line, "no question", "neither `query` nor `origin_query`");
    };
    let named =
        |name: &str, other: &str| text(record, name).map_or_else(|| other.to_owned(), clean);
    let model = named("model_name", &head.model);
    if model.is_empty() {
        return skips.row(&file.path, line, "no model", "name it in `model_name`");
    }
    let mut task = named("task_name", &head.dataset);
    if task.is_empty() {
        bare(file.name()).clone_into(&mut task);
    }
    let score = ["performance", "score"].iter().find_map(|name| record.get(*name));
    let Some(score) = score else {
        return skips.row(&file.path, line, "no score", "neither `performance` nor `score`");
    };
    let choices = record.get("choices").map(texts).unwrap_or_default();
    let id = ["task_id", "index"].iter().find_map(|name| record.get(*name)).and_then(plain);
    let document = Document {
        id: id.map(|id| hash(&id)),
        asked: runs.text(&query, &choices),
        ..Document::default()
    };
    runs.run(&task, &model).scored(line, document, score);
}

/// The date at the end of a name: `DATASET-SPLIT-MODEL-20260102_030405`.
fn date(stem: &str) -> String {
    let end = stem.rsplit('-').next().unwrap_or_default();
    let dated = end.len() == 15 && end.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if dated { end.to_owned() } else { String::new() }
}
