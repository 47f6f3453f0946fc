//! MMLU-Pro: predicted and correct answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::each;
use crate::import::document::Asked;
use crate::import::files::{File, Tree, bare, stem};
use crate::import::report::Skips;
use crate::import::run::{Document, Model, Run, clean, hash};
use crate::import::value::{Record, text};
use crate::import::{Job, json};

/// Names of other files next to the answers.
const OTHERS: &[&str] = &["summary", "config", "args", "metadata", "accuracy", "results"];

/// One job per file of answers.
pub(super) fn jobs(tree: &Tree) -> Vec<Job> {
    let wanted = |name: &str| {
        let json = [".json", ".jsonl"].iter().any(|ending| stem(name, ending).is_some());
        json && !OTHERS.iter().any(|other| bare(name).to_lowercase().ends_with(other))
    };
    // With other names only files with answers count; a directly given one is read anyway.
    let sure = |file: &File| {
        let name = bare(file.name());
        name.starts_with("model_outputs_") || name.ends_with("_result") || tree.is_named(file)
    };
    let answers = |record: &Record| {
        record.contains_key("question")
            && ["pred", "answer"].iter().any(|key| record.contains_key(*key))
    };
    let files = tree.files(wanted).into_iter();
    each(files.filter(|file| sure(file) || json::begins_with(file, answers)), read)
}

/// The model in the name of the file, or else of its folder, and the number of examples.
fn model(file: &File) -> (String, Option<String>) {
    let stem = bare(file.name());
    if let Some(rest) = stem.strip_prefix("model_outputs_") {
        let shots = rest.rsplit_once('_').and_then(|(model, shots)| {
            let n = shots.strip_suffix("shots").or_else(|| shots.strip_suffix("shot"))?;
            n.bytes().all(|b| b.is_ascii_digit()).then(|| (model.to_owned(), n.to_owned()))
        });
        return shots.map_or((rest.to_owned(), None), |(model, n)| (model, Some(n)));
    }
    // Below the model's folder there may be folders for prompting methods.
    let way = |name: &&String| {
        !matches!(&*name.to_lowercase(), "cot" | "all" | "no_cot" | "result" | "results")
    };
    let folders = file.folders();
    (folders.iter().find(way).cloned().unwrap_or_default(), None)
}

/// Reads the answers of a model, one run per category.
fn read(file: &File, skips: &mut Skips) -> Vec<Run> {
    let (name, shots) = model(file);
    let name = clean(&name);
    if name.is_empty() {
        skips
            .file(&file.path, "the model is unknown: rename it to model_outputs_MODEL_5shots.json");
        return Vec::new();
    }
    let mut runs: BTreeMap<String, Run> = BTreeMap::new();
    json::records(file, None, skips, |line, answered: Record, skips| {
        let text = |name: &str| text(&answered, name);
        let Some(question) = text("question") else {
            return skips.row(&file.path, line, "no question", "");
        };
        let right = text("answer").and_then(letter).or_else(|| {
            let index = u32::try_from(answered.get("answer_index")?.as_u64()?).ok()?;
            char::from_u32('A' as u32 + index).filter(char::is_ascii_uppercase)
        });
        let (Some(right), Some(pred)) = (right, answered.get("pred")) else {
            return skips.row(&file.path, line, "no answer", "`answer` and `pred` are required");
        };
        let category = text("category")
            .map_or_else(|| "mmlu-pro".into(), |name| format!("mmlu-pro/{}", clean(name)));
        // No prediction means that no letter was found in the output, which counts as incorrect.
        let correct = pred.as_str().and_then(letter) == Some(right);
        let options = answered.get("options").and_then(Value::as_array).into_iter().flatten();
        let choices = options.filter_map(Value::as_str).map(str::to_owned).collect();
        let document = Document {
            id: answered
                .get("question_id")
                .filter(|id| !id.is_null())
                .map(|id| hash(&id.to_string())),
            asked: Asked { stem: question.to_owned(), choices, ..Asked::default() }.into(),
            ..Document::default()
        };
        let run = runs.entry(category.clone()).or_insert_with(|| Run {
            file: file.path.clone(),
            task: category,
            model: Model { name: name.clone(), known: true, ..Model::default() },
            shots: shots.clone(),
            ..Run::default()
        });
        run.answer(line, document, "", &[("pred == answer".into(), f32::from(u8::from(correct)))]);
    });
    runs.into_values().collect()
}

/// The letter of a choice, written as `B`, `b`, `(B)` or `B.`
fn letter(text: &str) -> Option<char> {
    let mut letters = text.chars().filter(|c| !matches!(c, '(' | ')' | '.' | ' ' | '*'));
    let letter = letters.next().filter(char::is_ascii_alphabetic)?;
    letters.next().is_none().then_some(letter.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_every_form() {
        for text in ["B", "b", "(B)", "B.", " B "] {
            assert_eq!(letter(text), Some('B'), "{text}");
        }
        assert_eq!(letter("BC"), None);
        assert_eq!(letter("7"), None);
    }
}
