//! What a logit is made of.

use ndarray::{Axis, s};
use rayon::prelude::*;
use serde::Serialize;

use super::forecast::BLOCK_OF_MODELS as BLOCK;
use super::{Embedder, Forecast};
use crate::logit::logit;

/// Models that the ease of a question for the average model is taken of at most.
const AVERAGED: usize = 1 << 16;

/// The terms of one calibrated logit; they add up to the logit of the probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LogitTerms {
    /// How able the model is over the benchmarks of correctness.
    pub ability: f32,
    /// How easy the question is for the average model.
    pub ease: f32,
    /// How well the question suits the model in particular: its levels on the categories that the
    /// question could be of and its specialities, beyond its ability.
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
    /// The terms of the logits of some models on the prompt in a row of a `forecast`; they add up to
    /// the logit of its probability.
    #[must_use]
    pub fn logit_terms(
        &self,
        forecast: &Forecast,
        row: usize,
        models: &[usize],
    ) -> Vec<LogitTerms> {
        let p = forecast.p.row(row);
        let logit = |p: &f32| logit(f64::from(*p)) as f32;
        // Of very many models, as many at even steps.
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
