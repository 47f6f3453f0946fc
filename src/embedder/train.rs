//! Training: from a data set to an embedder.

mod checkpoint;
mod featurize;
mod optimizer;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use ndarray::{Axis, concatenate};

use super::benchmark::{Benchmark, Score};
use super::calibrate;
use super::coverage::coverage;
use super::forecast::{Logits, ask};
use super::knowledge::Groundwork;
use super::levels::Given;
use super::network::{Network, Weights};
use super::progress::Event;
use super::scope;
use super::settings::Settings;
use super::{Embedder, Provenance};
use crate::dataset::{Dataset, Split};
use crate::error::{Error, Result};
use crate::metrics::{EvalSet, Metrics, reliability};
use crate::progress::{Progress, proceed};
pub use checkpoint::Checkpoints;
use checkpoint::Keeper;
use featurize::{featurize, texts};
use optimizer::{Run, TRAINING, panicked};

/// Trains an embedder on the train split of `data`, selecting epoch and calibration on val.
///
/// `progress` receives every step. When `cancel` becomes true, training stops at the next batch and keeps the
/// best epoch so far.
///
/// # Errors
/// [`Error::Usage`] if a split has no responses or a setting is invalid; [`Error::Cancelled`] before the
/// first epoch has ended; [`Error::Failed`] if it diverges.
pub fn train(
    data: &Dataset,
    settings: &Settings,
    progress: &mut Progress<'_, Event>,
) -> Result<Embedder> {
    train_with(data, settings, Resources::default(), progress)
}

/// Optional inputs of training that do not change the embedder.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resources<'a> {
    /// Where to save and resume. Checkpoints are not removed: call [`Checkpoints::remove`] once the embedder
    /// is saved.
    pub checkpoints: Option<&'a Checkpoints>,
    /// A folder with the vectors of the questions from its sentence encoders
    /// ([`crate::encoder::encode_shard`]).
    pub vectors: Option<&'a Path>,
}

/// The same, with resources.
///
/// # Errors
/// As [`train`]; [`Error::Input`] if a checkpoint to resume is from other data or settings, or if vectors are
/// missing.
pub fn train_with(
    data: &Dataset,
    settings: &Settings,
    resources: Resources<'_>,
    progress: &mut Progress<'_, Event>,
) -> Result<Embedder> {
    check(settings)?;
    let [train, val] = [Split::Train, Split::Val].map(|split| {
        let questions = data.split(split);
        questions.into_iter().filter(|&q| data.responses.of(q).len() > 0).collect::<Vec<_>>()
    });
    enough(data, &train, &val)?;
    distinct(data, &train)?;
    let keeper =
        resources.checkpoints.map(|kept| Keeper::open(kept, data, settings)).transpose()?;
    let questions = train.len() + val.len();
    let cancel = progress.cancel();
    progress.report(Event::Encoding { done: 0, questions });
    let scores = benchmarks(data, |split| split == Split::Train);
    let attributes = if settings.attributes { &*data.attributes } else { &[] };
    let all = benchmarks(data, |split| split != Split::Test);
    let by_model = data.responses.by_model(&train, data.models.len());
    let answers = (&*train, &by_model);
    // Neither of the two parts uses all cores all the time. In the pool, the second takes what the first leaves.
    let mut groundwork = Err(panicked());
    let features = rayon::in_place_scope(|scope| {
        scope.spawn(|_| {
            groundwork = Groundwork::fit(data, answers, (&scores, &all), attributes, settings);
        });
        progress.part(
            |done| Event::Encoding { done, questions },
            |part| featurize(data, answers, (settings, resources.vectors), part),
        )
    });
    let ((mut featurizer, train_inputs), groundwork) = (features?, groundwork?);
    drop(by_model);
    let val_features = progress.part(
        |done| Event::Encoding { done: train.len() + done, questions },
        |part| featurizer.features(&texts(data, &val), part),
    )?;
    featurizer.encoder = featurizer.encoder.without_vectors();
    progress.report(Event::Encoding { done: questions, questions });
    proceed(cancel, TRAINING)?;
    let judged = EvalSet::new(data, val);
    let run = Run {
        data,
        settings,
        train: &train,
        inputs: &train_inputs,
        val: &val_features,
        judged: &judged,
        groundwork: &groundwork,
        cancel,
        keeper: keeper.as_ref(),
    };
    let best = run.members(progress)?;
    drop(train_inputs);
    let epoch = best.iter().map(|best| best.epoch).max().unwrap_or_default();
    let specialities: Vec<_> = best.iter().map(|best| best.specialities.view()).collect();
    // The number of rows is equal: joining cannot fail.
    let specialities = concatenate(Axis(1), &specialities).unwrap_or_default();
    let weights: Vec<(Weights, usize)> = best
        .into_iter()
        .map(|best| {
            let width = best.specialities.ncols();
            (best.weights.rounded(), width)
        })
        .collect();
    let (knowledge, vectors) = groundwork.with(specialities);

    let device = settings.backend.device();
    let network =
        |(weights, width): &(Weights, usize)| (Network::from_weights(weights, &device), *width);
    let networks: Vec<_> = weights.iter().map(network).collect();
    let asked = ask(&networks, &val_features.inputs, &device)
        .ok_or_else(|| Error::Failed("there are no responses to calibrate on".into()))?;
    let known = (&knowledge.levels, &knowledge.tested);
    let logits = Logits::observed(known, &knowledge.specialities, &asked, Given::Recorded, &judged);
    let calibration = calibrate::fit(&judged, &logits);
    let p: Vec<f32> = logits.iter().map(|logit| calibration.probability(*logit)).collect();
    Ok(Embedder {
        models: Arc::new(data.models.clone()),
        attributes: Arc::new(data.attributes.clone()),
        benchmarks: all,
        provenance: Provenance {
            data: data.name.clone(),
            fingerprint: data.fingerprint(),
            simulated: data.simulated(),
            seed: settings.seed,
            epoch,
            questions: train.len() as u32,
            responses: train.iter().map(|&q| data.responses.of(q).len() as u32).sum(),
            val: Metrics::of(&judged, &p),
            scope: scope::threshold(&val_features),
            axes_by_coverage: crate::embedder::axes::explained(&scores, &vectors.vectors)?,
            reliability: reliability(&p, &judged.labels).to_vec(),
            coverage: coverage(&judged, &p, &calibration),
            version: env!("CARGO_PKG_VERSION").into(),
        },
        vectors: Arc::new(vectors.vectors),
        deviations: vectors.deviations,
        calibration,
        featurizer,
        weights,
        networks,
        knowledge,
        device,
        mean_strength: OnceLock::new(),
    })
}

/// Checks that both splits have questions with an answer.
fn enough(data: &Dataset, train: &[usize], val: &[usize]) -> Result<()> {
    if train.len() + val.len() < 2 {
        return Err(Error::Usage(format!(
            "{}: too few questions with an answer: at least 2 are needed, one for training \
             and one for validation",
            data.name
        )));
    }
    for (questions, split) in [(train, "train"), (val, "val")] {
        if questions.is_empty() {
            return Err(Error::Usage(format!(
                "{}: the {split} split has no responses; training needs train and val questions \
                 (without a split column in the questions table, llmap makes the splits)",
                data.name
            )));
        }
    }
    Ok(())
}

fn check(settings: &Settings) -> Result<()> {
    let problem = if !(1..=16).contains(&settings.members) {
        "there must be 1 to 16 networks"
    } else if !(8..=128).contains(&settings.dim) {
        "the dimension must be from 8 to 128"
    } else if settings.encoder.is_empty() {
        "there must be an encoder"
    } else if settings.epochs == 0 {
        "there must be at least one epoch"
    } else if settings.batch == 0 {
        "a batch must have at least one question"
    } else if !(0.0..0.95).contains(&settings.dropout) {
        "the dropout must be at least 0 and under 0.95"
    } else if !(settings.learning_rate > 0.0 && settings.learning_rate < 1.0) {
        "the learning rate must be between 0 and 1"
    } else if settings.backend.has_device() {
        return Ok(());
    } else {
        let backend = settings.backend;
        return Err(Error::Failed(format!(
            "the {backend} backend finds no device: check its driver, or train with --backend ndarray"
        )));
    };
    Err(Error::Usage(problem.into()))
}

/// With a single text, there is nothing to learn about questions.
fn distinct(data: &Dataset, train: &[usize]) -> Result<()> {
    let differ = texts(data, train).windows(2).any(|pair| pair[0] != pair[1]);
    let few = "too few questions: at least 2 with different texts are needed to train on";
    differ.then_some(()).ok_or_else(|| Error::Usage(format!("{}: {few}", data.name)))
}

/// The scores of every model on every category, over the splits that count.
fn benchmarks(data: &Dataset, counts: impl Fn(Split) -> bool) -> Vec<Benchmark> {
    let mut sums = vec![vec![(0.0, 0_u32); data.models.len()]; data.categories.len()];
    let mut questions = vec![0; data.categories.len()];
    for (q, question) in data.questions.iter().enumerate() {
        let category = question.category as usize;
        if !counts(question.split) {
            continue;
        }
        questions[category] += u32::from(question.split == Split::Train);
        for (m, y) in data.responses.of(q) {
            sums[category][m].0 += f64::from(y);
            sums[category][m].1 += 1;
        }
    }
    let score = |(right, responses): (f64, u32)| {
        (responses > 0).then(|| Score { accuracy: right / f64::from(responses), responses })
    };
    let named = data.categories.iter().zip(&data.kinds).zip(&data.descriptions);
    named
        .zip(sums)
        .zip(questions)
        .map(|((((name, kind), description), sums), questions)| Benchmark {
            name: name.clone(),
            kind: *kind,
            description: description.clone(),
            questions,
            scores: sums.into_iter().map(score).collect(),
        })
        .collect()
}
