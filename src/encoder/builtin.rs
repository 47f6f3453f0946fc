//! The built-in encoder: needs no download and gives the same vectors on every machine.
//!
//! Word and character n-grams are hashed into buckets, weighted by their idf among the training
//! questions (sublinear TF-IDF, each kind of unit length) and projected by a linear layer: the
//! leading right singular vectors of the training questions (latent semantic analysis).

use std::sync::Arc;

use ndarray::{Array2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::svd::{Sparse, right_singular_vectors};
use super::tfidf::{Bags, Hashing, Tfidf};
use crate::error::Result;
use crate::kernels::gather;
use crate::quantized::rounded;

/// The settings that define the vectors, besides the learned weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The hashing of n-grams.
    #[serde(flatten)]
    pub hashing: Hashing,
    /// Dimension of a vector.
    pub dim: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { hashing: Hashing { buckets: 1 << 14, hash_seed: 0 }, dim: 128 }
    }
}

/// A fitted encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Builtin {
    dim: usize,
    tfidf: Arc<Tfidf>,
    /// Buckets × dimensions, rounded as it is stored.
    projection: Array2<f32>,
}

impl Builtin {
    /// Fits IDF weights and the projection to training texts.
    ///
    /// # Errors
    /// Fails if the decomposition does not converge.
    pub(crate) fn fit(settings: Settings, texts: &Bags<'_>, seed: u64) -> Result<Self> {
        let own;
        let texts = if texts.tfidf().hashing() == settings.hashing {
            texts
        } else {
            own = Bags::fit(settings.hashing, texts.texts);
            &own
        };
        let matrix = Sparse::new(settings.hashing.buckets as usize, texts.rows());
        let projection = rounded(&right_singular_vectors(&matrix, settings.dim, seed)?);
        Ok(Self { dim: settings.dim, tfidf: Arc::clone(texts.tfidf()), projection })
    }

    /// An encoder from its parts, as read from a file: `projection` is buckets × dim. `None` if the shape
    /// does not match.
    #[must_use]
    pub(crate) fn from_parts(
        dim: usize,
        tfidf: Arc<Tfidf>,
        projection: Array2<f32>,
    ) -> Option<Self> {
        let fits = projection.dim() == (tfidf.hashing().buckets as usize, dim);
        fits.then_some(Self { dim, tfidf, projection })
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings { hashing: self.tfidf.hashing(), dim: self.dim }
    }

    /// The weights of a text before the projection.
    #[must_use]
    pub(crate) fn tfidf(&self) -> &Arc<Tfidf> {
        &self.tfidf
    }

    /// Projection: buckets × dimensions.
    #[must_use]
    pub(crate) fn projection(&self) -> &Array2<f32> {
        &self.projection
    }

    /// A fingerprint of everything that defines its vectors: 32 hexadecimal digits (XXH3-128).
    #[must_use]
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Xxh3::new();
        let Hashing { buckets, hash_seed } = self.tfidf.hashing();
        hash.update(&buckets.to_le_bytes());
        hash.update(&hash_seed.to_le_bytes());
        self.tfidf.idf().iter().chain(&self.projection).for_each(|x| hash.update(&x.to_le_bytes()));
        format!("{:032x}", hash.digest128())
    }

    /// Encodes texts, one row each. The norm of a row is the part of the text's weight that the projection
    /// captures; it is zero if no n-gram is known.
    #[must_use]
    pub fn encode(&self, texts: &[&str]) -> Array2<f32> {
        self.encode_bags(&Bags::new(&self.tfidf, texts))
    }

    /// The same for texts with precomputed weights.
    pub(super) fn encode_bags(&self, texts: &Bags<'_>) -> Array2<f32> {
        if !Arc::ptr_eq(&self.tfidf, texts.tfidf()) {
            return self.encode(texts.texts);
        }
        let mut out = Array2::zeros((texts.rows().len(), self.dim));
        // The projection is in row-major order.
        let table = self.projection.as_slice().unwrap_or_default();
        out.axis_iter_mut(Axis(0)).into_par_iter().zip(texts.rows()).for_each(|(mut row, text)| {
            gather(row.as_slice_mut().unwrap_or_default(), text, table);
        });
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::unit;
    use super::*;

    const TEXTS: [&str; 6] = [
        "Add the integers 3 and 5.",
        "Add the integers 10 and 20.",
        "Which river runs through Vienna?",
        "Which river runs through Budapest?",
        "def add(a, b): return a + b",
        "def sub(a, b): return a - b",
    ];

    fn fitted() -> Builtin {
        let settings = Settings { hashing: Hashing { buckets: 512, hash_seed: 3 }, dim: 4 };
        Builtin::fit(settings, &Bags::fit(settings.hashing, &TEXTS), 1).unwrap()
    }

    #[test]
    fn similar_texts_have_similar_vectors() {
        let x = unit(&fitted().encode(&TEXTS));
        let cosine = |a: usize, b: usize| x.row(a).dot(&x.row(b));
        for pair in [0, 2, 4] {
            let others = (0..6).filter(|&other| other / 2 != pair / 2);
            let nearest_other = others.map(|other| cosine(pair, other)).fold(-1.0, f32::max);
            assert!(cosine(pair, pair + 1) > nearest_other);
        }
        let lengths = fitted().encode(&TEXTS).map_axis(Axis(1), |row| row.dot(&row).sqrt());
        assert!(lengths.iter().all(|length| (0.1..1.5).contains(length)));
    }

    #[test]
    fn the_same_seed_gives_the_same_encoder_and_unknown_text_the_zero_vector() {
        assert_eq!(fitted(), fitted());
        assert!(fitted().encode(&[""]).iter().all(|x| *x == 0.0));
    }
}
