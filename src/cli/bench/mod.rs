//! `llmap bench`

mod records;
mod scale;

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ndarray::Array2;
use serde::Serialize;
use serde_json::json;

use super::{Common, output, signals};
use crate::Result;
use crate::analysis::projection::Projection;
use crate::analysis::router::{Preferences, Router};
use crate::dataset::Dataset;
use crate::dataset::simulate::Simulation;
use crate::embedder::{Embedder, Settings, train};
use crate::explorer::{Frames, Spread, frames, typed};
use crate::progress::Progress;

/// A prompt of typical length.
const PROMPT: &str = "A shop sells pens at three for two dollars. Mira has twenty dollars, buys a \
    notebook for six and spends the rest on pens. How many pens does she get?";
/// Prompts that are routed together.
const MANY: usize = 4096;
/// Number of models in the drawn frames.
const SIZES: [usize; 2] = [10_000, 100_000];
/// The dependency versions of this build.
const LOCK: &str = include_str!("../../../Cargo.lock");

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap bench
  llmap bench --json --repeats 50
  llmap bench --train mydata --runs 5        training too, five times
  llmap bench --scale                        how time and memory grow with models and with records
  llmap bench --scale models --most-models 100000 --json

Times are medians, with the 5th and 95th percentiles. Close other programs first, since they affect the times.")]
pub struct Arguments {
    /// Number of repetitions.
    #[arg(long, default_value_t = 40, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    repeats: u32,
    /// Also train on this data set, instead of small simulated ones.
    #[arg(long, value_name = "DATA")]
    train: Option<PathBuf>,
    /// Number of training runs.
    #[arg(long, default_value_t = 3, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,
    /// Measure how time and memory scale with the number of models, of records, or both.
    #[arg(long, value_enum, value_name = "WHAT", num_args = 0..=1, default_missing_value = "all")]
    scale: Option<Scale>,
    /// The largest number of models for --scale; there are four sizes, a factor of ten apart.
    #[arg(long, default_value_t = 1_000_000, value_name = "N", requires = "scale",
        value_parser = clap::value_parser!(u32).range(10..=10_000_000))]
    most_models: u32,
    /// The largest number of responses for --scale: from 100,000, ten times as many each time.
    #[arg(long, default_value_t = 10_000_000, value_name = "N", requires = "scale",
        value_parser = clap::value_parser!(u64).range(100_000..=10_000_000_000))]
    most_responses: u64,
    /// The folder for the simulated records of --scale: 3 bytes a response. (default: the temporary folder)
    #[arg(long, value_name = "FOLDER", requires = "scale")]
    folder: Option<PathBuf>,
    /// Measure one embedder, as --scale does for each size.
    #[arg(long, hide = true, value_name = "EMBEDDER", conflicts_with = "scale")]
    scale_of: Option<PathBuf>,
}

/// What --scale varies.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Scale {
    /// Simulated embedders with more and more models.
    Models,
    /// Training on more and more simulated responses.
    Records,
    /// Both.
    All,
}

/// Training times.
#[derive(Serialize)]
struct Training {
    data: String,
    models: usize,
    responses: u32,
    /// From the records in memory to the embedder.
    time: Spread,
    /// Only the matrix products of its networks, in parallel as in training.
    products: Spread,
    /// The ratio of the two.
    ratio: f64,
}

/// Routing times.
#[derive(Serialize)]
struct Routing {
    load: Spread,
    map: Spread,
    encode: Spread,
    predict: Spread,
    route: Spread,
    typed_to_painted: Spread,
    /// Prompts routed together, from their features to picks.
    picks: Spread,
    /// The same from text to names.
    names: Spread,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    if let Some(file) = &arguments.scale_of {
        return scale::measure(file, common);
    }
    if let Some(what) = arguments.scale {
        return grow(what, arguments, common);
    }
    let repeats = arguments.repeats as usize;
    let embedder = Arc::new(Embedder::shipped()?);
    let routing = routing(&embedder, repeats)?;
    // First, since peak memory must not include other measurements.
    let training = training(arguments, common)?;
    let memory = super::train::peak_memory();
    let drawn: Vec<Frames> =
        SIZES.iter().map(|n| frames(*n, repeats, common.seed)).collect::<Result<_>>()?;
    let beside = beside_training(repeats, common.seed)?;
    let per_second = |spread: &Spread| MANY as f64 / spread.median * 1000.0;
    let (picks, names) = (per_second(&routing.picks), per_second(&routing.names));
    if common.json {
        return output::json(&json!({
            "machine": machine(),
            "versions": versions(),
            "unit": "milliseconds",
            "models": embedder.models().len(),
            "routing": routing,
            "routings_per_second": { "from_ready_vectors": picks, "from_text": names },
            "training": training,
            "peak_memory_bytes": memory,
            "frames": drawn,
            "frames_beside_training": beside,
        }));
    }
    let models = embedder.models().len();
    let mut rows = vec![
        row(format!("load the shipped embedder ({models} models)"), &routing.load),
        row("compute its map".into(), &routing.map),
        row("encode a prompt".into(), &routing.encode),
        row("predict all models for an encoded prompt".into(), &routing.predict),
        row("route a prompt".into(), &routing.route),
        row("typed prompt to painted ranking, without debounce".into(), &routing.typed_to_painted),
        single("routings a second, from encoded prompts".into(), format!("{picks:.0}")),
        single("  the same from text to the name".into(), format!("{names:.0}")),
    ];
    let Training { data, models, responses, time, products, ratio } = &training;
    rows.extend([
        row(format!("train on {data} ({models} models, {responses} responses)"), time),
        row("  its matrix products alone".into(), products),
        single("  times as long as its products".into(), format!("{ratio:.1}")),
    ]);
    for frames in drawn.iter().chain([&beside]) {
        let models = frames.models;
        let when = if SIZES.contains(&models) { "" } else { " while a training runs" };
        rows.push(row(format!("key to frame, map of {models} models{when}"), &frames.map));
        rows.push(row("  the same with the table of models".into(), &frames.table));
        let first = format!("{:.2} ms", frames.first);
        rows.push(single("  from the vectors to the first frame".into(), first));
    }
    let head = ["", "median", "5%", "95%"];
    output::text(&format!("{}\n{}", machine_line(), output::table(&head, rows, 1)))
}

/// Runs the scaling benchmarks, and prints time and memory.
fn grow(what: Scale, arguments: &Arguments, common: &Common) -> Result<()> {
    let (mut document, mut text) = (json!({ "machine": machine() }), machine_line());
    if what != Scale::Records {
        let (figures, table) = scale::run(arguments.most_models as usize, common)?;
        document["models"] = figures;
        text += &format!("\n{table}");
    }
    if what != Scale::Models {
        let (figures, table) = records::run(arguments, common)?;
        document["records"] = figures;
        text += &format!("\n{table}");
    }
    if common.json { output::json(&document) } else { output::text(&text) }
}

fn row(what: String, spread: &Spread) -> Vec<String> {
    let ms = |x: f64| format!("{x:.2} ms");
    vec![what, ms(spread.median), ms(spread.p5), ms(spread.p95)]
}

fn single(what: String, value: String) -> Vec<String> {
    vec![what, value, String::new(), String::new()]
}

fn routing(embedder: &Arc<Embedder>, repeats: usize) -> Result<Routing> {
    let features = embedder.encode(&[PROMPT])?;
    let prompts: Vec<String> = (0..repeats).map(|i| format!("{PROMPT} ({i})")).collect();
    let (router, any) = (Router::new(embedder), Preferences::default());
    let many: Vec<&str> = prompts.iter().map(String::as_str).cycle().take(MANY).collect();
    let ready = embedder.encode(&many)?;
    Ok(Routing {
        load: time(repeats.min(10), Embedder::shipped)?,
        map: time(repeats, || Projection::pca(embedder.profiles(), 6))?,
        encode: time(repeats, || embedder.encode(&[PROMPT]))?,
        predict: time(repeats, || Ok(embedder.predict(&features)))?,
        route: time(repeats, || router.route(&[PROMPT], &any))?,
        typed_to_painted: typed(embedder, &prompts)?,
        picks: time(repeats.min(5), || Ok(router.pick(&ready, &any)))?,
        names: time(repeats.min(5), || router.pick_all(&many, &any))?,
    })
}

/// Trains `--runs` times, and computes the matrix products of its networks as often.
fn training(arguments: &Arguments, common: &Common) -> Result<Training> {
    let data = match &arguments.train {
        Some(folder) => super::data(folder)?,
        None => simulated(common.seed),
    };
    let settings = Settings { seed: common.seed, ..Settings::default() };
    let runs = arguments.runs as usize;
    let (mut trained, stop) = (None, signals::flag());
    let time = time(runs, || {
        trained = Some(train(&data, &settings, &mut Progress::until(&stop))?);
        Ok(())
    })?;
    let (layers, responses) = trained
        .map(|embedder| (embedder.layers(), embedder.provenance().responses))
        .unwrap_or_default();
    let questions = data.split(crate::dataset::Split::Train).len();
    let steps = questions.div_ceil(settings.batch) * settings.epochs as usize;
    let products = self::time(runs, || {
        std::thread::scope(|scope| {
            for network in &layers {
                scope.spawn(|| multiply(network, settings.batch, steps));
            }
        });
        Ok(())
    })?;
    let ratio = time.median / products.median;
    let models = data.models.len();
    Ok(Training { data: data.name.clone(), models, responses, time, products, ratio })
}

/// The matrix products of one network's training: forward, and the gradients of weights and inputs.
fn multiply(layers: &[(usize, usize)], batch: usize, steps: usize) {
    let full = |rows: usize, columns: usize| Array2::<f32>::from_elem((rows, columns), 0.5);
    let parts: Vec<_> = layers
        .iter()
        .map(|&(inputs, outputs)| {
            (full(batch, inputs), full(inputs, outputs), full(batch, outputs))
        })
        .collect();
    for _ in 0..steps {
        for (depth, (below, weight, above)) in parts.iter().enumerate() {
            black_box(below.dot(weight));
            black_box(below.t().dot(above));
            if depth > 0 {
                black_box(above.dot(&weight.t()));
            }
        }
    }
}

fn simulated(seed: u64) -> Dataset {
    Simulation { models: 100, questions: 8000, seed, ..Simulation::default() }.run()
}

/// Measures the time of `work`.
fn time<T>(repeats: usize, work: impl FnMut() -> Result<T>) -> Result<Spread> {
    Ok(Spread::of(times(repeats, work)?))
}

/// The times of `work`, in milliseconds.
fn times<T>(repeats: usize, mut work: impl FnMut() -> Result<T>) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let start = Instant::now();
        black_box(work()?);
        times.push(milliseconds(start));
    }
    Ok(times)
}

fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// Which process the CPU time is of.
#[derive(Clone, Copy)]
enum Of {
    Process,
    /// Its child processes that have finished.
    Children,
}

/// CPU seconds, over all cores, where the system has them (Linux).
fn cpu_seconds(of: Of) -> Option<f64> {
    /// Clock ticks a second, on every system that runs Linux today.
    const TICKS: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let first = match of {
        Of::Process => 11,
        Of::Children => 13,
    };
    // The name of the program before it may contain anything.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(first);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS)
}

/// Frames of a map as large as the shipped one during a training.
fn beside_training(repeats: usize, seed: u64) -> Result<Frames> {
    let data = simulated(seed);
    let settings = Settings { epochs: 1000, seed, ..Settings::default() };
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (started, begun) = std::sync::mpsc::channel();
        let (data, settings, stop) = (&data, &settings, &stop);
        let training = scope.spawn(move || {
            let mut progress = |_| {
                let _ = started.send(());
            };
            train(data, settings, &mut Progress::new(&mut progress, stop))
        });
        // Waits for the first epoch: from then on it trains at full speed.
        let _ = begun.recv();
        let _ = begun.recv();
        let drawn = frames(173, repeats, seed);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        // The result of the training is not needed.
        let _ = training.join();
        drawn
    })
}

/// The machine, as far as it can be detected.
fn machine() -> serde_json::Value {
    let read = |path: &str, key: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with(key))?;
        Some(crate::one_line(line.split_once(':')?.1.trim()))
    };
    json!({
        "system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "processor": read("/proc/cpuinfo", "model name"),
        "threads": std::thread::available_parallelism().map(usize::from).ok(),
        "memory": read("/proc/meminfo", "MemTotal"),
        "load_average": std::fs::read_to_string("/proc/loadavg")
            .ok()
            .and_then(|text| text.split(' ').next().map(str::to_owned)),
    })
}

fn machine_line() -> String {
    let machine = machine();
    let of = |key: &str| match &machine[key] {
        serde_json::Value::Null => "?".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!(
        "{} threads of {}, {}, load {}; llmap {}",
        of("threads"),
        of("processor"),
        of("memory"),
        of("load_average"),
        env!("CARGO_PKG_VERSION")
    )
}

/// The versions of llmap and of the crates that its speed depends on.
fn versions() -> serde_json::Value {
    let named = ["llmap", "burn", "burn-ndarray", "ndarray", "matrixmultiply", "ratatui", "rayon"];
    let version = |name: &&str| {
        let entry = format!("name = \"{name}\"\nversion = \"");
        let found = LOCK.split_once(&entry).and_then(|(_, rest)| rest.split_once('"'));
        ((*name).to_owned(), found.map_or("?", |(version, _)| version).into())
    };
    serde_json::Value::Object(named.iter().map(version).collect())
}

/// The least squares slope of points on logarithmic axes.
fn slope(points: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let points: Vec<(f64, f64)> = points.map(|(x, y)| (x.ln(), y.max(1e-9).ln())).collect();
    let n = points.len() as f64;
    if points.len() < 2 {
        return None;
    }
    let (x, y) = points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let spread: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    Some(points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_has_its_exponent_as_slope() {
        let points = [1e5, 1e6, 1e7].map(|n: f64| (n, 3.0 * n.powf(0.9)));
        assert!((slope(points.into_iter()).unwrap() - 0.9).abs() < 1e-9);
        assert_eq!(slope([(1.0, 1.0)].into_iter()), None);
    }
}
