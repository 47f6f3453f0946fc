//! How far figures would move with other questions: a bootstrap over questions.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use crate::metrics::{ECE_BINS, Judged, log_loss};

/// The figures, in the order of their arrays here.
pub const FIGURES: [&str; 5] = ["accuracy", "auc", "nll", "ece", "routing"];

/// A figure's 95% interval over resampled questions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Its 2.5% quantile.
    pub low: f64,
    /// Its 97.5% quantile.
    pub high: f64,
}

/// What the bootstrap says of one predictor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Figure → its interval.
    pub intervals: BTreeMap<&'static str, Interval>,
    /// Figure → the interval of the first predictor's figure minus this one's, on the same
    /// resampled questions.
    pub difference: BTreeMap<&'static str, Interval>,
}

/// Resamples the questions `resamples` times and gives the spread of each of `predictions`; the
/// differences are to the first of them.
#[must_use]
pub fn spreads(
    judged: &Judged,
    predictions: &[&[f32]],
    resamples: usize,
    seed: u64,
) -> Vec<Spread> {
    let prepared: Vec<Prepared> = predictions.iter().map(|p| Prepared::new(judged, p)).collect();
    let question: Vec<u32> = judged
        .ranges()
        .enumerate()
        .flat_map(|(i, range)| std::iter::repeat_n(i as u32, range.len()))
        .collect();
    let n = judged.questions.len();
    // Resamples × predictors.
    let figures: Vec<Vec<[f64; 5]>> = (0..resamples as u64)
        .into_par_iter()
        .map(|resample| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(resample);
            let mut weights = vec![0.0_f32; n];
            (0..n).for_each(|_| weights[rng.random_range(0..n)] += 1.0);
            prepared.iter().map(|p| p.figures(judged, &question, &weights)).collect()
        })
        .collect();
    let quantiles = |value: &dyn Fn(&Vec<[f64; 5]>) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        let at = |q: f64| values[((values.len() - 1) as f64 * q).round() as usize];
        Interval { low: at(0.025), high: at(0.975) }
    };
    (0..predictions.len())
        .map(|p| {
            let each = |of: &dyn Fn(&Vec<[f64; 5]>, usize) -> f64| {
                let figure = |(f, name)| (name, quantiles(&|row| of(row, f)));
                FIGURES.into_iter().enumerate().map(figure).collect()
            };
            Spread {
                intervals: each(&|row, f| row[p][f]),
                difference: each(&|row, f| row[0][f] - row[p][f]),
            }
        })
        .collect()
}

/// One prediction, with all that does not depend on the weights of the questions.
struct Prepared {
    /// Responses by ascending probability.
    order: Vec<u32>,
    /// True where a response's probability is that of the one before it in `order`.
    tied: Vec<bool>,
    /// By question: responses, accuracy, loss, and the label of the routed model, if it is a contest.
    sums: Vec<(f64, f64, f64, Option<f64>)>,
    bins: Vec<u8>,
    p: Vec<f32>,
}

impl Prepared {
    fn new(judged: &Judged, p: &[f32]) -> Self {
        let mut order: Vec<u32> = (0..p.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| p[a as usize].total_cmp(&p[b as usize]));
        let same = |w: &[u32]| p[w[0] as usize].total_cmp(&p[w[1] as usize]).is_eq();
        let tied = std::iter::once(false).chain(order.windows(2).map(same)).collect();
        let sums = judged
            .ranges()
            .map(|range| {
                let each = || range.clone().map(|r| (f64::from(p[r]), f64::from(judged.labels[r])));
                let right = each().map(|(p, y)| if p >= 0.5 { y } else { 1.0 - y }).sum();
                let loss = each().map(|(p, y)| log_loss(p, y)).sum();
                let best = range.clone().rev().max_by(|&a, &b| p[a].total_cmp(&p[b]));
                let routed = best.filter(|_| range.len() >= 2).map(|r| f64::from(judged.labels[r]));
                (range.len() as f64, right, loss, routed)
            })
            .collect();
        let bin = |p: &f32| ((p * ECE_BINS as f32) as u8).min(ECE_BINS as u8 - 1);
        Self { order, tied, sums, bins: p.iter().map(bin).collect(), p: p.to_vec() }
    }

    fn figures(&self, judged: &Judged, question: &[u32], weights: &[f32]) -> [f64; 5] {
        let (mut n, mut right, mut loss, mut routed, mut contests) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (&(responses, r, l, label), &w) in self.sums.iter().zip(weights) {
            let w = f64::from(w);
            n += w * responses;
            right += w * r;
            loss += w * l;
            if let Some(label) = label {
                routed += w * label;
                contests += w;
            }
        }
        let (mut below, mut area, mut positives) = (0.0, 0.0, 0.0);
        let (mut tied_right, mut tied_wrong) = (0.0, 0.0);
        let mut gaps = [0.0; ECE_BINS];
        for (&r, &tied) in self.order.iter().zip(&self.tied) {
            let r = r as usize;
            let w = f64::from(weights[question[r] as usize]);
            let y = f64::from(judged.labels[r]);
            if !tied {
                area += tied_right * (below + tied_wrong / 2.0);
                below += tied_wrong;
                positives += tied_right;
                (tied_right, tied_wrong) = (0.0, 0.0);
            }
            tied_right += w * y;
            tied_wrong += w * (1.0 - y);
            gaps[usize::from(self.bins[r])] += w * (f64::from(self.p[r]) - y);
        }
        area += tied_right * (below + tied_wrong / 2.0);
        below += tied_wrong;
        positives += tied_right;
        let pairs = positives * below;
        [
            right / n,
            if pairs > 0.0 { area / pairs } else { 0.5 },
            loss / n,
            gaps.iter().map(|gap| gap.abs()).sum::<f64>() / n,
            if contests > 0.0 { routed / contests } else { 0.0 },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Figures;

    fn judged() -> (Judged, Vec<f32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut judged =
            Judged { questions: vec![], starts: vec![0], models: vec![], labels: vec![] };
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
    fn equal_weights_give_the_plain_figures() {
        let (judged, p) = judged();
        let question: Vec<u32> = judged
            .ranges()
            .enumerate()
            .flat_map(|(i, range)| std::iter::repeat_n(i as u32, range.len()))
            .collect();
        let found = Prepared::new(&judged, &p).figures(&judged, &question, &vec![1.0; 300]);
        let f = Figures::of(&judged, &p);
        for (a, b) in found.iter().zip([f.accuracy, f.auc, f.nll, f.ece, f.routing]) {
            assert!((a - b).abs() < 1e-6, "{found:?} {f:?}");
        }
    }

    #[test]
    fn intervals_hold_the_figure_and_differences_know_who_is_better() {
        let (judged, p) = judged();
        let worse: Vec<f32> = p.iter().map(|p| 0.5 + (p - 0.5) * -0.5).collect();
        let spreads = spreads(&judged, &[&p, &worse], 200, 7);
        let auc = Figures::of(&judged, &p).auc;
        let interval = spreads[0].intervals["auc"];
        assert!(interval.low < auc && auc < interval.high);
        assert!(spreads[1].difference["auc"].low > 0.0 && spreads[1].difference["nll"].high < 0.0);
        assert!(spreads[0].difference.values().all(|d| d.low == 0.0 && d.high == 0.0));
    }
}
