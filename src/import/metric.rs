//! Which metric of a task says whether an answer is right, and what its numbers mean.

use super::{Choice, Format};

/// How the numbers of a metric become labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// From 0 to 1.
    Share,
    /// From 0 to 100.
    Percent,
}

impl Scale {
    /// The label, unless the number is outside of what may be.
    pub(super) fn label(self, value: f32) -> Option<f32> {
        let value = if self == Self::Percent { value / 100.0 } else { value };
        (0.0..=1.0).contains(&value).then_some(value)
    }
}

/// The numbers of a metric in short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// How many there are.
    pub(super) n: usize,
    /// How many of them lie from 0 to 1.
    pub(super) shares: usize,
    /// The least.
    pub(super) min: f32,
    /// The greatest.
    pub(super) max: f32,
    /// True if all are 0 or 1.
    pub(super) binary: bool,
}

impl Default for Range {
    fn default() -> Self {
        Self { n: 0, shares: 0, min: f32::INFINITY, max: f32::NEG_INFINITY, binary: true }
    }
}

impl Range {
    /// Of these numbers, NaN standing for none.
    pub(super) fn of(values: &[f32]) -> Self {
        let mut range = Self::default();
        for &value in values.iter().filter(|value| value.is_finite()) {
            range.n += 1;
            range.shares += usize::from((0.0..=1.0).contains(&value));
            range.min = range.min.min(value);
            range.max = range.max.max(value);
            range.binary &= [0.0, 1.0].contains(&value);
        }
        range
    }

    /// Of these and others.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            shares: self.shares + other.shares,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            binary: self.binary && other.binary,
        }
    }
}

/// A metric of a task over all its files.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    pub(super) name: String,
    /// In how many files it has numbers.
    pub(super) files: usize,
    pub(super) range: Range,
    /// The task's configuration says that less of it is better.
    pub(super) lower: bool,
}

/// Metrics of lm-evaluation-harness that say whether an answer is right, the likeliest first.
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
/// Metrics of HELM, the likeliest first.
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
/// The metric by which HELM's own tables judge a scenario, where it is not the first of those above.
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
/// Words of names that say that more is better.
const GOOD: &[&str] = &[
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
/// Words of names that say that less is better, or that nothing is judged.
const BAD: &[&str] = &[
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
/// Metrics that are percentages however small their numbers are.
const PERCENT: &[&str] =
    &["bleu", "sacrebleu", "chrf", "rouge", "rouge1", "rouge2", "rougel", "rougelsum", "percent"];

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn any(name: &str, list: &[&str]) -> bool {
    words(name).any(|word| list.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// The metrics that are known for a task, the likeliest first.
fn known(format: Format, task: &str) -> Vec<&'static str> {
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

/// What the numbers of a metric mean, or `None` if they cannot be labels.
fn scale(summary: &Summary) -> Option<Scale> {
    let range = summary.range;
    let percentage = any(&summary.name, PERCENT) || (range.max > 10.0 && any(&summary.name, GOOD));
    if range.n == 0 {
        None
    } else if range.min >= 0.0 && range.max <= 1.0 {
        Some(Scale::Share)
    } else if range.min >= 0.0 && range.max <= 100.0 && percentage {
        Some(Scale::Percent)
    } else {
        None
    }
}

/// What the numbers of one file mean, where the task's are percentages: a file may still hold shares.
pub(super) fn scale_of(task: Scale, name: &str, file: Range) -> Scale {
    if task == Scale::Percent && file.max <= 1.0 && file.max > 0.0 && !any(name, PERCENT) {
        Scale::Share
    } else {
        task
    }
}

/// How good a metric is, the least first: known ones in their order; then those called right or wrong
/// that are 0 or 1; then all that are 0 or 1; then shares; then percentages.
fn rank(format: Format, known: &[&str], summary: &Summary) -> Option<(usize, Scale)> {
    let name = &*summary.name;
    if let Some(at) = known.iter().position(|known| *known == name) {
        // A few numbers beyond what may be do not make a known metric another one.
        let mostly = (summary.range.shares * 2 > summary.range.n).then_some(Scale::Share);
        return Some((at, scale(summary).or(mostly)?));
    }
    let good = any(name, GOOD);
    if summary.lower || any(name, BAD) || (format == Format::Helm && !good) {
        return None;
    }
    let scale = scale(summary)?;
    let tier = match (scale, summary.range.binary) {
        (Scale::Share, true) if good => 100,
        (Scale::Share, true) => 101,
        (Scale::Share, false) => 102,
        (Scale::Percent, _) => 103,
    };
    Some((tier, scale))
}

/// True if a metric could have been taken. HELM has dozens beside, such as the number of tokens.
pub(super) fn usable(format: Format, task: &str, summary: &Summary) -> bool {
    format != Format::Helm || rank(format, &known(format, task), summary).is_some()
}

/// The metric to take: one that all files have before one that some lack, then by rank, then as listed.
pub(super) fn choose(
    format: Format,
    task: &str,
    files: usize,
    summaries: &[Summary],
) -> Option<(usize, Scale)> {
    let known = known(format, task);
    let ranked = summaries.iter().enumerate().filter_map(|(i, summary)| {
        let (rank, scale) = rank(format, &known, summary)?;
        Some(((files - summary.files.min(files), rank, i), scale))
    });
    ranked.min_by_key(|(order, _)| *order).map(|((.., i), scale)| (i, scale))
}

/// What the numbers of a metric mean that the user chose.
pub(super) fn chosen(summary: &Summary) -> Scale {
    let range = summary.range;
    let percent = range.max > 10.0 || (range.max > 1.0 && any(&summary.name, PERCENT));
    if percent && range.max <= 100.0 { Scale::Percent } else { Scale::Share }
}

impl Choice {
    /// Reads `TASK=NAME`, or `NAME` for all tasks. A task may end in `*`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.rsplit_once('=') {
            Some((task, name)) => {
                Self { task: Some(task.trim().to_owned()), name: name.trim().to_owned() }
            }
            None => Self { task: None, name: text.trim().to_owned() },
        }
    }

    /// True if it is about this task.
    pub(super) fn covers(&self, task: &str) -> bool {
        match self.task.as_deref() {
            None => true,
            Some(wanted) => match wanted.strip_suffix('*') {
                Some(start) => task.starts_with(start),
                None => task == wanted,
            },
        }
    }
}

/// The choice for a task: one that names it before one for all.
pub(super) fn choice<'a>(choices: &'a [Choice], task: &str) -> Option<&'a Choice> {
    let covering = || choices.iter().rev().filter(|choice| choice.covers(task));
    covering().find(|choice| choice.task.is_some()).or_else(|| covering().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str, values: &[f32]) -> Summary {
        Summary { name: name.into(), files: 1, range: Range::of(values), lower: false }
    }

    fn best(format: Format, task: &str, metrics: &[Summary]) -> Option<(String, Scale)> {
        choose(format, task, 1, metrics).map(|(i, scale)| (metrics[i].name.clone(), scale))
    }

    fn named(found: Option<(String, Scale)>) -> String {
        found.map_or_else(String::new, |(name, _)| name)
    }

    #[test]
    fn one_metric_for_all_rows() {
        let all = [
            metric("bleu_max", &[0.9, 25.0]),
            metric("bleu_acc", &[0.0, 1.0]),
            metric("bleu_diff", &[1.5, -0.5]),
        ];
        assert_eq!(best(Format::LmEval, "t", &all), Some(("bleu_acc".into(), Scale::Share)));
        let all = [metric("acc_norm", &[0.0]), metric("acc", &[1.0])];
        assert_eq!(named(best(Format::LmEval, "t", &all)), "acc");
        let all = [metric("f1", &[0.4]), metric("is_correct", &[1.0])];
        assert_eq!(named(best(Format::LmEval, "t", &all)), "is_correct");
        let all = [metric("word_perplexity", &[0.5]), metric("bypass", &[0.0])];
        assert_eq!(best(Format::LmEval, "t", &all), None);
    }

    #[test]
    fn percentages_are_told_from_shares_and_from_counts() {
        let percent =
            |name: &str, values: &[f32]| best(Format::LmEval, "t", &[metric(name, values)]);
        assert_eq!(
            percent("exact_match", &[0.0, 100.0]),
            Some(("exact_match".into(), Scale::Percent))
        );
        assert_eq!(percent("bleu", &[0.4, 7.5]), Some(("bleu".into(), Scale::Percent)));
        assert_eq!(percent("score", &[3.0, 9.0]), None, "a judge's marks out of ten");
        assert_eq!(percent("length", &[3.0, 90.0]), None);
        assert_eq!(Scale::Percent.label(62.5), Some(0.625));
        assert_eq!(Scale::Share.label(62.5), None);
        let shares = Range::of(&[0.0, 1.0]);
        assert_eq!(scale_of(Scale::Percent, "exact_match", shares), Scale::Share);
        assert_eq!(scale_of(Scale::Percent, "bleu", shares), Scale::Percent);
    }

    #[test]
    fn helm_judges_a_scenario_by_its_own_metric() {
        let all = [
            metric("exact_match", &[0.0]),
            metric("f1_score", &[0.4]),
            metric("num_bytes", &[1.0]),
        ];
        assert_eq!(named(best(Format::Helm, "narrative_qa", &all)), "f1_score");
        assert_eq!(named(best(Format::Helm, "boolq", &all)), "exact_match");
        assert_eq!(named(best(Format::Helm, "x", &all[2..])), "");
    }

    #[test]
    fn a_choice_of_a_task_goes_before_one_for_all() {
        let choices = ["a", "t*=b", "tin=c"].map(Choice::parse);
        let name = |task| choice(&choices, task).map(|choice| &*choice.name);
        assert_eq!((name("tin"), name("tan"), name("x")), (Some("c"), Some("b"), Some("a")));
    }
}
