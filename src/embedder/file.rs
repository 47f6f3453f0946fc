//! The embedder file: one `.safetensors` with plain tensor names, and a JSON document in its metadata under
//! the key `llmap`.

mod many;
mod ranges;
mod texts;

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use ndarray::{Array1, Array2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use super::device::Backend;
use super::features::Featurizer;
use super::knn_memory::Memory;

use super::agreement::Agreement;
use super::factors::{Factors, GENERAL, grouped};
use super::index::Index;
use super::knowledge::{Chart, Knowledge, answers};
use super::levels::{Levels, Tested};
use super::network::{Layer, Network, TERMS, Weights};
use super::residuals::SUMMARY;
use super::shared::{SharedCounts, pairs};
use super::{Benchmark, Embedder, Provenance, paper};
use crate::atomic::Output;
use crate::dataset::Attribute;
use crate::encoder::{self, Hashing, Identity, Part};
use crate::error::{Error, Result};
use crate::quantized::Quantized;
use crate::tensors::{Header, Stored, Tensors, in_8_bits, write};
use crate::unpack::{self, refuse_pointer};

/// The version of the format that is written, and the oldest that is read.
const VERSION: u32 = 6;
/// The version for many models, and the newest that is read: names, attributes and scores are in tensors
/// instead of the document.
const VERSION_OF_MANY: u32 = 7;

/// The key of the document in the file's metadata.
const KEY: &str = "llmap";

/// The tensor with the number of questions that pairs of models share.
const SHARED: &str = "models.shared";

/// What routing reads of all models: stored by columns in memory, so that it reads only what a prompt needs, in
/// order.
const BY_COLUMNS: [&str; 3] = ["levels.mean", "levels.deviation", "models.specialities"];

/// Numbers that are checked together.
const PIECE: usize = 1 << 16;

/// Maximum dimension of a part of an encoder.
const WIDEST: usize = 1 << 16;

/// Far above any number of a trained embedder. Below it, all results stay finite.
const LARGEST: f32 = 1e6;
/// The minimum variance of an input.
const LEAST_VARIANCE: f64 = 1e-6;

/// The document.
#[derive(Serialize, Deserialize)]
struct Card {
    version: u32,
    models: Vec<String>,
    attributes: Vec<Attribute>,
    benchmarks: Vec<Benchmark>,
    /// Its parts, whose vectors are concatenated.
    encoder: Vec<EncoderCard>,
    /// How n-grams are hashed.
    words: Hashing,
    calibration: Calibration,
    /// The blocks of the vectors, in order: name and dimension.
    blocks: Vec<(String, usize)>,
    /// The number of specialities of each network.
    networks: Vec<usize>,
    provenance: Provenance,
}

/// The identity and settings of an encoder part.
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

/// Only the version, which is read first: a newer document may have other fields.
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
        let (mut reader, length) = unpack::sized(path, unpack::EMBEDDER)?;
        let mut head = Vec::new();
        let head_of = |e| Error::io(path, e);
        reader.by_ref().take(64).read_to_end(&mut head).map_err(head_of)?;
        refuse_pointer(path, &head)?;
        Self::read(Cursor::new(head).chain(reader), length).map_err(|fault| {
            let (problem, fix) = match fault {
                Fault::Newer(version) => (
                    format!(
                        "written by a newer llmap (format {version}, this one reads {VERSION_OF_MANY})"
                    ),
                    "update llmap",
                ),
                Fault::Older(version) => (
                    format!(
                        "written by an older llmap (format {version}, this one reads {VERSION})"
                    ),
                    "train it again with `llmap train`",
                ),
                Fault::Paper => (
                    "these are the paper's weights, not an embedder of llmap".into(),
                    "`llmap inspect`, `export`, `probe` and `evaluate … --weights FILE` read them; for \
                     anything else, train an embedder on the data set",
                ),
                Fault::Broken(problem) => (
                    format!("not a valid embedder: {problem}"),
                    "pass a file that `llmap train` wrote, or train it again",
                ),
            };
            Error::input(path, problem, fix)
        })
    }

    /// Parses the bytes of a file; `None` if they are not an embedder.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        Self::from_bytes(bytes).ok()
    }

    /// The embedded default, trained on public evaluation records.
    ///
    /// # Errors
    /// Never in a release build: a test loads it.
    pub fn shipped() -> Result<Self> {
        const BYTES: &[u8] = include_bytes!("../../data/openevals.safetensors");
        Self::from_bytes(BYTES).map_err(|fault| match fault {
            Fault::Newer(version) | Fault::Older(version) => {
                Error::Failed(format!("the shipped embedder has format {version}"))
            }
            Fault::Broken(problem) => {
                Error::Failed(format!("the shipped embedder is invalid: {problem}"))
            }
            Fault::Paper => Error::Failed("the shipped embedder is invalid".into()),
        })
    }

    /// Writes the embedder atomically. An embedder that could not be read again is not written.
    ///
    /// # Errors
    /// [`Error::Failed`] if something in it is out of range; [`Error::Io`] if it cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.save_to(Output::open(path, &[])?)
    }

    /// The same for an output that was checked to be writable.
    pub(crate) fn save_to(&self, output: Output) -> Result<()> {
        let bytes = self.to_bytes()?;
        let problem = match Self::from_bytes(&bytes) {
            Ok(_) => return output.write(&bytes),
            Err(Fault::Broken(problem)) => problem,
            Err(Fault::Newer(version) | Fault::Older(version)) => format!("format {version}"),
            Err(Fault::Paper) => "it is not an embedder".into(),
        };
        Err(Error::Failed(format!(
            "the embedder was not written, since it could not be read again: {problem}"
        )))
    }

    fn to_bytes(&self) -> Result<Vec<u8>> {
        let failed =
            |problem: String| Error::Failed(format!("the embedder cannot be written: {problem}"));
        let many = self.models.len() > many::FROM;
        let card = Card {
            version: if many { VERSION_OF_MANY } else { VERSION },
            models: if many { Vec::new() } else { self.models.to_vec() },
            attributes: if many { Vec::new() } else { self.attributes.to_vec() },
            benchmarks: if many {
                many::without_scores(&self.benchmarks)
            } else {
                self.benchmarks.clone()
            },
            encoder: self.featurizer.encoder.parts().iter().map(EncoderCard::of).collect(),
            words: self.featurizer.words.tfidf.hashing(),
            calibration: self.calibration,
            blocks: [
                ("ability", 1),
                ("general", GENERAL),
                ("agreement", self.vectors.ncols().saturating_sub(GENERAL + 1)),
            ]
            .map(|(name, numbers)| (name.to_owned(), numbers))
            .into(),
            networks: self.weights.iter().map(|(_, width)| *width).collect(),
            provenance: self.provenance.clone(),
        };
        let card = serde_json::to_string(&card).map_err(|e| failed(e.to_string()))?;
        let mut tensors = self.tensors();
        if many {
            let apart = many::apart(&self.models, &self.attributes, &self.benchmarks);
            tensors.extend(apart.map_err(|e| failed(e.to_string()))?);
        }
        write(&tensors, Some((KEY, card))).map_err(|e| failed(e.to_string()))
    }

    fn tensors(&self) -> Vec<(String, Stored)> {
        let (known, lens) = (&self.knowledge, &self.featurizer);
        let benchmarks = &lens.memory.benchmarks;
        let mut tensors: Vec<(String, Stored)> = Vec::new();
        for (i, (weights, _)) in self.weights.iter().enumerate() {
            let layers =
                [("first", &weights.first), ("second", &weights.second), ("out", &weights.out)];
            for (name, layer) in layers {
                tensors.extend(quantized(&format!("network.{i}.{name}.weight"), &layer.weight));
                tensors.push((format!("network.{i}.{name}.bias"), Stored::row(&layer.bias)));
            }
        }
        let wide = |array: &Array2<f64>| Stored::f32(&array.mapv(|x| x as f32));
        let flat = |array: &Array1<f64>| Stored::row(&array.mapv(|x| x as f32));
        let named = [
            ("models.vectors", Stored::f32(&*self.vectors)),
            ("models.deviations", Stored::f16(&self.deviations)),
            ("models.specialities", Stored::f32(&known.specialities)),
            ("models.rasch", Stored::row(&known.rasch)),
            ("levels.mean", Stored::f16(&known.levels.mean)),
            ("levels.deviation", Stored::f16(&known.levels.deviation)),
            ("general.loadings", wide(&known.factors.loadings)),
            ("general.noise", flat(&known.factors.noise)),
            ("general.special", flat(&known.factors.special)),
            ("general.chart", wide(&known.chart.map)),
            ("agreement.landmarks", Stored::u32(&known.agreement.landmarks)),
            ("agreement.basis", Stored::f16(&known.agreement.basis)),
            ("inputs.mean", Stored::row(&lens.mean)),
            ("inputs.scale", Stored::row(&lens.scale)),
            ("memory.benchmarks", Stored::u32(benchmarks)),
        ];
        tensors.extend(named.map(|(name, tensor)| (name.to_owned(), tensor)));
        let shared = known.agreement.shared.iter();
        let shared = shared.map(|counts| (SHARED.to_owned(), Stored::u16(counts.counts())));
        tensors.extend(shared);
        let words = &lens.words;
        tensors.extend(in_8_bits("memory.keys", &lens.memory.index.keys));
        tensors.extend(quantized("memory.centers", &lens.memory.index.centers));
        tensors.push(("memory.lists".to_owned(), Stored::u32(&lens.memory.index.sizes)));
        tensors.extend(quantized("memory.summaries", &lens.memory.summaries));
        tensors.extend(quantized("words.weights", &words.line.weights));
        tensors.extend([
            ("words.rarity".to_owned(), Stored::f32(words.tfidf.idf())),
            ("words.bias".to_owned(), Stored::row(&words.line.bias)),
        ]);
        for part in lens.encoder.parts() {
            if let Part::Builtin(builtin) = part {
                let idf = Stored::f32(builtin.tfidf().idf());
                tensors.push(("encoder.rarity".to_owned(), idf));
                tensors.extend(quantized("encoder.projection", builtin.projection()));
            }
        }
        tensors
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        Self::read(bytes, bytes.len() as u64)
    }

    /// Reads a file of `length` bytes sequentially.
    fn read(reader: impl Read, length: u64) -> Result<Self, Fault> {
        let broken = |problem: String| Fault::Broken(problem);
        let header = Header::read(reader, length).map_err(broken)?;
        if header.entries().is_some_and(paper::is_paper) {
            return Err(Fault::Paper);
        }
        let card = header
            .entries()
            .and_then(|entries| entries.get(KEY))
            .ok_or_else(|| broken(format!("a safetensors file without `{KEY}` metadata")))?;
        let Versioned { version } =
            serde_json::from_str(card).map_err(|e| broken(format!("its document: {e}")))?;
        if version > VERSION_OF_MANY {
            return Err(Fault::Newer(version));
        } else if version < VERSION {
            return Err(Fault::Older(version));
        }
        let mut card: Card =
            serde_json::from_str(card).map_err(|e| broken(format!("its document: {e}")))?;
        let read = header.tensors(&BY_COLUMNS).map_err(broken)?.within(LARGEST);
        if version < VERSION_OF_MANY {
            let models = card.models.len();
            ranges::attributes(&card.attributes, models)?;
            return Self::assemble(card, models, &read);
        }
        let models = read.rows("models.vectors")?;
        many::restore_scores(&mut card, models, &read)?;
        let document = many::document(&read)?;
        // Names and attributes are parsed meanwhile, which takes about as long.
        let mut parsed = None;
        let embedder = rayon::in_place_scope(|scope| {
            scope.spawn(|_| parsed = Some(many::parse(&document)));
            Self::assemble(card, models, &read)
        });
        let (names, attributes) = parsed.unwrap_or_else(|| Err("it has no names".into()))?;
        if names.len() != models {
            return Err(broken("the names do not match the vectors".into()));
        }
        ranges::attributes(&attributes, models)?;
        let (models, attributes) = (Arc::new(names), Arc::new(attributes));
        Ok(Self { models, attributes, ..embedder? })
    }

    /// Puts the embedder together, with the names and attributes in the document.
    fn assemble(card: Card, models: usize, read: &Tensors) -> Result<Self, Fault> {
        let broken = |problem: String| Fault::Broken(problem);
        ranges::check(&card, models)?;
        let words = texts::words(card.words, read)?;
        let encoder = texts::encoder(&card.encoder, &words.tfidf, read)?;
        let benchmarks = card.benchmarks.len();
        let width = Featurizer::width(encoder.dim(), words.width());
        let vectors = read.matrix("models.vectors", Some(models), None)?;
        let deviations = read.matrix("models.deviations", Some(models), Some(vectors.ncols()))?;
        if has_negative(&deviations) {
            return Err(broken("a standard deviation of a model is negative".into()));
        }
        let known = knowledge(&card, (models, vectors.ncols()), read)?;
        let outputs = |width: usize| TERMS + width + benchmarks;
        let mut weights = Vec::new();
        for (i, own) in card.networks.iter().enumerate() {
            let layer = |name: &str, inputs: Option<usize>, outputs: Option<usize>| {
                let name = format!("network.{i}.{name}");
                let weight = read.quantized(&format!("{name}.weight"), inputs, outputs)?;
                let bias = read.vector(&format!("{name}.bias"), weight.ncols())?;
                Ok::<_, String>(Layer { weight, bias })
            };
            let first = layer("first", Some(width), None)?;
            let second = layer("second", Some(first.weight.ncols()), None)?;
            let out = layer("out", Some(second.weight.ncols()), Some(outputs(*own)))?;
            weights.push((Weights { first, second, out }, *own));
        }
        let keys = read.in_8_bits("memory.keys", None, Some(encoder.dim()))?;
        let centers = read.quantized("memory.centers", None, Some(encoder.dim()))?;
        let sizes = read.integers("memory.lists", centers.nrows())?;
        let index = Index::from_parts(keys, centers, sizes)
            .ok_or_else(|| broken("memory.lists does not match the keys".into()))?;
        let remembered = read.integers("memory.benchmarks", index.len())?;
        if let Some(wrong) = remembered.iter().find(|b| **b as usize >= benchmarks) {
            return Err(broken(format!(
                "memory.benchmarks refers to benchmark {wrong} of {benchmarks}"
            )));
        }
        let summaries = read.quantized("memory.summaries", Some(index.len()), Some(SUMMARY))?;
        let featurizer = Featurizer {
            encoder,
            words,
            memory: Memory { index, summaries, benchmarks: remembered },
            mean: read.vector("inputs.mean", width)?,
            scale: read.vector("inputs.scale", width)?,
        };
        if featurizer.scale.iter().any(|s| *s <= 0.0) {
            return Err(broken("the scale of an input is not positive".into()));
        }
        let device = Backend::default().device();
        Ok(Self {
            models: Arc::new(card.models),
            attributes: Arc::new(card.attributes),
            benchmarks: card.benchmarks,
            provenance: card.provenance,
            vectors: Arc::new(vectors),
            deviations,
            calibration: card.calibration,
            networks: weights
                .iter()
                .map(|(weights, width)| (Network::from_weights(weights, &device), *width))
                .collect(),
            featurizer,
            weights,
            knowledge: known,
            device,
            mean_strength: OnceLock::new(),
        })
    }
}

fn has_negative(matrix: &Array2<f32>) -> bool {
    // The minimum has no early exit, so it is vectorized.
    let negative = |numbers: &[f32]| numbers.iter().copied().fold(0.0, f32::min) < 0.0;
    matrix.as_slice_memory_order().unwrap_or_default().par_chunks(PIECE).any(negative)
}

/// The knowledge about the models, whose vectors have dimension `width`.
fn knowledge(
    card: &Card,
    (models, width): (usize, usize),
    read: &Tensors,
) -> Result<Knowledge, Fault> {
    let broken = |problem: &str| Fault::Broken(problem.into());
    let categories = card.benchmarks.len();
    let total: usize = card.networks.iter().fold(0, |sum, width| sum.saturating_add(*width));
    if card.networks.is_empty() || width <= GENERAL || categories == 0 {
        return Err(broken("it has no networks, no vectors or no benchmarks"));
    }
    let wide = |array: Array2<f32>| array.mapv(f64::from);
    let of = grouped(&card.benchmarks);
    let groups = of.iter().max().map_or(0, |last| last + 1);
    let loadings = wide(read.matrix("general.loadings", None, Some(GENERAL + 1))?);
    if loadings.nrows() < categories {
        return Err(broken("general.loadings does not cover the benchmarks"));
    }
    let noise = read.vector("general.noise", loadings.nrows())?.mapv(f64::from);
    let special = read.vector("general.special", groups)?.mapv(f64::from);
    let deviation = read.matrix("levels.deviation", Some(models), Some(categories))?;
    if noise.iter().chain(&special).any(|v| *v < LEAST_VARIANCE) || has_negative(&deviation) {
        return Err(broken("a variance of the general factors is not positive"));
    }
    let basis = read.matrix("agreement.basis", None, Some(width - GENERAL - 1))?;
    let landmarks = read.integers("agreement.landmarks", basis.nrows())?;
    if landmarks.iter().any(|m| *m as usize >= models) {
        return Err(broken("agreement.landmarks refers to an unknown model"));
    }
    Ok(Knowledge {
        tested: Tested::new(of.clone(), &answers(&card.benchmarks), models),
        factors: Factors { loadings, noise, special, of },
        levels: Levels {
            mean: read.matrix("levels.mean", Some(models), Some(categories))?,
            deviation,
        },
        specialities: read.matrix("models.specialities", Some(models), Some(total))?,
        rasch: read.vector("models.rasch", models)?,
        agreement: Agreement { landmarks, basis, shared: shared(models, read)? },
        chart: Chart {
            map: wide(read.matrix("general.chart", Some(GENERAL + 1), Some(GENERAL + 1))?),
        },
    })
}

/// The number of questions that pairs of models share, if the file has it.
fn shared(models: usize, read: &Tensors) -> Result<Option<SharedCounts>, String> {
    if !read.has(SHARED) {
        return Ok(None);
    }
    let counts = read.small_integers(SHARED, pairs(models))?;
    let many = || format!("{SHARED} is not supported for {models} models");
    SharedCounts::from_counts(counts, models).map(Some).ok_or_else(many)
}

/// Errors in the bytes of an embedder.
enum Fault {
    Newer(u32),
    Older(u32),
    /// A file of [`super::Paper`].
    Paper,
    Broken(String),
}

impl From<String> for Fault {
    fn from(problem: String) -> Self {
        Self::Broken(problem)
    }
}

/// The integers and scales of a matrix that was [`rounded`](crate::quantized::rounded).
fn quantized(name: &str, matrix: &Array2<f32>) -> [(String, Stored); 2] {
    in_8_bits(name, &Quantized::new(matrix))
}
