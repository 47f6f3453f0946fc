//! Parses single values of records: texts, numbers, scores.

use serde_json::{Map, Value};

/// The fields of a record, by name.
pub(super) type Record = Map<String, Value>;

/// The text of a field, unless it is blank.
pub(super) fn text<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    record.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A field as text: a text or a number.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// True if the value is blank.
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => {
            let text = text.trim();
            ["", "nan", "none", "null", "na", "n/a", "-"]
                .iter()
                .any(|blank| text.eq_ignore_ascii_case(blank))
        }
        Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// A score: a number, true or false, or a word for correct or incorrect; NaN if it is none.
pub(super) fn score(value: &Value) -> f32 {
    match value {
        Value::Bool(right) => f32::from(u8::from(*right)),
        Value::Number(number) => number.as_f64().map_or(f32::NAN, |number| number as f32),
        Value::String(text) => word(text.trim()),
        _ => f32::NAN,
    }
}

/// True for a number with a percent sign, which [`score`] converts to a fraction.
pub(super) fn is_percentage(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().ends_with('%'))
}

/// The means of values by name, ignoring NaN.
#[derive(Default)]
pub(super) struct Means(Vec<(String, f32, u32)>);

impl Means {
    pub(super) fn add(&mut self, name: &str, value: f32) {
        let (value, n) = if value.is_nan() { (0.0, 0) } else { (value, 1) };
        match self.0.iter_mut().find(|(known, ..)| known == name) {
            Some((_, sum, count)) => {
                *sum += value;
                *count += n;
            }
            None => self.0.push((name.to_owned(), value, n)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each name with its mean, NaN if there was no value.
    pub(super) fn finish(self) -> Vec<(String, f32)> {
        self.0.into_iter().map(|(name, sum, n)| (name, sum / n as f32)).collect()
    }
}

fn word(text: &str) -> f32 {
    if let Ok(number) = text.parse::<f32>() {
        return number;
    }
    if let Some(percent) =
        text.strip_suffix('%').and_then(|number| number.trim().parse::<f32>().ok())
    {
        return percent / 100.0;
    }
    match &*text.to_lowercase() {
        "true" | "yes" | "correct" | "right" | "pass" | "passed" | "success" | "resolved"
        | "win" => 1.0,
        "false" | "no" | "incorrect" | "wrong" | "fail" | "failed" | "failure" | "unresolved"
        | "loss" => 0.0,
        "partial" | "tie" | "draw" => 0.5,
        _ => f32::NAN,
    }
}

/// The user's part of messages, or the text itself.
pub(super) fn user_text(value: &Value) -> Option<String> {
    let content = |content: &Value| match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let parts = parts.iter().filter_map(|part| part["text"].as_str().or(part.as_str()));
            Some(parts.collect::<Vec<_>>().join("\n"))
        }
        _ => None,
    };
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let mut texts: Vec<String> = Vec::new();
            for item in items {
                match item {
                    Value::String(text) => texts.push(text.clone()),
                    // Nested turns.
                    Value::Array(_) => texts.extend(self::user_text(item)),
                    Value::Object(message) => {
                        let role = message.get("role").and_then(Value::as_str).unwrap_or("user");
                        if matches!(role, "user" | "human") {
                            texts.extend(message.get("content").and_then(content));
                        }
                    }
                    _ => {}
                }
            }
            texts.join("\n")
        }
        Value::Object(object) => ["content", "text", "question", "prompt"]
            .iter()
            .find_map(|name| user_text(object.get(*name)?))?,
        _ => return None,
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A list of texts: in JSON, or written as a Python or JSON list within a text.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(plain).collect(),
        Value::Object(object) => ["text", "choices", "options"]
            .iter()
            .find_map(|name| object.get(*name))
            .map_or_else(|| object.values().filter_map(plain).collect(), texts),
        Value::String(text) if text.trim_start().starts_with(['[', '{']) => {
            let parsed: Result<Value, _> = serde_json::from_str(text);
            parsed.map_or_else(|_| python(text).unwrap_or_default(), |value| texts(&value))
        }
        _ => Vec::new(),
    }
}

/// A list in JSON or Python syntax.
pub(super) fn literal(text: &str) -> Option<Vec<Value>> {
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&as_json(text)).ok())
}

/// Converts Python syntax to JSON.
fn as_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' || c == '"' {
            let mut one = String::new();
            while let Some(next) = chars.next().filter(|next| *next != c) {
                match next {
                    '\\' => match chars.next() {
                        Some('n') => one.push('\n'),
                        Some('t') => one.push('\t'),
                        Some('r') => one.push('\r'),
                        Some(other) => one.push(other),
                        None => {}
                    },
                    next => one.push(next),
                }
            }
            out.push_str(&Value::String(one).to_string());
        } else if c.is_alphabetic() {
            let mut word = c.to_string();
            while let Some(next) = chars.next_if(|c| c.is_alphanumeric()) {
                word.push(next);
            }
            out.push_str(match &*word {
                "True" => "true",
                "False" => "false",
                "None" => "null",
                other => other,
            });
        } else {
            out.push(c);
        }
    }
    out
}

/// The texts of a list as Python prints it: `['a', "b's"]`.
pub(super) fn python(text: &str) -> Option<Vec<String>> {
    let inside = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let (mut all, mut chars) = (Vec::new(), inside.chars());
    while let Some(c) = chars.next() {
        if c == '\'' || c == '"' {
            let mut one = String::new();
            loop {
                match chars.next()? {
                    '\\' => match chars.next()? {
                        'n' => one.push('\n'),
                        't' => one.push('\t'),
                        'r' => one.push('\r'),
                        other => one.push(other),
                    },
                    end if end == c => break,
                    other => one.push(other),
                }
            }
            all.push(one);
        } else if c != ',' && !c.is_whitespace() {
            return None;
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scores_of_every_form() {
        for (value, wanted) in [
            (json!(true), 1.0),
            (json!(0.25), 0.25),
            (json!("1"), 1.0),
            (json!(" False "), 0.0),
            (json!("62.5%"), 0.625),
            (json!("Correct"), 1.0),
            (json!("partial"), 0.5),
        ] {
            assert!((score(&value) - wanted).abs() < 1e-6, "{value}");
        }
        assert!(score(&json!("maybe")).is_nan() && score(&Value::Null).is_nan());
        assert!(is_blank(&json!("NaN")) && is_blank(&Value::Null) && !is_blank(&json!(0)));
    }

    #[test]
    fn what_a_user_says_and_lists_within_texts() {
        let turns =
            json!([[{"role": "system", "content": "x"}, {"role": "user", "content": "Why?"}]]);
        assert_eq!(user_text(&turns).as_deref(), Some("Why?"));
        let parts = json!([{"role": "user", "content": [{"type": "text", "text": "How?"}]}]);
        assert_eq!(user_text(&parts).as_deref(), Some("How?"));
        assert_eq!(texts(&json!("['a', \"b's\"]")), ["a", "b's"]);
        assert_eq!(texts(&json!({"text": ["a"], "label": ["A"]})), ["a"]);
        assert_eq!(python("[1, 2]"), None);
        let printed = r#"[{'q': 'it\'s "so"', 'ok': True, 'n': 1.5, 'x': None}]"#;
        let wanted = json!({"q": "it's \"so\"", "ok": true, "n": 1.5, "x": null});
        assert_eq!(literal(printed), Some(vec![wanted]));
    }
}
