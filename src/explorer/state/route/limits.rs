//! What a route weighs beside the chance of being right: what an answer has to be worth and may cost.

use crate::analysis::router::{Preferences, Rank, Unit};

/// The limits of the Route pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// How much cost counts, from 0 to 10.
    pub cost_weight: u8,
    /// The least chance of being right, in percent; 0 for none.
    pub least: u8,
    /// What a model may cost.
    pub most: Option<f64>,
    /// The cheapest of those statistically tied with the best.
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

    /// What stands over the candidates; without limits, what their figures are the `chance` of.
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
