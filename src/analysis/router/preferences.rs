//! Routing preferences, and the candidates that they leave.

use serde::{Deserialize, Serialize};

use super::Costs;
use crate::error::{Error, Result};
use crate::number;

/// The ranking criterion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rank {
    /// The probability of a correct answer.
    #[default]
    Mean,
    /// The lower end of its interval: prefers the better known of two equals.
    Lower,
}

impl std::str::FromStr for Rank {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        match name {
            "mean" => Ok(Self::Mean),
            "lower" => Ok(Self::Lower),
            _ => Err("rank by `mean` or `lower`".into()),
        }
    }
}

/// Routing preferences.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Preferences {
    /// The models to choose from, one entry per model; all of them if `None`.
    pub pool: Option<Vec<bool>>,
    /// The weight of cost, from 0 (ignored) to 10 (always the cheapest): the best candidate has the highest p
    /// − w/(10 − w) · cost / highest cost. An unknown cost counts as the highest.
    pub cost_weight: f64,
    /// Chooses the cheapest candidate with at least this probability, if there is one.
    pub min_quality: Option<f64>,
    /// Excludes models with a higher or unknown cost.
    pub max_cost: Option<f64>,
    /// The ranking criterion.
    pub rank: Rank,
    /// Chooses the cheapest of the candidates that are tied with the most probable one.
    pub cheapest_tie: bool,
    /// Chooses the cheapest of the candidates whose probability is at most this much below the highest one.
    pub cheapest_within: Option<f64>,
}

impl Preferences {
    /// Checks the preferences before routing among models with these `costs`.
    ///
    /// # Errors
    /// [`Error::Usage`] if no model is left, a number is out of range, or costs are needed but unknown.
    pub fn check(&self, costs: &Costs) -> Result<()> {
        let usage = |problem: String| Err(Error::Usage(problem));
        let Self { cost_weight, min_quality, max_cost, cheapest_within, .. } = *self;
        if !(0.0..=10.0).contains(&cost_weight) {
            return usage(format!(
                "the cost weight is {}; it goes from 0 to 10",
                number(cost_weight)
            ));
        }
        if let Some(p) = min_quality.filter(|p| !(0.0..=1.0).contains(p)) {
            return usage(format!("the minimum quality is {}; it goes from 0 to 1", number(p)));
        }
        if let Some(p) = cheapest_within.filter(|p| !(0.0..=1.0).contains(p)) {
            return usage(format!(
                "the distance to the best is {}; it goes from 0 to 1",
                number(p)
            ));
        }
        if let Some(cost) = max_cost.filter(|cost| !cost.is_finite() || *cost < 0.0) {
            return usage(format!("the highest cost is {}; it must not be negative", number(cost)));
        }
        let asked = cost_weight > 0.0 || max_cost.is_some() || self.asks_for_cheapest();
        if asked && costs.unit().is_none() {
            return usage(
                "no costs are known: give the models cost_in and cost_out, or params_b".into(),
            );
        }
        if self.candidates(costs).next().is_none() {
            let models = (0..costs.len()).filter(|m| self.names(*m));
            let cheapest = models.filter_map(|m| costs.of_model(m)).min_by(f64::total_cmp);
            return usage(match cheapest {
                Some(cheapest) if max_cost.is_some() => {
                    format!("no model is that cheap; the cheapest costs {}", number(cheapest))
                }
                _ => "no model is left to route to".into(),
            });
        }
        Ok(())
    }

    /// True if more is wanted than the best of an order: the cheapest of those that are good enough.
    pub(super) fn asks_for_cheapest(&self) -> bool {
        self.min_quality.is_some() || self.asks_for_near()
    }

    /// True if only candidates near the most probable one are good enough.
    pub(super) fn asks_for_near(&self) -> bool {
        self.cheapest_tie || self.cheapest_within.is_some()
    }

    /// The models to choose from that are cheap enough, in order.
    pub fn candidates<'a>(&'a self, costs: &'a Costs) -> impl Iterator<Item = usize> + 'a {
        (0..costs.len()).filter(move |&m| self.is_candidate(costs, m))
    }

    /// True if a model can be chosen and is cheap enough.
    pub(super) fn is_candidate(&self, costs: &Costs, model: usize) -> bool {
        let cheap = |most| costs.of_model(model).is_some_and(|cost| cost <= most);
        self.names(model) && self.max_cost.is_none_or(cheap)
    }

    fn names(&self, model: usize) -> bool {
        self.pool.as_ref().is_none_or(|pool| pool.get(model) == Some(&true))
    }
}
