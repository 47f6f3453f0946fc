//! Release 0.3: `TASK_write_out_info.json`, with the prompt of each request.

use std::cmp::Ordering;
use std::path::Path;

use serde_json::Value;

use super::results;
use crate::import::document::Asked;
use crate::import::files::{File, Tree, bare, stem};
use crate::import::report::Skips;
use crate::import::run::{Document, Run, clean, hash};
use crate::import::value::{Record, score};
use crate::import::{json, prompt};

const SUFFIX: &str = "_write_out_info";
/// Fields of a record other than prompts, answers and metrics.
const OTHERS: &[&str] = &["doc_id", "truth", "pred", "gold", "missing", "decontaminate"];
/// Maximum size of results: 16 MiB.
const RESULTS: u64 = 16 << 20;

pub(super) fn is_one(file: &File) -> bool {
    bare(file.name()).ends_with(SUFFIX)
}

/// Information before the records are read: results may be next to the file, under any name.
pub(super) fn run(file: &File, tree: &Tree) -> Run {
    let task = bare(file.name()).trim_end_matches(SUFFIX).to_owned();
    let mut run = Run { file: file.path.clone(), task, ..Run::default() };
    let folder = file.path.parent();
    let short = |path: &Path| path.metadata().is_ok_and(|about| about.len() <= RESULTS);
    let beside = tree.all().filter(|other| {
        other.path.parent() == folder
            && stem(other.name(), ".json").is_some()
            && !is_one(other)
            && short(&other.path)
    });
    for other in beside {
        let Ok(about) = json::document::<Value>(other) else { continue };
        let config = &about["config"];
        let Some(args) = config["model_args"].as_str().filter(|_| about["results"].is_object())
        else {
            continue;
        };
        run.model = results::model_of(args);
        run.shots = config["num_fewshot"].as_u64().map(|n| n.to_string());
        if about["results"].get(&run.task).is_some() {
            break;
        }
    }
    if run.model.name.is_empty() {
        run.model.name = clean(&super::folder(file));
    }
    run
}

/// Reads the records: a list of them, or an object with a record for each number.
pub(super) fn read(file: &File, mut run: Run, skips: &mut Skips) -> Option<Run> {
    json::records(file, None, skips, |line, record: Record, skips| {
        if record.contains_key("doc_id") {
            return answer(file, &mut run, line, &record, skips);
        }
        for record in record.values() {
            match record.as_object().filter(|record| record.contains_key("doc_id")) {
                Some(record) => answer(file, &mut run, line, record, skips),
                None => skips.row(&file.path, line, "no sample", "`doc_id` is not there"),
            }
        }
    });
    (!run.parts.is_empty()).then_some(run)
}

fn answer(file: &File, run: &mut Run, line: u64, record: &Record, skips: &mut Skips) {
    let mut prompts: Vec<(u32, &str)> = record
        .iter()
        .filter_map(|(name, value)| {
            Some((name.strip_prefix("prompt_")?.parse().ok()?, value.as_str()?))
        })
        .collect();
    prompts.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(Ordering::Equal));
    let texts: Vec<&str> = prompts.into_iter().map(|(_, text)| text).collect();
    let (stem, choices) = parts(&texts);
    if stem.is_empty() {
        return skips.row(&file.path, line, "no question", "no `prompt_0`");
    }
    let metric = |name: &str| {
        !OTHERS.contains(&name) && !name.starts_with("prompt_") && !name.starts_with("logit_")
    };
    let scores: Vec<(String, f32)> = record
        .iter()
        .filter(|(name, _)| metric(name))
        .map(|(name, value)| (name.clone(), score(value)))
        .collect();
    if scores.is_empty() {
        return skips.row(&file.path, line, "no metric", "");
    }
    let id = record.get("doc_id").map(|id| hash(&id.to_string()));
    let asked = Asked { stem, choices, rendered: true, ..Asked::default() };
    let document = Document { id, asked: asked.into(), ..Document::default() };
    run.answer(line, document, "", &scores);
}

/// The question, the common prefix of all prompts, and the rest of each: the choices.
fn parts(prompts: &[&str]) -> (String, Vec<String>) {
    let Some(first) = prompts.first() else { return <_>::default() };
    let distinct = prompts.iter().any(|prompt| prompt != first);
    if !distinct {
        return (prompt::core(first), Vec::new());
    }
    let shared = |other: &str| {
        let pairs = first.char_indices().zip(other.chars());
        let end = pairs.take_while(|((_, a), b)| a == b).last();
        end.map_or(0, |((at, c), _)| at + c.len_utf8())
    };
    let end = prompts.iter().map(|prompt| shared(prompt)).min().unwrap_or_default();
    // Not within a word with which several choices start.
    let end = first[..end].rfind(char::is_whitespace).map_or(end, |at| at);
    let choices = prompts.iter().map(|prompt| prompt[end..].trim().to_owned());
    (prompt::core(&first[..end]), choices.filter(|choice| !choice.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_what_all_prompts_begin_with() {
        let prompts = [
            "Q: How?\nA: So.\n\nQ: Which?\nA: the ash",
            "Q: How?\nA: So.\n\nQ: Which?\nA: the oak",
        ];
        let (stem, choices) = parts(&prompts);
        assert_eq!(
            (stem.as_str(), choices),
            ("Q: Which?\nA: the", vec!["ash".into(), "oak".into()])
        );
        assert_eq!(parts(&["Why?"]), ("Why?".into(), Vec::new()));
    }
}
