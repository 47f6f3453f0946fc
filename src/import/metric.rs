//! Chooses the metric of correctness of a task, and its scale.

mod names;

use super::{Choice, Format};
use names::{BAD, GOOD, PERCENT, known};

/// How the values of a metric become labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// From 0 to 1.
    Share,
    /// From 0 to 100.
    Percent,
}

impl Scale {
    /// The label, unless the value is out of range.
    pub(super) fn label(self, value: f32) -> Option<f32> {
        let value = if self == Self::Percent { value / 100.0 } else { value };
        (0.0..=1.0).contains(&value).then_some(value)
    }
}

/// Statistics of a metric's values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// How many there are.
    pub(super) n: usize,
    /// How many are from 0 to 1.
    shares: usize,
    /// How many are above 1.
    above: usize,
    /// How many are from 0 to 100.
    within: usize,
    /// How many of those are not 0.
    some: usize,
    /// How many of those are above 1.
    over: usize,
    /// The largest of those.
    top: f32,
    /// True if all from 0 to 1 are 0 or 1.
    binary: bool,
    /// True if the values of one file are percentages.
    percent: bool,
}

impl Default for Range {
    fn default() -> Self {
        let (n, top, binary, percent) = (0, 0.0, true, false);
        Self { n, shares: 0, above: 0, within: 0, some: 0, over: 0, top, binary, percent }
    }
}

impl Range {
    /// Of the values of one file, where NaN means missing.
    pub(super) fn of(values: &[f32]) -> Self {
        let mut range = Self::default();
        for &value in values.iter().filter(|value| value.is_finite()) {
            let (share, within) = ((0.0..=1.0).contains(&value), (0.0..=100.0).contains(&value));
            range.n += 1;
            range.shares += usize::from(share);
            range.above += usize::from(value > 1.0);
            range.within += usize::from(within);
            range.some += usize::from(within && value > 0.0);
            range.over += usize::from(within && value > 1.0);
            range.top = if within { range.top.max(value) } else { range.top };
            range.binary &= !share || [0.0, 1.0].contains(&value);
        }
        range.percent = range.percentages();
        range
    }

    /// Merges two.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            shares: self.shares + other.shares,
            above: self.above + other.above,
            within: self.within + other.within,
            some: self.some + other.some,
            over: self.over + other.over,
            top: self.top.max(other.top),
            binary: self.binary && other.binary,
            percent: self.percent || other.percent,
        }
    }

    /// True if the values are percentages: most of those that are not 0 exceed 1, and one is more than a
    /// rating out of ten or twenty. A single 100 among fractions is an error in the file, and does not change
    /// the scale.
    fn percentages(self) -> bool {
        self.within * 2 > self.n && self.over * 2 > self.some && self.top > 20.0
    }

    /// True if most are fractions, so that the others are errors in the file. Values above 1 that are neither
    /// rare nor few indicate another scale, such as 0, 1 and 2.
    fn mostly_shares(self) -> bool {
        self.shares * 2 > self.n && (self.above <= FEW || self.above * 10 <= self.n)
    }
}

/// A metric of a task over all its files.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    pub(super) name: String,
    /// The number of files in which it has values for most answers with any value.
    pub(super) files: usize,
    /// The number of answers.
    pub(super) answers: usize,
    pub(super) range: Range,
    /// The task's configuration says that lower is better.
    pub(super) lower: bool,
}

/// This many values above 1 can be errors, however few values there are.
const FEW: usize = 3;

pub(super) fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

pub(super) fn any(name: &str, list: &[&str]) -> bool {
    words(name).any(|word| list.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// The scale of a metric, or `None` if its values cannot be labels. Invalid values are skipped later.
fn scale(summary: &Summary) -> Option<Scale> {
    let range = summary.range;
    // BLEU and similar metrics may have values below 1 as percentages.
    let small = range.over > 0 && range.over * 2 >= range.some && range.within * 2 > range.n;
    let percentages = any(&summary.name, GOOD) && (range.percentages() || range.percent);
    if range.n == 0 {
        None
    } else if range.shares == range.n {
        Some(Scale::Share)
    } else if percentages || (small && any(&summary.name, PERCENT)) {
        Some(Scale::Percent)
    } else {
        range.mostly_shares().then_some(Scale::Share)
    }
}

/// The scale of one file, if the task's values are percentages: a file may still have fractions.
pub(super) fn scale_of(task: Scale, name: &str, file: Range) -> Scale {
    let shares = !file.percent && file.shares > 0 && file.mostly_shares() && file.some > 0;
    if task == Scale::Percent && shares && !any(name, PERCENT) { Scale::Share } else { task }
}

/// True if values with this name can be labels.
pub(super) fn judges(name: &str, values: &[f32]) -> bool {
    let range = Range::of(values);
    scale(&Summary { name: name.into(), files: 1, answers: range.n, range, lower: false }).is_some()
}

/// The rank of a metric, best first: known ones in their order; then binary ones with a name of correctness;
/// then all binary ones; then fractions; then percentages; then, in the same order, those with some invalid
/// values.
fn rank(format: Format, known: &[&str], summary: &Summary) -> Option<(usize, Scale)> {
    let name = &*summary.name;
    if let Some(at) = known.iter().position(|known| *known == name) {
        return Some((at, scale(summary)?));
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
    let odd = scale == Scale::Share && summary.range.shares < summary.range.n;
    Some((tier + if odd { 10 } else { 0 }, scale))
}

/// True if a metric could be chosen. HELM has dozens of others, such as the number of tokens.
pub(super) fn usable(format: Format, task: &str, summary: &Summary) -> bool {
    format != Format::Helm || rank(format, &known(format, task), summary).is_some()
}

/// Chooses the metric: by number of files that have it, then number of answers, then rank, then order.
pub(super) fn choose(
    format: Format,
    task: &str,
    files: usize,
    summaries: &[Summary],
) -> Option<(usize, Scale)> {
    let known = known(format, task);
    let ranked = summaries.iter().enumerate().filter_map(|(i, summary)| {
        let (rank, scale) = rank(format, &known, summary)?;
        let lacking = summary.answers.saturating_sub(summary.range.n);
        // A few failed answers do not change the choice.
        let lacking = lacking * 10 / summary.answers.max(1);
        Some(((files - summary.files.min(files), lacking, rank, i), scale))
    });
    ranked.min_by_key(|(order, _)| *order).map(|((.., i), scale)| (i, scale))
}

/// The scale of a metric chosen by the user.
pub(super) fn chosen(summary: &Summary) -> Scale {
    let range = summary.range;
    let small = range.over * 2 >= range.some && range.over > 0 && any(&summary.name, PERCENT);
    if range.percentages() || small { Scale::Percent } else { Scale::Share }
}

impl Choice {
    /// Parses `TASK=NAME`, or `NAME` for all tasks. A task may end in `*`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.rsplit_once('=') {
            Some((task, name)) => {
                Self { task: Some(task.trim().to_owned()), name: name.trim().to_owned() }
            }
            None => Self { task: None, name: text.trim().to_owned() },
        }
    }

    /// True if it applies to this task.
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

/// The choice for a task: a specific one takes precedence over a general one.
pub(super) fn choice<'a>(choices: &'a [Choice], task: &str) -> Option<&'a Choice> {
    let covering = || choices.iter().rev().filter(|choice| choice.covers(task));
    covering().find(|choice| choice.task.is_some()).or_else(|| covering().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str, values: &[f32]) -> Summary {
        let (name, range) = (name.into(), Range::of(values));
        Summary { name, files: 1, answers: values.len(), range, lower: false }
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
    fn percentages_are_distinguished_from_shares_and_counts() {
        let percent =
            |name: &str, values: &[f32]| best(Format::LmEval, "t", &[metric(name, values)]);
        assert_eq!(
            percent("exact_match", &[0.0, 100.0]),
            Some(("exact_match".into(), Scale::Percent))
        );
        assert_eq!(percent("bleu", &[0.4, 7.5]), Some(("bleu".into(), Scale::Percent)));
        assert_eq!(percent("score", &[3.0, 9.0]), None, "a judge's marks out of ten");
        assert_eq!(percent("score", &[7.0, 18.0, 20.0]), None, "marks out of twenty");
        assert_eq!(percent("score", &[7.0, 18.0, 21.0]), Some(("score".into(), Scale::Percent)));
        assert_eq!(percent("length", &[3.0, 90.0]), None);
        assert_eq!(Scale::Percent.label(62.5), Some(0.625));
        assert_eq!(Scale::Share.label(62.5), None);
        let shares = Range::of(&[0.0, 1.0]);
        assert_eq!(scale_of(Scale::Percent, "exact_match", shares), Scale::Share);
        assert_eq!(scale_of(Scale::Percent, "bleu", shares), Scale::Percent);
    }

    #[test]
    fn a_few_numbers_that_do_not_fit_change_nothing() {
        let best = |name: &str, values: &[f32]| scale(&metric(name, values));
        for name in ["acc", "my_acc", "score", "verdict"] {
            for odd in [2.0, -1.0, 100.0] {
                assert_eq!(best(name, &[0.0, 1.0, 1.0, odd]), Some(Scale::Share), "{name} {odd}");
            }
        }
        let marks: Vec<f32> = (0_u8..30).map(|n| f32::from(n % 3)).collect();
        assert_eq!(best("score", &marks), None, "0, 1 and 2 are another scale");
        assert_eq!(best("score", &[80.0, 20.0, 0.0, 0.0, 0.5]), Some(Scale::Percent));
        assert_eq!(best("score", &[80.0, 20.0, 65.0, 250.0]), Some(Scale::Percent));
    }

    #[test]
    fn what_most_answers_have_goes_before_what_one_has() {
        let mut values = vec![f32::NAN; 20];
        values[7] = 1.0;
        let all = [metric("acc", &values), metric("exact_match", &[1.0; 20])];
        assert_eq!(named(best(Format::LmEval, "t", &all)), "exact_match");
        let all = [metric("acc", &[&[f32::NAN][..], &[1.0; 19]].concat()), all[1].clone()];
        assert_eq!(named(best(Format::LmEval, "t", &all)), "acc", "one failed answer");
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
