//! Questions for a fold-in.

use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;

use crate::embedder::{Embedder, Features, Latent};
use crate::logit::{logit, sigmoid, stretch};

/// Projected questions: the calibrated logit of a model on the i-th is the product of its latent vector and
/// the i-th row of `x`, plus the i-th offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Questions {
    /// Questions × latent dimensions.
    pub(super) x: Array2<f64>,
    /// The part that is the same for every model.
    pub(super) offset: Array1<f64>,
}

impl Questions {
    /// Questions of which only the text is known.
    #[must_use]
    pub fn new(embedder: &Embedder, features: &Features) -> Self {
        let Latent { x, offset } = embedder.project(features);
        Self { x, offset }
    }

    /// The same questions, informed by how other models of the embedder answered them. `answers(i)` are the
    /// responses to the i-th question: (model of the embedder, label).
    ///
    /// The part of a question's difficulty that its text does not predict is a normal term in logits (see
    /// [`crate::embedder::Calibration`]). The answers estimate it more precisely, and with less uncertainty
    /// the question discriminates more between models.
    #[must_use]
    pub fn informed<A>(
        mut self,
        embedder: &Embedder,
        features: &Features,
        answers: impl Fn(usize) -> A + Sync,
    ) -> Self
    where
        A: Iterator<Item = (usize, f32)>,
    {
        let spread = embedder.calibration().spread;
        if spread <= 0.0 {
            return self;
        }
        // In a large embedder, only a few of the models answered.
        let mut place = vec![usize::MAX; embedder.models().len()];
        (0..features.len()).for_each(|i| answers(i).for_each(|(m, _)| place[m] = 0));
        let models: Vec<usize> = (0..place.len()).filter(|m| place[*m] == 0).collect();
        models.iter().enumerate().for_each(|(at, m)| place[*m] = at);
        let predicted = embedder.predict_some(features, &models);
        let known: Vec<(f64, f64)> = (0..features.len())
            .into_par_iter()
            .map(|i| {
                let answers: Vec<(f64, f64)> = answers(i)
                    .map(|(m, y)| {
                        let p = f64::from(predicted[[i, place[m]]]).clamp(1e-4, 1.0 - 1e-4);
                        (logit(p) * stretch(spread), f64::from(y))
                    })
                    .collect();
                difficulty(&answers, spread)
            })
            .collect();
        for (i, (shift, left)) in known.into_iter().enumerate() {
            let sharper = stretch(spread) / stretch(left);
            self.x.row_mut(i).mapv_inplace(|x| x * sharper);
            self.offset[i] = self.offset[i] * sharper + shift / stretch(left);
        }
        self
    }

    /// Space for this many questions, for [`Questions::copy`].
    pub(super) fn empty(questions: usize, numbers: usize) -> Self {
        Self { x: Array2::zeros((questions, numbers)), offset: Array1::zeros(questions) }
    }

    /// How many questions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.x.nrows()
    }

    /// Replaces the question at `row` by the one at `from` of `other`.
    pub(super) fn copy(&mut self, row: usize, other: &Self, from: usize) {
        self.x.row_mut(row).assign(&other.x.row(from));
        self.offset[row] = other.offset[from];
    }

    /// Some of the questions, in the order of `rows`.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self { x: self.x.select(Axis(0), rows), offset: self.offset.select(Axis(0), rows) }
    }
}

/// The mean and deviation of a question's own term given answers to it, each with its logit: a normal prior
/// of deviation `spread`, Newton's method, Laplace approximation.
fn difficulty(answers: &[(f64, f64)], spread: f64) -> (f64, f64) {
    let mut term = 0.0_f64;
    let mut curvature = 0.0;
    for _ in 0..8 {
        let mut slope = -term / (spread * spread);
        curvature = 1.0 / (spread * spread);
        for (logit, label) in answers {
            let p = sigmoid(logit + term);
            slope += label - p;
            curvature += p * (1.0 - p);
        }
        term += (slope / curvature).clamp(-1.0, 1.0);
    }
    (term, curvature.sqrt().recip())
}
