//! Which models a typed text means.

use super::column::{Cell, Column};
use super::facts::Facts;
use crate::dataset::{Attribute, Values, filter};
use crate::explorer::fuzzy;

/// The models that `text` means, in their own order, and what is wrong with it: an expression over
/// names and all columns of the table (see [`filter`]; shares are in percent), or else words that are
/// found in the name, fuzzily.
pub fn matching(facts: &Facts, text: &str) -> (Vec<usize>, Option<String>) {
    let models = &facts.model_set.models;
    if text.trim().is_empty() {
        return ((0..models.len()).collect(), None);
    }
    let problem = match filter::select(text, models, &columns(facts, text)) {
        Ok(mask) => {
            let meant = mask.iter().enumerate().filter(|(_, meant)| **meant);
            return (meant.map(|(model, _)| model).collect(), None);
        }
        Err(problem) => problem.to_string(),
    };
    if is_expression(text) {
        return (Vec::new(), Some(problem));
    }
    (fuzzy::found(text, models), None)
}

/// True for what is not meant as words of a name.
fn is_expression(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let joins = |word: &&str| matches!(*word, "and" | "or" | "in" | "is" | "not");
    text.contains(['=', '<', '>', '~', '(', '`'])
        || words.iter().skip(1).any(joins)
        || words.len() > 1 && words[0] == "not"
}

/// The columns of the table as attributes: what can be asked of a model. Those that a text does not name are
/// empty.
fn columns(facts: &Facts, text: &str) -> Vec<Attribute> {
    let model_set = facts.model_set;
    let others = Column::all(model_set)
        .into_iter()
        .filter(|column| !matches!(column, Column::Name | Column::Attribute(_)));
    // In backticks a name may stand with some of them doubled.
    let is_named = |name: &str| text.contains(name) || text.contains('`');
    let attributes = model_set.attributes.iter().map(|attribute| {
        if is_named(&attribute.name) {
            return attribute.clone();
        }
        let values = match &attribute.values {
            Values::Flag(_) => Values::Flag(Vec::new()),
            Values::Number(_) => Values::Number(Vec::new()),
            Values::Class(_) => Values::Class(Vec::new()),
        };
        Attribute { name: attribute.name.clone(), values }
    });
    let mut columns: Vec<Attribute> = attributes.collect();
    columns.extend(others.map(|column| {
        let models = if is_named(column.title(model_set)) { model_set.models.len() } else { 0 };
        let cells = (0..models).map(|model| column.cell(facts, model));
        let values = if column == Column::Cluster {
            Values::Class(
                cells
                    .map(|cell| if let Cell::Text(text) = cell { Some(text) } else { None })
                    .collect(),
            )
        } else {
            Values::Number(
                cells
                    .map(|cell| match cell {
                        Cell::Number(n) | Cell::Decimal(n) => Some(n),
                        Cell::Share(p) => Some(100.0 * p),
                        _ => None,
                    })
                    .collect(),
            )
        };
        Attribute { name: column.title(model_set).to_owned(), values }
    }));
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_expressions() {
        for text in ["a > 3", "coder and chat", "not coder", "name ~ x", "family in (a)"] {
            assert!(is_expression(text), "{text}");
        }
        for text in ["qwen 72", "not", "android"] {
            assert!(!is_expression(text), "{text}");
        }
    }
}
