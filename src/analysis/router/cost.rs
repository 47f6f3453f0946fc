//! What models cost, and how cost is weighed against quality.

use std::cmp::Ordering;

use serde::Serialize;

use super::{Candidate, Preferences};
use crate::dataset::{Attribute, Values};

/// What a cost is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Dollars for a million tokens, the mean of in and out.
    #[serde(rename = "dollars per million tokens")]
    Dollars,
    /// Billions of parameters, which stand in where prices are not known: the work for a token grows
    /// with them.
    #[serde(rename = "billions of parameters")]
    Parameters,
}

impl Unit {
    /// As people say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dollars => "dollars per million tokens",
            Self::Parameters => "billions of parameters",
        }
    }

    /// A cost with its unit, short.
    #[must_use]
    pub fn text(self, cost: f64) -> String {
        match self {
            Self::Dollars if cost >= 1e9 => format!("${}", crate::number(cost)),
            Self::Parameters if cost >= 1e9 => format!("{}B", crate::number(cost)),
            Self::Dollars => format!("${cost:.2}"),
            Self::Parameters if cost < 9.95 => format!("{cost:.1}B"),
            Self::Parameters => format!("{cost:.0}B"),
        }
    }
}

/// What each model costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    values: Vec<Option<f64>>,
    unit: Option<Unit>,
}

impl Costs {
    /// From the columns `cost_in` and `cost_out`, or `params_b` if a price is missing everywhere.
    #[must_use]
    pub fn of(models: usize, attributes: &[Attribute]) -> Self {
        let column = |name: &str| {
            attributes.iter().find(|attribute| attribute.name == name).map(|a| &a.values)
        };
        let number = |values: Option<&Values>, model: usize| match values? {
            Values::Number(numbers) => numbers.get(model).copied().flatten(),
            // A column of zeros and ones is typed as a flag.
            Values::Flag(flags) => flags.get(model).copied().flatten().map(f64::from),
            Values::Class(_) => None,
        };
        let dollars = |m: usize| {
            Some(f64::midpoint(number(column("cost_in"), m)?, number(column("cost_out"), m)?))
        };
        let known = |cost: Option<f64>| cost.filter(|cost| *cost >= 0.0);
        let prices: Vec<Option<f64>> = (0..models).map(|m| known(dollars(m))).collect();
        let sizes = || (0..models).map(|m| known(number(column("params_b"), m)));
        let any = |values: &[Option<f64>]| values.iter().any(Option::is_some);
        if any(&prices) {
            return Self { values: prices, unit: Some(Unit::Dollars) };
        }
        let values: Vec<Option<f64>> = sizes().collect();
        let unit = any(&values).then_some(Unit::Parameters);
        Self { values, unit }
    }

    /// The costs of some models, in that order.
    #[must_use]
    pub fn select(&self, models: &[usize]) -> Self {
        Self { values: models.iter().map(|&m| self.of_model(m)).collect(), unit: self.unit }
    }

    /// How many models.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// What the costs are counted in; `None` if none is known.
    #[must_use]
    pub fn unit(&self) -> Option<Unit> {
        self.unit
    }

    /// What a model costs.
    #[must_use]
    pub fn of_model(&self, model: usize) -> Option<f64> {
        self.values.get(model).copied().flatten()
    }
}

/// The cost weight as the price of the dearest model in units of probability.
fn price(weight: f64) -> f64 {
    weight / (10.0 - weight)
}

/// The weight at which a cheaper candidate comes before a better one: both as (p, cost); `most` is
/// the highest cost.
pub(super) fn turning_weight(better: (f64, f64), cheaper: (f64, f64), most: f64) -> Option<f64> {
    let (gain, saved) = (better.0 - cheaper.0, (better.1 - cheaper.1) / most);
    let price = gain / saved;
    (saved > 0.0 && price.is_finite()).then(|| 10.0 * price / (1.0 + price))
}

/// The highest cost among candidates.
pub(super) fn highest(candidates: &[Candidate]) -> f64 {
    candidates.iter().filter_map(|c| c.cost).fold(0.0, f64::max)
}

/// How candidates are ordered but for the first one.
struct Order<'a> {
    preferences: &'a Preferences,
    most: f64,
}

impl<'a> Order<'a> {
    fn new(candidates: &[Candidate], preferences: &'a Preferences) -> Self {
        Self { preferences, most: highest(candidates).max(f64::MIN_POSITIVE) }
    }

    fn compare(&self, a: &Candidate, b: &Candidate) -> Ordering {
        let rank = self.preferences.rank;
        let share = |c: &Candidate| c.cost.map_or(1.0, |cost| cost / self.most);
        if self.preferences.cost_weight >= 10.0 {
            return share(a).total_cmp(&share(b)).then(rank.of(b).total_cmp(&rank.of(a)));
        }
        let price = price(self.preferences.cost_weight);
        let worth = |c: &Candidate| f64::from(rank.of(c)) - price * share(c);
        worth(b).total_cmp(&worth(a))
    }

    /// The candidate that the preferences choose, by its place, and whether none reached the least
    /// quality.
    fn first(&self, candidates: &[Candidate]) -> (usize, bool) {
        let Preferences { min_quality, cheapest_tie, rank, .. } = *self.preferences;
        let all = || candidates.iter().enumerate();
        let place = |found: Option<(usize, &Candidate)>| found.map(|(at, _)| at);
        if min_quality.is_none() && !cheapest_tie {
            let first = all().min_by(|a, b| self.compare(a.1, b.1));
            return (place(first).unwrap_or_default(), false);
        }
        let enough = |c: &Candidate| {
            min_quality.is_none_or(|least| f64::from(rank.of(c)) >= least)
                && (!cheapest_tie || c.tied)
        };
        let cost = |c: &Candidate| c.cost.unwrap_or(f64::INFINITY);
        // The first of equals: the better one.
        let cheapest = all().filter(|(_, c)| enough(c)).min_by(|(_, a), (_, b)| {
            cost(a).total_cmp(&cost(b)).then(b.p.total_cmp(&a.p)).then(self.compare(a, b))
        });
        if let Some(at) = place(cheapest) {
            return (at, false);
        }
        let best = all().min_by(|(_, a), (_, b)| b.p.total_cmp(&a.p));
        (place(best).unwrap_or_default(), true)
    }
}

/// The candidate that the preferences choose, by its place, and whether none reached the least
/// quality: what [`order`] puts first.
pub(super) fn choose(candidates: &[Candidate], preferences: &Preferences) -> (usize, bool) {
    Order::new(candidates, preferences).first(candidates)
}

/// Puts candidates in the order of the preferences, the chosen one first, and marks the Pareto
/// front. True if none reached the least quality.
pub(super) fn order(candidates: &mut [Candidate], preferences: &Preferences) -> bool {
    if candidates.is_empty() {
        return false;
    }
    mark_front(candidates);
    let order = Order::new(candidates, preferences);
    let (first, below) = order.first(candidates);
    candidates[..=first].rotate_right(1);
    candidates[1..].sort_by(|a, b| order.compare(a, b));
    below
}

fn mark_front(candidates: &mut [Candidate]) {
    let mut by_cost: Vec<usize> = (0..candidates.len()).collect();
    let cost = |c: &Candidate| c.cost.unwrap_or(f64::INFINITY);
    by_cost.sort_by(|&a, &b| {
        let (a, b) = (&candidates[a], &candidates[b]);
        cost(a).total_cmp(&cost(b)).then(b.p.total_cmp(&a.p))
    });
    let mut highest = f32::NEG_INFINITY;
    for at in by_cost {
        let c = &mut candidates[at];

        c.front = c.cost.is_some() && c.p > highest;
        highest = highest.max(c.p);
    }
}
