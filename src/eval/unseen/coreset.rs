//! Evaluates core sets: how well a few questions, chosen once for all models, predict the full score of
//! held-out models.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{Bench, Settings, deal, families};
use crate::analysis::onboarding::{Labels, coreset, score_errors};
use crate::dataset::Dataset;
use crate::embedder::{Event, train};
use crate::error::Result;
use crate::progress::Progress;

/// The error of predicted scores on one benchmark, over the held-out models.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Coreset {
    /// Its name.
    pub benchmark: String,
    /// Its questions.
    pub questions: usize,
    /// The number of models.
    pub models: usize,
    /// The mean absolute error with the chosen questions.
    pub chosen: f64,
    /// The same with the share of correct answers to the chosen questions as the prediction.
    pub chosen_mean: f64,
    /// Predicted from the same number of random questions.
    pub random: f64,
    /// The share of correct answers to random questions.
    pub random_mean: f64,
}

/// Holds each fold of families out of training in turn, chooses `n` questions of each of `benchmarks` (all if
/// empty) by the answers of the other models, and predicts the held-out models' scores on all questions of
/// the benchmark from their answers to these.
///
/// # Errors
/// As [`super::unseen`]; [`crate::Error::Usage`] if a benchmark is unknown.
pub fn coresets(
    data: &Dataset,
    benchmarks: &[String],
    n: usize,
    settings: &Settings,
    progress: &mut Progress<'_, (usize, usize, Event)>,
) -> Result<Vec<Coreset>> {
    let wanted = benchmarks.iter();
    let wanted: Vec<usize> = wanted
        .map(|name| crate::names::resolve("benchmark", name, &data.categories))
        .collect::<Result<_>>()?;
    let fold_of = deal(&families(data, settings.family.as_deref())?, settings)?;
    let mut found: Vec<Coreset> = data
        .categories
        .iter()
        .map(|name| Coreset { benchmark: name.clone(), ..Coreset::default() })
        .collect();
    for fold in 0..settings.folds {
        let (out, kept): (Vec<usize>, Vec<usize>) =
            (0..data.models.len()).partition(|&m| fold_of[m] == fold);
        let embedder = progress.part(
            |event| (fold, settings.folds, event),
            |part| train(&data.with_models(&kept), &settings.train, part),
        )?;
        let bench = Bench::new(data, &embedder, &kept, progress.cancel())?;
        for (category, found) in found.iter_mut().enumerate() {
            if wanted.is_empty() || wanted.contains(&category) {
                judge(&bench, category, &out, n, settings.train.seed, found)?;
            }
        }
    }
    for found in &mut found {
        let models = found.models.max(1) as f64;
        for sum in
            [&mut found.chosen, &mut found.chosen_mean, &mut found.random, &mut found.random_mean]
        {
            *sum /= models;
        }
    }
    found.retain(|found| found.models > 0);
    Ok(found)
}

/// Adds the errors of the models `out` on a category to the sums in `found`.
fn judge(
    bench: &Bench,
    category: usize,
    out: &[usize],
    n: usize,
    seed: u64,
    found: &mut Coreset,
) -> Result<()> {
    let questions: Vec<usize> = (0..bench.data.questions.len())
        .filter(|q| bench.data.questions[*q].category as usize == category)
        .collect();
    found.questions = questions.len();
    let scores = |models: &mut dyn Iterator<Item = usize>| -> Vec<(usize, Labels)> {
        let all = models.map(|m| {
            let answers = bench.answers[m].iter().copied();
            let inside = |q: usize| bench.data.questions[q].category as usize == category;
            (m, answers.filter(|(q, _)| inside(*q)).collect::<Labels>())
        });
        // The true score of a model that skipped most of the benchmark is unknown.
        all.filter(|(_, label)| label.len() >= questions.len() / 2 && label.len() >= 2 * n)
            .collect()
    };
    let known = scores(&mut (0..bench.answers.len()).filter(|m| !out.contains(m)));
    let known: Vec<Labels> = known.into_iter().map(|(_, label)| label).collect();
    let chosen = coreset(&bench.prior, &bench.informed, &questions, &known, n, seed)?;
    for (model, label) in scores(&mut out.iter().copied()) {
        let mut random: Vec<usize> = questions.clone();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(model as u64 + 1);
        random.shuffle(&mut rng);
        random.truncate(n);
        let errors = |asked: &[usize]| {
            score_errors(&bench.prior, &bench.informed, &questions, &label, asked)
        };
        let ([chosen, chosen_mean], [random, random_mean]) = (errors(&chosen)?, errors(&random)?);
        found.models += 1;
        found.chosen += chosen;
        found.chosen_mean += chosen_mean;
        found.random += random;
        found.random_mean += random_mean;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::simulate::Simulation;
    use crate::embedder;

    #[test]
    fn a_few_questions_predict_the_score_of_held_out_models() {
        let data =
            Simulation { models: 30, questions: 900, seed: 4, ..Simulation::default() }.run();
        let settings = Settings {
            folds: 3,
            family: None,
            train: embedder::Settings { epochs: 6, dim: 8, ..embedder::Settings::default() },
            ..Settings::default()
        };
        let only = [data.categories[1].clone()];
        let found = coresets(&data, &only, 30, &settings, &mut Progress::silent()).unwrap();
        assert_eq!((found.len(), &found[0].benchmark), (1, &only[0]));
        assert!(found[0].models > 5 && found[0].chosen < 0.1, "{found:?}");
        assert!(coresets(&data, &["x".into()], 5, &settings, &mut Progress::silent()).is_err());
    }
}
