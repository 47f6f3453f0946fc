//! The worker that places a new model again with each of its answers.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;

use ndarray::s;

use super::Message;
use super::action::Action;
use super::jobs::{Newest, guarded};
use super::newcomer::{Placed, printable};
use crate::analysis::onboarding::{Catalogue, Newcomer};
use crate::dataset::{self, Answer, Split};
use crate::embedder::Embedder;
use crate::error::Result;

/// Neighbours of the new model.
const NEIGHBOURS: usize = 6;
/// Questions that are chosen at a time.
const NEXT: usize = 16;

/// Places what is wanted until `cancel`. The data set at `folder` is read once, for the first.
pub fn work(
    embedder: &Embedder,
    folder: Option<PathBuf>,
    wanted: &Newest<Vec<Answer>>,
    cancel: &Arc<AtomicBool>,
    out: &Sender<Message>,
) {
    let send = |version, placed| out.send(Message::Action(Action::Placed(version, placed))).is_ok();
    let data = guarded(|| folder.map(|folder| dataset::load(&folder)).transpose())
        .and_then(|data| data.map_err(|e| e.to_string()));
    let catalogue = match &data {
        Ok(data) => {
            guarded(|| data.as_ref().map(|data| Catalogue::new(embedder, data, cancel)).transpose())
                .and_then(|catalogue| catalogue.map_err(|e| e.to_string()))
        }
        Err(problem) => Err(problem.clone()),
    };
    while let Some((version, answers)) = wanted.next(cancel) {
        let placed = match &catalogue {
            Ok(catalogue) => guarded(|| place(embedder, catalogue.as_ref(), &answers, version))
                .and_then(|placed| placed.map_err(|e| e.to_string())),
            Err(problem) => Err(problem.clone()),
        };
        if !send(version, placed.map(Box::new)) {
            break;
        }
    }
}

fn place(
    embedder: &Embedder,
    catalogue: Option<&Catalogue>,
    answers: &[Answer],
    seed: u64,
) -> Result<Placed> {
    let newcomer = Newcomer::place(embedder, catalogue, answers)?;
    let (deviation, asked) = match catalogue {
        Some(catalogue) => {
            let data = catalogue.data();
            let learned = data.fingerprint() == embedder.provenance.fingerprint;
            // The questions that the Questions pane shows.
            let shown = |q: usize| !learned || data.questions[q].split != Split::Train;
            newcomer.ask(&[], NEXT, seed, shown)?
        }
        None => (0.0, Vec::new()),
    };
    let neighbours = newcomer.neighbours(NEIGHBOURS).into_iter();
    Ok(printable(Placed {
        special: newcomer.vector().slice(s![1..]).mapv(f64::from),
        covariance: newcomer.covariance().slice(s![1.., 1..]).to_owned(),
        ability: newcomer.ability(),
        neighbours: neighbours.map(|near| (near.model, near.cosine)).collect(),
        benchmarks: newcomer.benchmarks(),
        next: asked.into_iter().map(|asked| asked.question).collect(),
        deviation,
    }))
}
