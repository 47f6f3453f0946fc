//! Confidence intervals of metrics: a bootstrap over questions.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use crate::estimate::{Figure, Interval};
use crate::metrics::{EvalSet, Metrics, Scored};

/// The intervals of one predictor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Metric → its 95% interval.
    pub intervals: BTreeMap<&'static str, Interval>,
    /// Metric → the 95% interval of the first predictor's minus this one's, on the same resamples.
    pub difference: BTreeMap<&'static str, Interval>,
}

/// Resamples the questions `resamples` times and returns the intervals of each of `predictions`; the
/// differences are to the first of them.
#[must_use]
pub fn spreads(
    judged: &EvalSet,
    predictions: &[&[f32]],
    resamples: usize,
    seed: u64,
) -> Vec<Spread> {
    let scored: Vec<Scored> = predictions.iter().map(|p| Scored::new(judged, p)).collect();
    let n = judged.questions.len();
    // Resamples × predictors.
    let figures: Vec<Vec<[f64; 5]>> = (0..resamples as u64)
        .into_par_iter()
        .map(|resample| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(resample);
            let mut weights = vec![0.0_f32; n];
            (0..n).for_each(|_| weights[rng.random_range(0..n)] += 1.0);
            scored.iter().map(|scored| scored.metrics(&weights).values()).collect()
        })
        .collect();
    let quantiles = |value: &dyn Fn(&Vec<[f64; 5]>) -> f64| {
        Figure::resampled(f64::NAN, figures.iter().map(value)).interval
    };
    (0..predictions.len())
        .map(|p| {
            let each = |of: &dyn Fn(&Vec<[f64; 5]>, usize) -> f64| {
                let figure = |(f, name)| (name, quantiles(&|row| of(row, f)));
                Metrics::NAMES.into_iter().enumerate().map(figure).collect()
            };
            Spread {
                intervals: each(&|row, f| row[p][f]),
                difference: each(&|row, f| row[0][f] - row[p][f]),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged() -> (EvalSet, Vec<f32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut judged =
            EvalSet { questions: vec![], starts: vec![0], models: vec![], labels: vec![] };
        let mut p = Vec::new();
        for q in 0..300 {
            for m in 0..=q % 5 {
                let x: f32 = rng.random();
                p.push((x * 20.0).round() / 20.0);
                judged.models.push(m);
                judged.labels.push(f32::from(u8::from(rng.random::<f32>() < x)));
            }
            judged.questions.push(q);
            judged.starts.push(p.len());
        }
        (judged, p)
    }

    #[test]
    fn intervals_hold_the_figure_and_differences_know_who_is_better() {
        let (judged, p) = judged();
        let worse: Vec<f32> = p.iter().map(|p| 0.5 + (p - 0.5) * -0.5).collect();
        let spreads = spreads(&judged, &[&p, &worse], 200, 7);
        let auc = Metrics::of(&judged, &p).auc;
        let interval = spreads[0].intervals["auc"];
        assert!(interval.low < auc && auc < interval.high);
        assert!(spreads[1].difference["auc"].low > 0.0 && spreads[1].difference["nll"].high < 0.0);
        assert!(spreads[0].difference.values().all(|d| d.low == 0.0 && d.high == 0.0));
    }
}
