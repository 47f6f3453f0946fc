//! The figures by which predictions of correctness are judged: the same in code, docs and `--json`.

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;

/// How many equal-width bins the calibration error uses.
pub const ECE_BINS: usize = 15;

/// Labels and who gave them, for the questions that are judged: the frame predictions are laid in.
///
/// A prediction is a `Vec<f32>` with one probability a response, question by question.
pub struct Judged {
    /// The questions, as indices into the data set.
    pub questions: Vec<usize>,
    /// `starts[i]..starts[i + 1]` are the responses of the `i`-th question.
    pub starts: Vec<usize>,
    /// The model of each response.
    pub models: Vec<usize>,
    /// The label of each response.
    pub labels: Vec<f32>,
}

impl Judged {
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

    /// Only the responses that `keep(question position, response)` wants, with the prediction cut to
    /// match; questions that lose all are dropped.
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

    /// Each question's responses as a range.
    pub fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        self.starts.windows(2).map(|w| w[0]..w[1])
    }
}

/// All figures of one predictor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Share of responses where (p ≥ 0.5) equals the label; a fractional label counts as its share.
    pub accuracy: f64,
    /// ROC AUC over all responses together; a fractional label is split between the classes.
    pub auc: f64,
    /// Mean log loss, natural logarithm.
    pub nll: f64,
    /// Expected calibration error over [`ECE_BINS`] equal-width bins.
    pub ece: f64,
    /// Mean label of the model each question is routed to; see [`routing`].
    pub routing: f64,
}

impl Figures {
    /// Judges the prediction `p`.
    #[must_use]
    pub fn of(judged: &Judged, p: &[f32]) -> Self {
        let labels = &judged.labels;
        let n = labels.len().max(1) as f64;
        let accuracy =
            pairs(p, labels).map(|(p, y)| if p >= 0.5 { y } else { 1.0 - y }).sum::<f64>() / n;
        let nll = pairs(p, labels).map(|(p, y)| log_loss(p, y)).sum::<f64>() / n;
        Self {
            accuracy,
            auc: auc(p, labels),
            nll,
            ece: ece(p, labels),
            routing: routing(judged, p),
        }
    }
}

fn pairs<'a>(p: &'a [f32], labels: &'a [f32]) -> impl Iterator<Item = (f64, f64)> + 'a {
    p.iter().zip(labels).map(|(&p, &y)| (f64::from(p), f64::from(y)))
}

/// The log loss of one prediction; probabilities are kept 1e-7 away from 0 and 1.
#[must_use]
pub fn log_loss(p: f64, y: f64) -> f64 {
    let p = p.clamp(1e-7, 1.0 - 1e-7);
    -y * p.ln() - (1.0 - y) * (1.0 - p).ln()
}

/// ROC AUC: the chance that a right response was given a higher p than a wrong one, ties half.
/// 0.5 where one of the classes is missing.
#[must_use]
pub fn auc(p: &[f32], labels: &[f32]) -> f64 {
    let mut order: Vec<u32> = (0..p.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| p[a as usize].total_cmp(&p[b as usize]));
    let (mut below, mut area, mut right, mut at) = (0.0, 0.0, 0.0, 0);
    while at < order.len() {
        let tie = p[order[at] as usize];
        let (mut tied_right, mut tied_wrong) = (0.0, 0.0);
        while at < order.len() && p[order[at] as usize].total_cmp(&tie).is_eq() {
            let y = f64::from(labels[order[at] as usize]);
            tied_right += y;
            tied_wrong += 1.0 - y;
            at += 1;
        }
        area += tied_right * (below + tied_wrong / 2.0);
        below += tied_wrong;
        right += tied_right;
    }
    if right == 0.0 || below == 0.0 { 0.5 } else { area / (right * below) }
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
        let bin = &mut bins[((p * ECE_BINS as f64) as usize).min(ECE_BINS - 1)];
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

fn ece(p: &[f32], labels: &[f32]) -> f64 {
    let total = p.len().max(1) as f64;
    let gap = |bin: &Bin| bin.count as f64 / total * (bin.predicted - bin.observed).abs();
    reliability(p, labels).iter().map(gap).sum()
}

/// For each question with two responses or more, the label of the candidate with the highest p
/// among the models that answered it (ties: lowest model id), averaged over those questions.
#[must_use]
pub fn routing(judged: &Judged, p: &[f32]) -> f64 {
    mean_over_contests(judged, |range| {
        // `max_by` keeps the last of equals: reversed, the lowest model id wins a tie.
        range.rev().max_by(|&a, &b| p[a].total_cmp(&p[b])).map_or(0.0, |best| judged.labels[best])
    })
}

/// What routing is bounded by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RoutingBounds {
    /// The mean label per question: a router that throws dice.
    pub random: f64,
    /// The highest label per question: a router that knows.
    pub oracle: f64,
}

impl RoutingBounds {
    /// The bounds on these questions.
    #[must_use]
    pub fn of(judged: &Judged) -> Self {
        let labels = |range: std::ops::Range<usize>| &judged.labels[range];
        Self {
            random: mean_over_contests(judged, |range| {
                let n = range.len() as f32;
                labels(range).iter().sum::<f32>() / n
            }),
            oracle: mean_over_contests(judged, |range| {
                labels(range).iter().copied().fold(0.0, f32::max)
            }),
        }
    }
}

fn mean_over_contests(judged: &Judged, value: impl Fn(std::ops::Range<usize>) -> f32) -> f64 {
    let (mut sum, mut contests) = (0.0, 0_usize);
    for range in judged.ranges().filter(|range| range.len() >= 2) {
        sum += f64::from(value(range));
        contests += 1;
    }
    sum / contests.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judged(questions: &[&[f32]]) -> Judged {
        let mut starts = vec![0];
        let (mut models, mut labels) = (Vec::new(), Vec::new());
        for question in questions {
            models.extend(0..question.len());
            labels.extend(*question);
            starts.push(labels.len());
        }
        Judged { questions: (0..questions.len()).collect(), starts, models, labels }
    }

    #[test]
    fn figures_of_a_small_case_by_hand() {
        let judged = judged(&[&[1.0, 0.0], &[0.0, 1.0], &[1.0]]);
        let figures = Figures::of(&judged, &[0.9, 0.2, 0.6, 0.6, 0.3]);
        assert!((figures.accuracy - 3.0 / 5.0).abs() < 1e-9);
        // Right: .9 .6 .3; wrong: .2 .6. Wins: .9 beats 2, .6 beats 1 and ties 1, .3 beats 1.
        assert!((figures.auc - 4.5 / 6.0).abs() < 1e-9);
        // The tie of question 2 goes to model 0, which is wrong; question 3 is no contest.
        assert!((figures.routing - 0.5).abs() < 1e-9);
        let nll = -(0.9_f64.ln() + 0.8_f64.ln() + 0.4_f64.ln() + 0.6_f64.ln() + 0.3_f64.ln()) / 5.0;
        assert!((figures.nll - nll).abs() < 1e-6);
        let bounds = RoutingBounds::of(&judged);
        assert!((bounds.random - 0.5).abs() < 1e-9 && (bounds.oracle - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_calibrated_prediction_has_no_calibration_error() {
        let labels: Vec<f32> = (0..100).map(|i| f32::from(u8::from(i < 30))).collect();
        assert!(ece(&[0.3; 100], &labels) < 1e-6);
        assert!((ece(&[0.5; 100], &labels) - 0.2).abs() < 1e-6);
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
