//! `llmap inspect`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Common, output};
use crate::dataset::{Attribute, Dataset, Split, Values};
use crate::embedder::Embedder;
use crate::encoder::Part;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap inspect                    the embedder that llmap ships with
  llmap inspect my.safetensors
  llmap inspect mydata --json")]
pub struct Arguments {
    /// An embedder (a file, or `shipped`) or a data set (a folder).
    #[arg(value_name = "FILE", default_value = super::SHIPPED)]
    path: PathBuf,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let found = if arguments.path.is_dir() {
        of_data(&super::data(&arguments.path)?)
    } else if let Some(paper) = super::paper_at(&arguments.path) {
        super::import::of_paper(&paper?)
    } else {
        of_embedder(&*super::embedder(Some(&arguments.path), common)?, &arguments.path)?
    };
    if common.json { output::json(&found) } else { output::text(&screen(&found)) }
}

fn of_data(data: &Dataset) -> Value {
    let mut splits = serde_json::Map::new();
    for split in Split::ALL {
        let questions = data.split(split);
        let responses: usize = questions.iter().map(|&q| data.responses.of(q).len()).sum();
        splits.insert(
            split.name().into(),
            json!({ "questions": questions.len(), "responses": responses }),
        );
    }
    let mut categories: BTreeMap<&str, (usize, usize, usize, f64)> = BTreeMap::new();
    let mut right = 0.0;
    for (q, question) in data.questions.iter().enumerate() {
        let category = question.category as usize;
        let entry = categories.entry(&data.categories[category]).or_default();
        entry.0 = category;
        entry.1 += 1;
        for (_, y) in data.responses.of(q) {
            entry.2 += 1;
            entry.3 += f64::from(y);
            right += f64::from(y);
        }
    }
    let cells = data.questions.len() * data.models.len();
    let share = |sum: f64, n: usize| if n > 0 { Some(sum / n as f64) } else { None };
    json!({
        "kind": "dataset",
        "name": data.name,
        "models": data.models.len(),
        "questions": data.questions.len(),
        "responses": data.responses.len(),
        "mean_label": share(right, data.responses.len()),
        "filled": share(data.responses.len() as f64, cells),
        "splits": splits,
        "categories": categories.iter().map(|(name, (category, questions, responses, right))| json!({
            "name": name,
            "kind": data.kinds[*category].name(),
            "description": about(&data.descriptions[*category]),
            "questions": questions,
            "responses": responses,
            "mean_label": share(*right, *responses),
        })).collect::<Vec<_>>(),
        "attributes": attributes(&data.attributes),
        "simulated": data.simulated(),
        "fingerprint": data.fingerprint(),
        "problems": data.problems(),
    })
}

/// A description; null if there is none.
fn about(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

fn of_embedder(embedder: &Embedder, path: &Path) -> Result<Value> {
    let bytes = if path.as_os_str() == super::SHIPPED {
        None
    } else {
        Some(path.metadata().map_err(|e| Error::io(path, e))?.len())
    };
    Ok(json!({
        "kind": "embedder",
        "models": embedder.models(),
        "dimensions": embedder.dim(),
        "encoder": embedder.encoder().name(),
        "encoder_parts": embedder.encoder().parts().iter().map(|part| json!({
            "name": part.name(),
            "dimensions": part.dim(),
            "settings": match part {
                Part::Builtin(builtin) => json!(builtin.settings()),
                Part::Sentence(sentence) => json!(sentence.identity()),
                Part::Absent(identity) => json!(identity),
            },
            "here": !matches!(part, Part::Absent(_)),
        })).collect::<Vec<_>>(),
        "benchmarks": embedder.benchmarks().iter().map(|b| json!({
            "name": b.name,
            "kind": b.kind,
            "description": about(&b.description),
            "questions": b.questions,
            "models": b.scores.iter().flatten().count(),
        })).collect::<Vec<_>>(),
        "attributes": attributes(embedder.attributes()),
        "calibration": embedder.calibration(),
        "provenance": embedder.provenance(),
        "limits": embedder.limits(),
        "bytes": bytes,
    }))
}

fn attributes(attributes: &[Attribute]) -> Vec<Value> {
    let known = |values: &Values| (0..values.len()).filter(|&m| values.text(m).is_some()).count();
    attributes
        .iter()
        .map(|a| json!({ "name": a.name, "kind": a.values.kind(), "known": known(&a.values) }))
        .collect()
}

/// The document as indented text, for reading.
fn screen(value: &Value) -> String {
    let mut out = String::new();
    lines(value, 0, &mut out);
    out
}

fn lines(value: &Value, depth: usize, out: &mut String) {
    let Value::Object(fields) = value else { return };
    let fields: Vec<(String, &Value)> =
        fields.iter().map(|(name, value)| (crate::one_line(name), value)).collect();
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in fields {
        let indent = "  ".repeat(depth);
        match value {
            Value::Object(_) => {
                *out += &format!("{indent}{name}\n");
                lines(value, depth + 1, out);
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                *out += &format!("{indent}{name}: {}\n", items.len());
                for item in items {
                    *out += &format!("{indent}  {}\n", line(item));
                }
            }
            Value::Null => {}
            _ => *out += &format!("{indent}{name:width$}  {}\n", line(value)),
        }
    }
}

fn line(value: &Value) -> String {
    let text = match value {
        Value::Object(fields) => {
            let mut fields = fields.iter();
            let name = fields.next().map(|(_, name)| crate::cell(&line(name), 80));
            let name = name.unwrap_or_default();
            let rest = fields.filter(|(_, v)| !v.is_null());
            let rest: Vec<_> = rest.map(|(name, v)| format!("{name} {}", line(v))).collect();
            format!("{name:28} {}", rest.join(", "))
        }
        Value::Array(items) => match items.len() {
            0 => "none".into(),
            n if n > 8 => {
                let first: Vec<_> = items.iter().take(3).map(line).collect();
                format!("{n}: {}, …", first.join(", "))
            }
            _ => items.iter().map(line).collect::<Vec<_>>().join("; "),
        },
        Value::String(text) => text.clone(),
        Value::Number(n) => n.as_f64().filter(|_| n.is_f64()).map_or_else(
            || n.to_string(),
            |x| match x.abs() {
                0.0 | 1e-4..1e15 => format!("{x:.4}"),
                _ => crate::number(x),
            },
        ),
        other => other.to_string(),
    };
    crate::one_line(&text)
}
