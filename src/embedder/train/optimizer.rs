//! Trains the networks in parallel, one thread each, in batches of whole questions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use burn::module::{Module, Param, ParamId};
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Bytes, Device, Tensor, TensorData};
use ndarray::{Array2, Axis, concatenate};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::checkpoint::{Best, Clock, Keeper, Place, Saved, Sizes};
use crate::dataset::Dataset;
use crate::embedder::features::Features;
use crate::embedder::forecast::{Logits, ask};
use crate::embedder::knowledge::Groundwork;
use crate::embedder::levels::Given;
use crate::embedder::network::{HIDDEN, Network, TERMS, Weights, array2, data2, tensor};
use crate::embedder::objective::{Example, slopes};
use crate::embedder::progress::{Epoch, Event};
use crate::embedder::settings::Settings;
use crate::error::{Error, Result};
use crate::logit::sigmoid;
use crate::metrics::{EvalSet, log_loss};
use crate::progress::Progress;

/// The name of the work if it is cancelled before the first epoch.
pub(super) const TRAINING: &str = "training";

pub(super) fn panicked() -> Error {
    Error::Failed("a training thread panicked".into())
}

/// The trained parameters.
#[derive(Module, Debug)]
struct Trainee {
    network: Network,
    /// Models × specialities.
    specialities: Param<Tensor<2>>,
}

impl Trainee {
    /// The ids of the parameters in the optimizer's state.
    fn names(&self) -> [u64; 7] {
        let [a, b, c, d, e, f] = self.network.names();
        [a, b, c, d, e, f, self.specialities.id.val()]
    }

    fn named(mut self, names: &[u64; 7]) -> Self {
        let [a, b, c, d, e, f, specialities] = *names;
        self.network.rename([a, b, c, d, e, f]);
        self.specialities.id = ParamId::from(specialities);
        self
    }
}

/// One run of the optimizer.
pub(super) struct Run<'a> {
    pub(super) data: &'a Dataset,
    pub(super) settings: &'a Settings,
    pub(super) train: &'a [usize],
    /// Training questions × inputs.
    pub(super) inputs: &'a Array2<f32>,
    pub(super) val: &'a Features,
    pub(super) judged: &'a EvalSet,
    pub(super) groundwork: &'a Groundwork,
    pub(super) cancel: &'a AtomicBool,
    pub(super) keeper: Option<&'a Keeper<'a>>,
}

/// A network between two batches.
struct State {
    trainee: Trainee,
    optimizer: ModuleOptimizer,
    rng: ChaCha8Rng,
    /// The training questions, in the order of the epoch.
    order: Vec<u32>,
    /// The epoch, from 1, and how many of its batches are done.
    epoch: u32,
    batch: usize,
    /// Batches of all epochs that are done.
    step: u64,
    /// Statistics of the epoch so far.
    loss_sum: f64,
    best: Option<Best>,
}

impl Run<'_> {
    /// Trains all networks in parallel, one thread each; `progress` receives the events of the first one.
    pub(super) fn members(&self, progress: &mut Progress<'_, Event>) -> Result<Vec<Best>> {
        // The next epoch waits for its event to be handled, so that cancelling at an event takes effect
        // immediately: the nothing after an event is received only then.
        let (sender, events) = sync_channel(0);
        thread::scope(|scope| {
            let mut sender = Some(sender);
            let members: Vec<_> = (0..self.settings.members)
                .map(|member| {
                    let sender = if member == 0 { sender.take() } else { None };
                    scope.spawn(move || {
                        self.epochs(member, &mut |event| {
                            // The receiver outlives every member.
                            let _ = sender.as_ref().map(|sender| {
                                sender.send(Some(event)).and_then(|()| sender.send(None))
                            });
                        })
                    })
                })
                .collect();
            events.iter().flatten().for_each(|event| progress.report(event));
            let gone = |_| Err(panicked());
            let joined = members.into_iter().map(|member| member.join().unwrap_or_else(gone));
            // If the training was cancelled, the networks that completed an epoch count.
            let kept: Vec<Best> = joined.filter_map(Result::transpose).collect::<Result<_>>()?;
            if kept.is_empty() { Err(Error::Cancelled(TRAINING)) } else { Ok(kept) }
        })
    }

    /// The number of specialities of a network: they are divided evenly.
    fn width(&self, member: usize) -> usize {
        (self.settings.specialities() + member) / self.settings.members
    }

    /// Trains one network until the maximum number of epochs, early stopping or cancellation: `None` if that
    /// was before the first epoch has ended.
    fn epochs(&self, member: usize, progress: &mut dyn FnMut(Event)) -> Result<Option<Best>> {
        let settings = self.settings;
        let device = settings.backend.device().autodiff();
        let plain = settings.backend.device();
        let batches = self.train.len().div_ceil(settings.batch);
        let steps = f64::from(settings.epochs) * batches as f64;
        let responses: usize = self.train.iter().map(|&q| self.data.responses.of(q).len()).sum();
        let mut state = self.begin(member, &device)?;
        let (first, start) = (state.epoch, Instant::now());
        let mut clock = Clock::start();
        'training: while state.epoch <= settings.epochs {
            let (epoch, epoch_start) = (state.epoch, Instant::now());
            while state.batch < batches {
                if self.cancel.load(Ordering::Relaxed) {
                    self.save(member, &state, &mut clock)?;
                    break 'training;
                }
                if state.batch == 0 {
                    state.order.shuffle(&mut state.rng);
                }
                let from = state.batch * settings.batch;
                let batch = &state.order[from..state.order.len().min(from + settings.batch)];
                let (objective, loss) =
                    self.objective(&state.trainee, batch, &mut state.rng, &device);
                let gradients = GradientsParams::from_grads(objective.backward(), &state.trainee);
                let step = state.step as f64;
                let cosine = 0.5 * (1.0 + (std::f64::consts::PI * step / steps).cos());
                let warm = ((step + 1.0) / 50.0).min(1.0);
                let rate = settings.learning_rate * warm * (0.98 * cosine + 0.02);
                state.trainee = state.optimizer.step(rate, state.trainee, gradients);
                state.loss_sum += loss;
                state.step += 1;
                state.batch += 1;
                if self.keeper.is_some_and(|keeper| keeper.due(&clock)) {
                    self.save(member, &state, &mut clock)?;
                }
            }
            let weights = state.trainee.network.weights();
            let specialities = array2(state.trainee.specialities.val());
            let val_nll = self.val_loss(&weights, &specialities, &plain);
            if !val_nll.is_finite() {
                return Err(Error::Failed(
                    "training diverged: the validation log loss is not a number".into(),
                ));
            }
            let better = state.best.as_ref().is_none_or(|best| val_nll < best.val_nll);
            let ability = self.groundwork.vectors.vectors.column(0).insert_axis(Axis(1));
            // The number of rows is equal: joining cannot fail.
            let shown = concatenate(Axis(1), &[ability, specialities.view()]).unwrap_or_default();
            if better {
                state.best = Some(Best { epoch, val_nll, weights, specialities });
            }
            let left = settings.epochs - epoch;
            let seconds = epoch_start.elapsed().as_secs_f64();
            progress(Event::Epoch(Epoch {
                number: epoch,
                of: settings.epochs,
                train_nll: state.loss_sum / batches as f64,
                val_nll,
                best: better,
                responses_per_second: responses as f64 / seconds,
                remaining: Duration::from_secs_f64(
                    start.elapsed().as_secs_f64() / f64::from(epoch - first + 1) * f64::from(left),
                ),
                vectors: shown,
            }));
            (state.epoch, state.batch, state.loss_sum) = (epoch + 1, 0, 0.0);
            if state.best.as_ref().is_some_and(|best| epoch - best.epoch >= settings.patience) {
                break;
            }
        }
        Ok(state.best)
    }

    /// A new network, or the saved one.
    fn begin(&self, member: usize, device: &Device) -> Result<State> {
        let settings = self.settings;
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream(member as u64);
        let (models, categories) = (self.data.models.len(), self.data.categories.len());
        let (inputs, width) = (self.inputs.ncols(), self.width(member));
        let outputs = TERMS + width + categories;
        let optimizer =
            AdamWConfig::new().with_weight_decay(settings.weight_decay).with_epsilon(1e-8).init();
        let sizes =
            Sizes { questions: self.train.len(), inputs, outputs, models, specialities: width };
        let saved = self.keeper.map(|keeper| keeper.read(member, sizes).map(|s| (keeper, s)));
        if let Some((keeper, Some(saved))) = saved.transpose()? {
            let refused = |problem: &str| keeper.refused(member, problem.into());
            let Saved { place, order, weights, specialities, optimizer: moments, best } = saved;
            let network = Network::from_weights(&weights, device);
            let specialities = Param::from_data(data2(specialities.view()), device);
            let trainee = Trainee { network, specialities }.named(&place.parameters);
            let moments = Bytes::from_bytes_vec(moments);
            let optimizer = optimizer.from_bytes(moments).map_err(|e| refused(&e.to_string()))?;
            rng.set_word_pos(
                place.random.parse().map_err(|_| refused("the random stream has no position"))?,
            );
            return Ok(State {
                trainee,
                optimizer,
                rng,
                order,
                epoch: place.epoch,
                batch: place.batch,
                step: place.step,
                loss_sum: f64::from_bits(place.loss),
                best,
            });
        }
        let network = Network::new(inputs, outputs, &mut rng, device);
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        let start: Vec<f32> = (0..models * width).map(|_| 0.1 * normal()).collect();
        let specialities = Param::from_data(TensorData::new(start, [models, width]), device);
        Ok(State {
            trainee: Trainee { network, specialities },
            optimizer,
            rng,
            order: (0..self.train.len() as u32).collect(),
            epoch: 1,
            batch: 0,
            step: 0,
            loss_sum: 0.0,
            best: None,
        })
    }

    /// Saves a network if there are checkpoints.
    fn save(&self, member: usize, state: &State, clock: &mut Clock) -> Result<()> {
        let Some(keeper) = self.keeper else { return Ok(()) };
        let optimizer = state.optimizer.into_bytes();
        let optimizer = optimizer
            .map_err(|e| Error::Failed(format!("the optimizer cannot be saved: {e}")))?
            .to_vec();
        let place = Place {
            epoch: state.epoch,
            batch: state.batch,
            step: state.step,
            loss: state.loss_sum.to_bits(),
            random: state.rng.get_word_pos().to_string(),
            parameters: state.trainee.names(),
        };
        let saved = Saved {
            place,
            order: state.order.clone(),
            weights: state.trainee.network.weights(),
            specialities: array2(state.trainee.specialities.val()),
            optimizer,
            best: state.best.clone(),
        };
        keeper.save(member, &saved, clock);
        Ok(())
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

    /// The objective on a batch for burn to differentiate, and the mean log loss. The gradient at the outputs
    /// of the network is known in closed form, so this objective is linear in them: its value has no meaning,
    /// but its gradient is that of [`super::objective`].
    fn objective(
        &self,
        trainee: &Trainee,
        batch: &[u32],
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> (Tensor<1>, f64) {
        let inputs = {
            // In row-major order.
            let (all, width) = (self.inputs.as_slice().unwrap_or_default(), self.inputs.ncols());
            let row = |&row: &u32| &all[row as usize * width..][..width];
            let rows: Vec<&[f32]> = batch.iter().map(row).collect();
            TensorData::new(rows.concat(), [batch.len(), width])
        };
        let keep = 1.0 - self.settings.dropout;
        let (bound, scale) = ((256.0 * keep).ceil() as u16, keep.recip());
        let mut bytes = vec![0_u8; batch.len() * HIDDEN];
        let gate = |units: Vec<f32>| {
            // One random byte decides whether a unit is dropped, so that a seed gives the same training on
            // every backend; inactive units have no gradient anyway.
            rng.fill_bytes(&mut bytes);
            let open = |(unit, byte): (&f32, &u8)| {
                let kept = (*unit > 0.0) & (u16::from(*byte) < bound);
                f32::from(u8::from(kept)) * scale
            };
            let values: Vec<f32> = units.iter().zip(&bytes).map(open).collect();
            Tensor::from_data(TensorData::new(values, [batch.len(), HIDDEN]), device)
        };
        let outputs = trainee.network.gated(Tensor::from_data(inputs, device), gate);
        let specialities = trainee.specialities.val();
        let examples: Vec<Example> = batch
            .iter()
            .map(|&b| {
                let q = self.train[b as usize];
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
