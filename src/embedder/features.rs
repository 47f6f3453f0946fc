//! The features of a question: its vector, its surface features, the retrieved neighbors, and the predictions
//! from its n-grams.

use ndarray::{Array1, Array2, Axis, s};
use rayon::prelude::*;

use super::knn_memory::{Memory, NEIGHBORS, RECALL};
use super::ngram_head::NgramHead;
use crate::encoder::{Bags, Encoder, SHAPE, shape};
use crate::error::Result;
use crate::progress::Progress;

/// Standardized inputs are clipped to this many standard deviations.
const CLIP: f32 = 4.0;

/// Texts per batch: bounds the memory for intermediate results.
pub(super) const BLOCK: usize = 1 << 16;

/// Encoded prompts; created by [`super::Embedder::encode`].
#[derive(Clone, Debug)]
pub struct Features {
    /// Prompts × inputs of the networks, standardized.
    pub(super) inputs: Array2<f32>,
    /// Prompts × nearest training questions: the benchmark of each.
    pub(super) like: Array2<u32>,
    /// Prompts × nearest training questions: the cosine of each, highest first.
    pub(super) cosines: Array2<f32>,
    /// The [`Encoder::vocabulary_coverage`] of each prompt.
    pub(super) vocabulary_coverage: Array1<f32>,
}

impl Features {
    /// The number of prompts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inputs.nrows()
    }

    /// True for no prompts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Computes [`Features`] from text.
#[derive(Clone)]
pub(super) struct Featurizer {
    pub(super) encoder: Encoder,
    pub(super) memory: Memory,
    pub(super) words: NgramHead,
    /// Mean of each input over the training questions.
    pub(super) mean: Array1<f32>,
    /// Standard deviation of each input.
    pub(super) scale: Array1<f32>,
}

impl Featurizer {
    /// Completes a featurizer from the raw inputs of the training questions, and standardizes them.
    pub(super) fn fit(
        encoder: Encoder,
        memory: Memory,
        words: NgramHead,
        raw: Array2<f32>,
    ) -> (Self, Array2<f32>) {
        let mean = raw.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(raw.ncols()));
        let scale = raw.std_axis(Axis(0), 0.0).mapv(|s| if s > 1e-6 { s } else { 1.0 });
        let this = Self { encoder, memory, words, mean, scale };
        let inputs = this.standardize(raw);
        (this, inputs)
    }

    /// The number of inputs for an encoder of dimension `dim` and an n-gram head of width `words`.
    pub(super) fn width(dim: usize, words: usize) -> usize {
        dim + SHAPE + RECALL + words
    }

    /// The features of new texts. `progress` receives the number of encoded texts.
    pub(super) fn features(
        &self,
        texts: &[&str],
        progress: &mut Progress<'_, usize>,
    ) -> Result<Features> {
        if texts.len() <= BLOCK {
            return self.block(texts, progress);
        }
        let width = self.mean.len();
        let mut all = Features {
            inputs: Array2::zeros((texts.len(), width)),
            like: Array2::zeros((texts.len(), NEIGHBORS)),
            cosines: Array2::zeros((texts.len(), NEIGHBORS)),
            vocabulary_coverage: Array1::zeros(texts.len()),
        };
        let mut done = 0;
        for block in texts.chunks(BLOCK) {
            let found = progress.part(|n| done + n, |part| self.block(block, part))?;
            let rows = s![done..done + block.len(), ..];
            all.inputs.slice_mut(rows).assign(&found.inputs);
            all.like.slice_mut(rows).assign(&found.like);
            all.cosines.slice_mut(rows).assign(&found.cosines);
            let coverage = s![done..done + block.len()];
            all.vocabulary_coverage.slice_mut(coverage).assign(&found.vocabulary_coverage);
            done += block.len();
        }
        Ok(all)
    }

    fn block(&self, texts: &[&str], progress: &mut Progress<'_, usize>) -> Result<Features> {
        let bags = Bags::new(&self.words.tfidf, texts);
        let encoded = self.encoder.encode_bags(&bags, progress)?;
        let keys = self.encoder.keys(&encoded);
        let recalled = self.memory.retrieve(keys.view(), |_, _| false);
        let vocabulary_coverage = self.encoder.vocabulary_coverage(&encoded);
        let raw = join([&encoded, &shapes(texts), &recalled.inputs, &self.words.predict(&bags)]);
        let inputs = self.standardize(raw);
        Ok(Features { inputs, like: recalled.like, cosines: recalled.cosines, vocabulary_coverage })
    }

    fn standardize(&self, raw: Array2<f32>) -> Array2<f32> {
        ((raw - &self.mean) / &self.scale).mapv_into(|x| x.clamp(-CLIP, CLIP))
    }
}

/// Texts × [`SHAPE`].
pub(super) fn shapes(texts: &[&str]) -> Array2<f32> {
    let mut out = Array2::zeros((texts.len(), SHAPE));
    out.axis_iter_mut(Axis(0)).into_par_iter().zip(texts).for_each(|(mut row, text)| {
        row.assign(&ndarray::aview1(&shape(text)));
    });
    out
}

/// Concatenates arrays with the same number of rows.
fn join(parts: [&Array2<f32>; 4]) -> Array2<f32> {
    let width = parts.iter().map(|part| part.ncols()).sum();
    let mut out = Array2::zeros((parts[0].nrows(), width));
    let mut at = 0;
    for part in parts {
        out.slice_mut(s![.., at..at + part.ncols()]).assign(part);
        at += part.ncols();
    }
    out
}
