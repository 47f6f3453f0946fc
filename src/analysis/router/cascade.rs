//! Two models in a row: the second is asked only if the first was wrong.

use super::Candidate;
use crate::embedder::Calibration;

/// A plan for whoever can tell a right answer from a wrong one (a test, a proof, a check by hand).
#[derive(Clone, Debug, PartialEq)]
pub struct Cascade {
    /// The model that is tried first.
    pub first: usize,
    /// The model that is asked if the first was wrong.
    pub then: usize,
    /// The probability that one of the two answers right. What the text leaves open about the
    /// question's difficulty strikes both, so it is less than if they failed independently.
    pub quality: f64,
    /// The expected cost.
    pub cost: f64,
}

/// The plan of least expected cost among pairs on the Pareto front (cheapest first) that is at least as
/// often right as the best single candidate of known cost, and cheaper.
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
