//! The attributes and accuracies that distinguish a cluster, with lift and counts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dataset::{Attribute, Values};
use crate::embedder::Benchmark;

/// A feature is this many standard errors above the rest, ...
const SURPRISE: f64 = 2.5;
/// ... holds for this share of the cluster, ...
const COMMON: f64 = 0.4;
/// ... and is this many times as frequent as in the rest.
const LIFT: f64 = 1.25;
/// An accuracy is distinguishing only if it is this far above the rest's, ...
const POINTS: f64 = 0.03;
/// ... with this many models on either side.
const FEW: usize = 4;
/// A model has a level from this many suites of benchmarks on.
const SUITES: usize = 2;
/// Maximum number of features of each kind.
const KEPT: usize = 4;

/// A feature that distinguishes a cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Feature {
    /// The attribute or the benchmark.
    pub name: String,
    /// The value: an attribute, a class, a range of numbers.
    pub what: String,
    /// In words.
    pub text: String,
    /// The same without counts and what they are compared with.
    #[serde(skip)]
    pub brief: String,
    /// True for the accuracy on a benchmark, false for an attribute.
    pub benchmark: bool,
    /// The number of models of the cluster that have it; of a benchmark: how many were evaluated on it.
    pub with: usize,
    /// How many models the cluster has.
    pub of: usize,
    /// Of an attribute: its frequency relative to the other models. Of a benchmark: the difference to the
    /// mean accuracy of the other models.
    pub lift: f64,
    /// The share of the other models that have it; of a benchmark: their mean accuracy.
    pub elsewhere: f64,
}

/// What distinguishes the models for which `inside` is true: attributes first, by significance, then
/// benchmarks.
pub(super) fn features<'a>(
    inside: &[bool],
    attributes: impl IntoIterator<Item = &'a Attribute>,
    benchmarks: &[Benchmark],
) -> Vec<Feature> {
    let mut found: Vec<Feature> = Vec::new();
    for attribute in attributes {
        let each = match &attribute.values {
            Values::Flag(values) => [true, false]
                .into_iter()
                .filter_map(|wanted| {
                    let not = if wanted { "" } else { "not " };
                    let has = |m: usize| values[m].map(|value| value == wanted);
                    frequent(&attribute.name, &format!("{not}{}", attribute.name), inside, has)
                })
                .collect(),
            Values::Class(values) => classes(&attribute.name, values, inside),
            Values::Number(values) => range(&attribute.name, values, inside).into_iter().collect(),
        };
        found.extend(each);
    }
    let telling = |f: &Feature| f.with as f64 / f.of as f64 * f.lift.ln();
    found.sort_by(|a, b| telling(b).total_cmp(&telling(a)));
    found.truncate(KEPT);
    let mut above: Vec<Feature> =
        benchmarks.iter().filter_map(|benchmark| accuracy(benchmark, inside)).collect();
    above.sort_by(|a, b| b.lift.total_cmp(&a.lift));
    above.truncate(KEPT);
    found.extend(above);
    found
}

fn classes(name: &str, values: &[Option<String>], inside: &[bool]) -> Vec<Feature> {
    let mut classes: Vec<&String> = values.iter().flatten().collect();
    classes.sort();
    classes.dedup();
    // Values that hardly repeat are not classes.
    if classes.len() > values.len() / 2 {
        return Vec::new();
    }
    let each = classes.into_iter().filter_map(|class| {
        let has = |m: usize| values[m].as_ref().map(|value| value == class);
        frequent(name, class, inside, has)
    });
    each.collect()
}

/// How often something holds inside and outside of a cluster: (with, known), each.
#[derive(Default)]
struct Counts {
    inside: (usize, usize),
    rest: (usize, usize),
}

impl Counts {
    fn of(inside: &[bool], has: impl Fn(usize) -> Option<bool>) -> Self {
        let mut counts = Self::default();
        for (m, inside) in inside.iter().enumerate() {
            let Some(has) = has(m) else { continue };
            let side = if *inside { &mut counts.inside } else { &mut counts.rest };
            side.0 += usize::from(has);
            side.1 += 1;
        }
        counts
    }

    fn shares(&self) -> (f64, f64) {
        let share = |(with, known): (usize, usize)| with as f64 / known.max(1) as f64;
        (share(self.inside), share(self.rest))
    }

    /// Adds half a model to the rest, so that a lift stays finite if none of them has it.
    fn lift(&self) -> f64 {
        let rest = (self.rest.0 as f64 + 0.5) / (self.rest.1 as f64 + 1.0);
        self.shares().0 / rest
    }

    /// By how many standard errors the share inside is above that of the rest.
    fn surprise(&self) -> f64 {
        let (inside, rest) = self.shares();
        let (n, others) = (self.inside.1 as f64, self.rest.1 as f64);
        let share = (self.inside.0 + self.rest.0) as f64 / (n + others);
        (inside - rest) / (share * (1.0 - share) * (n.recip() + others.recip())).sqrt()
    }
}

/// A feature of an attribute, with the text for a model that has it.
fn frequent(
    name: &str,
    base: &str,
    inside: &[bool],
    has: impl Fn(usize) -> Option<bool>,
) -> Option<Feature> {
    let counts = Counts::of(inside, has);
    let of = inside.iter().filter(|inside| **inside).count();
    let (with, lift, surprise) = (counts.inside.0, counts.lift(), counts.surprise());
    let tells = surprise.is_finite() && surprise > SURPRISE;
    if !tells || (with as f64) < COMMON * of as f64 || lift < LIFT {
        return None;
    }
    let (brief, end) = if counts.rest.0 == 0 {
        (base.to_owned(), ", none elsewhere")
    } else {
        (format!("{base} ×{lift:.1}"), "")
    };
    Some(Feature {
        name: name.into(),
        what: base.into(),
        text: format!("{brief}, {with} of {of}{end}"),
        brief,
        benchmark: false,
        with,
        of,
        lift,
        elsewhere: counts.shares().1,
    })
}

/// A number as the range of the middle half of the cluster, against the median of the rest.
fn range(name: &str, values: &[Option<f64>], inside: &[bool]) -> Option<Feature> {
    let known = |wanted: bool| {
        let each = values.iter().zip(inside).filter(|(_, inside)| **inside == wanted);
        let mut known: Vec<f64> = each.filter_map(|(value, _)| *value).collect();
        known.sort_by(f64::total_cmp);
        known
    };
    let (own, rest) = (known(true), known(false));
    let of = inside.iter().filter(|inside| **inside).count();
    if own.len() < FEW || rest.len() < FEW || (own.len() as f64) < COMMON * of as f64 {
        return None;
    }
    // The rank test of Mann and Whitney, by its normal approximation.
    let wins: f64 = own
        .iter()
        .map(|x| {
            let (below, to) = (rest.partition_point(|y| y < x), rest.partition_point(|y| y <= x));
            f64::midpoint(below as f64, to as f64)
        })
        .sum();
    let (n, others) = (own.len() as f64, rest.len() as f64);
    let z = (wins - n * others / 2.0) / (n * others * (n + others + 1.0) / 12.0).sqrt();
    if z.abs() <= SURPRISE {
        return None;
    }
    let (low, high) = (own[own.len() / 4], own[(own.len() - 1) * 3 / 4]);
    let counts = Counts::of(inside, |m| values[m].map(|x| (low..=high).contains(&x)));
    let (with, lift) = (counts.inside.0, counts.lift());
    if (with as f64) < COMMON * of as f64 || lift < LIFT {
        return None;
    }
    let (low, high, middle) = (short(low), short(high), short(rest[rest.len() / 2]));
    let span = if low == high { low } else { format!("{low}–{high}") };
    let what = format!("{name} {span}");
    Some(Feature {
        name: name.into(),
        text: format!("{what} (rest {middle}), {with} of {of}"),
        brief: what.clone(),
        what,
        benchmark: false,
        with,
        of,
        lift,
        elsewhere: counts.shares().1,
    })
}

/// A number with few digits.
fn short(x: f64) -> String {
    if x.fract() == 0.0 || x.abs() >= 10_000.0 {
        format!("{x:.0}")
    } else if x.abs() >= 1.0 {
        format!("{x:.1}")
    } else {
        format!("{x:.2}")
    }
}

/// A benchmark on which the models of the cluster are better than the rest.
fn accuracy(benchmark: &Benchmark, inside: &[bool]) -> Option<Feature> {
    let of = inside.iter().filter(|inside| **inside).count();
    let (lift, with, others) = lead(inside, |m| Some(benchmark.scores.get(m)?.accuracy))?;
    let brief = format!("{} +{:.0} points", benchmark.name, 100.0 * lift);
    Some(Feature {
        name: benchmark.name.clone(),
        what: benchmark.name.clone(),
        text: format!("{brief}, {with} of {of}"),
        brief,
        benchmark: true,
        with,
        of,
        lift,
        elsewhere: others,
    })
}

/// By how much the mean of a number inside is above that of the rest, if clearly; for how many it is known
/// inside, and the mean of the rest.
fn lead(inside: &[bool], value: impl Fn(usize) -> Option<f64>) -> Option<(f64, usize, f64)> {
    let side = |wanted: bool| -> Vec<f64> {
        (0..inside.len()).filter(|m| inside[*m] == wanted).filter_map(&value).collect()
    };
    let (own, rest) = (side(true), side(false));
    let of = inside.iter().filter(|inside| **inside).count();
    if own.len() < FEW || rest.len() < FEW || (own.len() as f64) < COMMON * of as f64 {
        return None;
    }
    let moments = |x: &[f64]| {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        (mean, x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
    };
    let ((mean, variance), (others, error)) = (moments(&own), moments(&rest));
    let lift = mean - others;
    let surprise = lift / (variance + error).sqrt().max(1e-9);
    if surprise <= SURPRISE || lift < POINTS {
        return None;
    }
    Some((lift, own.len(), others))
}

/// The suite of benchmarks (the part of their names before `/`) in which the models of a cluster are furthest
/// above what their other accuracies suggest, and by how much: the difference to the rest of the mean
/// accuracy, with the means of benchmarks and models removed. `None` if there is none that stands out.
pub(super) fn profile(benchmarks: &[Benchmark], inside: &[bool]) -> Option<(String, f64)> {
    let n = inside.len();
    let suite =
        |benchmark: &Benchmark| benchmark.name.split('/').next().unwrap_or_default().to_owned();
    // By suite, the sum and the number of the centered accuracies of each model.
    let mut suites: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for benchmark in benchmarks {
        let known = benchmark.scores.iter().flatten().map(|score| score.accuracy);
        let (sum, count) = known.fold((0.0, 0.0), |(sum, count), x| (sum + x, count + 1.0));
        let of_models = suites.entry(suite(benchmark)).or_insert_with(|| vec![(0.0, 0.0); n]);
        for (of_model, score) in of_models.iter_mut().zip(benchmark.scores.iter()) {
            if let Some(score) = score {
                *of_model = (of_model.0 + score.accuracy - sum / count, of_model.1 + 1.0);
            }
        }
    }
    let mean = |(sum, count): (f64, f64)| (count > 0.0).then(|| sum / count);
    let level = |m: usize| {
        let own: Vec<f64> = suites.values().filter_map(|of_models| mean(of_models[m])).collect();
        (own.len() >= SUITES).then(|| own.iter().sum::<f64>() / own.len() as f64)
    };
    let levels: Vec<Option<f64>> = (0..n).map(level).collect();
    let all = suites.iter().filter_map(|(name, of_models)| {
        let above = |m: usize| Some(mean(of_models[m])? - levels[m]?);
        Some((name.clone(), lead(inside, above)?.0))
    });
    all.max_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Kind;
    use crate::embedder::Score;

    fn attribute(name: &str, values: Values) -> Attribute {
        Attribute { name: name.into(), values }
    }

    fn texts(found: &[Feature]) -> Vec<&str> {
        found.iter().map(|feature| &*feature.text).collect()
    }

    #[test]
    fn what_distinguishes_is_stated_with_lift_and_counts() {
        let inside: Vec<bool> = (0..50).map(|m| m < 10).collect();
        let coder = (0..50).map(|m| Some(m < 8 || m % 10 == 9)).collect();
        let size = (0..50).map(|m| Some(if m < 10 { 3.0 + f64::from(m) } else { 34.0 })).collect();
        // Three of ten are too few to name a cluster by.
        let maker = (0..50).map(|m| Some(if m < 3 { "a" } else { "b" }.into())).collect();
        let found = features(
            &inside,
            &[
                attribute("coder", Values::Flag(coder)),
                attribute("params_b", Values::Number(size)),
                attribute("maker", Values::Class(maker)),
            ],
            &[],
        );
        assert_eq!(
            texts(&found),
            ["coder ×8.2, 9 of 10", "params_b 5–9 (rest 34), 5 of 10"],
            "{found:?}"
        );
    }

    #[test]
    fn a_benchmark_distinguishes_by_the_mean_of_those_that_were_run() {
        let inside: Vec<bool> = (0..40).map(|m| m < 10).collect();
        let benchmark = |name: &str, above: f64, run: usize| Benchmark {
            name: name.into(),
            kind: Kind::Correctness,
            description: String::new(),
            questions: 9,
            scores: (0..40)
                .map(|m| {
                    let accuracy = 0.4 + 0.01 * (m % 5) as f64 + if m < 10 { above } else { 0.0 };
                    (m >= 10 || m < run).then_some(Score { accuracy, responses: 90 })
                })
                .collect(),
        };
        let found = features(
            &inside,
            &[],
            &[
                benchmark("law", 0.0, 10),
                benchmark("math", 0.12, 9),
                benchmark("coding", 0.3, 3),
                benchmark("sql", -0.2, 10),
            ],
        );
        assert_eq!(texts(&found), ["math +12 points, 9 of 10"]);
    }

    #[test]
    fn a_profile_is_where_models_are_above_their_own_level() {
        let inside: Vec<bool> = (0..40).map(|m| m < 10).collect();
        // The cluster is weaker everywhere, and least so in law.
        let benchmark = |name: &str, inside: f64| Benchmark {
            name: name.into(),
            kind: Kind::Correctness,
            description: String::new(),
            questions: 9,
            scores: (0..40)
                .map(|m| {
                    let accuracy =
                        0.5 + 0.01 * f64::from(m % 5) + if m < 10 { inside } else { 0.0 };
                    Some(Score { accuracy, responses: 90 })
                })
                .collect(),
        };
        let names = [("math", -0.2), ("sql", -0.2), ("coding", -0.2), ("law", -0.08)];
        let benchmarks = names.map(|(name, inside)| benchmark(name, inside));
        assert!(features(&inside, &[], &benchmarks).is_empty());
        let (name, lift) = profile(&benchmarks, &inside).unwrap();
        assert_eq!((name.as_str(), (100.0 * lift).round()), ("law", 9.0));
        assert_eq!(profile(&benchmarks[3..], &inside), None, "too few to have a level");
    }
}
