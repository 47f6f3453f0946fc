//! Response summaries: what the responses to a question show beyond the abilities of its models.
//!
//! The residual of a response (label minus the model's mean) is factorized as uᵢ·[1, vₘ] by alternating ridge
//! regressions. uᵢ is the summary: first the easiness of the question, then the directions in which it
//! discriminates.

use ndarray::{Array2, ArrayView1, Axis, s};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::cholesky::{Small, Square};
use crate::dataset::{ByModel, Dataset};

/// Size of a summary: easiness and directions.
pub(super) const SUMMARY: usize = 9;

const SWEEPS: usize = 12;
/// Ridge penalty of a question, in responses: ten to seventy models answered each.
const QUESTION_RIDGE: f64 = 3.0;
const MODEL_RIDGE: f64 = 5.0;

/// The mean label of each model over `questions`, shrunk towards the overall mean by two responses.
pub(crate) fn model_means(data: &Dataset, questions: &[usize]) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); data.models.len()];
    for &q in questions {
        for (m, y) in data.responses.of(q) {
            sums[m].0 += f64::from(y);
            sums[m].1 += 1.0;
        }
    }
    let (right, all) = sums.iter().fold((0.0, 0.0), |(r, n), (right, all)| (r + right, n + all));
    let overall = if all > 0.0 { right / all } else { 0.5 };
    sums.into_iter().map(|(right, all)| (right + 2.0 * overall) / (all + 2.0)).collect()
}

/// Questions × [`SUMMARY`]; `by_model` has the responses to the questions.
pub(super) fn summarize(
    data: &Dataset,
    questions: &[usize],
    by_model: &ByModel,
    seed: u64,
) -> Array2<f32> {
    let means = model_means(data, questions);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut v = Array2::from_shape_fn((data.models.len(), SUMMARY), |(_, k)| {
        let normal: f64 = StandardNormal.sample(&mut rng);
        if k == 0 { 1.0 } else { 0.3 * normal }
    });
    let mut u = Array2::zeros((questions.len(), SUMMARY));
    question_step(data, questions, &means, &v, &mut u);
    for _ in 0..SWEEPS {
        model_step(by_model, &means, &u, &mut v);
        question_step(data, questions, &means, &v, &mut u);
    }
    u.mapv(|x| x as f32)
}

fn question_step(
    data: &Dataset,
    questions: &[usize],
    means: &[f64],
    v: &Array2<f64>,
    u: &mut Array2<f64>,
) {
    let rows = u.axis_iter_mut(Axis(0)).into_par_iter();
    rows.zip(questions).for_each(|(mut row, &q)| {
        let mut ridge = Ridge::<SUMMARY>::new(QUESTION_RIDGE);
        for (m, y) in data.responses.of(q) {
            ridge.add(v.row(m).as_slice().unwrap_or_default(), f64::from(y) - means[m]);
        }
        row.assign(&ArrayView1::from(&ridge.solve()));
    });
}

fn model_step(by_model: &ByModel, means: &[f64], u: &Array2<f64>, v: &mut Array2<f64>) {
    let rows = v.axis_iter_mut(Axis(0)).into_par_iter();
    rows.enumerate().for_each(|(m, mut row)| {
        let mut ridge = Ridge::<{ SUMMARY - 1 }>::new(MODEL_RIDGE);
        for (i, y) in by_model.of(m) {
            let question = u.row(i);
            let question = question.as_slice().unwrap_or_default();
            ridge.add(&question[1..], f64::from(y) - means[m] - question[0]);
        }
        row.slice_mut(s![1..]).assign(&ArrayView1::from(&ridge.solve()));
    });
    // Normalizing the directions keeps the penalty of the questions comparable between iterations.
    for mut column in v.columns_mut().into_iter().skip(1) {
        let size = column.mapv(|x| x * x).mean().unwrap_or_default().sqrt();
        column /= size + 1e-9;
    }
}

/// A small ridge regression without intercept.
struct Ridge<const N: usize> {
    gram: Square<N>,
    right: [f64; N],
}

impl<const N: usize> Ridge<N> {
    fn new(ridge: f64) -> Self {
        let mut gram = [[0.0; N]; N];
        (0..N).for_each(|i| gram[i][i] = ridge);
        Self { gram, right: [0.0; N] }
    }

    fn add(&mut self, x: &[f64], y: f64) {
        let Some(x) = x.first_chunk::<N>() else { return };
        for ((row, right), a) in self.gram.iter_mut().zip(&mut self.right).zip(x) {
            for (sum, b) in row.iter_mut().zip(x) {
                *sum += a * b;
            }
            *right += a * y;
        }
    }

    /// The ridge makes the matrix positive definite, so only non-finite input can fail: then zeros.
    fn solve(self) -> [f64; N] {
        Small::of(&self.gram).map_or([0.0; N], |gram| gram.solve(self.right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::simulate::Simulation;

    #[test]
    fn the_first_number_is_ease() {
        let data = Simulation { models: 40, density: 1.0, ..Simulation::default() }.run();
        let questions: Vec<usize> = (0..data.questions.len()).collect();
        let by_model = data.responses.by_model(&questions, data.models.len());
        let summaries = summarize(&data, &questions, &by_model, 1);
        let mean = |q: usize| {
            let labels = data.responses.of(q).map(|(_, y)| f64::from(y));
            labels.clone().sum::<f64>() / labels.len() as f64
        };
        let (easy, hard): (Vec<usize>, Vec<usize>) =
            questions.iter().partition(|&&q| mean(q) > 0.6);
        let ease =
            |of: &[usize]| of.iter().map(|&q| summaries[[q, 0]]).sum::<f32>() / of.len() as f32;
        assert!(ease(&easy) > ease(&hard) + 0.2);
    }
}
