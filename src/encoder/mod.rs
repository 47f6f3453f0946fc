//! Encodes text as vectors.

mod builtin;
mod cache;
mod locate;
mod ngrams;
mod sentence;
mod shape;
mod svd;
mod tfidf;
mod vectors;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use builtin::{Builtin, Settings};
use cache::Cache;
pub(crate) use cache::unkept;
pub use locate::{Source, sources};
use ndarray::{Array1, Array2, Axis, s};
pub use sentence::{Identity, Sentence};
pub(crate) use shape::{SHAPE, shape};
pub use tfidf::Hashing;
pub(crate) use tfidf::{Bags, Tfidf};
use vectors::Vectors;
pub use vectors::{Shard, encode_shard};

use crate::error::{Error, Result};
use crate::progress::Progress;

/// Minimum number of texts for which the cache is used.
const WORTH: usize = 16;
/// Texts per batch that is cached: the most that an interrupted run loses.
const SHARD: usize = 1024;

/// One or more encoders, whose vectors are concatenated.
#[derive(Clone)]
pub struct Encoder {
    parts: Vec<Part>,
    /// Vectors that other processes computed, for the parts that have some.
    ready: Vec<Option<Arc<Vectors>>>,
}

/// One part of an encoder.
#[derive(Clone)]
pub enum Part {
    /// Fitted to the training questions; stored in the embedder.
    Builtin(Box<Builtin>),
    /// Read from a folder.
    Sentence(Arc<Sentence>),
    /// Only its identity is known: its folder is not on this machine.
    Absent(Identity),
}

impl Part {
    /// Dimension of its vectors.
    #[must_use]
    pub fn dim(&self) -> usize {
        match self {
            Self::Builtin(builtin) => builtin.settings().dim,
            Self::Sentence(sentence) => sentence.identity().dim,
            Self::Absent(identity) => identity.dim,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Builtin(_) => "builtin",
            Self::Sentence(sentence) => &sentence.identity().name,
            Self::Absent(identity) => &identity.name,
        }
    }

    fn fingerprint(&self) -> String {
        match self {
            Self::Builtin(builtin) => builtin.fingerprint(),
            Self::Sentence(sentence) => sentence.identity().hash.clone(),
            Self::Absent(identity) => identity.hash.clone(),
        }
    }

    fn encode(
        &self,
        (texts, bags): (&[&str], Option<&Bags<'_>>),
        progress: &mut Progress<'_, usize>,
    ) -> Result<Array2<f32>> {
        match self {
            Self::Builtin(builtin) => {
                Ok(bags.map_or_else(|| builtin.encode(texts), |bags| builtin.encode_bags(bags)))
            }
            Self::Sentence(sentence) if texts.len() < WORTH => sentence.encode(texts, progress),
            Self::Sentence(sentence) => cached(sentence, texts, progress),
            Self::Absent(identity) => Err(absent(identity)),
        }
    }
}

/// Encodes the texts that are not in the cache.
fn cached(
    sentence: &Sentence,
    texts: &[&str],
    progress: &mut Progress<'_, usize>,
) -> Result<Array2<f32>> {
    let Identity { hash, dim, .. } = sentence.identity();
    let Some(root) = crate::dirs::cache() else {
        return sentence.encode(texts, progress);
    };
    let cache = Cache::new(&root.join("vectors"), hash, *dim);
    let keys: Vec<cache::Key> = texts.iter().map(|text| cache::key(text)).collect();
    let (mut out, missing) = cache::lookup(&cache.read(), &keys, *dim);
    let mut done = texts.len() - missing.len();
    progress.report(done);
    for shard in missing.chunks(SHARD) {
        let new: Vec<&str> = shard.iter().map(|&i| texts[i]).collect();
        let encoded = progress.part(|n| done + n, |part| sentence.encode(&new, part))?;
        for (&i, row) in shard.iter().zip(encoded.rows()) {
            out.row_mut(i).assign(&row);
        }
        done += shard.len();
        let keys: Vec<cache::Key> = shard.iter().map(|&i| keys[i]).collect();
        cache.write(&keys, encoded.view());
    }
    Ok(out)
}

fn absent(identity: &Identity) -> Error {
    #[cfg(feature = "hub")]
    let known = crate::hub::ITEMS.iter().find(|item| item.repository.ends_with(&identity.name));
    #[cfg(feature = "hub")]
    let get =
        known.map_or_else(String::new, |item| format!("run `llmap fetch {}`, or ", item.name));
    #[cfg(not(feature = "hub"))]
    let get = "";
    let problem = format!(
        "the embedder needs the encoder {} ({}, {} dimensions), which is not on this machine",
        identity.name, identity.architecture, identity.dim,
    );
    Error::usage(problem, format!("{get}set {} to its folder", locate::VARIABLE))
}

impl Encoder {
    /// An encoder from its parts, at least one.
    #[must_use]
    pub(crate) fn new(parts: Vec<Part>) -> Self {
        Self { parts, ready: Vec::new() }
    }

    /// Creates the encoder from `sources`: reads folders, and fits the built-in one to `texts`.
    ///
    /// # Errors
    /// [`Error::Input`] if a folder does not contain an encoder; see [`Builtin::fit`].
    pub(crate) fn fit(sources: &[Source], texts: &Bags<'_>, seed: u64) -> Result<Self> {
        let part = |source: &Source| match source {
            Source::Builtin(settings) => {
                Ok(Part::Builtin(Box::new(Builtin::fit(*settings, texts, seed)?)))
            }
            Source::Folder(folder) => {
                let sentence = Sentence::read(folder)?;
                locate::remember(&sentence.identity().hash, folder);
                Ok(Part::Sentence(Arc::new(sentence)))
            }
        };
        sources.iter().map(part).collect::<Result<_>>().map(Self::new)
    }

    /// The same encoder, with the vectors that [`encode_shard`] wrote to `folder` in place of its sentence
    /// encoders: it cannot encode other texts.
    ///
    /// # Errors
    /// [`Error::Input`] if vectors are missing, or from another encoder.
    pub(crate) fn with_vectors(mut self, folder: &Path) -> Result<Self> {
        let ready = |part: &Part| match part {
            Part::Builtin(_) => Ok(None),
            Part::Sentence(sentence) => {
                Vectors::read(folder, sentence.identity()).map(|vectors| Some(Arc::new(vectors)))
            }
            Part::Absent(identity) => Err(absent(identity)),
        };
        self.ready = self.parts.iter().map(ready).collect::<Result<_>>()?;
        Ok(self)
    }

    /// The same encoder without precomputed vectors.
    pub(crate) fn without_vectors(self) -> Self {
        Self::new(self.parts)
    }

    /// Its parts.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The sources for an encoder of the same kind that is fitted to other training questions.
    ///
    /// # Errors
    /// As [`Encoder::available`].
    pub fn sources(&self) -> Result<Vec<Source>> {
        let source = |part: &Part| match part {
            Part::Builtin(builtin) => Ok(Source::Builtin(builtin.settings())),
            Part::Sentence(sentence) => folder(sentence.identity()).map(Source::Folder),
            Part::Absent(identity) => Err(absent(identity)),
        };
        self.parts.iter().map(source).collect()
    }

    /// Dimension of a vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.parts.iter().map(Part::dim).sum()
    }

    /// Its name: the names of its parts, joined by `+`.
    #[must_use]
    pub fn name(&self) -> String {
        self.parts.iter().map(Part::name).collect::<Vec<_>>().join("+")
    }

    /// A fingerprint of everything that defines its vectors.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.parts.iter().map(Part::fingerprint).collect::<Vec<_>>().join("-")
    }

    /// Checks that it can encode on this machine.
    ///
    /// # Errors
    /// [`Error::Usage`] that explains how to get what is missing.
    pub fn available(&self) -> Result<()> {
        let absence = self.parts.iter().find_map(|part| match part {
            Part::Absent(identity) => Some(absent(identity)),
            _ => None,
        });
        absence.map_or(Ok(()), Err)
    }

    /// Encodes texts, one row each, with the parts concatenated. `progress` receives the number done.
    ///
    /// # Errors
    /// As [`Encoder::available`]; [`Error::Cancelled`].
    pub fn encode(
        &self,
        texts: &[&str],
        progress: &mut Progress<'_, usize>,
    ) -> Result<Array2<f32>> {
        self.join((texts, None), progress)
    }

    /// The same for texts with precomputed weights of the built-in encoder.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub(crate) fn encode_bags(
        &self,
        texts: &Bags<'_>,
        progress: &mut Progress<'_, usize>,
    ) -> Result<Array2<f32>> {
        self.join((texts.texts, Some(texts)), progress)
    }

    fn join(
        &self,
        (texts, bags): (&[&str], Option<&Bags<'_>>),
        progress: &mut Progress<'_, usize>,
    ) -> Result<Array2<f32>> {
        let mut out = Array2::zeros((texts.len(), self.dim()));
        let mut at = 0;
        for (at_part, part) in self.parts.iter().enumerate() {
            let encoded = match self.ready.get(at_part).and_then(Option::as_ref) {
                Some(ready) => ready.of(texts)?,
                None => part.encode((texts, bags), progress)?,
            };
            out.slice_mut(s![.., at..at + part.dim()]).assign(&encoded);
            at += part.dim();
        }
        Ok(out)
    }

    /// The fraction of each text's weight that the encoder covers: the norm of the built-in part's vector. A
    /// sentence encoder covers the whole text.
    #[must_use]
    pub(crate) fn vocabulary_coverage(&self, encoded: &Array2<f32>) -> Array1<f32> {
        let mut at = 0;
        for part in &self.parts {
            let columns = s![.., at..at + part.dim()];
            if matches!(part, Part::Builtin(_)) {
                return encoded.slice(columns).map_axis(Axis(1), |row| row.dot(&row).sqrt());
            }
            at += part.dim();
        }
        Array1::ones(encoded.nrows())
    }

    /// Encoded texts as unit vectors whose dot product is the mean cosine of their parts.
    #[must_use]
    pub(crate) fn keys(&self, encoded: &Array2<f32>) -> Array2<f32> {
        let mut out = Array2::zeros(encoded.dim());
        let share = 1.0 / (self.parts.len().max(1) as f32).sqrt();
        let mut at = 0;
        for part in &self.parts {
            let columns = s![.., at..at + part.dim()];
            let rows = unit(&encoded.slice(columns).to_owned());
            out.slice_mut(columns).assign(&(rows * share));
            at += part.dim();
        }
        out
    }
}

/// The sentence encoder with this identity, searched for in the folders of `LLMAP_ENCODERS`, where it was
/// last read from, and in the hub's cache.
#[must_use]
pub(crate) fn find(identity: &Identity) -> Part {
    let same = |folder: PathBuf| {
        let sentence = Sentence::read(&folder).ok()?;
        (sentence.identity().hash == identity.hash).then(|| Part::Sentence(Arc::new(sentence)))
    };
    let found = locate::candidates(identity).into_iter().find_map(same);
    found.unwrap_or_else(|| Part::Absent(identity.clone()))
}

/// The folder of the sentence encoder with this identity.
fn folder(identity: &Identity) -> Result<PathBuf> {
    let same = |folder: &PathBuf| {
        Sentence::read(folder).is_ok_and(|sentence| sentence.identity().hash == identity.hash)
    };
    locate::candidates(identity).into_iter().find(same).ok_or_else(|| absent(identity))
}

/// The rows scaled to unit length, so that dot products are cosines; zero rows stay zero.
#[must_use]
pub(crate) fn unit(rows: &Array2<f32>) -> Array2<f32> {
    let mut out = rows.clone();
    for mut row in out.rows_mut() {
        let norm = row.dot(&row).sqrt();
        if norm > 0.0 {
            row /= norm;
        }
    }
    out
}
