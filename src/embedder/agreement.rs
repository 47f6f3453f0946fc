//! Agreement: what models share on the same questions, beyond their ability.
//!
//! The residuals of a Rasch model (label minus prediction from ability and difficulty) of two models are
//! correlated over the questions that both answered, and the correlation is shrunk by n / (n + 50) for n
//! shared questions. Its leading eigenvectors give each model a few dimensions whose dot products approximate
//! the correlations. Models that share no question get a correlation of 0, not a guess.
//!
//! Above [`LANDMARKS`] models, the ones with the most answers are landmarks, and every model is placed by its
//! correlations with them (Nyström). New models are placed in the same way.

use linfa_linalg::eigh::Eigh;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::rasch::Rasch;
use super::shared::{self, SharedCounts};
use crate::dataset::ByModel;
use crate::error::{Error, Result};
use crate::logit::sigmoid;
use crate::quantized::halved;

/// Maximum number of landmarks.
const LANDMARKS: usize = shared::MOST;
/// Models per dimension.
const MODELS_A_PAIR: usize = 7;
/// Number of shared questions at which a correlation is shrunk by half.
const SHRINK: f64 = 50.0;

/// The directions of agreement.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Agreement {
    /// The models that all others are compared with.
    pub(super) landmarks: Vec<u32>,
    /// Landmarks × dimensions: multiplied by a model's correlations with the landmarks, they give its
    /// coordinates.
    pub(super) basis: Array2<f32>,
    /// The number of training questions that each pair of models shares; only up to the maximum number of
    /// landmarks.
    pub(super) shared: Option<SharedCounts>,
}

/// Sums over the questions shared with a landmark.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shared {
    product: f64,
    own: f64,
    other: f64,
    questions: f64,
}

impl Shared {
    pub(super) fn add(&mut self, own: f64, other: f64) {
        self.product += own * other;
        self.own += own * own;
        self.other += other * other;
        self.questions += 1.0;
    }

    /// How many questions are shared.
    pub(super) fn count(&self) -> f64 {
        self.questions
    }

    /// The shrunk correlation.
    pub(super) fn correlation(&self) -> f64 {
        let scale = (self.own * self.other).sqrt().max(1e-6);
        self.product / scale * self.questions / (self.questions + SHRINK)
    }
}

impl Agreement {
    /// Finds the leading `numbers` directions of the training questions, whose answers lie `by_model`,
    /// and the numbers of all models: models × numbers, scaled so that the mean squared length is 1.
    ///
    /// # Errors
    /// [`Error::Failed`] if the correlations have no eigenvectors.
    pub(super) fn fit(
        by_model: &ByModel,
        rasch: &Rasch,
        numbers: usize,
    ) -> Result<(Self, Array2<f32>)> {
        let models = by_model.models();
        let mut order: Vec<usize> = (0..models).collect();
        order.sort_by_key(|&m| std::cmp::Reverse(by_model.rows(m).len()));
        order.truncate(LANDMARKS);
        order.sort_unstable();
        let (correlations, shared) = correlations(by_model, rasch, &order);
        let square = correlations.select(Axis(0), &order);
        let square = (&square + &square.t()) / 2.0;
        let (values, vectors) = square
            .eigh()
            .map_err(|e| Error::Failed(format!("the models' agreement has no directions: {e}")))?;
        let mut leading: Vec<usize> = (0..values.len()).filter(|i| values[*i] > 1e-9).collect();
        leading.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        // More dimensions would describe single models.
        leading.truncate(numbers.min((models * 2).div_ceil(MODELS_A_PAIR)));
        let mut basis = vectors.select(Axis(1), &leading);
        for (mut column, i) in basis.columns_mut().into_iter().zip(&leading) {
            let largest = column.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()));
            column *= largest.unwrap_or(1.0).signum() / values[*i].sqrt();
        }
        let numbers = correlations.dot(&basis);
        let square = numbers.mapv(|x| x * x).sum() / models.max(1) as f64;
        let scale = square.sqrt().max(1e-9).recip();
        let basis = halved(&(basis * scale).mapv(|x| x as f32));
        let landmarks = order.iter().map(|m| *m as u32).collect();
        let this = Self { landmarks, basis, shared };
        Ok((this, (numbers * scale).mapv(|x| x as f32)))
    }

    /// The coordinates of a model with these shared questions, one entry per landmark.
    pub(super) fn place(&self, shared: &[Shared]) -> Array1<f32> {
        let correlations: Array1<f32> =
            shared.iter().map(|shared| shared.correlation() as f32).collect();
        correlations.dot(&self.basis)
    }

    /// The landmark index of each model, if it is one.
    pub(super) fn places(&self, models: usize) -> Vec<Option<usize>> {
        let mut places = vec![None; models];
        for (at, m) in self.landmarks.iter().enumerate() {
            if let Some(place) = places.get_mut(*m as usize) {
                *place = Some(at);
            }
        }
        places
    }
}

/// Models × landmarks; 1 for a landmark with itself. Also the number of shared questions.
fn correlations(
    by_model: &ByModel,
    rasch: &Rasch,
    landmarks: &[usize],
) -> (Array2<f64>, Option<SharedCounts>) {
    let models = by_model.models();
    // One per response, in the order of the rows of the questions.
    let mut residuals = Vec::with_capacity(by_model.len());
    for m in 0..models {
        residuals.extend(by_model.of(m).map(|(row, y)| {
            let predicted = sigmoid(rasch.abilities[m] + rasch.eases[row]);
            (f64::from(y) - predicted) as f32
        }));
    }
    let answered = |m: usize| by_model.rows(m).iter().zip(&residuals[by_model.range(m)]);
    let mut out = Array2::zeros((models, landmarks.len()));
    let mut landmark = vec![false; models];
    landmarks.iter().for_each(|m| landmark[*m] = true);
    // With so few models, each is a landmark at its own position.
    let counted = if models <= shared::MOST { landmarks.len() } else { 0 };
    let mut counts = Array2::<u32>::zeros((models, counted));
    let rows = out.axis_iter_mut(Axis(0)).into_par_iter().zip(counts.axis_iter_mut(Axis(0)));
    rows.enumerate().for_each_init(
        || vec![f32::NAN; rasch.eases.len()],
        |own, (m, (mut out, mut counts))| {
            answered(m).for_each(|(row, r)| own[*row as usize] = *r);
            for (at, &other) in landmarks.iter().enumerate() {
                if other >= m && landmark[m] {
                    // Two landmarks are compared once.
                    break;
                }
                let sums = sums(own, answered(other));
                out[at] = sums.correlation();
                if let Some(count) = counts.get_mut(at) {
                    *count = sums.count() as u32;
                }
            }
            answered(m).for_each(|(row, _)| own[*row as usize] = f32::NAN);
        },
    );
    for (at, &m) in landmarks.iter().enumerate() {
        out[[m, at]] = 1.0;
        for (before, &other) in landmarks[..at].iter().enumerate() {
            out[[other, at]] = out[[m, before]];
        }
    }
    let counts =
        if counted == models { SharedCounts::of(models, |a, b| counts[[b, a]]) } else { None };
    (out, counts)
}

/// Over the questions that both answered: `own` has a residual for each question that the one answered.
fn sums<'a>(own: &[f32], other: impl Iterator<Item = (&'a u32, &'a f32)>) -> Shared {
    let mut sums = Shared::default();
    for (row, r) in other {
        let own = own[*row as usize];
        if !own.is_nan() {
            sums.add(f64::from(own), f64::from(*r));
        }
    }
    sums
}

/// The remaining uncertainty of a model's agreement after this many answers, as a share of the deviation over
/// the models.
pub(super) fn unknown(answers: usize) -> f32 {
    (SHRINK / (answers as f64 + SHRINK)).sqrt() as f32
}

/// The standard deviation of each column.
pub(super) fn deviation<'a>(numbers: impl Into<ArrayView2<'a, f32>>) -> Array1<f32> {
    numbers.into().map_axis(Axis(0), |column| {
        let middle = column.mean().unwrap_or_default();
        column.mapv(|x| (x - middle).powi(2)).mean().unwrap_or_default().sqrt()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::simulate::Simulation;

    #[test]
    fn models_of_one_group_agree_and_a_fold_in_lands_where_training_put_it() {
        let data = Simulation { models: 40, questions: 600, ..Simulation::default() }.run();
        let train: Vec<usize> = (0..data.questions.len()).collect();
        let rasch = Rasch::fit(&data, &train);
        let by_model = data.responses.by_model(&train, data.models.len());
        let (agreement, numbers) = Agreement::fit(&by_model, &rasch, 30).unwrap();
        let square = numbers.mapv(|x| x * x).sum() / 40.0;
        assert!((square - 1.0).abs() < 1e-3);
        let mut sums = vec![Shared::default(); agreement.landmarks.len()];
        for (row, &q) in train.iter().enumerate() {
            let residual =
                |m: usize, y: f32| f64::from(y) - sigmoid(rasch.abilities[m] + rasch.eases[row]);
            let answers: Vec<(usize, f32)> = data.responses.of(q).collect();
            if let Some((_, own)) = answers.iter().find(|(m, _)| *m == 0) {
                for (m, y) in &answers {
                    sums[*m].add(residual(0, *own), residual(*m, *y));
                }
            }
        }
        let placed = agreement.place(&sums);
        let cosine = placed.dot(&numbers.row(0))
            / (placed.dot(&placed) * numbers.row(0).dot(&numbers.row(0))).sqrt();
        assert!(cosine > 0.95, "{cosine}");
    }

    #[test]
    fn the_questions_that_two_models_share_are_counted() {
        let data = Simulation { models: 12, questions: 200, ..Simulation::default() }.run();
        let train: Vec<usize> = (0..150).collect();
        let rasch = Rasch::fit(&data, &train);
        let by_model = data.responses.by_model(&train, data.models.len());
        let (agreement, _) = Agreement::fit(&by_model, &rasch, 4).unwrap();
        let counts = agreement.shared.unwrap();
        let answered = |q: usize, m: usize| data.responses.of(q).any(|(other, _)| other == m);
        for (a, b) in [(0, 1), (3, 11), (10, 4)] {
            let n = train.iter().filter(|q| answered(**q, a) && answered(**q, b)).count();
            assert!(n > 0);
            assert_eq!(counts.get(a, b), Some(n as u32));
        }
    }
}
