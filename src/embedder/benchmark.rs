//! What models were measured on.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::dataset::Kind;

/// How one model did on one benchmark, over all splits that training was allowed to see.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Its mean label, in [0, 1].
    pub accuracy: f64,
    /// Over how many responses.
    pub responses: u32,
}

/// A category of the training data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Benchmark {
    /// Its name.
    pub name: String,
    /// What its labels say.
    #[serde(default, skip_serializing_if = "Kind::is_correctness")]
    pub kind: Kind,
    /// How many training questions it has.
    pub questions: u32,
    /// One entry a model.
    pub scores: Scores,
}

/// The scores of all models on one benchmark.
///
/// Two columns take half the memory of options of [`Score`], which counts with a million models. They
/// are shared: a copy is as cheap as a pointer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores(Arc<Columns>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Columns {
    accuracy: Vec<f64>,
    /// 0 where a model was not run.
    responses: Vec<u32>,
}

impl Scores {
    /// From the two columns of a file; responses are 0 where a model was not run. `None` if the columns
    /// are not of one length.
    pub(crate) fn from_columns(mut accuracy: Vec<f64>, responses: Vec<u32>) -> Option<Self> {
        if accuracy.len() != responses.len() {
            return None;
        }
        let not_run = accuracy.iter_mut().zip(&responses).filter(|(_, responses)| **responses == 0);
        not_run.for_each(|(accuracy, _)| *accuracy = 0.0);
        Some(Self(Arc::new(Columns { accuracy, responses })))
    }

    /// The columns, as a file holds them.
    pub(crate) fn columns(&self) -> (&[f64], &[u32]) {
        (&self.0.accuracy, &self.0.responses)
    }

    /// How many models.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.responses.len()
    }

    /// True for no models.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The score of a model; `None` where it was not run.
    #[must_use]
    pub fn get(&self, model: usize) -> Option<Score> {
        let responses = self.0.responses.get(model).copied().filter(|n| *n > 0)?;
        Some(Score { accuracy: self.0.accuracy[model], responses })
    }

    /// How many answers of a model there are.
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
