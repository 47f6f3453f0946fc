//! `llmap bench`

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde_json::json;

use super::{Common, output};
use crate::Result;
use crate::analysis::projection::Projection;
use crate::analysis::router::{Preferences, Router};
use crate::dataset::simulate::Simulation;
use crate::embedder::{Embedder, Settings, train};
use crate::explorer::{Frames, frames, typed};

/// A prompt of the usual length.
const PROMPT: &str = "A shop sells pens at three for two dollars. Mira has twenty dollars, buys a \
    notebook for six and spends the rest on pens. How many pens does she get?";
/// Prompts that are routed at once.
const MANY: usize = 4096;
/// Models that frames are drawn of.
const SIZES: [usize; 2] = [10_000, 100_000];

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap bench
  llmap bench --json --repeats 50

Times are medians in milliseconds. Close other programs first: they count too.")]
pub struct Arguments {
    /// How often each thing is done.
    #[arg(long, default_value_t = 40, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeats: u32,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let repeats = arguments.repeats as usize;
    let load = median(repeats.min(10), || Embedder::shipped().map(drop))?;
    let embedder = Embedder::shipped()?;
    let map = median(repeats, || Projection::pca(embedder.profiles(), 6).map(drop))?;
    let encode = median(repeats, || embedder.encode(&[PROMPT]).map(|f| drop(black_box(f))))?;
    let features = embedder.encode(&[PROMPT])?;
    let predict = median(repeats, || {
        black_box(embedder.predict(&features));
        Ok(())
    })?;
    let embedder = Arc::new(embedder);
    let prompts: Vec<String> = (0..repeats).map(|i| format!("{PROMPT} ({i})")).collect();
    let painted = typed(&embedder, &prompts)?;
    let (router, any) = (Router::new(&embedder), Preferences::default());
    let routed = median(repeats, || router.route(&[PROMPT], &any).map(|r| drop(black_box(r))))?;
    let many: Vec<&str> = prompts.iter().map(String::as_str).cycle().take(MANY).collect();
    let ready = embedder.encode(&many)?;
    let per_second = |ms: f64| MANY as f64 / ms * 1000.0;
    let picks = per_second(median(5, || {
        black_box(router.pick(&ready, &any));
        Ok(())
    })?);
    let names = per_second(median(5, || {
        black_box(router.pick_all(&many, &any)?);
        Ok(())
    })?);
    let drawn: Vec<Frames> =
        SIZES.iter().map(|n| frames(*n, repeats, common.seed)).collect::<Result<_>>()?;
    let beside = beside_training(repeats, common.seed)?;
    let memory = super::train::peak_memory();
    let models = embedder.models().len();
    if common.json {
        return output::json(&json!({
            "models": models,
            "load": load,
            "map": map,
            "encode": encode,
            "predict": predict,
            "route": routed,
            "typed_to_painted": painted,
            "routings_per_second": { "from_ready_vectors": picks, "from_text": names },
            "frames": drawn,
            "frames_beside_training": beside,
            "peak_memory_bytes": memory,
            "threads": std::thread::available_parallelism().map(usize::from).ok(),
        }));
    }
    let row = |what: String, ms: f64| vec![what, format!("{ms:.2} ms")];
    let mut rows = vec![
        row(format!("load the shipped embedder ({models} models)"), load),
        row("compute its map".into(), map),
        row("encode a prompt".into(), encode),
        row("forecast all models for an encoded prompt".into(), predict),
        row("route a prompt".into(), routed),
        row("a typed prompt to its painted ranking, beyond the debounce".into(), painted),
        vec!["routings a second, from ready vectors".into(), format!("{picks:.0}")],
        vec!["  the same from text to the name".into(), format!("{names:.0}")],
    ];
    for frames in drawn.iter().chain([&beside]) {
        let models = frames.models;
        let when =
            if models == SIZES[0] || models == SIZES[1] { "" } else { " while a training runs" };
        rows.push(row(format!("key to frame, map of {models} models{when}"), frames.median));
        rows.push(row("  the slowest twentieth takes at least".into(), frames.p95));
        rows.push(row("  the same with the table of models".into(), frames.table));
        rows.push(row("  from the vectors to the first frame".into(), frames.first));
    }
    output::text(&output::table(&["", "median"], rows, 1))
}

/// The median time of `work`, in milliseconds.
fn median(repeats: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// Frames of a map as large as the shipped one while a training runs beside it.
fn beside_training(repeats: usize, seed: u64) -> Result<Frames> {
    let data = Simulation { models: 100, questions: 8000, seed, ..Simulation::default() }.run();
    let settings = Settings { epochs: 1000, seed, ..Settings::default() };
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (started, begun) = std::sync::mpsc::channel();
        let (data, settings, stop) = (&data, &settings, &stop);
        let training = scope.spawn(move || {
            let mut progress = |_| {
                let _ = started.send(());
            };
            train(data, settings, &mut progress, stop)
        });
        // Encoding first, then the first epoch: from then on it trains at full speed.
        let _ = begun.recv();
        let _ = begun.recv();
        let drawn = frames(173, repeats, seed);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        // How the training ended does not matter: it was there to be in the way.
        let _ = training.join();
        drawn
    })
}
