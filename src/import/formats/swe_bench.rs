//! SWE-bench and similar: lists of the instances that a system resolved.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::asked::{Texts, texts};
use crate::import::document::Asked;
use crate::import::files::{File, Tree, bare, stem};
use crate::import::report::Skips;
use crate::import::run::{Document, Model, Run, clean, hash};
use crate::import::value::{Record, plain};
use crate::import::{Job, json};

/// Names of folders for parts of the benchmark.
const PARTS: &[&str] = &["verified", "lite", "test", "full", "multimodal", "bash-only", "dev"];

/// Information next to the lists.
#[derive(Default)]
struct Known {
    texts: Texts,
    /// All instances of a part that any system was asked.
    asked: HashMap<String, BTreeSet<String>>,
}

/// The content of one file.
struct Outcome {
    resolved: BTreeSet<String>,
    asked: BTreeSet<String>,
    /// The file lists all asked instances.
    whole: bool,
}

/// One job per file of outcomes.
pub(super) fn jobs(tree: &Tree, skips: &mut Skips) -> Vec<Job> {
    let json_file = |name: &str| stem(name, ".json").is_some();
    let files: Vec<(File, Outcome)> = tree
        .files(json_file)
        .into_iter()
        .filter_map(|file| {
            match json::document::<Value>(&file) {
                Ok(value) => match value.as_object().and_then(outcome) {
                    Some(outcome) => return Some((file, outcome)),
                    None if is_sure(&file) => skips.file(&file.path, "no list of instances"),
                    None => {}
                },
                Err(problem) => skips.file(&file.path, problem),
            }
            None
        })
        .collect();
    let tables = |file: &File| bare(file.name()) != "results";
    let texts = texts(tree, &["instance_id"], &["problem_statement"], tables, skips);
    let mut known = Known { texts, ..Known::default() };
    for (file, outcome) in &files {
        let asked = known.asked.entry(part(file)).or_default();
        asked.extend(outcome.asked.iter().cloned());
    }
    if let [only] = &mut known.asked.values_mut().collect::<Vec<_>>()[..] {
        only.extend(known.texts.keys().cloned());
    }
    let names: HashMap<&Path, String> = tree
        .all()
        .filter(|file| file.name() == "metadata.yaml")
        .filter_map(|file| Some((file.path.parent()?, name_of(file)?)))
        .collect();
    let known = Arc::new(known);
    files
        .into_iter()
        .map(|(file, outcome)| -> Job {
            let name = file.path.ancestors().skip(1).find_map(|folder| names.get(folder)).cloned();
            let known = Arc::clone(&known);
            Arc::new(move |_: &mut Skips| vec![run(&file, name.as_deref(), &outcome, &known)])
        })
        .collect()
}

/// True for a name that only outcomes have.
fn is_sure(file: &File) -> bool {
    matches!(bare(file.name()), "results" | "report")
}

/// The lists of a document, if it has any.
pub(in crate::import) fn is_outcome(record: &Record) -> bool {
    outcome(record).is_some()
}

fn outcome(record: &Record) -> Option<Outcome> {
    let list = |name: &str| -> Option<BTreeSet<String>> {
        let items = record.get(name)?.as_array()?;
        Some(items.iter().filter_map(plain).collect())
    };
    // The harness: lists of ids; not submitted means not asked.
    if let Some(resolved) = list("resolved_ids") {
        let mut asked = resolved.clone();
        for name in
            ["submitted_ids", "completed_ids", "unresolved_ids", "error_ids", "empty_patch_ids"]
        {
            asked.extend(list(name).unwrap_or_default());
        }
        return Some(Outcome { resolved, asked, whole: true });
    }
    // The published results of systems: lists by outcome.
    if let Some(resolved) = list("resolved") {
        let mut asked = resolved.clone();
        for name in record.keys() {
            asked.extend(list(name).unwrap_or_default());
        }
        return Some(Outcome { resolved, asked, whole: false });
    }
    // The report of one instance, or of several.
    let flags: Vec<(&String, bool)> = record
        .iter()
        .filter_map(|(id, about)| Some((id, about.get("resolved")?.as_bool()?)))
        .collect();
    if flags.is_empty() || flags.len() < record.len() {
        return None;
    }
    let resolved = flags.iter().filter(|(_, right)| *right).map(|(id, _)| (*id).clone()).collect();
    let asked = flags.into_iter().map(|(id, _)| id.clone()).collect();
    Some(Outcome { resolved, asked, whole: true })
}

/// The part of the benchmark in the name of a folder.
fn part(file: &File) -> String {
    let folders = file.folders();
    let part = folders.iter().find(|name| PARTS.contains(&&*name.to_lowercase()));
    part.map_or_else(|| "swe-bench".into(), |name| format!("swe-bench/{}", name.to_lowercase()))
}

/// The name of a system in its `metadata.yaml`.
fn name_of(file: &File) -> Option<String> {
    let mut text = String::new();
    file.open().ok()?.take(1 << 16).read_to_string(&mut text).ok()?;
    let line = text.lines().find_map(|line| line.trim().strip_prefix("name:"))?;
    let name = clean(line.trim().trim_matches(['"', '\'']));
    (!name.is_empty()).then_some(name)
}

/// The system and its date, of the name of the file or of its folder: `20240620_sweagent_x/results/…`,
/// `MODEL.RUN.json`, `RUN/MODEL/INSTANCE/report.json`.
fn system(file: &File) -> (String, String) {
    let folders = file.folders();
    let of = |at: usize| folders.get(at).cloned().unwrap_or_default();
    let name = match bare(file.name()) {
        "results" => of(usize::from(of(0) == "results")),
        "report" => of(1),
        name => {
            let model = name.rsplit_once('.').map_or(name, |(model, _)| model);
            model.replacen("__", "/", 1)
        }
    };
    match name.split_once('_') {
        Some((date, rest)) if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) => {
            (rest.to_owned(), date.to_owned())
        }
        _ => (name, String::new()),
    }
}

fn run(file: &File, named: Option<&str>, outcome: &Outcome, known: &Known) -> Run {
    let (name, date) = system(file);
    let name = named.map_or_else(|| clean(&name), str::to_owned);
    let model = Model { name, known: true, ..Model::default() };
    let task = part(file);
    let asked = if outcome.whole { &outcome.asked } else { &known.asked[&task] };
    let mut run = Run { file: file.path.clone(), task, date, model, ..Run::default() };
    for id in asked {
        // Without its text an instance is identified by its name, which starts with that of the project.
        let text = known.texts.get(id).cloned().unwrap_or_else(|| id.clone());
        let asked = Asked { stem: text, ..Asked::default() };
        let document = Document { id: Some(hash(id)), asked: asked.into(), ..Document::default() };
        let right = f32::from(u8::from(outcome.resolved.contains(id)));
        run.answer(1, document, "", &[("resolved".into(), right)]);
    }
    run
}
