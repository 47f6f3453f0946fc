//! The order of candidates: by quality and cost as the preferences weigh them.

use std::cmp::Ordering;

use super::cost::price;
use super::{Candidate, Preferences};

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
