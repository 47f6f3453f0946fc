//! Details of the Open LLM Leaderboard (version 1) and of LightEval: one Parquet file per model, task and
//! date.

use serde_json::Value;

use super::names;
use crate::import::document::Asked;
use crate::import::files::{File, bare};
use crate::import::json;
use crate::import::report::Skips;
use crate::import::run::{Document, Model, Run, clean, hash};
use crate::import::value::{Record, plain, score, texts, user_text};

/// Fields of a record other than metrics.
const OTHERS: &[&str] = &[
    "example",
    "instruction",
    "full_prompt",
    "gold",
    "gold_index",
    "choices",
    "num_asked_few_shots",
    "num_effective_few_shots",
    "num_ask_few_shots",
    "padded",
    "truncated",
    "specifics",
    "specific",
    "hash",
    "hashes",
    "doc",
    "__doc__",
    "__index_level_0__",
];

pub(super) fn is_one(file: &File) -> bool {
    bare(file.name()).starts_with("details_") && names::ending(file.name()).is_some()
}

/// The model in the names of folders: `details_ORG__MODEL/DATE`, or `details/ORG/MODEL/DATE`.
fn model(file: &File) -> String {
    let folders = file.folders();
    let dated = |name: &String| names::dated(&format!("_{name}")).0.is_empty();
    let at = usize::from(folders.first().is_some_and(dated));
    let Some(name) = folders.get(at) else { return String::new() };
    if let Some(name) = name.strip_prefix("details_") {
        let name = name.trim_end_matches("_private").trim_end_matches("_public");
        return clean(&name.replacen("__", "/", 1));
    }
    match folders.get(at + 1) {
        Some(org) if folders.get(at + 2).is_some_and(|root| root == "details") => {
            clean(&format!("{org}/{name}"))
        }
        _ => clean(&name.replacen("__", "/", 1)),
    }
}

pub(super) fn read(file: &File, skips: &mut Skips) -> Option<Run> {
    let (stem, date) = names::dated(bare(file.name()));
    // details_SUITE|TASK|SHOTS, or with `_` where a file system has no `|`.
    let named = stem.trim_start_matches("details_");
    let parts: Vec<&str> = named.split('|').collect();
    let (task, shots) = match parts[..] {
        [_, task, shots, ..] => (task, Some(shots.to_owned())),
        [_, task] => (task, None),
        _ => (named, None),
    };
    let name = model(file);
    if name.is_empty() {
        skips.file(&file.path, "the model is unknown: rename its folder to details_ORG__MODEL");
        return None;
    }
    let model = Model { name, known: true, ..Model::default() };
    let mut run = Run {
        file: file.path.clone(),
        task: task.to_owned(),
        model,
        date,
        shots,
        ..Run::default()
    };
    json::records(file, None, skips, |line, record: Record, skips| {
        let doc = record.get("__doc__").or_else(|| record.get("doc"));
        let asked = match doc {
            Some(doc) => user_text(&doc["query"]).map(|stem| {
                let choices = texts(&doc["choices"]);
                let held = choices.iter().all(|choice| stem.contains(choice.trim()));
                let choices = if held { Vec::new() } else { choices };
                Asked { stem, choices, ..Asked::default() }
            }),
            None => {
                record.get("example").or_else(|| record.get("full_prompt")).and_then(user_text).map(
                    |stem| Asked { stem: crate::import::prompt::core(&stem), ..Asked::default() },
                )
            }
        };
        let Some(asked) = asked else {
            return skips.row(&file.path, line, "no question", "neither `example` nor `doc`");
        };
        let within = ["__metric__", "metric", "__metrics__", "metrics"]
            .iter()
            .find_map(|name| record.get(*name).and_then(Value::as_object));
        let scores: Vec<(String, f32)> = match within {
            Some(metrics) => {
                metrics.iter().map(|(name, value)| (name.clone(), score(value))).collect()
            }
            None => record
                .iter()
                .filter(|(name, value)| !OTHERS.contains(&name.as_str()) && !value.is_array())
                .map(|(name, value)| (name.clone(), score(value)))
                .collect(),
        };
        if scores.is_empty() {
            return skips.row(&file.path, line, "no metric", "");
        }
        let hashed = record
            .get("hashes")
            .and_then(|hashes| hashes.get("example"))
            .or_else(|| record.get("hash"))
            .and_then(plain);
        let id = doc.map(|doc| &doc["id"]).and_then(plain);
        let document = Document {
            hash: hashed.map(|text| hash(&text)),
            id: id.map(|id| hash(&id)),
            asked: asked.into(),
            ..Document::default()
        };
        run.answer(line, document, "", &scores);
    });
    run.check_hashes();
    (!run.parts.is_empty()).then_some(run)
}
