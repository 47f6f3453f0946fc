//! Slow work off the UI thread: the newest request wins, what is running can be cancelled.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use super::Message;
use super::action::Action;
use super::map::Projector;
use super::placing;
use super::questions::{Book, rows};
use super::routing;
use super::source::Source;
use super::subject::Subject;
use super::work::Work;
use crate::analysis::probe::{Prober, Settings};
use crate::analysis::projection::Projection;
use crate::analysis::router::{Preferences, Router};
use crate::analysis::{evaluation, forecast, untested};
use crate::dataset::{self, Answer, Values};
use crate::embedder::Embedder;

/// How long typing must pause before a prompt is routed.
pub const DEBOUNCE: Duration = Duration::from_millis(60);

/// Questions that are forecast at a time.
const BLOCK: usize = 64;

/// The workers of one embedder. Dropping it ends them.
pub struct Jobs {
    /// Its texts are safe to print, and so are those of the probes' reports.
    subject: Arc<Subject>,
    embedder: Arc<Embedder>,
    wanted: Arc<Newest<(String, Preferences)>>,
    /// The answers of a new model, once there is a worker that places it.
    placing: OnceLock<Arc<Newest<Vec<Answer>>>>,
    /// The data set beside the embedder, if one is open.
    data: Option<Source>,
    cancel: Arc<AtomicBool>,
    /// What tells the work that is under way to stop.
    running: Mutex<BTreeMap<Work, Arc<AtomicBool>>>,
    out: Sender<Message>,
}

/// The newest of what is wanted, with its version.
pub struct Newest<T> {
    wanted: Mutex<Option<(u64, T)>>,
    changed: Condvar,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { wanted: Mutex::new(None), changed: Condvar::new() }
    }
}

impl Jobs {
    pub fn new(
        embedder: Arc<Embedder>,
        subject: Arc<Subject>,
        data: Option<Source>,
        out: Sender<Message>,
    ) -> Self {
        let (wanted, cancel) = (Arc::default(), Arc::default());
        let embedded = Arc::clone(&embedder);
        let placing = OnceLock::new();
        let running = Mutex::default();
        let jobs =
            Self { subject, embedder: embedded, wanted, placing, data, cancel, running, out };
        let wanted = Arc::clone(&jobs.wanted);
        let (cancel, out) = (Arc::clone(&jobs.cancel), jobs.out.clone());
        thread::spawn(move || {
            let router = Router::new(&embedder);
            while let Some((version, (prompt, preferences))) = wanted.next(&cancel) {
                let route = || router.route(&[&prompt], &preferences);
                let routed = match guarded(route).map(|routes| routes.map(|mut r| r.pop())) {
                    Ok(Ok(Some(route))) => Action::Routed(version, route),
                    Ok(Ok(None)) => Action::Failed("nothing was routed".into()),
                    Ok(Err(error)) => Action::Failed(error.to_string()),
                    Err(panic) => Action::Failed(panic),
                };
                if out.send(Message::Action(routed)).is_err() {
                    break;
                }
            }
        });
        jobs
    }

    /// Routes a prompt as soon as no newer one has come for [`DEBOUNCE`].
    pub fn route(&self, version: u64, prompt: String, preferences: Preferences) {
        self.wanted.put(version, (prompt, preferences));
    }

    /// Places a new model by its answers, as soon as no newer ones have come for [`DEBOUNCE`].
    pub fn place(&self, version: u64, answers: Vec<Answer>) {
        let wanted = self.placing.get_or_init(|| {
            let wanted: Arc<Newest<Vec<Answer>>> = Arc::default();
            let (embedder, worker) = (Arc::clone(&self.embedder), Arc::clone(&wanted));
            let (cancel, out, data) =
                (Arc::clone(&self.cancel), self.out.clone(), self.data.clone());
            thread::spawn(move || placing::work(&embedder, data.as_ref(), &worker, &cancel, &out));
            wanted
        });
        wanted.put(version, answers);
    }

    /// Reads the answers of a new model from a file that people name as they drop or type it.
    pub fn read_answers(&self, path: String) {
        let data = self.data.clone();
        self.spawn(Arc::clone(&self.cancel), move |_, _| {
            let path = dropped(&path).unwrap_or_else(|| path.into());
            let data = data.as_ref().map(Source::get).transpose();
            Action::AnswersRead(
                data.and_then(|data| dataset::load_answers(&path, data).map_err(|e| e.to_string())),
            )
        });
    }

    /// Tells work that is under way to stop; nothing more comes of it.
    pub fn stop(&self, work: Work) {
        if let Some(cancel) = self.running().remove(&work) {
            cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Stops what is under way of this kind, for a newer one that heeds what is given.
    fn begin(&self, work: Work) -> Arc<AtomicBool> {
        self.stop(work);
        Arc::clone(self.running().entry(work).or_default())
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<Work, Arc<AtomicBool>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on a thread of its own and sends what comes of it, unless it is no longer wanted.
    fn spawn(
        &self,
        cancel: Arc<AtomicBool>,
        work: impl FnOnce(&Subject, &AtomicBool) -> Action + Send + 'static,
    ) {
        let subject = Arc::clone(&self.subject);
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
        self.spawn(self.begin(Work::Clusters), |subject, cancel| {
            Action::Clustered(subject.clusters(1, cancel).map_err(|e| e.to_string()))
        });
    }

    /// Forecasts every model on every benchmark.
    pub fn forecast(&self) {
        let embedder = Arc::clone(&self.embedder);
        self.spawn(self.begin(Work::Forecasts), move |_, cancel| {
            let open =
                (0..embedder.benchmarks.len()).take_while(|_| !cancel.load(Ordering::Relaxed));
            let grid: Result<_, _> = open.map(|b| forecast::benchmark(&embedder, b)).collect();
            Action::Forecasted(grid.map(Arc::new).map_err(|e| e.to_string()))
        });
    }

    /// Computes a projection; `class` is the one that an attribute with many is about.
    pub fn project(&self, projector: Projector, class: Option<String>) {
        self.spawn(self.begin(Work::Projection), move |subject, cancel| {
            let vectors = subject.profiles();
            let found = match projector {
                Projector::Pca => Projection::pca(vectors, super::COMPONENTS),
                Projector::Tsne => Projection::tsne(vectors, cancel),
                Projector::Attribute(attribute) => {
                    let target = target(subject, attribute, class.as_deref());
                    Projection::along(vectors, &target, super::COMPONENTS)
                }
            };
            let found = guarded(|| found).and_then(|found| found.map_err(|e| e.to_string()));
            Action::Projected(projector, found)
        });
    }

    /// Judges the forecasts on the questions of the data set that were not learned from, beside the
    /// baselines.
    pub fn evaluate(&self) {
        let (embedder, data) = (Arc::clone(&self.embedder), self.data.clone());
        let out = self.out.clone();
        self.spawn(self.begin(Work::Evaluation), move |_, cancel| {
            if let Some(Ok(data)) = data.as_ref().map(Source::get) {
                let known = untested::cached(&embedder, data).map(Box::new);
                // Nobody listens any more once the explorer has ended.
                let _ = out.send(Message::Action(Action::Untested(known)));
            }
            let found = data.ok_or_else(|| "no data set is open".to_owned()).and_then(|data| {
                let data = data.get()?;
                let settings = evaluation::Settings::plain(data);
                evaluation::evaluate(&embedder, data, &settings, &mut |_| {}, cancel)
                    .map_err(|e| e.to_string())
            });
            Action::Evaluated(found.map(Box::new))
        });
    }

    /// Reads the data set and forecasts its questions, block by block.
    pub fn questions(&self) {
        let Some(data) = self.data.clone() else { return };
        let (subject, cancel) = (Arc::clone(&self.subject), self.begin(Work::Questions));
        let (embedder, out) = (Arc::clone(&self.embedder), self.out.clone());
        thread::spawn(move || {
            let send = |action| out.send(Message::Action(action)).is_ok();
            let book = data.get().map(|data| {
                let learned = data.fingerprint() == embedder.provenance.fingerprint;
                Arc::new(Book::new(data, &subject.models, learned))
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
                let forecast =
                    guarded(|| embedder.encode(&prompts).map(|f| rows(&embedder.predict(&f))));
                let forecast = forecast.and_then(|forecast| forecast.map_err(|e| e.to_string()));
                let action = forecast
                    .map_or_else(Action::Failed, |f| Action::QuestionsForecast(i * BLOCK, f));
                if !send(action) {
                    return;
                }
            }
        });
    }

    /// Probes these attributes of the subject, in order; one that was named since the explorer
    /// opened is in `subject` alone.
    pub fn probe(&self, subject: Arc<Subject>, attributes: Vec<usize>) {
        let (out, cancel) = (self.out.clone(), self.begin(Work::Probes));
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

/// Finds out whether a pasted text is the path of a file, as terminals paste what is dropped on them,
/// and if so reads the prompt from it.
pub fn drop_in(text: String, out: Sender<Message>) {
    thread::spawn(move || {
        let prompt = match dropped(&text) {
            None => Ok(text),
            Some(path) => read(&path),
        };
        let _ = out.send(Message::Action(Action::Dropped(prompt)));
    });
}

/// The file that a pasted text means: in quotes, with escaped spaces, or as an address.
fn dropped(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote).map(str::to_owned);
    let plain = inside('\'').or_else(|| inside('"')).unwrap_or_else(|| text.replace("\\ ", " "));
    let plain =
        plain.strip_prefix("file://").map_or(plain.clone(), |path| path.replace("%20", " "));
    let path = match plain.strip_prefix("~/") {
        Some(below) => etcetera::home_dir().ok()?.join(below),
        None => PathBuf::from(plain),
    };
    // Only plain files: reading anything else could wait forever.
    path.metadata().is_ok_and(|file| file.is_file()).then_some(path)
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = File::open(path).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(routing::LONGEST as u64 + 1).read_to_end(&mut bytes).map(|_| bytes)
    });
    let bytes = bytes.map_err(|e| format!("{}: {e}", path.display()))?;
    if bytes.len() > routing::LONGEST {
        let most = routing::LONGEST / 1024;
        return Err(format!("{}: a prompt may have {most} KiB", path.display()));
    }
    String::from_utf8(bytes).map_err(|_| format!("{}: not UTF-8 text", path.display()))
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
        for cancel in self.running().values() {
            cancel.store(true, Ordering::Relaxed);
        }
        self.wanted.changed.notify_all();
        if let Some(placing) = self.placing.get() {
            placing.changed.notify_all();
        }
    }
}

impl<T> Newest<T> {
    fn put(&self, version: u64, wanted: T) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, wanted));
        self.changed.notify_one();
    }

    /// Waits for what stays the newest for [`DEBOUNCE`]; `None` once cancelled.
    pub fn next(&self, cancel: &AtomicBool) -> Option<(u64, T)> {
        let mut prompt = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if cancel.load(Ordering::Relaxed) {
                return None;
            }
            let Some((version, ..)) = *prompt else {
                prompt = self.changed.wait(prompt).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let waited = self.changed.wait_timeout(prompt, DEBOUNCE);
            prompt = waited.unwrap_or_else(PoisonError::into_inner).0;
            if prompt.as_ref().is_some_and(|(newest, ..)| *newest == version) {
                return prompt.take();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_file_is_found_however_the_terminal_writes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a prompt.txt");
        std::fs::write(&path, "one\ntwo").unwrap();
        let name = path.display().to_string();
        let escaped = name.replace(' ', "\\ ");
        let address = format!("file://{}", name.replace(' ', "%20"));
        for text in [name.clone(), format!("'{name}' "), escaped, address] {
            let found = dropped(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read(&found).unwrap(), "one\ntwo");
        }
        assert_eq!(dropped("/no/such/file"), None);
        assert_eq!(dropped(&folder.path().display().to_string()), None, "a folder is no prompt");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(read(&path).unwrap_err().contains("not UTF-8"));
    }
}
