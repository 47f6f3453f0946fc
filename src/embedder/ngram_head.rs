//! The n-gram head: predicts the benchmark of a question and the summary of its responses from its words.
//!
//! The few dimensions of an encoder, and its nearest neighbors, do not distinguish everything that the
//! n-grams distinguish.

use std::sync::atomic::{AtomicBool, Ordering};

use std::sync::Arc;

use ndarray::{Array1, Array2, Axis, s};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::network::softmax;
use super::residuals::SUMMARY;
use crate::dataset::Dataset;
use crate::encoder::{Bags, Hashing, Tfidf};
use crate::kernels::{LANES, gather, scatter};
use crate::quantized::rounded;

/// Maximum number of distinguished benchmarks: those with the most questions.
const NAMED: usize = 64;
/// Target number of steps; the number of passes over the questions follows, within [`PASSES`].
const STEPS: usize = 60_000;
const PASSES: [usize; 2] = [3, 8];
/// The learning rates of the first pass, for unit vectors, for the benchmark and for the summary; they
/// decrease linearly to zero.
const RATES: [f32; 2] = [3.0, 0.3];
/// The bias has a lower learning rate, since every text has it.
const BIAS: f32 = 0.1;
/// Number of folds for out-of-fold predictions.
const FOLDS: u32 = 4;
pub(super) const HASHING: Hashing = Hashing { buckets: 1 << 14, hash_seed: 0 };

/// A linear model of n-grams: multinomial logistic regression of the benchmark, and least squares regression
/// of the (standardized) summary, both by stochastic gradient descent.
#[derive(Clone)]
pub(super) struct NgramHead {
    pub(super) tfidf: Arc<Tfidf>,
    pub(super) line: LinearModel,
}

/// The weights of each bucket.
#[derive(Clone)]
pub(super) struct LinearModel {
    /// Buckets × (benchmarks + [`SUMMARY`]), rounded as they are stored.
    pub(super) weights: Array2<f32>,
    pub(super) bias: Array1<f32>,
}

/// The training data of the model.
struct TrainingSet<'a> {
    texts: &'a [Vec<(u32, f32)>],
    /// The number of distinguished benchmarks, and the one of each text; others have a larger index.
    classes: usize,
    of: Vec<usize>,
    /// Texts × [`SUMMARY`], standardized.
    summaries: Array2<f32>,
}

/// Out-of-fold predictors.
pub(super) struct OutOfFold {
    /// One per fold, fitted to the others.
    lines: Vec<LinearModel>,
}

/// The fold of a text by its id: scrambled, since benchmarks may alternate in the order of the questions.
fn fold(id: u32) -> u32 {
    (id.wrapping_mul(0x9e37_79b1) >> 16) % FOLDS
}

impl OutOfFold {
    /// Texts × [`NgramHead::width`], for texts with these ids.
    pub(super) fn predict(&self, texts: &Bags<'_>, ids: &[u32]) -> Array2<f32> {
        let width = self.lines.first().map_or(0, |line| line.bias.len());
        let mut out = Array2::zeros((texts.rows().len(), width));
        let rows = out.outer_iter_mut().into_par_iter().zip(texts.rows()).zip(ids);
        rows.for_each(|((mut out, text), id)| {
            let out = out.as_slice_mut().unwrap_or_default();
            self.lines[fold(*id) as usize].predict(text, out);
        });
        out
    }
}

impl NgramHead {
    /// Fits the head to the benchmarks and `summaries` of the training questions (`train`, with their texts
    /// and an id for each distinct one). Also returns the out-of-fold predictors.
    pub(super) fn fit(
        data: &Dataset,
        train: &[usize],
        (bags, ids): (&Bags<'_>, &[u32]),
        summaries: &Array2<f32>,
        seed: u64,
        cancel: &AtomicBool,
    ) -> (Self, OutOfFold) {
        let texts = bags.rows();
        let (classes, of) = named(data, train);
        let deviation = summaries.std_axis(Axis(0), 0.0).mapv(|s| s.max(1e-6));
        let mean = summaries.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(SUMMARY));
        let summaries = (summaries - &mean) / &deviation;
        let set = TrainingSet { texts, classes, of, summaries };
        let mut lines: Vec<LinearModel> = (0..=FOLDS)
            .into_par_iter()
            .map(|left| {
                let kept = |row: &usize| left == FOLDS || fold(ids[*row]) != left;
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                rng.set_stream(left.into());
                LinearModel::fit(&set, (0..texts.len()).filter(kept).collect(), &mut rng, cancel)
            })
            .collect();
        let line = lines.pop().unwrap_or_else(|| LinearModel::new(classes));
        (Self { tfidf: Arc::clone(bags.tfidf()), line }, OutOfFold { lines })
    }

    /// Outputs per text: the probabilities of the benchmarks, and the summary.
    pub(super) fn width(&self) -> usize {
        self.line.bias.len()
    }

    /// Texts × [`NgramHead::width`].
    pub(super) fn predict(&self, texts: &Bags<'_>) -> Array2<f32> {
        let mut out = Array2::zeros((texts.rows().len(), self.width()));
        out.outer_iter_mut().into_par_iter().zip(texts.rows()).for_each(|(mut out, text)| {
            self.line.predict(text, out.as_slice_mut().unwrap_or_default());
        });
        out
    }
}

/// The number of distinguished benchmarks, and the one of each question; others have a larger index.
fn named(data: &Dataset, train: &[usize]) -> (usize, Vec<usize>) {
    let mut sizes = vec![0_usize; data.categories.len()];
    train.iter().for_each(|&q| sizes[data.questions[q].category as usize] += 1);
    let mut order: Vec<usize> = (0..sizes.len()).filter(|c| sizes[*c] > 0).collect();
    order.sort_by_key(|&c| std::cmp::Reverse(sizes[c]));
    order.truncate(NAMED);
    order.sort_unstable();
    let place = |q: &usize| {
        let category = data.questions[*q].category as usize;
        order.binary_search(&category).unwrap_or(order.len())
    };
    (order.len(), train.iter().map(place).collect())
}

impl LinearModel {
    fn new(classes: usize) -> Self {
        let width = classes + SUMMARY;
        Self {
            weights: Array2::zeros((HASHING.buckets as usize, width)),
            bias: Array1::zeros(width),
        }
    }

    fn fit(
        set: &TrainingSet,
        mut order: Vec<usize>,
        rng: &mut ChaCha8Rng,
        cancel: &AtomicBool,
    ) -> Self {
        let classes = set.classes;
        let passes = (STEPS / order.len().max(1)).clamp(PASSES[0], PASSES[1]);
        let (steps, mut step) = ((passes * order.len()) as f32, 0.0);
        // Padded with zeros.
        let width = (classes + SUMMARY).next_multiple_of(LANES);
        let mut error = vec![0.0; width];
        let mut weights = vec![0.0; HASHING.buckets as usize * width];
        let mut bias = vec![0.0; width];
        for _ in 0..passes {
            if cancel.load(Ordering::Relaxed) {
                break;
            }
            order.shuffle(rng);
            for &row in &order {
                let text = &set.texts[row];
                judge(text, (&weights, &bias), classes, &mut error);
                let left = 1.0 - step / steps;
                let (named, summary) = error.split_at_mut(classes);
                let class = set.of[row];
                if class < classes {
                    named[class] -= 1.0;
                    named.iter_mut().for_each(|e| *e *= RATES[0] * left);
                } else {
                    named.fill(0.0);
                }
                for (e, target) in summary.iter_mut().zip(set.summaries.row(row)) {
                    *e = (*e - target) * RATES[1] * left;
                }
                scatter(&mut weights, text, &error);
                bias.iter_mut().zip(&error).for_each(|(bias, e)| *bias -= BIAS * e);
                step += 1.0;
            }
        }
        // As many values as this shape requires.
        let weights = Array2::from_shape_vec((HASHING.buckets as usize, width), weights);
        let weights = weights.unwrap_or_default().slice(s![.., ..classes + SUMMARY]).to_owned();
        bias.truncate(classes + SUMMARY);
        Self { weights: rounded(&weights), bias: Array1::from_vec(bias) }
    }

    /// The probabilities of the benchmarks and the summary of a text.
    fn predict(&self, text: &[(u32, f32)], out: &mut [f32]) {
        // The weights are in row-major order.
        let weights = self.weights.as_slice().unwrap_or_default();
        let bias = self.bias.as_slice().unwrap_or_default();
        judge(text, (weights, bias), bias.len() - SUMMARY, out);
    }
}

/// Applies weights and bias to a text: probabilities of the benchmarks, and the summary.
fn judge(text: &[(u32, f32)], (weights, bias): (&[f32], &[f32]), classes: usize, out: &mut [f32]) {
    out.copy_from_slice(bias);
    gather(out, text, weights);
    softmax(&mut out[..classes]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::simulate::Simulation;
    use crate::embedder::residuals::summarize;

    fn fitted(data: &Dataset, train: &[usize]) -> (NgramHead, Array2<f32>) {
        let ids: Vec<u32> = (0..train.len() as u32).collect();
        let by_model = data.responses.by_model(train, data.models.len());
        let summaries = summarize(data, train, &by_model, 1);
        let texts: Vec<&str> = train.iter().map(|&q| &*data.questions[q].prompt).collect();
        let bags = Bags::fit(HASHING, &texts);
        let cancel = AtomicBool::new(false);
        let (words, others) = NgramHead::fit(data, train, (&bags, &ids), &summaries, 1, &cancel);
        (words, others.predict(&bags, &ids))
    }

    fn simulated() -> (Dataset, Vec<usize>) {
        let data = Simulation { models: 30, questions: 400, ..Simulation::default() }.run();
        let train = (0..data.questions.len()).collect();
        (data, train)
    }

    #[test]
    fn benchmarks_are_predicted_out_of_fold() {
        let (data, train) = simulated();
        let (words, unseen) = fitted(&data, &train);
        let classes = words.width() - SUMMARY;
        assert_eq!((unseen.dim(), classes), ((train.len(), words.width()), data.categories.len()));
        let best = |row: usize| {
            (0..classes).max_by(|a, b| unseen[[row, *a]].total_cmp(&unseen[[row, *b]])).unwrap()
        };
        let right = train.iter().filter(|&&q| best(q) == data.questions[q].category as usize);
        assert!(right.count() as f32 > 0.9 * train.len() as f32, "their words differ");
        for row in unseen.rows() {
            let sum = row.slice(s![..classes]).sum();
            assert!((sum - 1.0).abs() < 1e-4 && row.iter().all(|x| x.is_finite()));
        }
    }

    #[test]
    fn predictions_match_the_fitted_and_stored_weights() {
        let (data, train) = simulated();
        let (words, _) = fitted(&data, &train);
        assert_eq!(words.line.weights, rounded(&words.line.weights));
        let (again, unseen) = fitted(&data, &train);
        assert_eq!(words.line.weights, again.line.weights, "the same seed");
        let text = &*data.questions[0].prompt;
        let message = words.predict(&Bags::new(&words.tfidf, &[text, ""]));
        assert!(message.iter().all(|x| x.is_finite()));
        assert_ne!(
            message.row(0),
            unseen.row(0),
            "a training text is judged by words of the others"
        );
    }

    #[test]
    fn with_many_benchmarks_the_largest_are_distinguished() {
        let (mut data, train) = simulated();
        data.categories = (0..100).map(|c| c.to_string()).collect();
        for (q, question) in data.questions.iter_mut().enumerate() {
            question.category = (q % 100).min(80) as u32;
        }
        let (classes, of) = named(&data, &train);
        assert_eq!(classes, NAMED);
        assert!(of.contains(&classes) && of[80] < classes);
        let (words, _) = fitted(&data, &train);
        assert_eq!(words.width(), NAMED + SUMMARY);
    }
}
