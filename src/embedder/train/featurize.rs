//! Computes the inputs of the training questions, and the featurizer for other texts.

use std::collections::HashMap;
use std::path::Path;

use ndarray::{Array2, Axis, s};

use super::optimizer::panicked;
use crate::dataset::{ByModel, Dataset};
use crate::embedder::features::{BLOCK, Featurizer, shapes};
use crate::embedder::knn_memory::{Memory, RECALL};
use crate::embedder::ngram_head::{HASHING, NgramHead};
use crate::embedder::residuals::summarize;
use crate::embedder::settings::Settings;
use crate::encoder::{Bags, Encoder, SHAPE};
use crate::error::Result;
use crate::progress::Progress;

/// Maximum number of texts that the built-in encoder and the n-gram head are fitted to; of more, an evenly
/// spaced sample. Their quality does not improve beyond that, and the n-grams of a text take more memory than
/// anything else.
const FITTED: usize = BLOCK;

/// The texts of some questions.
pub(super) fn texts<'a>(data: &'a Dataset, questions: &[usize]) -> Vec<&'a str> {
    questions.iter().map(|&q| &*data.questions[q].prompt).collect()
}

/// Fits the encoder, the memory and the n-gram head to the training questions. Also returns the inputs of the
/// questions: a question and its copies are hidden from its own retrieval, and the predictions of the n-gram
/// head are out of fold.
pub(super) fn featurize(
    data: &Dataset,
    (train, by_model): (&[usize], &ByModel),
    (settings, vectors): (&Settings, Option<&Path>),
    progress: &mut Progress<'_, usize>,
) -> Result<(Featurizer, Array2<f32>)> {
    let texts = texts(data, train);
    let ids = ids(&texts);
    let n = train.len();
    let fitted: Vec<usize> = (0..n.min(FITTED)).map(|i| i * n / n.min(FITTED)).collect();
    let samples: Vec<&str> = fitted.iter().map(|&i| texts[i]).collect();
    let bags = Bags::fit(HASHING, &samples);
    let summaries = summarize(data, train, by_model, settings.seed);
    let cancel = progress.cancel();
    // The head consists of few long tasks, which the pool begins with. The encoder's short ones come from this
    // thread, so they fill the cores that those leave idle.
    let mut head = None;
    let encoder = rayon::in_place_scope(|scope| {
        scope.spawn(|_| {
            let questions: Vec<usize> = fitted.iter().map(|&i| train[i]).collect();
            let ids: Vec<u32> = fitted.iter().map(|&i| ids[i]).collect();
            let (texts, summaries) = ((&bags, &*ids), summaries.select(Axis(0), &fitted));
            let seed = settings.seed;
            head = Some(NgramHead::fit(data, &questions, texts, &summaries, seed, cancel));
        });
        Encoder::fit(&settings.encoder, &bags, settings.seed)
    });
    let (words, others) = head.ok_or_else(panicked)?;
    let mut encoder = encoder?;
    if let Some(folder) = vectors {
        encoder = encoder.with_vectors(folder)?;
    }
    // Without a copy: if all texts are fitted, they are used directly.
    let mut whole = (n <= FITTED).then_some(bags);

    let (dim, summary) = (encoder.dim(), words.width());
    let mut raw = Array2::zeros((n, Featurizer::width(dim, summary)));
    let mut done = 0;
    for block in texts.chunks(BLOCK) {
        let bags = whole.take().unwrap_or_else(|| Bags::new(&words.tfidf, block));
        let encoded = progress.part(|n| done + n, |part| encoder.encode_bags(&bags, part))?;
        let end = done + block.len();
        let mut rows = raw.slice_mut(s![done..end, ..]);
        rows.slice_mut(s![.., ..dim]).assign(&encoded);
        rows.slice_mut(s![.., dim..dim + SHAPE]).assign(&shapes(block));
        rows.slice_mut(s![.., dim + SHAPE + RECALL..])
            .assign(&others.predict(&bags, &ids[done..end]));
        done = end;
    }
    drop(others);

    let encoded = raw.slice(s![.., ..dim]);
    let keys = encoder.keys(&encoded.select(Axis(0), &Memory::kept(n)));
    let (memory, kept) = Memory::fit(data, train, &keys, &summaries);
    drop((keys, summaries));
    for start in (0..n).step_by(BLOCK) {
        let end = n.min(start + BLOCK);
        let keys = encoder.keys(&raw.slice(s![start..end, ..dim]).to_owned());
        let hidden = |row: usize, j: usize| ids[start + row] == ids[kept[j]];
        let recalled = memory.retrieve(keys.view(), hidden);
        raw.slice_mut(s![start..end, dim + SHAPE..dim + SHAPE + RECALL]).assign(&recalled.inputs);
    }
    Ok(Featurizer::fit(encoder, memory, words, raw))
}

/// An id for each distinct text.
fn ids(texts: &[&str]) -> Vec<u32> {
    let mut known = HashMap::new();
    texts
        .iter()
        .map(|text| {
            let next = known.len() as u32;
            *known.entry(*text).or_insert(next)
        })
        .collect()
}
