//! HELM: one folder per run.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::import::document::Asked;
use crate::import::files::{File, Tree, stem};
use crate::import::report::Skips;
use crate::import::run::{Document, Model, Run, clean, hash};
use crate::import::value::{Means, plain};
use crate::import::{Job, json};
use crate::names::natural;

/// Arguments of a run's name about how the model was asked, not what.
const ADAPTER: &[&str] = &[
    "model",
    "model_deployment",
    "method",
    "data_augmentation",
    "max_train_instances",
    "num_train_trials",
    "num_outputs",
    "temperature",
    "stop",
    "instructions",
    "prompt",
    "suffix",
    "global_prefix",
    "global_suffix",
    "groups",
    "eval_split",
    "train_split",
    "max_eval_instances",
    "use_chain_of_thought",
    "use_official_examples",
    "use_few_shot",
    "num_respondents",
    "max_tokens",
    "tokenizer",
    "increase_max_tokens",
    "increase_temperature",
    "output_format_instructions",
    "chatml",
    "run_human_eval",
    "annotator_model",
    "annotator_model_deployment",
];
/// Settings of the adapter that make two runs of a model differ.
const SETTINGS: &[&str] = &[
    "method",
    "instructions",
    "max_train_instances",
    "num_outputs",
    "temperature",
    "chain_of_thought_prefix",
];

/// A run's own description.
#[derive(Default, Deserialize)]
struct Spec {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    adapter_spec: Value,
}

/// One job per `run_spec.json`.
pub(super) fn jobs(tree: &Tree, skips: &mut Skips) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for spec in tree.files(|name| stem(name, ".json") == Some("run_spec")) {
        if stem(spec.name(), ".json") != Some("run_spec") {
            skips.file(&spec.path, "no run_spec.json: pass the folder of the run");
            continue;
        }
        let beside = |name: &str| tree.beside(&spec, name).cloned();
        // The published part of a release is enough too.
        let asked = beside("scenario_state.json").or_else(|| beside("instances.json"));
        let scored =
            beside("per_instance_stats.json").or_else(|| beside("display_predictions.json"));
        match (asked, scored) {
            (Some(state), Some(stats)) => {
                jobs.push(Arc::new(move |skips: &mut Skips| {
                    read(&spec, &state, &stats, skips).into_iter().collect()
                }));
            }
            (state, _) => {
                let missing =
                    if state.is_none() { "scenario_state.json" } else { "per_instance_stats.json" };
                skips.file(&spec.path, format!("no {missing} next to it"));
            }
        }
    }
    jobs
}

/// Reads a run. Perturbed questions are skipped; several trials are averaged.
fn read(file: &File, state: &File, stats: &File, skips: &mut Skips) -> Option<Run> {
    let spec: Spec = match json::document(file) {
        Ok(spec) => spec,
        Err(reason) => {
            skips.file(&file.path, reason);
            return None;
        }
    };
    let mut name = spec.name.as_str().map(clean).unwrap_or_default();
    if name.is_empty() {
        name = file.folders().first().map(|folder| clean(folder)).unwrap_or_default();
    }
    let task = category(&name);
    let model = model(&name, &spec.adapter_spec);
    let (Some(task), Some(model)) = (task, model) else {
        skips.file(&file.path, "neither `name` nor the folder names its model and scenario");
        return None;
    };
    let mut asked: HashMap<String, (Arc<Asked>, u64)> = HashMap::new();
    json::records(
        state,
        Some("request_states"),
        skips,
        |line, request: Map<String, Value>, skips| {
            // In `instances.json` each record is one.
            let within = request.get("instance").filter(|instance| instance.is_object()).cloned();
            let instance = &match within {
                Some(instance) => instance,
                None if request.contains_key("input") => Value::Object(request),
                None => return skips.row(&state.path, line, "no instance", ""),
            };
            let Some(id) = plain(&instance["id"]).filter(|_| instance["perturbation"].is_null())
            else {
                return;
            };
            if asked.contains_key(&id) {
                return;
            }
            match question(instance) {
                Some(question) => {
                    let content = hash(&format!("{}{}", instance["input"], instance["references"]));
                    asked.insert(id, (question.into(), content));
                }
                None => skips.row(&state.path, line, "no question", ""),
            }
        },
    );
    let date = suite(file);
    let mut run = Run { file: stats.path.clone(), task, model, date, ..Run::default() };
    let mut order: Vec<(String, u64)> = Vec::new();
    let mut answers: HashMap<String, Means> = HashMap::new();
    json::records(stats, None, skips, |line, scored: Map<String, Value>, skips| {
        let field = |name: &str| scored.get(name).unwrap_or(&Value::Null);
        if !field("perturbation").is_null() {
            return;
        }
        let scores = scores(field("stats"));
        if scores.is_empty() {
            return skips.row(&stats.path, line, "no metric", "");
        }
        let id = plain(field("instance_id")).unwrap_or_default();
        if !asked.contains_key(&id) {
            return skips.row(
                &stats.path,
                line,
                "no question of this instance_id in scenario_state.json",
                &id,
            );
        }
        let means = answers.entry(id.clone()).or_insert_with(|| {
            order.push((id, line));
            Means::default()
        });
        scores.iter().for_each(|(name, value)| means.add(name, *value));
    });
    for (id, line) in order {
        let (Some((question, content)), Some(means)) = (asked.get(&id), answers.remove(&id)) else {
            continue;
        };
        let document = Document {
            hash: None,
            content: Some(*content),
            id: Some(hash(&id)),
            asked: Arc::clone(question),
            split: None,
        };
        run.answer(line, document, "", &means.finish());
    }
    (!run.parts.is_empty()).then_some(run)
}

/// The suite of a run, `v1.9.0` of `runs/v1.9.0/RUN`, in a form that sorts: of several runs of a model, the
/// newest suite counts.
fn suite(file: &File) -> String {
    let folders = file.folders();
    let suite = folders.get(1).filter(|_| folders.get(2).is_some_and(|above| above == "runs"));
    suite.map(|suite| natural(suite)).unwrap_or_default()
}

/// The question of an instance, with its choices.
fn question(instance: &Value) -> Option<Asked> {
    let stem = content(&instance["input"])?;
    let references = instance["references"].as_array().map_or(&[][..], Vec::as_slice);
    let correct = |reference: &&Value| {
        reference["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == "correct"))
    };
    // If every reference is correct, they are answers, not choices.
    let choose = references.len() > 1 && !references.iter().all(|reference| correct(&reference));
    let texts = references.iter().filter_map(|reference| content(&reference["output"]));
    let choices = if choose { texts.collect() } else { Vec::new() };
    Some(Asked { stem, choices, ..Asked::default() })
}

/// A text, in any of the forms of HELM's versions.
fn content(value: &Value) -> Option<String> {
    let messages = || {
        let messages = value["messages"].as_array()?;
        let user = messages.iter().filter(|message| message["role"] == "user");
        Some(user.filter_map(|message| message["content"].as_str()).collect::<Vec<_>>().join("\n"))
    };
    let media = || {
        let objects = value["multimedia_content"]["media_objects"].as_array()?;
        Some(
            objects
                .iter()
                .filter_map(|object| object["text"].as_str())
                .collect::<Vec<_>>()
                .join("\n"),
        )
    };
    let texts = [
        value.as_str().map(str::to_owned),
        value["text"].as_str().map(str::to_owned),
        messages(),
        media(),
    ];
    texts.into_iter().flatten().map(|text| text.trim().to_owned()).find(|text| !text.is_empty())
}

/// The metrics of an answer, with the mean of each.
fn scores(stats: &Value) -> Vec<(String, f32)> {
    let mut scores: Vec<(String, f32)> = Vec::new();
    for (name, value) in stats.as_object().into_iter().flatten() {
        scores.push((name.clone(), value.as_f64().map_or(f32::NAN, |value| value as f32)));
    }
    for stat in stats.as_array().into_iter().flatten() {
        let name = stat["name"]["name"].as_str().or_else(|| stat["name"].as_str());
        let Some(name) = name.filter(|_| stat["name"]["perturbation"].is_null()) else { continue };
        if !scores.iter().any(|(known, _)| known == name) {
            let mean = stat["mean"].as_f64().or_else(|| {
                Some(stat["sum"].as_f64()? / stat["count"].as_f64().filter(|n| *n > 0.0)?)
            });
            scores.push((name.to_owned(), mean.map_or(f32::NAN, |mean| mean as f32)));
        }
    }
    scores
}

/// The arguments of a run's name.
fn arguments(name: &str) -> impl Iterator<Item = (&str, &str)> {
    let arguments = name.split_once(':').map_or("", |(_, arguments)| arguments);
    arguments.split(',').filter_map(|argument| argument.split_once('='))
}

/// `mmlu/anatomy` for `mmlu:subject=anatomy,method=…,model=…`: the scenario and its subject.
fn category(name: &str) -> Option<String> {
    let scenario = name.split([':', ',']).next().unwrap_or(name).trim();
    let parts: Vec<&str> = arguments(name)
        .filter(|(key, value)| !ADAPTER.contains(key) && !matches!(*value, "True" | "False" | ""))
        .map(|(_, value)| value)
        .collect();
    let scenario = Some(scenario).filter(|scenario| !scenario.is_empty())?;
    Some(if parts.is_empty() {
        scenario.to_owned()
    } else {
        format!("{scenario}/{}", parts.join(","))
    })
}

/// The model of a run, with the settings of its adapter.
fn model(name: &str, adapter: &Value) -> Option<Model> {
    let text = |value: &Value| value.as_str().map(clean).filter(|text| !text.is_empty());
    let argument = arguments(name)
        .find(|(key, _)| *key == "model")
        .map(|(_, value)| value.replacen('_', "/", 1));
    let model =
        text(&adapter["model"]).or_else(|| text(&adapter["model_deployment"])).or(argument)?;
    let mut soft = BTreeMap::new();
    for key in SETTINGS {
        match &adapter[*key] {
            Value::String(value) if value.len() > 40 => {
                soft.insert((*key).to_owned(), format!("{:08x}", hash(value) as u32));
            }
            Value::String(value) if !value.is_empty() => {
                soft.insert((*key).to_owned(), clean(value));
            }
            Value::Number(value) => {
                soft.insert((*key).to_owned(), value.to_string());
            }
            _ => {}
        }
    }
    let mut fixed = BTreeMap::new();
    if let Some(deployment) =
        text(&adapter["model_deployment"]).filter(|deployment| *deployment != model)
    {
        soft.insert("deployment".into(), deployment);
    }
    if let Some(revision) = text(&adapter["model_revision"]) {
        fixed.insert("revision".into(), revision);
    }
    Some(Model { name: clean(&model), fixed, soft, known: true, params_b: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_hold_what_was_asked() {
        for (name, wanted) in [
            ("mmlu:subject=anatomy,method=multiple_choice_joint,model=a_b", "mmlu/anatomy"),
            ("wmt_14:language_pair=cs-en,model=a_b", "wmt_14/cs-en"),
            (
                "math:subject=algebra,level=1,use_official_examples=False,model=a_b",
                "math/algebra,1",
            ),
            ("ifeval:model=a_b", "ifeval"),
            ("gsm", "gsm"),
        ] {
            assert_eq!(category(name).as_deref(), Some(wanted));
        }
        assert_eq!(category(""), None);
    }
}
