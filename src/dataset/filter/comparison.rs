//! Comparisons of a column with values: `=`, `<=`, `~` and the others.

use regex_lite::RegexBuilder;

use super::parser::{Column, Parser, STOPPED, Truths, written_column};
use super::tokens::{Parsed, Token, written};
use crate::dataset::{Attribute, Values};
use crate::names::nearest;

/// Maximum number of patterns in an expression, and of bytes of each compiled pattern.
pub(super) const PATTERNS: usize = 16;
const PATTERN_SIZE: usize = 1 << 16;
/// A pattern is matched against this many bytes of a text.
const SEARCHED: usize = 4096;

impl Parser<'_> {
    pub(super) fn comparison(&mut self, column: Column) -> Parsed<Truths> {
        let operator = match self.tokens.get(self.at) {
            Some((Token::Symbol(symbol), _)) if self.at_operator() => *symbol,
            _ => {
                let example = match column {
                    Column::Name => "name ~ \"llama\"".into(),
                    Column::Attribute(Attribute { name, values: Values::Number(_) }) => {
                        format!("{} <= 15", written_column(name))
                    }
                    Column::Attribute(Attribute { name, .. }) => {
                        format!("{} = …", written_column(name))
                    }
                };
                return Err(self.fault(&format!("expected a comparison, as in: {example}")));
            }
        };
        let (kind, fitting) = column.comparisons();
        if !fitting.contains(&operator) {
            let fitting = fitting.join(" ");
            let message = format!("`{operator}` does not fit {kind} (allowed: {fitting})");
            return Err(self.fault(&message));
        }
        self.at += 1;
        let truths = match (operator, column) {
            ("~" | "!~", _) => self.matching(column)?,
            ("<" | "<=" | ">" | ">=", Column::Attribute(attribute)) => {
                self.ordered(operator, &attribute.values)?
            }
            _ => self.equal(column)?,
        };
        let negated = operator.starts_with('!');
        Ok(truths.into_iter().map(|truth| truth.map(|truth| truth != negated)).collect())
    }

    fn ordered(&mut self, operator: &str, values: &Values) -> Parsed<Truths> {
        let bound = self.number()?;
        let holds: fn(&f64, &f64) -> bool = match operator {
            "<" => f64::lt,
            "<=" => f64::le,
            ">" => f64::gt,
            _ => f64::ge,
        };
        let number = |model| match values {
            Values::Number(numbers) => numbers[model],
            _ => None,
        };
        Ok((0..self.models.len()).map(|m| number(m).map(|x| holds(&x, &bound))).collect())
    }

    fn matching(&mut self, column: Column) -> Parsed<Truths> {
        let models = self.models;
        if let Column::Attribute(Attribute { values: Values::Class(classes), .. }) = column {
            self.offer(|| distinct(classes.iter().flatten()));
        }
        let pattern = self.value("a pattern")?;
        self.patterns += 1;
        if self.patterns > PATTERNS {
            self.at -= 1;
            return Err(self.fault(&format!("more than {PATTERNS} patterns: combine some with |")));
        }
        let mut builder = RegexBuilder::new(&pattern);
        let pattern = builder.case_insensitive(true).size_limit(PATTERN_SIZE).build();
        let pattern = pattern.map_err(|e| {
            self.at -= 1;
            self.fault(&format!("not a valid regular expression, or too large: {e}"))
        })?;
        let mut truths = Vec::with_capacity(models.len());
        for text in texts(column, models) {
            if (self.stop)() {
                return Err(self.fault(STOPPED));
            }
            truths.push(text.map(|text| pattern.is_match(start(text, SEARCHED))));
        }
        Ok(truths)
    }

    /// Compares the column with the next value.
    pub(super) fn equal(&mut self, column: Column) -> Parsed<Truths> {
        match column {
            Column::Attribute(Attribute { values: Values::Number(numbers), .. }) => {
                let wanted = self.number()?;
                // Exact equality is right: both were parsed from decimal text.
                Ok(numbers.iter().map(|x| x.map(|x| x.total_cmp(&wanted).is_eq())).collect())
            }
            Column::Attribute(Attribute { values: Values::Flag(flags), .. }) => {
                self.offer(|| ["yes", "no"].map(String::from).to_vec());
                let wanted = match self.value("yes or no")?.to_lowercase().as_str() {
                    "yes" | "true" | "1" => true,
                    "no" | "false" | "0" => false,
                    _ => {
                        self.at -= 1;
                        return Err(self.fault("expected yes or no"));
                    }
                };
                Ok(flags.iter().map(|flag| flag.map(|flag| flag == wanted)).collect())
            }
            _ => {
                let models = self.models;
                self.offer(|| distinct(texts(column, models).flatten()));
                let wanted = self.value("a value")?.to_lowercase();
                let is = |text: &str| text.to_lowercase() == wanted;
                let truths: Truths = texts(column, models).map(|text| text.map(is)).collect();
                if !truths.contains(&Some(true)) {
                    let near = nearest(&wanted, texts(column, models).flatten());
                    let hint =
                        near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                    self.at -= 1;
                    let what = match column {
                        Column::Name => "name",
                        Column::Attribute(attribute) => &attribute.name,
                    };
                    let message = format!("no model has the {what} `{wanted}`{hint}");
                    return Err(self.fault(&message));
                }
                Ok(truths)
            }
        }
    }

    fn number(&mut self) -> Parsed<f64> {
        let text = self.value("a number")?;
        text.parse().ok().filter(|x: &f64| x.is_finite()).ok_or_else(|| {
            self.at -= 1;
            self.fault(&format!("`{text}` is not a number"))
        })
    }
}

/// The text of a column, one entry per model; `None` for numbers and flags.
fn texts<'a>(
    column: Column<'a>,
    models: &'a [String],
) -> impl Iterator<Item = Option<&'a str>> + use<'a> {
    (0..models.len()).map(move |model| match column {
        Column::Name => Some(&*models[model]),
        Column::Attribute(Attribute { values: Values::Class(classes), .. }) => {
            classes.get(model)?.as_deref()
        }
        Column::Attribute(_) => None,
    })
}

/// The first bytes of a text, up to the end of a character.
fn start(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn distinct<T: AsRef<str>>(values: impl Iterator<Item = T>) -> Vec<String> {
    let mut values: Vec<String> = values.map(|value| written(value.as_ref())).collect();
    values.sort_unstable();
    values.dedup();
    values
}
