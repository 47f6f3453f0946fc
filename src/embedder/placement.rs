//! Places a model that was not trained on: its prior, and its vector and levels from a posterior.

use std::collections::HashMap;

use ndarray::{Array1, Array2, Axis, concatenate, s};

use super::Embedder;
use super::agreement::Shared;
use super::factors::GENERAL;
use super::features::Features;
use super::knowledge::{Ground, Latent, Placement, Population};
use crate::logit::sigmoid;

/// Learned specialities are regularized: those of a new model may be wider by this factor.
const WIDEN: f64 = 1.6;

impl Embedder {
    /// Projects prompts into the latent space of models; see [`Latent`].
    #[must_use]
    pub(crate) fn project(&self, features: &Features) -> Latent {
        let (asked, knowledge) = (self.asked(features), &self.knowledge);
        let (layout, factors) = (knowledge.layout(), &knowledge.factors);
        let special = GENERAL + layout.benchmarks;
        let mut x = Array2::zeros((asked.len(), special + layout.specialities));
        let mut offset = Array1::zeros(asked.len());
        let scale = self.calibration.temperature.recip();
        for q in 0..asked.len() {
            let mut row = x.row_mut(q);
            let slope = f64::from(asked.slope[q]);
            let mut mean = 0.0;
            for (c, p) in asked.categories.row(q).iter().enumerate() {
                let p = f64::from(*p);
                let loadings = factors.loadings.row(c);
                for k in 0..GENERAL {
                    row[k] += slope * p * loadings[k];
                }
                row[GENERAL + factors.of[c]] += slope * p;
                mean += p * loadings[GENERAL];
            }
            row.slice_mut(s![special..]).assign(&asked.direction.row(q).mapv(f64::from));
            row *= scale;
            offset[q] =
                scale * (slope * mean + f64::from(asked.ease[q]) + f64::from(asked.shift[q]));
        }
        Latent { x, offset }
    }

    /// The prior of an unknown model.
    #[must_use]
    pub(crate) fn population(&self) -> Population {
        let knowledge = &self.knowledge;
        let learned = knowledge.specialities.mapv(f64::from);
        let middle = learned.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(learned.ncols()));
        let floor = 1e-6;
        let width = learned.map_axis(Axis(0), |x| WIDEN * x.var(0.0) + floor);
        let special = &knowledge.factors.special;
        Population {
            mean: concatenate![Axis(0), Array1::zeros(GENERAL + special.len()), middle],
            variance: concatenate![Axis(0), Array1::ones(GENERAL), special.clone(), width],
        }
    }

    /// Precomputes what placing models needs.
    pub(crate) fn ground(&self) -> Ground {
        self.knowledge.ground(&self.vectors)
    }

    /// The difficulty of a question from answers of models of the embedder (model, label).
    pub(crate) fn seen(&self, ground: &Ground, answers: &[(usize, f32)]) -> Seen {
        let ability = |m: usize| f64::from(self.knowledge.rasch[m]);
        let ease = ease(answers, ability);
        let others = answers.iter().map(|(m, y)| Other {
            model: *m,
            landmark: ground.landmarks[*m],
            residual: f64::from(*y) - sigmoid(ability(*m) + ease),
        });
        Seen { ease, others: others.collect() }
    }

    /// A new model from the distribution of its latent vector (mean, covariance), and its labels of questions
    /// that models of the embedder answered too.
    #[must_use]
    pub(crate) fn place(
        &self,
        ground: &Ground,
        posterior: (&Array1<f64>, &Array2<f64>),
        answers: &[(f32, &Seen)],
    ) -> Placement {
        let own = fold_in(answers.iter().map(|(y, seen)| (f64::from(*y), seen.ease)));
        let mut shared = vec![Shared::default(); self.knowledge.agreement.landmarks.len()];
        let mut counts = HashMap::new();
        for (y, seen) in answers {
            let residual = f64::from(*y) - sigmoid(own + seen.ease);
            for other in &seen.others {
                *counts.entry(other.model).or_default() += 1;
                if let Some(at) = other.landmark {
                    shared[at].add(residual, other.residual);
                }
            }
        }
        self.knowledge.place(posterior, &shared, own, ground, counts)
    }
}

/// The difficulty of a question from the answers of models.
pub(crate) struct Seen {
    ease: f64,
    others: Vec<Other>,
}

/// The residual of a model's answer.
struct Other {
    model: usize,
    landmark: Option<usize>,
    residual: f64,
}

/// The easiness of a question from the answers of models of known ability: Newton's method, a normal prior.
fn ease(answers: &[(usize, f32)], ability: impl Fn(usize) -> f64) -> f64 {
    newton(answers.iter().map(|(m, y)| (f64::from(*y), ability(*m))), 0.5)
}

/// The Rasch ability of a model from its labels and the easiness of the questions.
fn fold_in(answers: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    newton(answers, 0.02)
}

fn newton(answers: impl Iterator<Item = (f64, f64)> + Clone, prior: f64) -> f64 {
    let mut term = 0.0_f64;
    for _ in 0..20 {
        let (mut slope, mut curvature) = (-prior * term, prior);
        for (y, other) in answers.clone() {
            let p = sigmoid(term + other);
            slope += y - p;
            curvature += p * (1.0 - p);
        }
        term += (slope / curvature).clamp(-1.0, 1.0);
    }
    term
}
