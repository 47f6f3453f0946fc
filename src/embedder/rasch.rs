//! One-parameter item response theory (Rasch): the ability of each model, corrected for the difficulty of its
//! questions.

use rayon::prelude::*;

use crate::dataset::{ByModel, Dataset};
use crate::logit::sigmoid;

/// A fitted model: logit = ability + ease.
#[derive(Clone, Debug, PartialEq)]
pub struct Rasch {
    /// One per model.
    pub abilities: Vec<f64>,
    /// One per question of the fit.
    pub eases: Vec<f64>,
}

impl Rasch {
    /// Fits the answers to the questions `train`, with normal priors, by alternating Newton steps.
    #[must_use]
    pub fn fit(data: &Dataset, train: &[usize]) -> Self {
        Self::of(data, train, &data.responses.by_model(train, data.models.len()))
    }

    /// The same, for answers grouped by model.
    pub(super) fn of(data: &Dataset, train: &[usize], by_model: &ByModel) -> Self {
        const SWEEPS: usize = 40;
        const ABILITY_PRIOR: f64 = 0.02;
        const EASE_PRIOR: f64 = 0.5;
        let mut abilities = vec![0.0_f64; data.models.len()];
        let mut eases = vec![0.0_f64; train.len()];
        for _ in 0..SWEEPS {
            eases.par_iter_mut().zip(train).for_each(|(ease, &q)| {
                let (mut slope, mut curvature) = (-EASE_PRIOR * *ease, EASE_PRIOR);
                for (m, y) in data.responses.of(q) {
                    let p = sigmoid(abilities[m] + *ease);
                    slope += f64::from(y) - p;
                    curvature += p * (1.0 - p);
                }
                *ease += (slope / curvature).clamp(-1.0, 1.0);
            });
            abilities.par_iter_mut().enumerate().for_each(|(m, ability)| {
                let (mut slope, mut curvature) = (-ABILITY_PRIOR * *ability, ABILITY_PRIOR);
                for (row, y) in by_model.of(m) {
                    let p = sigmoid(*ability + eases[row]);
                    slope += f64::from(y) - p;
                    curvature += p * (1.0 - p);
                }
                *ability += (slope / curvature).clamp(-1.0, 1.0);
            });
        }
        Self { abilities, eases }
    }

    /// The mean probability of each model over the questions of the fit.
    #[must_use]
    pub fn means(&self) -> Vec<f64> {
        let n = self.eases.len().max(1) as f64;
        let mean = |a: &f64| self.eases.iter().map(|ease| sigmoid(a + ease)).sum::<f64>() / n;
        self.abilities.iter().map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::simulate::{Model, respond};
    use crate::dataset::{Dataset, Kind, Question, Split};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn ability_is_not_fooled_by_easy_questions() {
        // The better model was evaluated on the hard category only, the worse one on the easy one, and twelve
        // others on both: their answers determine the difficulties.
        let questions: Vec<Question> = (0..1200)
            .map(|q| Question {
                id: q.to_string().into(),
                category: q % 2,
                split: Split::Train,
                prompt: "?".into(),
            })
            .collect();
        let model = |ability: f64, run_on: [bool; 2]| Model {
            name: ability.to_string(),
            ability,
            skills: vec![1.5, -1.5],
            run_on: run_on.to_vec(),
        };
        let mut models = vec![model(1.0, [false, true]), model(0.0, [true, false])];
        models.extend((0..12).map(|_| model(0.5, [true, true])));
        let data = Dataset {
            remarks: Vec::new(),
            name: "test".into(),
            categories: vec!["easy".into(), "hard".into()],
            kinds: vec![Kind::Correctness; 2],
            descriptions: vec![String::new(); 2],
            models: (0..models.len()).map(|m| m.to_string()).collect(),
            model_ids: (0..models.len()).map(|m| m.to_string().into()).collect(),
            attributes: Vec::new(),
            responses: respond(&questions, &models, &mut ChaCha8Rng::seed_from_u64(2)),
            questions,
        };
        let train: Vec<usize> = (0..1200).collect();
        let fitted = Rasch::fit(&data, &train).abilities;
        let raw = super::super::model_means(&data, &train);
        assert!(raw[0] < raw[1], "raw means are misleading");
        assert!(fitted[0] > fitted[1], "{fitted:?}");
    }
}
