//! Calibration on val: a temperature, and how much the text leaves open.

use serde::{Deserialize, Serialize};

use super::coverage::overall;
use crate::logit::{Z80, sigmoid, stretch};
use crate::metrics::Judged;

/// From logits to probabilities and intervals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Logits are divided by this.
    pub temperature: f64,
    /// Standard deviation, in logits, of what a question's text does not tell about its difficulty.
    pub spread: f64,
}

impl Calibration {
    /// Fits both to the logits of val and the support of the models, laid out as `judged`: the
    /// temperature by log loss, the spread so that 80% intervals hold 80% of the groups of
    /// [`super::coverage`].
    pub(super) fn fit(judged: &Judged, logits: &[f32], support: &[f32]) -> Self {
        let temperature = temperature(logits, &judged.labels);
        let mut fitted = Self { temperature, spread: 0.0 };
        let each = logits.iter().zip(support);
        let p: Vec<f32> =
            each.map(|(&logit, &support)| fitted.probability(logit, support)).collect();
        let (mut low, mut high) = (0.0, 4.0);
        for _ in 0..12 {
            fitted.spread = f64::midpoint(low, high);
            if overall(judged, &p, &fitted) < 0.8 {
                low = fitted.spread;
            } else {
                high = fitted.spread;
            }
        }
        fitted
    }

    /// The calibrated probability of a logit, for a model with a given `support` in [0, 1]: what is
    /// not known of a model that was never run on the like draws it towards a half.
    #[must_use]
    pub fn probability(&self, logit: f32, support: f32) -> f32 {
        sigmoid(f64::from(logit * self.scale(support))) as f32
    }

    /// What a logit is multiplied by to be calibrated.
    pub(super) fn scale(&self, support: f32) -> f32 {
        (1.0 / self.temperature / stretch(unsupported(support))) as f32
    }

    /// The probabilities that a calibrated `p` stands for, with their weights: what is left open by
    /// the text at the nodes of a Gauss–Hermite rule.
    pub(crate) fn conditional(&self, p: f64) -> impl Iterator<Item = (f64, f64)> + '_ {
        let p = p.clamp(1e-6, 1.0 - 1e-6);
        let centre = (p / (1.0 - p)).ln() * stretch(self.spread);
        HERMITE.iter().map(move |(node, weight)| {
            (*weight, sigmoid(centre + node * self.spread).clamp(1e-9, 1.0 - 1e-9))
        })
    }

    /// The 80% interval of a calibrated probability `p`.
    ///
    /// A text does not tell all of a question's difficulty. The rest is taken as a normal term in
    /// logits, shared by all models, whose deviation is such that the intervals hold what they
    /// promise on val; `p` is the mean over it, and the interval runs from its 10% to its 90%
    /// quantile. It is wider for a model without support.
    #[must_use]
    pub fn interval(&self, p: f32, support: f32) -> (f32, f32) {
        let p = f64::from(p).clamp(1e-6, 1.0 - 1e-6);
        let spread = self.spread.hypot(unsupported(support));
        let centre = (p / (1.0 - p)).ln() * stretch(spread);
        let end = |z: f64| sigmoid(centre + z * spread) as f32;
        (end(-Z80), end(Z80))
    }
}

/// Standard deviation, in logits, of what is not known of a model on questions unlike all that it
/// was run on.
fn unsupported(support: f32) -> f64 {
    const DEVIATION: f64 = 1.0;
    DEVIATION * f64::from(1.0 - support)
}

/// The temperature of least log loss, by bisection on its derivative in 1/T.
fn temperature(logits: &[f32], labels: &[f32]) -> f64 {
    let slope = |beta: f64| -> f64 {
        let each = logits.iter().zip(labels).map(|(&l, &y)| (f64::from(l), f64::from(y)));
        each.map(|(l, y)| l * (sigmoid(beta * l) - y)).sum()
    };
    let (mut low, mut high) = (0.05, 20.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if slope(middle) > 0.0 { high = middle } else { low = middle }
    }
    f64::midpoint(low, high).recip()
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
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn the_rule_integrates_a_normal() {
        let moment = |k: i32| HERMITE.iter().map(|(x, w)| w * x.powi(k)).sum::<f64>();
        assert!((moment(0) - 1.0).abs() < 1e-6 && (moment(2) - 1.0).abs() < 1e-6);
        assert!((moment(4) - 3.0).abs() < 1e-5);
    }

    #[test]
    fn temperature_and_spread_are_recovered() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let (mut judged, mut logits) = (
            Judged { questions: vec![], starts: vec![0], models: vec![], labels: vec![] },
            Vec::new(),
        );
        for q in 0..1500 {
            let open: f64 = 1.2 * {
                let x: f64 = StandardNormal.sample(&mut rng);
                x
            };
            for m in 0..20 {
                let known: f64 = StandardNormal.sample(&mut rng);
                // The learner says twice what is true on average over what the text leaves open.
                logits.push((2.0 * known / stretch(1.2)) as f32);
                judged.models.push(m);
                judged.labels.push(f32::from(u8::from(rng.random_bool(sigmoid(known + open)))));
            }
            judged.questions.push(q);
            judged.starts.push(logits.len());
        }
        let fitted = Calibration::fit(&judged, &logits, &vec![1.0; logits.len()]);
        assert!((fitted.temperature - 2.0).abs() < 0.15, "{fitted:?}");
        assert!((fitted.spread - 1.2).abs() < 0.12, "{fitted:?}");
        let (low, high) = fitted.interval(0.5, 1.0);
        assert!((low + high - 1.0).abs() < 1e-6 && low < 0.25);
        assert!(fitted.interval(0.5, 0.0).0 < low, "without support the interval is wider");
        assert!(fitted.probability(3.0, 0.0) < fitted.probability(3.0, 1.0));
    }
}
