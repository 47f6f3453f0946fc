//! Deferral curves: the accuracy of a router as a function of cost, as in UniRoute (arXiv 2502.08773) and
//! RouterBench (arXiv 2403.12031).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::router::{Costs, Unit};
use crate::metrics::EvalSet;

/// Cost weights in units of accuracy: a logarithmic grid, besides zero and infinity.
const STEPS: i32 = 60;

/// A router with one cost weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The mean cost of the models it chose.
    pub cost: f64,
    /// Their mean label.
    pub quality: f64,
}

/// One predictor at every cost weight.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// From the cheapest, each better than those before: dominated points are left out.
    pub points: Vec<Point>,
    /// The mean of the best accuracy within a cost, over all costs from always the cheapest model to always
    /// the most expensive one.
    pub area: f64,
    /// The lowest cost at which the curve reaches the accuracy of [`Deferral::single`], as a share of its
    /// cost; `None` if it never does.
    pub equals_single_at: Option<f64>,
    /// The best accuracy on the curve.
    pub best: f64,
}

/// The curves of all predictors on the same questions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deferral {
    /// The unit of the costs.
    pub unit: Unit,
    /// Questions with at least two responses by models of known cost.
    pub questions: usize,
    /// Models of known cost.
    pub models: usize,
    /// Always the cheapest model that answered a question, and always the most expensive one.
    pub costs: [f64; 2],
    /// Always the most able model that answered a question, in one global order of ability: the best single
    /// model, if one model answered everything.
    pub single: Point,
    /// Predictor → curve.
    pub curves: BTreeMap<String, Curve>,
}

/// The curves of `predictions` (laid out as `judged`, models as in `costs`) on the responses of models with
/// known cost; `ability` is the prediction from ability only. `None` without costs or questions.
#[must_use]
pub fn deferral(
    judged: &EvalSet,
    predictions: &[(&str, Vec<f32>)],
    ability: &str,
    costs: &Costs,
) -> Option<Deferral> {
    let unit = costs.unit()?;
    let known = |_, r: usize| costs.of_model(judged.models[r]).is_some();
    let cut = |p: &[f32]| judged.part(p, known);
    let (part, _) = cut(&predictions.first()?.1);
    let comparable: Vec<std::ops::Range<usize>> = part.ranges().filter(|r| r.len() >= 2).collect();
    if comparable.is_empty() {
        return None;
    }
    let cost: Vec<f64> = part.models.iter().filter_map(|m| costs.of_model(*m)).collect();
    let mean = |value: &dyn Fn(&std::ops::Range<usize>) -> f64| {
        comparable.iter().map(value).sum::<f64>() / comparable.len() as f64
    };
    let cheapest = mean(&|range| cost[range.clone()].iter().copied().fold(f64::MAX, f64::min));
    let most_expensive = mean(&|range| cost[range.clone()].iter().copied().fold(0.0, f64::max));
    let scale = cost.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let point = |p: &[f32], price: f64| {
        let worth = |r: usize| f64::from(p[r]) - price * cost[r] / scale;
        let mut sum = Point { cost: 0.0, quality: 0.0 };
        for range in &comparable {
            // The first of equals, as in `routing`.
            let best = range.clone().rev().max_by(|&a, &b| worth(a).total_cmp(&worth(b)));
            if let Some(best) = best {
                sum.cost += cost[best];
                sum.quality += f64::from(part.labels[best]);
            }
        }
        let n = comparable.len() as f64;
        Point { cost: sum.cost / n, quality: sum.quality / n }
    };
    let by_name = |name: &str| predictions.iter().find(|(known, _)| *known == name);
    let single = point(&cut(&by_name(ability)?.1).1, 0.0);
    let curve = |p: &[f32]| {
        let prices = (0..STEPS).map(|i| 10.0_f64.powf(f64::from(i) / 10.0 - 4.0));
        let points = prices.chain([0.0, 1e9]).map(|price| point(p, price)).collect();
        summarize(points, [cheapest, most_expensive], single)
    };
    let curves = predictions.iter().map(|(name, p)| ((*name).to_owned(), curve(&cut(p).1)));
    let mut models = part.models.clone();
    models.sort_unstable();
    models.dedup();
    Some(Deferral {
        unit,
        questions: comparable.len(),
        models: models.len(),
        costs: [cheapest, most_expensive],
        single,
        curves: curves.collect(),
    })
}

fn summarize(mut points: Vec<Point>, [from, to]: [f64; 2], single: Point) -> Curve {
    points.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(b.quality.total_cmp(&a.quality)));
    let mut best = f64::NEG_INFINITY;
    points.retain(|point| {
        let better = point.quality > best;
        best = best.max(point.quality);
        better
    });
    let ends = points.iter().skip(1).map(|p| p.cost).chain([to]);
    let steps = points
        .iter()
        .zip(ends)
        .map(|(point, end)| point.quality * (end.min(to) - point.cost.max(from)).max(0.0));
    let area = if to > from { steps.sum::<f64>() / (to - from) } else { best };
    let equal = points.iter().find(|point| point.quality >= single.quality);
    let equals_single_at = equal.map(|point| point.cost / single.cost.max(f64::MIN_POSITIVE));
    Curve { points, area, equals_single_at, best }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Attribute, Values};

    fn costs(of: &[f64]) -> Costs {
        let values = Values::Number(of.iter().copied().map(Some).collect());
        Costs::of(of.len(), &[Attribute { name: "params_b".into(), values }])
    }

    #[test]
    fn a_router_that_knows_reaches_the_dear_models_quality_at_less() {
        // Two questions: the cheap model is correct on the first, the expensive one on both.
        let judged = EvalSet {
            questions: vec![0, 1],
            starts: vec![0, 2, 4],
            models: vec![0, 1, 0, 1],
            labels: vec![1.0, 1.0, 0.0, 1.0],
        };
        let predictions =
            [("knows", vec![0.9, 0.95, 0.1, 0.9]), ("ability", vec![0.5, 0.9, 0.5, 0.9])];
        let found = deferral(&judged, &predictions, "ability", &costs(&[1.0, 10.0])).unwrap();
        assert!((found.costs[0] - 1.0).abs() < 1e-9 && (found.costs[1] - 10.0).abs() < 1e-9);
        assert_eq!(found.single, Point { cost: 10.0, quality: 1.0 });
        let knows = &found.curves["knows"];
        assert_eq!(
            knows.points,
            [Point { cost: 1.0, quality: 0.5 }, Point { cost: 5.5, quality: 1.0 },]
        );
        assert!((knows.area - 0.75).abs() < 1e-9);
        assert!((knows.equals_single_at.unwrap() - 0.55).abs() < 1e-9);
        assert!((found.curves["ability"].area - 0.5).abs() < 1e-9);
        assert!(deferral(&judged, &predictions, "ability", &costs(&[])).is_none());
    }
}
