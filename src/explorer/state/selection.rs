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

    /// The models that `text` means, one entry a model.
    ///
    /// # Errors
    /// Those of [`Typed::meant`].
    pub fn meant(&self, text: &str) -> Result<Vec<bool>, String> {
        self.read(text).meant()
    }

    /// Reads `text` as an expression, with the columns that it names.
    pub fn read<'t>(&'t self, text: &'t str) -> Typed<'t> {
        let (models, columns) = (self.facts.model_set.models.as_slice(), self.columns(text));
        let selected = filter::select(text, models, &columns).map_err(|e| e.to_string());
        Typed { text, models, columns, selected }
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

/// A text as it is typed. It is read once for all that is asked of it.
pub struct Typed<'a> {
    text: &'a str,
    models: &'a [String],
    columns: Vec<Attribute>,
    /// The models of the expression.
    selected: Result<Vec<bool>, String>,
}

impl Typed<'_> {
    /// The models of an expression (see [`filter`]), or else those whose names hold its words, fuzzily.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn meant(&self) -> Result<Vec<bool>, String> {
        if self.selected.is_ok() || is_expression(self.text) {
            return self.selected.clone();
        }
        let found = fuzzy::found(self.text, self.models);
        if found.is_empty() {
            return self.selected.clone();
        }
        let mut mask = vec![false; self.models.len()];
        found.into_iter().for_each(|model| mask[model] = true);
        Ok(mask)
    }

    /// What can stand at the end of `before`, with which the text begins.
    pub fn complete(&self, before: &str) -> Completion {
        filter::complete(before, self.models, &self.columns)
    }

    /// True for what may become an expression as it is typed on: it is not yet taken for words of names.
    /// `completion` is the one of `before`.
    pub fn is_begun(&self, before: &str, completion: &Completion) -> bool {
        let whole = |completion: &Completion| !completion.offers.is_empty();
        self.selected.is_err()
            && !self.text.trim().is_empty()
            && if before == self.text {
                whole(completion)
            } else {
                whole(&self.complete(self.text))
            }
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
