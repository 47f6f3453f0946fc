//! Cascades of two models: the second is asked only if the first was incorrect.

use super::Candidate;
use crate::embedder::Calibration;

/// A plan for users who can verify an answer (by a test, a proof, a manual check).
#[derive(Clone, Debug, PartialEq)]
pub struct Cascade {
    /// The model to try first.
    pub first: usize,
    /// The model to ask if the first was incorrect.
    pub then: usize,
    /// The probability that one of the two answers correctly. The unknown difficulty of the question affects
    /// both, so it is less than if they failed independently.
    pub quality: f64,
    /// The expected cost.
    pub cost: f64,
}

/// The plan with the lowest expected cost among pairs on the Pareto front (cheapest first) that is at least
/// as accurate as the best single candidate of known cost, and cheaper.
pub(super) fn plan(calibration: &Calibration, front: &[Candidate]) -> Option<Cascade> {
    let front: Vec<(usize, f64, f64)> =
        front.iter().filter_map(|c| Some((c.model, f64::from(c.p), c.cost?))).collect();
    // The last of the front is the most probable one.
    let &(_, alone, price) = front.last()?;
    let mut plan: Option<Cascade> = None;
    for (i, &(first, p_first, cost_first)) in front.iter().enumerate() {
        for &(then, p_then, cost_then) in &front[i + 1..] {
            let both = calibration.conditional(p_first).zip(calibration.conditional(p_then));
            let wrong: f64 = both.map(|((weight, a), (_, b))| weight * (1.0 - a) * (1.0 - b)).sum();
            let (quality, cost) = (1.0 - wrong, cost_first + (1.0 - p_first) * cost_then);
            let best_yet = plan.as_ref().map_or(price, |plan| plan.cost);
            if quality >= alone && cost < best_yet {
                plan = Some(Cascade { first, then, quality, cost });
            }
        }
    }
    plan
}
