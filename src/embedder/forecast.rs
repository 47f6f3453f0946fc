//! From features to probabilities, with what is not known of them.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut1, Axis, Zip, s};
use rayon::prelude::*;

use super::Embedder;
use super::features::Features;
use super::knowledge::Knowledge;
use super::levels::{Given, Levels, Mixture, Tested};
use super::network::{Asked, Network, array2, tensor};
use super::scope::{self, Scope};
use crate::logit::{Z80, logit, sigmoid, stretch};
use crate::metrics::EvalSet;

/// Questions that pass through the networks at once.
const BLOCK: usize = 1024;
/// Models whose logits are computed together: so few that what passes between the steps stays near.
pub(super) const BLOCK_OF_MODELS: usize = 4096;
/// An interval is that of the accuracy on so many questions like the prompt: what the text leaves
/// open of their difficulty averages out as far.
const GROUP: f64 = 4.0;

/// Forecasts of all models on some prompts, each prompts × models.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The calibrated probability of a correct answer: the mean over what is not known.
    pub p: Array2<f32>,
    /// The standard deviation, in calibrated logits, of what is not known of the model here.
    pub deviation: Array2<f32>,
    /// How far the model was tested on questions like the prompt, in [0, 1].
    pub support: Array2<f32>,
    /// Where each prompt stands.
    pub scope: Vec<Scope>,
    /// How familiar each prompt is, as a share of the threshold of its scope; `None` where it was not asked
    /// for, or there is no threshold.
    pub familiarity: Vec<Option<f64>>,
    /// How strongly each prompt tells models apart, by its text.
    pub(super) slope: Array1<f32>,
}

impl Forecast {
    /// The 80% interval of a probability, by its row and column: of the model's accuracy on a few
    /// questions like the prompt.
    #[must_use]
    pub fn interval(&self, row: usize, model: usize, spread: f64) -> (f32, f32) {
        let own = f64::from(self.deviation[[row, model]]);
        let deviation = (own * own + spread * spread / GROUP).sqrt();
        let center = logit(f64::from(self.p[[row, model]])) * stretch(deviation);
        let end = |z: f64| sigmoid(center + z * deviation) as f32;
        // The mean of a skewed distribution may lie outside of its quantiles.
        let (low, high) = (end(-Z80), end(Z80));
        (low.min(self.p[[row, model]]), high.max(self.p[[row, model]]))
    }
}

/// What a prompt asks of a model, by its text: with what the file knows of the models, all that a forecast
/// is made from (docs/python.md).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Question {
    /// How strongly it tells models apart.
    pub slope: f32,
    /// How easy it is beyond its category.
    pub ease: f32,
    /// What a model that was tested on questions like it has beyond `ease`.
    pub shift: f32,
    /// What it asks of each speciality.
    pub direction: Vec<f32>,
    /// How probable each category is, in the order of [`Embedder::benchmarks`].
    pub categories: Vec<f32>,
}

/// Logits before calibration, and the variance of what is not known of the models: questions × models.
pub(super) struct Logits {
    pub(super) mean: Array2<f32>,
    pub(super) variance: Array2<f32>,
    pub(super) support: Array2<f32>,
}

/// What the networks say of the questions, in blocks that bound the hidden layers.
pub(super) fn ask(
    networks: &[(Network, usize)],
    inputs: &Array2<f32>,
    device: &burn::tensor::Device,
) -> Option<Asked> {
    let mut all: Option<Asked> = None;
    for block in inputs.axis_chunks_iter(Axis(0), BLOCK) {
        let each: Vec<Asked> = networks
            .iter()
            .map(|(network, specialities)| {
                let outputs = array2(network.forward(tensor(block, device)));
                Asked::of(outputs.view(), *specialities)
            })
            .collect();
        let block = Asked::mean(&each)?;
        match &mut all {
            None => all = Some(block),
            Some(all) => all.append(&block),
        }
    }
    all
}

impl Knowledge {
    /// The logits of all models on the questions.
    pub(super) fn logits(&self, asked: &Asked, given: Given) -> Logits {
        Logits::of((&self.levels, &self.tested), &self.specialities, asked, given)
    }
}

impl Logits {
    /// From what is known of the models and asked by the questions.
    pub(super) fn of(
        known: (&Levels, &Tested),
        specialities: &Array2<f32>,
        asked: &Asked,
        given: Given,
    ) -> Self {
        let (n, models) = (asked.len(), known.0.mean.nrows());
        let mut mean = Array2::zeros((n, models));
        let (mut variance, mut support) = (Array2::zeros((n, models)), Array2::zeros((n, models)));
        let blocks = mean.axis_chunks_iter_mut(Axis(1), BLOCK_OF_MODELS).into_par_iter();
        let blocks = blocks
            .zip(variance.axis_chunks_iter_mut(Axis(1), BLOCK_OF_MODELS))
            .zip(support.axis_chunks_iter_mut(Axis(1), BLOCK_OF_MODELS))
            .zip(specialities.axis_chunks_iter(Axis(0), BLOCK_OF_MODELS));
        blocks.enumerate().for_each(|(block, (((mut mean, mut variance), mut support), own))| {
            general_mat_mul(1.0, &asked.direction, &own.t(), 0.0, &mut mean);
            let rows = mean.axis_iter_mut(Axis(0)).into_par_iter();
            let rows =
                rows.zip(variance.axis_iter_mut(Axis(0))).zip(support.axis_iter_mut(Axis(0)));
            rows.enumerate().for_each(|(q, ((mean, mut variance), mut support))| {
                let found = of_question(known, asked, (q, block * BLOCK_OF_MODELS), given, mean);
                variance.assign(&ArrayView1::from(&found.variance));
                support.assign(&ArrayView1::from(&found.support));
            });
        });
        Self { mean, variance, support }
    }

    /// The logits of the mean probability that were observed, by the probit approximation, laid out as
    /// `judged`: what calibration scales. A question at a time, since a matrix of all of them has mostly
    /// others.
    pub(super) fn observed(
        known: (&Levels, &Tested),
        specialities: &Array2<f32>,
        asked: &Asked,
        given: Given,
        judged: &EvalSet,
    ) -> Vec<f32> {
        let ranges: Vec<_> = judged.ranges().enumerate().collect();
        let of = |(q, range): (usize, std::ops::Range<usize>)| {
            let mut mean = specialities.dot(&asked.direction.row(q));
            let found = of_question(known, asked, (q, 0), given, mean.view_mut());
            let at = |r: usize| judged.models[r];
            range.map(|r| averaged(mean[at(r)], found.variance[at(r)])).collect::<Vec<f32>>()
        };
        ranges.into_par_iter().flat_map_iter(of).collect()
    }
}

/// The logits of the models from `first` on for question `q`, in the place of what its direction makes of
/// them.
fn of_question(
    (levels, tested): (&Levels, &Tested),
    asked: &Asked,
    (q, first): (usize, usize),
    given: Given,
    mut mean: ArrayViewMut1<'_, f32>,
) -> Mixture {
    let models = first..first + mean.len();
    let mut found = levels.mixture(tested, asked.categories.row(q), given, models);
    let (slope, ease, shift) = (asked.slope[q], asked.ease[q], asked.shift[q]);
    for (m, mean) in mean.iter_mut().enumerate() {
        *mean = slope * found.mean[m] + ease + found.support[m] * (*mean + shift);
        found.variance[m] *= slope * slope;
    }
    found
}

fn averaged(mean: f32, variance: f32) -> f32 {
    mean / stretch(f64::from(variance).sqrt()) as f32
}

impl Embedder {
    /// Probabilities that each model answers right, given that the pair stands in records: prompts ×
    /// models. What evaluations judge; see [`Given::Recorded`].
    #[must_use]
    pub fn predict(&self, features: &Features) -> Array2<f32> {
        self.forecast(features, Given::Recorded).p
    }

    /// The same of some models: prompts × these models.
    #[must_use]
    pub(crate) fn predict_some(&self, features: &Features, models: &[usize]) -> Array2<f32> {
        let (asked, known) = (self.asked(features), &self.knowledge);
        let (levels, tested) = (known.levels.select(models), known.tested.select(models));
        let specialities = known.specialities.select(Axis(0), models);
        let logits = Logits::of((&levels, &tested), &specialities, &asked, Given::Recorded);
        let mut p = logits.mean;
        Zip::from(&mut p)
            .and(&logits.variance)
            .par_for_each(|x, v| *x = self.calibration.probability(averaged(*x, *v)));
        p
    }

    /// Forecasts of all models on the prompts. As far as a prompt is unlike the training questions,
    /// they go over to those for a question of an unknown kind.
    #[must_use]
    pub fn forecast(&self, features: &Features, given: Given) -> Forecast {
        let mut asked = self.asked(features);
        let slope = asked.slope.clone();
        let n = features.len();
        let (scope, familiarity) = match given {
            Given::Nothing => self.soften(features, &mut asked),
            Given::Recorded => (vec![Scope::In; n], vec![None; n]),
        };
        let logits = self.knowledge.logits(&asked, given);
        let Logits { mean: mut p, variance: mut deviation, support } = logits;
        let temperature = self.calibration.temperature as f32;
        Zip::from(&mut p).and(&mut deviation).par_for_each(|x, v| {
            *x = self.calibration.probability(averaged(*x, *v));
            *v = v.sqrt() / temperature;
        });
        Forecast { p, deviation, support, scope, familiarity, slope }
    }

    /// What each prompt asks of a model, as [`Given::Nothing`] forecasts it.
    #[must_use]
    pub fn questions(&self, features: &Features) -> Vec<Question> {
        let mut asked = self.asked(features);
        self.soften(features, &mut asked);
        let question = |row: usize| Question {
            slope: asked.slope[row],
            ease: asked.ease[row],
            shift: asked.shift[row],
            direction: asked.direction.row(row).to_vec(),
            categories: asked.categories.row(row).to_vec(),
        };
        (0..asked.len()).map(question).collect()
    }

    /// What the networks say of the prompts.
    pub(super) fn asked(&self, features: &Features) -> Asked {
        ask(&self.networks, &features.inputs, &self.device).unwrap_or_else(|| Asked {
            ease: Array1::zeros(0),
            slope: Array1::zeros(0),
            shift: Array1::zeros(0),
            direction: Array2::zeros((0, self.knowledge.specialities.ncols())),
            categories: Array2::zeros((0, self.benchmarks.len())),
        })
    }

    /// Draws the forecast of unfamiliar prompts towards that of a question of an unknown kind: one of any
    /// benchmark of correctness, as easy as its mean question. Returns the scope of each prompt, and its
    /// familiarity as a share of the threshold.
    fn soften(&self, features: &Features, asked: &mut Asked) -> (Vec<Scope>, Vec<Option<f64>>) {
        let (known, threshold) = (scope::familiarity(features), self.provenance.scope);
        let unknown = self.knowledge.unknown_kind(&self.benchmarks);
        known
            .into_iter()
            .enumerate()
            .map(|(row, known)| {
                let scope = scope::of(known, threshold);
                if scope != Scope::In {
                    let share = (known / threshold.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) as f32;
                    // A prompt half as familiar as the threshold has left the benchmarks behind.
                    let share = (2.0 * share - 1.0).max(0.0);
                    asked.ease[row] *= share;
                    asked.shift[row] *= share;
                    asked.slope[row] = 1.0 + share * (asked.slope[row] - 1.0);
                    asked.direction.row_mut(row).mapv_inplace(|x| x * share);
                    let mut categories = asked.categories.slice_mut(s![row, ..]);
                    categories.zip_mut_with(&unknown, |p, u| *p = share * *p + (1.0 - share) * u);
                }
                (scope, (threshold > 0.0).then(|| known / threshold))
            })
            .unzip()
    }
}

/// The entries of a questions × models matrix that were observed, laid out as `judged`.
pub(crate) fn observed(matrix: &Array2<f32>, judged: &EvalSet) -> Vec<f32> {
    let rows = judged.ranges().enumerate();
    rows.flat_map(|(i, range)| range.map(move |r| matrix[[i, judged.models[r]]])).collect()
}
