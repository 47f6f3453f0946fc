//! Describes a group of models, a cluster or the models with one attribute: its prototypes, where it is
//! better than the rest, what its models have in common, and the nearest group.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde::Serialize;

use super::features::{Feature, features};
use super::{Known, coverage, directions, far, mean, prototypes};
use crate::embedder::{Benchmark, grouped};
use crate::error::{Error, Result};

/// Number of prototypes of a group.
const PROTOTYPES: usize = 5;
/// Minimum number of observed accuracies on either side for a difference, without predictions.
const FEW: usize = 3;
/// A benchmark is reported as evaluated more often if this share of the group was evaluated on it, ...
const COMMON: f64 = 0.4;
/// ... and this much more than of the rest.
const MORE: f64 = 0.2;
/// Number of benchmarks reported as evaluated more often.
const KEPT: usize = 3;

/// A description of a group of models.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Card {
    /// How many models it has.
    pub size: usize,
    /// The members nearest to the center, the nearest first, of the half with the most answers.
    pub prototypes: Vec<Near>,
    /// The benchmarks, from the one where the group is furthest ahead of the rest to the one where it
    /// is furthest behind: those that at least three of its models were evaluated on, or all if there are none.
    pub lifts: Vec<Lift>,
    /// The attributes that are more frequent than among the other models.
    pub attributes: Vec<Feature>,
    /// The group whose center is most similar.
    pub nearest: Option<Near>,
    /// How many members are nearer to this center than to that of any other group.
    pub own: usize,
    /// How far coverage (where its models were evaluated) explains the group.
    pub coverage: Coverage,
}

/// A model or a group, with its cosine to the center.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Near {
    /// Its index.
    pub at: usize,
    /// From −1 to 1.
    pub cosine: f64,
}

/// Mean accuracies on a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lift {
    /// Its index.
    pub benchmark: usize,
    /// Of the group.
    pub inside: f64,
    /// Of the other models.
    pub rest: f64,
    /// How many members were evaluated on it; for the others the accuracy is predicted, or left out without
    /// predictions.
    pub measured: usize,
    /// True if most of the accuracies behind `inside` are predicted.
    pub inside_predicted: bool,
    /// True if most of those behind `rest` are.
    pub rest_predicted: bool,
}

impl Lift {
    /// The lead of the group.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.inside - self.rest
    }
}

/// What the list of benchmarks of each model predicts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// The share of the group that coverage alone predicts to be in it.
    pub recall: f64,
    /// True if the group reflects where its models were evaluated rather than what they can do.
    pub mostly: bool,
    /// The benchmarks that its models were evaluated on more often than the rest.
    pub more: Vec<Run>,
}

/// How many models were evaluated on a benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// The benchmark.
    pub name: String,
    /// How many of the group.
    pub with: usize,
    /// The share of the other models.
    pub elsewhere: f64,
}

/// A grouping of the models.
#[derive(Clone, Copy)]
pub struct Groups<'a> {
    /// The group of each model; `None` if unknown.
    pub of: &'a [Option<usize>],
    /// The group to describe.
    pub at: usize,
    /// The attribute that defines the groups, which is left out of the description.
    pub by: Option<&'a str>,
}

/// Describes a group. `predicted` has the accuracy of every model on every benchmark, by benchmark: measured
/// if possible, else predicted. Without it, only measured accuracies are compared.
///
/// # Errors
/// [`Error::Usage`] if the group has no models; [`Error::Failed`] if coverage cannot be regressed out.
pub fn card(
    known: &Known<'_>,
    groups: &Groups<'_>,
    predicted: Option<&[Vec<f64>]>,
) -> Result<Card> {
    let n = known.vectors.nrows();
    let inside: Vec<bool> =
        (0..n).map(|m| groups.of.get(m).copied().flatten() == Some(groups.at)).collect();
    let size = inside.iter().filter(|inside| **inside).count();
    if size == 0 {
        return Err(Error::Usage("the group has no models".into()));
    }
    let run = coverage::run(known.benchmarks, n);
    let x = directions(known, &run)?;
    let count = groups.of.iter().flatten().max().map_or(0, |last| last + 1);
    let centers: Vec<Option<Array1<f64>>> =
        (0..count).map(|group| mean(&x, |m| groups.of.get(m) == Some(&Some(group)))).collect();
    let own = centers.get(groups.at).and_then(Option::as_ref);
    let prototypes = prototypes(&x, &inside, known.benchmarks).into_iter().take(PROTOTYPES);
    let prototypes =
        prototypes.filter_map(|m| Some(Near { at: m, cosine: cosine(&x.row(m), own?) }));
    let others = || {
        let each = centers.iter().enumerate().filter(|(group, _)| *group != groups.at);
        each.filter_map(|(group, center)| Some((group, center.as_ref()?)))
    };
    let is_own = |m: &usize| {
        let row = x.row(*m);
        own.is_some_and(|own| others().all(|(_, center)| far(row, own) < far(row, center)))
    };
    let nearest = own.and_then(|own| {
        let near = others().map(|(at, center)| Near { at, cosine: cosine(&center.view(), own) });
        near.max_by(|a, b| a.cosine.total_cmp(&b.cosine))
    });
    let attributes =
        known.attributes.iter().filter(|attribute| Some(&*attribute.name) != groups.by);
    Ok(Card {
        size,
        prototypes: prototypes.collect(),
        lifts: lifts(known.benchmarks, &inside, predicted),
        attributes: features(&inside, attributes, &[]),
        nearest,
        own: (0..n).filter(|m| inside[*m]).filter(is_own).count(),
        coverage: covered(known.benchmarks, &run, groups, count, (&inside, size)),
    })
}

fn cosine(row: &ArrayView1<'_, f64>, center: &Array1<f64>) -> f64 {
    row.dot(center) / (row.dot(row) * center.dot(center)).sqrt().max(f64::MIN_POSITIVE)
}

fn lifts(benchmarks: &[Benchmark], inside: &[bool], predicted: Option<&[Vec<f64>]>) -> Vec<Lift> {
    let mut lifts: Vec<Lift> = benchmarks
        .iter()
        .enumerate()
        .filter_map(|(b, benchmark)| {
            let observed = |m: usize| benchmark.scores.get(m).map(|score| score.accuracy);
            let column = predicted.and_then(|predicted| predicted.get(b));
            let accuracy = |m: usize| match column {
                Some(column) => column.get(m).copied(),
                None => observed(m),
            };
            let side = |wanted: bool| {
                let models = (0..inside.len()).filter(|m| inside[*m] == wanted);
                let known: Vec<f64> = models.filter_map(accuracy).collect();
                let least = if column.is_some() { 1 } else { FEW };
                (known.len() >= least).then(|| known.iter().sum::<f64>() / known.len() as f64)
            };
            let measured = |wanted: bool| {
                (0..inside.len()).filter(|m| inside[*m] == wanted && observed(*m).is_some()).count()
            };
            let size = inside.iter().filter(|inside| **inside).count();
            let mostly = |wanted: bool, n: usize| column.is_some() && 2 * measured(wanted) < n;
            Some(Lift {
                benchmark: b,
                inside: side(true)?,
                rest: side(false)?,
                measured: measured(true),
                inside_predicted: mostly(true, size),
                rest_predicted: mostly(false, inside.len() - size),
            })
        })
        .collect();
    // What no model of the group was evaluated on says what models are like on average.
    if lifts.iter().any(|lift| lift.measured >= FEW) {
        lifts.retain(|lift| lift.measured >= FEW);
    }
    lifts.sort_by(|a, b| b.difference().total_cmp(&a.difference()));
    lifts
}

fn covered(
    benchmarks: &[Benchmark],
    run: &Array2<f64>,
    groups: &Groups<'_>,
    count: usize,
    (inside, size): (&[bool], usize),
) -> Coverage {
    // Models without a known group form one more.
    let of: Vec<usize> =
        (0..inside.len()).map(|m| groups.of.get(m).copied().flatten().unwrap_or(count)).collect();
    let predicted = coverage::predict(run, &of, count + 1).into_iter().nth(groups.at);
    let (recall, mostly) = predicted.map_or((0.0, false), |by| (by.recall, by.mostly));
    let names = benchmarks.iter().zip(grouped(benchmarks));
    let name = |group: usize| {
        let first = names.clone().find(|(_, of)| *of == group).map(|(benchmark, _)| benchmark);
        first.and_then(|benchmark| benchmark.name.split('/').next()).unwrap_or_default().to_owned()
    };
    let rest = (inside.len() - size).max(1) as f64;
    let mut more: Vec<Run> = run
        .axis_iter(Axis(1))
        .enumerate()
        .map(|(group, column)| {
            let on = |wanted: bool| {
                column.iter().zip(inside).filter(|(x, is)| **is == wanted && **x > 0.5).count()
            };
            Run { name: name(group), with: on(true), elsewhere: on(false) as f64 / rest }
        })
        .collect();
    let share = |run: &Run| run.with as f64 / size as f64;
    more.retain(|run| share(run) >= COMMON && share(run) - run.elsewhere >= MORE);
    more.sort_by(|a, b| (share(b) - b.elsewhere).total_cmp(&(share(a) - a.elsewhere)));
    more.truncate(KEPT);
    Coverage { recall, mostly, more }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Attribute, Kind, Values};
    use crate::embedder::Score;

    const FAMILIES: [&str; 3] = ["heron", "otter", "lynx"];

    /// Three families around axes of their own, herons a little towards otters; herons alone were run
    /// on the second benchmark, and are coders mostly.
    fn fixture() -> (Vec<String>, Array2<f32>, Vec<Attribute>, Vec<Benchmark>) {
        let vectors = Array2::from_shape_fn((30, 4), |(m, d)| {
            let noise = ((m * 7 + d * 13) % 11) as f32 / 22.0;
            let towards = if m % 3 == 0 && d == 1 { 1.5 } else { 0.0 };
            towards + noise + if m % 3 == d { 4.0 } else { 0.0 }
        });
        let family = |m: usize| Some(FAMILIES[m % 3].to_owned());
        let coder = |m: usize| Some(m.is_multiple_of(3) && m != 0 || m == 1);
        let attributes = vec![
            Attribute {
                name: "family".into(),
                values: Values::Class((0..30).map(family).collect()),
            },
            Attribute { name: "coder".into(), values: Values::Flag((0..30).map(coder).collect()) },
        ];
        let benchmark = |name: &str, score: &dyn Fn(usize) -> Option<f64>| Benchmark {
            name: name.into(),
            kind: Kind::Correctness,
            description: String::new(),
            questions: 40,
            scores: (0..30)
                .map(|m| score(m).map(|accuracy| Score { accuracy, responses: 40 }))
                .collect(),
        };
        let benchmarks = vec![
            benchmark("math/algebra", &|m| Some(if m % 3 == 0 { 0.8 } else { 0.5 })),
            benchmark("chat", &|m| (m % 3 == 0).then_some(0.4)),
        ];
        ((0..30).map(|m| format!("model-{m}")).collect(), vectors, attributes, benchmarks)
    }

    fn described(at: usize, by: Option<&str>, predicted: Option<&[Vec<f64>]>) -> Card {
        let (models, vectors, attributes, benchmarks) = fixture();
        let known = Known {
            models: &models,
            vectors: vectors.view(),
            attributes: &attributes,
            benchmarks: &benchmarks,
            axes_by_coverage: None,
        };
        let of: Vec<Option<usize>> = (0..30).map(|m| (m != 29).then_some(m % 3)).collect();
        card(&known, &Groups { of: &of, at, by }, predicted).unwrap()
    }

    #[test]
    fn a_group_is_described_by_what_sets_it_apart() {
        let card = described(0, None, None);
        assert_eq!((card.size, card.own), (10, 10));
        assert_eq!(card.prototypes.len(), PROTOTYPES);
        assert!(card.prototypes.iter().all(|near| near.at % 3 == 0 && near.cosine > 0.9));
        assert!(card.prototypes.windows(2).all(|pair| pair[0].cosine >= pair[1].cosine));
        assert_eq!(card.nearest.map(|near| near.at), Some(1), "herons lie towards otters");
        // No other model was evaluated on the second benchmark.
        assert_eq!(card.lifts.len(), 1);
        assert!((card.lifts[0].difference() - 0.3).abs() < 1e-9 && card.lifts[0].measured == 10);
        let coder = card.attributes.iter().find(|feature| feature.name == "coder").unwrap();
        assert_eq!((coder.what.as_str(), coder.with, coder.of), ("coder", 9, 10));
        assert!((coder.elsewhere - 0.05).abs() < 1e-9);
        assert_eq!(card.attributes[0].what, "heron");
        assert!(card.coverage.mostly && card.coverage.recall > 0.99);
        let run = Run { name: "chat".into(), with: 10, elsewhere: 0.0 };
        assert_eq!(card.coverage.more, [run], "all were run on the other benchmark");
    }

    #[test]
    fn classes_are_not_described_by_themselves_and_predictions_fill_in() {
        let predicted: Vec<Vec<f64>> = vec![
            (0..30).map(|m| if m % 3 == 0 { 0.8 } else { 0.5 }).collect(),
            (0..30).map(|m| if m % 3 == 0 { 0.4 } else { 0.6 }).collect(),
        ];
        let card = described(0, Some("family"), Some(&predicted));
        assert!(card.attributes.iter().all(|feature| feature.name != "family"));
        let lifts: Vec<(usize, f64, usize)> = card
            .lifts
            .iter()
            .map(|lift| (lift.benchmark, (100.0 * lift.difference()).round(), lift.measured))
            .collect();
        assert_eq!(lifts, [(0, 30.0, 10), (1, -20.0, 10)]);
    }

    #[test]
    fn a_group_without_models_is_an_error() {
        let (models, vectors, ..) = fixture();
        let known = Known {
            models: &models,
            vectors: vectors.view(),
            attributes: &[],
            benchmarks: &[],
            axes_by_coverage: None,
        };
        assert!(card(&known, &Groups { of: &[None; 30], at: 0, by: None }, None).is_err());
    }
}
