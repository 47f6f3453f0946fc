//! The command line: one file per command, a thin layer over the library.

#[cfg(feature = "serve")]
mod address;
mod ask;
#[cfg(feature = "tui")]
mod bench;
mod completions;
mod encode;
mod evaluate;
#[cfg(feature = "tui")]
mod explore;
#[cfg(feature = "tui")]
mod export;
#[cfg(feature = "hub")]
mod fetch;
mod forecast;
mod import;
mod inspect;
mod merge;
mod onboard;
mod output;
mod probe;
mod prompts;
mod route;
#[cfg(feature = "serve")]
mod serve;
mod signals;
mod sql;
#[cfg(feature = "tui")]
mod themes;
mod train;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};

use crate::dataset::{self, Dataset};
use crate::embedder::{Embedder, Paper};
use crate::{Error, PrintableLines, Result, one_line, start};

/// The name of the embedded default embedder.
const SHIPPED: &str = "shipped";
/// Maximum number of characters of an argument in an error message.
const LONGEST: usize = 200;

/// A map of language models, learned from records of which model answered which question correctly.
#[cfg_attr(
    feature = "tui",
    doc = "
Without a command, llmap opens the explorer on the embedder it ships with: 557 models from
public evaluation records."
)]
#[derive(Parser)]
#[command(
    name = "llmap",
    bin_name = "llmap",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
#[cfg_attr(
    feature = "tui",
    command(after_help = "Examples:
  llmap                                   explore 557 models, type a prompt, see which model answers it
  llmap route shipped \"2+2=?\"             the models most likely to answer it correctly
  llmap train mydata -o my.safetensors    learn from your own evaluation records
  llmap my.safetensors                    explore them")
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[cfg(feature = "tui")]
    #[command(flatten)]
    explore: explore::Arguments,
    #[command(flatten)]
    common: Common,
}

/// Options of every command.
#[derive(Args, Clone)]
struct Common {
    /// Print one JSON document on standard output; progress goes to standard error.
    #[arg(long, global = true)]
    json: bool,
    /// The random seed.
    #[arg(long, global = true, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// No progress and no notes.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Open the explorer.
    #[cfg(feature = "tui")]
    Explore(explore::Arguments),
    /// Train an embedder on evaluation records.
    Train(train::Arguments),
    /// Encode the questions of a data set, or a shard of them, for `train --vectors`.
    Encode(encode::Arguments),
    /// Evaluate an embedder, with baselines.
    Evaluate(evaluate::Arguments),
    /// Rank the models for prompts.
    Route(route::Arguments),
    /// Route prompts over HTTP.
    #[cfg(feature = "serve")]
    Serve(serve::Arguments),
    /// Test whether attributes of models can be decoded from their vectors.
    Probe(probe::Arguments),
    /// Predict the accuracy of models on benchmarks that they were not evaluated on.
    Forecast(forecast::Arguments),
    /// Place a new model by a few of its answers, without training.
    Onboard(onboard::Arguments),
    /// Choose the most informative questions for a new model.
    Ask(ask::Arguments),
    /// Show the content of an embedder or a data set.
    Inspect(inspect::Arguments),
    /// Export maps, tables and vectors to files.
    #[cfg(feature = "tui")]
    Export(export::Arguments),
    /// Convert the output of other evaluation tools to a data set.
    Import(import::Arguments),
    /// Merge data sets, and add attributes from tables and names.
    Merge(merge::Arguments),
    /// Download a sentence encoder or the data set of the paper.
    #[cfg(feature = "hub")]
    Fetch(fetch::Arguments),
    /// Run the benchmarks of the README on this machine.
    #[cfg(feature = "tui")]
    Bench(bench::Arguments),
    /// List the color themes.
    #[cfg(feature = "tui")]
    Themes,
    /// Print shell completions.
    Completions(completions::Arguments),
}

/// Parses, runs, and prints an error if there is one.
pub fn run() -> ExitCode {
    let cli = parsed();
    let common = &cli.common;
    let listening = if cli.on_screen() { Ok(()) } else { signals::listen() };
    let outcome = listening.and_then(|()| dispatch(&cli));
    if let Some(problem) = crate::encoder::unkept().filter(|_| !common.quiet) {
        output::message(format!("note: the vectors of texts were not cached: {problem}"));
    }
    match (outcome, signals::came()) {
        (Ok(()), _) => ExitCode::SUCCESS,
        (Err(error), None) if output::reader_left(&error) => ExitCode::SUCCESS,
        (Err(error), None) => {
            output::message(&error);
            ExitCode::from(error.exit_code())
        }
        (Err(error), Some(signal)) => {
            output::message(format!("{}: {error}", signals::name(signal)));
            ExitCode::from(128 + signal as u8)
        }
    }
}

fn dispatch(cli: &Cli) -> Result<()> {
    let common = &cli.common;
    match &cli.command {
        #[cfg(feature = "tui")]
        None => explore::run(&cli.explore, common),
        #[cfg(not(feature = "tui"))]
        None => Err(Error::usage(
            "this build has no explorer: it lacks the feature `tui`",
            "use a command; `llmap help` lists them",
        )),
        #[cfg(feature = "tui")]
        Some(Command::Explore(arguments)) => explore::run(arguments, common),
        Some(Command::Train(arguments)) => train::run(arguments, common),
        Some(Command::Encode(arguments)) => encode::run(arguments, common),
        Some(Command::Evaluate(arguments)) => evaluate::run(arguments, common),
        Some(Command::Route(arguments)) => route::run(arguments, common),
        #[cfg(feature = "serve")]
        Some(Command::Serve(arguments)) => serve::run(arguments, common),
        Some(Command::Probe(arguments)) => probe::run(arguments, common),
        Some(Command::Forecast(arguments)) => forecast::run(arguments, common),
        Some(Command::Onboard(arguments)) => onboard::run(arguments, common),
        Some(Command::Ask(arguments)) => ask::run(arguments, common),
        Some(Command::Inspect(arguments)) => inspect::run(arguments, common),
        #[cfg(feature = "tui")]
        Some(Command::Export(arguments)) => export::run(arguments, common),
        Some(Command::Import(arguments)) => import::run(arguments, common),
        Some(Command::Merge(arguments)) => merge::run(arguments, common),
        #[cfg(feature = "hub")]
        Some(Command::Fetch(arguments)) => fetch::run(arguments, common),
        #[cfg(feature = "tui")]
        Some(Command::Bench(arguments)) => bench::run(arguments, common),
        #[cfg(feature = "tui")]
        Some(Command::Themes) => themes::run(common),
        Some(Command::Completions(arguments)) => completions::run(arguments),
    }
}

impl Cli {
    /// True if the explorer controls the terminal and handles signals.
    fn on_screen(&self) -> bool {
        match &self.command {
            #[cfg(feature = "tui")]
            None => !self.explore.prints(&self.common),
            #[cfg(feature = "tui")]
            Some(Command::Explore(explore)) => !explore.prints(&self.common),
            #[cfg(feature = "tui")]
            Some(Command::Train(train)) => train.live(),
            _ => false,
        }
    }
}

/// Parses the command line. Error messages repeat arguments, so these are made printable first; such a call
/// fails in the same way.
fn parsed() -> Cli {
    let given: Vec<OsString> = std::env::args_os().collect();
    let error = match Cli::try_parse_from(&given) {
        Ok(cli) => return cli,
        Err(error) => error,
    };
    let printed = given.iter().map(|given| one_line(&start(&given.to_string_lossy(), LONGEST)));
    let error = match Cli::try_parse_from(printed) {
        Err(same) if same.kind() == error.kind() => same,
        _ => error,
    };
    let text = error.render().to_string();
    if error.exit_code() == 0 {
        // The version or help; an error if it cannot be printed.
        let printed = error.print().and_then(|()| io::stdout().flush());
        let code = printed.map_err(|e| Error::io(Path::new("standard output"), e)).map_or_else(
            |e| {
                if output::reader_left(&e) {
                    return 0;
                }
                output::message(&e);
                e.exit_code()
            },
            |()| 0,
        );
        std::process::exit(code.into());
    }
    if PrintableLines(&text).to_string() == text {
        // With its colors.
        error.exit();
    }
    output::message(text.trim_start_matches("error: "));
    std::process::exit(error.exit_code());
}

/// The embedder at `path`; the shipped one by default.
fn embedder(path: Option<&Path>, common: &Common) -> Result<Arc<Embedder>> {
    let Some(path) = path.filter(|path| path.as_os_str() != OsStr::new(SHIPPED)) else {
        return Embedder::shipped().map(Arc::new);
    };
    let embedder = Embedder::load(path)?;
    if !common.quiet {
        let models = crate::look_alikes("models", embedder.models().iter().map(String::as_str));
        let benchmarks = embedder.benchmarks().iter().map(|benchmark| &*benchmark.name);
        let attributes = embedder.attributes().iter().map(|attribute| &*attribute.name);
        let others = [
            crate::look_alikes("benchmarks", benchmarks),
            crate::look_alikes("attributes", attributes),
        ];
        for remark in models.into_iter().chain(others.into_iter().flatten()) {
            output::message(format!("note: {remark}"));
        }
    }
    Ok(Arc::new(embedder))
}

/// The paper's weights in a file of `llmap import paper`.
fn paper(path: &Path) -> Result<Paper> {
    let none = || {
        let fix = "pass a file that `llmap import paper` wrote";
        Error::input(path, "does not contain the paper's weights", fix)
    };
    Paper::load(path)?.ok_or_else(none)
}

/// The same; `None` if the file contains something else.
fn paper_at(path: &Path) -> Option<Result<Paper>> {
    let weights = path.as_os_str() != OsStr::new(SHIPPED) && path.is_file();
    weights.then(|| Paper::load(path)).and_then(Result::transpose)
}

/// Loads a data set; for another folder, the error says what it resembles.
fn data(folder: &Path) -> Result<Dataset> {
    dataset::load(folder).map_err(|error| match error {
        Error::Input { file, line: None, problem, fix }
            if file == folder && folder.exists() && dataset::table_files(folder).is_empty() =>
        {
            let found = crate::import::resembles(&[folder.to_owned()]).ok().flatten();
            let fix = found.map_or(fix, |found| found.advice(&[folder.to_owned()]));
            Error::Input { file, line: None, problem, fix }
        }
        error => error,
    })
}

/// Maximum of counts on the command line.
const MANY: u64 = 1_000_000;
/// The highest cost that can be computed with.
const HIGHEST_COST: f64 = 1e12;

/// A count of at least one, from the command line.
fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|n: &usize| *n > 0 && *n as u64 <= MANY);
    count.ok_or_else(|| format!("expected a whole number from 1 to {MANY}"))
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x| (least..=most).contains(x));
    number.ok_or_else(|| format!("expected a number from {least} to {most}"))
}

/// A probability, or another number between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    within(text, 0.0, 1.0)
}

/// A metric: a proportion, or a correlation.
fn figure(text: &str) -> Result<f64, String> {
    within(text, -1.0, 1.0)
}

/// A cost weight.
fn weight(text: &str) -> Result<f64, String> {
    within(text, 0.0, 10.0)
}

/// A cost, in any unit.
fn cost(text: &str) -> Result<f64, String> {
    within(text, 0.0, HIGHEST_COST)
}
