//! The trainable part, in burn: from the features of a question to its parameters.
//!
//! EmbedLLM's logit is `model vector ⊙ projected question` (section 3.2 of the paper). Here it has more
//! terms: `logit = slope · level + ease + model · direction + shift`, where the level is the posterior of the
//! model on the likely categories of the question (see [`super::levels`]). The network predicts slope, ease,
//! shift, direction, and the probability of each category.

use burn::module::{Module, Param, ParamId};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::quantized::rounded;

/// Units of each hidden layer.
pub(super) const HIDDEN: usize = 256;
/// Maximum deviation of a slope from 1.
const BEND: f32 = 0.3;
/// Outputs before the direction: ease, slope, shift.
pub(super) const TERMS: usize = 3;

/// The parameters.
#[derive(Module, Debug)]
pub(super) struct Network {
    first: Linear,
    second: Linear,
    out: Linear,
}

impl Network {
    /// A new network with these numbers of inputs and outputs.
    pub(super) fn new(
        inputs: usize,
        outputs: usize,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        let mut linear = |inputs, outputs| linear(inputs, outputs, rng, device);
        Self {
            first: linear(inputs, HIDDEN),
            second: linear(HIDDEN, HIDDEN),
            out: linear(HIDDEN, outputs),
        }
    }

    /// Questions × outputs.
    pub(super) fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        self.out.forward(relu(self.second.forward(relu(self.first.forward(inputs)))))
    }

    /// The same with multipliers for the units of each hidden layer, returned by `gate`: rectifier and dropout
    /// in one.
    pub(super) fn gated(
        &self,
        inputs: Tensor<2>,
        mut gate: impl FnMut(Vec<f32>) -> Tensor<2>,
    ) -> Tensor<2> {
        let mut through = |units: Tensor<2>| {
            let open = gate(values(units.clone().inner()));
            units * open
        };
        let first = through(self.first.forward(inputs));
        self.out.forward(through(self.second.forward(first)))
    }

    /// The parameters as plain arrays.
    pub(super) fn weights(&self) -> Weights {
        Weights {
            first: Layer::of(&self.first),
            second: Layer::of(&self.second),
            out: Layer::of(&self.out),
        }
    }

    /// The ids of the parameters in the optimizer's state.
    pub(super) fn names(&self) -> [u64; 6] {
        let bias = |layer: &Linear| layer.bias.as_ref().map_or(0, |bias| bias.id.val());
        let [a, b, c] = [&self.first, &self.second, &self.out]
            .map(|layer| [layer.weight.id.val(), bias(layer)]);
        [a[0], a[1], b[0], b[1], c[0], c[1]]
    }

    /// Sets the ids of the parameters in the optimizer's state.
    pub(super) fn rename(&mut self, [a, b, c, d, e, f]: [u64; 6]) {
        let layers = [&mut self.first, &mut self.second, &mut self.out];
        for (layer, [weight, bias]) in layers.into_iter().zip([[a, b], [c, d], [e, f]]) {
            layer.weight.id = ParamId::from(weight);
            if let Some(own) = &mut layer.bias {
                own.id = ParamId::from(bias);
            }
        }
    }

    /// A network with these parameters.
    pub(super) fn from_weights(weights: &Weights, device: &Device) -> Self {
        let layer = |layer: &Layer| Linear {
            weight: Param::from_data(data2(layer.weight.view()), device),
            bias: Some(Param::from_data(data1(&layer.bias), device)),
        };
        Self {
            first: layer(&weights.first),
            second: layer(&weights.second),
            out: layer(&weights.out),
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

/// All parameters of a network as plain arrays: those of the best epoch, and those in a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weights {
    pub(super) first: Layer,
    pub(super) second: Layer,
    pub(super) out: Layer,
}

impl Weights {
    /// Rounded as in a file.
    pub(super) fn rounded(self) -> Self {
        let layer = |layer: Layer| Layer { weight: rounded(&layer.weight), bias: layer.bias };
        Self { first: layer(self.first), second: layer(self.second), out: layer(self.out) }
    }
}

/// The outputs of the networks for some questions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// Easiness of each question relative to its category.
    pub(super) ease: Array1<f32>,
    /// Discrimination.
    pub(super) slope: Array1<f32>,
    /// Additional easiness for models that were evaluated on similar questions.
    pub(super) shift: Array1<f32>,
    /// Questions × specialities.
    pub(super) direction: Array2<f32>,
    /// Questions × categories: probabilities.
    pub(super) categories: Array2<f32>,
}

impl Asked {
    /// From the outputs of a network with so many specialities.
    pub(super) fn of(outputs: ArrayView2<'_, f32>, specialities: usize) -> Self {
        let mut categories = outputs.slice(s![.., TERMS + specialities..]).to_owned();
        for mut row in categories.rows_mut() {
            softmax(row.as_slice_mut().unwrap_or_default());
        }
        Self {
            ease: outputs.column(0).to_owned(),
            slope: outputs.column(1).mapv(slope),
            shift: outputs.column(2).to_owned(),
            direction: outputs.slice(s![.., TERMS..TERMS + specialities]).to_owned(),
            categories,
        }
    }

    /// The mean outputs of several networks; their directions are concatenated, each for its own
    /// specialities.
    pub(super) fn mean(all: &[Self]) -> Option<Self> {
        let (first, rest) = all.split_first()?;
        let mut mean = first.clone();
        for one in rest {
            mean.ease += &one.ease;
            mean.slope += &one.slope;
            mean.shift += &one.shift;
            mean.categories += &one.categories;
            // The number of rows is equal: appending cannot fail.
            let _ = mean.direction.append(Axis(1), one.direction.view());
        }
        let share = (all.len() as f32).recip();
        for terms in [&mut mean.ease, &mut mean.slope, &mut mean.shift] {
            *terms *= share;
        }
        mean.categories *= share;
        mean.direction *= share;
        Some(mean)
    }

    /// The number of questions.
    pub(super) fn len(&self) -> usize {
        self.ease.len()
    }

    /// Appends a block of questions.
    pub(super) fn append(&mut self, other: &Self) {
        // The number of columns is equal: appending cannot fail.
        let _ = self.ease.append(Axis(0), other.ease.view());
        let _ = self.slope.append(Axis(0), other.slope.view());
        let _ = self.shift.append(Axis(0), other.shift.view());
        let _ = self.direction.append(Axis(0), other.direction.view());
        let _ = self.categories.append(Axis(0), other.categories.view());
    }
}

/// The slope of an output, near 1.
pub(super) fn slope(output: f32) -> f32 {
    1.0 + BEND * output.tanh()
}

/// The derivative of [`slope`].
pub(super) fn bend(output: f32) -> f32 {
    BEND * (1.0 - output.tanh().powi(2))
}

/// Softmax, in place.
pub(super) fn softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|x| *x = (*x - most).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
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
    let values = array.to_slice().map_or_else(|| array.iter().copied().collect(), <[f32]>::to_vec);
    TensorData::new(values, [array.nrows(), array.ncols()])
}

pub(super) fn tensor(array: ArrayView2<'_, f32>, device: &Device) -> Tensor<2> {
    Tensor::from_data(data2(array), device)
}

fn data1(array: &Array1<f32>) -> TensorData {
    TensorData::new(array.to_vec(), [array.len()])
}

pub(super) fn array2(tensor: Tensor<2>) -> Array2<f32> {
    let [rows, columns] = tensor.dims();
    // A tensor has as many values as its shape requires.
    Array2::from_shape_vec((rows, columns), values(tensor)).unwrap_or_default()
}

/// The numbers of a tensor, row by row.
fn values(tensor: Tensor<2>) -> Vec<f32> {
    // All tensors here are f32. A unique tensor is moved; a shared one is copied.
    tensor.mul_scalar(1.0).into_data().try_into_vec().unwrap_or_default()
}

fn array1(tensor: Tensor<1>) -> Array1<f32> {
    Array1::from_vec(tensor.into_data().try_to_vec::<f32>().unwrap_or_default())
}
