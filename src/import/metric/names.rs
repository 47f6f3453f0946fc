//! Known metrics, and words in names of metrics that mean higher or lower is better.

use crate::import::Format;

/// Metrics of correctness in lm-evaluation-harness, most preferred first.
const LM_EVAL: &[&str] = &[
    "acc",
    "exact_match",
    "pass@1",
    "pass_at_1",
    "prompt_level_strict_acc",
    "math_verify",
    "acc_norm",
    "em",
    "bleu_acc",
    "rouge1_acc",
];
/// Metrics of correctness in HELM, most preferred first.
const HELM: &[&str] = &[
    "quasi_exact_match",
    "exact_match",
    "final_number_exact_match",
    "math_equiv_chain_of_thought",
    "math_equiv",
    "chain_of_thought_correctness",
    "ifeval_strict_accuracy",
    "omni_math_accuracy",
    "wildbench_score_rescaled",
    "pass",
    "code_eval_acc",
    "test_avg",
    "exact_match_indicator",
    "safety_score",
    "bleu_4",
    "f1_score",
    "rouge_2",
    "rouge_l",
];
/// The main metric of a scenario in HELM's own tables, if it is not the first of those above.
const SCENARIOS: &[(&str, &[&str])] = &[
    ("narrative_qa", &["f1_score"]),
    ("natural_qa", &["f1_score"]),
    ("quac", &["f1_score"]),
    ("wmt_14", &["bleu_4"]),
    ("summarization", &["rouge_2", "rouge_l"]),
    ("msmarco", &["RR@10", "NDCG@10"]),
    ("mmlu_pro", &["chain_of_thought_correctness"]),
    ("gpqa", &["chain_of_thought_correctness"]),
    ("gsm", &["final_number_exact_match"]),
    ("math", &["math_equiv_chain_of_thought", "math_equiv"]),
    ("ifeval", &["ifeval_strict_accuracy"]),
    ("omni_math", &["omni_math_accuracy"]),
    ("wildbench", &["wildbench_score_rescaled"]),
    ("code", &["pass", "test_avg"]),
];
/// Words in names that mean higher is better.
pub(super) const GOOD: &[&str] = &[
    "acc",
    "accuracy",
    "correct",
    "correctness",
    "match",
    "em",
    "pass",
    "passed",
    "success",
    "solved",
    "resolved",
    "equiv",
    "equivalence",
    "win",
    "strict",
    "contains",
    "hit",
    "f1",
    "bleu",
    "sacrebleu",
    "rouge",
    "rougel",
    "rougelsum",
    "rouge1",
    "rouge2",
    "chrf",
    "meteor",
    "score",
    "recall",
    "precision",
    "ndcg",
    "rr",
    "mrr",
    "similarity",
    "quality",
    "grade",
    "anls",
    "iou",
    "preference",
    "judge",
    "verify",
    "percent",
];
/// Words in names that mean lower is better, or no rating at all.
pub(super) const BAD: &[&str] = &[
    "perplexity",
    "ppl",
    "bits",
    "loss",
    "nll",
    "logprob",
    "logprobs",
    "likelihood",
    "loglikelihood",
    "brier",
    "ece",
    "stderr",
    "diff",
    "count",
    "length",
    "len",
    "num",
    "tokens",
    "time",
    "runtime",
    "latency",
    "bypass",
    "wer",
    "cer",
    "ter",
    "error",
    "errors",
    "toxicity",
    "hallucination",
    "cost",
    "bytes",
    "finish",
    "truncated",
    "prob",
    "platt",
    "selective",
    "refusal",
    "bias",
    "stereotype",
    "toxic",
    "trials",
    "references",
    "co2",
    "train",
    "training",
    "inference",
    "id",
    "index",
];
/// Metrics that are percentages even if their values are small.
pub(super) const PERCENT: &[&str] =
    &["bleu", "sacrebleu", "chrf", "rouge", "rouge1", "rouge2", "rougel", "rougelsum", "percent"];

/// The known metrics of a task, most preferred first.
pub(super) fn known(format: Format, task: &str) -> Vec<&'static str> {
    match format {
        Format::LmEval => LM_EVAL.to_vec(),
        Format::Helm => {
            let scenario = task.split(['/', ':']).next().unwrap_or(task);
            let of = SCENARIOS.iter().find(|(name, _)| {
                let rest = scenario.strip_prefix(name);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
            });
            let first = of.map_or(&[][..], |(_, metrics)| metrics);
            let rest = HELM.iter().filter(|metric| !first.contains(metric));
            first.iter().chain(rest).copied().collect()
        }
        _ => Vec::new(),
    }
}
