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
use super::action::{Action, JobResult};
use super::job::JobKind;
use super::map::Projector;
use super::placing;
use super::questions::{Book, rows};
use super::routing;
use super::source::Source;
use super::subject::Subject;
use crate::analysis::probe::{Prober, Settings};
use crate::analysis::projection::Projection;
use crate::analysis::router::{Preferences, Router};
use crate::analysis::{evaluation, forecast, untested};
use crate::dataset::{self, Answer, Values};
use crate::embedder::Embedder;
use crate::error::Error;

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
    running: Mutex<BTreeMap<JobKind, Arc<AtomicBool>>>,
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
                let routed = attempt(|| {
                    let route = router.route(&[&prompt], &preferences)?.pop();
                    route.ok_or_else(|| Error::Failed("nothing was routed".into()))
                });
                let routed = Action::Job(JobResult::Routed(version, routed));
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
        self.spawn(JobKind::Answers, move |_, _, _| {
            let path = dropped(&path).unwrap_or_else(|| path.into());
            let data = data.as_ref().map(Source::get).transpose()?;
            let answers = dataset::load_answers(&path, data).map_err(|e| e.to_string())?;
            Ok(JobResult::AnswersRead(answers))
        });
    }

    /// Tells work that is under way to stop; nothing more comes of it.
    pub fn stop(&self, kind: JobKind) {
        if let Some(cancel) = self.running().remove(&kind) {
            cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Stops what is under way of this kind, for a newer one that heeds what is given.
    fn begin(&self, kind: JobKind) -> Arc<AtomicBool> {
        self.stop(kind);
        Arc::clone(self.running().entry(kind).or_default())
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<JobKind, Arc<AtomicBool>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on a thread of its own, in the place of what runs of this kind.
    fn spawn(
        &self,
        kind: JobKind,
        work: impl FnOnce(&Subject, &AtomicBool, &Sender<Message>) -> Result<JobResult, String>
        + Send
        + 'static,
    ) {
        let (subject, cancel) = (Arc::clone(&self.subject), self.begin(kind));
        let out = self.out.clone();
        thread::spawn(move || run(kind, &cancel, &out, || work(&subject, &cancel, &out)));
    }

    /// Groups the models.
    pub fn cluster(&self) {
        self.spawn(JobKind::Clusters, |subject, cancel, _| {
            Ok(JobResult::Clustered(subject.clusters(1, cancel).map_err(|e| e.to_string())?))
        });
    }

    /// Forecasts every model on every benchmark.
    pub fn forecast(&self) {
        let embedder = Arc::clone(&self.embedder);
        self.spawn(JobKind::Forecasts, move |_, cancel, _| {
            let open =
                (0..embedder.benchmarks.len()).take_while(|_| !cancel.load(Ordering::Relaxed));
            let grid: Result<_, _> = open.map(|b| forecast::benchmark(&embedder, b)).collect();
            Ok(JobResult::Forecasted(Arc::new(grid.map_err(|e| e.to_string())?)))
        });
    }

    /// Computes a projection; `class` is the one that an attribute with many is about.
    pub fn project(&self, projector: Projector, class: Option<String>) {
        self.spawn(JobKind::Projection, move |subject, cancel, _| {
            let vectors = subject.profiles();
            let found = match projector {
                Projector::Pca => Projection::pca(vectors, super::COMPONENTS),
                Projector::Tsne => Projection::tsne(vectors, cancel),
                Projector::Attribute(attribute) => {
                    let target = target(subject, attribute, class.as_deref());
                    Projection::along(vectors, &target, super::COMPONENTS)
                }
            };
            Ok(JobResult::Projected(projector, found.map_err(|e| e.to_string())?))
        });
    }

    /// Judges the forecasts on the questions of the data set that were not learned from, beside the
    /// baselines.
    pub fn evaluate(&self) {
        let (embedder, data) = (Arc::clone(&self.embedder), self.data.clone());
        self.spawn(JobKind::Evaluation, move |_, cancel, out| {
            let data = data.ok_or("no data set is open")?;
            let data = data.get()?;
            let known = untested::cached(&embedder, data).map(Box::new);
            send(out, JobResult::Untested(known));
            let settings = evaluation::Settings::plain(data);
            let found = evaluation::evaluate(&embedder, data, &settings, &mut |_| {}, cancel);
            Ok(JobResult::Evaluated(Box::new(found.map_err(|e| e.to_string())?)))
        });
    }

    /// Reads the data set and forecasts its questions, block by block. The first block that fails ends
    /// it: those behind it would leave a gap.
    pub fn questions(&self) {
        let Some(data) = self.data.clone() else { return };
        let embedder = Arc::clone(&self.embedder);
        self.spawn(JobKind::Questions, move |subject, cancel, out| {
            let data = data.get()?;
            let learned = data.fingerprint() == embedder.provenance.fingerprint;
            let book = Arc::new(Book::new(data, &subject.models, learned));
            send(out, JobResult::QuestionsRead(Arc::clone(&book)));
            let forecast = |prompts: &[&str]| {
                let features = embedder.encode(prompts).map_err(|e| e.to_string())?;
                Ok(rows(&embedder.predict(&features)))
            };
            forecast_blocks(&book.prompts, forecast, cancel, out)
        });
    }

    /// Probes these attributes of the subject, in order; one that was named since the explorer
    /// opened is in `subject` alone.
    pub fn probe(&self, subject: Arc<Subject>, attributes: Vec<usize>) {
        self.spawn(JobKind::Probes, move |_, cancel, out| {
            let vectors = subject.vectors.view();
            let prober =
                Prober::new(vectors, &subject.models, &subject.attributes, &subject.benchmarks);
            let probe = |i: usize| {
                let attribute = subject.attributes.get(i)?;
                let settings = Settings::default();
                let report = attempt(|| prober.probe(attribute, &settings, cancel));
                Some(JobResult::Probed(i, report.map(Box::new)))
            };
            let (last, before) = attributes.split_last().ok_or("there is nothing to probe")?;
            for result in before.iter().filter_map(|i| probe(*i)) {
                if cancel.load(Ordering::Relaxed) || !send(out, result) {
                    break;
                }
            }
            probe(*last).ok_or_else(|| "the attribute is gone".into())
        });
    }
}

/// Sends what has come of a job. False once nobody listens any more, since the explorer has ended.
fn send(out: &Sender<Message>, result: JobResult) -> bool {
    out.send(Message::Action(Action::Job(result))).is_ok()
}

/// Does a piece of work and sends what comes of it, unless it is no longer wanted. Its failure is its
/// own, a panic too.
fn run(
    kind: JobKind,
    cancel: &AtomicBool,
    out: &Sender<Message>,
    work: impl FnOnce() -> Result<JobResult, String>,
) {
    let result = attempt(work).unwrap_or_else(|problem| JobResult::Failed(kind, problem));
    if !cancel.load(Ordering::Relaxed) {
        send(out, result);
    }
}

/// Forecasts questions block by block, and gives the last block.
fn forecast_blocks(
    prompts: &[String],
    forecast: impl Fn(&[&str]) -> Result<Vec<Vec<f32>>, String>,
    cancel: &AtomicBool,
    out: &Sender<Message>,
) -> Result<JobResult, String> {
    let mut last = JobResult::QuestionsForecast(0, Vec::new());
    for (i, block) in prompts.chunks(BLOCK).enumerate() {
        if i > 0 && !send(out, last) || cancel.load(Ordering::Relaxed) {
            return Err("it is not wanted any more".into());
        }
        let block: Vec<&str> = block.iter().map(String::as_str).collect();
        last = JobResult::QuestionsForecast(i * BLOCK, forecast(&block)?);
    }
    Ok(last)
}

/// Finds out whether a pasted text is the path of a file, as terminals paste what is dropped on them,
/// and if so reads the prompt from it.
pub fn drop_in(text: String, out: Sender<Message>) {
    thread::spawn(move || {
        run(JobKind::PromptFile, &AtomicBool::new(false), &out, || {
            let prompt = match dropped(&text) {
                None => text,
                Some(path) => read(&path)?,
            };
            Ok(JobResult::Dropped(prompt))
        });
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

/// What `work` gives, or why it failed, be it by a panic.
pub fn attempt<T, E: ToString>(work: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    guarded(work)?.map_err(|error| error.to_string())
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

    fn failures(out: &std::sync::mpsc::Receiver<Message>) -> Vec<(JobKind, String)> {
        let failed = |message| match message {
            Message::Action(Action::Job(JobResult::Failed(kind, problem))) => Some((kind, problem)),
            _ => None,
        };
        out.try_iter().filter_map(failed).collect()
    }

    #[test]
    fn a_panic_is_the_failure_of_its_job() {
        let (out, found) = std::sync::mpsc::channel();
        for kind in JobKind::ALL {
            run(kind, &AtomicBool::new(false), &out, || panic!("no such axis"));
            let failures = failures(&found);
            assert!(matches!(&failures[..], [(k, p)] if *k == kind && p.contains("no such axis")));
        }
        run(JobKind::Clusters, &AtomicBool::new(true), &out, || Err("late".into()));
        assert!(found.try_recv().is_err(), "nobody waits for what was stopped");
    }

    #[test]
    fn a_block_of_questions_that_fails_ends_the_job() {
        let (out, found) = std::sync::mpsc::channel();
        let prompts: Vec<String> = (0..3 * BLOCK).map(|i| i.to_string()).collect();
        let cancel = AtomicBool::new(false);
        let forecast = |prompts: &[&str]| match prompts[0] {
            "64" => Err("out of memory".to_owned()),
            _ => Ok(vec![vec![0.5]; prompts.len()]),
        };
        run(JobKind::Questions, &cancel, &out, || {
            forecast_blocks(&prompts, forecast, &cancel, &out)
        });
        let first = found.try_recv().unwrap();
        let is_first = |m: &Message| {
            matches!(m, Message::Action(Action::Job(JobResult::QuestionsForecast(0, rows)))
                     if rows.len() == BLOCK)
        };
        assert!(is_first(&first));
        assert_eq!(failures(&found), [(JobKind::Questions, "out of memory".to_owned())]);
    }
}
