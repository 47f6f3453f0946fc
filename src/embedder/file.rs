//! The embedder file: one `.safetensors` with plain tensor names, and one JSON document in its
//! metadata under the key `llmap`.

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
use super::{Benchmark, Embedder, Provenance};
use crate::dataset::Attribute;
use crate::encoder::{self, Builtin};
use crate::error::{Error, Result};

/// The version of the format that this program writes, and the newest that it reads.
const VERSION: u32 = 1;

/// The key of the document in the file's metadata.
const KEY: &str = "llmap";

/// The document.
#[derive(Serialize, Deserialize)]
struct Card {
    version: u32,
    models: Vec<String>,
    attributes: Vec<Attribute>,
    benchmarks: Vec<Benchmark>,
    encoder: EncoderCard,
    calibration: Calibration,
    provenance: Provenance,
}

/// The encoder's identity and settings.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum EncoderCard {
    Builtin(encoder::Settings),
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
        Self::from_bytes(&bytes).map_err(|fault| {
            let (problem, fix) = match fault {
                Fault::Newer(version) => (
                    format!(
                        "written by a newer llmap (format {version}, this one reads {VERSION})"
                    ),
                    "update llmap",
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
            Fault::Newer(version) => {
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
            encoder: EncoderCard::Builtin(*self.featurizer.encoder.settings()),
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
        vec![
            ("models.vectors", Stored::f32(&self.vectors)),
            ("models.fallback", Stored::row(&weights.fallback)),
            ("projector.first.weight", Stored::f32(&weights.first.weight)),
            ("projector.first.bias", Stored::row(&weights.first.bias)),
            ("projector.second.weight", Stored::f32(&weights.second.weight)),
            ("projector.second.bias", Stored::row(&weights.second.bias)),
            ("projector.out.weight", Stored::f32(&weights.out.weight)),
            ("projector.out.bias", Stored::row(&weights.out.bias)),
            ("inputs.mean", Stored::row(&lens.mean)),
            ("inputs.scale", Stored::row(&lens.scale)),
            ("encoder.rarity", Stored::f32(lens.encoder.rarity())),
            ("encoder.projection", Stored::f16(lens.encoder.projection())),
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
        ]
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
        if version > VERSION {
            return Err(Fault::Newer(version));
        }
        let card: Card =
            serde_json::from_str(card).map_err(|e| broken(format!("its document: {e}")))?;
        let file = SafeTensors::deserialize(bytes).map_err(|e| broken(e.to_string()))?;
        let read = Reader { file: &file };

        let EncoderCard::Builtin(settings) = card.encoder;
        let (models, benchmarks) = (card.models.len(), card.benchmarks.len());
        let width = Featurizer::width(settings.dim);
        let vectors = read.matrix("models.vectors", Some(models), None)?;
        let dim = vectors
            .ncols()
            .checked_sub(1)
            .ok_or_else(|| misshapen("models.vectors", &[models, 0]))?;
        let layer = |name: &str, inputs: Option<usize>, outputs: Option<usize>| {
            let name = format!("projector.{name}");
            let weight = read.matrix(&format!("{name}.weight"), inputs, outputs)?;
            let bias = read.vector(&format!("{name}.bias"), weight.ncols())?;
            Ok(Layer { weight, bias })
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
        let buckets = Some(settings.buckets as usize);
        let rarity = read.matrix("encoder.rarity", None, buckets)?;
        let projection = read.matrix("encoder.projection", buckets, Some(settings.dim))?;
        let encoder = Builtin::from_parts(settings, rarity, projection)
            .ok_or_else(|| broken("the encoder's tensors do not fit its settings".into()))?;
        let keys = read.matrix("memory.keys", None, Some(settings.dim))?;
        let remembered = read.integers("memory.benchmarks", keys.nrows())?;
        if let Some(wrong) = remembered.iter().find(|b| **b as usize >= benchmarks) {
            return Err(broken(format!(
                "memory.benchmarks names benchmark {wrong} of {benchmarks}"
            )));
        }
        let summaries = read.matrix("memory.summaries", Some(keys.nrows()), Some(SUMMARY))?;
        let featurizer = Featurizer {
            encoder,
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

/// What can be wrong with the bytes of an embedder.
enum Fault {
    Newer(u32),
    Broken(String),
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

/// Reads tensors by name, checking shape and finiteness.
struct Reader<'a> {
    file: &'a SafeTensors<'a>,
}

impl Reader<'_> {
    fn tensor(&self, name: &str) -> Result<TensorView<'_>, Fault> {
        self.file.tensor(name).map_err(|_| Fault::Broken(format!("the tensor {name} is missing")))
    }

    fn numbers(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>), Fault> {
        let tensor = self.tensor(name)?;
        let values: Vec<f32> = match tensor.dtype() {
            Dtype::F32 => four(tensor.data()).map(f32::from_le_bytes).collect(),
            Dtype::F16 => {
                let halves = tensor.data().chunks_exact(2);
                halves.map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect()
            }
            other => return Err(Fault::Broken(format!("the tensor {name} is of type {other:?}"))),
        };
        if values.iter().any(|x| !x.is_finite()) {
            return Err(Fault::Broken(format!(
                "the tensor {name} holds a number that is not finite"
            )));
        }
        Ok((tensor.shape().to_vec(), values))
    }

    fn matrix(
        &self,
        name: &str,
        rows: Option<usize>,
        columns: Option<usize>,
    ) -> Result<Array2<f32>, Fault> {
        let (shape, values) = self.numbers(name)?;
        let fits = matches!(shape[..], [r, c] if rows.is_none_or(|n| n == r) && columns.is_none_or(|n| n == c));
        let shape = if fits { (shape[0], shape[1]) } else { return Err(misshapen(name, &shape)) };
        Array2::from_shape_vec(shape, values).map_err(|_| misshapen(name, &[shape.0, shape.1]))
    }

    fn vector(&self, name: &str, length: usize) -> Result<Array1<f32>, Fault> {
        let (shape, values) = self.numbers(name)?;
        if shape == [length] { Ok(Array1::from_vec(values)) } else { Err(misshapen(name, &shape)) }
    }

    fn integers(&self, name: &str, length: usize) -> Result<Vec<u32>, Fault> {
        let tensor = self.tensor(name)?;
        if tensor.dtype() == Dtype::U32 && tensor.shape() == [length] {
            Ok(four(tensor.data()).map(u32::from_le_bytes).collect())
        } else {
            Err(misshapen(name, tensor.shape()))
        }
    }
}

fn misshapen(name: &str, shape: &[usize]) -> Fault {
    Fault::Broken(format!("the tensor {name} has shape {shape:?}, which does not fit the rest"))
}

fn four(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> + '_ {
    bytes.chunks_exact(4).map(|b| [b[0], b[1], b[2], b[3]])
}
