//! The questions of a data set for fold-ins: encoded once for any number of new models.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;

use super::questions::Questions;
use crate::dataset::Dataset;
use crate::embedder::Embedder;
use crate::error::Result;
use crate::progress::Progress;

/// All questions of a data set, informed by the answers of the embedder's models.
pub struct Catalogue<'a> {
    pub(super) data: &'a Dataset,
    pub(super) questions: Questions,
    /// The index in the embedder of each model of the data.
    column: Vec<Option<usize>>,
}

impl<'a> Catalogue<'a> {
    /// Encodes the questions of `data`, which takes some time.
    ///
    /// # Errors
    /// If the encoder is not on this machine; [`crate::Error::Cancelled`].
    pub fn new(embedder: &Embedder, data: &'a Dataset, cancel: &AtomicBool) -> Result<Self> {
        let texts: Vec<&str> = data.questions.iter().map(|question| &*question.prompt).collect();
        let features = embedder.encode_many(&texts, &mut Progress::until(cancel))?;
        let index: HashMap<&str, usize> =
            embedder.models().iter().enumerate().map(|(m, name)| (&**name, m)).collect();
        let column: Vec<Option<usize>> =
            data.models.iter().map(|name| index.get(&**name).copied()).collect();
        let questions = Questions::new(embedder, &features).informed(embedder, &features, |q| {
            data.responses.of(q).filter_map(|(m, y)| Some((column[m]?, y)))
        });
        Ok(Self { data, questions, column })
    }

    /// The answers of the embedder's models to a question: (model of the embedder, label).
    pub(super) fn answers(&self, embedder: &Embedder, question: usize) -> Vec<(usize, f32)> {
        let known = |(m, y): (usize, f32)| Some((self.column[m]?, y));
        let answers = self.data.responses.of(question).filter_map(known);
        answers.filter(|(m, _)| *m < embedder.models().len()).collect()
    }

    /// The data set.
    #[must_use]
    pub fn data(&self) -> &Dataset {
        self.data
    }

    /// The questions of each category.
    pub(super) fn groups(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (q, question) in self.data.questions.iter().enumerate() {
            groups.entry(question.category as usize).or_default().push(q);
        }
        groups
    }
}
