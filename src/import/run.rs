//! A run: the answers of one model to one task, from a file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::document::Asked;
use super::value::{is_percentage, score};
use crate::dataset::{Kind, Split};

/// The model of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Model {
    /// Its name, trimmed.
    pub(super) name: String,
    /// Settings that define another model: revision, adapter, quantization.
    pub(super) fixed: BTreeMap<String, String>,
    /// Settings that define another model only if both answered the same task.
    pub(super) soft: BTreeMap<String, String>,
    /// False if its settings are unknown.
    pub(super) known: bool,
    /// Its parameters in billions.
    pub(super) params_b: Option<f64>,
}

/// A document that a model was asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    /// Its hash from the evaluation tool.
    pub(super) hash: Option<u64>,
    /// A hash of its content.
    pub(super) content: Option<u64>,
    /// Its number within the task.
    pub(super) id: Option<u64>,
    /// Its question.
    pub(super) asked: Arc<Asked>,
    /// Its split, if the file has it.
    pub(super) split: Option<Split>,
}

/// The answers of a run under one filter.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// Its name; empty if there are no filters.
    pub(super) filter: String,
    /// The names of its metrics.
    pub(super) metrics: Vec<String>,
    /// The document of each answer.
    pub(super) docs: Vec<u32>,
    /// The line of each answer.
    pub(super) lines: Vec<u32>,
    /// For each metric the value of each answer; NaN if missing.
    pub(super) values: Vec<Vec<f32>>,
    /// Answers that are fractions regardless of the scale, such as `73.5%`.
    pub(super) shares: HashSet<usize>,
}

/// The answers of one model to one task.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) file: PathBuf,
    pub(super) task: String,
    /// The kind of its labels.
    pub(super) kind: Kind,
    pub(super) model: Model,
    /// Its date, in a form that sorts; empty if unknown.
    pub(super) date: String,
    /// Number of few-shot examples.
    pub(super) shots: Option<String>,
    /// A hash of all documents of the task.
    pub(super) task_hash: Option<String>,
    /// Metrics for which lower is better.
    pub(super) lower: Vec<String>,
    pub(super) docs: Vec<Document>,
    pub(super) parts: Vec<Part>,
    /// Documents by key, while the file is read.
    pub(super) index: HashMap<u64, u32>,
}

/// A hash of a text.
pub(super) fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// A model's name without invisible characters: surrounding blanks, control and zero-width characters.
pub(super) fn clean(name: &str) -> String {
    let unseen =
        |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let name: String = name
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !unseen(*c))
        .collect();
    crate::names::spaced(&name)
}

/// The runs of a file with several models and tasks. A text that many models were asked is stored once.
pub(super) struct Runs {
    file: PathBuf,
    index: HashMap<u64, usize>,
    all: Vec<Run>,
    texts: HashMap<u64, Arc<Asked>>,
}

impl Runs {
    pub(super) fn new(file: &Path) -> Self {
        let (index, texts) = (HashMap::new(), HashMap::new());
        Self { file: file.into(), index, all: Vec::new(), texts }
    }

    /// The run of a model on a task.
    pub(super) fn run(&mut self, task: &str, model: &str) -> &mut Run {
        let next = self.all.len();
        let at = *self.index.entry(hash(&format!("{task}\0{model}"))).or_insert(next);
        if at == next {
            let model = Model { name: clean(model), known: true, ..Model::default() };
            let (file, task) = (self.file.clone(), task.to_owned());
            self.all.push(Run { file, task, model, ..Run::default() });
        }
        &mut self.all[at]
    }

    /// A question from its text.
    pub(super) fn text(&mut self, stem: &str, choices: &[String]) -> Arc<Asked> {
        let key = hash(&format!("{stem}\0{}", choices.join("\0")));
        let asked = self.texts.entry(key).or_insert_with(|| {
            let (stem, choices) = (stem.trim().to_owned(), choices.to_vec());
            Arc::new(Asked { stem, choices, ..Asked::default() })
        });
        Arc::clone(asked)
    }

    /// Those with answers, in order of appearance.
    pub(super) fn finish(self) -> Vec<Run> {
        self.all
    }
}

impl Run {
    /// Adds an answer.
    pub(super) fn answer(
        &mut self,
        line: u64,
        doc: Document,
        filter: &str,
        scores: &[(String, f32)],
    ) {
        let doc = self.document(doc);
        let known = self.parts.iter().position(|part| part.filter == filter);
        let at = known.unwrap_or_else(|| {
            self.parts.push(Part { filter: filter.into(), ..Part::default() });
            self.parts.len() - 1
        });
        self.parts[at].push(line as u32, doc, scores);
    }

    /// Adds an answer with a single score.
    pub(super) fn scored(&mut self, line: u64, doc: Document, value: &Value) {
        self.answer(line, doc, "", &[("score".into(), score(value))]);
        if let (true, Some(part)) = (is_percentage(value), self.parts.first_mut()) {
            part.shares.insert(part.docs.len() - 1);
        }
    }

    /// The index of a document: the same one if hash, content and number are equal.
    fn document(&mut self, mut doc: Document) -> u32 {
        let next = self.docs.len() as u32;
        if !doc.asked.rendered {
            doc.content = doc.content.or_else(|| Some(doc.asked.wide_key()));
        }
        let text = if doc.content.is_none() { doc.asked.key() } else { 0 };
        let keys = [doc.hash, doc.content, doc.id].map(|key| key.unwrap_or(0));
        let there = [doc.hash, doc.content, doc.id].map(|key| u64::from(key.is_some()));
        let bytes = [keys, there, [text, 0, 0]].concat();
        let bytes: Vec<u8> = bytes.iter().flat_map(|part| part.to_le_bytes()).collect();
        let key = xxh3_64(&bytes);
        let index = *self.index.entry(key).or_insert(next);
        if index == next {
            self.docs.push(doc);
        }
        index
    }

    /// Ignores invalid hashes: different documents with the same one.
    pub(super) fn check_hashes(&mut self) {
        self.index = HashMap::new();
        let mut contents = HashMap::new();
        let mut same = true;
        for doc in &self.docs {
            if let (Some(hash), Some(content)) = (doc.hash, doc.content) {
                same &= *contents.entry(hash).or_insert(content) == content;
            }
        }
        if !same {
            self.docs.iter_mut().for_each(|doc| doc.hash = None);
        }
    }
}

impl Part {
    fn push(&mut self, line: u32, doc: u32, scores: &[(String, f32)]) {
        let row = self.docs.len();
        self.lines.push(line);
        self.docs.push(doc);
        for (name, value) in scores {
            let known = self.metrics.iter().position(|metric| metric == name);
            let at = known.unwrap_or_else(|| {
                self.metrics.push(name.clone());
                self.values.push(vec![f32::NAN; row]);
                self.metrics.len() - 1
            });
            if self.values[at].len() == row {
                self.values[at].push(*value);
            }
        }
        for column in &mut self.values {
            column.resize(row + 1, f32::NAN);
        }
    }

    /// The column of a metric.
    pub(super) fn column(&self, metric: &str) -> Option<&[f32]> {
        let at = self.metrics.iter().position(|name| name == metric)?;
        Some(&self.values[at])
    }
}
