//! What a route weighs beside the chance of being right: what an answer has to be worth and may cost.

use super::action::Effect;
use super::routing;
use super::state::State;
use crate::analysis::router::{Costs, Preferences, Rank, Unit};

/// A step of the least chance of being right, in percent.
const STEP: i8 = 5;

/// The limits of the Route pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// How much cost counts, from 0 to 10.
    pub cost_weight: u8,
    /// The least chance of being right, in percent; 0 for none.
    pub least: u8,
    /// What a model may cost.
    pub most: Option<f64>,
    /// The cheapest of those that cannot be told from the best.
    pub cheapest_tie: bool,
    /// What the candidates are ranked by.
    pub rank: Rank,
}

impl Limits {
    /// With the models of a filter, what the next route weighs.
    pub fn preferences(&self, pool: Option<Vec<bool>>) -> Preferences {
        Preferences {
            pool,
            cost_weight: self.cost_weight.into(),
            min_quality: (self.least > 0).then(|| f64::from(self.least) / 100.0),
            max_cost: self.most,
            cheapest_tie: self.cheapest_tie,
            rank: self.rank,
        }
    }

    /// In a few words each, what is asked for.
    pub fn said(&self, unit: Option<Unit>) -> Vec<String> {
        let mut said = Vec::new();
        if self.least > 0 {
            said.push(format!("≥ {}%", self.least));
        }
        if let (Some(most), Some(unit)) = (self.most, unit) {
            said.push(format!("≤ {}", unit.text(most)));
        }
        if self.cheapest_tie {
            said.push("cheapest tie".into());
        }
        if self.rank == Rank::Lower {
            said.push("cautious".into());
        }
        if self.cost_weight > 0 {
            said.push(format!("cost weight {}", self.cost_weight));
        }
        said
    }

    /// What stands over the candidates.
    pub fn title(&self) -> &'static str {
        if self.least > 0 {
            "Cheapest that is likely enough"
        } else if self.cheapest_tie {
            "Cheapest of the ties"
        } else if self.cost_weight > 0 {
            "Best for the cost"
        } else {
            "Most likely right"
        }
    }
}

/// What the models of the subject cost.
pub fn costs(state: &State) -> Costs {
    Costs::of(state.subject.models.len(), &state.subject.attributes)
}

/// Lets cost count more or less.
pub fn weigh(state: &mut State, by: i8, effects: &mut Vec<Effect>) {
    let mut limits = state.route.limits.clone();
    limits.cost_weight = limits.cost_weight.saturating_add_signed(by).min(10);
    set(state, limits, effects);
}

/// Asks for a higher or lower chance of being right.
pub fn demand(state: &mut State, up: bool, effects: &mut Vec<Effect>) {
    let mut limits = state.route.limits.clone();
    let step = if up { STEP } else { -STEP };
    // Where choices between models are made: half of it is soon too little.
    limits.least = match (limits.least, up) {
        (0, true) => 50,
        (50, false) => 0,
        (least, _) => least.saturating_add_signed(step).min(95),
    };
    set(state, limits, effects);
}

/// Takes the cheapest of the ties, or the best of them.
pub fn toggle_ties(state: &mut State, effects: &mut Vec<Effect>) {
    let mut limits = state.route.limits.clone();
    limits.cheapest_tie = !limits.cheapest_tie;
    set(state, limits, effects);
}

/// Ranks by the lower end of the interval, or by the probability.
pub fn toggle_rank(state: &mut State, effects: &mut Vec<Effect>) {
    let mut limits = state.route.limits.clone();
    limits.rank = match limits.rank {
        Rank::Mean => Rank::Lower,
        Rank::Lower => Rank::Mean,
    };
    set(state, limits, effects);
}

/// Reads what a model may cost: nothing for no limit.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read_cost(state: &State, text: &str) -> Result<Option<f64>, String> {
    let text = text.trim().trim_start_matches('$').trim_end_matches(['B', 'b']).trim();
    if text.is_empty() {
        return Ok(None);
    }
    let most = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    let limits = Limits { most: Some(most), ..state.route.limits.clone() };
    check(state, &limits).map(|()| Some(most))
}

/// Leaves out what costs more.
pub fn cap(state: &mut State, most: Option<f64>, effects: &mut Vec<Effect>) {
    let limits = Limits { most, ..state.route.limits.clone() };
    set(state, limits, effects);
}

fn check(state: &State, limits: &Limits) -> Result<(), String> {
    let preferences = limits.preferences(state.route.filter.pool.clone());
    preferences.check(&costs(state)).map_err(|problem| problem.to_string())
}

/// Limits that leave no model, or ask for costs that nobody knows, are refused.
fn set(state: &mut State, limits: Limits, effects: &mut Vec<Effect>) {
    match check(state, &limits) {
        Ok(()) => {
            state.route.limits = limits;
            routing::ask(state, effects);
        }
        Err(problem) => state.complain(&problem),
    }
}
