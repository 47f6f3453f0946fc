//! OpenAI evals: a log of events, after a line with the specification of the run.

use serde_json::Value;
use std::collections::HashMap;

use super::each;
use crate::import::document::Asked;
use crate::import::files::{File, Tree, holds_records};
use crate::import::report::Skips;
use crate::import::run::{Document, Model, Run, clean, hash};
use crate::import::value::{Record, said, score};
use crate::import::{Job, json, prompt};

/// What to read: a job for each log.
pub(super) fn jobs(tree: &Tree) -> Vec<Job> {
    let files = tree.files(holds_records).into_iter();
    let logs = files.filter(|file| tree.is_named(file) || json::begins_with(file, is_spec));
    each(logs, |file, skips| read(file, skips).into_iter().collect())
}

/// True for the first line of a log.
pub(in crate::import) fn is_spec(record: &Record) -> bool {
    record.get("spec").is_some_and(|spec| spec.get("eval_name").is_some())
}

/// What the events of a sample say.
#[derive(Default)]
struct Sample {
    line: u64,
    prompt: Option<String>,
    /// Sums and counts of numbers, by name.
    scores: Vec<(String, f32, u32)>,
}

impl Sample {
    fn add(&mut self, name: &str, value: f32) {
        match self.scores.iter_mut().find(|(known, ..)| known == name) {
            Some((_, sum, n)) => {
                *sum += value;
                *n += 1;
            }
            None => self.scores.push((name.to_owned(), value, 1)),
        }
    }
}

fn read(file: &File, skips: &mut Skips) -> Option<Run> {
    let mut run = Run { file: file.path.clone(), ..Run::default() };
    let (mut order, mut samples): (Vec<String>, HashMap<String, Sample>) = <_>::default();
    json::records(file, None, skips, |line, mut event: Record, _| {
        if let Some(spec) = event.get("spec") {
            return specified(&mut run, spec);
        }
        let Some(id) = event.get("sample_id").and_then(Value::as_str).map(str::to_owned) else {
            return;
        };
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(data) = event.remove("data") else { return };
        let sample = samples.entry(id.clone()).or_insert_with(|| {
            order.push(id);
            Sample { line, ..Sample::default() }
        });
        match &*kind {
            "sampling" if sample.prompt.is_none() => sample.prompt = asked(&data["prompt"]),
            "raw_sample" => sample.prompt = asked(&data["input"]).or(sample.prompt.take()),
            "match" => sample.add("correct", score(&data["correct"])),
            "metrics" => {
                for (name, value) in data.as_object().into_iter().flatten() {
                    if value.is_number() || value.is_boolean() {
                        sample.add(name, score(value));
                    }
                }
            }
            _ => {}
        }
    });
    if run.model.name.is_empty() {
        skips.file(&file.path, "no specification of the run: its first line names model and eval");
        return None;
    }
    for id in order {
        let Some(sample) = samples.remove(&id) else { continue };
        if sample.scores.is_empty() {
            skips.row(&file.path, sample.line, "no score", "neither `match` nor `metrics`");
            continue;
        }
        let Some(prompt) = sample.prompt else {
            skips.row(&file.path, sample.line, "no question", "no `sampling` with a prompt");
            continue;
        };
        let scores: Vec<(String, f32)> =
            sample.scores.into_iter().map(|(name, sum, n)| (name, sum / n as f32)).collect();
        let asked = Asked { stem: prompt, rendered: true, ..Asked::default() };
        let document = Document { id: Some(hash(&id)), asked: asked.into(), ..Document::default() };
        run.answer(sample.line, document, "", &scores);
    }
    Some(run)
}

/// The question of a prompt, which is a text or messages.
fn asked(value: &Value) -> Option<String> {
    let last = value.as_array().and_then(|messages| {
        let user = |message: &&Value| message["role"] == "user";
        messages.iter().rev().find(user).and_then(|message| said(&message["content"]))
    });
    let text = last.or_else(|| said(value))?;
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
