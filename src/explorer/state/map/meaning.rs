//! Names for the axes of the map: what they correlate with.

use crate::dataset::Values;
use crate::explorer::state::model_set::ModelSet;

/// The minimum correlation that names an axis, and the one from which attributes of models take precedence
/// over benchmarks.
const LEAST: f64 = 0.4;
const ENOUGH: f64 = 0.5;
/// Below this correlation, an axis has nothing to do with what is known.
const WEAK: f64 = 0.2;
/// Minimum number of models that were evaluated on a benchmark for it to name an axis: this many, and a
/// quarter of all.
const MODELS: usize = 30;

/// With more models, an evenly spaced sample is used: the standard error of a correlation is then .014.
const COMPARED: usize = 5_000;

/// What an axis correlates with, and how much.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    pub name: String,
    /// Pearson's correlation over the models with known values; with `apart`, the partial correlation.
    pub r: f64,
    /// What names earlier axes: it is held fixed.
    pub apart: Vec<String>,
}

impl Meaning {
    /// True if the correlation is high enough for a name.
    pub fn is_clear(&self) -> bool {
        self.r.abs() >= LEAST
    }

    /// For the title of an axis: `release, r = .78`, `release at equal ability, r = .44` or
    /// `no single name (best: release, r = .21)`.
    pub fn text(&self) -> String {
        let r = self.digits();
        let Self { name, apart, .. } = self;
        match (self.is_clear(), apart.is_empty()) {
            (true, true) => format!("{name}, {r}"),
            (true, false) => format!("{name} at equal {}, {r}", apart.join(" and ")),
            (false, _) => format!("no single name (best: {name}, {r})"),
        }
    }

    /// The same in fewer words: `pm-llm at equal ability, r = .91`.
    pub fn short(&self) -> String {
        let r = self.digits();
        let name = |name: &str| {
            let name = name.strip_prefix("accuracy on ").unwrap_or(name);
            name.strip_prefix("overall ").unwrap_or(name).to_owned()
        };
        let apart: Vec<String> = self.apart.iter().map(|apart| name(apart)).collect();
        match (self.is_clear(), apart.is_empty()) {
            (true, true) => format!("{}, {r}", name(&self.name)),
            (true, false) => format!("{} at equal {}, {r}", name(&self.name), apart.join(" and ")),
            (false, _) => "no single name".into(),
        }
    }

    fn digits(&self) -> String {
        let sign = if self.r < 0.0 { "−" } else { "" };
        let digits = format!("{:.2}", self.r.abs());
        format!("r = {sign}{}", digits.strip_prefix('0').unwrap_or(&digits))
    }
}

/// What may name an axis: a value for each compared model that has one.
struct Correlate {
    name: String,
    values: Vec<Option<f64>>,
    /// The same where it is held fixed: also what is only a guess.
    fixed: Option<Vec<Option<f64>>>,
    /// An accuracy on a benchmark, and not a property of whole models.
    is_benchmark: bool,
}

fn correlates(model_set: &ModelSet) -> Vec<Correlate> {
    let n = model_set.models.len();
    let of = |name: &str, is_benchmark: bool, value: &dyn Fn(usize) -> Option<f64>| Correlate {
        name: name.to_owned(),
        values: (0..n).step_by(step(n)).map(value).collect(),
        fixed: None,
        is_benchmark,
    };
    // An ability that the answers do not tell is that of the mean model, wherever the model is on the map.
    let known = |m: usize| model_set.standing(m).is_none_or(|standing| standing.is_known());
    let ability = |m: usize| model_set.vectors.get((m, 0)).map(|a| f64::from(*a));
    let guessed = of("", false, &ability).values;
    let ability = of("overall ability", false, &|m| ability(m).filter(|_| known(m)));
    let mut all = vec![Correlate { fixed: Some(guessed), ..ability }];
    all.extend(model_set.attributes.iter().filter_map(|attribute| match &attribute.values {
        Values::Flag(values) => {
            Some(of(&attribute.name, false, &|m| values.get(m)?.map(f64::from)))
        }
        Values::Number(values) => {
            let positive = values.iter().flatten().all(|v| *v > 0.0);
            let scaled = |v: f64| if positive { v.ln() } else { v };
            Some(of(&attribute.name, false, &|m| values.get(m)?.map(scaled)))
        }
        Values::Class(_) => None,
    }));
    let benchmarks = model_set.benchmarks.iter().filter(|benchmark| {
        let known = benchmark.scores.iter().flatten().count();
        known >= MODELS && 4 * known >= n
    });
    all.extend(benchmarks.map(|benchmark| {
        let name = format!("accuracy on {}", benchmark.name);
        of(&name, true, &|m| Some(benchmark.scores.get(m)?.accuracy))
    }));
    all
}

/// Every how many models one is compared.
fn step(models: usize) -> usize {
    models.div_ceil(COMPARED).max(1)
}

/// The best correlate of each of some axes, each with one value per model. What clearly names an axis names
/// no later one: those are named by what they correlate with apart from it.
pub fn meanings(model_set: &ModelSet, axes: &[Vec<f64>]) -> Vec<Option<Meaning>> {
    let correlates = correlates(model_set);
    let mut taken: Vec<&Correlate> = Vec::new();
    let mut found = Vec::new();
    for axis in axes {
        let axis: Vec<f64> = axis.iter().copied().step_by(step(axis.len())).collect();
        let best = best(&correlates, &taken, &axis).filter(|(_, r)| r.abs() >= WEAK);
        found.push(best.map(|(at, r)| {
            let apart = taken.iter().map(|correlate| correlate.name.clone()).collect();
            let meaning = Meaning { name: correlates[at].name.clone(), r, apart };
            if meaning.is_clear() {
                taken.push(&correlates[at]);
            }
            meaning
        }));
    }
    found
}

/// The index of the best correlate of an axis with what is taken held fixed, and its correlation.
fn best(correlates: &[Correlate], taken: &[&Correlate], axis: &[f64]) -> Option<(usize, f64)> {
    let free = correlates.iter().enumerate();
    let free = free.filter(|(_, c)| !taken.iter().any(|taken| taken.name == c.name));
    let known: Vec<(usize, f64)> =
        free.filter_map(|(at, c)| Some((at, partial(axis, &c.values, taken)?))).collect();
    let most = |benchmarks: bool| {
        let fit =
            known.iter().copied().filter(|(at, _)| correlates[*at].is_benchmark == benchmarks);
        fit.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
    };
    let (whole, benchmark) = (most(false), most(true));
    if whole.is_some_and(|(_, r)| r.abs() >= ENOUGH) {
        return whole;
    }
    benchmark.into_iter().chain(whole).max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
}

/// The correlation of two columns with others held fixed, over the models for which all are known.
fn partial(axis: &[f64], values: &[Option<f64>], fixed: &[&Correlate]) -> Option<f64> {
    let finite = |x: Option<f64>| x.filter(|x| x.is_finite());
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); fixed.len() + 2];
    for (m, (x, y)) in axis.iter().zip(values).enumerate() {
        let Some((x, y)) = finite(Some(*x)).zip(finite(*y)) else { continue };
        let known = |correlate: &&Correlate| {
            finite(*correlate.fixed.as_ref().unwrap_or(&correlate.values).get(m)?)
        };
        if fixed.iter().all(|correlate| known(correlate).is_some()) {
            let row = fixed.iter().filter_map(known).chain([x, y]);
            columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        }
    }
    let n = columns[0].len();
    if n < 3 + fixed.len() {
        return None;
    }
    // Each column without its mean and without its projections on the columns before it; but the last two
    // are not projected on each other.
    for at in 0..columns.len() {
        let (before, rest) = columns.split_at_mut(at);
        let column = &mut rest[0];
        let mean = column.iter().sum::<f64>() / n as f64;
        column.iter_mut().for_each(|x| *x -= mean);
        let whole = dot(column, column);
        for before in before.iter().take(fixed.len()) {
            let length = dot(before, before);
            if length > 0.0 {
                let share = dot(column, before) / length;
                column.iter_mut().zip(before).for_each(|(x, y)| *x -= share * y);
            }
        }
        // Rounding errors are no variance.
        if dot(column, column) <= 1e-9 * whole.max(1e-3) {
            column.fill(0.0);
        }
    }
    let [.., x, y] = &columns[..] else { return None };
    let scale = (dot(x, x) * dot(y, y)).sqrt();
    (scale > 0.0).then(|| dot(x, y) / scale)
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Attribute;
    use ndarray::Array2;
    use std::sync::Arc;

    #[test]
    fn an_axis_is_named_by_what_it_goes_with_and_no_two_by_the_same() {
        let size = (0..40).map(|m| (m % 7 != 0).then(|| 2_f64.powi(m % 9))).collect();
        let model_set = ModelSet {
            models: Arc::new((0..40).map(|m| m.to_string()).collect()),
            attributes: Arc::new(vec![Attribute {
                name: "size".into(),
                values: Values::Number(size),
            }]),
            vectors: Arc::new(Array2::from_shape_fn((40, 1), |(m, _)| ((m * 17) % 40) as f32)),
            ..ModelSet::default()
        };
        let axis = |of: &dyn Fn(usize) -> f64| (0..40).map(of).collect::<Vec<f64>>();
        let texts = |axes: &[Vec<f64>]| -> Vec<Option<String>> {
            meanings(&model_set, axes).iter().map(|m| Some(m.as_ref()?.text())).collect()
        };
        let found = |of: &dyn Fn(usize) -> f64| texts(&[axis(of)]).remove(0);
        let ability = |m: usize| ((m * 17) % 40) as f64;
        assert_eq!(found(&|m| -ability(m)).unwrap(), "overall ability, r = −1.00");
        assert_eq!(found(&|m| (m % 9) as f64).unwrap(), "size, r = 1.00");
        let weak = found(&|m| (m % 9) as f64 * 0.8 + ((m * 5) % 13) as f64).unwrap();
        assert!(weak.starts_with("no single name (best: "), "{weak}");
        assert_eq!(found(&|_| 0.0), None);

        // Both axes go with ability, which names only the first.
        let (first, second) = (axis(&ability), axis(&|m| ability(m) + 2.0 * (m % 9) as f64));
        let both = texts(&[first.clone(), second]);
        assert_eq!(both[0].as_deref(), Some("overall ability, r = 1.00"));
        assert_eq!(both[1].as_deref(), Some("size at equal overall ability, r = 1.00"));
        // Nothing is left of it.
        assert_eq!(texts(&[first.clone(), first])[1], None);
    }
}
