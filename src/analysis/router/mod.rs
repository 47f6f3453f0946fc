//! Routing: which model is most likely to answer a prompt correctly, at what cost, and why.

mod answer;
mod cascade;
mod cost;
mod measured;
pub mod pools;
pub mod portfolio;
mod preferences;
mod ranking;
mod sentence;
mod ties;
mod tokens;
mod why;

use std::collections::HashSet;
use std::time::Instant;

use crate::dataset::Kind;
use crate::embedder::{Embedder, Features, Forecast, Given, Scope};
use crate::error::Result;
use ndarray::Array2;
use rayon::prelude::*;

pub use answer::Answer;
pub use cascade::Cascade;
pub use cost::{Costs, Unit, price_text};
pub use measured::Measured;
pub use preferences::{Preferences, Rank};
pub use tokens::{ANSWER_TOKENS, Tokens};
pub use why::{Evidence, Lead, MostProbable, RunnerUp, Why};

/// A candidate for answering a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its index in the embedder.
    pub model: usize,
    /// The calibrated probability of a correct answer.
    pub p: f32,
    /// The lower end of the 80% interval of `p`.
    pub low: f32,
    /// The upper end.
    pub high: f32,
    /// How much the model was evaluated on similar questions, in [0, 1].
    pub support: f32,
    /// Its cost in the [`Unit`] of the router, if known.
    pub cost: Option<f64>,
    /// True if it is not distinguishable from the most probable candidate: the difference is within the 80%
    /// interval given the number of training responses on similar questions.
    pub tied: bool,
    /// True if no other candidate is both more probable and at most as costly (Pareto).
    pub front: bool,
    /// The evidence for the probability.
    pub measured: Measured,
    /// The number of answers.
    pub answers: Answers,
}

/// Numbers of answers of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// On the benchmarks of [`Route::evidence`].
    pub here: u32,
    /// On all benchmarks of the same kind.
    pub all: u32,
}

/// The ranking of the models for one prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The candidates, the chosen one first, the others by preference (ties: lowest model id): all, or the
    /// requested number. Never empty.
    pub candidates: Vec<Candidate>,
    /// How similar the prompt is to the training questions; out of scope, the probabilities are those for a
    /// question of an unknown kind.
    pub scope: Scope,
    /// Its familiarity relative to the threshold: in scope from 1, out of scope up to a half. `None` if there
    /// is no threshold.
    pub familiarity: Option<f64>,
    /// True if no candidate reached [`Preferences::min_quality`]: the most probable one was chosen.
    pub below: bool,
    /// The most similar categories, most similar first.
    pub evidence: Vec<Evidence>,
    /// An explanation of the first candidate, and what the runner-up lacks.
    pub why: Why,
    /// A cheap model first, and a better one if its answer is incorrect; `None` if that saves nothing.
    pub cascade: Option<Cascade>,
    /// How long it took, in milliseconds.
    pub milliseconds: f64,
}

impl Route {
    /// The kind of its probabilities: that of the category with the largest share of the evidence; out of
    /// scope, correctness, since other kinds of benchmarks do not contribute then.
    #[must_use]
    pub fn kind(&self) -> Kind {
        kind(&self.evidence, self.scope)
    }
}

fn kind(evidence: &[Evidence], scope: Scope) -> Kind {
    match evidence.first() {
        Some(first) if scope != Scope::Out => first.kind,
        _ => Kind::Correctness,
    }
}

/// Prompts per batch: small enough that every core gets a part.
const TOGETHER: usize = 32;

/// Models that one thread handles at least, where little is done for each.
const SERIAL: usize = 1 << 16;
/// The same where more is done: waking a thread takes as long as some hundred of them.
const FEW: usize = 512;

/// Routes prompts among the models of an embedder.
pub struct Router<'a> {
    embedder: &'a Embedder,
    /// The costs of the models.
    pub costs: Costs,
}

impl<'a> Router<'a> {
    /// A router over all models of `embedder`, with costs from its attributes.
    #[must_use]
    pub fn new(embedder: &'a Embedder) -> Self {
        Self::with_costs(embedder, Costs::of(embedder.models().len(), embedder.attributes()))
    }

    /// The same with precomputed costs.
    #[must_use]
    pub fn with_costs(embedder: &'a Embedder, costs: Costs) -> Self {
        Self { embedder, costs }
    }

    /// The complete result for each prompt.
    ///
    /// # Errors
    /// As [`Preferences::check`]; if the encoder is not on this machine, see [`Embedder::encode`].
    pub fn route(&self, prompts: &[&str], preferences: &Preferences) -> Result<Vec<Route>> {
        self.route_top(prompts, preferences, usize::MAX)
    }

    /// The same with only the first `top` candidates, which is faster with many models.
    ///
    /// # Errors
    /// As [`Router::route`].
    pub fn route_top(
        &self,
        prompts: &[&str],
        preferences: &Preferences,
        top: usize,
    ) -> Result<Vec<Route>> {
        let start = Instant::now();
        // In the pool as a whole: else every step would wait there for a thread to wake up.
        rayon::scope(|_| {
            self.route_encoded((&self.embedder.encode(prompts)?, start), preferences, top)
        })
    }

    /// The same for encoded prompts; the reported time starts at `start`.
    ///
    /// # Errors
    /// As [`Preferences::check`].
    pub(crate) fn route_encoded(
        &self,
        (features, start): (&Features, Instant),
        preferences: &Preferences,
        top: usize,
    ) -> Result<Vec<Route>> {
        preferences.check(&self.costs)?;
        let forecast = self.forecast(features);
        let order = self.order(preferences);
        let rows = (0..features.len()).into_par_iter();
        let mut routes: Vec<Route> =
            rows.map(|row| self.ranked((features, &forecast), row, &order, top)).collect();
        let each = start.elapsed().as_secs_f64() * 1000.0 / routes.len().max(1) as f64;
        routes.iter_mut().for_each(|route| route.milliseconds = each);
        Ok(routes)
    }

    /// The route of the prompt in a row, without its time.
    fn ranked(
        &self,
        (features, forecast): (&Features, &Forecast),
        row: usize,
        order: &ranking::Order,
        top: usize,
    ) -> Route {
        let preferences = order.preferences;
        let near = self.embedder.similar(features, row);
        let known = ties::Known::new(self.embedder, &near);
        let all = 0..self.costs.len();
        let of = |model| self.entry(forecast, row, model, preferences);
        let overview = ranking::Overview::of(all.clone(), &of);
        let candidate = |entry: &ranking::Entry| candidate(forecast, row, entry);
        let best = overview.best.as_ref().map(candidate);
        let front: Vec<Candidate> = overview.front.iter().map(candidate).collect();
        let tied = |c: &Candidate| best.as_ref().is_some_and(|best| known.tied(c, best));
        let highest = best.as_ref().map(|best| best.p);
        let marked = |model: usize| {
            let entry = of(model)?;
            let tied = || tied(&candidate(&entry));
            Some(ranking::Entry { near: near_enough(preferences, &entry, highest, tied), ..entry })
        };
        // The explanation may need more candidates than requested.
        let (found, below) = order.top(all, top.max(why::CANDIDATES), &marked);
        let found = found.par_iter().with_min_len(SERIAL);
        let mut candidates: Vec<Candidate> = found.map(candidate).collect();
        let on_front: HashSet<usize> = front.iter().map(|c| c.model).collect();
        candidates.par_iter_mut().with_min_len(FEW).for_each(|c| {
            (c.low, c.high) = self.ends(forecast, row, c.model);
            c.tied = tied(c);
            c.front = on_front.contains(&c.model);
        });
        let categories = why::categories(near);
        let evidence = why::evidence(self.embedder, &categories, &candidates);
        let mut why = why::why(self, (forecast, row), &candidates, best.as_ref(), order);
        candidates.truncate(top.max(1));
        let scope = forecast.scope[row];
        // Out of scope, probabilities are not those of the prompt.
        let cascade = (scope != Scope::Out)
            .then(|| cascade::plan(self.embedder.calibration(), &front))
            .flatten();
        let kind = kind(&evidence, scope);
        let grounds = measured::Grounds::new(self.embedder, &categories, (kind, scope));
        candidates.par_iter_mut().with_min_len(FEW).for_each(|c| grounds.mark(c));
        if scope != Scope::Out && candidates.first().is_some_and(|first| !grounds.answered(first)) {
            let all = (0..self.costs.len()).filter_map(|m| Some(candidate(&of(m)?)));
            why.best_measured = grounds.best(all).map(|mut c| {
                (c.low, c.high) = self.ends(forecast, row, c.model);
                c
            });
        }
        let (familiarity, milliseconds) = (forecast.familiarity[row], 0.0);
        Route { candidates, scope, familiarity, below, evidence, why, cascade, milliseconds }
    }

    /// Only the chosen model of each prompt, in parallel batches.
    ///
    /// # Errors
    /// As [`Router::route`].
    pub fn pick_all(&self, prompts: &[&str], preferences: &Preferences) -> Result<Vec<Pick>> {
        preferences.check(&self.costs)?;
        let few = |prompts| Ok(self.pick(&self.embedder.encode(prompts)?, preferences));
        let picks: Result<Vec<Vec<Pick>>> = prompts.par_chunks(TOGETHER).map(few).collect();
        Ok(picks?.concat())
    }

    /// The same for encoded prompts; `preferences` must have passed [`Preferences::check`].
    #[must_use]
    pub fn pick(&self, features: &Features, preferences: &Preferences) -> Vec<Pick> {
        let forecast = self.forecast(features);
        let order = self.order(preferences);
        let pick = |row| {
            let each =
                (0..self.costs.len()).filter_map(|m| self.entry(&forecast, row, m, preferences));
            let mut candidates: Vec<ranking::Entry> = each.collect();
            if preferences.asks_for_near() {
                let candidate = |entry: &ranking::Entry| candidate(&forecast, row, entry);
                let best = candidates.iter().max_by(|a, b| a.p.total_cmp(&b.p)).map(candidate);
                let known = preferences.cheapest_tie.then(|| {
                    ties::Known::new(self.embedder, &self.embedder.similar(features, row))
                });
                for c in &mut candidates {
                    let pair = known.as_ref().zip(best.as_ref());
                    let tied = || pair.is_some_and(|(known, best)| known.tied(&candidate(c), best));
                    let near = near_enough(preferences, c, best.as_ref().map(|best| best.p), tied);
                    c.near = near;
                }
            }
            let (first, below) = order.first(&candidates);
            Pick { model: candidates.get(first).map_or(0, |c| c.model), below }
        };
        (0..features.len()).into_par_iter().map(pick).collect()
    }

    /// The order of candidates by the preferences.
    fn order<'p>(&self, preferences: &'p Preferences) -> ranking::Order<'p> {
        let models = (0..self.costs.len()).into_par_iter().with_min_len(SERIAL);
        let costs = models.filter_map(|m| {
            self.costs.of_model(m).filter(|_| preferences.is_candidate(&self.costs, m))
        });
        ranking::Order::new(preferences, costs.reduce(|| 0.0, f64::max))
    }

    /// The 80% interval of a probability.
    fn ends(&self, forecast: &Forecast, row: usize, model: usize) -> (f32, f32) {
        interval(self.embedder, forecast, row, model)
    }

    fn forecast(&self, features: &Features) -> Forecast {
        self.embedder.forecast(features, Given::Nothing)
    }

    /// What ranking needs of a model, if it is a candidate.
    fn entry(
        &self,
        forecast: &Forecast,
        row: usize,
        model: usize,
        preferences: &Preferences,
    ) -> Option<ranking::Entry> {
        if !preferences.is_candidate(&self.costs, model) {
            return None;
        }
        let p = forecast.p[[row, model]];
        let rank = match preferences.rank {
            Rank::Mean => p,
            Rank::Lower => self.ends(forecast, row, model).0,
        };
        Some(ranking::Entry { model, cost: self.costs.of_model(model), p, rank, near: true })
    }
}

/// Whether a candidate is as near to the most probable one (`highest`) as the preferences want it.
fn near_enough(
    preferences: &Preferences,
    entry: &ranking::Entry,
    highest: Option<f32>,
    tied: impl Fn() -> bool,
) -> bool {
    let below = highest.map_or(0.0, |highest| f64::from(highest) - f64::from(entry.p));
    preferences.cheapest_within.is_none_or(|most| below <= most)
        && (!preferences.cheapest_tie || tied())
}

/// A candidate without what depends on others, and without its interval.
fn candidate(forecast: &Forecast, row: usize, entry: &ranking::Entry) -> Candidate {
    let ranking::Entry { model, cost, p, .. } = *entry;
    let (low, high, support) = (p, p, forecast.support[[row, model]]);
    let (measured, answers, front, tied) = (Measured::default(), Answers::default(), false, false);
    Candidate { model, p, low, high, support, cost, tied, front, measured, answers }
}

/// The result of [`Router::pick`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The model's index in the embedder.
    pub model: usize,
    /// True if no model reached the minimum quality: this is the most probable one.
    pub below: bool,
}

/// The probability that each model answers each prompt correctly, as routing predicts it: prompts × models.
#[must_use]
pub fn probabilities(embedder: &Embedder, features: &Features) -> Array2<f32> {
    embedder.forecast(features, Given::Nothing).p
}

/// The same with the ends of their 80% intervals, as [`Candidate`] has them.
#[must_use]
pub fn intervals(embedder: &Embedder, features: &Features) -> Intervals {
    let forecast = embedder.forecast(features, Given::Nothing);
    let ends = |(row, model)| interval(embedder, &forecast, row, model);
    let ends = Array2::from_shape_fn(forecast.p.dim(), ends);
    let (low, high) = (ends.mapv(|(low, _)| low), ends.mapv(|(_, high)| high));
    Intervals { p: forecast.p, low, high }
}

fn interval(embedder: &Embedder, forecast: &Forecast, row: usize, model: usize) -> (f32, f32) {
    forecast.interval(row, model, embedder.calibration().spread)
}

/// Probabilities of correct answers with their 80% intervals: each prompts × models.
pub struct Intervals {
    /// See [`Candidate::p`].
    pub p: Array2<f32>,
    /// See [`Candidate::low`].
    pub low: Array2<f32>,
    /// See [`Candidate::high`].
    pub high: Array2<f32>,
}

#[cfg(test)]
mod tests;
