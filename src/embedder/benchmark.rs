//! Benchmarks and the scores of models on them.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::dataset::Kind;

/// The score of one model on one benchmark, over all splits available to training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Its mean label, in [0, 1].
    pub accuracy: f64,
    /// The number of responses.
    pub responses: u32,
}

/// A category of the training data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Benchmark {
    /// Its name.
    pub name: String,
    /// The kind of its labels.
    #[serde(default, skip_serializing_if = "Kind::is_correctness")]
    pub kind: Kind,
    /// What it asks, in a few words; empty if unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The number of training questions.
    pub questions: u32,
    /// One entry per model.
    pub scores: Scores,
}

/// The scores of all models on one benchmark.
///
/// Two columns take half the memory of options of [`Score`], which matters for a million models. Clones share
/// them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores(Arc<Columns>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Columns {
    accuracy: Vec<f64>,
    /// 0 if a model was not evaluated.
    responses: Vec<u32>,
}

impl Scores {
    /// From the two columns of a file; responses are 0 if a model was not evaluated. `None` if the columns
    /// differ in length.
    pub(crate) fn from_columns(mut accuracy: Vec<f64>, responses: Vec<u32>) -> Option<Self> {
        if accuracy.len() != responses.len() {
            return None;
        }
        let not_run = accuracy.iter_mut().zip(&responses).filter(|(_, responses)| **responses == 0);
        not_run.for_each(|(accuracy, _)| *accuracy = 0.0);
        Some(Self(Arc::new(Columns { accuracy, responses })))
    }

    /// The columns as stored in a file.
    pub(crate) fn columns(&self) -> (&[f64], &[u32]) {
        (&self.0.accuracy, &self.0.responses)
    }

    /// The number of models.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.responses.len()
    }

    /// True for no models.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The score of a model; `None` if it was not evaluated.
    #[must_use]
    pub fn get(&self, model: usize) -> Option<Score> {
        let responses = self.0.responses.get(model).copied().filter(|n| *n > 0)?;
        Some(Score { accuracy: self.0.accuracy[model], responses })
    }

    /// The number of answers of a model.
    #[must_use]
    pub fn responses(&self, model: usize) -> u32 {
        self.0.responses.get(model).copied().unwrap_or_default()
    }

    /// The scores of all models, in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<Score>> + '_ {
        let both = self.0.accuracy.iter().zip(&self.0.responses);
        both.map(|(accuracy, responses)| {
            (*responses > 0).then_some(Score { accuracy: *accuracy, responses: *responses })
        })
    }

    /// Adds a model.
    pub fn push(&mut self, score: Option<Score>) {
        let columns = Arc::make_mut(&mut self.0);
        columns.accuracy.push(score.map_or(0.0, |score| score.accuracy));
        columns.responses.push(score.map_or(0, |score| score.responses));
    }
}

impl FromIterator<Option<Score>> for Scores {
    fn from_iter<T: IntoIterator<Item = Option<Score>>>(scores: T) -> Self {
        let mut out = Self::default();
        scores.into_iter().for_each(|score| out.push(score));
        out
    }
}

impl Serialize for Scores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Scores {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Option<Score>>::deserialize(deserializer)?.into_iter().collect())
    }
}
