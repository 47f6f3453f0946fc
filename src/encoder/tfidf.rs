//! Texts as sparse vectors: hashed n-grams with IDF weights.

use std::sync::Arc;

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ngrams::{self, Counts, KINDS};

/// Settings of the hashing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashing {
    /// Number of buckets.
    pub buckets: u32,
    /// The seed of the hash (XXH3-64).
    pub hash_seed: u64,
}

/// Weights of hashed n-grams, fitted to texts: sublinear TF-IDF.
#[derive(Clone, Debug, PartialEq)]
pub struct Tfidf {
    hashing: Hashing,
    /// Kinds of n-gram × buckets: the IDF weight of a bucket.
    idf: Array2<f32>,
}

/// Texts with their sparse vectors, computed once for everything that uses the same weights.
pub struct Bags<'a> {
    pub(super) texts: &'a [&'a str],
    tfidf: Arc<Tfidf>,
    rows: Vec<Vec<(u32, f32)>>,
}

impl<'a> Bags<'a> {
    /// Fits weights to the texts.
    #[must_use]
    pub fn fit(hashing: Hashing, texts: &'a [&'a str]) -> Self {
        let (tfidf, rows) = Tfidf::fit(hashing, texts);
        Self { texts, tfidf: Arc::new(tfidf), rows }
    }

    /// Computes the weights of the texts.
    #[must_use]
    pub fn new(tfidf: &Arc<Tfidf>, texts: &'a [&'a str]) -> Self {
        let rows = texts.par_iter().map(|text| tfidf.weigh(text)).collect();
        Self { texts, tfidf: Arc::clone(tfidf), rows }
    }

    /// The weights.
    #[must_use]
    pub fn tfidf(&self) -> &Arc<Tfidf> {
        &self.tfidf
    }

    /// A list of buckets and weights for each text.
    #[must_use]
    pub fn rows(&self) -> &[Vec<(u32, f32)>] {
        &self.rows
    }
}

impl Tfidf {
    /// Fits IDF to texts, and returns their weights.
    fn fit(hashing: Hashing, texts: &[&str]) -> (Self, Vec<Vec<(u32, f32)>>) {
        let count = |text: &&str| ngrams::count(text, hashing.buckets, hashing.hash_seed);
        let counts: Vec<Counts> = texts.par_iter().map(count).collect();
        let mut documents = Array2::<f32>::zeros((KINDS, hashing.buckets as usize));
        for text in &counts {
            for (kind, list) in text.iter().enumerate() {
                for &(bucket, _) in list {
                    documents[[kind, bucket as usize]] += 1.0;
                }
            }
        }
        let n = texts.len() as f32;
        let idf =
            documents.mapv(|df| if df > 0.0 { ((1.0 + n) / (1.0 + df)).ln() + 1.0 } else { 0.0 });
        let this = Self { hashing, idf };
        let weights = counts.into_par_iter().map(|counts| this.weigh_counts(&counts)).collect();
        (this, weights)
    }

    /// From its parts, as read from a file: `idf` is 2 × buckets, else `None`.
    #[must_use]
    pub fn from_parts(hashing: Hashing, idf: Array2<f32>) -> Option<Self> {
        let buckets = hashing.buckets as usize;
        (buckets > 0 && idf.dim() == (KINDS, buckets)).then_some(Self { hashing, idf })
    }

    /// How n-grams are hashed.
    #[must_use]
    pub fn hashing(&self) -> Hashing {
        self.hashing
    }

    /// Inverse document frequency: kinds of n-gram × buckets.
    #[must_use]
    pub fn idf(&self) -> &Array2<f32> {
        &self.idf
    }

    /// The weights of a text by bucket: both kinds have the same norm and share the buckets, and the whole
    /// has unit norm.
    #[must_use]
    pub fn weigh(&self, text: &str) -> Vec<(u32, f32)> {
        self.weigh_counts(&ngrams::count(text, self.hashing.buckets, self.hashing.hash_seed))
    }

    fn weigh_counts(&self, counts: &Counts) -> Vec<(u32, f32)> {
        let mut weights = Vec::with_capacity(counts.iter().map(Vec::len).sum());
        for (list, idf) in counts.iter().zip(self.idf.rows()) {
            let start = weights.len();
            weights.extend(
                list.iter().map(|&(bucket, n)| (bucket, (1.0 + n.ln()) * idf[bucket as usize])),
            );
            let norm = weights[start..].iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
            if norm > 0.0 {
                // Each kind has half of the squared norm.
                let scale = std::f32::consts::FRAC_1_SQRT_2 / norm;
                weights[start..].iter_mut().for_each(|(_, w)| *w *= scale);
            }
        }
        weights
    }
}
