//! Fits the calibration on val.

use super::calibration::Calibration;
use super::coverage::{coverage, overall};
use crate::logit::sigmoid;
use crate::metrics::EvalSet;

/// The prior of the temperature, which few answers cannot overcome: normal in the logarithm, with this
/// deviation around 1.
const TEMPERATURE_DEVIATION: f64 = 0.2;
/// The prior of the spread, and its weight in groups.
const SPREAD_PRIOR: (f64, f64) = (1.0, 20.0);

/// Fits both to the logits of val, laid out as `judged`: the temperature by log loss, the spread so that 80%
/// intervals contain 80% of the groups of [`super::coverage`]. Both have a prior, so that a few answers do
/// not lead to overconfidence.
pub(super) fn fit(judged: &EvalSet, logits: &[f32]) -> Calibration {
    let temperature = temperature(logits, &judged.labels);
    let mut fitted = Calibration { temperature, spread: 0.0 };
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

/// The temperature that minimizes log loss and prior, by bisection on the derivative in 1/T.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logit::stretch;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn temperature_and_spread_are_recovered() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let (mut judged, mut logits) = (
            EvalSet { questions: vec![], starts: vec![0], models: vec![], labels: vec![] },
            Vec::new(),
        );
        for q in 0..1500 {
            let open: f64 = 1.2 * {
                let x: f64 = StandardNormal.sample(&mut rng);
                x
            };
            for m in 0..20 {
                let known: f64 = StandardNormal.sample(&mut rng);
                // The logits are twice the true averages over what the text does not predict.
                logits.push((2.0 * known / stretch(1.2)) as f32);
                judged.models.push(m);
                judged.labels.push(f32::from(u8::from(rng.random_bool(sigmoid(known + open)))));
            }
            judged.questions.push(q);
            judged.starts.push(logits.len());
        }
        let fitted = fit(&judged, &logits);
        assert!((fitted.temperature - 2.0).abs() < 0.15, "{fitted:?}");
        assert!((fitted.spread - 1.2).abs() < 0.12, "{fitted:?}");
    }

    #[test]
    fn three_answers_do_not_lead_to_overconfidence() {
        let judged = EvalSet {
            questions: vec![0, 1, 2],
            starts: vec![0, 1, 2, 3],
            models: vec![0, 1, 2],
            labels: vec![1.0, 1.0, 1.0],
        };
        let fitted = fit(&judged, &[2.0, 1.0, 3.0]);
        assert!((0.5..2.0).contains(&fitted.temperature), "{fitted:?}");
        assert!(fitted.spread > 0.8, "{fitted:?}");
    }
}
