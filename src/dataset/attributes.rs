//! Attributes of models: columns typed by their values.

use serde::{Deserialize, Serialize};

/// A column over all models of a data set or embedder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// The column's name.
    pub name: String,
    /// One value per model; `None` is unknown.
    #[serde(flatten)]
    pub values: Values,
}

fn each<T>(cells: &[String], value: impl Fn(&str) -> T) -> Vec<Option<T>> {
    let cells = cells.iter().map(|cell| cell.trim());
    cells.map(|cell| (!cell.is_empty()).then(|| value(cell))).collect()
}

/// The values of an [`Attribute`], one per model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "values", rename_all = "lowercase")]
pub enum Values {
    /// 0 or 1.
    Flag(Vec<Option<bool>>),
    /// Numbers that satisfy [`Values::is_number`].
    Number(Vec<Option<f64>>),
    /// Anything else: a class name.
    Class(Vec<Option<String>>),
}

impl Values {
    /// True if a number can be computed with: its square is finite, and so are sums of products. Larger
    /// numbers in a table count as unknown.
    #[must_use]
    pub fn is_number(x: f64) -> bool {
        const LARGEST: f64 = 1e60;
        x.abs() <= LARGEST
    }

    /// Types a column of cells: all 0 or 1 is a flag, all numbers is a number, else a class.
    pub(super) fn from_cells(cells: &[String]) -> Self {
        let known = || cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        let parse = |cell: &str| cell.parse::<f64>().ok().filter(|x| Self::is_number(*x));
        if known().all(|cell| matches!(cell, "0" | "1")) {
            Self::Flag(each(cells, |cell| cell == "1"))
        } else if known().all(|cell| parse(cell).is_some()) {
            Self::Number(each(cells, |cell| parse(cell).unwrap_or_default()))
        } else {
            Self::Class(each(cells, str::to_owned))
        }
    }

    /// The values of some models, in the order of `models`.
    #[must_use]
    pub fn select(&self, models: &[usize]) -> Self {
        fn of<T: Clone>(values: &[T], models: &[usize]) -> Vec<T> {
            models.iter().map(|&m| values[m].clone()).collect()
        }
        match self {
            Self::Flag(values) => Self::Flag(of(values, models)),
            Self::Number(values) => Self::Number(of(values, models)),
            Self::Class(values) => Self::Class(of(values, models)),
        }
    }

    /// Adds a model with an unknown value.
    pub(crate) fn push_unknown(&mut self) {
        match self {
            Self::Flag(values) => values.push(None),
            Self::Number(values) => values.push(None),
            Self::Class(values) => values.push(None),
        }
    }

    /// True if two models have the same value, or both an unknown one.
    pub(crate) fn same(&self, a: usize, b: usize) -> bool {
        match self {
            Self::Flag(values) => values[a] == values[b],
            Self::Number(values) => values[a] == values[b],
            Self::Class(values) => values[a] == values[b],
        }
    }

    /// The number of models, known or not.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Flag(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Class(values) => values.len(),
        }
    }

    /// True for a column over no models.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type's name, as in files and `--json`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Flag(_) => "flag",
            Self::Number(_) => "number",
            Self::Class(_) => "class",
        }
    }

    /// The value of one model as a person would write it; `None` is unknown.
    #[must_use]
    pub fn text(&self, model: usize) -> Option<String> {
        match self {
            Self::Flag(values) => values[model].map(|v| if v { "yes" } else { "no" }.into()),
            Self::Number(values) => values[model].map(crate::number),
            Self::Class(values) => values[model].clone(),
        }
    }

    /// The value of one model as written to a table; `None` is unknown.
    pub(super) fn cell(&self, model: usize) -> Option<String> {
        match self {
            Self::Flag(values) => values[model].map(|value| u8::from(value).to_string()),
            // With every digit, so that it is the same number when it is read again.
            Self::Number(values) => values[model].map(|value| match value.abs() {
                0.0 | 1e-5..1e15 => value.to_string(),
                _ => format!("{value:e}"),
            }),
            Self::Class(_) => self.text(model),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(cells: &[&str]) -> Values {
        Values::from_cells(&cells.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn columns_are_typed_by_their_values() {
        assert_eq!(typed(&["0", "", "1"]), Values::Flag(vec![Some(false), None, Some(true)]));
        assert_eq!(typed(&["7.5", "1"]), Values::Number(vec![Some(7.5), Some(1.0)]));
        assert_eq!(typed(&["7b", ""]), Values::Class(vec![Some("7b".into()), None]));
        assert_eq!(typed(&["inf", "1"]).kind(), "class", "infinity is not a number");
        assert_eq!(typed(&["1e307", "1"]).kind(), "class", "nor if the square is infinite");
    }
}
