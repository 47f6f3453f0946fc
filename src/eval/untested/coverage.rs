//! Whether the 80% intervals of single answers have their nominal coverage.
//!
//! As in [`crate::embedder::coverage`], groups are evaluated: hidden answers to one question with predictions
//! in the same bin. An interval corresponds to a normal term in logits, which is assumed to be shared within
//! the group. The number of correct ones then has a distribution, and 80% of the groups should be between its
//! 10% and 90% quantile (ties split in proportion).

use crate::logit::{Z80, logit, sigmoid};
use crate::metrics::EvalSet;

/// Bins of the predictions.
const BINS: usize = 5;
/// Minimum number of answers in a group.
const SMALLEST: usize = 4;
/// Nodes of the normal term, half a deviation apart.
const NODES: std::ops::RangeInclusive<i32> = -8..=8;

/// The share of groups inside; `None` where there is no group.
pub(super) fn of_answers(judged: &EvalSet, p: &[f32], ends: &[(f32, f32)]) -> Option<f64> {
    let (mut groups, mut covered) = (0_usize, 0.0);
    for range in judged.ranges() {
        let mut bins = vec![Vec::new(); BINS];
        for r in range {
            bins[((p[r] * BINS as f32) as usize).min(BINS - 1)].push(r);
        }
        for bin in bins.into_iter().filter(|bin| bin.len() >= SMALLEST) {
            let right: f32 = bin.iter().map(|&r| judged.labels[r]).sum();
            let forecasts: Vec<(f64, f64)> = bin.iter().map(|&r| normal(ends[r])).collect();
            groups += 1;
            covered += inside(&forecasts, right.round() as usize);
        }
    }
    (groups > 0).then(|| covered / groups as f64)
}

/// Mean and standard deviation in logits that correspond to an 80% interval.
fn normal((low, high): (f32, f32)) -> (f64, f64) {
    let (low, high) = (logit(f64::from(low)), logit(f64::from(high)));
    (f64::midpoint(low, high), (high - low) / (2.0 * Z80))
}

/// The part of the outcome `right` between the 10% and 90% quantile.
fn inside(forecasts: &[(f64, f64)], right: usize) -> f64 {
    let mass = distribution(forecasts);
    let below: f64 = mass.iter().take(right).sum();
    let at = mass.get(right).copied().unwrap_or_default();
    let overlap = ((below + at).min(0.9) - below.max(0.1)).max(0.0);
    if at > 0.0 { overlap / at } else { 0.0 }
}

/// The probability of each number of correct answers.
fn distribution(forecasts: &[(f64, f64)]) -> Vec<f64> {
    let n = forecasts.len();
    let (mut mass, mut total) = (vec![0.0; n + 1], 0.0);
    for node in NODES {
        let z = f64::from(node) / 2.0;
        let weight = (-z * z / 2.0).exp();
        total += weight;
        let mut given = vec![0.0; n + 1];
        given[0] = weight;
        for (i, (mean, deviation)) in forecasts.iter().enumerate() {
            let p = sigmoid(mean + z * deviation);
            for k in (0..=i + 1).rev() {
                let one_less = if k > 0 { given[k - 1] } else { 0.0 };
                given[k] = given[k] * (1.0 - p) + one_less * p;
            }
        }
        mass.iter_mut().zip(given).for_each(|(all, part)| *all += part);
    }
    mass.iter_mut().for_each(|m| *m /= total);
    mass
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_its_share_of_what_it_forecasts() {
        for ends in [(0.2, 0.8), (0.85, 0.99), (0.5, 0.5)] {
            let forecasts = vec![normal(ends); 9];
            let mass = distribution(&forecasts);
            assert!((mass.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let held: f64 = (0..=9).map(|k| mass[k] * inside(&forecasts, k)).sum();
            assert!((held - 0.8).abs() < 1e-9, "{ends:?} {held}");
        }
        let certain = vec![normal((0.5, 0.5)); 4];
        assert!((distribution(&certain)[2] - 6.0 / 16.0).abs() < 1e-9);
    }

    #[test]
    fn a_question_with_few_answers_is_not_judged() {
        let judged = EvalSet {
            questions: vec![0],
            starts: vec![0, 3],
            models: vec![0, 1, 2],
            labels: vec![1.0; 3],
        };
        assert_eq!(of_answers(&judged, &[0.9; 3], &[(0.8, 0.95); 3]), None);
    }
}
