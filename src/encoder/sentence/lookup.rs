//! A matrix with one vector per token, without context (model2vec, static embeddings).

use ndarray::{Array1, Array2};

/// The vectors of the tokens.
pub(super) struct Lookup {
    /// Vocabulary × width, each row already weighted.
    pub(super) vectors: Array2<f32>,
    /// A token without meaning, which is dropped.
    pub(super) unknown: Option<u32>,
}

impl Lookup {
    /// The mean of a text's token vectors; zero for an empty text. Every token must be in the vocabulary.
    pub(super) fn encode(&self, text: &[u32]) -> Array1<f32> {
        let mut sum = Array1::zeros(self.vectors.ncols());
        let mut known = 0;
        for token in text.iter().filter(|token| Some(**token) != self.unknown) {
            sum += &self.vectors.row(*token as usize);
            known += 1;
        }
        sum / known.max(1) as f32
    }
}
