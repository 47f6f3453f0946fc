//! `llmap bench --scale records`: what training on ever more responses takes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Arguments, Common, Of, cpu_seconds, output, slope};
use crate::dataset::simulate::Sparse;
use crate::error::{Error, Result};

/// The simulated records: sparse, and alike at every size but for the number of questions. What the
/// factors of models and benchmarks take does not depend on the responses, and is little of so few.
const MODELS: usize = 500;
const ANSWERS: usize = 100;
const CATEGORIES: usize = 5;
/// Responses of a shard.
const SHARD: usize = 5_000_000;
/// The fewest responses; each further size has ten times as many.
const LEAST: usize = 100_000;

/// What one training took.
#[derive(Serialize)]
struct Run {
    responses: usize,
    questions: usize,
    /// Bytes of the Parquet shards.
    bytes: u64,
    /// From the shards to the embedder on disk.
    seconds: f64,
    /// The same on all cores together, where the system says.
    cpu_seconds: Option<f64>,
    epochs: usize,
    peak_memory_bytes: Option<u64>,
    /// Memory after each step, as the training reports it.
    steps: Value,
}

impl Run {
    /// Microseconds of all cores for a response, or of the clock where the system does not tell.
    fn each(&self) -> f64 {
        self.cpu_seconds.unwrap_or(self.seconds) * 1e6 / self.responses.max(1) as f64
    }
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<(Value, String)> {
    let sizes = std::iter::successors(Some(LEAST), |n| n.checked_mul(10));
    let mut runs = Vec::new();
    for responses in sizes.take_while(|n| *n as u64 <= arguments.most_responses) {
        if !common.quiet {
            // The terminal may be gone.
            let _ = writeln!(std::io::stderr(), "{responses} responses …");
        }
        runs.push(measure(responses, arguments, common)?);
    }
    let time =
        slope(runs.iter().map(|run| (run.responses as f64, run.each() * run.responses as f64)));
    let memory = slope(
        runs.iter().filter_map(|run| Some((run.responses as f64, run.peak_memory_bytes? as f64))),
    );
    let document = json!({
        "models": MODELS,
        "answers_per_question": ANSWERS,
        "sizes": runs,
        "slopes": { "time": time, "memory": memory },
    });
    let rows = runs.iter().map(|run| {
        vec![
            run.responses.to_string(),
            format!("{:.1} s", run.seconds),
            run.cpu_seconds.map_or_else(|| "?".into(), |s| format!("{s:.1} s")),
            format!("{:.2} µs", run.each()),
            run.peak_memory_bytes.map_or_else(|| "?".into(), |b| format!("{} MB", b / 1_000_000)),
            run.peak_memory_bytes.map_or_else(
                || "?".into(),
                |b| format!("{:.1}", b as f64 / run.responses.max(1) as f64),
            ),
            run.epochs.to_string(),
        ]
    });
    let head = [
        "responses",
        "wall time",
        "CPU time",
        "a response",
        "memory",
        "bytes a response",
        "epochs",
    ];
    let line = |what: &str, slope: Option<f64>| {
        slope.map_or_else(String::new, |slope| format!("\nlog–log slope of {what}: {slope:.3}"))
    };
    let table = output::table(&head, rows.collect::<Vec<_>>(), 0);
    Ok((document, format!("{table}{}{}", line("time", time), line("memory", memory))))
}

/// Simulates records and trains on them in a process of its own, so that its peak memory is its own.
fn measure(responses: usize, arguments: &Arguments, common: &Common) -> Result<Run> {
    let place = arguments.folder.clone().unwrap_or_else(std::env::temp_dir);
    let place = tempfile::tempdir_in(&place).map_err(|e| Error::io(&place, e))?;
    let data = place.path().join("records");
    std::fs::create_dir(&data).map_err(|e| Error::io(&data, e))?;
    let questions = responses / ANSWERS;
    let simulated = Sparse {
        models: MODELS,
        questions,
        answers: ANSWERS,
        categories: CATEGORIES,
        shard: SHARD,
        seed: common.seed,
    };
    let responses = simulated.write(&data)?;
    let program = std::env::current_exe().map_err(|e| Error::io(Path::new("llmap"), e))?;
    let cpu = || cpu_seconds(Of::Children);
    let (before, start) = (cpu(), Instant::now());
    let done = Command::new(program)
        .arg("train")
        .arg(&data)
        .arg("-o")
        .arg(place.path().join("embedder.safetensors"))
        .args(["--json", "--quiet", "--seed", &common.seed.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| Error::Failed(format!("the training could not be started: {e}")))?;
    let seconds = start.elapsed().as_secs_f64();
    if !done.status.success() {
        return Err(Error::Failed(format!("the training on {responses} responses failed")));
    }
    let report: Value = serde_json::from_slice(&done.stdout)
        .map_err(|e| Error::Failed(format!("the training reported no JSON: {e}")))?;
    Ok(Run {
        responses,
        questions,
        bytes: size(&data),
        seconds,
        cpu_seconds: before.zip(cpu()).map(|(before, after)| after - before),
        epochs: report["epochs"].as_array().map_or(0, Vec::len),
        peak_memory_bytes: report["peak_memory_bytes"].as_u64(),
        steps: report["memory"].clone(),
    })
}

/// Bytes of the files in a folder and in its folders.
fn size(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    files
        .filter_map(|file| file.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|m| m.len())
        .sum()
}
