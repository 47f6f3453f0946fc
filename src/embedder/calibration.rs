//! Calibration on val: a temperature, and how much the text leaves open.

use serde::{Deserialize, Serialize};

use super::coverage::{coverage, overall};
use crate::logit::{sigmoid, stretch};
use crate::metrics::Judged;

/// From logits to probabilities and intervals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Logits are divided by this.
    pub temperature: f64,
    /// Standard deviation, in logits, of what a question's text does not tell about its difficulty.
    pub spread: f64,
}

/// Temperatures that few answers cannot leave: the prior is normal in the logarithm, with this
/// deviation around 1.
const TEMPERATURE_DEVIATION: f64 = 0.2;
/// The spread that is expected before any group is seen, and the groups that this counts as.
const SPREAD_PRIOR: (f64, f64) = (1.0, 20.0);

impl Calibration {
    /// Fits both to the logits of val, laid out as `judged`: the temperature by log loss, the spread
    /// so that 80% intervals hold 80% of the groups of [`super::coverage`]. Both start from a prior,
    /// so that a handful of answers promises nothing that it cannot know.
    pub(super) fn fit(judged: &Judged, logits: &[f32]) -> Self {
        let temperature = temperature(logits, &judged.labels);
        let mut fitted = Self { temperature, spread: 0.0 };
        let p: Vec<f32> = logits.iter().map(|&logit| fitted.probability(logit)).collect();
        let (mut low, mut high) = (0.0, 4.0);
        for _ in 0..12 {
            fitted.spread = f64::midpoint(low, high);
            if overall(judged, &p, &fitted) < 0.8 {
                low = fitted.spread;
            } else {
                high = fitted.spread;
            }
        }
        let groups = coverage(judged, &p, &fitted).iter().map(|bin| bin.groups).sum::<usize>();
        let (before, counts) = SPREAD_PRIOR;
        let n = groups as f64;
        let variance = (n * fitted.spread.powi(2) + counts * before * before) / (n + counts);
        fitted.spread = variance.sqrt();
        fitted
    }

    /// The calibrated probability of a logit.
    #[must_use]
    pub fn probability(&self, logit: f32) -> f32 {
        sigmoid(f64::from(logit) / self.temperature) as f32
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
}

/// The temperature of least log loss and prior, by bisection on the derivative in 1/T.
fn temperature(logits: &[f32], labels: &[f32]) -> f64 {
    let slope = |beta: f64| -> f64 {
        let each = logits.iter().zip(labels).map(|(&l, &y)| (f64::from(l), f64::from(y)));
        let prior = beta.ln() / beta / TEMPERATURE_DEVIATION.powi(2);
        each.map(|(l, y)| l * (sigmoid(beta * l) - y)).sum::<f64>() + prior
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
        let fitted = Calibration::fit(&judged, &logits);
        assert!((fitted.temperature - 2.0).abs() < 0.15, "{fitted:?}");
        assert!((fitted.spread - 1.2).abs() < 0.12, "{fitted:?}");
    }

    #[test]
    fn three_answers_promise_little() {
        let judged = Judged {
            questions: vec![0, 1, 2],
            starts: vec![0, 1, 2, 3],
            models: vec![0, 1, 2],
            labels: vec![1.0, 1.0, 1.0],
        };
        let fitted = Calibration::fit(&judged, &[2.0, 1.0, 3.0]);
        assert!((0.5..2.0).contains(&fitted.temperature), "{fitted:?}");
        assert!(fitted.spread > 0.8, "{fitted:?}");
    }
}
