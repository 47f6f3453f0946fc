//! The Berkeley Function Calling Leaderboard: files of scores have a line of counts and the incorrect
//! answers; which ones were correct follows from the files of results, or of questions.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::asked::{Texts, find};
use super::each;
use crate::import::document::Asked;
use crate::import::files::{File, Tree, bare, stem};
use crate::import::report::Skips;
use crate::import::run::{Document, Model, Run, clean, hash};
use crate::import::value::{Record, plain, text, user_text};
use crate::import::{Job, json};

/// Information next to the scores.
#[derive(Default)]
struct Known {
    texts: Texts,
    /// The questions of a category.
    asked: HashMap<String, Vec<String>>,
    /// The questions that a model, by its folder, answered in a category.
    answered: HashMap<(String, String), Vec<String>>,
    /// Names of models, by folder.
    names: BTreeMap<String, String>,
}

/// One job per file of scores.
pub(super) fn jobs(tree: &Tree, skips: &mut Skips) -> Vec<Job> {
    let mut known = Known::default();
    // Invalid records in files of scores are counted when they are read.
    let mut later = Skips::default();
    for file in tree.all().filter(|file| named(file).is_some()) {
        let Some((category, kind)) = named(file) else { continue };
        let folder = folder(file, kind);
        let mut ids = Vec::new();
        let passed = if kind == Kind::Scores { &mut later } else { &mut *skips };
        json::records(file, None, passed, |_, record: Record, _| {
            let Some(id) = record.get("id").and_then(plain) else { return };
            let asked = find(&record, &["question"]).or_else(|| {
                let prompt = record.get("prompt")?;
                prompt.get("question").or(Some(prompt))
            });
            if let Some(text) = asked.and_then(user_text) {
                known.texts.entry(id.clone()).or_insert(text);
            }
            if let Some(name) = text(&record, "model_name") {
                known.names.entry(folder.clone()).or_insert_with(|| clean(name));
            }
            ids.push(id);
        });
        match kind {
            Kind::Questions => drop(known.asked.insert(category, ids)),
            Kind::Results => drop(known.answered.insert((folder, category), ids)),
            Kind::Scores => {}
        }
    }
    let known = Arc::new(known);
    let files = tree.files(|name| kind(name).is_some_and(|(_, kind)| kind == Kind::Scores));
    each(files, move |file, skips| read(file, &known, skips).into_iter().collect())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Scores,
    Results,
    Questions,
}

/// The content of a file by its name: `BFCL_v3_simple_score.json` has the scores of `bfcl-v3/simple`.
fn kind(name: &str) -> Option<(String, Kind)> {
    stem(name, ".json").or_else(|| stem(name, ".jsonl"))?;
    let (bench, rest) = match bare(name).strip_prefix("BFCL_")?.split_once('_') {
        Some((version, rest)) if version.starts_with('v') => (format!("bfcl-{version}"), rest),
        _ => ("bfcl".to_owned(), bare(name).strip_prefix("BFCL_")?),
    };
    let (category, kind) = match rest.strip_suffix("_score") {
        Some(category) => (category, Kind::Scores),
        None => match rest.strip_suffix("_result") {
            Some(category) => (category, Kind::Results),
            None => (rest, Kind::Questions),
        },
    };
    Some((format!("{bench}/{category}"), kind))
}

fn named(file: &File) -> Option<(String, Kind)> {
    // Files of possible answers are not questions.
    let possible = file.folders().first().is_some_and(|folder| folder == "possible_answer");
    kind(file.name()).filter(|_| !possible)
}

/// The folder of the model, below `score` or `result`; groups of categories are below it.
fn folder(file: &File, kind: Kind) -> String {
    let folders = file.folders();
    let root = if kind == Kind::Scores { "score" } else { "result" };
    let at = folders.iter().position(|name| name == root).and_then(|at| at.checked_sub(1));
    folders.get(at.unwrap_or_default()).cloned().unwrap_or_default()
}

/// The content of a file of scores.
#[derive(Default)]
struct Scores {
    /// The listed answers, in order, with their lines.
    listed: Vec<String>,
    lines: HashMap<String, u64>,
    wrong: HashSet<String>,
    /// The number of answers, and of correct ones.
    total: Option<u64>,
    correct: Option<u64>,
}

impl Scores {
    fn add(&mut self, line: u64, record: &Record) {
        let Some(id) = record.get("id").and_then(plain) else {
            let count = |name: &str| record.get(name).and_then(Value::as_u64);
            self.total = count("total_count").or(self.total);
            self.correct = count("correct_count").or(self.correct);
            return;
        };
        if self.lines.insert(id.clone(), line).is_none() {
            self.listed.push(id.clone());
        }
        // Runs of forks also list correct answers.
        if record.get("valid") != Some(&Value::Bool(true)) {
            self.wrong.insert(id);
        }
    }

    /// All answers: those of the results or else, if the count matches, of the questions; always including
    /// those listed in the scores. Also returns contradictions to the counts.
    fn all(
        &self,
        results: Option<&Vec<String>>,
        asked: Option<&Vec<String>>,
    ) -> Result<(Vec<String>, Option<String>), String> {
        let with = |ids: &Vec<String>| {
            let mut seen = HashSet::new();
            let all = ids.iter().chain(&self.listed).filter(|id| seen.insert(id.as_str()));
            all.cloned().collect::<Vec<_>>()
        };
        let whole = |ids: &Vec<String>| self.total.is_none_or(|total| ids.len() as u64 == total);
        let (results, asked) = (results.map(with), asked.map(with).filter(whole));
        let all = match (results, asked) {
            (Some(results), _) if whole(&results) => results,
            (_, Some(asked)) => asked,
            (None, None) if self.total == Some(self.listed.len() as u64) => self.listed.clone(),
            (None, None) => {
                return Err(
                    "it lists incorrect answers only: put the folder result, or the questions, \
                            next to score"
                        .into(),
                );
            }
            (Some(results), None) => results,
        };
        let n = all.len() as u64;
        match self.total {
            Some(total) if n > total => Err(format!(
                "it counts {total} answers, but {n} are in the results: which of them were scored \
                 cannot be known"
            )),
            Some(total) if n < total => {
                let problem = format!("it counts {total} answers, but only {n} can be found");
                Ok((all, Some(problem)))
            }
            _ => {
                let right = n.saturating_sub(self.wrong.len() as u64);
                let differs = self.correct.filter(|correct| *correct != right);
                let problem = differs
                    .map(|correct| format!("it counts {correct} correct answers, but has {right}"));
                Ok((all, problem))
            }
        }
    }
}

fn read(file: &File, known: &Known, skips: &mut Skips) -> Option<Run> {
    let (category, _) = named(file)?;
    let folder = folder(file, Kind::Scores);
    let mut scores = Scores::default();
    json::records(file, None, skips, |line, record: Record, _| scores.add(line, &record));
    let results = known.answered.get(&(folder.clone(), category.clone()));
    let asked = known.asked.get(&category);
    let all = match scores.all(results, asked) {
        Ok((all, problem)) => {
            problem.into_iter().for_each(|problem| skips.file(&file.path, problem));
            all
        }
        Err(problem) => {
            skips.file(&file.path, problem);
            return None;
        }
    };
    let name = known.names.get(&folder).cloned().unwrap_or_else(|| clean(&folder));
    let model = Model { name, known: true, ..Model::default() };
    let mut run = Run { file: file.path.clone(), task: category, model, ..Run::default() };
    for id in all {
        let line = scores.lines.get(&id).copied().unwrap_or(1);
        let Some(text) = known.texts.get(&id) else {
            skips.row(
                &file.path,
                line,
                "no text of the question",
                "put the questions next to score",
            );
            continue;
        };
        let asked = Asked { stem: text.clone(), ..Asked::default() };
        let document = Document { id: Some(hash(&id)), asked: asked.into(), ..Document::default() };
        let right = f32::from(u8::from(!scores.wrong.contains(&id)));
        run.answer(line, document, "", &[("valid".into(), right)]);
    }
    (!run.parts.is_empty()).then_some(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_files_hold() {
        for (name, category, wanted) in [
            ("BFCL_v3_simple_score.json", "bfcl-v3/simple", Kind::Scores),
            ("BFCL_v4_multi_turn_base_result.json", "bfcl-v4/multi_turn_base", Kind::Results),
            ("BFCL_v3_live_simple.json", "bfcl-v3/live_simple", Kind::Questions),
        ] {
            assert_eq!(kind(name), Some((category.to_owned(), wanted)), "{name}");
        }
        assert_eq!(kind("summary.json"), None);
    }
}
