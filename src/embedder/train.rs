//! Training: from a data set to an embedder.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use burn::module::{Module, Param};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};
use ndarray::{Array2, Axis, concatenate};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::benchmark::{Benchmark, Score};
use super::calibrate;
use super::coverage::coverage;
use super::features::{Features, Featurizer, shapes};
use super::forecast::{Logits, ask};
use super::knn_memory::Memory;
use super::knowledge::Groundwork;
use super::levels::Given;
use super::network::{HIDDEN, Network, TERMS, Weights, array2, tensor};
use super::ngram_head::{HASHING, NgramHead};
use super::objective::{Example, slopes};
use super::progress::{Epoch, Event};
use super::residuals::summarize;
use super::scope;
use super::settings::Settings;
use super::{Embedder, Provenance};
use crate::dataset::{Dataset, Split};
use crate::encoder::{Bags, Encoder};
use crate::error::{Error, Result};
use crate::logit::sigmoid;
use crate::metrics::{EvalSet, Metrics, log_loss, reliability};
use crate::progress::{Progress, proceed};

/// What is cancelled before there is an epoch to keep.
const TRAINING: &str = "training";

/// Trains an embedder on the train split of `data`, choosing epoch and calibration on val.
///
/// `progress` hears of every step. When `cancel` becomes true, training ends at the next batch with
/// the best epoch so far.
///
/// # Errors
/// [`Error::Usage`] if a split has no responses or a setting makes no sense; [`Error::Cancelled`]
/// before the first epoch is over; [`Error::Failed`] if it diverges.
pub fn train(
    data: &Dataset,
    settings: &Settings,
    progress: &mut Progress<'_, Event>,
) -> Result<Embedder> {
    check(settings)?;
    let [train, val] = [Split::Train, Split::Val].map(|split| {
        let questions = data.split(split);
        questions.into_iter().filter(|&q| data.responses.of(q).len() > 0).collect::<Vec<_>>()
    });
    enough(data, &train, &val)?;
    distinct(data, &train)?;
    let questions = train.len() + val.len();
    let cancel = progress.cancel();
    progress.report(Event::Encoding { done: 0, questions });
    let scores = benchmarks(data, |split| split == Split::Train);
    let attributes = if settings.attributes { &*data.attributes } else { &[] };
    let all = benchmarks(data, |split| split != Split::Test);
    // What the answers alone say is found beside what the texts say: neither keeps both cores busy.
    let (features, groundwork) = thread::scope(|scope| {
        let groundwork =
            scope.spawn(|| Groundwork::fit(data, &train, (&scores, &all), attributes, settings));
        let features = progress.part(
            |done| Event::Encoding { done, questions },
            |part| featurize(data, &train, settings, part),
        );
        (features, groundwork.join().unwrap_or_else(|_| Err(panicked())))
    });
    let ((featurizer, train_features), groundwork) = (features?, groundwork?);
    let val_features = progress.part(
        |done| Event::Encoding { done: train.len() + done, questions },
        |part| featurizer.features(&texts(data, &val), part),
    )?;
    proceed(cancel, TRAINING)?;
    let judged = EvalSet::new(data, val);
    let run = Run {
        data,
        settings,
        train: &train,
        features: &train_features,
        val: &val_features,
        judged: &judged,
        groundwork: &groundwork,
        cancel,
    };
    let best = run.members(progress)?;
    let epoch = best.iter().map(|best| best.epoch).max().unwrap_or_default();
    let specialities: Vec<_> = best.iter().map(|best| best.specialities.view()).collect();
    // Equally many rows: joining cannot fail.
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
        .ok_or_else(|| Error::Failed("there is nothing to calibrate on".into()))?;
    let known = (&knowledge.levels, &knowledge.tested);
    let logits = Logits::observed(known, &knowledge.specialities, &asked, Given::Recorded, &judged);
    let calibration = calibrate::fit(&judged, &logits);
    let p: Vec<f32> = logits.iter().map(|logit| calibration.probability(*logit)).collect();
    Ok(Embedder {
        models: Arc::new(data.models.clone()),
        attributes: data.attributes.clone(),
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
    })
}

/// Whether both splits have questions with an answer.
fn enough(data: &Dataset, train: &[usize], val: &[usize]) -> Result<()> {
    if train.len() + val.len() < 2 {
        return Err(Error::Usage(format!(
            "{}: too few questions with an answer: it takes at least 2 questions, one to learn from \
             and one to check with",
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
    } else {
        return Ok(());
    };
    Err(Error::Usage(problem.into()))
}

fn panicked() -> Error {
    Error::Failed("a training thread ended in a panic".into())
}

/// Of one text alone, nothing tells questions apart.
fn distinct(data: &Dataset, train: &[usize]) -> Result<()> {
    let differ = texts(data, train).windows(2).any(|pair| pair[0] != pair[1]);
    let few = "too few questions: at least 2 with different texts are needed to train on";
    differ.then_some(()).ok_or_else(|| Error::Usage(format!("{}: {few}", data.name)))
}

fn texts<'a>(data: &'a Dataset, questions: &[usize]) -> Vec<&'a str> {
    questions.iter().map(|&q| &*data.questions[q].prompt).collect()
}

/// Fits the encoder, the memory and the words to the training questions.
fn featurize(
    data: &Dataset,
    train: &[usize],
    settings: &Settings,
    progress: &mut Progress<'_, usize>,
) -> Result<(Featurizer, Features)> {
    let texts = texts(data, train);
    let bags = Bags::fit(HASHING, &texts);
    let encoder = Encoder::fit(&settings.encoder, &bags, settings.seed)?;
    let encoded = encoder.encode_bags(&bags, progress)?;
    let summaries = summarize(data, train, settings.seed);
    let (memory, kept) = Memory::fit(data, train, &encoder.keys(&encoded), &summaries);
    let mut known = HashMap::new();
    let ids: Vec<u32> = texts
        .iter()
        .map(|text| {
            let next = known.len() as u32;
            *known.entry(*text).or_insert(next)
        })
        .collect();
    let (words, said) =
        NgramHead::fit(data, train, (&bags, &ids), &summaries, settings.seed, progress.cancel());
    Ok(Featurizer::fit(encoder, (memory, &kept), (words, &said), &encoded, &shapes(&texts), &ids))
}

/// How every model did on every category, over the splits that count.
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
    let named = data.categories.iter().zip(&data.kinds).zip(sums).zip(questions);
    named
        .map(|(((name, kind), sums), questions)| Benchmark {
            name: name.clone(),
            kind: *kind,
            questions,
            scores: sums.into_iter().map(score).collect(),
        })
        .collect()
}

/// What one network learned at its best epoch.
struct Best {
    epoch: u32,
    val_nll: f64,
    weights: Weights,
    specialities: Array2<f32>,
}

/// What the optimizer moves.
#[derive(Module, Debug)]
struct Trainee {
    network: Network,
    /// Models × specialities.
    specialities: Param<Tensor<2>>,
}

/// One run of the optimizer.
struct Run<'a> {
    data: &'a Dataset,
    settings: &'a Settings,
    train: &'a [usize],
    features: &'a Features,
    val: &'a Features,
    judged: &'a EvalSet,
    groundwork: &'a Groundwork,
    cancel: &'a AtomicBool,
}

impl Run<'_> {
    /// Trains all networks side by side, a thread each; the first one is what `progress` hears of.
    fn members(&self, progress: &mut Progress<'_, Event>) -> Result<Vec<Best>> {
        let (sender, events) = channel();
        thread::scope(|scope| {
            let mut sender = Some(sender);
            let members: Vec<_> = (0..self.settings.members)
                .map(|member| {
                    let sender = if member == 0 { sender.take() } else { None };
                    scope.spawn(move || {
                        self.epochs(member, &mut |event| {
                            // The receiver outlives every member.
                            let _ = sender.as_ref().map(|sender| sender.send(event));
                        })
                    })
                })
                .collect();
            events.iter().for_each(|event| progress.report(event));
            let gone = |_| Err(panicked());
            let joined = members.into_iter().map(|member| member.join().unwrap_or_else(gone));
            // Of a cancelled training, the networks count that have an epoch behind them.
            let kept: Vec<Best> = joined.filter_map(Result::transpose).collect::<Result<_>>()?;
            if kept.is_empty() { Err(Error::Cancelled(TRAINING)) } else { Ok(kept) }
        })
    }

    /// Trains one network until the epochs are over, val stops getting better, or the run is
    /// cancelled: `None` if that was before the first epoch was over.
    fn epochs(&self, member: usize, progress: &mut dyn FnMut(Event)) -> Result<Option<Best>> {
        let settings = self.settings;
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream(member as u64);
        let device = settings.backend.device().autodiff();
        let plain = settings.backend.device();
        let (models, categories) = (self.data.models.len(), self.data.categories.len());
        // The specialities, dealt out evenly.
        let width = (settings.specialities() + member) / settings.members;
        let inputs = self.features.inputs.ncols();
        let network = Network::new(inputs, TERMS + width + categories, &mut rng, &device);
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        let start: Vec<f32> = (0..models * width).map(|_| 0.1 * normal()).collect();
        let specialities = Param::from_data(TensorData::new(start, [models, width]), &device);
        let mut trainee = Trainee { network, specialities };
        let mut optimizer =
            AdamWConfig::new().with_weight_decay(settings.weight_decay).with_epsilon(1e-8).init();
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        let batches = order.len().div_ceil(settings.batch);
        let steps = f64::from(settings.epochs) * batches as f64;
        let responses: usize = self.train.iter().map(|&q| self.data.responses.of(q).len()).sum();
        let (mut step, mut best, start) = (0.0, None::<Best>, Instant::now());
        'training: for epoch in 1..=settings.epochs {
            let epoch_start = Instant::now();
            order.shuffle(&mut rng);
            let mut loss_sum = 0.0;
            for batch in order.chunks(settings.batch) {
                if self.cancel.load(Ordering::Relaxed) {
                    break 'training;
                }
                let (objective, loss) = self.objective(&trainee, batch, &mut rng, &device);
                let gradients = GradientsParams::from_grads(objective.backward(), &trainee);
                let cosine = 0.5 * (1.0 + (std::f64::consts::PI * step / steps).cos());
                let warm = ((step + 1.0) / 50.0).min(1.0);
                let rate = settings.learning_rate * warm * (0.98 * cosine + 0.02);
                trainee = optimizer.step(rate, trainee, gradients);
                loss_sum += loss;
                step += 1.0;
            }
            let weights = trainee.network.weights();
            let specialities = array2(trainee.specialities.val());
            let val_nll = self.val_loss(&weights, &specialities, &plain);
            if !val_nll.is_finite() {
                return Err(Error::Failed(
                    "training diverged: the log loss of val is not a number".into(),
                ));
            }
            let better = best.as_ref().is_none_or(|best| val_nll < best.val_nll);
            let ability = self.groundwork.vectors.vectors.column(0).insert_axis(Axis(1));
            // Equally many rows: joining cannot fail.
            let shown = concatenate(Axis(1), &[ability, specialities.view()]).unwrap_or_default();
            if better {
                best = Some(Best { epoch, val_nll, weights, specialities });
            }
            let left = settings.epochs - epoch;
            let seconds = epoch_start.elapsed().as_secs_f64();
            progress(Event::Epoch(Epoch {
                number: epoch,
                of: settings.epochs,
                train_nll: loss_sum / batches as f64,
                val_nll,
                best: better,
                responses_per_second: responses as f64 / seconds,
                remaining: Duration::from_secs_f64(
                    start.elapsed().as_secs_f64() / f64::from(epoch) * f64::from(left),
                ),
                vectors: shown,
            }));
            if best.as_ref().is_some_and(|best| epoch - best.epoch >= settings.patience) {
                break;
            }
        }
        Ok(best)
    }

    /// The log loss of val before calibration.
    fn val_loss(&self, weights: &Weights, specialities: &Array2<f32>, device: &Device) -> f64 {
        let networks = [(Network::from_weights(weights, device), specialities.ncols())];
        let Some(asked) = ask(&networks, &self.val.inputs, device) else { return f64::NAN };
        let known = (&self.groundwork.levels, &self.groundwork.tested);
        let logits = Logits::observed(known, specialities, &asked, Given::Recorded, self.judged);
        let loss =
            |(&logit, &label): (&f32, &f32)| log_loss(sigmoid(f64::from(logit)), f64::from(label));
        logits.iter().zip(&self.judged.labels).map(loss).sum::<f64>() / logits.len() as f64
    }

    /// What burn differentiates on a batch, and the mean log loss. The gradient at the outputs of
    /// the network is known in closed form, so the objective is linear in them: its value means
    /// nothing, its gradient is that of [`super::objective`].
    fn objective(
        &self,
        trainee: &Trainee,
        batch: &[usize],
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> (Tensor<1>, f64) {
        let inputs = self.features.inputs.select(Axis(0), batch);
        let keep = 1.0 - self.settings.dropout;
        let (bound, scale) = ((256.0 * keep).ceil() as u16, keep.recip());
        let mut bytes = vec![0_u8; batch.len() * HIDDEN];
        let gate = |units: Vec<f32>| {
            // A byte decides whether a unit is dropped, so that a seed gives the same training on every
            // backend; the units that the rectifier shuts have no gradient either.
            rng.fill_bytes(&mut bytes);
            let open = |(unit, byte): (&f32, &u8)| {
                let kept = (*unit > 0.0) & (u16::from(*byte) < bound);
                f32::from(u8::from(kept)) * scale
            };
            let values: Vec<f32> = units.iter().zip(&bytes).map(open).collect();
            Tensor::from_data(TensorData::new(values, [batch.len(), HIDDEN]), device)
        };
        let outputs = trainee.network.gated(tensor(inputs.view(), device), gate);
        let specialities = trainee.specialities.val();
        let examples: Vec<Example> = batch
            .iter()
            .map(|&b| {
                let q = self.train[b];
                Example {
                    category: self.data.questions[q].category as usize,
                    answers: self.data.responses.of(q).collect(),
                }
            })
            .collect();
        let found = slopes(
            array2(outputs.clone().inner()).view(),
            array2(specialities.clone().inner()).view(),
            (&self.groundwork.levels, &self.groundwork.tested),
            &examples,
        );
        let by_outputs = tensor(found.outputs.view(), device);
        let by_specialities = tensor(found.specialities.view(), device);
        let objective = (outputs * by_outputs).sum() + (specialities * by_specialities).sum();
        (objective, found.loss)
    }
}
