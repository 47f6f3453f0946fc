//! The trainable part, in burn: EmbedLLM's `model vector ⊙ projected question → logit` (section 3.2
//! of the paper) with a term for the model, a term for the question, a small non-linear head on the
//! question, and the benchmark as a second task.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use ndarray::{Array1, Array2, ArrayView2, s};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Units of each hidden layer of the projector of one trained network.
pub(super) const HIDDEN: usize = 256;

/// Sizes of a [`Network`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) inputs: usize,
    pub(super) models: usize,
    /// Numbers in a model's vector besides its ability.
    pub(super) dim: usize,
    pub(super) benchmarks: usize,
}

/// The parameters.
#[derive(Module, Debug)]
pub(super) struct Network {
    first: Linear,
    second: Linear,
    /// Projects onto `dim` numbers and the question's own term.
    out: Linear,
    /// The second task, only while training.
    benchmark: Option<Linear>,
    /// Models × dim.
    vectors: Param<Tensor<2>>,
    /// One term a model.
    ability: Param<Tensor<1>>,
}

/// What a forward pass gives. The logit of a response is `general + special`.
pub(super) struct Output {
    /// Questions × models: the model's ability and the question's own term.
    pub(super) general: Tensor<2>,
    /// Questions × models: the match of model vector and projected question.
    pub(super) special: Tensor<2>,
    /// Questions × benchmarks, while training.
    pub(super) benchmarks: Option<Tensor<2>>,
}

/// Multipliers of the hidden units of a batch: dropout, drawn by the caller so that a seed gives
/// the same training on every backend.
pub(super) struct Masks {
    pub(super) first: Tensor<2>,
    pub(super) second: Tensor<2>,
}

impl Network {
    /// A fresh network; the terms of the models start at `ability`.
    pub(super) fn new(
        sizes: Sizes,
        ability: &[f32],
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        let mut linear = |inputs, outputs| linear(inputs, outputs, rng, device);
        let (first, second) = (linear(sizes.inputs, HIDDEN), linear(HIDDEN, HIDDEN));
        let (out, benchmark) = (linear(HIDDEN, sizes.dim + 1), linear(HIDDEN, sizes.benchmarks));
        let normal = || -> f32 { StandardNormal.sample(rng) };
        let vectors: Vec<f32> = std::iter::repeat_with(normal)
            .map(|x| 0.1 * x)
            .take(sizes.models * sizes.dim)
            .collect();
        let vectors = TensorData::new(vectors, [sizes.models, sizes.dim]);
        let ability = TensorData::new(ability.to_vec(), [sizes.models]);
        Self {
            first,
            second,
            out,
            benchmark: Some(benchmark),
            vectors: Param::from_data(vectors, device),
            ability: Param::from_data(ability, device),
        }
    }

    fn hidden(&self, inputs: Tensor<2>, masks: Option<Masks>) -> Tensor<2> {
        match masks {
            Some(masks) => {
                let first = relu(self.first.forward(inputs)) * masks.first;
                relu(self.second.forward(first)) * masks.second
            }
            None => relu(self.second.forward(relu(self.first.forward(inputs)))),
        }
    }

    /// Projected questions and, last, the questions' own term: questions × (dim + 1).
    pub(super) fn project(&self, inputs: Tensor<2>) -> Tensor<2> {
        self.out.forward(self.hidden(inputs, None))
    }

    /// How many models it has vectors of.
    pub(super) fn models(&self) -> usize {
        self.ability.dims()[0]
    }

    /// Logits of a batch of questions (questions × inputs).
    pub(super) fn forward(&self, inputs: Tensor<2>, masks: Option<Masks>) -> Output {
        let hidden = self.hidden(inputs, masks);
        let benchmarks = self.benchmark.as_ref().map(|task| task.forward(hidden.clone()));
        let projected = self.out.forward(hidden);
        let [questions, width] = projected.dims();
        let dim = width - 1;
        let question = projected.clone().slice([0..questions, 0..dim]);
        let ease = projected.slice([0..questions, dim..width]);
        let special = question.matmul(self.vectors.val().transpose());
        let general = ease + self.ability.val().unsqueeze();
        Output { general, special, benchmarks }
    }

    /// The parameters as plain arrays.
    pub(super) fn weights(&self) -> Weights {
        Weights {
            first: Layer::of(&self.first),
            second: Layer::of(&self.second),
            out: Layer::of(&self.out),
            vectors: array2(self.vectors.val()),
            ability: array1(self.ability.val()),
            fallback: Array1::zeros(0),
        }
    }

    /// A network with given parameters.
    pub(super) fn from_weights(weights: &Weights, device: &Device) -> Self {
        let layer = |layer: &Layer| Linear {
            weight: Param::from_data(data2(layer.weight.view()), device),
            bias: Some(Param::from_data(data1(&layer.bias), device)),
        };
        Self {
            first: layer(&weights.first),
            second: layer(&weights.second),
            out: layer(&weights.out),
            benchmark: None,
            vectors: Param::from_data(data2(weights.vectors.view()), device),
            ability: Param::from_data(data1(&weights.ability), device),
        }
    }
}

/// The parameters of a linear layer: inputs × outputs, and outputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    pub(super) weight: Array2<f32>,
    pub(super) bias: Array1<f32>,
}

impl Layer {
    pub(super) fn of(linear: &Linear) -> Self {
        let bias = linear.bias.as_ref().map(|bias| array1(bias.val())).unwrap_or_default();
        Self { weight: array2(linear.weight.val()), bias }
    }
}

/// All parameters but those of the second task as plain arrays: what is kept of the best epoch, and
/// what a file holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weights {
    pub(super) first: Layer,
    pub(super) second: Layer,
    pub(super) out: Layer,
    pub(super) vectors: Array2<f32>,
    pub(super) ability: Array1<f32>,
    /// The Rasch ability of each model above the mean model: what its forecast falls back to where
    /// its speciality is not supported.
    pub(super) fallback: Array1<f32>,
}

impl Weights {
    /// One network that gives the mean of the logits of several: hidden units and dimensions of the
    /// vectors stand side by side, without connections between the networks.
    pub(super) fn merged(members: &[Self]) -> Self {
        let share = 1.0 / members.len() as f32;
        let sum = |size: fn(&Self) -> usize| members.iter().map(size).sum::<usize>();
        let hidden = sum(|w| w.first.weight.ncols());
        let dim = sum(|w| w.vectors.ncols());
        let (inputs, models) =
            members.first().map_or((0, 0), |w| (w.first.weight.nrows(), w.vectors.nrows()));
        let layer = |inputs, outputs| Layer {
            weight: Array2::zeros((inputs, outputs)),
            bias: Array1::zeros(outputs),
        };
        let mut merged = Self {
            first: layer(inputs, hidden),
            second: layer(hidden, hidden),
            out: layer(hidden, dim + 1),
            vectors: Array2::zeros((models, dim)),
            ability: Array1::zeros(models),
            fallback: Array1::zeros(models),
        };
        let (mut h, mut d) = (0, 0);
        for member in members {
            let units = h..h + member.first.weight.ncols();
            let dims = d..d + member.vectors.ncols();
            let own = member.vectors.ncols();
            merged.first.weight.slice_mut(s![.., units.clone()]).assign(&member.first.weight);
            merged.first.bias.slice_mut(s![units.clone()]).assign(&member.first.bias);
            let second = s![units.clone(), units.clone()];
            merged.second.weight.slice_mut(second).assign(&member.second.weight);
            merged.second.bias.slice_mut(s![units.clone()]).assign(&member.second.bias);
            let (z, ease) = member.out.weight.view().split_at(ndarray::Axis(1), own);
            merged.out.weight.slice_mut(s![units.clone(), dims.clone()]).assign(&z);
            merged.out.weight.slice_mut(s![units.clone(), dim..]).assign(&(&ease * share));
            merged.out.bias.slice_mut(s![dims.clone()]).assign(&member.out.bias.slice(s![..own]));
            merged.out.bias[dim] += member.out.bias[own] * share;
            merged.vectors.slice_mut(s![.., dims.clone()]).assign(&(&member.vectors * share));
            merged.ability.scaled_add(share, &member.ability);
            (h, d) = (units.end, dims.end);
        }
        merged
    }

    /// The vectors of the models as the world sees them: models × (1 + dim), ability first.
    pub(super) fn model_vectors(&self) -> Array2<f32> {
        let mut joined = Array2::zeros((self.vectors.nrows(), self.vectors.ncols() + 1));
        joined.column_mut(0).assign(&self.ability);
        joined.slice_mut(s![.., 1..]).assign(&self.vectors);
        joined
    }
}

/// A linear layer with all parameters uniform in ±1/√inputs.
pub(super) fn linear(
    inputs: usize,
    outputs: usize,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Linear {
    let bound = (inputs as f32).sqrt().recip();
    let mut uniform =
        |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-bound..bound)).collect() };
    let weight = TensorData::new(uniform(inputs * outputs), [inputs, outputs]);
    let bias = TensorData::new(uniform(outputs), [outputs]);
    Linear { weight: Param::from_data(weight, device), bias: Some(Param::from_data(bias, device)) }
}

pub(super) fn data2(array: ArrayView2<'_, f32>) -> TensorData {
    TensorData::new(array.iter().copied().collect::<Vec<f32>>(), [array.nrows(), array.ncols()])
}

fn data1(array: &Array1<f32>) -> TensorData {
    TensorData::new(array.to_vec(), [array.len()])
}

pub(super) fn array2(tensor: Tensor<2>) -> Array2<f32> {
    let [rows, columns] = tensor.dims();
    // All tensors here are f32, and a tensor has as many values as its shape says.
    let values = tensor.into_data().try_to_vec::<f32>().unwrap_or_default();
    Array2::from_shape_vec((rows, columns), values).unwrap_or_default()
}

fn array1(tensor: Tensor<1>) -> Array1<f32> {
    Array1::from_vec(tensor.into_data().try_to_vec::<f32>().unwrap_or_default())
}
