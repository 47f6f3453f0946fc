//! Estimates with their intervals.

use serde::Serialize;

use crate::logit::{Z80, logit, sigmoid};

/// The ends of an interval; where it is used defines its level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A value with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The value.
    pub value: f64,
    /// Its interval.
    #[serde(flatten)]
    pub interval: Interval,
}

impl Figure {
    /// The interval from the 2.5% and 97.5% quantiles of the resamples; those that are not numbers are
    /// ignored.
    #[must_use]
    pub fn resampled(value: f64, resamples: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = resamples.filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |q: f64| {
            let last = sorted.len().saturating_sub(1) as f64;
            sorted.get((last * q).round() as usize).copied().unwrap_or(value)
        };
        Self { value, interval: Interval { low: at(0.025), high: at(0.975) } }
    }
}

/// An estimated proportion with its 80% interval, all in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    /// From a mean in [0, 1] and its standard deviation: the interval is symmetric in logits, so that it
    /// stays inside [0, 1].
    #[must_use]
    pub fn around(mean: f64, deviation: f64) -> Self {
        let p = mean.clamp(1e-6, 1.0 - 1e-6);
        let (center, width) = (logit(p), Z80 * deviation / (p * (1.0 - p)));
        Self { mean, low: sigmoid(center - width), high: sigmoid(center + width) }
    }

    /// The logit of the mean, and the variance that the interval corresponds to.
    #[must_use]
    pub fn logit(&self) -> (f64, f64) {
        let deviation = (logit(self.high) - logit(self.low)) / (2.0 * Z80);
        (logit(self.mean), (deviation * deviation).max(1e-9))
    }

    /// From a logit and its variance.
    #[must_use]
    pub fn of_logit(logit: f64, variance: f64) -> Self {
        let width = Z80 * variance.max(0.0).sqrt();
        Self { mean: sigmoid(logit), low: sigmoid(logit - width), high: sigmoid(logit + width) }
    }
}
