//! How an embedder is trained.

use super::device::Backend;
use super::factors::GENERAL;
use crate::encoder::{self, Source};

/// How an embedder is trained. The defaults were chosen on the val split of the open records; see
/// docs/experiments.md.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Numbers in a model's vector, from 8 to 128: its ability, the general factors, a quarter (at
    /// most 32) for specialities, and the rest for its agreement with other models.
    pub dim: usize,
    /// Networks whose logits are averaged, trained side by side; the specialities are shared out to
    /// them.
    pub members: usize,
    /// Epochs at most.
    pub epochs: u32,
    /// Epochs without a better val loss after which training ends.
    pub patience: u32,
    /// Questions in a batch, each with all its responses.
    pub batch: usize,
    /// The highest learning rate; it warms up over 50 batches and falls along a cosine.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// The share of hidden units dropped while training.
    pub dropout: f32,
    /// Let what is known of the models beside their answers inform forecasts (never vectors).
    pub attributes: bool,
    /// What reads the questions; of several, the vectors are joined.
    pub encoder: Vec<Source>,
    /// Where burn computes.
    pub backend: Backend,
    /// Decides everything random.
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
    /// Numbers of a model's specialities.
    pub(super) fn specialities(&self) -> usize {
        (self.dim / 4).clamp(self.members, 32.max(self.members))
    }

    /// Numbers of a vector that are agreement.
    pub(super) fn agreement(&self) -> usize {
        self.dim.saturating_sub(self.specialities() + GENERAL + 1)
    }
}
