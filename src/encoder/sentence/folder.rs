//! Reads an encoder from a folder.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokenizers::Tokenizer;
use tokenizers::utils::truncation::TruncationParams;
use xxhash_rust::xxh3::Xxh3;

use super::lookup::Lookup;
use super::pooling::Pooling;
use super::transformer::{Config, Transformer};
use super::{Identity, Network, Sentence};
use crate::error::{Error, Result};
use crate::tensors::Tensors;
use crate::unpack::{self, refuse_pointer};

/// Maximum number of tokens for model2vec, unless the folder has a limit.
const LOOKUP_TOKENS: usize = 512;
/// Maximum size of a tokenizer: 256 MiB.
const TOKENIZER: u64 = 256 << 20;

/// An entry of modules.json.
#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The pooling of `1_Pooling/config.json`, in the formats of old and new versions of sentence-transformers.
fn pooling(config: &Map<String, Value>) -> Option<Pooling> {
    let old = config.iter().filter(|(_, on)| **on == Value::Bool(true));
    let mut old = old.filter_map(|(key, _)| key.strip_prefix("pooling_mode_"));
    let mode = config.get("pooling_mode").and_then(Value::as_str).or_else(|| old.next());
    match (mode?, old.next()) {
        ("mean" | "mean_tokens", None) => Some(Pooling::Mean),
        ("cls" | "cls_token", None) => Some(Pooling::First),
        _ => None,
    }
}

/// The used part of `sentence_bert_config.json`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Limits {
    max_seq_length: Option<usize>,
}

/// The used part of `tokenizer_config.json`; a huge number means no limit.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenizerConfig {
    model_max_length: Option<f64>,
}

/// The used part of a static encoder's config.json.
#[derive(Default, Deserialize)]
#[serde(default)]
struct LookupConfig {
    normalize: bool,
    seq_length: Option<usize>,
}

/// Only the type, which is read first.
#[derive(Deserialize)]
struct Kind {
    model_type: Option<String>,
}

/// The contents of modules.json.
struct Plan {
    /// The folder of the token vectors and the tokenizer.
    weights: PathBuf,
    lookup: bool,
    pooling: Pooling,
    normalize: bool,
}

impl Sentence {
    /// Reads a sentence-transformers folder (BERT, MPNet or static), a model2vec folder, or any folder with
    /// tokenizer.json and one `.safetensors` file with one matrix.
    ///
    /// # Errors
    /// [`Error::Input`] with the file that is missing, invalid, or of an unsupported type.
    pub fn read(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            return Err(Error::input(
                folder,
                "no such folder",
                "pass the folder of a sentence encoder, or `llmap fetch minilm`",
            ));
        }
        let mut plan = Plan::read(folder)?;
        let weights_file = weights_file(&plan.weights)?;
        let bytes = unpack::bytes(&weights_file, unpack::WEIGHTS)?;
        refuse_pointer(&weights_file, &bytes)?;
        let invalid = |problem: String| unfit(&weights_file, problem);
        let tensors = Tensors::new(&bytes).map_err(invalid)?;
        let (mut tokenizer, tokenizer_bytes) = tokenizer(&plan.weights)?;

        let (network, limit) = if plan.lookup {
            let lookup = lookup(&tensors, &tokenizer).map_err(invalid)?;
            // Only model2vec limits the length.
            let config: Option<LookupConfig> = optional(&plan.weights.join("config.json"))?;
            plan.normalize |= config.as_ref().is_some_and(|config| config.normalize);
            let limit = config.map(|config| config.seq_length.unwrap_or(LOOKUP_TOKENS));
            (Network::Lookup(lookup), limit)
        } else {
            let config: Config = json(&plan.weights.join("config.json"))?;
            let transformer = Transformer::read(&config, &tensors).map_err(invalid)?;
            let limit = token_limit(&plan.weights)?.min(transformer.positions());
            (Network::Transformer(Box::new(transformer), plan.pooling), Some(limit))
        };
        if let Some(limit @ ..3) = limit {
            return Err(unfit(folder, format!("it is limited to {limit} tokens")));
        }
        let tokenizer_file = plan.weights.join("tokenizer.json");
        let truncation =
            limit.map(|limit| TruncationParams { max_length: limit, ..Default::default() });
        tokenizer.with_padding(None);
        tokenizer.with_truncation(truncation).map_err(|e| unfit(&tokenizer_file, e.to_string()))?;
        let highest = tokenizer.get_vocab(true).into_values().max().unwrap_or_default();
        if highest as usize >= network.vocabulary() {
            return Err(unfit(
                &tokenizer_file,
                format!("it has a token {highest} but only {} vectors", network.vocabulary()),
            ));
        }
        let mut hash = Xxh3::new();
        hash.update(&bytes);
        hash.update(&tokenizer_bytes);
        hash.update(&[u8::from(plan.normalize), u8::from(plan.pooling == Pooling::First)]);
        hash.update(&(limit.unwrap_or_default() as u64).to_le_bytes());
        let identity = Identity {
            name: name(folder),
            architecture: network.architecture(),
            dim: network.width(),
            hash: format!("{:032x}", hash.digest128()),
        };
        Ok(Self { identity, tokenizer, special: !plan.lookup, network, normalize: plan.normalize })
    }
}

impl Plan {
    fn read(folder: &Path) -> Result<Self> {
        let mut plan = Self {
            weights: folder.to_owned(),
            lookup: false,
            pooling: Pooling::Mean,
            normalize: false,
        };
        let file = folder.join("modules.json");
        let Some(modules) = optional::<Vec<Module>>(&file)? else {
            let kind: Option<Kind> = optional(&folder.join("config.json"))?;
            let kind = kind.and_then(|kind| kind.model_type);
            plan.lookup = kind.is_none_or(|kind| kind == "model2vec");
            return Ok(plan);
        };
        for module in modules {
            let path = inside(folder, &module.path).ok_or_else(|| {
                unfit(&file, format!("its path `{}` leaves the folder", module.path))
            })?;
            match module.kind.rsplit('.').next().unwrap_or_default() {
                "Transformer" => plan.weights = path,
                "StaticEmbedding" => (plan.weights, plan.lookup) = (path, true),
                "Normalize" => plan.normalize = true,
                "Pooling" => {
                    let config = json(&path.join("config.json"))?;
                    plan.pooling = pooling(&config).ok_or_else(|| {
                        let problem = "its pooling is neither the mean nor the first token";
                        unfit(&path.join("config.json"), problem.into())
                    })?;
                }
                other => return Err(unfit(&file, format!("it has a module `{other}`"))),
            }
        }
        Ok(plan)
    }
}

/// An untrusted path, if it stays inside the folder.
fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let plain = |part| matches!(part, std::path::Component::Normal(_));
    Path::new(path).components().all(plain).then(|| folder.join(path))
}

fn unfit(file: &Path, problem: String) -> Error {
    Error::input(
        file,
        problem,
        "use a sentence-transformers folder with BERT or MPNet, or static vectors",
    )
}

fn name(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    // The hub's cache keeps a model's files under models--owner--name/snapshots/revision.
    let parts = folder.components().rev().filter_map(|part| part.as_os_str().to_str());
    let hub = parts.clone().find_map(|part| part.strip_prefix("models--"));
    let hub = hub.and_then(|name| name.rsplit("--").next());
    hub.or_else(|| parts.clone().next()).unwrap_or("encoder").to_owned()
}

fn json<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let text = unpack::settings(file)?;
    serde_json::from_str(&text).map_err(|e| Error::Input {
        file: file.to_owned(),
        line: Some(e.line() as u64),
        problem: e.to_string(),
        fix: "download or copy the folder again".into(),
    })
}

fn optional<T: DeserializeOwned>(file: &Path) -> Result<Option<T>> {
    if file.exists() { json(file).map(Some) } else { Ok(None) }
}

/// `model.safetensors`, or the only file of that type.
fn weights_file(folder: &Path) -> Result<PathBuf> {
    let usual = folder.join("model.safetensors");
    if usual.is_file() {
        return Ok(usual);
    }
    let entries = fs::read_dir(folder).map_err(|e| Error::io(folder, e))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> =
        files.filter(|f| f.extension().is_some_and(|e| e == "safetensors")).collect();
    match (files.pop(), files.is_empty()) {
        (Some(file), true) => Ok(file),
        _ => Err(Error::input(
            &usual,
            "no such file",
            "the weights must be in safetensors format; llmap does not read pickle",
        )),
    }
}

/// Maximum number of tokens for a transformer, according to its folder.
fn token_limit(folder: &Path) -> Result<usize> {
    let limits: Limits = optional(&folder.join("sentence_bert_config.json"))?.unwrap_or_default();
    let config: TokenizerConfig =
        optional(&folder.join("tokenizer_config.json"))?.unwrap_or_default();
    let length = limits.max_seq_length.or(config.model_max_length.map(|limit| limit as usize));
    Ok(length.unwrap_or(usize::MAX))
}

fn tokenizer(folder: &Path) -> Result<(Tokenizer, Vec<u8>)> {
    let file = folder.join("tokenizer.json");
    let bytes = unpack::bytes(&file, TOKENIZER)?;
    let tokenizer = Tokenizer::from_bytes(&bytes).map_err(|e| unfit(&file, e.to_string()))?;
    Ok((tokenizer, bytes))
}

/// The matrix of a static encoder, with the token weights and mapping of model2vec applied.
fn lookup(tensors: &Tensors, tokenizer: &Tokenizer) -> Result<Lookup, String> {
    let names = tensors.names();
    let known = ["embeddings", "embedding.weight"];
    let name = known.into_iter().find(|known| tensors.has(known));
    let name = match (name, &names[..]) {
        (Some(name), _) => name,
        (None, [only]) => only.as_str(),
        _ => return Err("it has more than one tensor, but none called `embeddings`".into()),
    };
    let mut vectors = tensors.matrix(name, None, None)?;
    if vectors.ncols() == 0 {
        return Err("its vectors have dimension 0".into());
    }
    if tensors.has("mapping") {
        return Err("its tokens share vectors (`mapping`)".into());
    }
    if tensors.has("weights") {
        let weights = tensors.vector("weights", vectors.nrows())?;
        vectors *= &weights.insert_axis(ndarray::Axis(1));
    }
    let unknown = ["[UNK]", "<unk>"].into_iter().find_map(|token| tokenizer.token_to_id(token));
    // Only model2vec drops unknown tokens.
    Ok(Lookup { vectors, unknown: unknown.filter(|_| name == "embeddings") })
}
