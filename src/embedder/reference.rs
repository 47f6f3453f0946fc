//! The model of the paper, trained as in its code: the baseline `reference-mf`.
//!
//! logits = Linear(P\[m\] ⊙ (W·q + b)) with two classes and cross entropy; 232 dimensions, P from a
//! standard normal, normal noise of 0.05 on q, Adam at 1e-4 with an L2 penalty of 1e-5, batches of
//! 2,048 responses, 50 epochs, the last one (EmbedLLM, section 3 and its published defaults).

use std::path::Path;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::device::Backend;
use super::network::{Layer, array2, data2, linear};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::logit::sigmoid;
use crate::progress::{Progress, proceed};
use crate::tensors::{self, Stored, Tensors};
use crate::unpack;

const DIM: usize = 232;
const NOISE: f32 = 0.05;
const RATE: f64 = 1e-4;
const L2: f32 = 1e-5;
const BATCH: usize = 2048;
const EPOCHS: u32 = 50;

/// A trained reference model, as plain arrays.
#[derive(Debug)]
pub struct Reference {
    /// Models × dimensions.
    models: Array2<f32>,
    /// (Encoder dimensions + 1) × dimensions, the bias last.
    projection: Array2<f32>,
    /// Dimensions + 1: the difference of the two classes' weights, the bias last.
    classifier: Vec<f32>,
}

#[derive(Module, Debug)]
struct Network {
    models: Param<Tensor<2>>,
    projection: Linear,
    classifier: Linear,
}

impl Network {
    fn forward(&self, models: Tensor<1, Int>, questions: Tensor<2>) -> Tensor<2> {
        let models = self.models.val().select(0, models);
        self.classifier.forward(models * self.projection.forward(questions))
    }
}

impl Reference {
    /// A model with these weights; see the fields. The widths must match.
    pub(super) fn new(models: Array2<f32>, projection: Array2<f32>, classifier: Vec<f32>) -> Self {
        Self { models, projection, classifier }
    }

    /// Dimension of a question's vector.
    pub(super) fn inputs(&self) -> usize {
        self.projection.nrows() - 1
    }

    /// Reads the model from `cache` if it exists; else trains it and writes it there, returning the error if
    /// that fails, since the model is usable anyway. `encoded` are the encoded texts of the questions
    /// `train`.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn cached(
        cache: &Path,
        data: &Dataset,
        train: &[usize],
        encoded: &Array2<f32>,
        seed: u64,
        progress: &mut Progress<'_, (u32, u32)>,
    ) -> Result<(Self, Option<Error>)> {
        if let Some(found) = Self::read(cache, data.models.len(), encoded.ncols()) {
            return Ok((found, None));
        }
        let trained = Self::train(data, train, encoded, seed, progress)?;
        let problem = trained.write(cache).err();
        Ok((trained, problem))
    }

    fn train(
        data: &Dataset,
        train: &[usize],
        encoded: &Array2<f32>,
        seed: u64,
        progress: &mut Progress<'_, (u32, u32)>,
    ) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let device = Backend::default().device().autodiff();
        let mut network = fresh(data.models.len(), encoded.ncols(), &mut rng, &device);
        let mut optimizer = AdamConfig::new()
            .with_weight_decay(Some(WeightDecayConfig::new(L2)))
            .with_epsilon(1e-8)
            .init();
        let mut responses: Vec<(u32, u32, f32)> = train
            .iter()
            .enumerate()
            .flat_map(|(i, &q)| data.responses.of(q).map(move |(m, y)| (i as u32, m as u32, y)))
            .collect();
        for epoch in 1..=EPOCHS {
            responses.shuffle(&mut rng);
            for batch in responses.chunks(BATCH) {
                proceed(progress.cancel(), "training reference-mf")?;
                let rows: Vec<usize> = batch.iter().map(|(i, ..)| *i as usize).collect();
                let questions = encoded.select(Axis(0), &rows).mapv_into(|x| {
                    let normal: f32 = StandardNormal.sample(&mut rng);
                    x + NOISE * normal
                });
                let models: Vec<i32> = batch.iter().map(|(_, m, _)| *m as i32).collect();
                let models =
                    Tensor::<1, Int>::from_data(TensorData::new(models, [batch.len()]), &device);
                let labels: Vec<f32> = batch.iter().flat_map(|(.., y)| [1.0 - y, *y]).collect();
                let labels =
                    Tensor::<2>::from_data(TensorData::new(labels, [batch.len(), 2]), &device);
                let logits =
                    network.forward(models, Tensor::from_data(data2(questions.view()), &device));
                let loss = (log_softmax(logits, 1) * labels).sum().neg() / batch.len() as f32;
                let gradients = GradientsParams::from_grads(loss.backward(), &network);
                network = optimizer.step(RATE, network, gradients);
            }
            progress.report((epoch, EPOCHS));
        }
        Ok(Self::of(&network))
    }

    fn of(network: &Network) -> Self {
        let (projection, classes) =
            (Layer::of(&network.projection), Layer::of(&network.classifier));
        let difference = |row: ArrayView1<'_, f32>| row[1] - row[0];
        let mut classifier: Vec<f32> = classes.weight.rows().into_iter().map(difference).collect();
        classifier.push(difference(classes.bias.view()));
        let bias = projection.bias.insert_axis(Axis(0));
        Self {
            models: array2(network.models.val()),
            // Both are as wide as the vectors.
            projection: concatenate![Axis(0), projection.weight, bias],
            classifier,
        }
    }

    /// Probabilities of correct answers: rows of `encoded` × models.
    #[must_use]
    pub fn predict(&self, encoded: &Array2<f32>) -> Array2<f32> {
        let inputs = self.inputs();
        let (weight, bias) = self.projection.view().split_at(Axis(0), inputs);
        let mut questions = encoded.dot(&weight) + bias.row(0);
        for mut row in questions.rows_mut() {
            row.iter_mut().zip(&self.classifier).for_each(|(z, c)| *z *= c);
        }
        let bias = self.classifier.last().copied().unwrap_or_default();
        questions.dot(&self.models.t()).mapv_into(|logit| sigmoid(logit + bias))
    }

    /// Projection and classifier as stored in a file.
    pub(super) fn tensors(&self) -> [(&'static str, Stored); 2] {
        let classifier = Array1::from_vec(self.classifier.clone());
        [("projection", Stored::f32(&self.projection)), ("classifier", Stored::row(&classifier))]
    }

    /// A model with these vectors, and the rest from [`Reference::tensors`].
    pub(super) fn from_tensors(models: Array2<f32>, file: &Tensors) -> Result<Self, String> {
        let projection = file.matrix("projection", None, Some(models.ncols()))?;
        let classifier = file.vector("classifier", models.ncols() + 1)?.to_vec();
        if projection.nrows() < 2 {
            return Err("the projection of questions is empty".into());
        }
        Ok(Self { models, projection, classifier })
    }

    fn write(&self, path: &Path) -> Result<()> {
        let mut tensors = vec![("models", Stored::f32(&self.models))];
        tensors.extend(self.tensors());
        let bytes = tensors::write(&tensors, None).map_err(|e| Error::Failed(e.to_string()))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        }
        crate::atomic::write_own(path, &bytes)
    }

    /// `None` if it is not a reference model of this size: it is then trained again.
    fn read(path: &Path, models: usize, inputs: usize) -> Option<Self> {
        let bytes = unpack::own(path, unpack::PAPER)?;
        let file = Tensors::sealed(&bytes).ok()?;
        let vectors = file.matrix("models", Some(models), Some(DIM)).ok()?;
        Self::from_tensors(vectors, &file).ok().filter(|read| read.inputs() == inputs)
    }
}

fn fresh(models: usize, inputs: usize, rng: &mut ChaCha8Rng, device: &Device) -> Network {
    let (projection, classifier) = (linear(inputs, DIM, rng, device), linear(DIM, 2, rng, device));
    let normal: Vec<f32> = (0..models * DIM).map(|_| StandardNormal.sample(rng)).collect();
    let models = Param::from_data(TensorData::new(normal, [models, DIM]), device);
    Network { models, projection, classifier }
}
