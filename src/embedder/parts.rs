//! What a logit is made of.

use ndarray::{Array2, ArrayView1};
use serde::Serialize;

use super::network::array2;
use super::{Embedder, Features, forecast};

/// The terms of one calibrated logit; they add up to the logit of the probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Parts {
    /// How able the model is on the mean question.
    pub ability: f32,
    /// How easy the question is for the average model.
    pub ease: f32,
    /// How well the question suits the model in particular: model vector · projected question.
    #[serde(rename = "match")]
    pub fit: f32,
}

impl Parts {
    /// The logit.
    #[must_use]
    pub fn sum(&self) -> f32 {
        self.ability + self.ease + self.fit
    }
}

impl Embedder {
    /// The terms of the logits of all models on the prompt in a row of `features`, under the given
    /// support of each model; see [`Embedder::forecast`].
    #[must_use]
    pub fn parts(&self, features: &Features, row: usize, support: ArrayView1<f32>) -> Vec<Parts> {
        let input: Array2<f32> = features.inputs.select(ndarray::Axis(0), &[row]);
        let output = self.network.forward(forecast::tensor(&input, &self.device), None);
        let (general, special) = (array2(output.general), array2(output.special));
        let weights = &self.weights;
        (0..self.models.len())
            .map(|m| {
                let (support, own) = (support[m], weights.ability[m]);
                let scale = self.calibration.scale(support);
                let ability = support * own + (1.0 - support) * weights.fallback[m];
                Parts {
                    ability: ability * scale,
                    ease: (general[[0, m]] - own) * scale,
                    fit: special[[0, m]] * support * scale,
                }
            })
            .collect()
    }
}
