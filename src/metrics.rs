//! Evaluation metrics for predictions of correctness: the same in code, docs and `--json`.

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;

/// Number of equal-width bins of the calibration error.
pub const ECE_BINS: usize = 15;

/// The labels of the evaluated questions and the models that they belong to: predictions have the same
/// layout.
///
/// A prediction is a `Vec<f32>` with one probability per response, question by question.
pub struct EvalSet {
    /// The questions, as indices into the data set.
    pub questions: Vec<usize>,
    /// `starts[i]..starts[i + 1]` are the responses of the `i`-th question.
    pub starts: Vec<usize>,
    /// The model of each response.
    pub models: Vec<usize>,
    /// The label of each response.
    pub labels: Vec<f32>,
}

impl EvalSet {
    /// The responses of `questions` in `data`.
    #[must_use]
    pub fn new(data: &Dataset, questions: Vec<usize>) -> Self {
        let (mut starts, mut models, mut labels) = (vec![0], Vec::new(), Vec::new());
        for &q in &questions {
            for (model, label) in data.responses.of(q) {
                models.push(model);
                labels.push(label);
            }
            starts.push(models.len());
        }
        Self { questions, starts, models, labels }
    }

    /// Only the responses for which `keep(question position, response)` is true, with the prediction cut to
    /// match; questions without responses are dropped.
    #[must_use]
    pub fn part(&self, p: &[f32], keep: impl Fn(usize, usize) -> bool) -> (Self, Vec<f32>) {
        let mut part =
            Self { questions: Vec::new(), starts: vec![0], models: Vec::new(), labels: Vec::new() };
        let mut cut = Vec::new();
        for (i, range) in self.ranges().enumerate() {
            for r in range.filter(|&r| keep(i, r)) {
                part.models.push(self.models[r]);
                part.labels.push(self.labels[r]);
                cut.push(p[r]);
            }
            if part.starts.last() != Some(&part.models.len()) {
                part.questions.push(self.questions[i]);
                part.starts.push(part.models.len());
            }
        }
        (part, cut)
    }

    /// The range of each question's responses.
    pub fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        self.starts.windows(2).map(|w| w[0]..w[1])
    }
}

/// The metrics of one predictor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Share of responses where (p ≥ 0.5) equals the label; a fractional label counts as its share.
    pub accuracy: f64,
    /// ROC AUC over all responses together; a fractional label is split between the classes.
    pub auc: f64,
    /// Mean log loss, natural logarithm.
    pub nll: f64,
    /// Expected calibration error over [`ECE_BINS`] equal-width bins.
    pub ece: f64,
    /// For each question with two or more responses, the label of the model with the highest p among those
    /// that answered it (ties: lowest model id), averaged over those questions.
    pub routing: f64,
}

impl Metrics {
    /// Their names, in the order of [`Metrics::values`].
    pub const NAMES: [&str; 5] = ["accuracy", "auc", "nll", "ece", "routing"];

    /// Scores the prediction `p`.
    #[must_use]
    pub fn of(judged: &EvalSet, p: &[f32]) -> Self {
        Scored::new(judged, p).metrics(&vec![1.0; judged.questions.len()])
    }

    /// The numbers, in the order of [`Metrics::NAMES`].
    #[must_use]
    pub fn values(&self) -> [f64; 5] {
        [self.accuracy, self.auc, self.nll, self.ece, self.routing]
    }
}

/// One prediction, prepared for weights of the questions.
pub(crate) struct Scored {
    /// Responses by ascending probability.
    responses: Vec<Response>,
    /// Per question: responses, correct ones, log loss, and the label of the routed model if two or more
    /// answered it.
    sums: Vec<(f64, f64, f64, Option<f64>)>,
}

/// A response as the metrics use it.
struct Response {
    question: u32,
    bin: u32,
    p: f32,
    label: f32,
}

impl Scored {
    pub(crate) fn new(judged: &EvalSet, p: &[f32]) -> Self {
        let sums = judged
            .ranges()
            .map(|range| {
                let each = || range.clone().map(|r| (f64::from(p[r]), f64::from(judged.labels[r])));
                let correct = each().map(|(p, y)| if p >= 0.5 { y } else { 1.0 - y }).sum();
                let loss = each().map(|(p, y)| log_loss(p, y)).sum();
                // `max_by` returns the last of equals: reversed, the lowest model id wins a tie.
                let best = range.clone().rev().max_by(|&a, &b| p[a].total_cmp(&p[b]));
                let routed = best.filter(|_| range.len() >= 2).map(|r| f64::from(judged.labels[r]));
                (range.len() as f64, correct, loss, routed)
            })
            .collect();
        let question: Vec<u32> = judged
            .ranges()
            .enumerate()
            .flat_map(|(i, range)| std::iter::repeat_n(i as u32, range.len()))
            .collect();
        let response = |r: u32| {
            let r = r as usize;
            let bin = bin(f64::from(p[r])) as u32;
            Response { question: question[r], bin, p: p[r], label: judged.labels[r] }
        };
        Self { responses: ascending(p).into_iter().map(response).collect(), sums }
    }

    /// The metrics with a weight for each question.
    pub(crate) fn metrics(&self, weights: &[f32]) -> Metrics {
        let (mut n, mut correct, mut loss, mut routed, mut compared) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (&(responses, c, l, label), &w) in self.sums.iter().zip(weights) {
            let w = f64::from(w);
            n += w * responses;
            correct += w * c;
            loss += w * l;
            if let Some(label) = label {
                routed += w * label;
                compared += w;
            }
        }
        let n = if n > 0.0 { n } else { 1.0 };
        let mut gaps = [0.0; ECE_BINS];
        let weighed = self.responses.iter().map(|response| {
            let w = f64::from(weights[response.question as usize]);
            let (p, y) = (f64::from(response.p), f64::from(response.label));
            gaps[response.bin as usize] += w * (p - y);
            (response.p, w * y, w * (1.0 - y))
        });
        let auc = area(weighed).unwrap_or(0.5);
        Metrics {
            accuracy: correct / n,
            auc,
            nll: loss / n,
            ece: gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / n,
            routing: if compared > 0.0 { routed / compared } else { 0.0 },
        }
    }
}

fn ascending(p: &[f32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..p.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| p[a as usize].total_cmp(&p[b as usize]));
    order
}

fn bin(p: f64) -> usize {
    ((p * ECE_BINS as f64) as usize).min(ECE_BINS - 1)
}

fn pairs<'a>(p: &'a [f32], labels: &'a [f32]) -> impl Iterator<Item = (f64, f64)> + 'a {
    p.iter().zip(labels).map(|(&p, &y)| (f64::from(p), f64::from(y)))
}

/// The log loss of one prediction; probabilities are clamped 1e-7 away from 0 and 1.
#[must_use]
pub fn log_loss(p: f64, y: f64) -> f64 {
    let p = p.clamp(1e-7, 1.0 - 1e-7);
    -y * p.ln() - (1.0 - y) * (1.0 - p).ln()
}

/// ROC AUC: the probability that a correct response got a higher p than an incorrect one, with ties as half;
/// 0.5 if one of the classes is missing.
#[must_use]
pub fn auc(p: &[f32], labels: &[f32]) -> f64 {
    let order = ascending(p);
    let each = order.iter().map(|&r| {
        let y = f64::from(labels[r as usize]);
        (p[r as usize], y, 1.0 - y)
    });
    area(each).unwrap_or(0.5)
}

/// The area under the ROC curve of ascending (score, weight as a positive, weight as a negative), with ties
/// as half; `None` if one of the classes has no weight.
pub(crate) fn area<T: PartialOrd>(each: impl Iterator<Item = (T, f64, f64)>) -> Option<f64> {
    let (mut negatives, mut positives, mut area) = (0.0, 0.0, 0.0);
    let (mut tied_positive, mut tied_negative) = (0.0, 0.0);
    let mut tie = None;
    for (score, positive, negative) in each {
        // NaN ties with the score before it.
        if tie.as_ref().is_none_or(|tie| score > *tie) {
            area += tied_positive * (negatives + tied_negative / 2.0);
            negatives += tied_negative;
            positives += tied_positive;
            (tied_positive, tied_negative) = (0.0, 0.0);
            tie = Some(score);
        }
        tied_positive += positive;
        tied_negative += negative;
    }
    area += tied_positive * (negatives + tied_negative / 2.0);
    negatives += tied_negative;
    positives += tied_positive;
    let pairs = positives * negatives;
    (pairs > 0.0).then(|| area / pairs)
}

/// One bin of a reliability diagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Responses in the bin.
    pub count: usize,
    /// Their mean predicted probability.
    pub predicted: f64,
    /// Their mean label.
    pub observed: f64,
}

/// The reliability diagram: [`ECE_BINS`] equal-width bins of p.
#[must_use]
pub fn reliability(p: &[f32], labels: &[f32]) -> [Bin; ECE_BINS] {
    let mut bins = [Bin::default(); ECE_BINS];
    for (p, y) in pairs(p, labels) {
        let bin = &mut bins[bin(p)];
        bin.count += 1;
        bin.predicted += p;
        bin.observed += y;
    }
    for bin in bins.iter_mut().filter(|bin| bin.count > 0) {
        bin.predicted /= bin.count as f64;
        bin.observed /= bin.count as f64;
    }
    bins
}

/// Reference values for routing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RoutingBounds {
    /// The mean label per question: the expected result of random routing.
    pub random: f64,
    /// The highest label per question: the result of an oracle.
    pub oracle: f64,
}

impl RoutingBounds {
    /// The reference values for these questions.
    #[must_use]
    pub fn of(judged: &EvalSet) -> Self {
        let labels = |range: std::ops::Range<usize>| &judged.labels[range];
        Self {
            random: mean_over_compared(judged, |range| {
                let n = range.len() as f32;
                labels(range).iter().sum::<f32>() / n
            }),
            oracle: mean_over_compared(judged, |range| {
                labels(range).iter().copied().fold(0.0, f32::max)
            }),
        }
    }
}

fn mean_over_compared(judged: &EvalSet, value: impl Fn(std::ops::Range<usize>) -> f32) -> f64 {
    let (mut sum, mut compared) = (0.0, 0_usize);
    for range in judged.ranges().filter(|range| range.len() >= 2) {
        sum += f64::from(value(range));
        compared += 1;
    }
    sum / compared.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judged(questions: &[&[f32]]) -> EvalSet {
        let mut starts = vec![0];
        let (mut models, mut labels) = (Vec::new(), Vec::new());
        for question in questions {
            models.extend(0..question.len());
            labels.extend(*question);
            starts.push(labels.len());
        }
        EvalSet { questions: (0..questions.len()).collect(), starts, models, labels }
    }

    #[test]
    fn figures_of_a_small_case_by_hand() {
        let judged = judged(&[&[1.0, 0.0], &[0.0, 1.0], &[1.0]]);
        let found = Metrics::of(&judged, &[0.9, 0.2, 0.6, 0.6, 0.3]);
        assert!((found.accuracy - 3.0 / 5.0).abs() < 1e-9);
        // Correct: .9 .6 .3; incorrect: .2 .6. Wins: .9 beats 2, .6 beats 1 and ties 1, .3 beats 1.
        assert!((found.auc - 4.5 / 6.0).abs() < 1e-9);
        // The tie of question 2 goes to model 0, which is incorrect; question 3 has one candidate.
        assert!((found.routing - 0.5).abs() < 1e-9);
        let nll = -(0.9_f64.ln() + 0.8_f64.ln() + 0.4_f64.ln() + 0.6_f64.ln() + 0.3_f64.ln()) / 5.0;
        assert!((found.nll - nll).abs() < 1e-6);
        let bounds = RoutingBounds::of(&judged);
        assert!((bounds.random - 0.5).abs() < 1e-9 && (bounds.oracle - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_calibrated_prediction_has_no_calibration_error() {
        let labels: Vec<f32> = (0..100).map(|i| f32::from(u8::from(i < 30))).collect();
        let judged = judged(&[&labels]);
        assert!(Metrics::of(&judged, &[0.3; 100]).ece < 1e-6);
        assert!((Metrics::of(&judged, &[0.5; 100]).ece - 0.2).abs() < 1e-6);
    }

    #[test]
    fn a_weight_of_two_is_a_question_asked_twice() {
        let (a, b): (&[f32], &[f32]) = (&[1.0, 0.0, 1.0], &[0.0, 1.0]);
        let (pa, pb) = ([0.9, 0.4, 0.6], [0.6, 0.3]);
        let (both, thrice) = (judged(&[a, b]), judged(&[a, b, a]));
        let weighed = Scored::new(&both, &[pa.as_slice(), &pb].concat()).metrics(&[2.0, 1.0]);
        let repeated = Metrics::of(&thrice, &[pa.as_slice(), &pb, &pa].concat());
        for (one, other) in weighed.values().into_iter().zip(repeated.values()) {
            assert!((one - other).abs() < 1e-9, "{weighed:?} {repeated:?}");
        }
    }

    proptest! {
        #[test]
        fn auc_is_the_share_of_pairs_in_order(
            rows in prop::collection::vec((0_u8..5, any::<bool>()), 1..40)
        ) {
            let p: Vec<f32> = rows.iter().map(|(p, _)| f32::from(*p) / 4.0).collect();
            let labels: Vec<f32> = rows.iter().map(|(_, y)| f32::from(u8::from(*y))).collect();
            let (mut won, mut pairs) = (0.0, 0.0);
            for i in 0..p.len() {
                for j in 0..p.len() {
                    if labels[i] > labels[j] {
                        pairs += 1.0;
                        won += match p[i].total_cmp(&p[j]) {
                            std::cmp::Ordering::Greater => 1.0,
                            std::cmp::Ordering::Equal => 0.5,
                            std::cmp::Ordering::Less => 0.0,
                        };
                    }
                }
            }
            let expected = if pairs == 0.0 { 0.5 } else { won / pairs };
            prop_assert!((auc(&p, &labels) - expected).abs() < 1e-9);
        }
    }
}
