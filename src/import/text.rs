//! The question in a document of another program, as a person would ask it.

use serde_json::{Map, Value};

/// Where documents keep their question, the likeliest first.
const FIELDS: [&str; 13] = [
    "question",
    "query",
    "problem",
    "instruction",
    "prompt",
    "goal",
    "sentence",
    "input",
    "text",
    "ctx",
    "premise",
    "story",
    "passage",
];
/// Where they keep what can be chosen: a list of texts, or an object with a list `text`.
const CHOICES: [&str; 3] = ["choices", "options", "endings"];
/// Or a field each.
const PAIRS: [[&str; 2]; 2] = [["option1", "option2"], ["sol1", "sol2"]];

/// The question of a document with its choices; `field` names where it stands.
pub(super) fn question(doc: &Map<String, Value>, field: Option<&str>) -> Option<String> {
    let text = |field: &str| doc.get(field)?.as_str().filter(|text| !text.trim().is_empty());
    let question = match field {
        Some(field) => text(field)?,
        None => FIELDS.into_iter().find_map(text)?,
    };
    Some(with_choices(question, &choices(doc)))
}

/// A question and what can be chosen, a line each.
pub(super) fn with_choices(question: &str, choices: &[&str]) -> String {
    let mut text = question.trim().to_owned();
    for (letter, choice) in ('A'..='Z').zip(choices) {
        text.push_str(&format!("\n{letter}. {}", choice.trim()));
    }
    text
}

fn choices(doc: &Map<String, Value>) -> Vec<&str> {
    let listed = CHOICES.into_iter().find_map(|field| {
        let value = doc.get(field)?;
        value.as_array().or_else(|| value.get("text")?.as_array())
    });
    if let Some(listed) = listed {
        return listed.iter().filter_map(Value::as_str).collect();
    }
    let pair = |[a, b]: [&str; 2]| Some(vec![doc.get(a)?.as_str()?, doc.get(b)?.as_str()?]);
    PAIRS.into_iter().find_map(pair).unwrap_or_default()
}

/// Right or wrong, as 1, 0 or a share between.
pub(super) fn label(value: &Value) -> Option<f32> {
    let number = match value {
        Value::Bool(right) => f64::from(u8::from(*right)),
        value => value.as_f64()?,
    };
    (0.0..=1.0).contains(&number).then_some(number as f32)
}
