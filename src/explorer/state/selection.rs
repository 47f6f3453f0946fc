//! Which models a typed text means.

use super::column::{Cell, Column};
use super::facts::Facts;
use crate::dataset::filter::{self, Completion};
use crate::dataset::{Attribute, Values};
use crate::explorer::fuzzy;

/// What an expression can be about: names and the columns of the table; shares are in percent.
pub struct Columns<'a> {
    models: &'a [String],
    columns: Vec<Attribute>,
}

impl<'a> Columns<'a> {
    /// All columns.
    pub fn all(facts: &Facts<'a>) -> Self {
        Self::of(facts, |_| true)
    }

    /// All but the chances on the prompt: a filter decides who is asked for those.
    pub fn of_models(facts: &Facts<'a>) -> Self {
        Self::of(facts, |column| column != Column::Forecast)
    }

    fn of(facts: &Facts<'a>, wanted: impl Fn(Column) -> bool) -> Self {
        Self { models: &facts.model_set.models, columns: columns(facts, wanted) }
    }

    /// The models that `text` means, one entry a model: those of an expression (see [`filter`]), or else
    /// those whose names hold its words, fuzzily.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn meant(&self, text: &str) -> Result<Vec<bool>, String> {
        let problem = match filter::select(text, self.models, &self.columns) {
            Ok(mask) => return Ok(mask),
            Err(problem) => problem.to_string(),
        };
        if is_expression(text) {
            return Err(problem);
        }
        let mut mask = vec![false; self.models.len()];
        for found in fuzzy::matching(text, self.models.iter().map(String::as_str)) {
            mask[found] = true;
        }
        if mask.contains(&true) { Ok(mask) } else { Err(problem) }
    }

    /// True for what may become an expression as it is typed on: it is not yet taken for words of names.
    pub fn is_begun(&self, text: &str) -> bool {
        let completes = || !self.complete(text).offers.is_empty();
        filter::select(text, self.models, &self.columns).is_err() && completes()
    }

    /// What can stand at the end of `text`.
    pub fn complete(&self, text: &str) -> Completion {
        filter::complete(text, self.models, &self.columns)
    }
}

/// True for what is not meant as words of a name.
fn is_expression(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let joins = |word: &&str| matches!(*word, "and" | "or" | "in" | "is" | "not");
    text.contains(['=', '<', '>', '~', '(', '`'])
        || words.iter().skip(1).any(joins)
        || words.len() > 1 && words[0] == "not"
}

/// Columns of the table as attributes: what can be asked of a model.
fn columns(facts: &Facts, wanted: impl Fn(Column) -> bool) -> Vec<Attribute> {
    let model_set = facts.model_set;
    let others = Column::all(model_set)
        .into_iter()
        .filter(|column| !matches!(column, Column::Name | Column::Attribute(_)) && wanted(*column));
    let mut columns = model_set.attributes.clone();
    columns.extend(others.map(|column| {
        let cells = (0..model_set.models.len()).map(|model| column.cell(facts, model));
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
