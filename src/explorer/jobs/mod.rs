//! Background work: a new request replaces an older one of the same kind, and running work can be cancelled.

mod files;
mod latest;
mod panic;
mod placement;
mod questions;
mod run;
mod similar;
mod source;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use super::event::{JobResult, Message};
use super::state::forecasts::Grid;
use super::state::job::JobKind;
use super::state::map::{COMPONENTS, Projector};
use super::state::model_set::ModelSet;
use super::state::questions::{QuestionSet, rows};
use crate::analysis::clusters::{Groups, card, without_coverage};
use crate::analysis::forecast::{self, Forecast};
use crate::analysis::probe::{Prober, Settings};
use crate::analysis::projection::Projection;
use crate::analysis::router::{Preferences, Router};
use crate::dataset::{self, Answer, Values};
use crate::embedder::Embedder;
use crate::error::Error;
use crate::eval::{evaluation, untested};
use crate::progress::Progress;
use files::dropped;
use latest::Latest;
use questions::forecast_blocks;
use run::{run, send};

pub use files::drop_in;
pub use latest::DEBOUNCE;
pub use panic::{attempt, catch_panic};
pub use source::Source;

/// A group to describe; `by` is the attribute that defines the groups.
pub struct Group {
    pub of: Vec<Option<usize>>,
    pub at: usize,
    pub by: Option<String>,
}

/// The workers of one embedder. They end when it is dropped.
pub struct Jobs {
    /// Its texts are safe to print, and so are those of the probes' reports.
    model_set: Arc<ModelSet>,
    embedder: Arc<Embedder>,
    /// The slot of prompts to route.
    wanted: OnceLock<Arc<Latest<(String, Preferences)>>>,
    /// The slot of answers of a new model, once its worker has started.
    placement: OnceLock<Arc<Latest<Vec<Answer>>>>,
    /// The slot of prompts for similar questions, once its worker has started.
    alike: OnceLock<Arc<Latest<String>>>,
    /// The data set, if one is open.
    data: Option<Source>,
    cancel: Arc<AtomicBool>,
    /// The cancellation flags of running work.
    running: Mutex<BTreeMap<JobKind, Arc<AtomicBool>>>,
    out: Sender<Message>,
}

impl Jobs {
    pub fn new(
        embedder: Arc<Embedder>,
        model_set: Arc<ModelSet>,
        data: Option<Source>,
        out: Sender<Message>,
    ) -> Self {
        let jobs = Self {
            model_set,
            embedder,
            wanted: OnceLock::new(),
            placement: OnceLock::new(),
            alike: OnceLock::new(),
            data,
            cancel: Arc::default(),
            running: Mutex::default(),
            out,
        };
        // Builds the router before the first prompt.
        jobs.router();
        jobs
    }

    /// The slot of the routing worker.
    fn router(&self) -> &Latest<(String, Preferences)> {
        self.latest(&self.wanted, || {
            let (embedder, model_set) = (Arc::clone(&self.embedder), Arc::clone(&self.model_set));
            move |wanted, cancel, out| {
                let router = Router::with_costs(&embedder, model_set.costs().clone());
                while let Some((version, (prompt, preferences))) = wanted.next(cancel) {
                    let routed = attempt(|| {
                        let route = router.route(&[&prompt], &preferences)?.pop();
                        route.ok_or_else(|| Error::Failed("nothing was routed".into()))
                    });
                    if !send(out, JobResult::Routed(version, routed)) {
                        break;
                    }
                }
            }
        })
    }

    /// Routes a prompt once no newer one arrived within [`DEBOUNCE`].
    pub fn route(&self, version: u64, prompt: String, preferences: Preferences) {
        self.router().put(version, (prompt, preferences));
    }

    /// Finds training questions similar to a prompt, if a data set is open.
    pub fn similar(&self, version: u64, prompt: String) {
        let Some(data) = &self.data else { return };
        let wanted = self.latest(&self.alike, || {
            let (embedder, model_set) = (Arc::clone(&self.embedder), Arc::clone(&self.model_set));
            let data = data.clone();
            move |wanted, cancel, out| {
                similar::work((&embedder, &model_set), &data, wanted, cancel, out);
            }
        });
        wanted.put(version, prompt);
    }

    /// Places a new model by its answers, once no newer ones arrived within [`DEBOUNCE`].
    pub fn place(&self, version: u64, answers: Vec<Answer>) {
        let wanted = self.latest(&self.placement, || {
            let (embedder, data) = (Arc::clone(&self.embedder), self.data.clone());
            move |wanted, cancel, out| {
                placement::work(&embedder, data.as_ref(), wanted, cancel, out);
            }
        });
        wanted.put(version, answers);
    }

    /// The slot of a worker for the latest request on its own thread; the first call starts it.
    fn latest<'a, T: Send + 'static, W>(
        &self,
        slot: &'a OnceLock<Arc<Latest<T>>>,
        worker: impl FnOnce() -> W,
    ) -> &'a Latest<T>
    where
        W: FnOnce(&Latest<T>, &Arc<AtomicBool>, &Sender<Message>) + Send + 'static,
    {
        slot.get_or_init(|| {
            let wanted: Arc<Latest<T>> = Arc::default();
            let (work, own) = (worker(), Arc::clone(&wanted));
            let (cancel, out) = (Arc::clone(&self.cancel), self.out.clone());
            thread::spawn(move || work(&own, &cancel, &out));
            wanted
        })
    }

    /// Reads the answers of a new model from a dropped or typed path.
    pub fn read_answers(&self, path: String) {
        let data = self.data.clone();
        self.spawn(JobKind::Answers, move |_, _, _| {
            let path = dropped(&path).unwrap_or_else(|| path.into());
            let data = data.as_ref().map(Source::get).transpose()?;
            let answers = dataset::load_answers(&path, data).map_err(|e| e.to_string())?;
            Ok(JobResult::AnswersRead(answers))
        });
    }

    /// Stops running work; its result is dropped.
    pub fn stop(&self, kind: JobKind) {
        if let Some(cancel) = self.running().remove(&kind) {
            cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Stops running work of this kind, and returns the flag for the new one.
    fn begin(&self, kind: JobKind) -> Arc<AtomicBool> {
        self.stop(kind);
        Arc::clone(self.running().entry(kind).or_default())
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<JobKind, Arc<AtomicBool>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on a new thread, replacing running work of this kind.
    fn spawn(
        &self,
        kind: JobKind,
        work: impl FnOnce(&ModelSet, &AtomicBool, &Sender<Message>) -> Result<JobResult, String>
        + Send
        + 'static,
    ) {
        let (model_set, cancel) = (Arc::clone(&self.model_set), self.begin(kind));
        let out = self.out.clone();
        thread::spawn(move || run(kind, &cancel, &out, || work(&model_set, &cancel, &out)));
    }

    /// Clusters the models.
    pub fn cluster(&self) {
        self.spawn(JobKind::Clusters, |model_set, cancel, _| {
            Ok(JobResult::Clustered(model_set.clusters(1, cancel).map_err(|e| e.to_string())?))
        });
    }

    /// Finds the neighbors of a model of `model_set`, unless a later one was requested already.
    pub fn neighbors(&self, model_set: Arc<ModelSet>, model: usize) {
        self.spawn(JobKind::Neighbors, move |_, cancel, _| {
            let wanted = !cancel.load(Ordering::Relaxed);
            let found = wanted.then(|| model_set.neighbors(model));
            Ok(JobResult::Neighbors(model, found.unwrap_or_default()))
        });
    }

    /// Describes a group of the models of `model_set`, with predictions if available.
    pub fn describe(
        &self,
        version: u64,
        model_set: Arc<ModelSet>,
        group: Group,
        grid: Option<Arc<Grid>>,
    ) {
        self.spawn(JobKind::Card, move |_, _, _| {
            let predicted: Option<Vec<Vec<f64>>> = grid.map(|grid| {
                let mean = |forecast: &Forecast| forecast.accuracy.mean;
                grid.iter().map(|column| column.iter().map(mean).collect()).collect()
            });
            let groups = Groups { of: &group.of, at: group.at, by: group.by.as_deref() };
            let card = card(&model_set.known(), &groups, predicted.as_deref());
            Ok(JobResult::Described(version, Box::new(card.map_err(|e| e.to_string())?)))
        });
    }

    /// Predicts every model on every benchmark.
    pub fn forecast(&self) {
        let embedder = Arc::clone(&self.embedder);
        self.spawn(JobKind::Forecasts, move |_, cancel, _| {
            let open =
                (0..embedder.benchmarks().len()).take_while(|_| !cancel.load(Ordering::Relaxed));
            let grid: Result<_, _> = open.map(|b| forecast::benchmark(&embedder, b)).collect();
            Ok(JobResult::Forecasted(Arc::new(grid.map_err(|e| e.to_string())?)))
        });
    }

    /// Computes a projection; `class` selects the class of an attribute with many.
    pub fn project(&self, projector: Projector, class: Option<String>) {
        self.spawn(JobKind::Projection, move |model_set, cancel, _| {
            let vectors = model_set.profiles();
            let found = match projector {
                Projector::Pca => model_set.map(vectors, COMPONENTS),
                Projector::Tsne => Projection::tsne(vectors, cancel),
                Projector::WithoutCoverage => {
                    without_coverage(&model_set.known()).and_then(|vectors| {
                        // It places vectors without coverage: that of a new model has it.
                        Ok(Projection {
                            linear: None,
                            ..model_set.map(vectors.view(), COMPONENTS)?
                        })
                    })
                }
                Projector::Attribute(attribute) => {
                    let target = target(model_set, attribute, class.as_deref());
                    Projection::along(vectors, &target, COMPONENTS)
                }
            };
            Ok(JobResult::Projected(projector, found.map_err(|e| e.to_string())?))
        });
    }

    /// Evaluates the predictions on questions of the data set that were not trained on, with baselines.
    pub fn evaluate(&self) {
        let (embedder, data) = (Arc::clone(&self.embedder), self.data.clone());
        self.spawn(JobKind::Evaluation, move |_, cancel, out| {
            let data = data.ok_or("no data set is open")?;
            let data = data.get()?;
            let known = untested::cached(&embedder, data).map(Box::new);
            send(out, JobResult::Untested(known));
            let settings = evaluation::Settings::plain(data);
            let found =
                evaluation::evaluate(&embedder, data, &settings, &mut Progress::until(cancel));
            Ok(JobResult::Evaluated(Box::new(found.map_err(|e| e.to_string())?)))
        });
    }

    /// Reads the data set and predicts its questions, block by block. The first error ends it, since later
    /// blocks would leave a gap.
    pub fn questions(&self) {
        let Some(data) = self.data.clone() else { return };
        let embedder = Arc::clone(&self.embedder);
        self.spawn(JobKind::Questions, move |model_set, cancel, out| {
            let data = data.get()?;
            let learned = data.fingerprint() == embedder.provenance().fingerprint;
            let question_set = Arc::new(QuestionSet::new(data, &model_set.models, learned));
            send(out, JobResult::QuestionsRead(Arc::clone(&question_set)));
            let forecast = |prompts: &[&str]| {
                let features = embedder.encode(prompts).map_err(|e| e.to_string())?;
                Ok(rows(&embedder.predict(&features)))
            };
            forecast_blocks(&question_set.prompts, forecast, cancel, out)
        });
    }

    /// Probes these attributes of the model set, in order; one that was labeled since the explorer was opened
    /// is only in `model_set`.
    pub fn probe(&self, model_set: Arc<ModelSet>, attributes: Vec<usize>) {
        self.spawn(JobKind::Probes, move |_, cancel, out| {
            let vectors = model_set.vectors.view();
            let prober = Prober::new(
                vectors,
                &model_set.models,
                &model_set.attributes,
                &model_set.benchmarks,
            );
            let probe = |i: usize| {
                let attribute = model_set.attributes.get(i)?;
                let settings = Settings::default();
                let report = attempt(|| prober.probe(attribute, &settings, cancel));
                Some(JobResult::Probed(i, report.map(Box::new)))
            };
            let (last, before) = attributes.split_last().ok_or("no models to probe")?;
            for result in before.iter().filter_map(|i| probe(*i)) {
                if cancel.load(Ordering::Relaxed) || !send(out, result) {
                    break;
                }
            }
            probe(*last).ok_or_else(|| "the attribute no longer exists".into())
        });
    }
}

/// An attribute as numbers: for classes 1 for `class` (or the most frequent one) and 0 for the others, for
/// positive numbers their logarithm.
fn target(model_set: &ModelSet, attribute: usize, class: Option<&str>) -> Vec<Option<f64>> {
    let Some(attribute) = model_set.attributes.get(attribute) else { return Vec::new() };
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

/// Wakes a worker, if there is one, so that it checks for cancellation.
fn wake<T>(slot: &OnceLock<Arc<Latest<T>>>) {
    if let Some(wanted) = slot.get() {
        wanted.wake();
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        for cancel in self.running().values() {
            cancel.store(true, Ordering::Relaxed);
        }
        wake(&self.wanted);
        wake(&self.placement);
        wake(&self.alike);
    }
}
