//! Held-out models: how well a few responses place models that are not in the training data.
//!
//! Whole families of models are held out of training. Each held-out model is then folded in with a few
//! responses of its train split, and evaluated on all its other responses: the error of its predicted
//! accuracy, and, on the val split, the discrimination between correct and incorrect answers.

mod coreset;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ndarray::Array2;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

pub use coreset::{Coreset, coresets};

use crate::analysis::onboarding::{Posterior, Prior, Questions, Target, ask};
use crate::dataset::{Dataset, Split, Values};
use crate::embedder::{self, Embedder, Event, Rasch, train};
use crate::error::{Error, Result};
use crate::logit::sigmoid;
use crate::metrics::{auc, log_loss};
use crate::progress::Progress;

/// What to hold out and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The numbers of responses of a new model.
    pub sizes: Vec<usize>,
    /// The numbers at which an embedder is also retrained with the new models.
    pub retrain: Vec<usize>,
    /// The number of folds of families; each is held out in turn.
    pub folds: usize,
    /// The attribute of families that are kept together; without it, each model is a family.
    pub family: Option<String>,
    /// The training settings; the seed also decides the folds and the sampled responses.
    pub train: embedder::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sizes: vec![8, 16, 32, 64, 128, 256],
            retrain: vec![128],
            folds: 5,
            family: Some("family".into()),
            train: embedder::Settings::default(),
        }
    }
}

/// How the responses of a model are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// At random.
    Random,
    /// Those that reduce the variance most, in batches that double, each given the answers to the ones
    /// before.
    Ask,
}

/// The results of one predictor with a number of responses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The number of responses of each model.
    pub responses: usize,
    /// How they were chosen.
    pub order: Order,
    /// `llmap` (the fold-in), `ability` (a one-parameter fold-in with the difficulty of each question for the
    /// other models), `mean` (the share of correct answers so far) or `retrained`.
    pub predictor: &'static str,
    /// The mean over models of the absolute error of the accuracy on all their other responses.
    pub error: f64,
    /// The standard error of that mean.
    pub standard_error: f64,
    /// The mean over (model, benchmark) of the same on each benchmark.
    pub benchmark_error: f64,
    /// The share of models whose accuracy is in its 80% interval; for the fold-in only.
    pub covered: Option<f64>,
    /// AUC over the held-out models' responses in val.
    pub auc: f64,
    /// Log loss over the same.
    pub nll: f64,
}

/// The results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unseen {
    /// The number of held-out models.
    pub models: usize,
    /// Their families.
    pub families: usize,
    /// One per predictor, order and number of responses.
    pub rows: Vec<Row>,
    /// Median milliseconds to fold in a model's responses, by their number (questions already encoded).
    pub milliseconds: BTreeMap<usize, f64>,
    /// The total time.
    pub seconds: f64,
}

/// Holds out each fold of families in turn. `progress` receives the number of every training, the total, and
/// its events.
///
/// # Errors
/// [`Error::Usage`] if there are too few models or the attribute has no classes; errors of training.
pub fn unseen(
    data: &Dataset,
    settings: &Settings,
    progress: &mut Progress<'_, (usize, usize, Event)>,
) -> Result<Unseen> {
    let (start, cancel) = (Instant::now(), progress.cancel());
    let family = families(data, settings.family.as_deref())?;
    let fold_of = deal(&family, settings)?;
    let trainings = settings.folds * (1 + settings.retrain.len());
    let mut judged: BTreeMap<(usize, Order, &'static str), Vec<Outcome>> = BTreeMap::new();
    let mut times: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for fold in 0..settings.folds {
        let number = fold * (1 + settings.retrain.len());
        let (out, kept): (Vec<usize>, Vec<usize>) =
            (0..data.models.len()).partition(|&m| fold_of[m] == fold);
        let embedder = progress.part(
            |event| (number, trainings, event),
            |part| train(&data.with_models(&kept), &settings.train, part),
        )?;
        let bench = Bench::new(data, &embedder, &kept, cancel)?;
        let trials: Vec<Trial> = out
            .par_iter()
            .map(|&model| bench.trial(model, settings))
            .collect::<Result<Vec<Option<Trial>>>>()?
            .into_iter()
            .flatten()
            .collect();
        for (i, &size) in settings.retrain.iter().enumerate() {
            let given: HashMap<usize, &[usize]> =
                trials.iter().map(|t| (t.model, &t.random[..size.min(t.random.len())])).collect();
            let data = data.with_responses(|q, m| match given.get(&m) {
                Some(given) => given.contains(&q),
                None => fold_of[m] != fold,
            });
            let retrained = progress.part(
                |event| (number + 1 + i, trainings, event),
                |part| train(&data, &settings.train, part),
            )?;
            let features = retrained.encode_many(&texts(&data), &mut Progress::until(cancel))?;
            let p = retrained.predict(&features);
            for trial in &trials {
                let found = bench.retrained(trial, size, &p);
                judged.entry((size, Order::Random, "retrained")).or_default().push(found);
            }
        }
        for trial in trials {
            for (key, found) in trial.judged {
                judged.entry(key).or_default().push(found);
            }
            for (size, milliseconds) in trial.times {
                times.entry(size).or_default().push(milliseconds);
            }
        }
    }
    let rows = judged.iter().map(|(key, judged)| row(*key, judged)).collect();
    let median = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    Ok(Unseen {
        models: judged.values().map(Vec::len).max().unwrap_or_default(),
        families: family.iter().collect::<std::collections::HashSet<_>>().len(),
        rows,
        milliseconds: times.into_iter().map(|(size, all)| (size, median(all))).collect(),
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// The family of each model, as a number.
fn families(data: &Dataset, name: Option<&str>) -> Result<Vec<usize>> {
    let Some(name) = name else { return Ok((0..data.models.len()).collect()) };
    let names: Vec<String> = data.attributes.iter().map(|a| a.name.clone()).collect();
    let attribute = &data.attributes[crate::names::resolve("attribute", name, &names)?];
    let Values::Class(values) = &attribute.values else {
        return Err(Error::Usage(format!("the attribute `{name}` does not name families")));
    };
    let mut numbers = HashMap::new();
    let mut alone = data.models.len();
    let number = |value: &Option<String>| {
        let next = numbers.len();
        if let Some(value) = value {
            return *numbers.entry(value.clone()).or_insert(next);
        }
        alone += 1;
        alone
    };
    Ok(values.iter().map(number).collect())
}

/// The fold of each model: families by size, each to the fold with the fewest models so far (ties at random).
fn deal(family: &[usize], settings: &Settings) -> Result<Vec<usize>> {
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    family.iter().for_each(|f| *sizes.entry(*f).or_default() += 1);
    if settings.folds < 2 || sizes.len() < settings.folds {
        return Err(Error::Usage(format!(
            "{} families cannot fill {} folds: there must be 2 or more folds, and a family for each",
            sizes.len(),
            settings.folds
        )));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(settings.train.seed);
    let mut order: Vec<(usize, usize)> = sizes.into_iter().collect();
    order.sort_unstable();
    order.shuffle(&mut rng);
    order.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let mut totals = vec![(0_usize, 0_u32); settings.folds];
    let mut fold_of = HashMap::new();
    for (family, size) in order {
        totals.iter_mut().for_each(|total| total.1 = rng.random());
        let least = (0..totals.len()).min_by_key(|f| totals[*f]).unwrap_or_default();
        totals[least].0 += size;
        fold_of.insert(family, least);
    }
    Ok(family.iter().map(|f| fold_of[f]).collect())
}

fn texts(data: &Dataset) -> Vec<&str> {
    data.questions.iter().map(|question| &*question.prompt).collect()
}

/// An embedder without some models, and what is needed to evaluate fold-ins of them.
struct Bench<'a> {
    data: &'a Dataset,
    prior: Prior,
    /// All questions, by their text only.
    plain: Questions,
    /// All questions, informed by the other models' answers.
    informed: Questions,
    /// Rasch easiness of all questions, from the other models.
    eases: Vec<f64>,
    abilities: (f64, f64),
    /// By model, its responses by question.
    answers: Vec<Vec<(usize, f32)>>,
}

/// The data of one held-out model.
struct Trial {
    model: usize,
    /// Its train questions in random order.
    random: Vec<usize>,
    judged: Vec<((usize, Order, &'static str), Outcome)>,
    times: Vec<(usize, f64)>,
}

/// One prediction for one model.
struct Outcome {
    error: f64,
    /// By benchmark.
    errors: Vec<f64>,
    covered: Option<f64>,
    /// On val.
    p: Vec<f32>,
    labels: Vec<f32>,
}

impl<'a> Bench<'a> {
    fn new(
        data: &'a Dataset,
        embedder: &Embedder,
        kept: &[usize],
        cancel: &AtomicBool,
    ) -> Result<Self> {
        let features = embedder.encode_many(&texts(data), &mut Progress::until(cancel))?;
        let mut column = vec![None; data.models.len()];
        kept.iter().enumerate().for_each(|(i, &m)| column[m] = Some(i));
        let plain = Questions::new(embedder, &features);
        let informed = plain.clone().informed(embedder, &features, |q| {
            data.responses.of(q).filter_map(|(m, y)| Some((column[m]?, y)))
        });
        let all: Vec<usize> = (0..data.questions.len()).collect();
        let rasch = Rasch::fit(&data.with_models(kept), &all);
        let n = rasch.abilities.len() as f64;
        let mean = rasch.abilities.iter().sum::<f64>() / n;
        let variance = rasch.abilities.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / n;
        let mut answers = vec![Vec::new(); data.models.len()];
        for q in 0..data.questions.len() {
            data.responses.of(q).for_each(|(m, y)| answers[m].push((q, y)));
        }
        Ok(Self {
            data,
            prior: Prior::fit(embedder),
            plain,
            informed,
            eases: rasch.eases,
            abilities: (mean, variance),
            answers,
        })
    }

    /// `None` for a model without responses to fold in or to evaluate on.
    fn trial(&self, model: usize, settings: &Settings) -> Result<Option<Trial>> {
        let answers = &self.answers[model];
        let is_val = |q: usize| self.data.questions[q].split == Split::Val;
        let mut random: Vec<usize> = answers
            .iter()
            .map(|a| a.0)
            .filter(|q| self.data.questions[*q].split == Split::Train)
            .collect();
        let most = settings.sizes.iter().copied().max().unwrap_or_default();
        if random.len() <= most || !answers.iter().any(|(q, _)| is_val(*q)) {
            return Ok(None);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(settings.train.seed);
        rng.set_stream(model as u64 + 1);
        random.shuffle(&mut rng);
        let label: HashMap<usize, f32> = answers.iter().copied().collect();
        let mut trial = Trial { model, random, judged: Vec::new(), times: Vec::new() };
        let mut sizes = settings.sizes.clone();
        sizes.sort_unstable();

        let groups = self.groups(answers.iter().map(|a| a.0));
        let groups: Vec<Questions> = groups.values().map(|g| self.informed.select(g)).collect();
        let pool = self.informed.select(&trial.random);
        let mut asked: Vec<usize> = Vec::new();
        let mut known = Posterior::prior_only(&self.prior);
        for &size in &sizes {
            let target = Target::new(&known, &groups);
            let open: Vec<usize> = (0..pool.len()).filter(|i| !asked.contains(i)).collect();
            let seed = settings.train.seed.wrapping_add(asked.len() as u64);
            let more = ask(&known, &target, &pool, &open, size - asked.len(), seed);
            asked.extend(more.iter().map(|asked| asked.question));
            let given: Vec<usize> = asked.iter().map(|i| trial.random[*i]).collect();
            known = self.judge(&mut trial, Order::Ask, &given, &label)?;
            let given = trial.random[..size].to_vec();
            self.judge(&mut trial, Order::Random, &given, &label)?;
        }
        Ok(Some(trial))
    }

    /// Questions by category.
    fn groups(&self, questions: impl Iterator<Item = usize>) -> BTreeMap<u32, Vec<usize>> {
        let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        questions.for_each(|q| groups.entry(self.data.questions[q].category).or_default().push(q));
        groups
    }

    /// Evaluates all predictors given the responses to `given`.
    fn judge(
        &self,
        trial: &mut Trial,
        order: Order,
        given: &[usize],
        label: &HashMap<usize, f32>,
    ) -> Result<Posterior> {
        let labels: Vec<f32> = given.iter().map(|q| label[q]).collect();
        let start = Instant::now();
        let posterior = Posterior::fold_in(&self.prior, &self.informed.select(given), &labels)?;
        trial.times.push((given.len(), 1000.0 * start.elapsed().as_secs_f64()));

        let rest = self.rest(trial.model, given);
        let questions: Vec<usize> = rest.iter().map(|(q, _)| *q).collect();
        let informed = posterior.probabilities(&self.informed.select(&questions));
        let plain = posterior.probabilities(&self.plain.select(&questions));
        let estimate = posterior.accuracy(&self.informed.select(&questions));
        let mut found = self.compare(&rest, |i| informed[i], |i| plain[i]);
        let truth = rest.iter().map(|(_, y)| f64::from(*y)).sum::<f64>() / rest.len() as f64;
        found.covered = Some(f64::from(u8::from((estimate.low..=estimate.high).contains(&truth))));
        trial.judged.push(((given.len(), order, "llmap"), found));

        let ability = self.ability(given, &labels);
        let general =
            self.eases.iter().map(|e| sigmoid(ability + e)).sum::<f64>() / self.eases.len() as f64;
        let found =
            self.compare(&rest, |i| sigmoid(ability + self.eases[questions[i]]), |_| general);
        trial.judged.push(((given.len(), order, "ability"), found));
        let mean = labels.iter().map(|y| f64::from(*y)).sum::<f64>() / labels.len() as f64;
        trial.judged.push(((given.len(), order, "mean"), self.compare(&rest, |_| mean, |_| mean)));
        Ok(posterior)
    }

    fn retrained(&self, trial: &Trial, size: usize, p: &Array2<f32>) -> Outcome {
        let rest = self.rest(trial.model, &trial.random[..size]);
        let p = |i: usize| f64::from(p[[rest[i].0, trial.model]]);
        self.compare(&rest, p, p)
    }

    /// A model's responses to all but `given`.
    fn rest(&self, model: usize, given: &[usize]) -> Vec<(usize, f32)> {
        let given: std::collections::HashSet<usize> = given.iter().copied().collect();
        self.answers[model].iter().copied().filter(|(q, _)| !given.contains(q)).collect()
    }

    /// Evaluates predictions of the responses `rest`: `known` for the accuracy, `new` for val, whose
    /// questions count as unanswered.
    fn compare(
        &self,
        rest: &[(usize, f32)],
        known: impl Fn(usize) -> f64,
        new: impl Fn(usize) -> f64,
    ) -> Outcome {
        let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        let (mut p, mut labels, mut total) = (Vec::new(), Vec::new(), 0.0);
        for (i, &(q, y)) in rest.iter().enumerate() {
            let question = &self.data.questions[q];
            let error = known(i) - f64::from(y);
            total += error;
            let sum = sums.entry(question.category).or_default();
            *sum = (sum.0 + error, sum.1 + 1.0);
            if question.split == Split::Val {
                p.push(new(i) as f32);
                labels.push(y);
            }
        }
        let error = (total / rest.len().max(1) as f64).abs();
        let errors = sums.values().map(|(sum, n)| (sum / n).abs()).collect();
        Outcome { error, errors, covered: None, p, labels }
    }

    /// The maximum a posteriori Rasch ability, with the prior of the other models.
    fn ability(&self, given: &[usize], labels: &[f32]) -> f64 {
        let (mean, variance) = self.abilities;
        let mut ability = mean;
        for _ in 0..50 {
            let (mut slope, mut curvature) = ((mean - ability) / variance, 1.0 / variance);
            for (q, y) in given.iter().zip(labels) {
                let p = sigmoid(ability + self.eases[*q]);
                slope += f64::from(*y) - p;
                curvature += p * (1.0 - p);
            }
            ability += (slope / curvature).clamp(-1.0, 1.0);
        }
        ability
    }
}

fn row((responses, order, predictor): (usize, Order, &'static str), judged: &[Outcome]) -> Row {
    let n = judged.len() as f64;
    let error = judged.iter().map(|j| j.error).sum::<f64>() / n;
    let variance = judged.iter().map(|j| (j.error - error).powi(2)).sum::<f64>() / n;
    let errors: Vec<f64> = judged.iter().flat_map(|j| j.errors.iter().copied()).collect();
    let p: Vec<f32> = judged.iter().flat_map(|j| j.p.iter().copied()).collect();
    let labels: Vec<f32> = judged.iter().flat_map(|j| j.labels.iter().copied()).collect();
    let covered: Option<Vec<f64>> = judged.iter().map(|j| j.covered).collect();
    let losses = p.iter().zip(&labels).map(|(p, y)| log_loss(f64::from(*p), f64::from(*y)));
    Row {
        responses,
        order,
        predictor,
        error,
        standard_error: (variance / n).sqrt(),
        benchmark_error: errors.iter().sum::<f64>() / errors.len().max(1) as f64,
        covered: covered.map(|c| c.iter().sum::<f64>() / n),
        auc: auc(&p, &labels),
        nll: losses.sum::<f64>() / p.len().max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::simulate::Simulation;

    #[test]
    fn a_few_responses_place_models_of_families_that_were_left_out() {
        let data =
            Simulation { models: 30, questions: 900, seed: 4, ..Simulation::default() }.run();
        let settings = Settings {
            sizes: vec![8, 64],
            retrain: Vec::new(),
            folds: 3,
            family: None,
            train: embedder::Settings { epochs: 6, dim: 8, ..embedder::Settings::default() },
        };
        let found = unseen(&data, &settings, &mut Progress::silent()).unwrap();
        assert_eq!(found.models, 30);
        let error = |predictor: &str, responses: usize, order: Order| {
            let is =
                |r: &&Row| (r.predictor, r.responses, r.order) == (predictor, responses, order);
            found.rows.iter().find(is).unwrap().error
        };
        for order in [Order::Random, Order::Ask] {
            assert!(error("llmap", 64, order) < error("llmap", 8, order));
        }
        assert!(error("llmap", 8, Order::Random) < error("mean", 8, Order::Random));
        let too_many = Settings { folds: 31, ..settings };
        assert!(unseen(&data, &too_many, &mut Progress::silent()).is_err());
    }
}
