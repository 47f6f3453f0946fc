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
use crate::embedder::{Backend, Embedder, Event, Settings, train};
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
test.csv in the layout of EmbedLLM. Ctrl-C, like SIGTERM and SIGHUP, stops and keeps the best epoch so
far (exit code 0); before the first epoch is over nothing is written, and what was there stays (130).")]
pub struct Arguments {
    /// The folder of the data set; with --sql, that of its questions and models.
    #[arg(required_unless_present = "sql")]
    data: Option<PathBuf>,
    /// The file to write.
    #[arg(long, short, value_name = "EMBEDDER")]
    output: PathBuf,
    /// Numbers in a model's vector.
    #[arg(long, default_value_t = Settings::default().dim as u32, value_name = "D",
        value_parser = clap::value_parser!(u32).range(8..=128))]
    dim: u32,
    /// Forecast from answers alone: leave out release date, size, price and whether a model reasons.
    #[arg(long)]
    no_attributes: bool,
    /// Epochs at most.
    #[arg(long, default_value_t = Settings::default().epochs, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    epochs: u32,
    /// What reads the questions: `builtin`, `minilm` or `mpnet` (see `llmap fetch`), the folder of a
    /// sentence encoder, or several joined by `+`.
    #[arg(long, default_value = "builtin", value_name = "ENCODER")]
    encoder: String,
    /// Where burn computes: ndarray or flex.
    #[arg(long, default_value = "ndarray")]
    backend: Backend,
    /// Watch the map form in the explorer.
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

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    #[cfg(feature = "tui")]
    if arguments.live {
        super::explore::terminal()?;
    }
    let encoder = encoder::sources(&arguments.encoder)?;
    // Training for minutes and then failing to write would be a waste.
    let output = Output::open(&arguments.output, &inputs(arguments, &encoder))?;
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
    #[cfg(feature = "tui")]
    if arguments.live {
        return live(data, settings, output, arguments, common);
    }
    let bar = bar(common, arguments.epochs);
    let start = Instant::now();
    let mut epochs = Vec::new();
    let mut progress = |event: Event| {
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
        }
        show(&bar, &event);
    };
    let embedder = train(&data, &settings, &mut Progress::new(&mut progress, &signals::flag()))?;
    bar.finish_and_clear();
    if output.waits() {
        signals::hurry();
    }
    embedder.save_to(output)?;
    signals::hurry();
    if let Some(signal) = signals::came().filter(|_| !common.quiet) {
        let (signal, epoch) = (signals::name(signal), embedder.provenance().epoch);
        // The terminal may be gone.
        let _ = writeln!(io::stderr(), "llmap: {signal}: the best epoch so far is kept ({epoch})");
    }
    report(&embedder, (start.elapsed(), epochs), arguments, common)
}

/// Trains in the explorer.
#[cfg(feature = "tui")]
fn live(
    data: Dataset,
    settings: Settings,
    output: Output,
    arguments: &Arguments,
    common: &Common,
) -> Result<()> {
    let options = Options { theme: arguments.theme.clone(), ..Options::default() };
    let data = Arc::new(data);
    let trained = Arc::clone(&data);
    let job = move |progress: &mut Progress<'_, Event>| {
        let embedder = train(&trained, &settings, progress)?;
        embedder.save_to(output)?;
        Ok(embedder)
    };
    let start = Instant::now();
    let embedder = explorer::run_live(&data, job, &options)?;
    report(&embedder, (start.elapsed(), Vec::new()), arguments, common)
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

/// Shows a step of training.
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
    (time, epochs): (Duration, Vec<Value>),
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
                "\nno attributes: nothing to filter, to color or to weigh cost by; llmap merge DATA -o NEW \
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

/// The most memory that the process held, where the system tells (Linux).
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
