//! Selects models by typed text.

use super::column::{Cell, Column};
use super::facts::Facts;
use crate::dataset::filter::{self, Completion};
use crate::dataset::{Attribute, Values};
use crate::explorer::fuzzy;

/// The columns that an expression can use: names and the columns of the table; shares are in percent.
pub struct Columns<'a> {
    facts: Facts<'a>,
    wanted: fn(Column) -> bool,
}

impl<'a> Columns<'a> {
    /// All columns.
    pub fn all(facts: &Facts<'a>) -> Self {
        Self { facts: *facts, wanted: |_| true }
    }

    /// All but the probabilities for the prompt, since a filter decides for which models those are computed.
    pub fn of_models(facts: &Facts<'a>) -> Self {
        Self { facts: *facts, wanted: |column| column != Column::Forecast }
    }

    /// The models that `text` selects, one entry per model: by an expression (see [`filter`]), or else those
    /// whose names contain its words, fuzzily.
    ///
    /// # Errors
    /// A description of the problem.
    pub fn meant(&self, text: &str) -> Result<Vec<bool>, String> {
        let models = &self.facts.model_set.models;
        let problem = match filter::select(text, models, &self.columns(text)) {
            Ok(mask) => return Ok(mask),
            Err(problem) => problem.to_string(),
        };
        if is_expression(text) {
            return Err(problem);
        }
        let found = fuzzy::found(text, models);
        if found.is_empty() {
            return Err(problem);
        }
        let mut mask = vec![false; models.len()];
        found.into_iter().for_each(|model| mask[model] = true);
        Ok(mask)
    }

    /// True for the start of an expression, which is not treated as words of names yet.
    pub fn is_begun(&self, text: &str) -> bool {
        let (models, columns) = (&self.facts.model_set.models, self.columns(text));
        filter::select(text, models, &columns).is_err()
            && !filter::complete(text, models, &columns).offers.is_empty()
    }

    /// Completions at the end of `text`.
    pub fn complete(&self, text: &str) -> Completion {
        filter::complete(text, &self.facts.model_set.models, &self.columns(text))
    }

    /// The columns as attributes. Those that `text` does not mention are empty, since filling them takes time
    /// with many models.
    fn columns(&self, text: &str) -> Vec<Attribute> {
        let (facts, model_set) = (&self.facts, self.facts.model_set);
        let attributes = model_set.attributes.iter().map(|attribute| {
            if filter::may_name(text, &attribute.name) {
                return attribute.clone();
            }
            let values = match &attribute.values {
                Values::Flag(_) => Values::Flag(Vec::new()),
                Values::Number(_) => Values::Number(Vec::new()),
                Values::Class(_) => Values::Class(Vec::new()),
            };
            Attribute { name: attribute.name.clone(), values }
        });
        let others = Column::all(model_set).into_iter().filter(|column| {
            !matches!(column, Column::Name | Column::Attribute(_)) && (self.wanted)(*column)
        });
        let others = others.map(|column| {
            let name = column.title(model_set);
            let models = if filter::may_name(text, name) { model_set.models.len() } else { 0 };
            let cells = (0..models).map(|model| column.cell(facts, model));
            let text = |cell| if let Cell::Text(text) = cell { Some(text) } else { None };
            let number = |cell| match cell {
                Cell::Number(n) | Cell::Decimal(n) => Some(n),
                Cell::Share(p) => Some(100.0 * p),
                _ => None,
            };
            let values = if column == Column::Cluster {
                Values::Class(cells.map(text).collect())
            } else {
                Values::Number(cells.map(number).collect())
            };
            Attribute { name: name.to_owned(), values }
        });
        attributes.chain(others).collect()
    }
}

/// True unless it is meant as words of a name.
fn is_expression(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let joins = |word: &&str| matches!(*word, "and" | "or" | "in" | "is" | "not");
    text.contains(['=', '<', '>', '~', '(', '`'])
        || words.iter().skip(1).any(joins)
        || words.len() > 1 && words[0] == "not"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinguished_from_expressions() {
        for text in ["a > 3", "coder and chat", "not coder", "name ~ x", "family in (a)"] {
            assert!(is_expression(text), "{text}");
        }
        for text in ["qwen 72", "not", "android"] {
            assert!(!is_expression(text), "{text}");
        }
    }
}
