//! Routing limits: what an answer may cost, and how likely it must be correct.

use crate::analysis::router::{Preferences, Rank, Unit};

/// The limits of the Route pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// The cost weight, from 0 to 10.
    pub cost_weight: u8,
    /// The minimum probability of a correct answer, in percent; 0 for none.
    pub least: u8,
    /// The maximum cost of a model.
    pub most: Option<f64>,
    /// Prefer the cheapest of those statistically tied with the best.
    pub cheapest_tie: bool,
    /// The ranking criterion.
    pub rank: Rank,
}

impl Limits {
    /// The preferences of the next route, with the models of a filter.
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

    /// The active limits, in a few words each.
    pub fn summary(&self, unit: Option<Unit>) -> Vec<String> {
        let mut parts = Vec::new();
        if self.least > 0 {
            parts.push(format!("≥ {}%", self.least));
        }
        if let (Some(most), Some(unit)) = (self.most, unit) {
            parts.push(format!("≤ {}", unit.text(most)));
        }
        if self.cheapest_tie {
            parts.push("cheapest tie".into());
        }
        if self.rank == Rank::Lower {
            parts.push("cautious".into());
        }
        if self.cost_weight > 0 {
            parts.push(format!("cost weight {}", self.cost_weight));
        }
        parts
    }

    /// The title of the candidates; without limits, `chance` is the title of their probabilities.
    pub fn title(&self, chance: &str) -> String {
        if self.least > 0 {
            format!("Cheapest above {}%", self.least)
        } else if self.cheapest_tie {
            "Cheapest tied".into()
        } else if self.cost_weight > 0 {
            format!("Best value (cost weight {})", self.cost_weight)
        } else {
            chance.into()
        }
    }
}
