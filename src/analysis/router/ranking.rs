//! The order of candidates: by accuracy and cost, weighed by the preferences.

use std::cmp::Ordering;
use std::ops::Range;

use rayon::prelude::*;

use super::Preferences;
use super::cost::price;

/// Models per block.
const BLOCK: usize = 8192;

/// What the order needs of a candidate: small, since there may be a million.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) model: usize,
    pub(super) cost: Option<f64>,
    pub(super) p: f32,
    /// The number that it is ranked by ([`Rank`](super::Rank)).
    pub(super) rank: f32,
    /// Whether it is as near to the most probable one as the preferences want it.
    pub(super) near: bool,
}

/// What the order needs of all candidates.
#[derive(Default)]
pub(super) struct Overview {
    /// The most probable candidate; the last of equals.
    pub(super) best: Option<Entry>,
    /// The Pareto front of probability and cost, cheapest first.
    pub(super) front: Vec<Entry>,
}

impl Overview {
    /// For the models in `range` for which `candidate` returns one.
    pub(super) fn of(
        range: Range<usize>,
        candidate: &(impl Fn(usize) -> Option<Entry> + Sync),
    ) -> Self {
        let each = blocks(range).map(|block| {
            let mut overview = Self::default();
            block.filter_map(candidate).for_each(|c| overview.add(c));
            overview
        });
        let each: Vec<Self> = each.collect();
        each.into_iter().reduce(Self::and).unwrap_or_default()
    }

    fn add(&mut self, c: Entry) {
        if let Some(cost) = c.cost {
            self.place(&c, cost);
        }
        if self.best.as_ref().is_none_or(|best| c.p.total_cmp(&best.p).is_ge()) {
            self.best = Some(c);
        }
    }

    /// Adds a candidate to the front, unless one on it is as good.
    fn place(&mut self, c: &Entry, cost: f64) {
        let cost_of = |c: &Entry| c.cost.unwrap_or(f64::INFINITY);
        let cheaper = self.front.partition_point(|other| cost_of(other) <= cost);
        if cheaper > 0 && self.front[cheaper - 1].p >= c.p {
            return;
        }
        let from = self.front.partition_point(|other| cost_of(other) < cost);
        let worse = self.front[from..].iter().take_while(|other| other.p <= c.p).count();
        self.front.splice(from..from + worse, [*c]);
    }

    fn and(mut self, other: Self) -> Self {
        other.front.into_iter().for_each(|c| {
            let cost = c.cost.unwrap_or(f64::INFINITY);
            self.place(&c, cost);
        });
        let later =
            |best: &Entry| self.best.as_ref().is_none_or(|own| best.p.total_cmp(&own.p).is_ge());
        if other.best.as_ref().is_some_and(later) {
            self.best = other.best;
        }
        self
    }
}

/// The order of candidates, apart from the first one.
pub(super) struct Order<'a> {
    pub(super) preferences: &'a Preferences,
    /// The highest cost among the candidates.
    pub(super) most: f64,
}

impl<'a> Order<'a> {
    /// With the highest cost among the candidates.
    pub(super) fn new(preferences: &'a Preferences, most: f64) -> Self {
        Self { preferences, most }
    }

    /// What a candidate is ordered by, compared number by number; higher is better.
    fn merit(&self, c: &Entry) -> (f64, f32) {
        let share = c.cost.map_or(1.0, |cost| cost / self.most.max(f64::MIN_POSITIVE));
        if self.preferences.cost_weight >= 10.0 {
            return (-share, c.rank);
        }
        (f64::from(c.rank) - price(self.preferences.cost_weight) * share, 0.0)
    }

    fn compare(&self, a: &Entry, b: &Entry) -> Ordering {
        better(self.merit(a), self.merit(b))
    }

    /// Whether a candidate is good enough to be chosen for its cost.
    fn enough(&self, c: &Entry) -> bool {
        c.near && self.preferences.min_quality.is_none_or(|least| f64::from(c.rank) >= least)
    }

    /// Orders candidates by which one the preferences choose, that one first.
    fn choose(&self, a: &Entry, b: &Entry) -> Ordering {
        if !self.preferences.asks_for_cheapest() {
            return self.compare(a, b);
        }
        let cost = |c: &Entry| c.cost.unwrap_or(f64::INFINITY);
        let better = b.p.total_cmp(&a.p);
        match (self.enough(a), self.enough(b)) {
            (true, true) => cost(a).total_cmp(&cost(b)).then(better).then(self.compare(a, b)),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => better,
        }
    }

    /// The index of the candidate that the preferences choose (the first of equals), and whether none
    /// reached the minimum quality.
    pub(super) fn first(&self, candidates: &[Entry]) -> (usize, bool) {
        let first = candidates.iter().enumerate().min_by(|a, b| self.choose(a.1, b.1));
        first.map_or((0, self.preferences.asks_for_cheapest()), |(at, c)| {
            (at, self.preferences.asks_for_cheapest() && !self.enough(c))
        })
    }

    /// The first `top` candidates in the order of the preferences, the chosen one first (ties: lowest model
    /// id), of the models in `range`. Also whether none reached the minimum quality.
    pub(super) fn top(
        &self,
        range: Range<usize>,
        top: usize,
        candidate: &(impl Fn(usize) -> Option<Entry> + Sync),
    ) -> (Vec<Entry>, bool) {
        let order = |a: &Entry, b: &Entry| self.compare(a, b).then(a.model.cmp(&b.model));
        let each = blocks(range).map(|block| {
            // One more than requested: the chosen one may not be among the best.
            let keep = top.saturating_add(1).min(block.len());
            let (mut chosen, mut best): (Option<Entry>, Vec<Entry>) = (None, Vec::new());
            // The merit of the worst of the best so far, once there are enough.
            let mut least = None;
            for c in block.filter_map(candidate) {
                if self.preferences.asks_for_cheapest()
                    && chosen.as_ref().is_none_or(|chosen| self.choose(&c, chosen).is_lt())
                {
                    chosen = Some(c);
                }
                // Of equals the later ones come last.
                if least.is_some_and(|least| better(least, self.merit(&c)).is_le()) {
                    continue;
                }
                best.push(c);
                if best.len() >= 2 * keep {
                    best.select_nth_unstable_by(keep - 1, order);
                    best.truncate(keep);
                    least = best.last().map(|worst| self.merit(worst));
                }
            }
            (chosen.or_else(|| best.iter().min_by(|a, b| order(a, b)).copied()), best)
        });
        let (chosen, best): (Vec<Option<Entry>>, Vec<Vec<Entry>>) = each.unzip();
        let chosen: Vec<Entry> = chosen.into_iter().flatten().collect();
        let (first, below) = self.first(&chosen);
        let mut best = best.concat();
        best.par_sort_unstable_by(order);
        let first = chosen.into_iter().nth(first);
        let model = first.as_ref().map(|first| first.model);
        let rest = best.into_iter().filter(|c| Some(c.model) != model);
        (first.into_iter().chain(rest).take(top).collect(), below)
    }
}

/// Orders merits, the better one first.
fn better(a: (f64, f32), b: (f64, f32)) -> Ordering {
    b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
}

/// The models in blocks.
fn blocks(range: Range<usize>) -> impl IndexedParallelIterator<Item = Range<usize>> {
    let count = range.len().div_ceil(BLOCK);
    (0..count).into_par_iter().map(move |i| {
        let start = range.start + i * BLOCK;
        start..range.end.min(start + BLOCK)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::router::Rank;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Candidates with many ties in probability and cost, some without a cost.
    fn candidates(n: usize) -> Vec<Entry> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let one = |model| {
            let luck = (rng.random_range(0..200_u32) as f32) / 200.0;
            let cost = rng.random_bool(0.8).then(|| f64::from(rng.random_range(1..30_u32)));
            // The best ones cost more.
            let p = luck * (0.5 + cost.unwrap_or(15.0) as f32 / 60.0);
            Entry { model, p, rank: p - 0.1, cost, near: p > 0.9 }
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn the_top_is_the_beginning_of_the_whole_order() {
        let all = candidates(3 * BLOCK + 17);
        let own = |model: usize| all.get(model).filter(|c| c.model % 5 != 3).copied();
        for preferences in [
            Preferences::default(),
            Preferences { cost_weight: 4.0, rank: Rank::Lower, ..Preferences::default() },
            Preferences { cost_weight: 10.0, ..Preferences::default() },
            Preferences { min_quality: Some(0.6), ..Preferences::default() },
            Preferences { min_quality: Some(2.0), ..Preferences::default() },
            Preferences { cheapest_tie: true, ..Preferences::default() },
        ] {
            let costs = (0..all.len()).filter_map(own).filter_map(|c| c.cost);
            let order = Order::new(&preferences, costs.fold(0.0, f64::max));
            let mut whole: Vec<Entry> = (0..all.len()).filter_map(own).collect();
            let (first, below) = order.first(&whole);
            let first = whole.remove(first);
            whole.sort_by(|a, b| order.compare(a, b));
            whole.insert(0, first);
            for top in [1, 10, whole.len()] {
                assert_eq!(order.top(0..all.len(), top, &own), (whole[..top].to_vec(), below));
            }
        }
    }

    #[test]
    fn the_front_is_that_of_all_pairs() {
        let all = candidates(3 * BLOCK);
        let overview = Overview::of(0..all.len(), &|model| all.get(model).copied());
        assert!(overview.front.len() > 2);
        assert!(overview.front.windows(2).all(|w| w[0].cost < w[1].cost && w[0].p < w[1].p));
        for c in &all {
            let as_good = |other: &Entry| other.cost <= c.cost && other.p >= c.p;
            assert!(c.cost.is_none() || overview.front.iter().any(as_good), "{c:?}");
        }
    }
}
