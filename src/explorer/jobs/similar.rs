//! The worker that finds training questions similar to a prompt.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;

use super::latest::Latest;
use super::panic::attempt;
use super::run::send;
use super::source::Source;
use crate::analysis::similar::SimilarQuestions;
use crate::dataset::Dataset;
use crate::embedder::Embedder;
use crate::explorer::event::{JobResult, Message};
use crate::explorer::state::model_set::ModelSet;
use crate::explorer::state::route::Similar;
use crate::one_line;

/// Number of questions.
const QUESTIONS: usize = 5;

/// Handles requests until `cancel`. The data set is read for the first prompt.
pub fn work(
    (embedder, model_set): (&Embedder, &ModelSet),
    data: &Source,
    wanted: &Latest<String>,
    cancel: &Arc<AtomicBool>,
    out: &Sender<Message>,
) {
    let read = data.get().and_then(|data| {
        let similar = attempt(|| SimilarQuestions::new(embedder, data, cancel))?;
        Ok((similar, Known::new(data, model_set)))
    });
    while let Some((version, prompt)) = wanted.next(cancel) {
        let found = match &read {
            Ok((similar, known)) => attempt(|| similar.nearest(&prompt, QUESTIONS))
                .map(|found| found.into_iter().map(|found| known.question(found)).collect()),
            Err(problem) => Err(problem.clone()),
        };
        if !send(out, JobResult::Similar(version, found)) {
            break;
        }
    }
}

/// A data set with its models matched by name.
struct Known<'a> {
    data: &'a Dataset,
    /// The index in the explorer of each model of the data.
    models: Vec<Option<usize>>,
}

impl<'a> Known<'a> {
    fn new(data: &'a Dataset, model_set: &ModelSet) -> Self {
        let places = model_set.models.iter().enumerate().map(|(m, name)| (&**name, m));
        let places: HashMap<&str, usize> = places.collect();
        let models = data.models.iter().map(|name| places.get(&*one_line(name)).copied());
        Self { data, models: models.collect() }
    }

    fn question(&self, (question, cosine): (usize, f64)) -> Similar {
        let data = &self.data;
        let known = &data.questions[question];
        let category = data.categories.get(known.category as usize);
        Similar {
            prompt: one_line(known.prompt.trim()),
            category: category.map_or_else(String::new, |category| one_line(category)),
            cosine,
            answers: (data.responses.of(question))
                .filter_map(|(m, label)| Some((self.models[m]?, label)))
                .collect(),
        }
    }
}
