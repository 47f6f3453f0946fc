//! The command line: one file a command, thin over the library.

mod address;
mod ask;
mod bench;
mod completions;
mod evaluate;
mod explore;
mod export;
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
mod serve;
mod themes;
mod train;

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, Parser, Subcommand};
use llmap::embedder::Embedder;
use llmap::{Error, Result};

use merge::data;

/// The word that names the embedder that is compiled in.
const SHIPPED: &str = "shipped";

/// A map of language models, learned from who answered which question correctly.
///
/// Without a command, llmap opens the explorer on the embedder it ships with: 557 models from
/// public evaluation records.
#[derive(Parser)]
#[command(name = "llmap", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  llmap                                   explore 557 models, type a prompt, see who answers it
  llmap route shipped \"2+2=?\"             the models most likely to answer it right
  llmap train mydata -o my.safetensors    learn from your own evaluation records
  llmap my.safetensors                    explore them")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    explore: explore::Arguments,
    #[command(flatten)]
    common: Common,
}

/// What every command takes.
#[derive(Args, Clone)]
struct Common {
    /// Print one JSON document on standard output; progress goes to standard error.
    #[arg(long, global = true)]
    json: bool,
    /// Decides everything random.
    #[arg(long, global = true, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// No progress and no remarks.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Open the explorer.
    Explore(explore::Arguments),
    /// Learn an embedder from evaluation records.
    Train(train::Arguments),
    /// Judge an embedder beside the baselines.
    Evaluate(evaluate::Arguments),
    /// Rank the models for prompts.
    Route(route::Arguments),
    /// Route prompts over HTTP.
    Serve(serve::Arguments),
    /// Ask whether attributes of models can be read off their vectors.
    Probe(probe::Arguments),
    /// Say how models would do on benchmarks that they were not run on.
    Forecast(forecast::Arguments),
    /// Place a new model by a few of its answers, without training.
    Onboard(onboard::Arguments),
    /// Pick the questions that tell most about a new model.
    Ask(ask::Arguments),
    /// Show what is in an embedder or a data set.
    Inspect(inspect::Arguments),
    /// Write the map to a file.
    Export(export::Arguments),
    /// Make a data set of what other evaluation programs wrote.
    Import(import::Arguments),
    /// Make one data set of several, with attributes from tables and names.
    Merge(merge::Arguments),
    /// Download a sentence encoder or the data set of the paper.
    Fetch(fetch::Arguments),
    /// Measure the speeds that the README quotes, on this machine.
    Bench(bench::Arguments),
    /// List the colour themes.
    Themes,
    /// Print shell completions.
    Completions(completions::Arguments),
}

/// Parses, runs, prints the error if there is one.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let common = &cli.common;
    let outcome = match cli.command {
        None => explore::run(&cli.explore, common),
        Some(Command::Explore(arguments)) => explore::run(&arguments, common),
        Some(Command::Train(arguments)) => train::run(&arguments, common),
        Some(Command::Evaluate(arguments)) => evaluate::run(&arguments, common),
        Some(Command::Route(arguments)) => route::run(&arguments, common),
        Some(Command::Serve(arguments)) => serve::run(&arguments, common),
        Some(Command::Probe(arguments)) => probe::run(&arguments, common),
        Some(Command::Forecast(arguments)) => forecast::run(&arguments, common),
        Some(Command::Onboard(arguments)) => onboard::run(&arguments, common),
        Some(Command::Ask(arguments)) => ask::run(&arguments, common),
        Some(Command::Inspect(arguments)) => inspect::run(&arguments, common),
        Some(Command::Export(arguments)) => export::run(&arguments, common),
        Some(Command::Import(arguments)) => import::run(&arguments, common),
        Some(Command::Merge(arguments)) => merge::run(&arguments, common),
        Some(Command::Fetch(arguments)) => fetch::run(&arguments, common),
        Some(Command::Bench(arguments)) => bench::run(&arguments, common),
        Some(Command::Themes) => themes::run(common),
        Some(Command::Completions(arguments)) => completions::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::reader_left(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("llmap: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// The embedder that `path` names; without one, the shipped one.
fn embedder(path: Option<&Path>) -> Result<Arc<Embedder>> {
    match path {
        Some(path) if path.as_os_str() != OsStr::new(SHIPPED) => Embedder::load(path),
        _ => Embedder::shipped(),
    }
    .map(Arc::new)
}

/// A flag that Ctrl-C raises; a second Ctrl-C ends the program.
fn interrupt() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let failed = |e| Error::Failed(format!("signals cannot be handled: {e}"));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag))
            .map_err(failed)?;
        signal_hook::flag::register(signal, Arc::clone(&flag)).map_err(failed)?;
    }
    Ok(flag)
}
