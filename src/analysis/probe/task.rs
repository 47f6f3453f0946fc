//! The target of a probe: an attribute as columns of numbers.

use std::collections::BTreeMap;

use ndarray::Array2;

use crate::dataset::{Attribute, Values};
use crate::error::{Error, Result};
use crate::number;

/// A class with fewer models than this cannot be probed; its models count as unknown.
pub(super) const SMALLEST_CLASS: usize = 5;

/// A number whose largest value is this many times its smallest is probed as a logarithm.
const DECADES: f64 = 100.0;

/// A prepared attribute.
pub(super) struct Task {
    /// Models with a known value in a class that is large enough.
    pub known: Vec<usize>,
    /// Names of the classes; for a number the sides of its median.
    pub names: Vec<String>,
    /// The class of each model; 0 if unknown.
    pub class: Vec<usize>,
    /// The value of each model, for a number only.
    value: Option<Vec<f64>>,
    /// True if the values are logarithms.
    pub log: bool,
    /// The median of the values.
    pub median: f64,
}

impl Task {
    pub(super) fn new(attribute: &Attribute) -> Result<Self> {
        let few = |what: &str| {
            let unknown = (0..attribute.values.len()).all(|m| attribute.values.text(m).is_none());
            let needs = if unknown {
                "no model has a known value (numbers go to 1e60)".into()
            } else {
                format!("it needs {what}")
            };
            Error::Usage(format!("`{}` cannot be probed: {needs}", attribute.name))
        };
        if let Values::Number(values) = &attribute.values {
            return Self::of_number(values).ok_or_else(|| {
                few(&format!("two classes or sides with at least {SMALLEST_CLASS} models each"))
            });
        }
        let named: Vec<Option<String>> =
            (0..attribute.values.len()).map(|m| attribute.values.text(m)).collect();
        let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
        named.iter().flatten().for_each(|name| *sizes.entry(name).or_default() += 1);
        let large = sizes.into_iter().filter(|(_, n)| *n >= SMALLEST_CLASS);
        let names: Vec<String> = large.map(|(name, _)| name.into()).collect();
        if names.len() < 2 {
            return Err(few(&format!("two classes with at least {SMALLEST_CLASS} models each")));
        }
        let index = |name: &String| names.iter().position(|known| known == name);
        let of: Vec<Option<usize>> = named.iter().map(|n| n.as_ref().and_then(index)).collect();
        Ok(Self {
            known: (0..of.len()).filter(|m| of[*m].is_some()).collect(),
            class: of.iter().map(|c| c.unwrap_or_default()).collect(),
            names,
            value: None,
            log: false,
            median: 0.0,
        })
    }

    fn of_number(values: &[Option<f64>]) -> Option<Self> {
        let known: Vec<usize> = (0..values.len()).filter(|m| values[*m].is_some()).collect();
        let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let (&low, &high) = (sorted.first()?, sorted.last()?);
        let log = low > 0.0 && high / low >= DECADES;
        let scaled = |v: f64| if log { v.ln() } else { v };
        let median = sorted[(sorted.len() - 1) / 2];
        let class: Vec<usize> =
            values.iter().map(|v| usize::from(v.is_some_and(|v| v > median))).collect();
        let above = known.iter().filter(|m| class[**m] == 1).count();
        if above.min(known.len() - above) < SMALLEST_CLASS {
            return None;
        }
        Some(Self {
            known,
            names: vec![format!("≤ {}", number(median)), format!("> {}", number(median))],
            class,
            value: Some(values.iter().map(|v| v.map_or(0.0, scaled)).collect()),
            log,
            median: scaled(median),
        })
    }

    pub(super) fn is_number(&self) -> bool {
        self.value.is_some()
    }

    /// Columns of a labeling: one for two classes or a number, else one per class.
    pub(super) fn targets(&self) -> usize {
        if self.names.len() == 2 { 1 } else { self.names.len() }
    }

    pub(super) fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        self.known.iter().for_each(|m| counts[self.class[*m]] += 1);
        counts
    }

    /// The value of a model as it is probed.
    pub(super) fn value(&self, m: usize) -> f64 {
        self.value.as_ref().map_or(0.0, |v| v[m])
    }

    /// A predicted value on the scale of the attribute.
    pub(super) fn unscaled(&self, value: f64) -> f64 {
        if self.log { value.exp() } else { value }
    }

    /// The columns of several labelings: models × (labelings · targets). In a labeling, the `i`-th known
    /// model has the label of the model at position `i`.
    pub(super) fn columns(&self, labelings: &[Vec<usize>]) -> Array2<f64> {
        let targets = self.targets();
        let mut y = Array2::zeros((self.class.len(), labelings.len() * targets));
        for (l, labeling) in labelings.iter().enumerate() {
            for (&m, &from) in self.known.iter().zip(labeling) {
                for t in 0..targets {
                    y[[m, l * targets + t]] = match &self.value {
                        Some(value) => value[from],
                        None if targets == 1 => self.class[from] as f64,
                        None => f64::from(u8::from(self.class[from] == t)),
                    };
                }
            }
        }
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(values: Values) -> Attribute {
        Attribute { name: "a".into(), values }
    }

    #[test]
    fn numbers_that_span_decades_are_taken_as_logarithms() {
        let number = |values: &[f64]| {
            Task::new(&attribute(Values::Number(values.iter().map(|v| Some(*v)).collect())))
        };
        let wide: Vec<f64> = (0..12).map(|i| 10_f64.powf(f64::from(i) / 4.0)).collect();
        let task = number(&wide).unwrap();
        assert!(task.log && (task.unscaled(task.value(11)) - wide[11]).abs() < 1e-9);
        let narrow: Vec<f64> = (0..12).map(f64::from).collect();
        let task = number(&narrow).unwrap();
        assert!(!task.log);
        assert_eq!(task.names, ["≤ 5", "> 5"]);
        assert_eq!(task.counts(), [6, 6]);
        assert!(number(&[1.0; 12]).is_err());
    }

    #[test]
    fn small_classes_drop_out_and_one_class_is_none() {
        let class = |n: usize| Some(format!("c{}", n / 5));
        let task = Task::new(&attribute(Values::Class((0..17).map(class).collect()))).unwrap();
        assert_eq!((task.names.len(), task.targets(), task.known.len()), (3, 3, 15));
        let error =
            Task::new(&attribute(Values::Class((0..9).map(class).collect()))).err().unwrap();
        assert_eq!(error.exit_code(), 2);
    }
}
