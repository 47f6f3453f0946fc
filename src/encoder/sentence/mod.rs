//! Pretrained sentence encoders, read from a folder: BERT and MPNet in the format of sentence-transformers,
//! and static vectors.

mod activation;
mod folder;
mod lookup;
mod pooling;
mod transformer;

use std::cmp::Reverse;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tokenizers::Tokenizer;

use crate::error::{Error, Result};
use crate::progress::{Progress, proceed};
use lookup::Lookup;
use pooling::Pooling;
use transformer::Transformer;

/// Tokens per batch: enough that matrix products dominate, few enough that the hidden layers stay in the CPU
/// cache.
const BATCH: usize = 1024;

/// The identity of a sentence encoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The name of its folder.
    pub name: String,
    /// `bert`, `mpnet` or `static`.
    pub architecture: String,
    /// Dimension of a vector.
    pub dim: usize,
    /// A hash of its weights, tokenizer and settings: 32 hexadecimal digits (XXH3-128).
    pub hash: String,
}

/// A sentence encoder.
pub struct Sentence {
    identity: Identity,
    tokenizer: Tokenizer,
    /// True if a text is enclosed in special tokens.
    special: bool,
    network: Network,
    /// True if its vectors are scaled to unit length.
    normalize: bool,
}

enum Network {
    Transformer(Box<Transformer>, Pooling),
    Lookup(Lookup),
}

impl Network {
    fn width(&self) -> usize {
        match self {
            Self::Transformer(transformer, _) => transformer.width(),
            Self::Lookup(lookup) => lookup.vectors.ncols(),
        }
    }

    fn vocabulary(&self) -> usize {
        match self {
            Self::Transformer(transformer, _) => transformer.vocabulary(),
            Self::Lookup(lookup) => lookup.vectors.nrows(),
        }
    }

    fn architecture(&self) -> String {
        match self {
            Self::Transformer(transformer, _) => transformer.architecture().into(),
            Self::Lookup(_) => "static".into(),
        }
    }

    fn forward(&self, texts: &[&[u32]]) -> Array2<f32> {
        match self {
            Self::Transformer(transformer, pooling) => {
                pooling.apply(&transformer.forward(texts), texts)
            }
            Self::Lookup(lookup) => {
                let mut out = Array2::zeros((texts.len(), self.width()));
                for (mut row, text) in out.rows_mut().into_iter().zip(texts) {
                    row.assign(&lookup.encode(text));
                }
                out
            }
        }
    }
}

impl Sentence {
    /// Its identity.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Encodes texts, one row each. `progress` receives the number done.
    ///
    /// # Errors
    /// [`Error::Cancelled`]; [`Error::Failed`] if the tokenizer fails on a text.
    pub fn encode(
        &self,
        texts: &[&str],
        progress: &mut Progress<'_, usize>,
    ) -> Result<Array2<f32>> {
        let tokens: Vec<Vec<u32>> =
            texts.par_iter().map(|text| self.tokens(text)).collect::<Result<_>>()?;
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&i| Reverse(tokens[i].len()));
        let batches = batches(&order, &tokens);
        let mut out = Array2::zeros((texts.len(), self.network.width()));
        let mut done = 0;
        for round in batches.chunks(4 * rayon::current_num_threads()) {
            proceed(progress.cancel(), "encoding the questions")?;
            let encoded: Vec<Array2<f32>> = round
                .par_iter()
                .map(|batch| {
                    let texts: Vec<&[u32]> = batch.iter().map(|&i| &tokens[i][..]).collect();
                    self.network.forward(&texts)
                })
                .collect();
            for (batch, encoded) in round.iter().zip(&encoded) {
                self.place(batch, encoded.view(), &mut out);
                done += batch.len();
            }
            progress.report(done);
        }
        Ok(out)
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.tokenizer.encode_fast(text, self.special);
        let encoding = encoding
            .map_err(|e| Error::Failed(format!("the tokenizer of {}: {e}", self.identity.name)))?;
        Ok(encoding.get_ids().to_vec())
    }

    fn place(&self, batch: &[usize], encoded: ArrayView2<'_, f32>, out: &mut Array2<f32>) {
        for (&i, row) in batch.iter().zip(encoded.rows()) {
            let norm = row.dot(&row).sqrt();
            let scale = if self.normalize && norm > 0.0 { 1.0 / norm } else { 1.0 };
            out.row_mut(i).assign(&(&row * scale));
        }
    }
}

/// Splits `order` into batches of about [`BATCH`] tokens.
fn batches<'a>(order: &'a [usize], tokens: &[Vec<u32>]) -> Vec<&'a [usize]> {
    let (mut batches, mut start, mut size) = (Vec::new(), 0, 0);
    for (at, &i) in order.iter().enumerate() {
        if at > start && size + tokens[i].len() > BATCH {
            batches.push(&order[start..at]);
            (start, size) = (at, 0);
        }
        size += tokens[i].len().max(1);
    }
    if start < order.len() {
        batches.push(&order[start..]);
    }
    batches
}
