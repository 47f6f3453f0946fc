//! Evaluation records: a sparse matrix of labels, questions × models.

mod answers;
mod attributes;
mod builder;
mod cells;
mod embedllm;
pub mod filter;
mod guess;
mod kinds;
mod matching;
mod merge;
mod read;
mod responses;
mod rules;
mod scores;
pub mod simulate;
mod tables;
mod write;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::names::look_alikes;

pub use answers::{Answer, load_answers};
pub use attributes::{Attribute, Values};
pub use cells::Columns;
pub use guess::guess;
pub use kinds::Kind;
pub use matching::NearMiss;
pub use merge::{Conflict, Merged, join_attributes, merge};
pub use read::{load, load_attributes, load_questions, load_with_responses, table_files};
pub(crate) use responses::ByModel;
pub use responses::Responses;
pub use rules::load_rules;
pub(crate) use rules::pattern;
pub use scores::load_scores;
pub(crate) use tables::split_by_text;

pub use crate::table::Form;

/// The part of the data a question belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// For fitting the embedder.
    Train,
    /// For choosing epochs, temperature and designs.
    Val,
    /// For the final evaluation.
    Test,
}

impl Split {
    /// The three splits, in order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Val, Self::Test];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }

    /// The split called `name` in a file.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|split| split.name() == name)
    }
}

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its id in the file.
    pub id: Box<str>,
    /// Index into [`Dataset::categories`].
    pub category: u32,
    /// Its split.
    pub split: Split,
    /// Its text; never empty.
    pub prompt: Box<str>,
}

/// A data set in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The name of its folder.
    pub name: String,
    /// The questions, in file order.
    pub questions: Vec<Question>,
    /// Names of the categories (benchmarks), in order of appearance.
    pub categories: Vec<String>,
    /// The kind of the labels of each category.
    pub kinds: Vec<Kind>,
    /// What each category asks, in a few words; empty if unknown.
    pub descriptions: Vec<String>,
    /// Names of the models; unique.
    pub models: Vec<String>,
    /// Their ids in the file.
    pub model_ids: Vec<Box<str>>,
    /// The attributes of the models.
    pub attributes: Vec<Attribute>,
    /// The responses.
    pub responses: Responses,
    /// Warnings about cells of attributes, one sentence each.
    pub remarks: Vec<String>,
}

impl Dataset {
    /// The indices of the questions of one split, in order.
    #[must_use]
    pub fn split(&self, split: Split) -> Vec<usize> {
        (0..self.questions.len()).filter(|&q| self.questions[q].split == split).collect()
    }

    /// The same data with only the questions for which `keep` is true (by index), and their responses.
    #[must_use]
    pub fn only(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.questions.len()).filter(|&q| keep(q)).collect();
        let triples = kept
            .iter()
            .enumerate()
            .flat_map(|(i, &q)| self.responses.of(q).map(move |(m, y)| (i as u32, m as u32, y)));
        Self {
            name: self.name.clone(),
            questions: kept.iter().map(|&q| self.questions[q].clone()).collect(),
            categories: self.categories.clone(),
            kinds: self.kinds.clone(),
            descriptions: self.descriptions.clone(),
            models: self.models.clone(),
            model_ids: self.model_ids.clone(),
            attributes: self.attributes.clone(),
            responses: Responses::from_sorted(kept.len(), triples),
            remarks: self.remarks.clone(),
        }
    }

    /// The same data with only the responses for which `keep` is true: (question, model).
    #[must_use]
    pub fn with_responses(&self, keep: impl Fn(usize, usize) -> bool) -> Self {
        let triples = (0..self.questions.len())
            .flat_map(|q| self.responses.of(q).map(move |(m, y)| (q as u32, m as u32, y)))
            .filter(|&(q, m, _)| keep(q as usize, m as usize));
        let responses = Responses::from_sorted(self.questions.len(), triples);
        Self {
            name: self.name.clone(),
            questions: self.questions.clone(),
            categories: self.categories.clone(),
            kinds: self.kinds.clone(),
            descriptions: self.descriptions.clone(),
            models: self.models.clone(),
            model_ids: self.model_ids.clone(),
            attributes: self.attributes.clone(),
            responses,
            remarks: self.remarks.clone(),
        }
    }

    /// The same data with only `models` (ascending indices), renumbered, and their responses.
    #[must_use]
    pub fn with_models(&self, models: &[usize]) -> Self {
        let mut number = vec![None; self.models.len()];
        models.iter().enumerate().for_each(|(new, &old)| number[old] = Some(new as u32));
        let triples = (0..self.questions.len())
            .flat_map(|q| self.responses.of(q).map(move |(m, y)| (q, m, y)))
            .filter_map(|(q, m, y)| Some((q as u32, number[m]?, y)));
        let responses = Responses::from_sorted(self.questions.len(), triples);
        let attributes = self.attributes.iter().map(|attribute| Attribute {
            name: attribute.name.clone(),
            values: attribute.values.select(models),
        });
        Self {
            name: self.name.clone(),
            questions: self.questions.clone(),
            categories: self.categories.clone(),
            kinds: self.kinds.clone(),
            descriptions: self.descriptions.clone(),
            models: models.iter().map(|&m| self.models[m].clone()).collect(),
            model_ids: models.iter().map(|&m| self.model_ids[m].clone()).collect(),
            attributes: attributes.collect(),
            responses,
            remarks: self.remarks.clone(),
        }
    }

    /// True if the data is marked as simulated: every model has the attribute `simulated`.
    #[must_use]
    pub fn simulated(&self) -> bool {
        self.attributes.iter().any(|attribute| match &attribute.values {
            Values::Flag(values) if attribute.name == "simulated" => {
                values.iter().all(|value| *value == Some(true))
            }
            _ => false,
        })
    }

    /// A fingerprint of everything that affects training: 32 hexadecimal digits (XXH3-128).
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Xxh3::new();
        let mut text = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        for model in &self.models {
            text(model);
        }
        for question in &self.questions {
            text(&question.id);
            text(&self.categories[question.category as usize]);
            let kind = self.kinds[question.category as usize];
            // Only if it matters, so that data without kinds keeps its fingerprint.
            if !kind.is_correctness() {
                text(kind.name());
            }
            text(question.split.name());
            text(&question.prompt);
        }
        for q in 0..self.questions.len() {
            for (model, label) in self.responses.of(q) {
                hash.update(&(q as u32).to_le_bytes());
                hash.update(&(model as u32).to_le_bytes());
                hash.update(&label.to_le_bytes());
            }
        }
        format!("{:032x}", hash.digest128())
    }

    /// Warnings about the data, one sentence each; empty if there are none.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut found = self.remarks.clone();
        let mut answered = vec![0_usize; self.models.len()];
        let (mut silent, mut single) = (0, 0);
        for q in 0..self.questions.len() {
            match self.responses.of(q).len() {
                0 => silent += 1,
                1 => single += 1,
                _ => {}
            }
            for (model, _) in self.responses.of(q) {
                answered[model] += 1;
            }
        }
        let unheard: Vec<_> =
            self.models.iter().zip(&answered).filter(|(_, n)| **n == 0).map(|(m, _)| m).collect();
        if let Some(first) = unheard.first() {
            found.push(format!(
                "models without a response: {}; the first is {first}",
                unheard.len()
            ));
        }
        if silent > 0 {
            found.push(format!("questions without a response: {silent}"));
        }
        if single > 0 {
            found.push(format!(
                "questions with one response only, which do not count for routing: {single}"
            ));
        }
        let attributes = self.attributes.iter().map(|attribute| &*attribute.name);
        found.extend(look_alikes("models", self.models.iter().map(String::as_str)));
        found.extend(look_alikes("categories", self.categories.iter().map(String::as_str)));
        found.extend(look_alikes("attributes", attributes));
        let mut seen = std::collections::HashMap::new();
        let mut leaks = 0;
        for question in &self.questions {
            let first = seen.entry(&*question.prompt).or_insert(question.split);
            leaks += usize::from(*first != question.split);
        }
        if leaks > 0 {
            found.push(format!("questions with the text of a question in another split: {leaks}"));
        }
        for split in [Split::Train, Split::Val] {
            if !self.questions.iter().any(|question| question.split == split) {
                found.push(format!("the {} split is empty", split.name()));
            }
        }
        found
    }
}
