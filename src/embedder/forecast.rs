//! From features to logits, and how far they can be trusted.

use burn::tensor::{Device, Tensor};
use ndarray::{Array2, Axis, s};

use super::Benchmark;
use super::features::Features;
use super::network::{Network, Weights, array2, data2};
use crate::metrics::Judged;

/// Questions that pass through the network at once.
const BLOCK: usize = 1024;

/// How far each model was tested on the like of each question: 1 where at least a twentieth of the
/// nearest training questions are of benchmarks that it was run on, 0 where none is.
pub(super) fn support(benchmarks: &[Benchmark], models: usize, features: &Features) -> Array2<f32> {
    /// The share of the nearest questions that tells enough.
    const ENOUGH: f32 = 0.05;
    let mut support = Array2::zeros((features.len(), models));
    for (mut row, like) in support.rows_mut().into_iter().zip(features.like.rows()) {
        let known = like.iter().filter_map(|b| benchmarks.get(*b as usize));
        for benchmark in known {
            for (share, score) in row.iter_mut().zip(&benchmark.scores) {
                *share += f32::from(u8::from(score.is_some()));
            }
        }
        row.mapv_inplace(|n: f32| (n / (ENOUGH * like.len() as f32)).min(1.0));
    }
    support
}

pub(super) fn tensor(array: &Array2<f32>, device: &Device) -> Tensor<2> {
    Tensor::from_data(data2(array.view()), device)
}

/// How far the special part of a logit counts.
#[derive(Clone, Copy)]
pub(super) struct Gate<'a> {
    /// Questions × models, in [0, 1].
    pub(super) support: &'a Array2<f32>,
    /// What takes the place of a model's ability and speciality without support.
    pub(super) weights: &'a Weights,
}

/// Logits of all models on all questions, in blocks that bound the hidden layers. With a gate, a
/// logit goes over to the question's ease and the model's fallback as far as support is lacking.
pub(super) fn predict(
    network: &Network,
    features: &Features,
    gate: Option<Gate>,
    device: &Device,
) -> Array2<f32> {
    let mut out: Option<Array2<f32>> = None;
    for (i, block) in features.inputs.axis_chunks_iter(Axis(0), BLOCK).enumerate() {
        let output = network.forward(Tensor::from_data(data2(block), device), None);
        let general = array2(output.general);
        let mut logits = &general + &array2(output.special);
        if let Some(Gate { support, weights }) = gate {
            let support = support.slice(s![i * BLOCK..i * BLOCK + block.nrows(), ..]);
            let without = general - &weights.ability + &weights.fallback;
            logits = &without + (logits - &without) * support;
        }
        match &mut out {
            None => out = Some(logits),
            // Blocks are equally wide: appending cannot fail.
            Some(out) => drop(out.append(Axis(0), logits.view())),
        }
    }
    out.unwrap_or_else(|| Array2::zeros((0, network.models())))
}

/// The projected questions, with the question's own term and a 1 for the ability before them, in
/// blocks that bound the hidden layers.
pub(super) fn project(network: &Network, features: &Features, device: &Device) -> Array2<f32> {
    let mut out: Option<Array2<f32>> = None;
    for block in features.inputs.axis_chunks_iter(Axis(0), BLOCK) {
        let projected = array2(network.project(Tensor::from_data(data2(block), device)));
        let dim = projected.ncols() - 1;
        let mut block = Array2::ones((projected.nrows(), dim + 2));
        block.column_mut(0).assign(&projected.column(dim));
        block.slice_mut(s![.., 2..]).assign(&projected.slice(s![.., ..dim]));
        match &mut out {
            None => out = Some(block),
            // Blocks are equally wide: appending cannot fail.
            Some(out) => drop(out.append(Axis(0), block.view())),
        }
    }
    out.unwrap_or_default()
}

/// The entries of a questions × models matrix that were observed, laid out as `judged`.
pub(crate) fn observed(matrix: &Array2<f32>, judged: &Judged) -> Vec<f32> {
    let rows = judged.ranges().enumerate();
    rows.flat_map(|(i, range)| range.map(move |r| matrix[[i, judged.models[r]]])).collect()
}
