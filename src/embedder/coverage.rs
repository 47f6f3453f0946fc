//! Whether intervals have their nominal coverage.
//!
//! A single answer cannot show a probability to be wrong, but a group of answers can. The responses to one
//! question whose probabilities fall in one bin are such a group: under the model of the interval (a shared
//! normal term in logits, see [`Calibration::interval`]), the number of correct ones has a distribution, and
//! 80% intervals are correct if that number is between its 10% and 90% quantile in 80% of the groups. Ties of
//! the discrete number are split in proportion.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use crate::metrics::EvalSet;

/// Bins of predicted probability.
pub const BINS: usize = 5;
/// Minimum number of responses in a group.
const SMALLEST_GROUP: usize = 4;

/// The measured coverage of one bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Lower end of the bin.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// The number of groups.
    pub groups: usize,
    /// The share of groups inside their 80% interval.
    pub covered: f64,
}

/// Measures the coverage of nominal 80% intervals for each bin of predicted probability.
#[must_use]
pub fn coverage(judged: &EvalSet, p: &[f32], calibration: &Calibration) -> Vec<Coverage> {
    let mut all = Vec::new();
    for range in judged.ranges() {
        let mut groups = [(0_usize, 0.0_f64, 0.0_f64); BINS];
        for r in range {
            let bin = ((p[r] * BINS as f32) as usize).min(BINS - 1);
            groups[bin].0 += 1;
            groups[bin].1 += f64::from(p[r]);
            groups[bin].2 += f64::from(judged.labels[r]);
        }
        let groups = groups.into_iter().enumerate();
        all.extend(groups.filter(|(_, (n, ..))| *n >= SMALLEST_GROUP));
    }
    let share = |(_, (n, sum, right)): &(usize, (usize, f64, f64))| {
        inside(*n, right.round() as usize, sum / *n as f64, calibration)
    };
    let shares: Vec<f64> = all.par_iter().map(share).collect();
    let mut bins = [(0_usize, 0.0); BINS];
    for ((bin, _), share) in all.into_iter().zip(shares) {
        bins[bin].0 += 1;
        bins[bin].1 += share;
    }
    let bin = |(i, (groups, covered)): (usize, (usize, f64))| Coverage {
        from: i as f64 / BINS as f64,
        to: (i + 1) as f64 / BINS as f64,
        groups,
        covered: if groups > 0 { covered / groups as f64 } else { 0.0 },
    };
    bins.into_iter().enumerate().map(bin).collect()
}

/// The part of the outcome `right` of `n` that is between the 10% and 90% quantile.
fn inside(n: usize, right: usize, p: f64, calibration: &Calibration) -> f64 {
    let mass = chances(n, p, calibration);
    let below: f64 = mass[..right].iter().sum();
    let (low, high) = (below, below + mass[right]);
    let overlap = (high.min(0.9) - low.max(0.1)).max(0.0);
    if high > low { overlap / (high - low) } else { 0.0 }
}

/// The share of all groups, over all bins, inside their 80% interval.
pub(super) fn overall(judged: &EvalSet, p: &[f32], calibration: &Calibration) -> f64 {
    let bins = coverage(judged, p, calibration);
    let groups = bins.iter().map(|bin| bin.groups).sum::<usize>().max(1) as f64;
    bins.iter().map(|bin| bin.covered * bin.groups as f64).sum::<f64>() / groups
}

/// The probabilities that 0 to `n` of `n` are correct, averaged over the unpredicted difficulty.
fn chances(n: usize, p: f64, calibration: &Calibration) -> Vec<f64> {
    let nodes: Vec<_> =
        calibration.conditional(p).map(|(weight, p)| (weight, p.ln(), (1.0 - p).ln())).collect();
    let mut choose = 0.0;
    let chance = |k: usize| {
        if k > 0 {
            choose += ((n - k + 1) as f64 / k as f64).ln();
        }
        let (right, wrong) = (k as f64, (n - k) as f64);
        let at = |(weight, ln_p, ln_q): &(f64, f64, f64)| {
            weight * (choose + right * ln_p + wrong * ln_q).exp()
        };
        nodes.iter().map(at).sum()
    };
    (0..=n).map(chance).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_add_up_and_an_interval_holds_its_share() {
        let calibration = Calibration { temperature: 1.0, spread: 1.3 };
        for p in [0.1, 0.5, 0.93] {
            let chances = chances(12, p, &calibration);
            assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-6);
            let held = |(k, chance): (usize, &f64)| chance * inside(12, k, p, &calibration);
            assert!((chances.iter().enumerate().map(held).sum::<f64>() - 0.8).abs() < 1e-6);
            let mean: f64 = chances.iter().enumerate().map(|(k, chance)| k as f64 * chance).sum();
            assert!((mean / 12.0 - p).abs() < 0.015, "{p} {mean}");
        }
    }
}
