//! The BERT and MPNet encoders, forward pass only.
//!
//! Texts are concatenated, one row per token, without padding: linear layers process all tokens at once,
//! attention one text after another.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, s};
use serde::Deserialize;

use super::activation::{gelu, softmax};
use crate::tensors::{Tensors, misshapen};

/// The network's part of config.json.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Config {
    pub(super) model_type: String,
    hidden_size: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    max_position_embeddings: usize,
    #[serde(default = "gelu_name")]
    hidden_act: String,
    #[serde(default = "absolute_name")]
    position_embedding_type: String,
    #[serde(default = "epsilon")]
    layer_norm_eps: f32,
    #[serde(default = "buckets")]
    relative_attention_num_buckets: usize,
    #[serde(default = "padding")]
    pad_token_id: usize,
}

fn gelu_name() -> String {
    "gelu".into()
}

fn absolute_name() -> String {
    "absolute".into()
}

fn epsilon() -> f32 {
    1e-12
}

fn buckets() -> usize {
    32
}

fn padding() -> usize {
    1
}

/// The weights.
pub(super) struct Transformer {
    /// Vocabulary × width.
    words: Array2<f32>,
    /// Positions × width, including BERT's embedding of the first segment.
    positions: Array2<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
    /// Heads × (2 · positions − 1): the relative position bias (MPNet).
    distances: Option<Array2<f32>>,
}

struct Layer {
    /// Queries (already scaled), keys and values, concatenated.
    attention: Linear,
    mixed: Linear,
    after_attention: Norm,
    up: Linear,
    down: Linear,
    after: Norm,
}

struct Linear {
    /// Inputs × outputs.
    weight: Array2<f32>,
    bias: Array1<f32>,
}

struct Norm {
    scale: Array1<f32>,
    shift: Array1<f32>,
    epsilon: f32,
}

/// The tensor names of one architecture.
struct Names {
    prefixes: [&'static str; 2],
    heads: [&'static str; 3],
    mixed: &'static str,
    after_attention: &'static str,
}

const BERT: Names = Names {
    prefixes: ["", "bert."],
    heads: ["attention.self.query", "attention.self.key", "attention.self.value"],
    mixed: "attention.output.dense",
    after_attention: "attention.output.LayerNorm",
};

const MPNET: Names = Names {
    prefixes: ["", "mpnet."],
    heads: ["attention.attn.q", "attention.attn.k", "attention.attn.v"],
    mixed: "attention.attn.o",
    after_attention: "attention.LayerNorm",
};

impl Transformer {
    /// Reads the weights from a file. Fails with a message if something does not match.
    pub(super) fn read(config: &Config, tensors: &Tensors) -> Result<Self, String> {
        let names = match config.model_type.as_str() {
            "bert" => BERT,
            "mpnet" => MPNET,
            other => return Err(format!("its architecture is `{other}`")),
        };
        let (width, heads) = (config.hidden_size, config.num_attention_heads);
        if config.hidden_act != "gelu" {
            return Err(format!("its activation is `{}`, not `gelu`", config.hidden_act));
        }
        if config.position_embedding_type != "absolute" {
            return Err(format!("its positions are `{}`", config.position_embedding_type));
        }
        if width == 0 || heads == 0 || width % heads != 0 {
            return Err(format!("the width {width} is not divisible by {heads} heads"));
        }
        let [plain, long] = names.prefixes;
        let words = "embeddings.word_embeddings.weight";
        let prefix = if tensors.has(words) { plain } else { long };
        let read = Reader { tensors, prefix, width, epsilon: config.layer_norm_eps };

        let words = read.matrix(words, None, width)?;
        let name = "embeddings.position_embeddings.weight";
        let mut positions = read.matrix(name, Some(config.max_position_embeddings), width)?;
        let mut distances = None;
        if config.model_type == "bert" {
            let segments = read.matrix("embeddings.token_type_embeddings.weight", None, width)?;
            if segments.nrows() == 0 {
                return Err(misshapen("embeddings.token_type_embeddings.weight", &[0, width]));
            }
            positions += &segments.row(0);
        } else {
            // Positions start after the padding index.
            let first = (config.pad_token_id + 1).min(positions.nrows());
            positions = positions.slice_move(s![first.., ..]);
            let buckets = config.relative_attention_num_buckets;
            if buckets < 4 {
                return Err(format!("{buckets} buckets of distances are too few"));
            }
            let name = "encoder.relative_attention_bias.weight";
            let bias = read.matrix(name, Some(buckets), heads)?;
            distances = Some(spread(&bias, positions.nrows()));
        }
        let layers = (0..config.num_hidden_layers).map(|i| read.layer(i, &names, heads));
        let layers = layers.collect::<Result<_, _>>()?;
        let norm = read.norm("embeddings.LayerNorm")?;
        Ok(Self { words, positions, norm, layers, heads, distances })
    }

    /// Dimension of a vector.
    pub(super) fn width(&self) -> usize {
        self.words.ncols()
    }

    /// `bert` or `mpnet`.
    pub(super) fn architecture(&self) -> &'static str {
        if self.distances.is_some() { "mpnet" } else { "bert" }
    }

    /// Maximum number of tokens of a text.
    pub(super) fn positions(&self) -> usize {
        self.positions.nrows()
    }

    /// Size of the vocabulary.
    pub(super) fn vocabulary(&self) -> usize {
        self.words.nrows()
    }

    /// The contextual vectors of all tokens of `texts`, one text after another: tokens × width. Every token
    /// must be in the vocabulary and no text longer than [`Self::positions`].
    pub(super) fn forward(&self, texts: &[&[u32]]) -> Array2<f32> {
        let tokens = texts.iter().map(|text| text.len()).sum();
        let width = self.width();
        let mut x = Array2::zeros((tokens, width));
        let mut rows = x.rows_mut().into_iter();
        for text in texts {
            for ((token, position), mut row) in
                text.iter().zip(self.positions.rows()).zip(rows.by_ref())
            {
                row.assign(&self.words.row(*token as usize));
                row += &position;
            }
        }
        self.norm.apply(&mut x);
        for layer in &self.layers {
            let heads = layer.attention.apply(&x);
            let mixed = layer.mixed.apply(&self.attend(&heads, texts));
            x += &mixed;
            layer.after_attention.apply(&mut x);
            let mut hidden = layer.up.apply(&x);
            if let Some(hidden) = hidden.as_slice_mut() {
                gelu(hidden);
            }
            x += &layer.down.apply(&hidden);
            layer.after.apply(&mut x);
        }
        x
    }

    /// Attention within each text; `heads` has queries, keys and values, concatenated.
    fn attend(&self, heads: &Array2<f32>, texts: &[&[u32]]) -> Array2<f32> {
        let width = self.width();
        let each = width / self.heads;
        let mut out = Array2::zeros((heads.nrows(), width));
        let mut start = 0;
        for text in texts {
            let (n, rows) = (text.len(), start..start + text.len());
            start += n;
            let mut scores = Array2::zeros((n, n));
            for head in 0..self.heads {
                let part = |kind: usize| {
                    let from = kind * width + head * each;
                    heads.slice(s![rows.clone(), from..from + each])
                };
                general_mat_mul(1.0, &part(0), &part(1).t(), 0.0, &mut scores);
                for (i, mut row) in scores.rows_mut().into_iter().enumerate() {
                    if let Some(distances) = &self.distances {
                        let first = self.positions() - 1 - i;
                        row += &distances.slice(s![head, first..first + n]);
                    }
                    if let Some(row) = row.as_slice_mut() {
                        softmax(row);
                    }
                }
                let columns = head * each..(head + 1) * each;
                let mut to = out.slice_mut(s![rows.clone(), columns]);
                general_mat_mul(1.0, &scores, &part(2), 0.0, &mut to);
            }
        }
        out
    }
}

/// Buckets × heads, expanded to all distances (of the key from the query): heads × (2n − 1).
fn spread(bias: &Array2<f32>, n: usize) -> Array2<f32> {
    let n = n.max(1);
    Array2::from_shape_fn((bias.ncols(), 2 * n - 1), |(head, i)| {
        bias[[bucket(i as i64 - (n as i64 - 1), bias.nrows()), head]]
    })
}

/// The bucket of a distance: half of the buckets for keys up to the query, half for those after it; in each,
/// small distances have their own bucket and larger ones share buckets logarithmically, up to 128 (T5, arXiv
/// 1910.10683, section 2.1, as used by MPNet).
fn bucket(distance: i64, buckets: usize) -> usize {
    const FARTHEST: f32 = 128.0;
    let half = buckets / 2;
    let exact = half / 2;
    let far = distance.unsigned_abs() as usize;
    let within = if far < exact {
        far
    } else {
        let share = (far as f32 / exact as f32).ln() / (FARTHEST / exact as f32).ln();
        (exact + (share * (half - exact) as f32) as usize).min(half - 1)
    };
    within + if distance > 0 { half } else { 0 }
}

impl Linear {
    fn apply(&self, x: &Array2<f32>) -> Array2<f32> {
        let mut out = x.dot(&self.weight);
        out += &self.bias;
        out
    }
}

impl Norm {
    fn apply(&self, x: &mut Array2<f32>) {
        let n = x.ncols() as f32;
        for mut row in x.rows_mut() {
            let mean = row.sum() / n;
            row -= mean;
            let scale = 1.0 / (row.dot(&row) / n + self.epsilon).sqrt();
            row *= scale;
            row *= &self.scale;
            row += &self.shift;
        }
    }
}

struct Reader<'a, 't> {
    tensors: &'a Tensors<'t>,
    prefix: &'static str,
    width: usize,
    epsilon: f32,
}

impl Reader<'_, '_> {
    fn matrix(
        &self,
        name: &str,
        rows: Option<usize>,
        columns: usize,
    ) -> Result<Array2<f32>, String> {
        self.tensors.matrix(&format!("{}{name}", self.prefix), rows, Some(columns))
    }

    fn vector(&self, name: &str, length: usize) -> Result<Array1<f32>, String> {
        self.tensors.vector(&format!("{}{name}", self.prefix), length)
    }

    fn norm(&self, name: &str) -> Result<Norm, String> {
        Ok(Norm {
            scale: self.vector(&format!("{name}.weight"), self.width)?,
            shift: self.vector(&format!("{name}.bias"), self.width)?,
            epsilon: self.epsilon,
        })
    }

    fn linear(&self, name: &str, inputs: usize) -> Result<Linear, String> {
        // Stored as outputs × inputs.
        let weight = self.matrix(&format!("{name}.weight"), None, inputs)?;
        let bias = self.vector(&format!("{name}.bias"), weight.nrows())?;
        Ok(Linear { weight: weight.reversed_axes(), bias })
    }

    fn layer(&self, i: usize, names: &Names, heads: usize) -> Result<Layer, String> {
        let (name, width) = (|part: &str| format!("encoder.layer.{i}.{part}"), self.width);
        let mut attention =
            Linear { weight: Array2::zeros((width, 3 * width)), bias: Array1::zeros(3 * width) };
        for (kind, part) in names.heads.iter().enumerate() {
            let part = self.linear(&name(part), width)?;
            let columns = kind * width..(kind + 1) * width;
            if part.weight.ncols() != width {
                return Err(misshapen(&name(names.heads[kind]), part.weight.shape()));
            }
            // Attention scores are divided by the square root of the head width: done once, in the queries.
            let scale = if kind == 0 { 1.0 / ((width / heads) as f32).sqrt() } else { 1.0 };
            attention.weight.slice_mut(s![.., columns.clone()]).assign(&(part.weight * scale));
            attention.bias.slice_mut(s![columns]).assign(&(part.bias * scale));
        }
        let mixed = self.linear(&name(names.mixed), width)?;
        let up = self.linear(&name("intermediate.dense"), width)?;
        let down = self.linear(&name("output.dense"), up.weight.ncols())?;
        for (part, linear) in [(names.mixed, &mixed), ("output.dense", &down)] {
            if linear.weight.ncols() != width {
                return Err(misshapen(&name(part), linear.weight.shape()));
            }
        }
        Ok(Layer {
            attention,
            mixed,
            after_attention: self.norm(&name(names.after_attention))?,
            up,
            down,
            after: self.norm(&name("output.LayerNorm"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_fall_into_buckets() {
        // Exact up to 7 on either side, then logarithmic, then one for all from 128 on.
        let buckets: Vec<usize> =
            [0, -1, -7, -8, -127, -500, 1, 7, 8, 500].map(|d| bucket(d, 32)).into();
        assert_eq!(buckets, [0, 1, 7, 8, 15, 15, 17, 23, 24, 31]);
    }
}
