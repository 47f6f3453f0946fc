//! Extracts the question from a document, in a form that does not depend on the prompt template.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::fields::{Role, is_tests, role};
use super::value::literal;
use crate::names::spaced;

/// Minimum length of a text in the prompt for an unknown field to count as part of the question.
const TELLING: usize = 12;
/// A text of this length that is part of another is not repeated.
const REPEATED: usize = 20;

/// A question in its parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked {
    /// Context and question.
    pub(super) stem: String,
    /// The answer choices.
    pub(super) choices: Vec<String>,
    /// The other fields that are neither answers nor metadata. They distinguish questions with the same text.
    pub(super) rest: String,
    /// True if it is the raw prompt, since there is no document.
    pub(super) rendered: bool,
    /// Its keys, computed on demand.
    pub(super) keys: OnceLock<[u64; 2]>,
}

impl Asked {
    /// The text: context and question, then a line for each choice.
    pub(super) fn text(&self, with_rest: bool) -> String {
        let mut text = self.stem.clone();
        if with_rest && !self.rest.is_empty() {
            text.push('\n');
            text.push_str(&self.rest);
        }
        for (letter, choice) in ('A'..='Z').zip(&self.choices) {
            text.push_str(&format!("\n{letter}. {}", choice.trim()));
        }
        text.trim().to_owned()
    }

    /// A key that ignores white space and the order of the choices.
    pub(super) fn key(&self) -> u64 {
        self.keys()[0]
    }

    /// As [`Self::key`], including the other fields.
    pub(super) fn wide_key(&self) -> u64 {
        self.keys()[1]
    }

    fn keys(&self) -> [u64; 2] {
        *self.keys.get_or_init(|| {
            let key = self.narrow_key();
            [key, xxh3_64(format!("{key:x}\0{}", spaced(&self.rest)).as_bytes())]
        })
    }

    fn narrow_key(&self) -> u64 {
        let mut choices: Vec<String> = self.choices.iter().map(|choice| spaced(choice)).collect();
        choices.sort_unstable();
        let text = format!("{}\0{}", spaced(&self.stem), choices.join("\0"));
        xxh3_64(text.as_bytes())
    }

    fn is_empty(&self) -> bool {
        self.stem.trim().is_empty() && self.choices.iter().all(|choice| choice.trim().is_empty())
    }
}

/// Hints about which fields were part of the prompt.
#[derive(Clone, Copy, Default)]
pub(super) struct Hints<'a> {
    /// The field chosen by the user.
    pub(super) field: Option<&'a str>,
    /// The names in the task's prompt template.
    pub(super) used: &'a [String],
    /// The raw prompt.
    pub(super) prompt: Option<&'a str>,
}

/// Reads documents of a task, caching the roles of their fields.
#[derive(Default)]
pub(super) struct Reader {
    roles: HashMap<String, Role>,
}

impl Reader {
    /// The question of a document, or `None` if there is none.
    pub(super) fn read(&mut self, doc: &Value, hints: Hints) -> Option<Asked> {
        let asked = match doc {
            Value::Object(doc) => self.object(doc, hints)?,
            Value::String(text) if hints.field.is_none() => {
                Asked { stem: text.trim().to_owned(), ..Asked::default() }
            }
            _ => return None,
        };
        (!asked.is_empty()).then_some(asked)
    }

    fn role(&mut self, name: &str) -> Role {
        if let Some(role) = self.roles.get(name) {
            return *role;
        }
        let role = role(name);
        self.roles.insert(name.to_owned(), role);
        role
    }

    fn object(&mut self, doc: &Map<String, Value>, hints: Hints) -> Option<Asked> {
        let prompt = hints.prompt.map(spaced);
        let in_prompt = |text: &str| {
            let text = spaced(text);
            text.chars().count() >= TELLING
                && prompt.as_ref().is_some_and(|prompt| prompt.contains(&text))
        };
        let roles: Vec<Role> = doc.keys().map(|name| self.role(name)).collect();
        let main = roles.contains(&Role::Question { main: true });
        let (mut contexts, mut questions, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        let (mut lists, mut single, mut within) = (Vec::new(), Vec::new(), Vec::new());
        let (mut tests, mut parts) = (Vec::new(), Vec::new());
        for ((name, value), role) in doc.iter().zip(roles) {
            let used = hints.used.contains(name);
            match (role, value) {
                (Role::Choices, _) => lists.push((name, value)),
                (Role::Choice, _) => single.push(value),
                // A nested document, such as {"stem": …, "choices": …}.
                (Role::Question { .. }, Value::Object(inner)) => {
                    if let Some(asked) = self.object(inner, Hints { field: None, ..hints }) {
                        questions.push(asked.stem);
                        within = asked.choices;
                    }
                }
                (Role::Question { main: is_main }, _) => {
                    // Several questions about one text, each with its answer: only the questions are used.
                    if let Some(records) = records(value) {
                        for inner in records {
                            let asked = self.object(&inner, Hints { field: None, ..hints });
                            questions.extend(asked.map(|asked| asked.text(false)));
                        }
                        continue;
                    }
                    let Some(text) = text(value, used) else { continue };
                    if is_main || used || !main || in_prompt(&text) {
                        questions.push(text);
                    }
                }
                (Role::Context, Value::Object(inner)) if text(value, used).is_none() => {
                    let asked = self.object(inner, Hints { field: None, ..hints });
                    contexts.extend(asked.map(|asked| asked.stem));
                }
                (Role::Context, _) => {
                    let text = text(value, used);
                    // `ctx_a` and `ctx_b` are usually parts of another field.
                    if name.ends_with("_a") || name.ends_with("_b") {
                        parts.extend(text.clone());
                    }
                    contexts.extend(text);
                }
                (Role::Metadata | Role::Unknown, _) if used => contexts.extend(text(value, true)),
                (Role::Answer, Value::Array(items)) if is_tests(name) => {
                    let shown = |item: &Value| item.as_str().is_some_and(in_prompt);
                    if !items.is_empty() && items.iter().all(shown) {
                        tests.extend(text(value, false));
                    }
                }
                (Role::Answer | Role::Metadata, _) => {}
                (Role::Unknown, Value::Object(inner)) => {
                    let strings = inner.values().filter_map(Value::as_str);
                    contexts.extend(strings.filter(|text| in_prompt(text)).map(str::to_owned));
                }
                (Role::Unknown, _) => {
                    let Some(text) = text(value, true) else { continue };
                    if in_prompt(&text) {
                        contexts.push(text);
                    } else {
                        rest.push((name, text, value.is_string()));
                    }
                }
            }
        }
        if let Some(field) = hints.field {
            let value = doc.get(field).or_else(|| {
                doc.iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(field))
                    .map(|(_, value)| value)
            })?;
            (contexts, questions) = (Vec::new(), vec![text(value, true)?]);
        }
        let mut choices = Vec::new();
        for (_, value) in lists {
            match value {
                Value::String(_) if choices.is_empty() => questions.extend(text(value, false)),
                value if choices.is_empty() => choices = listed(value),
                _ => {}
            }
        }
        let single: Vec<String> =
            single.into_iter().filter_map(|value| text(value, true)).collect();
        if choices.is_empty() {
            choices = if single.len() > 1 { single } else { within };
        }
        questions.extend(tests);
        let mut stem = joined(contexts, questions, &parts);
        let mut written = String::new();
        let strings = rest.iter().filter(|(_, _, string)| *string);
        if stem.is_empty() && choices.is_empty() && prompt.as_deref().is_none_or(str::is_empty) {
            stem = strings.map(|(_, text, _)| text.trim()).collect::<Vec<_>>().join("\n");
        } else {
            let lines = rest.iter().map(|(name, text, _)| format!("{name}: {}", text.trim()));
            written = lines.collect::<Vec<_>>().join("\n");
        }
        Some(Asked { stem, choices, rest: written, ..Asked::default() })
    }
}

/// Joins texts with line breaks, without those contained in another one (ignoring case).
fn joined(contexts: Vec<String>, questions: Vec<String>, parts: &[String]) -> String {
    let texts: Vec<String> = contexts.into_iter().chain(questions).collect();
    let plain: Vec<String> = texts.iter().map(|text| spaced(text).to_lowercase()).collect();
    // The start or the end of another text: a context split into parts is no longer than one of them.
    let edge = |text: &str, long: &str| {
        let apart = |rest: &str, c: Option<char>| {
            !rest.is_empty() && c.is_none_or(|c| !c.is_alphanumeric())
        };
        let start = long.strip_prefix(text).is_some_and(|rest| apart(rest, rest.chars().next()));
        let end = long.strip_suffix(text).is_some_and(|rest| apart(rest, rest.chars().next_back()));
        start || end
    };
    let held = |at: usize| {
        let text = &plain[at];
        text.is_empty()
            || plain.iter().enumerate().any(|(other, long)| {
                other != at
                    && ((text.chars().count() >= REPEATED
                        && long.contains(text.as_str())
                        && (long.len() > text.len() || other < at))
                        || (parts.contains(&texts[at]) && edge(text, long)))
            })
    };
    let kept = (0..texts.len()).filter(|&at| !held(at)).map(|at| texts[at].trim());
    kept.collect::<Vec<_>>().join("\n")
}

/// The objects of a list of only objects, in JSON or Python syntax, except messages.
fn records(value: &Value) -> Option<Vec<Map<String, Value>>> {
    let items = match value {
        Value::Array(items) => items.clone(),
        Value::String(text) if text.trim_start().starts_with("[{") => literal(text)?,
        _ => return None,
    };
    let object = |item: Value| match item {
        Value::Object(object) if !object.contains_key("content") => Some(object),
        _ => None,
    };
    let asks = |item: &Map<String, Value>| {
        item.keys().any(|name| matches!(role(name), Role::Question { .. }))
    };
    let records: Vec<_> = items.into_iter().map(object).collect::<Option<_>>()?;
    (!records.is_empty() && records.iter().all(asks)).then_some(records)
}

/// A value as text; numbers only if wanted.
fn text(value: &Value, numbers: bool) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if numbers => number.to_string(),
        Value::Array(items) => {
            let texts = items.iter().map(|item| item_text(item, numbers));
            texts.collect::<Option<Vec<_>>>()?.join("\n")
        }
        Value::Object(object) => ["text", "content", "stem", "value"]
            .iter()
            .find_map(|name| object.get(*name)?.as_str())?
            .to_owned(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// A list item as text; for messages, their content.
fn item_text(item: &Value, numbers: bool) -> Option<String> {
    match item {
        Value::Array(items) => {
            let texts = items.iter().map(|item| item_text(item, numbers));
            Some(texts.collect::<Option<Vec<_>>>()?.join(" "))
        }
        item => text(item, numbers),
    }
}

/// The choices of a list of texts or of objects with a text, of an object with such a list, or of an object
/// with a text for each letter.
fn listed(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::Object(object) => {
            ["text", "content", "value", "atext", "choice", "option", "answer"]
                .iter()
                .find_map(|name| text(object.get(*name)?, true))
        }
        value => text(value, true),
    };
    match value {
        Value::Array(items) => items.iter().filter_map(one).collect(),
        Value::Object(object) => {
            let list = ["text", "choices", "options", "answer_str"]
                .iter()
                .find_map(|name| object.get(*name)?.as_array());
            match list {
                Some(items) => items.iter().filter_map(one).collect(),
                None => object.values().filter_map(one).collect(),
            }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(doc: Value, used: &[&str], prompt: Option<&str>) -> Asked {
        let used: Vec<String> = used.iter().map(|name| (*name).to_owned()).collect();
        Reader::default().read(&doc, Hints { field: None, used: &used, prompt }).unwrap()
    }

    #[test]
    fn context_comes_before_the_question_and_answers_stay_out() {
        let doc = json!({"id": 7, "question": "Why?", "passage": "It rained.", "answer": "Rain.",
                         "explanation": "Water falls."});
        assert_eq!(read(doc, &[], None).text(false), "It rained.\nWhy?");
    }

    #[test]
    fn choices_of_every_form() {
        let wanted = "Which?\nA. ash\nB. oak";
        for doc in [
            json!({"question": "Which?", "choices": ["ash", "oak"]}),
            json!({"question": "Which?", "choices": {"text": ["ash", "oak"], "label": ["A", "B"]}}),
            json!({"question": "Which?", "options": {"A": "ash", "B": "oak"}}),
            json!({"question": "Which?", "options": [{"key": "A", "text": "ash"}, {"key": "B", "text": "oak"}]}),
            json!({"question": "Which?", "answerA": "ash", "answerB": "oak", "label": "1"}),
            json!({"Question": "Which?", "A": "ash", "B": "oak", "Answer": "A"}),
            json!({"question": {"stem": "Which?", "choices": [{"label": "A", "text": "ash"}, {"label": "B", "text": "oak"}]}}),
        ] {
            assert_eq!(read(doc.clone(), &[], None).text(false), wanted, "{doc}");
        }
    }

    #[test]
    fn a_context_in_parts() {
        let doc = json!({"question": "Why?", "context": {"contexts": ["It rained.", "It poured."], "labels": ["A"]}});
        assert_eq!(read(doc, &[], None).text(false), "It rained.\nIt poured.\nWhy?");
    }

    #[test]
    fn an_unknown_field_is_asked_if_the_template_or_the_prompt_holds_it() {
        let doc = json!({"question": "Who?", "clue": "They carry a lantern.", "note": "by the editor, in May"});
        assert_eq!(read(doc.clone(), &[], None).text(false), "Who?");
        assert_eq!(read(doc.clone(), &["clue"], None).text(false), "They carry a lantern.\nWho?");
        let prompt = "[INST] They carry\n a lantern. Who? [/INST]";
        let asked = read(doc, &[], Some(prompt));
        assert_eq!(asked.text(false), "They carry a lantern.\nWho?");
        assert_eq!(asked.rest, "note: by the editor, in May");
    }

    #[test]
    fn a_shuffled_choice_is_the_same_question() {
        let one = read(json!({"question": "Which?", "choices": ["ash", "oak"]}), &[], None);
        let two = read(json!({"question": "Which? ", "choices": ["oak", "ash"]}), &[], None);
        assert_eq!(one.key(), two.key());
        let three = read(json!({"question": "Which?", "choices": ["oak", "elm"]}), &[], None);
        assert_ne!(one.key(), three.key());
    }

    #[test]
    fn tests_belong_to_the_question_where_the_prompt_shows_them() {
        let doc = json!({"text": "Add two numbers.", "code": "x",
                         "test_list": ["assert add(1, 2) == 3", "assert add(2, 2) == 4"]});
        let prompt = "Add two numbers.\nassert add(1, 2) == 3\nassert add(2, 2) == 4\n[BEGIN]";
        let wanted = "Add two numbers.\nassert add(1, 2) == 3\nassert add(2, 2) == 4";
        assert_eq!(read(doc.clone(), &[], Some(prompt)).text(false), wanted);
        let hidden = read(doc, &[], Some("Add two numbers.\n[BEGIN]"));
        assert_eq!(hidden.text(false), "Add two numbers.");
    }

    #[test]
    fn several_questions_on_one_text_do_not_tell_their_answers() {
        let wanted = "It rained.\nWhat fell?\nA. rain\nB. it's snow";
        for problems in [
            json!(
                "[{'question': 'What fell?', 'answer': 'A', 'options': ['rain', \"it's snow\"]}]"
            ),
            json!([{"question": "What fell?", "answer": "A", "options": ["rain", "it's snow"]}]),
        ] {
            let doc = json!({"article": "It rained.", "problems": problems});
            assert_eq!(read(doc, &[], None).text(false), wanted);
        }
    }

    #[test]
    fn a_text_that_another_holds_is_not_repeated() {
        let doc = json!({"ctx_a": "A man climbs up a tall tree.", "ctx_b": "he",
                         "query": "Climbing: A man climbs up a tall tree. He", "endings": ["falls", "sings"]});
        let wanted = "Climbing: A man climbs up a tall tree. He\nA. falls\nB. sings";
        assert_eq!(read(doc, &[], None).text(false), wanted);
        let doc = json!({"text": "Bob hit Al.", "span_text": "Bob"});
        assert_eq!(read(doc, &[], None).text(false), "Bob hit Al.\nBob", "it may be what is asked");
    }
}
