//! Names for the axes of the map: what they correlate with.

use ndarray::ArrayView1;

use crate::dataset::Values;
use crate::explorer::state::model_set::ModelSet;

/// The minimum correlation for naming an axis, and the one from which attributes of models take precedence
/// over benchmarks.
const LEAST: f64 = 0.4;
const ENOUGH: f64 = 0.5;
/// Minimum number of models that were evaluated on a benchmark for it to name an axis: this many, and a
/// quarter of all.
const MODELS: usize = 30;

/// With more models, an evenly spaced sample is used: the error of the correlation is below what is shown.
const COMPARED: usize = 20_000;

/// What an axis correlates with, and how much.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    pub name: String,
    /// Pearson's correlation over the models with known values.
    pub r: f64,
}

impl Meaning {
    /// For the title of an axis: `ability, r = .78`.
    pub fn text(&self) -> String {
        let sign = if self.r < 0.0 { "−" } else { "" };
        let digits = format!("{:.2}", self.r.abs());
        format!("{}, r = {sign}{}", self.name, digits.strip_prefix('0').unwrap_or(&digits))
    }
}

/// The best correlate of a coordinate (one value per model).
pub fn meaning(model_set: &ModelSet, coordinates: ArrayView1<'_, f64>) -> Option<Meaning> {
    let of = |name: &str, value: &dyn Fn(usize) -> Option<f64>| {
        let r = correlation(coordinates, value)?;
        Some(Meaning { name: name.to_owned(), r })
    };
    let ability = of("overall ability", &|m| model_set.vectors.get((m, 0)).map(|a| f64::from(*a)));
    let attributes = model_set.attributes.iter().filter_map(|attribute| match &attribute.values {
        Values::Flag(values) => of(&attribute.name, &|m| values.get(m)?.map(f64::from)),
        Values::Number(values) => {
            let positive = values.iter().flatten().all(|v| *v > 0.0);
            of(&attribute.name, &|m| values.get(m)?.map(|v| if positive { v.ln() } else { v }))
        }
        Values::Class(_) => None,
    });
    let farther = |a: &Meaning, b: &Meaning| a.r.abs().total_cmp(&b.r.abs());
    let whole = ability.into_iter().chain(attributes).max_by(farther);
    if whole.as_ref().is_some_and(|whole| whole.r.abs() >= ENOUGH) {
        return whole;
    }
    let benchmarks = model_set.benchmarks.iter().filter(|benchmark| {
        let known = benchmark.scores.iter().flatten().count();
        known >= MODELS && 4 * known >= model_set.models.len()
    });
    let benchmark = benchmarks.filter_map(|benchmark| {
        let name = format!("accuracy on {}", benchmark.name);
        of(&name, &|m| Some(benchmark.scores.get(m)?.accuracy))
    });
    benchmark.chain(whole).max_by(farther).filter(|found| found.r.abs() >= LEAST)
}

fn correlation(xs: ArrayView1<'_, f64>, value: &dyn Fn(usize) -> Option<f64>) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = xs
        .iter()
        .enumerate()
        .step_by(xs.len().div_ceil(COMPARED).max(1))
        .filter_map(|(m, x)| Some((*x, value(m)?)))
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    let n = pairs.len() as f64;
    if pairs.len() < 3 {
        return None;
    }
    let (mx, my) = (
        pairs.iter().map(|(x, _)| x).sum::<f64>() / n,
        pairs.iter().map(|(_, y)| y).sum::<f64>() / n,
    );
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        (xx, yy, xy) = (xx + (x - mx).powi(2), yy + (y - my).powi(2), xy + (x - mx) * (y - my));
    }
    (xx > 1e-12 && yy > 1e-12).then(|| xy / (xx * yy).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Attribute;
    use ndarray::{Array2, aview1};
    use std::sync::Arc;

    #[test]
    fn an_axis_is_named_by_what_it_goes_with_or_not_at_all() {
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
        let found = |of: &dyn Fn(usize) -> f64| {
            let coordinates: Vec<f64> = (0..40).map(of).collect();
            meaning(&model_set, aview1(&coordinates)).map(|found| found.text())
        };
        assert_eq!(found(&|m| -(((m * 17) % 40) as f64)).unwrap(), "overall ability, r = −1.00");
        assert_eq!(found(&|m| (m % 9) as f64).unwrap(), "size, r = 1.00");
        assert_eq!(found(&|m| ((m * 7 + 3) % 11) as f64), None);
        assert_eq!(found(&|_| 0.0), None);
    }
}
