//! What the responses to a question say beyond how good its models are: a short summary a question.
//!
//! The residual of a response (label minus the model's mean) is factorised as uᵢ·[1, vₘ] by
//! alternating ridge regressions. uᵢ is the summary: first how easy the question is, then along
//! which directions it separates models.

use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::dataset::Dataset;

/// Numbers in a summary: ease and the separating directions.
pub(super) const SUMMARY: usize = 9;

const SWEEPS: usize = 12;
/// Ridge of a question, in responses: ten to seventy models answered each.
const QUESTION_RIDGE: f64 = 3.0;
const MODEL_RIDGE: f64 = 5.0;

/// The mean label of each model over `questions`, drawn towards the overall mean by two responses.
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

/// Questions × [`SUMMARY`].
pub(super) fn summarize(data: &Dataset, questions: &[usize], seed: u64) -> Array2<f32> {
    let means = model_means(data, questions);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut v = Array2::from_shape_fn((data.models.len(), SUMMARY), |(_, k)| {
        let normal: f64 = StandardNormal.sample(&mut rng);
        if k == 0 { 1.0 } else { 0.3 * normal }
    });
    let mut answered = vec![Vec::new(); data.models.len()];
    for (i, &q) in questions.iter().enumerate() {
        for (m, y) in data.responses.of(q) {
            answered[m].push((i, f64::from(y) - means[m]));
        }
    }
    let mut u = question_step(data, questions, &means, &v);
    for _ in 0..SWEEPS {
        model_step(&answered, &u, &mut v);
        u = question_step(data, questions, &means, &v);
    }
    u.mapv(|x| x as f32)
}

fn question_step(
    data: &Dataset,
    questions: &[usize],
    means: &[f64],
    v: &Array2<f64>,
) -> Array2<f64> {
    let rows: Vec<Array1<f64>> = questions
        .par_iter()
        .map(|&q| {
            let mut ridge = Ridge::new(SUMMARY, QUESTION_RIDGE);
            for (m, y) in data.responses.of(q) {
                ridge.add(v.row(m).as_slice().unwrap_or_default(), f64::from(y) - means[m]);
            }
            ridge.solve()
        })
        .collect();
    let mut u = Array2::zeros((questions.len(), SUMMARY));
    for (mut row, solved) in u.rows_mut().into_iter().zip(rows) {
        row.assign(&solved);
    }
    u
}

fn model_step(answered: &[Vec<(usize, f64)>], u: &Array2<f64>, v: &mut Array2<f64>) {
    let solved: Vec<Array1<f64>> = answered
        .par_iter()
        .map(|responses| {
            let mut ridge = Ridge::new(SUMMARY - 1, MODEL_RIDGE);
            for &(i, residual) in responses {
                let row = u.row(i);
                let row = row.as_slice().unwrap_or_default();
                ridge.add(&row[1..], residual - row[0]);
            }
            ridge.solve()
        })
        .collect();
    for (m, row) in solved.iter().enumerate() {
        for (k, value) in row.iter().enumerate() {
            v[[m, k + 1]] = *value;
        }
    }
    // A direction of unit size keeps the ridge of the questions comparable from sweep to sweep.
    for mut column in v.columns_mut().into_iter().skip(1) {
        let size = column.mapv(|x| x * x).mean().unwrap_or_default().sqrt();
        column /= size + 1e-9;
    }
}

/// One small ridge regression through the origin.
struct Ridge {
    gram: Array2<f64>,
    right: Array1<f64>,
}

impl Ridge {
    fn new(size: usize, ridge: f64) -> Self {
        Self { gram: Array2::eye(size) * ridge, right: Array1::zeros(size) }
    }

    fn add(&mut self, x: &[f64], y: f64) {
        for (i, a) in x.iter().enumerate() {
            for (j, b) in x.iter().enumerate() {
                self.gram[[i, j]] += a * b;
            }
            self.right[i] += a * y;
        }
    }

    /// The ridge makes the matrix positive definite, so only non-finite input can fail: zeros then.
    fn solve(mut self) -> Array1<f64> {
        let right = self.right.insert_axis(ndarray::Axis(1));
        self.gram.solvec(&right).map_or_else(
            |_| Array1::zeros(right.nrows()),
            |x| x.index_axis_move(ndarray::Axis(1), 0),
        )
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
        let summaries = summarize(&data, &questions, 1);
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
