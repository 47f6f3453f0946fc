//! OpenAI evals: a log of events, after a line with the specification of the run.

use serde_json::Value;
use std::collections::HashMap;

use super::each;
use crate::import::document::Asked;
use crate::import::files::{File, Tree, holds_records};
use crate::import::report::Skips;
use crate::import::run::{Document, Model, Run, clean, hash};
use crate::import::value::{Means, Record, plain, score, user_text};
use crate::import::{Job, json, prompt};

/// One job per log.
pub(super) fn jobs(tree: &Tree) -> Vec<Job> {
    let files = tree.files(holds_records).into_iter();
    let logs = files.filter(|file| tree.is_named(file) || json::begins_with(file, is_line));
    each(logs, read)
}

/// True for the first line of a log.
pub(in crate::import) fn is_spec(record: &Record) -> bool {
    record.get("spec").is_some_and(|spec| spec.get("eval_name").is_some())
}

/// True for any line of a log.
fn is_line(record: &Record) -> bool {
    is_spec(record)
        || ["run_id", "sample_id", "type", "data"].iter().all(|name| record.contains_key(*name))
}

/// The events of a sample.
#[derive(Default)]
struct Sample {
    line: u64,
    prompt: Option<String>,
    scores: Means,
}

/// The runs of a log, which may be consecutive or interleaved.
#[derive(Default)]
struct Log {
    runs: Vec<Run>,
    /// The run of each id; a duplicate id belongs to the last one.
    index: HashMap<String, usize>,
    order: Vec<(usize, String)>,
    samples: HashMap<(usize, String), Sample>,
}

impl Log {
    /// Adds the specification of a run.
    fn specify(&mut self, file: &File, event: &Record, spec: &Value) {
        let mut run = Run { file: file.path.clone(), ..Run::default() };
        specified(&mut run, spec);
        let id = spec["run_id"].as_str().or_else(|| event.get("run_id")?.as_str());
        let same = |known: &Run| known.task == run.task && known.model == run.model;
        let known = id.and_then(|id| self.index.get(id));
        if known.and_then(|at| self.runs.get(*at)).is_some_and(same) {
            return;
        }
        if let Some(id) = id {
            self.index.insert(id.to_owned(), self.runs.len());
        }
        self.runs.push(run);
    }

    /// The sample of an event: of the run with its id, or else of the last one.
    fn sample(&mut self, line: u64, event: &Record, id: String) -> &mut Sample {
        let named = event.get("run_id").and_then(Value::as_str);
        let last = self.runs.len().saturating_sub(1);
        let run = named.and_then(|id| self.index.get(id)).copied().unwrap_or(last);
        self.samples.entry((run, id.clone())).or_insert_with(|| {
            self.order.push((run, id));
            Sample { line, ..Sample::default() }
        })
    }
}

fn read(file: &File, skips: &mut Skips) -> Vec<Run> {
    let mut log = Log::default();
    json::records(file, None, skips, |line, mut event: Record, _| {
        if let Some(spec) = event.get("spec") {
            return log.specify(file, &event, spec);
        }
        let Some(id) = event.get("sample_id").and_then(plain) else { return };
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(data) = event.remove("data") else { return };
        let sample = log.sample(line, &event, id);
        match &*kind {
            "sampling" if sample.prompt.is_none() => sample.prompt = asked(&data["prompt"]),
            "raw_sample" => sample.prompt = asked(&data["input"]).or(sample.prompt.take()),
            "match" => sample.scores.add("correct", score(&data["correct"])),
            "metrics" => {
                for (name, value) in data.as_object().into_iter().flatten() {
                    if value.is_number() || value.is_boolean() {
                        sample.scores.add(name, score(value));
                    }
                }
            }
            _ => {}
        }
    });
    let Log { mut runs, order, mut samples, .. } = log;
    if runs.iter().all(|run| run.model.name.is_empty()) {
        skips.file(&file.path, "no specification of the run: its first line names model and eval");
        return Vec::new();
    }
    for key in order {
        let Some(sample) = samples.remove(&key) else { continue };
        let (run, id) = key;
        if sample.scores.is_empty() {
            skips.row(&file.path, sample.line, "no score", "neither `match` nor `metrics`");
            continue;
        }
        let Some(prompt) = sample.prompt else {
            skips.row(&file.path, sample.line, "no question", "no `sampling` with a prompt");
            continue;
        };
        let asked = Asked { stem: prompt, rendered: true, ..Asked::default() };
        let document = Document { id: Some(hash(&id)), asked: asked.into(), ..Document::default() };
        runs[run].answer(sample.line, document, "", &sample.scores.finish());
    }
    runs
}

/// The question of a prompt, which is a text or messages.
fn asked(value: &Value) -> Option<String> {
    let last = value.as_array().and_then(|messages| {
        let user = |message: &&Value| message["role"] == "user";
        messages.iter().rev().find(user).and_then(|message| user_text(&message["content"]))
    });
    let text = last.or_else(|| user_text(value))?;
    Some(prompt::core(&text)).filter(|text| !text.is_empty())
}

fn specified(run: &mut Run, spec: &Value) {
    let text = |value: &Value| value.as_str().map(clean).filter(|text| !text.is_empty());
    let functions = spec["completion_fns"].as_array();
    let named = functions.and_then(|names| names.first()).and_then(text);
    let name = named.or_else(|| text(&spec["model_name"])).or_else(|| text(&spec["model"]));
    run.model = Model { name: name.unwrap_or_default(), known: true, ..Model::default() };
    run.task = text(&spec["eval_name"]).unwrap_or_default();
    run.date = text(&spec["created_at"]).unwrap_or_default();
}
