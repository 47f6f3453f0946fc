//! The embedder file: one `.safetensors` with plain tensor names, and one JSON document in its
//! metadata under the key `llmap`.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

use half::f16;
use ndarray::{Array1, Array2, s};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use super::device::Backend;
use super::features::Featurizer;
use super::memory::Memory;

use super::network::{Layer, Network, Weights};
use super::residuals::SUMMARY;
use super::words::{Line, Words};
use super::{Benchmark, Embedder, Provenance};
use crate::dataset::Attribute;
use crate::encoder::{self, Builtin, Encoder, Hashing, Identity, Part, Tfidf};
use crate::error::{Error, Result};
use crate::tensors::{Tensors, misshapen};
use crate::unpack::refuse_pointer;

/// The version of the format that this program writes, and the newest that it reads.
const VERSION: u32 = 3;

/// The key of the document in the file's metadata.
const KEY: &str = "llmap";

/// Numbers that a part of an encoder gives at most.
const WIDEST: usize = 1 << 16;

/// The document.
#[derive(Serialize, Deserialize)]
struct Card {
    version: u32,
    models: Vec<String>,
    attributes: Vec<Attribute>,
    benchmarks: Vec<Benchmark>,
    /// Its parts, whose vectors are joined.
    encoder: Vec<EncoderCard>,
    /// How the n-grams of its words are hashed.
    words: Hashing,
    calibration: Calibration,
    provenance: Provenance,
}

/// The identity and settings of a part of the encoder.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum EncoderCard {
    Builtin(encoder::Settings),
    Sentence(Identity),
}

impl EncoderCard {
    fn of(part: &Part) -> Self {
        match part {
            Part::Builtin(builtin) => Self::Builtin(builtin.settings()),
            Part::Sentence(sentence) => Self::Sentence(sentence.identity().clone()),
            Part::Absent(identity) => Self::Sentence(identity.clone()),
        }
    }

    fn dim(&self) -> usize {
        match self {
            Self::Builtin(settings) => settings.dim,
            Self::Sentence(identity) => identity.dim,
        }
    }
}

/// Only the version, read first: a newer document may have any other fields.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Embedder {
    /// Reads an embedder.
    ///
    /// # Errors
    /// [`Error::Input`] if the file is missing, truncated, newer, inconsistent or not finite.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(|e| Error::io(path, e))?;
        refuse_pointer(path, &bytes)?;
        Self::from_bytes(&bytes).map_err(|fault| {
            let (problem, fix) = match fault {
                Fault::Newer(version) => (
                    format!(
                        "written by a newer llmap (format {version}, this one reads {VERSION})"
                    ),
                    "update llmap",
                ),
                Fault::Older(version) => (
                    format!(
                        "written by an older llmap (format {version}, this one reads {VERSION})"
                    ),
                    "train it again with `llmap train`",
                ),
                Fault::Broken(problem) => (
                    format!("no valid embedder: {problem}"),
                    "name a file that `llmap train` wrote, or train it again",
                ),
            };
            Error::input(path, problem, fix)
        })
    }

    /// The embedder that is compiled in, trained on public evaluation records.
    ///
    /// # Errors
    /// Never in a released build: a test loads it.
    pub fn shipped() -> Result<Self> {
        const BYTES: &[u8] = include_bytes!("../../data/openevals.safetensors");
        Self::from_bytes(BYTES).map_err(|fault| match fault {
            Fault::Newer(version) | Fault::Older(version) => {
                Error::Failed(format!("the shipped embedder has format {version}"))
            }
            Fault::Broken(problem) => {
                Error::Failed(format!("the shipped embedder is broken: {problem}"))
            }
        })
    }

    /// Writes the embedder: completely or not at all.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let bytes = self.to_bytes()?;
        crate::atomic::write(path, &bytes)
    }

    fn to_bytes(&self) -> Result<Vec<u8>> {
        let failed =
            |problem: String| Error::Failed(format!("the embedder cannot be written: {problem}"));
        let card = Card {
            version: VERSION,
            models: self.models.clone(),
            attributes: self.attributes.clone(),
            benchmarks: self.benchmarks.clone(),
            encoder: self.featurizer.encoder.parts().iter().map(EncoderCard::of).collect(),
            words: self.featurizer.words.tfidf.hashing(),
            calibration: self.calibration,
            provenance: self.provenance.clone(),
        };
        let card = serde_json::to_string(&card).map_err(|e| failed(e.to_string()))?;
        let tensors = self.tensors();
        let views = tensors
            .iter()
            .map(|(name, tensor)| {
                TensorView::new(tensor.kind, tensor.shape.clone(), &tensor.bytes)
                    .map(|view| (*name, view))
                    .map_err(|e| failed(e.to_string()))
            })
            .collect::<Result<Vec<_>>>()?;
        let metadata = HashMap::from([(KEY.to_owned(), card)]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| failed(e.to_string()))
    }

    fn tensors(&self) -> Vec<(&'static str, Stored)> {
        let (weights, lens) = (&self.weights, &self.featurizer);
        let benchmarks = &lens.memory.benchmarks;
        let mut tensors = vec![
            ("models.vectors", Stored::f32(&self.vectors)),
            ("models.deviations", Stored::f32(&self.deviations)),
            ("models.fallback", Stored::row(&weights.fallback)),
            ("projector.first.weight", Stored::f32(&weights.first.weight)),
            ("projector.first.bias", Stored::row(&weights.first.bias)),
            ("projector.second.weight", Stored::f32(&weights.second.weight)),
            ("projector.second.bias", Stored::row(&weights.second.bias)),
            ("projector.out.weight", Stored::f32(&weights.out.weight)),
            ("projector.out.bias", Stored::row(&weights.out.bias)),
            ("inputs.mean", Stored::row(&lens.mean)),
            ("inputs.scale", Stored::row(&lens.scale)),
            ("memory.keys", Stored::f16(&lens.memory.keys)),
            ("memory.summaries", Stored::f32(&lens.memory.summaries)),
            (
                "memory.benchmarks",
                Stored {
                    kind: Dtype::U32,
                    shape: vec![benchmarks.len()],
                    bytes: benchmarks.iter().flat_map(|b| b.to_le_bytes()).collect(),
                },
            ),
        ];
        let words = &lens.words;
        tensors.extend([
            ("words.rarity", Stored::f32(words.tfidf.rarity())),
            ("words.weights", Stored::f16(&words.line.weights)),
            ("words.bias", Stored::row(&words.line.bias)),
        ]);
        for part in lens.encoder.parts() {
            if let Part::Builtin(builtin) = part {
                tensors.push(("encoder.rarity", Stored::f32(builtin.tfidf().rarity())));
                tensors.push(("encoder.projection", Stored::f16(builtin.projection())));
            }
        }
        tensors
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        let broken = |problem: String| Fault::Broken(problem);
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| broken(e.to_string()))?;
        let card = metadata
            .metadata()
            .as_ref()
            .and_then(|m| m.get(KEY))
            .ok_or_else(|| broken(format!("a safetensors file without `{KEY}` metadata")))?;
        let Versioned { version } =
            serde_json::from_str(card).map_err(|e| broken(format!("its document: {e}")))?;
        match version.cmp(&VERSION) {
            Ordering::Greater => return Err(Fault::Newer(version)),
            Ordering::Less => return Err(Fault::Older(version)),
            Ordering::Equal => {}
        }
        let card: Card =
            serde_json::from_str(card).map_err(|e| broken(format!("its document: {e}")))?;
        let read = Tensors::new(bytes).map_err(Fault::Broken)?;

        let encoder = encoder(&card.encoder, &read)?;
        let (models, benchmarks) = (card.models.len(), card.benchmarks.len());
        let words = words(card.words, &read)?;
        let width = Featurizer::width(encoder.dim(), words.width());
        let vectors = read.matrix("models.vectors", Some(models), None)?;
        let deviations = read.matrix("models.deviations", Some(models), Some(vectors.ncols()))?;
        if deviations.iter().any(|d| *d < 0.0) {
            return Err(broken("a deviation of a model is negative".into()));
        }
        let dim = vectors
            .ncols()
            .checked_sub(1)
            .ok_or_else(|| broken(misshapen("models.vectors", &[models, 0])))?;
        let layer = |name: &str, inputs: Option<usize>, outputs: Option<usize>| {
            let name = format!("projector.{name}");
            let weight = read.matrix(&format!("{name}.weight"), inputs, outputs)?;
            let bias = read.vector(&format!("{name}.bias"), weight.ncols())?;
            Ok::<_, String>(Layer { weight, bias })
        };
        let weights = Weights {
            first: layer("first", Some(width), None)?,
            second: layer("second", None, None)?,
            out: layer("out", None, Some(dim + 1))?,
            ability: vectors.column(0).to_owned(),
            fallback: read.vector("models.fallback", models)?,
            vectors: vectors.slice(s![.., 1..]).to_owned(),
        };
        let hidden = weights.first.weight.ncols();
        if weights.second.weight.dim() != (hidden, hidden) || weights.out.weight.nrows() != hidden {
            return Err(broken("the layers of the projector do not fit each other".into()));
        }
        let keys = read.matrix("memory.keys", None, Some(encoder.dim()))?;
        let remembered = read.integers("memory.benchmarks", keys.nrows())?;
        if let Some(wrong) = remembered.iter().find(|b| **b as usize >= benchmarks) {
            return Err(broken(format!(
                "memory.benchmarks names benchmark {wrong} of {benchmarks}"
            )));
        }
        let summaries = read.matrix("memory.summaries", Some(keys.nrows()), Some(SUMMARY))?;
        let featurizer = Featurizer {
            encoder,
            words,
            memory: Memory { keys, summaries, benchmarks: remembered },
            mean: read.vector("inputs.mean", width)?,
            scale: read.vector("inputs.scale", width)?,
        };
        check(&card, &featurizer)?;
        let device = Backend::default().device();
        Ok(Self {
            models: card.models,
            attributes: card.attributes,
            benchmarks: card.benchmarks,
            provenance: card.provenance,
            vectors,
            deviations,
            calibration: card.calibration,
            network: Network::from_weights(&weights, &device),
            featurizer,
            weights,
            device,
        })
    }
}

/// What the document must say for the rest of the program to rely on it.
fn check(card: &Card, featurizer: &Featurizer) -> Result<(), Fault> {
    let models = card.models.len();
    let positive = |x: f64| x.is_finite() && x > 0.0;
    let problem = if models == 0 {
        "it has no models"
    } else if card.attributes.iter().any(|attribute| attribute.values.len() != models) {
        "an attribute does not cover the models"
    } else if card.benchmarks.iter().any(|benchmark| benchmark.scores.len() != models) {
        "a benchmark does not cover the models"
    } else if !positive(card.calibration.temperature) || card.calibration.spread.is_sign_negative()
    {
        "its calibration is out of range"
    } else if featurizer.scale.iter().any(|s| *s <= 0.0) {
        "the scale of an input is not positive"
    } else {
        return Ok(());
    };
    Err(Fault::Broken(problem.into()))
}

/// The encoder of the document: what is in the file, and what is found on this machine.
fn encoder(cards: &[EncoderCard], read: &Tensors) -> Result<Encoder, Fault> {
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
        let rarity = read.matrix("encoder.rarity", None, buckets)?;
        let projection = read.matrix("encoder.projection", buckets, Some(settings.dim))?;
        let builtin = Tfidf::from_parts(settings.hashing, rarity)
            .and_then(|tfidf| Builtin::from_parts(settings.dim, tfidf, projection));
        let broken = || "the encoder's tensors do not fit its settings".to_owned();
        builtin.map(|builtin| Part::Builtin(Box::new(builtin))).ok_or_else(broken)
    };
    let parts: Result<_, String> = cards.iter().map(part).collect();
    Ok(Encoder::new(parts?))
}

/// What the words of a question tell.
fn words(hashing: Hashing, read: &Tensors) -> Result<Words, String> {
    let buckets = Some(hashing.buckets as usize);
    let weights = read.matrix("words.weights", buckets, None)?;
    let bias = read.vector("words.bias", weights.ncols())?;
    if weights.ncols() < SUMMARY {
        return Err(misshapen("words.weights", &[weights.nrows(), weights.ncols()]));
    }
    let tfidf = Tfidf::from_parts(hashing, read.matrix("words.rarity", None, buckets)?);
    let tfidf = tfidf.ok_or("the tensors of the words do not fit its settings")?;
    Ok(Words { tfidf, line: Line { weights, bias } })
}

/// What can be wrong with the bytes of an embedder.
enum Fault {
    Newer(u32),
    Older(u32),
    Broken(String),
}

impl From<String> for Fault {
    fn from(problem: String) -> Self {
        Self::Broken(problem)
    }
}

/// A tensor on its way out.
struct Stored {
    kind: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    fn f32(array: &Array2<f32>) -> Self {
        let bytes = array.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { kind: Dtype::F32, shape: array.shape().to_vec(), bytes }
    }

    fn row(array: &Array1<f32>) -> Self {
        let bytes = array.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { kind: Dtype::F32, shape: vec![array.len()], bytes }
    }

    /// For arrays whose entries are exact in half precision.
    fn f16(array: &Array2<f32>) -> Self {
        let bytes = array.iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect();
        Self { kind: Dtype::F16, shape: array.shape().to_vec(), bytes }
    }
}
