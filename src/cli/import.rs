//! `llmap import`

use std::path::PathBuf;

use indicatif::ProgressBar;
use llmap::Result;
use llmap::import::{Format, Options, import};
use serde_json::json;

use super::{Common, output};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap import lm-eval results/ -o mydata         lm_eval … --log_samples --output_path results
  llmap import helm benchmark_output/ -o mydata
  llmap import alpaca-eval results/ -o mydata     right is what was preferred to the reference
  llmap import mmlu-pro eval_results/ -o mydata
  llmap train mydata -o my.safetensors            then learn from it

Data sets as EmbedLLM publishes them need no import: llmap reads their folder.")]
pub struct Arguments {
    /// Whose files they are.
    #[arg(value_enum)]
    format: Named,
    /// Files, or folders with files below them.
    #[arg(required = true)]
    path: Vec<PathBuf>,
    /// The folder to write the data set to; it must not be there yet.
    #[arg(short, long, value_name = "DATA")]
    output: PathBuf,
    /// The metric that says whether an answer is right, instead of the likeliest (lm-eval, helm).
    #[arg(long)]
    metric: Option<String>,
    /// The filter whose answers count, instead of the first (lm-eval).
    #[arg(long)]
    filter: Option<String>,
    /// The field of a document that holds the question, instead of the likeliest (lm-eval).
    #[arg(long, value_name = "FIELD")]
    text: Option<String>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Named {
    /// lm-evaluation-harness, its logged samples.
    LmEval,
    /// HELM.
    Helm,
    /// AlpacaEval.
    AlpacaEval,
    /// MMLU-Pro.
    MmluPro,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let format = match arguments.format {
        Named::LmEval => Format::LmEval,
        Named::Helm => Format::Helm,
        Named::AlpacaEval => Format::AlpacaEval,
        Named::MmluPro => Format::MmluPro,
    };
    let options = Options {
        metric: arguments.metric.clone(),
        filter: arguments.filter.clone(),
        text: arguments.text.clone(),
    };
    llmap::import::vacant(&arguments.output)?;
    let cancel = super::interrupt()?;
    let bar = if common.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
    let mut progress = |done: usize, of: usize| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    };
    let found = import(format, &arguments.path, &options, &mut progress, &cancel);
    bar.finish_and_clear();
    let found = found?;
    found.write(&arguments.output)?;
    if common.json {
        return output::json(&json!({
            "data": arguments.output.display().to_string(),
            "models": found.models(),
            "questions": found.questions(),
            "responses": found.responses(),
            "categories": found.categories(),
            "repeated": found.repeated,
            "unjudged": found.unjudged,
            "older_runs": found.older,
        }));
    }
    let told = [
        (found.repeated, "answers were there twice: the first one counts"),
        (found.unjudged, "answers are neither right nor wrong: left out"),
        (found.older, "older runs are left out"),
    ];
    let mut said = format!(
        "{}: {} models, {} questions in {} categories, {} responses",
        llmap::one_line(&arguments.output.display().to_string()),
        found.models(),
        found.questions(),
        found.categories().len(),
        found.responses(),
    );
    for (n, what) in told.into_iter().filter(|(n, _)| *n > 0) {
        said.push_str(&format!("\n{n} {what}"));
    }
    if !common.quiet {
        said.push_str("\nnext: llmap train DATA -o EMBEDDER, or llmap inspect DATA");
    }
    output::text(&said)
}
