//! What other evaluation programs wrote, as a data set of tables.
//!
//! Each format is read by a module of its own into [`Records`], which [`Records::write`] lays down as
//! `questions.csv`, `models.csv` and `responses.csv` for [`crate::dataset::load`].

mod alpaca_eval;
mod helm;
mod lm_eval;
mod mmlu_pro;
mod records;
mod source;
mod text;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

pub use records::{Records, vacant};

/// Whose files they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `samples_TASK_DATE.jsonl` of lm-evaluation-harness with `--log_samples`, plain or compressed,
    /// with the `results_DATE.json` beside them.
    LmEval,
    /// Runs of HELM: folders with `run_spec.json`, `scenario_state.json` and
    /// `per_instance_stats.json`.
    Helm,
    /// `annotations.json` of AlpacaEval: a win over the reference is right, a draw a half.
    AlpacaEval,
    /// `model_outputs_MODEL_5shots.json` of MMLU-Pro, or a folder of them named like the model.
    MmluPro,
}

/// What to make of records that hold more than a question and whether it was answered right.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The metric that says whether an answer is right.
    pub metric: Option<String>,
    /// The filter of lm-evaluation-harness whose answers count.
    pub filter: Option<String>,
    /// The field of a document that holds the question.
    pub text: Option<String>,
}

/// Reads all files of `format` in `paths`, folders with all that is below them.
///
/// `progress` hears how many of how many files are done.
///
/// # Errors
/// [`Error::Input`] with file and line for what is not as it should be; [`Error::Usage`] if there is
/// no such file; [`Error::Failed`] if cancelled.
pub fn import(
    format: Format,
    paths: &[PathBuf],
    options: &Options,
    progress: &mut dyn FnMut(usize, usize),
    cancel: &AtomicBool,
) -> Result<Records> {
    let mut records = Records::default();
    let sources = match format {
        Format::LmEval => lm_eval::runs(paths, &mut records)?,
        Format::Helm => source::files(paths, |name| name == "run_spec.json")?,
        Format::AlpacaEval => {
            source::files(paths, |name| source::stem(name, ".json") == Some("annotations"))?
        }
        Format::MmluPro => source::files(paths, |name| source::stem(name, ".json").is_some())?,
    };
    let n = sources.len();
    for (i, path) in sources.iter().enumerate() {
        if cancel.load(Ordering::Relaxed) {
            return Err(Error::Failed("the import was cancelled: nothing is written".into()));
        }
        progress(i, n);
        match format {
            Format::LmEval => lm_eval::read(path, options, &mut records)?,
            Format::Helm => helm::read(path, options, &mut records)?,
            Format::AlpacaEval => alpaca_eval::read(path, &mut records)?,
            Format::MmluPro => mmlu_pro::read(path, &mut records)?,
        }
    }
    progress(n, n);
    if records.responses() == 0 {
        return Err(Error::Usage(format!(
            "nothing to import: {}",
            match format {
                Format::LmEval => "no samples_*.jsonl is there; run lm_eval with --log_samples",
                Format::Helm => "no run_spec.json is there; name the folder benchmark_output",
                Format::AlpacaEval => "no annotations.json is there",
                Format::MmluPro => "no .json of answers is there; unpack the .zip files first",
            }
        )));
    }
    Ok(records)
}
