//! The costs of models, and how they are weighed against accuracy.

use std::sync::Arc;

use serde::Serialize;

use super::Tokens;
use crate::dataset::{Attribute, Values};

/// The unit of costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Dollars per million tokens, the mean of input and output.
    #[serde(rename = "dollars per million tokens")]
    Dollars,
    /// Billions of parameters, used if prices are unknown: the compute per token grows with them.
    #[serde(rename = "billions of parameters")]
    Parameters,
}

impl Unit {
    /// The unit in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dollars => "dollars per million tokens",
            Self::Parameters => "billions of parameters",
        }
    }

    /// A cost with its unit, short.
    #[must_use]
    pub fn text(self, cost: f64) -> String {
        match self {
            Self::Dollars if cost >= 1e9 => format!("${}", crate::number(cost)),
            Self::Parameters if cost >= 1e9 => format!("{}B", crate::number(cost)),
            Self::Dollars => format!("${cost:.2}"),
            Self::Parameters if cost < 9.95 => format!("{cost:.1}B"),
            Self::Parameters => format!("{cost:.0}B"),
        }
    }
}

/// The cost of each model. Clones share the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    values: Arc<Vec<Option<f64>>>,
    /// Dollars per million tokens of input and output; empty unless these are the costs.
    prices: Arc<Vec<Option<(f64, f64)>>>,
    unit: Option<Unit>,
}

impl Costs {
    /// From the columns `cost_in` and `cost_out`, or `params_b` if there is no model with both prices.
    #[must_use]
    pub fn of(models: usize, attributes: &[Attribute]) -> Self {
        let column = |name: &str| {
            attributes.iter().find(|attribute| attribute.name == name).map(|a| &a.values)
        };
        let number = |values: Option<&Values>, model: usize| match values? {
            Values::Number(numbers) => numbers.get(model).copied().flatten(),
            // A column of zeros and ones has the type flag.
            Values::Flag(flags) => flags.get(model).copied().flatten().map(f64::from),
            Values::Class(_) => None,
        };
        let known = |cost: Option<f64>| cost.filter(|cost| *cost >= 0.0);
        let (input, output) = (column("cost_in"), column("cost_out"));
        let price = |m: usize| {
            let price = (number(input, m)?, number(output, m)?);
            known(Some(f64::midpoint(price.0, price.1))).map(|_| price)
        };
        let prices: Vec<Option<(f64, f64)>> = (0..models).map(price).collect();
        if prices.iter().any(Option::is_some) {
            let mean = |price: &Option<(f64, f64)>| price.map(|(i, o)| f64::midpoint(i, o));
            let values = Arc::new(prices.iter().map(mean).collect());
            return Self { values, prices: Arc::new(prices), unit: Some(Unit::Dollars) };
        }
        let size = column("params_b");
        let sizes = (0..models).map(|m| known(number(size, m)));
        let values: Vec<Option<f64>> = sizes.collect();
        let unit = values.iter().any(Option::is_some).then_some(Unit::Parameters);
        Self { values: Arc::new(values), prices: Arc::default(), unit }
    }

    /// The costs of some models, in that order.
    #[must_use]
    pub fn select(&self, models: &[usize]) -> Self {
        let price = |m: &usize| self.prices.get(*m).copied().flatten();
        let priced = models.iter().map(price).take(self.prices.len());
        Self {
            values: Arc::new(models.iter().map(|&m| self.of_model(m)).collect()),
            prices: Arc::new(priced.collect()),
            unit: self.unit,
        }
    }

    /// Number of models.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The unit of the costs; `None` if there are none.
    #[must_use]
    pub fn unit(&self) -> Option<Unit> {
        self.unit
    }

    /// The cost of a model.
    #[must_use]
    pub fn of_model(&self, model: usize) -> Option<f64> {
        self.values.get(model).copied().flatten()
    }

    /// The cost of a prompt and its answer with a model, in dollars, if its prices are known.
    #[must_use]
    pub fn of_prompt(&self, model: usize, tokens: Tokens) -> Option<f64> {
        let (input, output) = self.prices.get(model).copied().flatten()?;
        Some((input * tokens.prompt as f64 + output * f64::from(tokens.answer)) / 1e6)
    }
}

/// The price of one prompt: in cents below a dollar, with two significant digits.
#[must_use]
pub fn price_text(dollars: f64) -> String {
    if dollars >= 1.0 {
        return Unit::Dollars.text(dollars);
    }
    let cents = 100.0 * dollars;
    if cents <= 0.0 {
        return "0¢".into();
    }
    let digits = (1.0 - cents.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{cents:.digits$}¢")
}

/// The cost weight as the price of the most expensive model, in units of probability.
pub(super) fn price(weight: f64) -> f64 {
    weight / (10.0 - weight)
}

/// The weight at which a cheaper candidate overtakes a better one: both as (p, cost); `most` is the highest
/// cost.
pub(super) fn break_even_weight(better: (f64, f64), cheaper: (f64, f64), most: f64) -> Option<f64> {
    let (gain, saved) = (better.0 - cheaper.0, (better.1 - cheaper.1) / most);
    let price = gain / saved;
    (saved > 0.0 && price.is_finite()).then(|| 10.0 * price / (1.0 + price))
}
