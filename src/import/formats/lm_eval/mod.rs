//! lm-evaluation-harness: one file of samples per model, task and date.

mod details;
mod names;
mod results;
mod sample;
mod write_out;

use std::sync::Arc;

use crate::import::document::{Asked, Hints, Reader};
use crate::import::files::{File, Tree};
use crate::import::report::Skips;
use crate::import::run::{Document, Run, clean, hash};
use crate::import::{Job, Options, json, prompt};
use names::Named;
use results::{About, Known};
use sample::Sample;

/// Names of folders that are not names of models.
const GENERIC: &[&str] = &[
    "results",
    "result",
    "samples",
    "output",
    "outputs",
    "out",
    "logs",
    "log",
    "details",
    "eval",
    "evals",
    "eval_results",
    "evaluation",
    "lm_eval",
    "lm-eval",
    "lm_eval_results",
    "lm_eval_output",
    "data",
    "tmp",
    "latest",
    "runs",
];

/// One job per file of samples.
pub(super) fn jobs(tree: &Tree, options: &Options, skips: &mut Skips) -> Vec<Job> {
    let known = Known::read(tree, skips);
    let files = tree.files(|name| names::ending(name).is_some() && !name.starts_with("results"));
    let (tasks, prefixes) = (known.tasks(), known.prefixes());
    let mut jobs: Vec<Job> = Vec::new();
    for file in files {
        if write_out::is_one(&file) {
            let run = write_out::run(&file, tree);
            jobs.push(Arc::new(move |skips: &mut Skips| {
                write_out::read(&file, run.clone(), skips).into_iter().collect()
            }));
            continue;
        }
        if details::is_one(&file) {
            jobs.push(Arc::new(move |skips: &mut Skips| {
                details::read(&file, skips).into_iter().collect()
            }));
            continue;
        }
        let named = names::of(&file, &tasks, &prefixes);
        // With other names only files with samples count; a directly given one is read anyway.
        if !named.sure && !tree.is_named(&file) && !sample::holds_samples(&file) {
            continue;
        }
        let about = known.about(&file, &named);
        let run = run(&file, &named, about.as_deref());
        let used = about.as_ref().map(|about| about.used(&run.task)).unwrap_or_default();
        let field = options.text.clone();
        jobs.push(Arc::new(move |skips: &mut Skips| {
            read(&file, run.clone(), &used, field.as_deref(), skips).into_iter().collect()
        }));
    }
    jobs
}

/// Information about a run before its samples are read.
fn run(file: &File, named: &Named, about: Option<&About>) -> Run {
    let mut run = Run { file: file.path.clone(), task: named.task.clone(), ..Run::default() };
    run.date.clone_from(&named.date);
    if let Some(about) = about {
        run.model = about.model();
        run.shots = about.shots(&run.task);
        run.task_hash = about.task_hash(&run.task);
        run.lower = about.lower(&run.task);
        if run.date.is_empty() {
            run.date = about.date();
        }
    }
    if let Some(args) = &named.args {
        // The name of the file has the model's arguments, which are more reliable than results that may
        // belong to another run.
        let own = results::model_of(args);
        if !run.model.known || names::sanitized(&run.model.name) != names::sanitized(&own.name) {
            run.model = own;
        }
    }
    if run.model.name.is_empty() {
        run.model.name = folder(file);
    }
    run.model.name = clean(&run.model.name);
    if run.model.name.is_empty() {
        run.model.name = "unnamed".into();
    }
    run
}

/// The model in the name of the folder, with `/` written as `__`.
fn folder(file: &File) -> String {
    let folders = file.folders();
    // A date has only digits and punctuation; letters of any script are a name.
    let dated =
        |name: &str| name.len() >= 4 && !name.chars().any(|c| c.is_alphabetic() && c != 'T');
    let generic = |name: &str| GENERIC.contains(&&*name.to_lowercase()) || dated(name);
    let name = folders.iter().find(|name| !generic(name)).or_else(|| folders.first());
    name.map(|name| name.replacen("__", "/", 1)).unwrap_or_default()
}

/// Reads the samples of a run.
fn read(
    file: &File,
    mut run: Run,
    used: &[String],
    field: Option<&str>,
    skips: &mut Skips,
) -> Option<Run> {
    let mut reader = Reader::default();
    let (mut answers, mut unfiltered) = (0_usize, None::<String>);
    json::records(file, None, skips, |line, sample: Sample, skips| {
        if sample.doc.is_none() && sample.prompt.is_none() {
            return skips.row(
                &file.path,
                line,
                "no sample",
                "neither `doc` nor `arguments` is there",
            );
        }
        if sample.scores.is_empty() {
            return skips.row(&file.path, line, "no metric", "");
        }
        let Some(document) = document(&mut reader, &sample, used, field) else {
            let problem = match field {
                Some(field) => format!("no field `{field}` in `doc`"),
                None => "choose the field of `doc` with the question by --text".into(),
            };
            return skips.row(&file.path, line, "no question", &problem);
        };
        answers += 1;
        // No filter and a filter called `none` are the same.
        let filter = match sample.filter.as_deref().unwrap_or_default() {
            name @ ("" | "none") => unfiltered.get_or_insert_with(|| name.to_owned()).as_str(),
            name => name,
        };
        run.answer(line, document, filter, &sample.scores);
    });
    run.check_hashes();
    (answers > 0).then_some(run)
}

/// The question of a sample.
fn document(
    reader: &mut Reader,
    sample: &Sample,
    used: &[String],
    field: Option<&str>,
) -> Option<Document> {
    let hints = Hints { field, used, prompt: sample.prompt.as_deref() };
    let asked = sample.doc.as_ref().and_then(|doc| reader.read(doc, hints));
    let asked = match asked {
        Some(asked) => asked,
        None if field.is_some() => return None,
        None => {
            let stem = prompt::core(sample.prompt.as_deref()?);
            if stem.is_empty() {
                return None;
            }
            Asked { stem, rendered: true, ..Asked::default() }
        }
    };
    Some(Document {
        hash: sample.doc_hash.as_deref().filter(|text| !text.trim().is_empty()).map(hash),
        content: sample.doc.as_ref().map(|doc| hash(&doc.to_string())),
        id: sample.doc_id.as_ref().map(|id| hash(&id.to_string())),
        asked: asked.into(),
        split: None,
    })
}
