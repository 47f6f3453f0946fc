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
    /// Prefer the cheapest of those at most so many points below the best; 0 for none.
    pub within: u8,
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
            cheapest_within: (self.within > 0).then(|| f64::from(self.within) / 100.0),
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
        if self.within > 0 {
            parts.push(format!("within {} points", self.within));
        }
        if self.rank == Rank::Lower {
            parts.push("cautious".into());
        }
        if self.cost_weight > 0 {
            parts.push(format!("cost weight {}", self.cost_weight));
        }
        parts
    }

    /// The title of the candidates, which is their order; without limits, `chance` is the title of their
    /// probabilities. With `below`, none reaches the quality floor.
    pub fn title(&self, chance: &str, below: bool) -> String {
        let least = self.least;
        let order = match self.rank {
            _ if self.cost_weight > 0 => "value",
            Rank::Lower => "lower end",
            Rank::Mean => "P",
        };
        match self.cost_weight {
            _ if below && least > 0 => format!("None reaches {least}%: by P"),
            _ if below => "None is tied: by P".into(),
            _ if least > 0 && self.within > 0 => {
                format!("Cheapest above {least}% within {} points, then by {order}", self.within)
            }
            _ if least > 0 && self.cheapest_tie => {
                format!("Cheapest tied above {least}%, then by {order}")
            }
            _ if least > 0 => format!("Cheapest above {least}%, then by {order}"),
            _ if self.within > 0 => {
                format!("Cheapest within {} points, then by {order}", self.within)
            }
            _ if self.cheapest_tie => format!("Cheapest tied, then by {order}"),
            0 if self.rank == Rank::Lower => format!("{chance}, by lower end"),
            0 => chance.into(),
            weight => format!("Best value (cost weight {weight})"),
        }
    }

    /// Without the limit that is lifted next, and what that is called; `None` if there is none.
    pub fn lifted(&self) -> Option<(Self, String)> {
        let mut left = self.clone();
        let name = match self {
            _ if self.least > 0 => format!("≥ {}%", std::mem::take(&mut left.least)),
            _ if self.within > 0 => {
                format!("cheapest within {} points", std::mem::take(&mut left.within))
            }
            _ if std::mem::take(&mut left.cheapest_tie) => "cheapest tie".into(),
            _ if left.most.take().is_some() => "cost cap".into(),
            _ if std::mem::take(&mut left.cost_weight) > 0 => "cost weight".into(),
            _ if self.rank == Rank::Lower => {
                left.rank = Rank::Mean;
                "cautious".into()
            }
            _ => return None,
        };
        Some((left, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_states_the_order_and_limits_are_lifted_one_by_one() {
        let mut limits = Limits::default();
        assert_eq!(limits.title("P(correct)", false), "P(correct)");
        assert_eq!(limits.lifted(), None);
        limits.rank = Rank::Lower;
        assert_eq!(limits.title("P(correct)", false), "P(correct), by lower end");
        (limits.least, limits.cheapest_tie, limits.cost_weight) = (60, true, 2);
        assert_eq!(limits.title("P(correct)", false), "Cheapest tied above 60%, then by value");
        assert_eq!(limits.title("P(correct)", true), "None reaches 60%: by P");
        (limits.most, limits.within) = (Some(3.0), 2);
        let mut names = Vec::new();
        while let Some((left, name)) = limits.lifted() {
            limits = left;
            names.push(name);
        }
        assert_eq!(
            names,
            [
                "≥ 60%",
                "cheapest within 2 points",
                "cheapest tie",
                "cost cap",
                "cost weight",
                "cautious"
            ]
        );
        assert_eq!(limits, Limits::default());
    }
}
