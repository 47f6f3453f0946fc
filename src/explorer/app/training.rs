//! A training that the user watches.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::thread;

use super::frames::{LIVE_COMPONENTS, shown};
use super::{App, Options};
use crate::analysis::projection::Projection;
use crate::dataset::Dataset;
use crate::embedder::{Embedder, Event as Step};
use crate::error::{Error, Result};
use crate::explorer::event::{Event, Message, TrainingEvent};
use crate::explorer::jobs::catch_panic;
use crate::explorer::state::model_set::ModelSet;
use crate::progress::Progress;

/// Trains while the user watches, then explores the result, which is returned. `train` should also save it,
/// so that nothing is lost if the explorer crashes.
///
/// # Errors
/// Errors of `train`; an unreadable theme; a terminal error.
pub fn run_live(
    data: &Dataset,
    train: impl FnOnce(&mut Progress<'_, Step>) -> Result<Embedder> + Send + 'static,
    options: &Options,
) -> Result<Arc<Embedder>> {
    let model_set = Arc::new(ModelSet::untrained(data));
    let projection = Projection::pca(model_set.profiles(), LIVE_COMPONENTS)?;
    let (sender, receiver) = channel();
    let options = Options { fresh: true, ..options.clone() };
    let mut app = App::open(model_set, projection, &options, sender.clone(), receiver)?;
    app.dispatch(Event::Training(TrainingEvent::Encoding(0, 0)))?;
    let cancel = Arc::clone(&app.stop_training);
    let trainer = thread::spawn(move || {
        let mut before: Option<Projection> = None;
        let mut progress = |event: Step| {
            if let Some(event) = shown(event, &mut before) {
                // The explorer may have quit already: training continues to its end.
                let _ = sender.send(Message::Event(Event::Training(event)));
            }
        };
        let trained = catch_panic(|| train(&mut Progress::new(&mut progress, &cancel)));
        let message = match trained.unwrap_or_else(|panic| Err(Error::Failed(panic))) {
            Ok(embedder) => Message::Trained(Arc::new(embedder), before),
            Err(error) => Message::TrainingFailed(error),
        };
        let _ = sender.send(message);
    });
    let trained = app.run();
    app.stop_training.store(true, Ordering::Relaxed);
    drop(app.screen);
    let late = match trained? {
        Some(embedder) => return Ok(embedder),
        // A signal ended the explorer first: the training stops, and its best epoch is the result.
        None => trainer.join().map(|()| app.receiver.try_iter().last()),
    };
    match late {
        Ok(Some(Message::Trained(embedder, _))) => Ok(embedder),
        Ok(Some(Message::TrainingFailed(error))) => Err(error),
        _ => Err(Error::Failed("the training ended unexpectedly".into())),
    }
}
