//! From features to probabilities, with their uncertainty.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut1, Axis, Zip, s};
use rayon::prelude::*;

use super::Embedder;
use super::features::Features;
use super::knowledge::Knowledge;
use super::levels::{self, Given, Levels, Mixture, Tested};
use super::network::{Asked, Network, array2, tensor};
use super::scope::{self, Scope};
use crate::kernels;
use crate::logit::{Z80, logit, sigmoid, stretch};
use crate::metrics::EvalSet;

/// Questions per batch.
const BLOCK: usize = 1024;
/// Models per block: small enough that intermediate results stay in the first-level cache.
pub(super) const BLOCK_OF_MODELS: usize = 1024;
/// Up to this many questions, the products with the specialities are computed one by one.
const FEW: usize = 4;
/// An interval is that of the accuracy on this many similar questions, over which the unpredicted part of
/// their difficulty averages out.
const GROUP: f64 = 4.0;

/// Predictions for all models on some prompts, each prompts × models.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The calibrated probability of a correct answer, averaged over the uncertainty.
    pub p: Array2<f32>,
    /// The standard deviation, in calibrated logits, of the uncertainty about the model.
    pub deviation: Array2<f32>,
    /// How much the model was evaluated on similar questions, in [0, 1].
    pub support: Array2<f32>,
    /// The scope of each prompt.
    pub scope: Vec<Scope>,
    /// The familiarity of each prompt relative to the threshold of its scope; `None` if it was not requested,
    /// or there is no threshold.
    pub familiarity: Vec<Option<f64>>,
    /// The discrimination of each prompt, by its text.
    pub(super) slope: Array1<f32>,
}

impl Forecast {
    /// The 80% interval of a probability, by row and column: of the model's accuracy on a few similar
    /// questions.
    #[must_use]
    pub fn interval(&self, row: usize, model: usize, spread: f64) -> (f32, f32) {
        let own = f64::from(self.deviation[[row, model]]);
        let deviation = (own * own + spread * spread / GROUP).sqrt();
        let center = logit(f64::from(self.p[[row, model]])) * stretch(deviation);
        let end = |z: f64| sigmoid(center + z * deviation) as f32;
        // The mean of a skewed distribution may be outside of its quantiles.
        let (low, high) = (end(-Z80), end(Z80));
        (low.min(self.p[[row, model]]), high.max(self.p[[row, model]]))
    }
}

/// What the networks predict for a prompt. Together with the stored knowledge about the models it determines
/// the prediction (docs/python.md).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Question {
    /// Its discrimination.
    pub slope: f32,
    /// Its easiness relative to its category.
    pub ease: f32,
    /// An additional easiness for models that were evaluated on similar questions.
    pub shift: f32,
    /// Its weight for each speciality.
    pub direction: Vec<f32>,
    /// The probability of each category, in the order of [`Embedder::benchmarks`]; 0 for those below
    /// .001, which have no weight.
    pub categories: Vec<f32>,
    /// The benchmark of each category, by number: the subjects of one benchmark have the same.
    pub benchmark_of: Vec<usize>,
}

/// Logits before calibration, and the variance of their uncertainty: questions × models.
pub(super) struct Logits {
    pub(super) mean: Array2<f32>,
    pub(super) variance: Array2<f32>,
    pub(super) support: Array2<f32>,
}

/// Runs the networks on the questions, in batches that bound the hidden layers.
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
    /// From the knowledge about the models and the outputs for the questions.
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
            if n <= FEW {
                // A product of matrices would copy all specialities first.
                let columns: Vec<_> = own.axis_iter(Axis(1)).map(levels::contiguous).collect();
                let columns: Vec<&[f32]> = columns.iter().map(AsRef::as_ref).collect();
                for (mut row, weights) in mean.rows_mut().into_iter().zip(asked.direction.rows()) {
                    let row = row.as_slice_mut().unwrap_or_default();
                    kernels::combine(row, &columns, &levels::contiguous(weights));
                }
            } else {
                general_mat_mul(1.0, &asked.direction, &own.t(), 0.0, &mut mean);
            }
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

    /// The logits of the mean probability (probit approximation) of the observed pairs only, laid out as
    /// `judged`, for calibration. Question by question, since most pairs of the full matrix are unobserved.
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

/// The logits of the models from `first` on for question `q`; `mean` initially has the products with its
/// direction.
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
    for ((mean, level), support) in mean.iter_mut().zip(&found.mean).zip(&found.support) {
        *mean = slope * level + ease + support * (*mean + shift);
    }
    found.variance.iter_mut().for_each(|variance| *variance *= slope * slope);
    found
}

fn averaged(mean: f32, variance: f32) -> f32 {
    mean / stretch(f64::from(variance).sqrt()) as f32
}

impl Embedder {
    /// The probability of a correct answer by each model, given that the pair is in evaluation records:
    /// prompts × models. Used for evaluations; see [`Given::Recorded`].
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

    /// Predictions for all models on the prompts. The less similar a prompt is to the training questions, the
    /// more they approach those for a question of an unknown kind.
    #[must_use]
    pub fn forecast(&self, features: &Features, given: Given) -> Forecast {
        let mut asked = self.asked(features);
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
        Forecast { p, deviation, support, scope, familiarity, slope: asked.slope }
    }

    /// The network outputs for each prompt, as used with [`Given::Nothing`].
    #[must_use]
    pub fn questions(&self, features: &Features) -> Vec<Question> {
        let mut asked = self.asked(features);
        self.soften(features, &mut asked);
        let question = |row: usize| Question {
            slope: asked.slope[row],
            ease: asked.ease[row],
            shift: asked.shift[row],
            direction: asked.direction.row(row).to_vec(),
            categories: levels::probable(asked.categories.row(row)),
            benchmark_of: self.knowledge.tested.benchmark_of().to_vec(),
        };
        (0..asked.len()).map(question).collect()
    }

    /// The network outputs for the prompts.
    pub(super) fn asked(&self, features: &Features) -> Asked {
        ask(&self.networks, &features.inputs, &self.device).unwrap_or_else(|| Asked {
            ease: Array1::zeros(0),
            slope: Array1::zeros(0),
            shift: Array1::zeros(0),
            direction: Array2::zeros((0, self.knowledge.specialities.ncols())),
            categories: Array2::zeros((0, self.benchmarks.len())),
        })
    }

    /// Shrinks the outputs for unfamiliar prompts towards those of a question of an unknown kind: one of any
    /// benchmark of correctness, with average easiness. Returns the scope of each prompt, and its familiarity
    /// relative to the threshold.
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
                    // At half of the threshold, nothing of the original outputs is left.
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

/// The observed entries of a questions × models matrix, laid out as `judged`.
pub(crate) fn observed(matrix: &Array2<f32>, judged: &EvalSet) -> Vec<f32> {
    let rows = judged.ranges().enumerate();
    rows.flat_map(|(i, range)| range.map(move |r| matrix[[i, judged.models[r]]])).collect()
}
