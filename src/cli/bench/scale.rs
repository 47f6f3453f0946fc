//! `llmap bench --scale`: how load, map, neighbors, routing, search, the first frame, onboarding and memory
//! grow with the number of models.
//!
//! Each size is measured by a process of its own, so that its memory is its own.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Of, PROMPT, cpu_seconds, milliseconds, slope, times};
use crate::analysis::neighbors::{Finder, nearest};
use crate::analysis::onboarding::{Catalogue, Placer};
use crate::analysis::projection::Projection;
use crate::analysis::router::{Preferences, Router};
use crate::cli::train::memory;
use crate::cli::{Common, output, signals};
use crate::dataset::simulate::Simulation;
use crate::dataset::{Answer, Dataset};
use crate::embedder::{Addition, Embedder, Settings, train};
use crate::error::{Error, Result};
use crate::explorer::{Opened, opened};
use crate::progress::Progress;

/// Sizes that are measured, a factor of ten apart, the largest last.
const SIZES: u32 = 4;
/// Models that the simulated ones are made of, and the questions that they answered.
const MODELS: usize = 400;
const QUESTIONS: usize = 1600;
const CATEGORIES: usize = 8;
/// Candidates that a prompt is routed to.
const TOP: usize = 10;
/// Neighbors that are looked for, and models whose neighbors are compared with the exact ones.
const NEIGHBORS: usize = 10;
const COMPARED: usize = 50;
/// Models that are onboarded at most, with so many answers each.
const NEW: usize = 100_000;
const ANSWERS: usize = 64;
/// How often what is quick is done; the least and the median time count.
const REPEATS: usize = 9;

/// Least and median time, in milliseconds.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Time {
    least: f64,
    median: f64,
}

impl Time {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |i: usize| times.get(i).copied().unwrap_or_default();
        Self { least: at(0), median: at(times.len() / 2) }
    }
}

/// Resident memory above that before loading, in bytes, after each step.
#[derive(Serialize, Deserialize)]
struct Memory {
    /// Models × numbers of a model × 4 bytes: what a matrix of all that is known of the models would take.
    raw: u64,
    loaded: u64,
    /// The most that there was while loading.
    loading: u64,
    mapped: u64,
    indexed: u64,
    routed: u64,
    explored: u64,
    /// The peak of everything.
    most: u64,
}

/// What one size took.
#[derive(Serialize, Deserialize)]
struct Figures {
    models: usize,
    numbers_of_a_model: usize,
    file: u64,
    load: Time,
    pca: Time,
    index: Time,
    neighbors: Time,
    recall: f64,
    route: Time,
    first_frame: Time,
    frame: Time,
    search: Time,
    /// Models that were onboarded, and all of their time.
    onboarded: usize,
    onboard: Time,
    /// The CPU time of it, over all cores.
    onboard_processor: f64,
    memory: Memory,
}

impl Figures {
    /// The times that have a slope, by name.
    fn times(&self) -> [(&'static str, Time); 10] {
        [
            ("load", self.load),
            ("pca", self.pca),
            ("index", self.index),
            ("neighbors", self.neighbors),
            ("route", self.route),
            ("first_frame", self.first_frame),
            ("frame", self.frame),
            ("search", self.search),
            ("onboard", self.onboard),
            (
                "memory",
                Time { least: self.memory.loaded as f64, median: self.memory.loaded as f64 },
            ),
        ]
    }
}

/// Measures sizes up to `most`: as JSON, and as a table.
pub(super) fn run(most: usize, common: &Common) -> Result<(Value, String)> {
    let sizes: Vec<usize> = (0..SIZES).rev().map(|i| most / 10_usize.pow(i)).collect();
    let sizes: Vec<usize> = sizes.into_iter().filter(|n| *n >= 10).collect();
    let folder = tempfile::tempdir().map_err(|e| Error::io(Path::new("."), e))?;
    let file = folder.path().join("simulated.safetensors");
    let stop = signals::flag();
    let data = simulated(common.seed);
    let settings = Settings { epochs: 1, seed: common.seed, ..Settings::default() };
    let trained = folder.path().join("trained.safetensors");
    train(&data, &settings, &mut Progress::until(&stop))?.save(&trained)?;
    let mut all: Vec<Figures> = Vec::new();
    for models in sizes {
        Embedder::load(&trained)?.simulated(models, common.seed).save(&file)?;
        all.push(in_a_process(&file, common.seed)?);
    }
    let slopes: Vec<(&str, f64)> = slopes(&all);
    let table = table(&all, &slopes);
    let slopes: serde_json::Map<String, Value> =
        slopes.into_iter().map(|(name, slope)| (name.to_owned(), slope.into())).collect();
    Ok((json!({ "unit": "milliseconds", "sizes": all, "slopes": slopes }), table))
}

fn simulated(seed: u64) -> Dataset {
    let simulation = Simulation {
        models: MODELS,
        questions: QUESTIONS,
        categories: CATEGORIES,
        seed,
        ..Simulation::default()
    };
    simulation.run()
}

/// Has this program measure a file in another process.
fn in_a_process(file: &Path, seed: u64) -> Result<Figures> {
    let failed =
        |problem: String| Error::Failed(format!("a size could not be measured: {problem}"));
    let program = std::env::current_exe().map_err(|e| failed(e.to_string()))?;
    let run = Command::new(program)
        .args(["bench", "--json", "--seed", &seed.to_string(), "--scale-of"])
        .arg(file)
        .output()
        .map_err(|e| failed(e.to_string()))?;
    if !run.status.success() {
        return Err(failed(String::from_utf8_lossy(&run.stderr).into_owned()));
    }
    serde_json::from_slice(&run.stdout).map_err(|e| failed(e.to_string()))
}

/// Measures the embedder in `file` and prints its figures as JSON.
pub(super) fn measure(file: &Path, common: &Common) -> Result<()> {
    let resident = |key: &str| memory(key).unwrap_or_default();
    let before = resident("VmRSS:");
    let above = |key: &str| resident(key).saturating_sub(before);
    let start = Instant::now();
    let embedder = Arc::new(Embedder::load(file)?);
    let mut loads = vec![milliseconds(start)];
    let (loaded, loading) = (above("VmRSS:"), above("VmHWM:"));
    let vectors = embedder.profiles();
    let pca = Time::of(times(3, || Projection::pca(vectors, 6))?);
    let mapped = above("VmRSS:");

    let start = Instant::now();
    let finder = Finder::new(vectors);
    let index = Time::of(vec![milliseconds(start)]);
    let indexed = above("VmRSS:");
    let compared: Vec<usize> = (0..COMPARED).map(|i| i * vectors.nrows() / COMPARED).collect();
    let none = |_: usize| None;
    let (mut each, mut hits, mut wanted) = (Vec::new(), 0, 0);
    for &model in &compared {
        let start = Instant::now();
        let found = finder.nearest(vectors, model, NEIGHBORS, none);
        each.push(milliseconds(start));
        let exact = nearest(vectors, model, NEIGHBORS, none);
        wanted += exact.len();
        hits += exact.iter().filter(|e| found.iter().any(|f| f.model == e.model)).count();
    }
    let recall = hits as f64 / wanted.max(1) as f64;
    drop(finder);

    let router = Router::new(&embedder);
    let any = Preferences::default();
    let route = Time::of(times(REPEATS, || router.route_top(&[PROMPT], &any, TOP))?);
    let routed = above("VmRSS:");
    drop(router);

    let shown = opened(&embedder, REPEATS)?;
    let explored = above("VmRSS:");
    let Opened { first_frame, frame, search, .. } = shown;
    let (onboarded, onboard, onboard_processor) = onboarding(&embedder, common.seed)?;
    let (models, numbers) = (embedder.models().len(), embedder.numbers_of_a_model());
    drop(embedder);
    loads.extend(times(2, || Embedder::load(file))?);
    output::json(&Figures {
        models,
        numbers_of_a_model: numbers,
        file: std::fs::metadata(file).map_err(|e| Error::io(file, e))?.len(),
        load: Time::of(loads),
        pca,
        index,
        neighbors: Time::of(each),
        recall,
        route,
        first_frame: Time::of(vec![first_frame]),
        frame: Time::of(frame),
        search: Time::of(search),
        onboarded,
        onboard,
        onboard_processor,
        memory: Memory {
            raw: 4 * (models * numbers) as u64,
            loaded,
            loading,
            mapped,
            indexed,
            routed,
            explored,
            most: above("VmHWM:"),
        },
    })
}

/// Onboards models by answers to some of the simulated questions each, and gives their number, the time and the CPU
/// time.
fn onboarding(embedder: &Embedder, seed: u64) -> Result<(usize, Time, f64)> {
    let mut data = simulated(seed);
    data.models.iter_mut().zip(embedder.models()).for_each(|(own, name)| own.clone_from(name));
    let catalogue = Catalogue::new(embedder, &data, &signals::flag())?;
    let new = embedder.models().len().min(NEW);
    let questions = data.questions.len();
    let cpu = || 1000.0 * cpu_seconds(Of::Process).unwrap_or_default();
    let (start, before) = (Instant::now(), cpu());
    let placer = Placer::new(embedder, Some(&catalogue));
    let added = (0..new).into_par_iter().map(|model| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(model as u64);
        let able = rng.random_range(0.2..0.9);
        let asked = rand::seq::index::sample(&mut rng, questions, ANSWERS.min(questions));
        let answers: Vec<Answer> = asked
            .into_iter()
            .map(|question| Answer {
                prompt: String::new(),
                question: Some(question),
                label: Some(f32::from(u8::from(rng.random_bool(able)))),
            })
            .collect();
        placer.add(&format!("new-{model}"), &answers)
    });
    let added: Vec<Addition> = added.collect::<Result<_>>()?;
    black_box(&added);
    Ok((new, Time::of(vec![milliseconds(start)]), cpu() - before))
}

/// By which power of the number of models each time grows: least squares on logarithms.
fn slopes(all: &[Figures]) -> Vec<(&'static str, f64)> {
    let names = all.first().map(|first| first.times().map(|(name, _)| name));
    let of = |(i, name): (usize, &'static str)| {
        // Sizes that do without a step have no time for it.
        let points = all.iter().filter_map(|figures| {
            let least = figures.times()[i].1.least;
            (least > 1e-3).then_some((figures.models as f64, least))
        });
        (name, slope(points).unwrap_or_default())
    };
    names.into_iter().flatten().enumerate().map(of).collect()
}

fn table(all: &[Figures], slopes: &[(&str, f64)]) -> String {
    let ms = |time: Time| format!("{:.1} ({:.1})", time.least, time.median);
    let mb = |bytes: u64| format!("{} MB", bytes / 1_000_000);
    let of = |raw: u64, bytes: u64| format!("{:.2}", bytes as f64 / raw.max(1) as f64);
    let mut header = vec!["milliseconds: least (median)".to_owned()];
    header.extend(all.iter().map(|f| format!("{} models", f.models)));
    header.push("slope".into());
    let row = |what: &str, slope: &str, cell: &dyn Fn(&Figures) -> String| {
        let mut row = vec![what.to_owned()];
        row.extend(all.iter().map(cell));
        let found = slopes.iter().find(|(name, _)| *name == slope);
        row.push(found.map_or_else(String::new, |(_, slope)| format!("{slope:.2}")));
        row
    };
    let rows = vec![
        row("load", "load", &|f| ms(f.load)),
        row("principal components", "pca", &|f| ms(f.pca)),
        row("index of neighbors", "index", &|f| ms(f.index)),
        row("  ten neighbors of a model", "neighbors", &|f| ms(f.neighbors)),
        row("  recall", "", &|f| format!("{:.3}", f.recall)),
        row("route a prompt to the top 10", "route", &|f| ms(f.route)),
        row("first frame", "first_frame", &|f| ms(f.first_frame)),
        row("key to frame", "frame", &|f| ms(f.frame)),
        row("a letter of a search", "search", &|f| ms(f.search)),
        row("onboard new models", "onboard", &|f| ms(f.onboard)),
        row("  CPU time", "", &|f| format!("{:.0}", f.onboard_processor)),
        row("  models onboarded, 64 answers each", "", &|f| f.onboarded.to_string()),
        row("numbers of a model", "", &|f| f.numbers_of_a_model.to_string()),
        row("file", "", &|f| mb(f.file)),
        row("raw matrix: models × numbers × 4 bytes", "", &|f| mb(f.memory.raw)),
        row("memory when loaded", "memory", &|f| mb(f.memory.loaded)),
        row("  ÷ raw matrix", "", &|f| of(f.memory.raw, f.memory.loaded)),
        row("  the most while loading", "", &|f| of(f.memory.raw, f.memory.loading)),
        row("  with the map", "", &|f| of(f.memory.raw, f.memory.mapped)),
        row("  with the index", "", &|f| of(f.memory.raw, f.memory.indexed)),
        row("  after routing", "", &|f| of(f.memory.raw, f.memory.routed)),
        row("  with the explorer", "", &|f| of(f.memory.raw, f.memory.explored)),
        row("  peak", "", &|f| of(f.memory.raw, f.memory.most)),
    ];
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    output::table(&header, rows, 1)
}
