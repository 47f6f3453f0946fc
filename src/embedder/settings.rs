//! Training settings.

use super::device::Backend;
use super::factors::GENERAL;
use crate::encoder::{self, Source};

/// Training settings. The defaults were chosen on the val split of the open records; see docs/experiments.md.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Dimension of a model's vector, from 8 to 128: its ability, the general factors, a quarter (at most 32)
    /// for specialities, and the rest for its agreement with other models.
    pub dim: usize,
    /// Networks in the ensemble, trained in parallel; the specialities are divided among them.
    pub members: usize,
    /// Maximum number of epochs.
    pub epochs: u32,
    /// Early stopping: epochs without a better val loss.
    pub patience: u32,
    /// Questions in a batch, each with all its responses.
    pub batch: usize,
    /// The peak learning rate: linear warmup over 50 batches, then cosine decay.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Dropout of hidden units.
    pub dropout: f32,
    /// Use attributes of the models in predictions (never in vectors).
    pub attributes: bool,
    /// The encoders of questions, whose vectors are concatenated.
    pub encoder: Vec<Source>,
    /// The compute backend of burn.
    pub backend: Backend,
    /// The random seed.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dim: 128,
            members: 2,
            epochs: 8,
            patience: 4,
            batch: 128,
            learning_rate: 4e-3,
            weight_decay: 0.1,
            dropout: 0.3,
            attributes: true,
            encoder: vec![Source::Builtin(encoder::Settings::default())],
            backend: Backend::default(),
            seed: 1,
        }
    }
}

impl Settings {
    /// Dimension of a model's specialities.
    pub(super) fn specialities(&self) -> usize {
        (self.dim / 4).clamp(self.members, 32.max(self.members))
    }

    /// Dimensions of a vector for agreement.
    pub(super) fn agreement(&self) -> usize {
        self.dim.saturating_sub(self.specialities() + GENERAL + 1)
    }
}
