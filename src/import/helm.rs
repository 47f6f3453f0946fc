//! HELM: a folder a run.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::records::Records;
use super::{Options, source, text};
use crate::error::{Error, Result};

/// Metrics that say whether an answer is right, the likeliest first.
const METRICS: [&str; 6] = [
    "quasi_exact_match",
    "exact_match",
    "final_number_exact_match",
    "math_equiv_chain_of_thought",
    "math_equiv",
    "chain_of_thought_correctness",
];

#[derive(Deserialize)]
struct Spec {
    name: String,
    adapter_spec: Adapter,
}

#[derive(Deserialize)]
struct Adapter {
    model: String,
}

#[derive(Deserialize)]
struct State {
    request_states: Vec<Request>,
}

#[derive(Deserialize)]
struct Request {
    instance: Instance,
}

#[derive(Deserialize)]
struct Instance {
    id: Option<String>,
    input: Value,
    #[serde(default)]
    references: Vec<Value>,
    perturbation: Option<Value>,
}

#[derive(Deserialize)]
struct Scored {
    instance_id: String,
    perturbation: Option<Value>,
    #[serde(default)]
    train_trial_index: u32,
    stats: Vec<Stat>,
}

#[derive(Deserialize)]
struct Stat {
    name: Name,
    mean: Option<f64>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// Reads the run beside `path`, its `run_spec.json`. Perturbed questions and all trials but the first
/// are passed over.
pub(super) fn read(path: &Path, options: &Options, records: &mut Records) -> Result<()> {
    let spec: Spec = source::json(path)?;
    let state: State = source::json(&path.with_file_name("scenario_state.json"))?;
    let stats_path = path.with_file_name("per_instance_stats.json");
    let scored: Vec<Scored> = source::json(&stats_path)?;
    let mut prompts: HashMap<String, String> = HashMap::new();
    for Request { instance } in state.request_states {
        let (Some(id), None) = (&instance.id, &instance.perturbation) else { continue };
        let Some(asked) = said(&instance.input) else { continue };
        let choices: Vec<&str> = instance.references.iter().filter_map(reference).collect();
        // One reference is the right answer, not a choice.
        let choices = if choices.len() > 1 { &choices[..] } else { &[] };
        prompts.entry(id.clone()).or_insert_with(|| text::with_choices(asked, choices));
    }
    let model = records.model(&spec.adapter_spec.model, None);
    let category = category(&spec.name);
    let mut judged = 0;
    for one in scored.iter().filter(|one| one.perturbation.is_none() && one.train_trial_index == 0)
    {
        let mean = |name: &str| one.stats.iter().find(|stat| stat.name.name == name)?.mean;
        let found = match &options.metric {
            Some(metric) => mean(metric),
            None => METRICS.into_iter().find_map(mean),
        };
        let label = found.filter(|mean| (0.0..=1.0).contains(mean));
        match (label, prompts.get(&one.instance_id)) {
            (Some(label), Some(prompt)) => {
                judged += 1;
                records.answer(model, &category, prompt, label as f32);
            }
            _ => records.unjudged += 1,
        }
    }
    if judged == 0 && !scored.is_empty() {
        let names = scored[0].stats.iter().map(|stat| &*stat.name.name).collect::<Vec<_>>();
        let problem = format!("no metric of right or wrong (there are: {})", names.join(", "));
        return Err(Error::input(&stats_path, problem, "name one with --metric"));
    }
    Ok(())
}

/// A text, in whichever form a version of HELM keeps it.
fn said(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("text")?.as_str()).filter(|text| !text.trim().is_empty())
}

fn reference(reference: &Value) -> Option<&str> {
    said(reference.get("output")?)
}

/// `mmlu/anatomy` for `mmlu:subject=anatomy,method=…,model=…`.
fn category(name: &str) -> String {
    let (scenario, arguments) = name.split_once(':').unwrap_or((name, ""));
    let part = arguments.split(',').find_map(|argument| {
        let (key, value) = argument.split_once('=')?;
        ["subject", "task", "dataset", "subset", "level"].contains(&key).then_some(value)
    });
    part.map_or_else(|| scenario.to_owned(), |part| format!("{scenario}/{part}"))
}
