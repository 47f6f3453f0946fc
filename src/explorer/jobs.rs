//! Slow work off the UI thread: the newest request wins, what is running can be cancelled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::Message;
use super::action::Action;
use super::map::Projector;
use super::questions::{Book, rows};
use super::subject::Subject;
use crate::analysis::clusters::clusters;
use crate::analysis::probe::{Settings, probe};
use crate::analysis::projection::Projection;
use crate::analysis::router::route;
use crate::dataset::{self, Values};
use crate::embedder::Embedder;

/// How long typing must pause before a prompt is routed.
const DEBOUNCE: Duration = Duration::from_millis(60);

/// Questions that are forecast at a time.
const BLOCK: usize = 64;

/// The workers of one embedder. Dropping it ends them.
pub struct Jobs {
    /// Its texts are safe to print, and so are those of the probes' reports.
    subject: Arc<Subject>,
    embedder: Arc<Embedder>,
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
    pub fn new(embedder: Arc<Embedder>, subject: Arc<Subject>, out: Sender<Message>) -> Self {
        let (wanted, cancel) = (Arc::default(), Arc::default());
        let jobs = Self { subject, embedder: Arc::clone(&embedder), wanted, cancel, out };
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

    /// Runs `work` on a thread of its own and sends what comes of it, unless it is no longer wanted.
    fn spawn(&self, work: impl FnOnce(&Subject, &AtomicBool) -> Action + Send + 'static) {
        let (subject, cancel) = (Arc::clone(&self.subject), Arc::clone(&self.cancel));
        let out = self.out.clone();
        thread::spawn(move || {
            let action = guarded(|| work(&subject, &cancel)).unwrap_or_else(Action::Failed);
            if !cancel.load(Ordering::Relaxed) {
                // Nobody listens any more once the explorer has ended.
                let _ = out.send(Message::Action(action));
            }
        });
    }

    /// Groups the models.
    pub fn cluster(&self) {
        self.spawn(|subject, cancel| {
            let found =
                clusters(&subject.models, subject.specialities(), &subject.attributes, 1, cancel);
            Action::Clustered(found.map_err(|e| e.to_string()))
        });
    }

    /// Computes a projection; `class` is the one that an attribute with many is about.
    pub fn project(&self, projector: Projector, class: Option<String>) {
        self.spawn(move |subject, _| {
            let vectors = subject.specialities();
            let found = match projector {
                Projector::Pca => Projection::pca(vectors, super::COMPONENTS),
                Projector::Tsne => Projection::tsne(vectors),
                Projector::Attribute(attribute) => {
                    let target = target(subject, attribute, class.as_deref());
                    Projection::along(vectors, &target, super::COMPONENTS)
                }
            };
            let found = guarded(|| found).and_then(|found| found.map_err(|e| e.to_string()));
            Action::Projected(projector, found)
        });
    }

    /// Reads the data set and forecasts its questions, block by block.
    pub fn questions(&self, folder: PathBuf) {
        let (subject, cancel) = (Arc::clone(&self.subject), Arc::clone(&self.cancel));
        let (embedder, out) = (Arc::clone(&self.embedder), self.out.clone());
        thread::spawn(move || {
            let send = |action| out.send(Message::Action(action)).is_ok();
            let read =
                guarded(|| dataset::load(&folder)).and_then(|d| d.map_err(|e| e.to_string()));
            let book = read.map(|data| {
                let learned = data.fingerprint() == embedder.provenance.fingerprint;
                Arc::new(Book::new(&data, &subject.models, learned))
            });
            if !send(Action::QuestionsRead(book.clone())) {
                return;
            }
            let Ok(book) = book else { return };
            for (i, block) in book.prompts.chunks(BLOCK).enumerate() {
                if cancel.load(Ordering::Relaxed) {
                    return;
                }
                let prompts: Vec<&str> = block.iter().map(String::as_str).collect();
                let forecast = guarded(|| rows(&embedder.predict(&embedder.encode(&prompts))));
                let action = forecast
                    .map_or_else(Action::Failed, |f| Action::QuestionsForecast(i * BLOCK, f));
                if !send(action) {
                    return;
                }
            }
        });
    }

    /// Probes every attribute, in order.
    pub fn probe(&self) {
        let (subject, cancel) = (Arc::clone(&self.subject), Arc::clone(&self.cancel));
        let out = self.out.clone();
        thread::spawn(move || {
            for (i, attribute) in subject.attributes.iter().enumerate() {
                let vectors = subject.vectors.view();
                let report = guarded(|| probe(vectors, attribute, &Settings::default(), &cancel));
                if cancel.load(Ordering::Relaxed) {
                    break;
                }
                let report = report.and_then(|report| report.map_err(|e| e.to_string()));
                if out.send(Message::Action(Action::Probed(i, report))).is_err() {
                    break;
                }
            }
        });
    }
}

/// An attribute as numbers: of classes 1 for `class` (or the most frequent) and 0 for the others, of
/// numbers their logarithm where all are positive.
fn target(subject: &Subject, attribute: usize, class: Option<&str>) -> Vec<Option<f64>> {
    let Some(attribute) = subject.attributes.get(attribute) else { return Vec::new() };
    match &attribute.values {
        Values::Flag(values) => values.iter().map(|v| v.map(|v| f64::from(u8::from(v)))).collect(),
        Values::Number(values) => {
            let logarithmic = values.iter().flatten().all(|v| *v > 0.0);
            values.iter().map(|v| v.map(|v| if logarithmic { v.ln() } else { v })).collect()
        }
        Values::Class(values) => {
            let mut sizes = std::collections::BTreeMap::<&str, usize>::new();
            values.iter().flatten().for_each(|v| *sizes.entry(v).or_default() += 1);
            let largest = sizes.iter().max_by_key(|(_, n)| **n).map(|(name, _)| *name);
            let class = class.filter(|class| sizes.contains_key(class)).or(largest);
            values
                .iter()
                .map(|v| v.as_deref().map(|v| f64::from(u8::from(Some(v) == class))))
                .collect()
        }
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
