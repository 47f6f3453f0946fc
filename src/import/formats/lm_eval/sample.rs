//! A line of a file of samples: the question, and the values of its metrics.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::import::files::File;
use crate::import::json;

/// Fields of a sample other than metrics.
const OTHERS: &[&str] = &[
    "target",
    "resps",
    "filtered_resps",
    "prompt_hash",
    "target_hash",
    "schema",
    "versions",
    "input",
    "prompt",
    "output",
    "logit_0",
    "truth",
    "sample_id",
    "token_counts",
    "reasoning",
];

/// The needed part of a sample. The model's output is skipped without being stored.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub(super) doc: Option<Value>,
    pub(super) doc_id: Option<Value>,
    pub(super) doc_hash: Option<String>,
    pub(super) filter: Option<String>,
    /// The raw prompt.
    pub(super) prompt: Option<String>,
    /// The metrics with their values, NaN if there is none.
    pub(super) scores: Vec<(String, f32)>,
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SampleVisitor)
    }
}

struct SampleVisitor;

impl<'de> Visitor<'de> for SampleVisitor {
    type Value = Sample;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sample")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sample, A::Error> {
        let mut sample = Sample::default();
        let mut named: Option<Vec<String>> = None;
        let mut scores: Vec<(String, f32)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "doc" => sample.doc = Some(map.next_value()?).filter(|doc: &Value| !doc.is_null()),
                "doc_id" => {
                    sample.doc_id = Some(map.next_value()?).filter(|id: &Value| !id.is_null());
                }
                "doc_hash" => sample.doc_hash = text(map.next_value()?),
                "filter" => sample.filter = text(map.next_value()?),
                "arguments" => sample.prompt = map.next_value::<Prompt>()?.text(),
                "metrics" => {
                    if let Value::Array(names) = map.next_value()? {
                        named = Some(names.into_iter().filter_map(text).collect());
                    }
                }
                key if OTHERS.contains(&key) => drop(map.next_value::<IgnoredAny>()?),
                _ => scores.push((key, map.next_value::<Score>()?.0)),
            }
        }
        sample.scores = match named {
            // In the listed order; one without a value has failed.
            Some(named) => {
                let value = |name: &String| {
                    let found = scores.iter().find(|(key, _)| key == name);
                    found.map_or(f32::NAN, |(_, value)| *value)
                };
                named.iter().map(|name| (name.clone(), value(name))).collect()
            }
            None => scores,
        };
        Ok(sample)
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The value of a metric, NaN if it is not a number: null, a list, a text.
struct Score(f32);

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScoreVisitor).map(Self)
    }
}

struct ScoreVisitor;

impl<'de> Visitor<'de> for ScoreVisitor {
    type Value = f32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of a metric")
    }

    fn visit_bool<E>(self, value: bool) -> Result<f32, E> {
        Ok(f32::from(u8::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<f32, E> {
        Ok(value as f32)
    }

    fn visit_u64<E>(self, value: u64) -> Result<f32, E> {
        Ok(value as f32)
    }

    fn visit_i64<E>(self, value: i64) -> Result<f32, E> {
        Ok(value as f32)
    }

    fn visit_str<E>(self, value: &str) -> Result<f32, E> {
        Ok(match value.trim() {
            "True" | "true" => 1.0,
            "False" | "false" => 0.0,
            number => number.parse().unwrap_or(f32::NAN),
        })
    }

    fn visit_unit<E>(self) -> Result<f32, E> {
        Ok(f32::NAN)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<f32, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(f32::NAN)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<f32, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(f32::NAN)
    }
}

/// The prompt: the first text of the arguments or, for messages, the last one of the user.
enum Prompt {
    Text(String),
    Message { user: bool, text: String },
    Nothing,
}

impl Prompt {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Message { text, .. } => {
                Some(text).filter(|text| !text.trim().is_empty())
            }
            Self::Nothing => None,
        }
    }
}

impl<'de> Deserialize<'de> for Prompt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PromptVisitor)
    }
}

struct PromptVisitor;

impl<'de> Visitor<'de> for PromptVisitor {
    type Value = Prompt;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the arguments of a request")
    }

    fn visit_str<E>(self, value: &str) -> Result<Prompt, E> {
        Ok(Prompt::Text(value.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Prompt, E> {
        Ok(Prompt::Nothing)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Prompt, E> {
        Ok(Prompt::Nothing)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Prompt, E> {
        Ok(Prompt::Nothing)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Prompt, E> {
        Ok(Prompt::Nothing)
    }

    fn visit_unit<E>(self) -> Result<Prompt, E> {
        Ok(Prompt::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Prompt, A::Error> {
        let mut found = Prompt::Nothing;
        while let Some(next) = list.next_element::<Prompt>()? {
            // The last message of the user, or whatever comes first.
            let users = matches!(next, Prompt::Message { user: true, .. });
            if users || matches!(found, Prompt::Nothing) {
                found = next;
            }
            if matches!(found, Prompt::Text(_)) {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Prompt, A::Error> {
        let (mut role, mut content, mut found) = (None, None, Prompt::Nothing);
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value::<Prompt>()?;
            match (&*key, &found) {
                ("role", _) => role = value.text(),
                ("content", _) => content = value.text(),
                (_, Prompt::Nothing) => found = value,
                _ => {}
            }
        }
        Ok(match (role, content) {
            (Some(role), Some(text)) => Prompt::Message { user: role == "user", text },
            (None, Some(text)) => Prompt::Text(text),
            _ => found,
        })
    }
}

/// True if one of the first records of a file is a sample, regardless of the file's name.
pub(super) fn holds_samples(file: &File) -> bool {
    json::begins_with(file, |record| {
        let has = |key: &str| record.contains_key(key);
        has("doc_id") && ["doc", "arguments", "resps", "filtered_resps"].into_iter().any(has)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Sample {
        json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn metrics_are_what_is_named_or_what_is_left() {
        let sample = read(
            r#"{"doc_id": 1, "acc": true, "f1": [1, 2], "metrics": ["f1", "acc", "em"], "resps": [["x"]]}"#,
        );
        let names: Vec<&str> = sample.scores.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["f1", "acc", "em"]);
        assert!(sample.scores[0].1.is_nan() && sample.scores[2].1.is_nan());
        assert!((sample.scores[1].1 - 1.0).abs() < 1e-6);
        assert_eq!(read(r#"{"target": "x", "exact_match": NaN}"#).scores.len(), 1);
    }

    #[test]
    fn the_prompt_in_every_form() {
        for arguments in [
            r#"{"gen_args_0": {"arg_0": "Why?", "arg_1": {"until": ["x"]}}}"#,
            r#"[["Why?", " a"], ["Why?", " b"]]"#,
            r#"{"gen_args_0": {"arg_0": ["Why?"]}}"#,
            r#"[[[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Why?"}], {}]]"#,
        ] {
            let sample = read(&format!("{{\"arguments\": {arguments}}}"));
            assert_eq!(sample.prompt.as_deref(), Some("Why?"), "{arguments}");
        }
    }
}
