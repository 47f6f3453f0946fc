//! Restores the encoder and the n-gram head of an embedder file.

use std::sync::Arc;

use super::{EncoderCard, Fault, WIDEST};
use crate::embedder::ngram_head::{LinearModel, NgramHead};
use crate::embedder::residuals::SUMMARY;
use crate::encoder::{self, Builtin, Encoder, Hashing, Part, Tfidf};
use crate::tensors::{Tensors, misshapen};

/// The encoder in the document: from the file, or found on this machine.
pub(super) fn encoder(
    cards: &[EncoderCard],
    words: &Arc<Tfidf>,
    read: &Tensors,
) -> Result<Encoder, Fault> {
    let builtins = cards.iter().filter(|card| matches!(card, EncoderCard::Builtin(_))).count();
    if cards.is_empty() || builtins > 1 || cards.iter().any(|card| card.dim() > WIDEST) {
        return Err(Fault::Broken("its encoder is out of range".into()));
    }
    let part = |card: &EncoderCard| {
        let settings = match card {
            EncoderCard::Builtin(settings) => *settings,
            EncoderCard::Sentence(identity) => return Ok(encoder::find(identity)),
        };
        let buckets = Some(settings.hashing.buckets as usize);
        let idf = read.matrix("encoder.rarity", None, buckets)?;
        let projection = read.quantized("encoder.projection", buckets, Some(settings.dim))?;
        let builtin = Tfidf::from_parts(settings.hashing, idf)
            .map(|tfidf| if tfidf == **words { Arc::clone(words) } else { Arc::new(tfidf) })
            .and_then(|tfidf| Builtin::from_parts(settings.dim, tfidf, projection));
        let broken = || "the encoder's tensors do not fit its settings".to_owned();
        builtin.map(|builtin| Part::Builtin(Box::new(builtin))).ok_or_else(broken)
    };
    let parts: Result<_, String> = cards.iter().map(part).collect();
    Ok(Encoder::new(parts?))
}

/// The n-gram head.
pub(super) fn words(hashing: Hashing, read: &Tensors) -> Result<NgramHead, String> {
    let buckets = Some(hashing.buckets as usize);
    let weights = read.quantized("words.weights", buckets, None)?;
    let bias = read.vector("words.bias", weights.ncols())?;
    if weights.ncols() < SUMMARY {
        return Err(misshapen("words.weights", &[weights.nrows(), weights.ncols()]));
    }
    let tfidf = Tfidf::from_parts(hashing, read.matrix("words.rarity", None, buckets)?);
    let tfidf = tfidf.ok_or("the tensors of the words do not fit its settings")?;
    Ok(NgramHead { tfidf: Arc::new(tfidf), line: LinearModel { weights, bias } })
}
