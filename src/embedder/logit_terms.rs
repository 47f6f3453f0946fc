//! What a logit is made of.

use serde::Serialize;

use super::{Embedder, Forecast};
use crate::logit::logit;

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
    /// The terms of the logits of all models on the prompt in a row of a `forecast`; they add up to
    /// the logit of its probability.
    #[must_use]
    pub fn logit_terms(&self, forecast: &Forecast, row: usize) -> Vec<LogitTerms> {
        let logits = forecast.p.row(row).mapv(|p| logit(f64::from(p)) as f32);
        let ease = logits.mean().unwrap_or_default();
        let scale = forecast.slope[row] / self.calibration.temperature as f32;
        let abilities = self.vectors.column(0);
        logits
            .iter()
            .zip(abilities)
            .map(|(logit, ability)| {
                let ability = ability * scale;
                LogitTerms { ability, ease, fit: logit - ease - ability }
            })
            .collect()
    }
}
