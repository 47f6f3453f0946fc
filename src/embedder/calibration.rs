//! Calibration: a temperature, and the spread that the text leaves open.

use serde::{Deserialize, Serialize};

use crate::logit::{logit, sigmoid, stretch};

/// From logits to probabilities and intervals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The temperature: logits are divided by it.
    pub temperature: f64,
    /// Standard deviation, in logits, of the part of a question's difficulty that its text does not predict.
    pub spread: f64,
}

impl Calibration {
    /// The calibrated probability of a logit.
    #[must_use]
    pub fn probability(&self, logit: f32) -> f32 {
        sigmoid(f64::from(logit) / self.temperature) as f32
    }

    /// The probabilities behind a calibrated `p`, with their weights: the unpredicted part of the difficulty
    /// at the nodes of a Gauss–Hermite rule.
    pub(crate) fn conditional(&self, p: f64) -> impl Iterator<Item = (f64, f64)> + '_ {
        let center = logit(p) * stretch(self.spread);
        HERMITE.iter().map(move |(node, weight)| {
            (*weight, sigmoid(center + node * self.spread).clamp(1e-9, 1.0 - 1e-9))
        })
    }
}

/// Nodes and weights of the Gauss–Hermite rule of nine points for a standard normal.
const HERMITE: [(f64, f64); 9] = [
    (-4.512_745_863_4, 2.234_584_400_8e-5),
    (-3.205_429_002_9, 2.789_141_321_2e-3),
    (-2.076_847_978_7, 4.991_640_676_5e-2),
    (-1.023_255_663_8, 0.244_097_502_9),
    (0.0, 0.406_349_206_3),
    (1.023_255_663_8, 0.244_097_502_9),
    (2.076_847_978_7, 4.991_640_676_5e-2),
    (3.205_429_002_9, 2.789_141_321_2e-3),
    (4.512_745_863_4, 2.234_584_400_8e-5),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_integrates_a_normal() {
        let moment = |k: i32| HERMITE.iter().map(|(x, w)| w * x.powi(k)).sum::<f64>();
        assert!((moment(0) - 1.0).abs() < 1e-6 && (moment(2) - 1.0).abs() < 1e-6);
        assert!((moment(4) - 3.0).abs() < 1e-5);
    }
}
