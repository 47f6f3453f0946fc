//! Embedders with any number of simulated models, for benchmarks.

use std::sync::Arc;

use ndarray::{Array2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::benchmark::{Score, Scores};
use super::knowledge::answers;
use super::levels::Tested;
use super::{Embedder, factors};
use crate::dataset::Values;
use crate::quantized::halved;

/// The distance of a copy from its model, in standard deviations over the models.
const APART: f32 = 0.5;
/// The same of an accuracy.
const APART_ACCURACY: f32 = 0.05;

impl Embedder {
    /// The same embedder with `models` models: copies of its own, each with random noise in all its numbers.
    /// The knowledge about questions is unchanged.
    #[must_use]
    pub(crate) fn simulated(mut self, models: usize, seed: u64) -> Self {
        let from = self.models.len();
        let grow = |matrix: &Array2<f32>, stream: u64| moved(matrix, models, (seed, stream));
        self.vectors = Arc::new(grow(&self.vectors, 0));
        let again: Vec<usize> = (0..models).map(|m| m % from).collect();
        self.deviations = self.deviations.select(Axis(0), &again);
        let known = &mut self.knowledge;
        known.specialities = grow(&known.specialities, 1);
        known.levels.mean = halved(&grow(&known.levels.mean, 2));
        known.levels.deviation = known.levels.deviation.select(Axis(0), &again);
        known.rasch = known.rasch.select(Axis(0), &again);
        known.agreement.landmarks.retain(|m| (*m as usize) < models);
        let landmarks: Vec<usize> = (0..known.agreement.landmarks.len()).collect();
        known.agreement.basis = known.agreement.basis.select(Axis(0), &landmarks);
        known.agreement.shared = None;
        for (b, benchmark) in self.benchmarks.iter_mut().enumerate() {
            benchmark.scores = scores(&benchmark.scores, models, (seed, 3 + b as u64));
        }
        let of = factors::grouped(&self.benchmarks);
        known.tested = Tested::new(of, &answers(&self.benchmarks), models);
        for attribute in Arc::make_mut(&mut self.attributes) {
            attribute.values = match &attribute.values {
                Values::Flag(values) => Values::Flag(cycled(values, models)),
                Values::Number(values) => Values::Number(cycled(values, models)),
                Values::Class(values) => Values::Class(cycled(values, models)),
            };
        }
        self.models = Arc::new((0..models).map(|m| format!("simulated-{m:07}")).collect());
        self.provenance.simulated = true;
        self
    }

    /// How many numbers the embedder stores per model: its vector with deviations, its specialities, its
    /// Rasch ability, its levels with deviations, and its scores with their number of answers.
    #[must_use]
    pub fn numbers_of_a_model(&self) -> usize {
        let known = &self.knowledge;
        self.vectors.ncols()
            + self.deviations.ncols()
            + known.specialities.ncols()
            + 1
            + known.levels.mean.ncols()
            + known.levels.deviation.ncols()
            + 2 * self.benchmarks.len()
    }
}

fn cycled<T: Clone>(values: &[T], models: usize) -> Vec<T> {
    values.iter().cycle().take(models).cloned().collect()
}

/// Repeated rows; each copy gets noise relative to the standard deviation of its columns.
fn moved(matrix: &Array2<f32>, models: usize, (seed, stream): (u64, u64)) -> Array2<f32> {
    let spread = matrix.std_axis(Axis(0), 0.0) * APART;
    let from = matrix.nrows();
    let mut out = Array2::zeros((models, matrix.ncols()));
    out.axis_chunks_iter_mut(Axis(0), from).into_par_iter().enumerate().for_each(
        |(i, mut copy)| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(stream << 32 | i as u64);
            for (mut row, own) in copy.rows_mut().into_iter().zip(matrix.rows()) {
                for ((x, own), spread) in row.iter_mut().zip(own).zip(&spread) {
                    let normal: f32 = StandardNormal.sample(&mut rng);
                    *x = own + if i > 0 { spread * normal } else { 0.0 };
                }
            }
        },
    );
    out
}

fn scores(scores: &Scores, models: usize, (seed, stream): (u64, u64)) -> Scores {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    let from = scores.len();
    let each = (0..models).map(|m| {
        let score = scores.get(m % from)?;
        let normal: f32 = StandardNormal.sample(&mut rng);
        let off = if m < from { 0.0 } else { APART_ACCURACY * normal };
        Some(Score { accuracy: (score.accuracy + f64::from(off)).clamp(0.0, 1.0), ..score })
    });
    each.collect()
}
