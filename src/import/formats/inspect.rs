//! Inspect AI: one log per task and model, as a JSON document or an archive with one file per sample.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::import::document::Asked;
use crate::import::files::{File, Tree, bare, is_log_archive, stem};
use crate::import::report::Skips;
use crate::import::run::{Document, Model, Run, clean, hash};
use crate::import::value::{Means, Record, score, user_text};
use crate::import::{Job, json, settings};

/// Arguments of a task about how it is asked, not what.
const HOW: &[&str] = &[
    "fewshot",
    "num_fewshot",
    "few_shot",
    "fewshot_seed",
    "seed",
    "cot",
    "solver",
    "max_attempts",
];

/// The needed part of a sample.
#[derive(Deserialize)]
struct Sample {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    choices: Value,
    #[serde(default)]
    scores: Option<Map<String, Value>>,
    /// In old logs.
    #[serde(default)]
    score: Value,
    /// Long texts that other fields refer to.
    #[serde(default)]
    attachments: Map<String, Value>,
}

/// The answers to one sample over all epochs.
struct Answers {
    line: u64,
    asked: Asked,
    scores: Means,
}

/// One job per log.
pub(super) fn jobs(tree: &Tree) -> Vec<Job> {
    let mut archives: BTreeMap<PathBuf, Vec<File>> = BTreeMap::new();
    let mut jobs: Vec<Job> = Vec::new();
    for file in tree.files(|name| stem(name, ".json").is_some()) {
        match file.archive() {
            // Logs may be in a zip archive, too.
            Some(archive) if is_log_archive(archive) => {
                archives.entry(archive.to_owned()).or_default().push(file);
            }
            _ if tree.is_named(&file) || json::begins_with(&file, is_log) => {
                jobs.push(Arc::new(move |skips: &mut Skips| {
                    document(&file, skips).into_iter().collect()
                }));
            }
            _ => {}
        }
    }
    for (path, files) in archives {
        jobs.push(Arc::new(move |skips: &mut Skips| {
            archive(&path, &files, skips).into_iter().collect()
        }));
    }
    jobs
}

/// True for a log.
pub(in crate::import) fn is_log(record: &Record) -> bool {
    record.get("eval").is_some_and(|eval| eval.get("task").is_some() && eval.get("model").is_some())
}

/// A log that is one document.
fn document(file: &File, skips: &mut Skips) -> Option<Run> {
    let mut reader = Reader::default();
    let mut run = None;
    let mut header = |name: &str, bytes: &[u8]| {
        if name == "eval" {
            let eval: Result<Value, String> = json::parse(bytes);
            run = eval.ok().and_then(|eval| described(&eval));
        }
    };
    json::within(file, Some("samples"), &mut header, skips, &mut |line, sample: Sample, skips| {
        reader.add(file, line, sample, skips);
    });
    let Some(mut run) = run else {
        skips.file(&file.path, "no `eval` with a task and a model before its samples");
        return None;
    };
    run.file.clone_from(&file.path);
    reader.finish(run, skips)
}

/// A log as an archive: `header.json` or, for an incomplete run, `_journal/start.json`; and
/// `samples/ID_epoch_N.json`.
fn archive(path: &std::path::Path, files: &[File], skips: &mut Skips) -> Option<Run> {
    let inside = |file: &File| {
        let inside = file.path.strip_prefix(path).unwrap_or(&file.path);
        inside.to_string_lossy().replace('\\', "/")
    };
    let head = ["header.json", "_journal/start.json", "start.json"]
        .iter()
        .find_map(|name| files.iter().find(|file| inside(file) == **name));
    let run = head.and_then(|head| {
        let head: Value = json::document(head).ok()?;
        described(&head["eval"])
    });
    let Some(mut run) = run else {
        skips.file(path, "a log without a header with task and model");
        return None;
    };
    path.clone_into(&mut run.file);
    let mut reader = Reader::default();
    for file in files.iter().filter(|file| inside(file).starts_with("samples/")) {
        match json::document(file) {
            Ok(sample) => reader.add(file, 1, sample, skips),
            Err(problem) => skips.file(&file.path, problem),
        }
    }
    reader.finish(run, skips)
}

/// The model and task of a run.
fn described(eval: &Value) -> Option<Run> {
    let text = |value: &Value| value.as_str().map(clean).filter(|text| !text.is_empty());
    let task = text(&eval["task"])?;
    // A task of a package is called by its own name.
    let task = task.rsplit('/').next().unwrap_or(&task).to_owned();
    let mut model = Model { name: text(&eval["model"])?, known: true, ..Model::default() };
    let mut what: Vec<String> = Vec::new();
    for (name, value) in eval["task_args"].as_object().into_iter().flatten() {
        let value = settings::shown(value);
        if HOW.contains(&&**name) {
            settings::set(&mut model, name, &value);
        } else if !settings::is_default(&value) {
            what.push(format!("{name}={value}"));
        }
    }
    for part in ["model_args", "model_generate_config"] {
        for (name, value) in eval[part].as_object().into_iter().flatten() {
            settings::set(&mut model, name, &settings::shown(value));
        }
    }
    // Other arguments define other questions.
    what.sort_unstable();
    let task = if what.is_empty() { task } else { format!("{task}\0{}", what.join("\0")) };
    let date = text(&eval["created"]).unwrap_or_default();
    Some(Run { task, model, date, ..Run::default() })
}

/// Names tasks by the arguments in which those with the same name differ.
pub(super) fn name_tasks(tasks: &mut [String]) {
    let parts = |task: &str| -> (String, Vec<String>) {
        let mut parts = task.split('\0').map(str::to_owned);
        (parts.next().unwrap_or_default(), parts.collect())
    };
    let all: Vec<(String, Vec<String>)> = tasks.iter().map(|task| parts(task)).collect();
    for (task, (name, own)) in tasks.iter_mut().zip(&all) {
        let others = || all.iter().filter(|(other, _)| other == name);
        let differs = |part: &&String| others().any(|(_, other)| !other.contains(part));
        let own: Vec<&str> = own.iter().filter(differs).map(String::as_str).collect();
        *task = if own.is_empty() { name.clone() } else { format!("{name} ({})", own.join(", ")) };
    }
}

/// Collects samples; several epochs are one question with the mean score.
#[derive(Default)]
struct Reader {
    order: Vec<String>,
    answers: HashMap<String, Answers>,
}

impl Reader {
    fn add(&mut self, file: &File, line: u64, sample: Sample, skips: &mut Skips) {
        let mut scores = Vec::new();
        let single = Some(sample.score).filter(|score| !score.is_null());
        let named = sample.scores.unwrap_or_default().into_iter();
        for (name, about) in named.chain(single.map(|about| ("score".to_owned(), about))) {
            let value = about.get("value").unwrap_or(&about);
            match value {
                Value::Object(parts) => {
                    let parts = parts.iter().filter(|(_, part)| !part.is_object());
                    scores
                        .extend(parts.map(|(part, value)| (format!("{name}/{part}"), mark(value))));
                }
                value => scores.push((name, mark(value))),
            }
        }
        if scores.is_empty() {
            return skips.row(&file.path, line, "no score", "the sample was not scored");
        }
        let id = match &sample.id {
            Value::Null => bare(file.name()).to_owned(),
            Value::String(id) => id.clone(),
            id => id.to_string(),
        };
        if !self.answers.contains_key(&id) {
            let Some(stem) = user_text(&attached(sample.input, &sample.attachments)) else {
                return skips.row(&file.path, line, "no question", "`input` is empty");
            };
            let choices = crate::import::value::texts(&sample.choices);
            let asked = Asked { stem, choices, ..Asked::default() };
            self.order.push(id.clone());
            self.answers.insert(id.clone(), Answers { line, asked, scores: Means::default() });
        }
        let Some(answers) = self.answers.get_mut(&id) else { return };
        scores.iter().for_each(|(name, value)| answers.scores.add(name, *value));
    }

    fn finish(mut self, mut run: Run, skips: &mut Skips) -> Option<Run> {
        for id in self.order {
            let Some(answers) = self.answers.remove(&id) else { continue };
            let document = Document {
                id: Some(hash(&id)),
                asked: answers.asked.into(),
                ..Document::default()
            };
            run.answer(answers.line, document, "", &answers.scores.finish());
        }
        if run.parts.is_empty() {
            skips.file(&run.file, "a log without a scored sample");
            return None;
        }
        Some(run)
    }
}

/// A grade of Inspect: C is correct, P partial, I incorrect, N no answer; or a number.
fn mark(value: &Value) -> f32 {
    match value.as_str() {
        Some("C") => 1.0,
        Some("P") => 0.5,
        Some("I" | "N") => 0.0,
        _ => score(value),
    }
}

/// The input, with references replaced by their texts.
fn attached(input: Value, attachments: &Map<String, Value>) -> Value {
    match input {
        Value::String(text) => match text.strip_prefix("attachment://") {
            Some(id) => attachments.get(id).cloned().unwrap_or(Value::String(text)),
            None => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(|item| attached(item, attachments)).collect(),
        Value::Object(fields) => {
            let fields =
                fields.into_iter().map(|(name, value)| (name, attached(value, attachments)));
            Value::Object(fields.collect())
        }
        value => value,
    }
}
