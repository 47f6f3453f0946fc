//! Attributes of models: columns typed by their values.

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A column over all models of a data set or embedder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attribute {
    /// The column's name.
    pub name: String,
    /// One value per model; `None` is unknown.
    #[serde(flatten)]
    pub values: Values,
}

/// The types of values.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Flag,
    Number,
    Class,
}

/// A value whose type is not known yet.
#[derive(Deserialize)]
#[serde(untagged)]
enum Untyped {
    Flag(bool),
    Number(f64),
    Class(String),
}

impl Untyped {
    /// The values as those of a type.
    fn typed<E: Error>(values: Vec<Option<Self>>, kind: Type) -> Result<Values, E> {
        fn all<T, E: Error>(
            values: Vec<Option<Untyped>>,
            of: impl Fn(Untyped) -> Option<T>,
        ) -> Result<Vec<Option<T>>, E> {
            let wrong = || E::custom("a value does not match the kind of its attribute");
            let one = |value: Option<Untyped>| value.map(|v| of(v).ok_or_else(wrong)).transpose();
            values.into_iter().map(one).collect()
        }
        Ok(match kind {
            Type::Flag => Values::Flag(all(values, |value| match value {
                Self::Flag(value) => Some(value),
                _ => None,
            })?),
            Type::Number => Values::Number(all(values, |value| match value {
                Self::Number(value) => Some(value),
                _ => None,
            })?),
            Type::Class => Values::Class(all(values, |value| match value {
                Self::Class(value) => Some(value),
                _ => None,
            })?),
        })
    }
}

/// Not derived: serde would hold all values of a flattened enum in memory twice, which takes most of the time
/// of reading a million models.
impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Attribute;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an attribute with name, kind and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attribute, A::Error> {
                let (mut name, mut kind) = (None, None);
                let (mut values, mut untyped) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match (&*key, kind) {
                        ("name", _) => name = Some(map.next_value()?),
                        ("kind", _) => kind = Some(map.next_value()?),
                        ("values", Some(Type::Flag)) => {
                            values = Some(Values::Flag(map.next_value()?));
                        }
                        ("values", Some(Type::Number)) => {
                            values = Some(Values::Number(map.next_value()?));
                        }
                        ("values", Some(Type::Class)) => {
                            values = Some(Values::Class(map.next_value()?));
                        }
                        ("values", None) => untyped = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let kind = kind.ok_or_else(|| A::Error::missing_field("kind"))?;
                let values = match (values, untyped) {
                    (Some(values), _) => values,
                    (None, Some(untyped)) => Untyped::typed(untyped, kind)?,
                    (None, None) => return Err(A::Error::missing_field("values")),
                };
                let name = name.ok_or_else(|| A::Error::missing_field("name"))?;
                Ok(Attribute { name, values })
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

fn each<T>(cells: &[String], value: impl Fn(&str) -> T) -> Vec<Option<T>> {
    let cells = cells.iter().map(|cell| cell.trim());
    cells.map(|cell| (!cell.is_empty()).then(|| value(cell))).collect()
}

/// The values of an [`Attribute`], one per model.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    fn an_attribute_is_read_in_any_order_of_its_fields() {
        for (name, values) in [
            ("open", Values::Flag(vec![Some(true), None])),
            ("size", Values::Number(vec![Some(7.5), Some(1.0), None])),
            ("family", Values::Class(vec![None, Some("a".into())])),
        ] {
            let attribute = Attribute { name: name.into(), values };
            let text = serde_json::to_string(&attribute).unwrap();
            assert_eq!(serde_json::from_str::<Attribute>(&text).unwrap(), attribute);
            let sorted: serde_json::Value = serde_json::from_str(&text).unwrap();
            let (kind, values) = (&sorted["kind"], &sorted["values"]);
            let text = format!(r#"{{"values":{values},"more":[1],"kind":{kind},"name":"{name}"}}"#);
            assert_eq!(serde_json::from_str::<Attribute>(&text).unwrap(), attribute);
        }
        let problem = |text| serde_json::from_str::<Attribute>(text).unwrap_err().to_string();
        let wrong = problem(r#"{"values":[1.5],"kind":"flag","name":"a"}"#);
        assert!(wrong.contains("does not match the kind"), "{wrong}");
        assert!(problem(r#"{"name":"a","kind":"flag"}"#).contains("values"));
        assert!(problem(r#"{"name":"a","values":[]}"#).contains("kind"));
        assert!(problem(r#"{"name":"a","kind":"other","values":[]}"#).contains("other"));
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
