//! The terms of a logit.

use std::ops::Range;

use ndarray::{Axis, s};
use rayon::prelude::*;
use serde::Serialize;

use super::forecast::BLOCK_OF_MODELS as BLOCK;
use super::knowledge::Knowledge;
use super::{Embedder, Forecast, Given};
use crate::logit::logit;

/// Maximum number of models for the average easiness of a question, and for the average strength.
const AVERAGED: usize = 1 << 16;

/// The terms of one calibrated logit; they add up to the logit of the probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LogitTerms {
    /// How strong the model is: its level on a question of an unknown kind, which is one of any benchmark of
    /// correctness, relative to the mean over the models. Out of scope, models are ranked by it.
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
        let mean = self.mean_strength();
        let terms = |&model: &usize| {
            let ability = (self.strengths(model..model + 1)[0] - mean) * scale;
            LogitTerms { ability, ease, fit: logit(&p[model]) - ease - ability }
        };
        models.iter().map(terms).collect()
    }

    /// The levels of some models on a question of an unknown kind.
    fn strengths(&self, models: Range<usize>) -> Vec<f32> {
        let unknown = self.knowledge.unknown_kind(&self.benchmarks);
        let Knowledge { levels, tested, .. } = &self.knowledge;
        levels.mixture(tested, unknown.view(), Given::Nothing, models).mean
    }

    /// Their mean over the models.
    fn mean_strength(&self) -> f32 {
        *self.mean_strength.get_or_init(|| {
            let models = self.models.len().min(AVERAGED);
            let blocks = (0..models).into_par_iter().step_by(BLOCK);
            let sum = |from| self.strengths(from..(from + BLOCK).min(models)).iter().sum::<f32>();
            let sums: Vec<f32> = blocks.map(sum).collect();
            sums.into_iter().sum::<f32>() / models.max(1) as f32
        })
    }
}
