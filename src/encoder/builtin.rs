//! The built-in encoder: needs no download and gives the same vector everywhere.
//!
//! Word and character n-grams are hashed into buckets, weighted by their rarity among the training
//! questions (sublinear TF-IDF, each kind of unit length) and projected by a linear layer: the
//! leading right singular vectors of the training questions (latent semantic analysis).

use half::f16;
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::ngrams::{self, Counts, KINDS};
use super::svd::{Sparse, right_singular_vectors};
use crate::error::Result;

/// What decides the vectors besides the learned weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Buckets of the hash.
    pub buckets: u32,
    /// Numbers in a vector.
    pub dim: usize,
    /// The seed of the hash (XXH3-64).
    pub hash_seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { buckets: 1 << 14, dim: 128, hash_seed: 0 }
    }
}

/// A fitted encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Builtin {
    settings: Settings,
    /// Kinds of n-gram × buckets: the weight of a bucket by rarity.
    rarity: Array2<f32>,
    /// Buckets × dimensions; every entry is exact in half precision, as it is stored.
    projection: Array2<f32>,
}

impl Builtin {
    /// Fits rarity and projection to training texts.
    ///
    /// # Errors
    /// Fails if the decomposition does not converge.
    pub fn fit(settings: Settings, texts: &[&str], seed: u64) -> Result<Self> {
        let counts: Vec<Counts> = texts.par_iter().map(|text| settings.count(text)).collect();
        let mut documents = Array2::<f32>::zeros((KINDS, settings.buckets as usize));
        for text in &counts {
            for (kind, list) in text.iter().enumerate() {
                for &(bucket, _) in list {
                    documents[[kind, bucket as usize]] += 1.0;
                }
            }
        }
        let n = texts.len() as f32;
        let rarity =
            documents.mapv(|df| if df > 0.0 { ((1.0 + n) / (1.0 + df)).ln() + 1.0 } else { 0.0 });
        let projection = Array2::zeros((settings.buckets as usize, settings.dim));
        let mut encoder = Self { settings, rarity, projection };
        let rows = counts.par_iter().map(|counts| encoder.weigh(counts)).collect();
        let matrix = Sparse::new(settings.buckets as usize, rows);
        encoder.projection = right_singular_vectors(&matrix, settings.dim, seed)?
            .mapv(|x| f16::from_f32(x).to_f32());
        Ok(encoder)
    }

    /// An encoder from its parts, as read from a file: `rarity` is 2 × buckets, `projection`
    /// buckets × dim. `None` if the shapes do not fit the settings.
    #[must_use]
    pub fn from_parts(
        settings: Settings,
        rarity: Array2<f32>,
        projection: Array2<f32>,
    ) -> Option<Self> {
        let buckets = settings.buckets as usize;
        let fits = buckets > 0
            && rarity.dim() == (KINDS, buckets)
            && projection.dim() == (buckets, settings.dim);
        fits.then_some(Self { settings, rarity, projection })
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Rarity: kinds of n-gram × buckets.
    #[must_use]
    pub fn rarity(&self) -> &Array2<f32> {
        &self.rarity
    }

    /// Projection: buckets × dimensions.
    #[must_use]
    pub fn projection(&self) -> &Array2<f32> {
        &self.projection
    }

    /// A fingerprint of all that decides its vectors: 32 hexadecimal digits (XXH3-128).
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Xxh3::new();
        hash.update(&self.settings.buckets.to_le_bytes());
        hash.update(&self.settings.hash_seed.to_le_bytes());
        self.rarity.iter().chain(&self.projection).for_each(|x| hash.update(&x.to_le_bytes()));
        format!("{:032x}", hash.digest128())
    }

    /// Encodes texts, one row each. A row is the shorter, the less the projection catches of the
    /// text, and zero where no n-gram is known.
    #[must_use]
    pub fn encode(&self, texts: &[&str]) -> Array2<f32> {
        let mut out = Array2::zeros((texts.len(), self.settings.dim));
        out.axis_iter_mut(Axis(0)).into_par_iter().zip(texts).for_each(|(mut row, text)| {
            row.assign(&self.encode_one(text));
        });
        out
    }

    fn encode_one(&self, text: &str) -> Array1<f32> {
        let mut vector = Array1::zeros(self.settings.dim);
        for (bucket, weight) in self.weigh(&self.settings.count(text)) {
            vector.scaled_add(weight, &self.projection.row(bucket as usize));
        }
        vector
    }

    /// TF-IDF weights of a text: each kind of the same length, both in the same buckets.
    fn weigh(&self, counts: &Counts) -> Vec<(u32, f32)> {
        let mut weights = Vec::new();
        for (list, rarity) in counts.iter().zip(self.rarity.rows()) {
            let start = weights.len();
            weights.extend(
                list.iter().map(|&(bucket, n)| (bucket, (1.0 + n.ln()) * rarity[bucket as usize])),
            );
            let norm = weights[start..].iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
            if norm > 0.0 {
                // Half of the square length of the whole is each kind's.
                let scale = std::f32::consts::FRAC_1_SQRT_2 / norm;
                weights[start..].iter_mut().for_each(|(_, w)| *w *= scale);
            }
        }
        weights
    }
}

impl Settings {
    fn count(&self, text: &str) -> Counts {
        ngrams::count(text, self.buckets, self.hash_seed)
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
        let settings = Settings { buckets: 512, dim: 4, hash_seed: 3 };
        Builtin::fit(settings, &TEXTS, 1).unwrap()
    }

    #[test]
    fn like_texts_lie_together() {
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
