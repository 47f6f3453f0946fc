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
use crate::explorer::state::questions::{Answering, twins};
use crate::explorer::state::route::Similar;
use crate::one_line;

/// Number of questions.
const QUESTIONS: usize = 5;
/// Nearest questions of which those are taken: some may be nearly the same.
const CANDIDATES: usize = 4 * QUESTIONS;

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
                let found = attempt(|| similar.nearest(&prompt, CANDIDATES));
                found.map(|found| {
                    let found = distinct(data, found).take(QUESTIONS);
                    found.map(|of| question(data, answering, of)).collect()
                })
            }
            Err(problem) => Err(problem.clone()),
        };
        if !send(out, JobResult::Similar(version, found)) {
            break;
        }
    }
}

/// Of questions that are nearly the same the first.
fn distinct(data: &Dataset, found: Vec<(usize, f64)>) -> impl Iterator<Item = (usize, f64)> {
    let text = |(at, _): &(usize, f64)| {
        let question = &data.questions[*at];
        (question.category as usize, &*question.prompt)
    };
    let first = twins(found.iter().map(text));
    found.into_iter().enumerate().filter(move |(at, _)| first[*at] == *at).map(|(_, of)| of)
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
