//! Attributes that people ask for by another name, or by a part of what is recorded.

use super::super::{Attribute, Values};

/// Names that stand for an attribute, or for a part of it.
const MEANT: [(&str, &str); 2] = [("size", "params_b"), ("year", "release")];

/// True if the text of an expression may be about an attribute: it has its name, one that stands for it, or
/// backticks, in which a name may be written in other ways.
#[must_use]
pub fn may_name(text: &str, attribute: &str) -> bool {
    let meant = |(other, name): &(&str, &str)| *name == attribute && text.contains(other);
    text.contains(attribute) || text.contains('`') || MEANT.iter().any(meant)
}

/// What `size` and `year` mean where no attribute has that name: `params_b`, and the year of `release`.
pub(super) fn derived(attributes: &[Attribute]) -> Vec<Attribute> {
    let number = |name: &str| {
        attributes.iter().find_map(|attribute| match &attribute.values {
            Values::Number(values) if attribute.name == name => Some(values),
            _ => None,
        })
    };
    let sizes = number("params_b").cloned();
    let years = number("release").map(|release| {
        let year = |date: &Option<f64>| date.map(f64::floor);
        release.iter().map(year).collect()
    });
    [("size", sizes), ("year", years)]
        .into_iter()
        .filter(|(name, _)| attributes.iter().all(|attribute| attribute.name != *name))
        .filter_map(|(name, values)| {
            Some(Attribute { name: name.to_owned(), values: Values::Number(values?) })
        })
        .collect()
}
