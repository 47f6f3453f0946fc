//! Short names of attributes, and attributes derived from others.

use super::super::{Attribute, Values};

/// Short names, and the attributes that they stand for.
const SHORT_NAMES: [(&str, &str); 2] = [("size", "params_b"), ("year", "release")];

/// True if an expression may refer to an attribute: it contains its name or short name, or backticks, which
/// allow other spellings.
#[must_use]
pub fn may_name(text: &str, attribute: &str) -> bool {
    let meant = |(other, name): &(&str, &str)| *name == attribute && text.contains(other);
    text.contains(attribute) || text.contains('`') || SHORT_NAMES.iter().any(meant)
}

/// The values of `size` and `year` unless attributes have these names: `params_b`, and the year of `release`.
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
