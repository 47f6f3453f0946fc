//! `llmap train`

use std::io::{self, Write};
use std::path::PathBuf;
#[cfg(feature = "tui")]
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::sql::Sql;
use super::{Common, output, signals};
#[cfg(feature = "tui")]
use crate::dataset::Dataset;
use crate::embedder::{Backend, Checkpoints, Embedder, Event, Resources, Settings, train_with};
use crate::encoder::{self, Source};
#[cfg(feature = "tui")]
use crate::explorer::{self, Options};
use crate::metrics::Metrics;
use crate::progress::Progress;
use crate::{Output, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap train data/sample -o sample.safetensors
  llmap train mydata -o my.safetensors --live        watch the map form; s stops and keeps the best
  llmap train mydata -o my.safetensors --dim 32 --epochs 20 --seed 7 --json
  llmap train mydata -o my.safetensors --encoder builtin+minilm    better, slower: reads sentences

The data is a folder with questions.csv, models.csv and responses.csv, or with train.csv, val.csv and
test.csv in the layout of EmbedLLM; large tables may be in shards (responses.parquet/part-0.parquet, or
responses-00000-of-00008.parquet). Ctrl-C, SIGTERM and SIGHUP stop and keep the best epoch so
far (exit code 0); before the first epoch has ended nothing is written, and an existing file stays (130).

Checkpoints are saved in EMBEDDER.checkpoint every half minute, and when training is stopped.
With --resume, training continues from there and writes the same file as without the interruption; if
there is no checkpoint it starts from the beginning, so a scheduler can always pass it. Only the same data
and options can be resumed (else: exit code 2). The checkpoint is removed when training is complete.")]
pub struct Arguments {
    /// The folder of the data set; with --sql, that of its questions and models.
    #[arg(required_unless_present = "sql")]
    data: Option<PathBuf>,
    /// The file to write.
    #[arg(long, short, value_name = "EMBEDDER")]
    output: PathBuf,
    /// Dimension of a model's vector.
    #[arg(long, default_value_t = Settings::default().dim as u32, value_name = "D",
        value_parser = clap::value_parser!(u32).range(8..=128))]
    dim: u32,
    /// Predict from answers only: ignore release date, size, price and whether a model reasons.
    #[arg(long)]
    no_attributes: bool,
    /// Maximum number of epochs.
    #[arg(long, default_value_t = Settings::default().epochs, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    epochs: u32,
    /// The question encoder: `builtin`, `minilm` or `mpnet` (see `llmap fetch`), the folder of a sentence
    /// encoder, or several joined by `+`.
    #[arg(long, default_value = "builtin", value_name = "ENCODER")]
    encoder: String,
    /// Resume an interrupted training with the same data and options.
    #[arg(long)]
    resume: bool,
    /// Seconds between checkpoints; they take at most a hundredth of the time.
    #[arg(long, default_value_t = 30.0, value_name = "SECONDS", value_parser = seconds)]
    checkpoint_every: f64,
    /// A folder with vectors of the questions from `llmap encode`, instead of encoding them here.
    #[arg(long, value_name = "FOLDER")]
    vectors: Option<PathBuf>,
    #[arg(long, default_value = "ndarray", help = backends())]
    backend: Backend,
    /// Watch the training in the explorer.
    #[cfg(feature = "tui")]
    #[arg(long)]
    live: bool,
    /// The theme of the explorer, with --live.
    #[cfg(feature = "tui")]
    #[arg(long, requires = "live")]
    theme: Option<String>,
    #[command(flatten)]
    sql: Sql,
}

/// The help of `--backend`.
fn backends() -> String {
    format!("The compute backend of burn; this build has {}", Backend::built())
}

impl Arguments {
    /// True if the explorer shows the training.
    pub fn live(&self) -> bool {
        #[cfg(feature = "tui")]
        {
            self.live
        }
        #[cfg(not(feature = "tui"))]
        {
            false
        }
    }
}

/// A time between checkpoints.
fn seconds(text: &str) -> Result<f64, String> {
    super::within(text, 0.0, 1e6)
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    #[cfg(feature = "tui")]
    if arguments.live {
        super::explore::terminal()?;
    }
    let encoder = encoder::sources(&arguments.encoder)?;
    // Checked first: training for minutes and then failing to write would be a waste.
    let output = Output::open(&arguments.output, &inputs(arguments, &encoder))?;
    let begun = Instant::now();
    let data = arguments.sql.data(arguments.data.as_deref())?;
    if !common.quiet && !arguments.live() {
        data.problems().iter().for_each(|problem| {
            output::message(format!("note: {}", crate::one_line(problem)));
        });
    }
    let settings = Settings {
        dim: arguments.dim as usize,
        epochs: arguments.epochs,
        backend: arguments.backend,
        encoder,
        attributes: !arguments.no_attributes,
        seed: common.seed,
        ..Settings::default()
    };
    // Only a regular file can be resumed.
    let every = Duration::from_secs_f64(arguments.checkpoint_every);
    let checkpoints =
        (!output.waits()).then(|| Checkpoints::beside(&arguments.output, every, arguments.resume));
    if !common.quiet && !arguments.live() {
        announce(arguments, checkpoints.as_ref());
    }
    #[cfg(feature = "tui")]
    if arguments.live {
        return live(data, settings, (output, checkpoints), arguments, common);
    }
    let bar = bar(common, arguments.epochs);
    let start = Instant::now();
    let (mut epochs, mut memory) = (Vec::new(), vec![step("read", begun)]);
    let mut progress = |event: Event| {
        if let Event::Encoding { done, questions } = &event
            && done == questions
        {
            memory.push(step("encoded", begun));
        }
        if let Event::Epoch(epoch) = &event {
            // From here on there is an epoch to keep.
            signals::be_patient();
            epochs.push(json!({
                "epoch": epoch.number,
                "seconds": start.elapsed().as_secs_f64(),
                "train_nll": epoch.train_nll,
                "val_nll": epoch.val_nll,
                "best": epoch.best,
            }));
            memory.push(step("epoch", begun));
        }
        show(&bar, &event);
    };
    let stop = signals::flag();
    let progress = &mut Progress::new(&mut progress, &stop);
    let resources =
        Resources { checkpoints: checkpoints.as_ref(), vectors: arguments.vectors.as_deref() };
    let embedder = train_with(&data, &settings, resources, progress)?;
    bar.finish_and_clear();
    if output.waits() {
        signals::hurry();
    }
    embedder.save_to(output)?;
    memory.push(step("saved", begun));
    signals::hurry();
    if let Some(signal) = signals::came().filter(|_| !common.quiet) {
        let (signal, epoch) = (signals::name(signal), embedder.provenance().epoch);
        // The terminal may be closed.
        let _ = writeln!(
            io::stderr(),
            "llmap: {signal}: kept the best epoch so far ({epoch}); --resume continues from here"
        );
    }
    if let Some(checkpoints) = &checkpoints {
        if !common.quiet {
            report_problem(checkpoints);
        }
        if signals::came().is_none() {
            checkpoints.remove()?;
        }
    }
    report(&embedder, start.elapsed(), (epochs, memory), arguments, common)
}

/// Current and peak memory of the process after a step, and the time since the start.
fn step(name: &str, begun: Instant) -> Value {
    let [now, most] = ["VmRSS:", "VmHWM:"].map(memory);
    let seconds = begun.elapsed().as_secs_f64();
    json!({ "step": name, "seconds": seconds, "bytes": now, "peak_bytes": most })
}

/// Reports that a checkpoint could not be written.
fn report_problem(checkpoints: &Checkpoints) {
    if let Some(problem) = checkpoints.problem() {
        output::message(format!(
            "note: no checkpoint could be written: {}",
            crate::one_line(problem)
        ));
    }
}

/// Reports where training starts, if that is unusual.
fn announce(arguments: &Arguments, checkpoints: Option<&Checkpoints>) {
    let there = checkpoints.is_some_and(Checkpoints::exist);
    let folder = checkpoints.map(|kept| crate::one_line(&kept.folder().display().to_string()));
    let folder = folder.unwrap_or_default();
    if arguments.resume && !there {
        output::message("note: there is no checkpoint: training starts from the beginning");
    } else if there && !arguments.resume {
        output::message(format!(
            "note: {folder} has a checkpoint of an interrupted training; --resume would continue from there"
        ));
    }
}

/// Trains in the explorer.
#[cfg(feature = "tui")]
fn live(
    data: Dataset,
    settings: Settings,
    (output, checkpoints): (Output, Option<Checkpoints>),
    arguments: &Arguments,
    common: &Common,
) -> Result<()> {
    let options = Options { theme: arguments.theme.clone(), ..Options::default() };
    let (data, vectors) = (Arc::new(data), arguments.vectors.clone());
    let kept = checkpoints.clone();
    let trained = Arc::clone(&data);
    let job = move |progress: &mut Progress<'_, Event>| {
        let resources =
            Resources { checkpoints: checkpoints.as_ref(), vectors: vectors.as_deref() };
        let embedder = train_with(&trained, &settings, resources, progress)?;
        embedder.save_to(output)?;
        // A training stopped in the explorer is complete: there is nothing to resume.
        checkpoints.map_or(Ok(()), |checkpoints| checkpoints.remove())?;
        Ok(embedder)
    };
    let start = Instant::now();
    let trained = explorer::run_live(&data, job, &options);
    if let Some(checkpoints) = kept.filter(|_| !common.quiet) {
        report_problem(&checkpoints);
    }
    let embedder = trained?;
    report(&embedder, start.elapsed(), (Vec::new(), Vec::new()), arguments, common)
}

/// The files that training reads.
fn inputs(arguments: &Arguments, encoder: &[Source]) -> Vec<PathBuf> {
    let mut inputs = arguments.data.as_deref().map(crate::dataset::table_files).unwrap_or_default();
    for source in encoder {
        let Source::Folder(folder) = source else { continue };
        let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(io::Result::ok);
        inputs.extend(files.map(|file| file.path()));
    }
    inputs
}

/// A progress bar on standard error, over epochs.
pub fn bar(common: &Common, epochs: u32) -> ProgressBar {
    if common.quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(epochs.into());
    if let Ok(style) = ProgressStyle::with_template("{msg:.dim} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Shows the progress of training.
pub fn show(bar: &ProgressBar, event: &Event) {
    match event {
        Event::Encoding { done, questions } => {
            bar.set_message(format!("encoding questions: {done} of {questions}"));
        }
        Event::Epoch(epoch) => {
            bar.set_position(epoch.number.into());
            bar.set_message(format!(
                "train {:.4}  val {:.4}{}  {:.2} M responses/s  {:.0} s left",
                epoch.train_nll,
                epoch.val_nll,
                if epoch.best { " best" } else { "     " },
                epoch.responses_per_second / 1e6,
                epoch.remaining.as_secs_f64(),
            ));
        }
    }
}

fn report(
    embedder: &Embedder,
    time: Duration,
    (epochs, steps): (Vec<Value>, Vec<Value>),
    arguments: &Arguments,
    common: &Common,
) -> Result<()> {
    let provenance = embedder.provenance();
    let memory = peak_memory();
    if common.json {
        return output::json(&json!({
            "embedder": arguments.output.display().to_string(),
            "models": embedder.models().len(),
            "dimensions": embedder.dim(),
            "calibration": embedder.calibration(),
            "provenance": provenance,
            "seconds": time.as_secs_f64(),
            "epochs": epochs,
            "peak_memory_bytes": memory,
            "memory": steps,
            "limits": embedder.limits(),
        }));
    }
    let each = Metrics::NAMES.into_iter().zip(provenance.val.values());
    let figures: Vec<String> = each.map(|(name, value)| format!("{name} {value:.4}")).collect();
    let memory = memory.map_or_else(String::new, |b| format!(", {} MB at most", b / 1_000_000));
    let mut limits = String::new();
    if !common.quiet {
        for limit in embedder.limits() {
            limits.push_str(&format!("\n{limit}"));
        }
        if embedder.attributes().is_empty() {
            limits.push_str(
                "\nno attributes for filters, colors or costs; llmap merge DATA -o NEW \
                 --attributes FILE.csv --guess adds some",
            );
        }
    }
    output::text(&format!(
        "{}: {} × {} from {} in {:.1} s (epoch {}{memory})\nval: {}{limits}",
        crate::one_line(&arguments.output.display().to_string()),
        crate::count(embedder.models().len(), "model"),
        crate::count(embedder.dim(), "dimension"),
        crate::count(provenance.responses as usize, "response"),
        time.as_secs_f64(),
        provenance.epoch,
        figures.join(", "),
    ))
}

/// The peak memory of the process, if the system reports it (Linux).
pub fn peak_memory() -> Option<u64> {
    memory("VmHWM:")
}

/// A memory statistic of the process, by its name in the system's file.
pub fn memory(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
