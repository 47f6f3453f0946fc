//! The worker that places a new model again after each of its answers.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;

use ndarray::s;

use super::latest::Latest;
use super::panic::attempt;
use super::run::send;
use super::source::Source;
use crate::analysis::onboarding::{Catalogue, Placer};
use crate::dataset::{Answer, Split};
use crate::embedder::Embedder;
use crate::error::Result;
use crate::explorer::event::{JobResult, Message};
use crate::explorer::state::new_model::{Placed, printable};

/// Neighbors of the new model.
const NEIGHBORS: usize = 6;
/// Questions that are selected together.
const NEXT: usize = 16;

/// Handles requests until `cancel`, with the questions of `data`.
pub fn work(
    embedder: &Embedder,
    data: Option<&Source>,
    wanted: &Latest<Vec<Answer>>,
    cancel: &Arc<AtomicBool>,
    out: &Sender<Message>,
) {
    let catalogue = data.map(Source::get).transpose().and_then(|data| {
        attempt(|| data.map(|data| Catalogue::new(embedder, data, cancel)).transpose())
    });
    let placer = match &catalogue {
        Ok(catalogue) => attempt(|| Result::<_>::Ok(Placer::new(embedder, catalogue.as_ref()))),
        Err(problem) => Err(problem.clone()),
    };
    while let Some((version, answers)) = wanted.next(cancel) {
        let placed = match (&placer, &catalogue) {
            (Ok(placer), Ok(catalogue)) => {
                attempt(|| place(embedder, (placer, catalogue.as_ref()), &answers, version))
            }
            (Err(problem), _) | (_, Err(problem)) => Err(problem.clone()),
        };
        if !send(out, JobResult::Placed(version, placed.map(Box::new))) {
            break;
        }
    }
}

fn place(
    embedder: &Embedder,
    (placer, catalogue): (&Placer, Option<&Catalogue>),
    answers: &[Answer],
    seed: u64,
) -> Result<Placed> {
    let new_model = placer.place(answers)?;
    let (deviation, asked) = match catalogue {
        Some(catalogue) => {
            let data = catalogue.data();
            let learned = data.fingerprint() == embedder.provenance().fingerprint;
            // The questions of the Questions pane.
            let shown = |q: usize| !learned || data.questions[q].split != Split::Train;
            new_model.ask(&[], NEXT, seed, shown)?
        }
        None => (0.0, Vec::new()),
    };
    Ok(printable(Placed {
        special: new_model.vector().slice(s![1..]).mapv(f64::from),
        covariance: new_model.covariance().slice(s![1.., 1..]).to_owned(),
        ability: new_model.ability(),
        neighbors: new_model.neighbors(NEIGHBORS),
        benchmarks: new_model.benchmarks(),
        next: asked.into_iter().map(|asked| asked.question).collect(),
        deviation,
    }))
}
