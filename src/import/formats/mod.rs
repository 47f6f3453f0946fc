//! The formats: each finds its files and converts them to runs.

mod alpaca_eval;
mod arena_hard;
mod asked;
mod bfcl;
mod embedllm;
mod helm;
mod inspect;
mod live_bench;
mod llm_router;
mod lm_eval;
mod long;
mod mmlu_pro;
mod openai_evals;
mod router_bench;
mod swe_bench;
mod wide;

use std::sync::Arc;

use super::files::{File, Tree};
use super::report::Skips;
use super::run::Run;
use super::{Job, Options};

/// Renames tasks with the same name by their differences.
pub(super) fn name_tasks(format: Format, tasks: &mut [String]) {
    match format {
        Format::Inspect => inspect::name_tasks(tasks),
        _ => alpaca_eval::name_tasks(tasks),
    }
}

/// One job per file, with `read`.
fn each(
    files: impl IntoIterator<Item = File>,
    read: impl Fn(&File, &mut Skips) -> Vec<Run> + Clone + Send + Sync + 'static,
) -> Vec<Job> {
    let job = |file: File| -> Job {
        let read = read.clone();
        Arc::new(move |skips: &mut Skips| read(&file, skips))
    };
    files.into_iter().map(job).collect()
}

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Samples of lm-evaluation-harness, from release 0.3 on, and details of the Open LLM Leaderboard.
    LmEval,
    /// Runs of HELM: folders with `run_spec.json`.
    Helm,
    /// Logs of Inspect AI, `.eval` and `.json`.
    Inspect,
    /// `annotations.json` of AlpacaEval: a win over the reference is correct, a draw one half.
    AlpacaEval,
    /// Judgments of Arena-Hard: the share of games won against the baseline.
    ArenaHard,
    /// `model_outputs_MODEL_5shots.json` of MMLU-Pro, or a folder of them with the name of the model.
    MmluPro,
    /// Scores and results of the Berkeley Function Calling Leaderboard.
    Bfcl,
    /// Lists of resolved instances in the format of SWE-bench.
    SweBench,
    /// Judgments of LiveBench.
    LiveBench,
    /// Tables of RouterBench.
    RouterBench,
    /// Routing data of LLMRouter, results of LLMRouterBench.
    LlmRouter,
    /// `train`, `val` and `test` in the format of EmbedLLM.
    EmbedLlm,
    /// A matrix: one row per question, one column per model.
    Wide,
    /// One row per answer.
    Long,
    /// Logs of OpenAI evals.
    OpenaiEvals,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 15] = [
        Self::LmEval,
        Self::Helm,
        Self::Inspect,
        Self::AlpacaEval,
        Self::ArenaHard,
        Self::MmluPro,
        Self::Bfcl,
        Self::SweBench,
        Self::LiveBench,
        Self::RouterBench,
        Self::LlmRouter,
        Self::EmbedLlm,
        Self::Wide,
        Self::Long,
        Self::OpenaiEvals,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LmEval => "lm-eval",
            Self::Helm => "helm",
            Self::Inspect => "inspect",
            Self::AlpacaEval => "alpaca-eval",
            Self::ArenaHard => "arena-hard",
            Self::MmluPro => "mmlu-pro",
            Self::Bfcl => "bfcl",
            Self::SweBench => "swe-bench",
            Self::LiveBench => "live-bench",
            Self::RouterBench => "router-bench",
            Self::LlmRouter => "llm-router",
            Self::EmbedLlm => "embedllm",
            Self::Wide => "wide",
            Self::Long => "long",
            Self::OpenaiEvals => "openai-evals",
        }
    }

    /// A one-line description.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::LmEval => "lm-evaluation-harness: logged samples; Open LLM Leaderboard: details",
            Self::Helm => "HELM: runs of classic, lite and capabilities",
            Self::Inspect => "Inspect AI: logs, .eval and .json",
            Self::AlpacaEval => "AlpacaEval: annotations",
            Self::ArenaHard => "Arena-Hard: judgments",
            Self::MmluPro => "MMLU-Pro: answers",
            Self::Bfcl => "Berkeley Function Calling Leaderboard: scores and results",
            Self::SweBench => "SWE-bench and similar: lists of resolved instances",
            Self::LiveBench => "LiveBench: judgments",
            Self::RouterBench => "RouterBench: tables",
            Self::LlmRouter => "LLMRouter: routing data; LLMRouterBench: results",
            Self::EmbedLlm => "EmbedLLM: train, val and test",
            Self::Wide => "a matrix of questions × models",
            Self::Long => "one row per answer, with --columns",
            Self::OpenaiEvals => "OpenAI evals: logs",
        }
    }

    /// The names of its files.
    pub(super) fn wanted(self) -> &'static str {
        match self {
            Self::LmEval => {
                "samples_TASK_DATE.jsonl (lm_eval writes them with --log_samples), \
                 TASK_write_out_info.json (0.3) or details_TASK_DATE.parquet (Open LLM Leaderboard)"
            }
            Self::Helm => {
                "run_spec.json with scenario_state.json and per_instance_stats.json, or with \
                 instances.json and display_predictions.json (in benchmark_output)"
            }
            Self::Inspect => "DATE_TASK_ID.eval or .json (in logs)",
            Self::AlpacaEval => "annotations.json",
            Self::ArenaHard => "model_judgment/JUDGE/MODEL.jsonl, with question.jsonl",
            Self::MmluPro => "model_outputs_MODEL_5shots.json or another .json of answers",
            Self::Bfcl => {
                "score/MODEL/…/BFCL_v3_CATEGORY_score.json, with result/ and the questions next to it"
            }
            Self::SweBench => {
                "results.json, MODEL.RUN.json or report.json with resolved instances, with a table \
                 of instance_id and problem_statement"
            }
            Self::LiveBench => "ground_truth_judgment.jsonl, with question.jsonl",
            Self::RouterBench => {
                "a .csv or .parquet with prompt, eval_name and two columns MODEL and \
                 MODEL|model_response a model"
            }
            Self::LlmRouter => {
                "records with query, model_name and performance, or results with records of \
                 origin_query and score"
            }
            Self::EmbedLlm => "train, val and test as .csv or .parquet",
            Self::Wide => "a .csv or .parquet with one row per question and one column per model",
            Self::Long => "a .csv, .jsonl, .json or .parquet with one row per answer",
            Self::OpenaiEvals => "logs (.jsonl) that start with a spec",
        }
    }

    /// The jobs for the files.
    pub(super) fn jobs(self, tree: &Tree, options: &Options, skips: &mut Skips) -> Vec<Job> {
        match self {
            Self::LmEval => lm_eval::jobs(tree, options, skips),
            Self::Helm => helm::jobs(tree, skips),
            Self::Inspect => inspect::jobs(tree),
            Self::AlpacaEval => alpaca_eval::jobs(tree),
            Self::ArenaHard => arena_hard::jobs(tree, skips),
            Self::MmluPro => mmlu_pro::jobs(tree),
            Self::Bfcl => bfcl::jobs(tree, skips),
            Self::SweBench => swe_bench::jobs(tree, skips),
            Self::LiveBench => live_bench::jobs(tree, skips),
            Self::RouterBench => router_bench::jobs(tree),
            Self::LlmRouter => llm_router::jobs(tree),
            Self::EmbedLlm => embedllm::jobs(tree, skips),
            Self::Wide => wide::jobs(tree, options),
            Self::Long => long::jobs(tree, options),
            Self::OpenaiEvals => openai_evals::jobs(tree),
        }
    }
}

pub(super) use arena_hard::is_judgment as is_arena_hard;
pub(super) use embedllm::is_record as is_embedllm;
pub(super) use inspect::is_log as is_inspect;
pub(super) use live_bench::is_judgment as is_live_bench;
pub(super) use llm_router::is_record as is_llm_router;
pub(super) use long::is_record as is_long;
pub(super) use openai_evals::is_spec as is_openai_evals;
pub(super) use router_bench::is_record as is_router_bench;
pub(super) use swe_bench::is_outcome as is_swe_bench;
pub(super) use wide::is_record as is_wide;
