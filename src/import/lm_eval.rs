//! lm-evaluation-harness: a file of samples a model, a task and a date.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::records::Records;
use super::{Options, source, text};
use crate::error::{Error, Result};

/// Metrics that say whether an answer is right, the likeliest first.
const METRICS: [&str; 7] = [
    "acc",
    "exact_match",
    "pass@1",
    "pass_at_1",
    "prompt_level_strict_acc",
    "math_verify",
    "acc_norm",
];
/// What a sample holds beside its metrics.
const OTHERS: [&str; 11] = [
    "doc_id",
    "doc",
    "target",
    "arguments",
    "resps",
    "filtered_resps",
    "filter",
    "metrics",
    "doc_hash",
    "prompt_hash",
    "target_hash",
];
/// How the harness ends a date, as in 2024-06-24T12-34-56.789012.
const DATE: usize = "2024-06-24T12-34-56".len();

/// What a file of results says of the run.
#[derive(Deserialize)]
struct Results {
    model_name: Option<String>,
    #[serde(default)]
    config: Config,
}

#[derive(Default, Deserialize)]
struct Config {
    model_num_parameters: Option<f64>,
}

/// The newest file of samples of each model on each task.
pub(super) fn runs(paths: &[PathBuf], records: &mut Records) -> Result<Vec<PathBuf>> {
    let files = source::files(paths, |name| {
        name.starts_with("samples_") && source::stem(name, ".jsonl").is_some()
    })?;
    let mut newest: BTreeMap<(PathBuf, String), (String, PathBuf)> = BTreeMap::new();
    for file in files {
        let (task, date) = task(&file);
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let run = (date, file);
        let known = newest.entry((folder, task)).or_insert_with(|| run.clone());
        if *known != run {
            records.older += 1;
            if *known < run {
                *known = run;
            }
        }
    }
    Ok(newest.into_values().map(|(_, file)| file).collect())
}

/// The task and the date that a file of samples is named by.
fn task(file: &Path) -> (String, String) {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = source::stem(name, ".jsonl").unwrap_or(name);
    let stem = stem.strip_prefix("samples_").unwrap_or(stem);
    let is_date = |date: &str| date.len() >= DATE && date.as_bytes().get(10) == Some(&b'T');
    match stem.rsplit_once('_').filter(|(_, date)| is_date(date)) {
        Some((task, date)) => (task.into(), date.into()),
        None => (stem.into(), String::new()),
    }
}

/// The model's name and its parameters in billions: by the results of the same date, or else by the
/// folder.
fn model(file: &Path, date: &str) -> Result<(String, Option<f64>)> {
    let results = file.with_file_name(format!("results_{date}.json"));
    let folder = file.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let folder = folder.map(|name| name.replacen("__", "/", 1));
    let (name, size) = if results.is_file() {
        let Results { model_name, config } = source::json(&results)?;
        (model_name.filter(|name| !name.trim().is_empty()), config.model_num_parameters)
    } else {
        (None, None)
    };
    let name = name.or(folder).ok_or_else(|| {
        Error::input(file, "no model is named", "put it in a folder named like the model")
    })?;
    Ok((name, size.filter(|n| *n > 0.0).map(|n| n / 1e9)))
}

/// Reads the samples of a run.
pub(super) fn read(path: &Path, options: &Options, records: &mut Records) -> Result<()> {
    let (task, date) = task(path);
    let (name, size) = model(path, &date)?;
    let model = records.model(&name, size);
    let mut filter = options.filter.clone();
    let (mut filters, mut taken) = (BTreeSet::new(), false);
    source::lines(path, |line, sample: Map<String, Value>| {
        if let Some(of) = sample.get("filter").and_then(Value::as_str) {
            filters.insert(of.to_owned());
            // Of several ways to read an answer, the first one counts.
            if filter.get_or_insert_with(|| of.into()) != of {
                return Ok(());
            }
        }
        taken = true;
        let metric = metric(&sample, options.metric.as_deref());
        let metric = metric.map_err(|names| {
            let problem = format!("no metric of right or wrong (there are: {names})");
            source::at(path, line, &problem, "name one with --metric")
        })?;
        let prompt = prompt(&sample, options.text.as_deref()).ok_or_else(|| {
            source::at(
                path,
                line,
                "no question",
                "name the field of `doc` that holds it with --text",
            )
        })?;
        match text::label(metric) {
            Some(label) => records.answer(model, &task, &prompt, label),
            None => records.unjudged += 1,
        }
        Ok(())
    })?;
    if !taken && !filters.is_empty() {
        let names = filters.into_iter().collect::<Vec<_>>().join(", ");
        let problem = format!("no sample of this filter (there are: {names})");
        return Err(Error::input(path, problem, "name one of them with --filter"));
    }
    Ok(())
}

/// The metric called `wanted`, or the likeliest; else the names of those that there are.
fn metric<'a>(sample: &'a Map<String, Value>, wanted: Option<&str>) -> Result<&'a Value, String> {
    let named = sample.get("metrics").and_then(Value::as_array);
    let names: Vec<&str> = match named {
        Some(named) => named.iter().filter_map(Value::as_str).collect(),
        None => sample.keys().map(String::as_str).filter(|key| !OTHERS.contains(key)).collect(),
    };
    let found = if let Some(wanted) = wanted {
        sample.get(wanted)
    } else {
        let likely = METRICS.into_iter().filter(|metric| names.contains(metric));
        let mut all = likely.chain(names.iter().copied());
        all.find_map(|name| sample.get(name).filter(|value| text::label(value).is_some()))
    };
    found.ok_or_else(|| names.join(", "))
}

/// The question of a sample: of its document, or else all that the model was given.
fn prompt(sample: &Map<String, Value>, field: Option<&str>) -> Option<String> {
    let doc = sample.get("doc").and_then(Value::as_object);
    if let Some(question) = doc.and_then(|doc| text::question(doc, field)) {
        return Some(question);
    }
    if field.is_some() {
        return None;
    }
    let arguments = sample.get("arguments")?;
    let first = arguments.get("gen_args_0").and_then(|first| first.get("arg_0"));
    let first = first.or_else(|| arguments.get(0)?.get(0))?;
    let given = first.as_str().or_else(|| first.get(0)?.as_str())?.trim();
    (!given.is_empty()).then(|| given.to_owned())
}
