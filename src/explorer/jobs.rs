//! Slow work off the UI thread: the newest request wins, what is running can be cancelled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::Message;
use super::action::Action;
use super::subject::Subject;
use crate::analysis::probe::{Prober, Settings};
use crate::analysis::router::route;
use crate::embedder::Embedder;

/// How long typing must pause before a prompt is routed.
const DEBOUNCE: Duration = Duration::from_millis(60);

/// The workers of one embedder. Dropping it ends them.
pub struct Jobs {
    wanted: Arc<Wanted>,
    cancel: Arc<AtomicBool>,
    out: Sender<Message>,
}

/// The newest prompt, with its version.
#[derive(Default)]
struct Wanted {
    prompt: Mutex<Option<(u64, String)>>,
    changed: Condvar,
}

impl Jobs {
    pub fn new(embedder: Arc<Embedder>, out: Sender<Message>) -> Self {
        let jobs = Self { wanted: Arc::default(), cancel: Arc::default(), out };
        let wanted = Arc::clone(&jobs.wanted);
        let (cancel, out) = (Arc::clone(&jobs.cancel), jobs.out.clone());
        thread::spawn(move || {
            while let Some((version, prompt)) = wanted.next(&cancel) {
                let routed = guarded(|| Action::Routed(version, route(&embedder, &prompt)))
                    .unwrap_or_else(Action::Failed);
                if out.send(Message::Action(routed)).is_err() {
                    break;
                }
            }
        });
        jobs
    }

    /// Routes a prompt as soon as no newer one has come for [`DEBOUNCE`].
    pub fn route(&self, version: u64, prompt: String) {
        *self.wanted.prompt.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((version, prompt));
        self.wanted.changed.notify_one();
    }

    /// Probes these attributes of the subject, in order; one that was named since the explorer
    /// opened is in `subject` alone.
    pub fn probe(&self, subject: Arc<Subject>, attributes: Vec<usize>) {
        let (out, cancel) = (self.out.clone(), Arc::clone(&self.cancel));
        thread::spawn(move || {
            let prober = guarded(|| {
                let vectors = subject.vectors.view();
                Prober::new(vectors, &subject.models, &subject.attributes, &subject.benchmarks)
            });
            for i in attributes {
                let Some(attribute) = subject.attributes.get(i) else { continue };
                let report = match &prober {
                    Ok(prober) => {
                        guarded(|| prober.probe(attribute, &Settings::default(), &cancel))
                            .and_then(|report| report.map_err(|e| e.to_string()))
                    }
                    Err(problem) => Err(problem.clone()),
                };
                if cancel.load(Ordering::Relaxed) {
                    break;
                }
                let report = report.map(Box::new);
                if out.send(Message::Action(Action::Probed(i, report))).is_err() {
                    break;
                }
            }
        });
    }
}

/// What `work` gives, or what its panic said.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("this is a bug in llmap, please report it: {}", text.unwrap_or("no reason given"))
    })
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        self.wanted.changed.notify_all();
    }
}

impl Wanted {
    /// Waits for a prompt that stays the newest for [`DEBOUNCE`]; `None` once cancelled.
    fn next(&self, cancel: &AtomicBool) -> Option<(u64, String)> {
        let mut prompt = self.prompt.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if cancel.load(Ordering::Relaxed) {
                return None;
            }
            let Some((version, _)) = *prompt else {
                prompt = self.changed.wait(prompt).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let waited = self.changed.wait_timeout(prompt, DEBOUNCE);
            prompt = waited.unwrap_or_else(PoisonError::into_inner).0;
            if prompt.as_ref().is_some_and(|(newest, _)| *newest == version) {
                return prompt.take();
            }
        }
    }
}
