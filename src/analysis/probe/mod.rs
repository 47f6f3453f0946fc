//! Probes: can an attribute of a model be decoded from its vector, better than chance, family membership and
//! coverage allow?
//!
//! A *linear* probe (ridge regression) and *k-NN* each predict held-out models; penalty, number of neighbors,
//! form of the vectors and threshold are chosen within each fold. Folds are random, and a second set keeps
//! families of models together, since twenty fine-tunes of one base would otherwise predict each other. There
//! are three controls: the most frequent class, the same probe on shuffled labels, and the same probe on only
//! the ability of a model and the set of benchmarks that it was evaluated on.

mod crossval;
mod figures;
mod folds;
mod report;
mod smoother;
mod task;

use std::sync::atomic::AtomicBool;

use ndarray::{Array2, ArrayView2, Axis, s};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::dataset::Attribute;
use crate::embedder::{Benchmark, Embedder};
use crate::error::{Error, Result};
use crate::estimate::Figure;
use crossval::{Scores, cross_validate};
use figures::Outcome;
use folds::Fold;
use smoother::{Features, Kind};
use task::Task;

pub use figures::Figures;
pub use report::{Prediction, Pull, Report, Run, Scheme};

/// Settings of a probe.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Random folds.
    pub folds: usize,
    /// Number of repetitions with new folds.
    pub repetitions: usize,
    /// Repetitions on shuffled labels.
    pub shuffles: usize,
    /// Resamples of models for the intervals.
    pub resamples: usize,
    /// The random seed of folds, shuffles and resamples.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { folds: 10, repetitions: 3, shuffles: 200, resamples: 500, seed: 1 }
    }
}

/// Maximum number of models: the distances of all pairs are kept.
pub const MODELS: usize = 4096;
/// Maximum number of attributes.
pub const ATTRIBUTES: usize = 1000;
/// Number of shuffled labelings that are evaluated together: one fit serves them all, but they take memory.
const COLUMNS: usize = 2400;
/// The significance level for decodability: with seven attributes, chance alone passes none of them in 93 of
/// a hundred embedders, and the other controls remain.
const SIGNIFICANT: f64 = 0.01;

/// The models of an embedder, prepared for probes.
pub struct Prober {
    models: usize,
    vectors: Features,
    pools: Features,
    families: Vec<usize>,
    /// The attribute that defines the families; the names if there is none.
    pub families_by: Option<String>,
    abilities: Vec<f64>,
    benchmarks: Vec<Benchmark>,
}

/// The result on shuffled labels.
struct Shuffled {
    /// The share of shuffles that did as well, counting the true labels as one.
    p_value: f64,
    /// The mean.
    accuracy: f64,
    /// The 95% quantile of the main metric.
    high: Option<f64>,
}

impl Prober {
    /// From the vectors (models × dimensions, ability first), names and attributes of the models, which
    /// define their families, and the benchmarks that they were evaluated on.
    #[must_use]
    pub fn new(
        vectors: ArrayView2<'_, f32>,
        names: &[String],
        attributes: &[Attribute],
        benchmarks: &[Benchmark],
    ) -> Self {
        let (families, families_by) = folds::families(names, attributes);
        // With too many models nothing is prepared: probes will fail.
        let some = if names.len() > MODELS { 0 } else { names.len() };
        let few = vectors.slice(s![..some, ..]);
        Self {
            models: names.len(),
            vectors: Features::of_vectors(few),
            pools: Features::of_pools(few, benchmarks),
            families,
            families_by,
            abilities: vectors.column(0).iter().map(|v| f64::from(*v)).collect(),
            benchmarks: benchmarks.to_vec(),
        }
    }

    /// The models of an embedder, with families from its own or other `attributes`.
    #[must_use]
    pub fn of(embedder: &Embedder, attributes: &[Attribute]) -> Self {
        Self::new(embedder.vectors().view(), embedder.models(), attributes, embedder.benchmarks())
    }

    /// Checks that this many attributes can be probed.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] if there are more than [`MODELS`] models or [`ATTRIBUTES`] attributes.
    pub fn check(&self, attributes: usize) -> Result<()> {
        if self.models > MODELS {
            return Err(Error::Usage(format!(
                "{} models are too many to probe: it compares all pairs of at most {MODELS}",
                self.models
            )));
        }
        if attributes > ATTRIBUTES {
            return Err(Error::Usage(format!(
                "{attributes} attributes are too many to probe at once ({ATTRIBUTES} at most): choose one"
            )));
        }
        Ok(())
    }

    /// Probes one attribute, whose values are in the order of the models.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] if fewer than two classes have enough models;
    /// [`crate::Error::Cancelled`].
    pub fn probe(
        &self,
        attribute: &Attribute,
        settings: &Settings,
        cancel: &AtomicBool,
    ) -> Result<Report> {
        self.check(1)?;
        let task = Task::new(attribute)?;
        let mut plain_folds = Vec::new();
        for repetition in 0..settings.repetitions.max(1) as u64 {
            let mut rng = folds::rng(settings.seed, repetition);
            let number = settings.folds.clamp(2, task.known.len());
            plain_folds.push(folds::stratified(&task.known, &task.class, number, &mut rng));
        }
        let run =
            |folds: &[Vec<Fold>], units: &[usize]| self.run(&task, folds, units, settings, cancel);
        let each: Vec<usize> = (0..self.models).collect();
        let plain = run(&plain_folds, &each)?;
        let grouped = self
            .spans_families(&task)
            .then(|| run(&[folds::grouped(&task.known, &self.families)], &self.families))
            .transpose()?;
        let whole = self.whole(&task, cancel)?;
        Ok(report::assemble(self, attribute, &task, plain, grouped, &whole))
    }

    /// True if every class occurs in at least two families, so that one can be held out.
    fn spans_families(&self, task: &Task) -> bool {
        (0..task.names.len()).all(|class| {
            let of = task.known.iter().filter(|m| task.class[**m] == class);
            let mut families: Vec<usize> = of.map(|m| self.families[*m]).collect();
            families.sort_unstable();
            families.dedup();
            families.len() > 1
        })
    }

    /// Both kinds and the control with one set of folds; `units` are resampled as a whole.
    fn run(
        &self,
        task: &Task,
        folds: &[Vec<Fold>],
        units: &[usize],
        settings: &Settings,
        cancel: &AtomicBool,
    ) -> Result<(Scheme, Scores, Outcome)> {
        let truth = task.columns(std::slice::from_ref(&task.known));
        let judge = |kind: Kind, features: &Features| -> Result<(Scores, Vec<Outcome>)> {
            let mut predicted = folds
                .iter()
                .map(|folds| cross_validate(kind, features, folds, task, &truth, cancel))
                .collect::<Result<Vec<Scores>>>()?;
            let outcomes =
                predicted.iter().map(|s| Outcome::new(task, s, &task.known, 0)).collect();
            Ok((predicted.swap_remove(0), outcomes))
        };
        let shuffle = |kind: Kind, first: &Outcome| -> Result<Shuffled> {
            // The folds stay the same, the labels are shuffled over the models.
            let (mut as_high, mut accuracy, mut mains) = (0_usize, 0.0, Vec::new());
            let labelings: Vec<Vec<usize>> = (0..settings.shuffles as u64)
                .map(|shuffle| {
                    let mut moved = task.known.clone();
                    moved.shuffle(&mut folds::rng(settings.seed, (1 << 16) + shuffle));
                    moved
                })
                .collect();
            for batch in labelings.chunks((COLUMNS / task.targets()).max(1)) {
                let y = task.columns(batch);
                let predicted = cross_validate(kind, &self.vectors, &folds[0], task, &y, cancel)?;
                let found: Vec<[f64; 3]> = batch
                    .par_iter()
                    .enumerate()
                    .map(|(at, labeling)| {
                        let outcome = Outcome::new(task, &predicted, labeling, at);
                        [outcome.deciding(), outcome.accuracy(), outcome.main()]
                    })
                    .collect();
                as_high += found.iter().filter(|[d, ..]| *d >= first.deciding()).count();
                accuracy += found.iter().map(|[_, a, _]| a).sum::<f64>();
                mains.extend(found.iter().map(|[.., m]| *m));
            }
            let n = settings.shuffles as f64;
            mains.sort_by(f64::total_cmp);
            Ok(Shuffled {
                p_value: (as_high + 1) as f64 / (n + 1.0),
                accuracy: accuracy / n.max(1.0),
                high: mains.get(mains.len() * 19 / 20).copied(),
            })
        };
        let (scores, linear) = judge(Kind::Linear, &self.vectors)?;
        let (_, nearest) = judge(Kind::Neighbors, &self.vectors)?;
        let (_, pool) = judge(Kind::Linear, &self.pools)?;
        let unit: Vec<usize> = task.known.iter().map(|m| units[*m]).collect();
        let weights = figures::resampled(&unit, settings.resamples, settings.seed);
        // Resamples × metrics, with those of the original models first.
        let measured = |outcomes: &[Outcome]| -> Vec<[f64; 5]> {
            let mean = |weights: &[f64]| {
                let mut mean = [0.0; 5];
                for outcome in outcomes {
                    let figures = outcome.figures(weights);
                    mean.iter_mut().zip(figures).for_each(|(m, f)| *m += f / outcomes.len() as f64);
                }
                mean
            };
            let plain = mean(&vec![1.0; unit.len()]);
            std::iter::once(plain)
                .chain(weights.par_iter().map(|w| mean(w)).collect::<Vec<_>>())
                .collect()
        };
        let deciding = if task.is_number() { 4 } else { 2 };
        let summed = |measured: &[[f64; 5]]| {
            let of = |f: usize| {
                Figure::resampled(measured[0][f], measured[1..].iter().map(|row| row[f]))
            };
            Figures::from([of(0), of(1), of(2), of(3), of(4)], task.is_number())
        };
        let (by_linear, by_pool) = (measured(&linear), measured(&pool));
        let ahead: Vec<f64> =
            by_linear.iter().zip(&by_pool).map(|(l, p)| l[deciding] - p[deciding]).collect();
        let run = |measured: &[[f64; 5]], shuffled: Option<Shuffled>| Run {
            figures: summed(measured),
            shuffled: shuffled.as_ref().map(|s| s.accuracy),
            shuffled_high: shuffled.as_ref().and_then(|s| s.high),
            p_value: shuffled.as_ref().map(|s| s.p_value),
        };
        let scheme = Scheme {
            folds: folds[0].len(),
            repetitions: folds.len(),
            linear: run(&by_linear, Some(shuffle(Kind::Linear, &linear[0])?)),
            nearest: run(&measured(&nearest), Some(shuffle(Kind::Neighbors, &nearest[0])?)),
            pool: run(&by_pool, None),
            ahead_of_pool: Figure::resampled(ahead[0], ahead[1..].iter().copied()),
        };
        let first = linear.into_iter().next();
        let first = first.unwrap_or_else(|| Outcome::new(task, &scores, &task.known, 0));
        Ok((scheme, scores, first))
    }

    /// The predictions of a linear probe on all known models, for every model.
    fn whole(&self, task: &Task, cancel: &AtomicBool) -> Result<Scores> {
        let all = Fold::new(task.known.clone(), (0..self.models).collect(), |m| self.families[m]);
        let one_family = all.groups.len() < 2;
        let all = if one_family { Fold::new(all.train, all.test, |m| m) } else { all };
        let truth: Array2<f64> = task.columns(std::slice::from_ref(&task.known));
        debug_assert_eq!(truth.len_of(Axis(0)), self.models);
        cross_validate(Kind::Linear, &self.vectors, &[all], task, &truth, cancel)
    }
}

#[cfg(test)]
mod tests;
