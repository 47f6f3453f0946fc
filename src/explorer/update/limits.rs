//! The limits of the Route pane, changed step by step.

use super::route;
use crate::analysis::router::Rank;
use crate::explorer::effect::Effect;
use crate::explorer::state::State;
use crate::explorer::state::route::limits::Limits;

/// A step of the quality floor, in percent.
const STEP: i8 = 5;
/// Steps of the distance to the best, in points.
const POINTS: [u8; 3] = [2, 5, 10];

/// Increases or decreases the cost weight.
pub fn weigh(state: &mut State, by: i8, effects: &mut Vec<Effect>) {
    let mut limits = state.route.limits.clone();
    limits.cost_weight = limits.cost_weight.saturating_add_signed(by).min(10);
    set(state, limits, effects);
}

/// Raises or lowers the quality floor.
pub fn demand(state: &mut State, up: bool, effects: &mut Vec<Effect>) {
    let mut limits = state.route.limits.clone();
    let step = if up { STEP } else { -STEP };
    // The first step is at the level where choices matter: half of it would soon be too low.
    limits.least = match (limits.least, up) {
        (0, true) => 50,
        (50, false) => 0,
        (least, _) => least.saturating_add_signed(step).min(95),
    };
    set(state, limits, effects);
}

/// Toggles taking the cheapest of the ties.
pub fn toggle_ties(state: &mut State, effects: &mut Vec<Effect>) {
    let mut limits = state.route.limits.clone();
    limits.cheapest_tie = !limits.cheapest_tie;
    set(state, limits, effects);
}

/// Takes the cheapest of those within a few points of the best, within more at each step, and then the best
/// again.
pub fn widen(state: &mut State, effects: &mut Vec<Effect>) {
    let mut limits = state.route.limits.clone();
    let next = POINTS.into_iter().find(|points| *points > limits.within);
    limits.within = next.unwrap_or(0);
    set(state, limits, effects);
}

/// Toggles ranking by the lower end of the interval.
pub fn toggle_rank(state: &mut State, effects: &mut Vec<Effect>) {
    let mut limits = state.route.limits.clone();
    limits.rank = match limits.rank {
        Rank::Mean => Rank::Lower,
        Rank::Lower => Rank::Mean,
    };
    set(state, limits, effects);
}

/// Parses the maximum cost: empty for no limit.
///
/// # Errors
/// A description of the problem.
pub fn read_cost(state: &State, text: &str) -> Result<Option<f64>, String> {
    let text = text.trim().trim_start_matches('$').trim_end_matches(['B', 'b']).trim();
    if text.is_empty() {
        return Ok(None);
    }
    let most = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    let limits = Limits { most: Some(most), ..state.route.limits.clone() };
    check(state, &limits).map(|()| Some(most))
}

/// Sets the maximum cost.
pub fn cap(state: &mut State, most: Option<f64>, effects: &mut Vec<Effect>) {
    let limits = Limits { most, ..state.route.limits.clone() };
    set(state, limits, effects);
}

/// Lifts one limit. False if there is none.
pub fn lift(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let Some((limits, _)) = state.route.limits.lifted() else { return false };
    set(state, limits, effects);
    true
}

fn check(state: &State, limits: &Limits) -> Result<(), String> {
    let preferences = limits.preferences(state.filter.pool());
    preferences.check(state.model_set.costs()).map_err(|problem| problem.to_string())
}

/// Rejects limits that leave no model, or that need unknown costs.
fn set(state: &mut State, limits: Limits, effects: &mut Vec<Effect>) {
    match check(state, &limits) {
        Ok(()) => {
            state.route.limits = limits;
            route::ask(state, effects);
        }
        Err(problem) => state.show_error(&problem),
    }
}
