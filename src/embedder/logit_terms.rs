//! The terms of a logit.

use ndarray::{Axis, s};
use rayon::prelude::*;
use serde::Serialize;

use super::forecast::BLOCK_OF_MODELS as BLOCK;
use super::{Embedder, Forecast};
use crate::logit::logit;

/// Maximum number of models for the average easiness of a question.
const AVERAGED: usize = 1 << 16;

/// The terms of one calibrated logit; they add up to the logit of the probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LogitTerms {
    /// The ability of the model over the benchmarks of correctness.
    pub ability: f32,
    /// The easiness of the question for the average model.
    pub ease: f32,
    /// The fit of the question to this model: its levels on the likely categories and its specialities,
    /// relative to its ability.
    #[serde(rename = "match")]
    pub fit: f32,
}

impl LogitTerms {
    /// The logit.
    #[must_use]
    pub fn sum(&self) -> f32 {
        self.ability + self.ease + self.fit
    }
}

impl Embedder {
    /// The terms of the logits of some models on the prompt in a row of a `forecast`.
    #[must_use]
    pub fn logit_terms(
        &self,
        forecast: &Forecast,
        row: usize,
        models: &[usize],
    ) -> Vec<LogitTerms> {
        let p = forecast.p.row(row);
        let logit = |p: &f32| logit(f64::from(*p)) as f32;
        // Of very many models, an evenly spaced sample.
        let some = p.slice(s![..;p.len().div_ceil(AVERAGED).max(1)]);
        let blocks = some.axis_chunks_iter(Axis(0), BLOCK).into_par_iter();
        let sums: Vec<f32> = blocks.map(|p| p.map(logit).sum()).collect();
        let ease = sums.into_iter().sum::<f32>() / some.len().max(1) as f32;
        let scale = forecast.slope[row] / self.calibration.temperature as f32;
        let terms = |&model: &usize| {
            let ability = self.vectors[[model, 0]] * scale;
            LogitTerms { ability, ease, fit: logit(&p[model]) - ease - ability }
        };
        models.iter().map(terms).collect()
    }
}
