//! AlpacaEval: wins against the reference.

use std::collections::BTreeMap;

use serde_json::Value;

use super::each;
use crate::dataset::Kind;
use crate::import::document::Asked;
use crate::import::files::{File, Tree, bare, stem};
use crate::import::report::Skips;
use crate::import::run::{Document, Model, Run, clean};
use crate::import::value::{Record, text};
use crate::import::{Job, json};

/// The name that the tool gives to unnamed models.
const NAMELESS: &[&str] = &["current model", "model", "model_outputs", "output_2"];

/// One job per file of annotations.
pub(super) fn jobs(tree: &Tree) -> Vec<Job> {
    let wanted = |name: &str| {
        [".json", ".jsonl"].iter().any(|ending| stem(name, ending).is_some())
            && bare(name) == "annotations"
    };
    each(tree.files(wanted), read)
}

/// Reads annotations: preferred to the reference counts as correct. Each judge and reference is a separate
/// task.
fn read(file: &File, skips: &mut Skips) -> Vec<Run> {
    let mut runs: BTreeMap<(String, String), Run> = BTreeMap::new();
    json::records(file, None, skips, |line, annotation: Record, skips| {
        let text = |name: &str| text(&annotation, name);
        let Some(preference) = annotation.get("preference") else {
            return skips.row(&file.path, line, "no preference", "");
        };
        let Some(instruction) = text("instruction") else {
            return skips.row(&file.path, line, "no question", "`instruction` is empty");
        };
        let Some(model) = text("generator_2").map(clean).filter(|name| !name.is_empty()) else {
            return skips.row(&file.path, line, "no model", "name it in `generator_2`");
        };
        let model = if NAMELESS.contains(&&*model.to_lowercase()) {
            folder(file).unwrap_or(model)
        } else {
            model
        };
        let reference = text("generator_1").map(clean).unwrap_or_default();
        if model == reference {
            return skips.row(&file.path, line, "the model is the reference itself", "");
        }
        let judge =
            text("annotator").map_or_else(String::new, |judge| format!("/{}", clean(judge)));
        let run =
            runs.entry((model.clone(), format!("{judge}\0{reference}"))).or_insert_with(|| Run {
                file: file.path.clone(),
                task: format!("alpaca-eval{judge}\0{reference}"),
                kind: Kind::Preference,
                model: Model { name: model, known: true, ..Model::default() },
                ..Run::default()
            });
        // The topic of the instruction, if the question set has it.
        let stem = match text("input") {
            Some(input) => format!("{instruction}\n{input}"),
            None => instruction.to_owned(),
        };
        let asked = Asked { stem, ..Asked::default() };
        let document = Document { asked: asked.into(), ..Document::default() };
        run.answer(line, document, "", &[("preference".into(), won(preference))]);
    });
    runs.into_values().collect()
}

/// 1 if the model won, 0 if the reference did, 0.5 for a draw; NaN if there is no preference. It is written
/// as 2, 1 and 1.5, or a number between; older files write a draw as 0.
fn won(preference: &Value) -> f32 {
    let number = preference.as_f64().or_else(|| preference.as_str()?.trim().parse().ok());
    match number {
        Some(0.0) => 0.5,
        Some(number) if (1.0..=2.0).contains(&number) => (number - 1.0) as f32,
        _ => f32::NAN,
    }
}

/// The model in the name of the folder above the judge's.
fn folder(file: &File) -> Option<String> {
    let folders = file.folders();
    folders
        .get(1)
        .or_else(|| folders.first())
        .map(|name| clean(name))
        .filter(|name| !name.is_empty())
}

/// Names tasks by their judge only, if each judge has one reference.
pub(in crate::import) fn name_tasks(tasks: &mut [String]) {
    let several: Vec<bool> = tasks
        .iter()
        .map(|task| {
            let judge = |task: &str| task.split('\0').next().map(str::to_owned);
            tasks.iter().filter(|other| judge(other) == judge(task)).count() > 1
        })
        .collect();
    for (task, several) in tasks.iter_mut().zip(several) {
        let Some((judge, reference)) = task.split_once('\0') else { continue };
        let alone = !several || reference.is_empty();
        *task = if alone { judge.to_owned() } else { format!("{judge} against {reference}") };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn preferences_of_every_form() {
        for (preference, wanted) in [
            (json!(2), 1.0),
            (json!(1.0), 0.0),
            (json!(1.5), 0.5),
            (json!(0), 0.5),
            (json!("1.25"), 0.25),
        ] {
            assert!((won(&preference) - wanted).abs() < 1e-6, "{preference}");
        }
        assert!(won(&Value::Null).is_nan() && won(&json!(3)).is_nan() && won(&json!("x")).is_nan());
    }
}
