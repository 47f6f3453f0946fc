//! The legend: the class of each model.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::model_set::ModelSet;
use crate::dataset::Values;
use crate::explorer::theme::{HUES, Hue};

/// Bins of a number.
const BINS: usize = 5;

/// What the classes represent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorBy {
    #[default]
    Nothing,
    Attribute(usize),
    Cluster,
    /// The probability of a correct answer to the prompt.
    Forecast,
    /// The uncertainty about each model.
    Uncertainty,
    /// The accuracy on this benchmark.
    Benchmark(usize),
}

impl ColorBy {
    /// All colorings of a model set.
    pub fn all(model_set: &ModelSet) -> Vec<Self> {
        let mut all = vec![Self::Nothing];
        all.extend((0..model_set.attributes.len()).map(Self::Attribute));
        all.extend([Self::Cluster, Self::Forecast, Self::Uncertainty]);
        all.extend((0..model_set.benchmarks.len()).map(Self::Benchmark));
        all
    }

    pub fn title(self, model_set: &ModelSet) -> String {
        match self {
            Self::Nothing => "nothing".into(),
            Self::Attribute(a) => model_set.attributes.get(a).map_or("", |a| &a.name).into(),
            Self::Cluster => "cluster".into(),
            Self::Forecast => "P(correct) on the prompt".into(),
            Self::Uncertainty => "uncertainty (± log odds)".into(),
            Self::Benchmark(b) => {
                format!("accuracy on {}", model_set.benchmarks.get(b).map_or("", |b| &b.name))
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    pub name: String,
    pub count: usize,
    pub hue: Hue,
}

/// The legend and the class of every model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coloring {
    pub by: ColorBy,
    pub title: Option<String>,
    pub classes: Vec<Class>,
    of: Vec<u8>,
}

impl Coloring {
    /// The default: the first attribute with named classes, or the first of all.
    pub fn first(model_set: &ModelSet) -> Self {
        let named = |values: &Values| matches!(values, Values::Class(_));
        let first = model_set.attributes.iter().position(|a| named(&a.values));
        let first = first.or((!model_set.attributes.is_empty()).then_some(0));
        match first {
            Some(a) => Self::of(
                model_set,
                ColorBy::Attribute(a),
                by_values(&model_set.attributes[a].values),
            ),
            None => Self::plain(model_set),
        }
    }

    /// The classes by `by`; plain if it has no values.
    pub fn new(facts: &Facts, by: ColorBy) -> Self {
        let model_set = facts.model_set;
        let classes = match by {
            ColorBy::Nothing => None,
            ColorBy::Attribute(a) => model_set.attributes.get(a).map(|a| by_values(&a.values)),
            ColorBy::Cluster => facts.clusters.map(|clusters| {
                let each = clusters.clusters.iter().enumerate();
                let names = each.map(|(i, c)| class(c.name.clone(), Hue::Class(i))).collect();
                (names, clusters.of.iter().map(|c| *c as u8).collect())
            }),
            ColorBy::Forecast => {
                let known = facts.forecast.iter().any(Option::is_some);
                known.then(|| shares(facts.forecast.iter().map(|p| p.map(f64::from))))
            }
            ColorBy::Uncertainty => (!model_set.uncertainty.is_empty()).then(|| {
                let rounded = |u: &f32| Some((100.0 * f64::from(*u)).round() / 100.0);
                bins(&model_set.uncertainty.iter().map(rounded).collect::<Vec<_>>())
            }),
            ColorBy::Benchmark(b) => model_set
                .benchmarks
                .get(b)
                .map(|b| shares(b.scores.iter().map(|score| score.map(|score| score.accuracy)))),
        };
        match classes {
            Some(classes) => Self::of(model_set, by, classes),
            None => Self { by, ..Self::plain(model_set) },
        }
    }

    fn plain(model_set: &ModelSet) -> Self {
        let n = model_set.models.len();
        let all = Class { name: "models".into(), count: n, hue: Hue::Plain };
        Self { by: ColorBy::Nothing, title: None, classes: vec![all], of: vec![0; n] }
    }

    fn of(model_set: &ModelSet, by: ColorBy, (classes, of): (Vec<Class>, Vec<u8>)) -> Self {
        let mut coloring = Self { by, title: Some(by.title(model_set)), classes, of };
        coloring.of.resize(model_set.models.len(), 0);
        for &class in &coloring.of {
            coloring.classes[class as usize].count += 1;
        }
        coloring.drop_empty();
        coloring
    }

    pub fn class_of(&self, model: usize) -> usize {
        self.of.get(model).map_or(0, |class| *class as usize)
    }

    /// The group of each model when the class `described` is described: unknown values form a group only if
    /// that is the described one.
    pub fn groups(&self, described: usize) -> Vec<Option<usize>> {
        let known = |class: &usize| {
            let hue = self.classes.get(*class).map(|class| class.hue);
            *class == described || hue.is_some_and(|hue| hue != Hue::Unknown)
        };
        self.of.iter().map(|class| Some(usize::from(*class)).filter(known)).collect()
    }

    fn drop_empty(&mut self) {
        let mut to = Vec::new();
        let mut kept = 0;
        for class in &self.classes {
            to.push(kept);
            kept += u8::from(class.count > 0);
        }
        self.of.iter_mut().for_each(|class| *class = to[*class as usize]);
        self.classes.retain(|class| class.count > 0);
    }
}

fn class(name: impl Into<String>, hue: Hue) -> Class {
    Class { name: name.into(), count: 0, hue }
}

fn by_values(values: &Values) -> (Vec<Class>, Vec<u8>) {
    match values {
        Values::Flag(values) => flags(values),
        Values::Class(values) => classes(values),
        Values::Number(values) => bins(values),
    }
}

/// Bins of proportions, named in whole percent.
fn shares(values: impl Iterator<Item = Option<f64>>) -> (Vec<Class>, Vec<u8>) {
    let percents: Vec<Option<f64>> = values.map(|v| v.map(|v| (100.0 * v).round())).collect();
    let (mut names, of) = bins(&percents);
    for class in &mut names {
        if class.hue != Hue::Unknown {
            class.name.push('%');
        }
    }
    (names, of)
}

fn flags(values: &[Option<bool>]) -> (Vec<Class>, Vec<u8>) {
    let names = vec![
        class("yes", Hue::Class(0)),
        class("no", Hue::Class(1)),
        class("unknown", Hue::Unknown),
    ];
    (names, values.iter().map(|v| v.map_or(2, |v| u8::from(!v))).collect())
}

/// The most frequent classes by name, the others as one.
fn classes(values: &[Option<String>]) -> (Vec<Class>, Vec<u8>) {
    let counted =
        values.par_iter().filter_map(Option::as_ref).fold(HashMap::new, |mut sizes, v| {
            *sizes.entry(v.as_str()).or_insert(0) += 1;
            sizes
        });
    let sizes = counted.reduce(HashMap::new, |mut all: HashMap<&str, usize>, sizes| {
        sizes.into_iter().for_each(|(name, size)| *all.entry(name).or_default() += size);
        all
    });
    let mut order: Vec<(&str, usize)> = sizes.into_iter().collect();
    order.sort_unstable_by_key(|(name, size)| (std::cmp::Reverse(*size), *name));
    order.truncate(HUES);
    let mut names: Vec<Class> =
        order.iter().enumerate().map(|(i, (name, _))| class(*name, Hue::Class(i))).collect();
    let rest = names.len() as u8;
    names.push(class("others", Hue::Plain));
    names.push(class("unknown", Hue::Unknown));
    let index = |v: &String| order.iter().position(|(name, _)| name == v);
    let of = values.par_iter().map(|v| match v {
        Some(v) => index(v).map_or(rest, |i| i as u8),
        None => rest + 1,
    });
    (names, of.collect())
}

/// Bins with about the same number of models, named by their range.
fn bins(values: &[Option<f64>]) -> (Vec<Class>, Vec<u8>) {
    let mut known: Vec<f64> = values.iter().flatten().copied().collect();
    known.sort_by(f64::total_cmp);
    let mut ends: Vec<f64> = (1..BINS)
        .filter_map(|i| known.get((i * known.len()).div_ceil(BINS).saturating_sub(1)).copied())
        .collect();
    ends.dedup();
    if ends.last() == known.last() {
        ends.pop();
    }
    let n = ends.len() + 1;
    let name = |i: usize| match (i.checked_sub(1).map(|i| ends[i]), ends.get(i)) {
        (None, None) => "all".to_string(),
        (None, Some(end)) => format!("≤ {end}"),
        (Some(start), None) => format!("> {start}"),
        (Some(start), Some(end)) => format!("{start}–{end}"),
    };
    let mut names: Vec<Class> = (0..n).map(|i| class(name(i), Hue::Ramp(i, n))).collect();
    names.push(class("unknown", Hue::Unknown));
    let bin = |v: f64| ends.iter().filter(|end| v > **end).count() as u8;
    (names, values.iter().map(|v| v.map_or(n as u8, bin)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fall_into_bins_of_like_size() {
        let values: Vec<Option<f64>> = (1..=10).map(|v| Some(f64::from(v))).chain([None]).collect();
        let (names, of) = bins(&values);
        let names: Vec<_> = names.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["≤ 2", "2–4", "4–6", "6–8", "> 8", "unknown"]);
        assert_eq!(of, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]);
    }

    #[test]
    fn equal_numbers_make_one_bin() {
        let (names, of) = bins(&[Some(7.0), Some(7.0)]);
        assert_eq!((names[0].name.as_str(), of), ("all", vec![0, 0]));
    }

    #[test]
    fn rare_classes_are_painted_together() {
        let values: Vec<Option<String>> =
            (0..12).flat_map(|i| vec![Some(format!("c{i:02}")); 20 - i]).chain([None]).collect();
        let (names, of) = classes(&values);
        assert_eq!(names.len(), HUES + 2);
        assert_eq!(names[0].name, "c00");
        assert_eq!(of[of.len() - 2], HUES as u8);
        assert_eq!(of.last(), Some(&(HUES as u8 + 1)));
    }
}
