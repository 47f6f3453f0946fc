//! The worker that finds training questions similar to a prompt.

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
use crate::explorer::state::questions::Answering;
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
        Ok((similar, data, Answering::new(data, &model_set.models)))
    });
    while let Some((version, prompt)) = wanted.next(cancel) {
        let found = match &read {
            Ok((similar, data, answering)) => {
                let found = attempt(|| similar.nearest(&prompt, QUESTIONS));
                found.map(|all| all.into_iter().map(|of| question(data, answering, of)).collect())
            }
            Err(problem) => Err(problem.clone()),
        };
        if !send(out, JobResult::Similar(version, found)) {
            break;
        }
    }
}

/// A question that was found, with who answered it and how.
fn question(data: &Dataset, answering: &Answering<'_>, (at, cosine): (usize, f64)) -> Similar {
    let known = &data.questions[at];
    let category = data.categories.get(known.category as usize);
    Similar {
        prompt: one_line(known.prompt.trim()),
        category: category.map_or_else(String::new, |category| one_line(category)),
        cosine,
        answers: answering.answers(at),
    }
}
