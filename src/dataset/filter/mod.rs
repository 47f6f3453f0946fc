//! The filter language: expressions over attributes and names that select models, such as
//! `open and params_b <= 15 and not coder` or `name ~ "qwen"`.
//!
//! ```text
//! expression  = conjunction { "or" conjunction }
//! conjunction = term { [ "and" ] term }
//! term        = "not" term | "(" expression ")" | test
//! test        = FLAG
//!             | COLUMN ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) VALUE
//!             | COLUMN ( "~" | "!~" ) PATTERN
//!             | COLUMN [ "not" ] "in" "(" VALUE { "," VALUE } ")"
//!             | COLUMN "is" ( "known" | "unknown" )
//! ```
//!
//! `COLUMN` is an attribute, or `name` for the model's name; in `` `backticks` `` it may contain any
//! character. `size` is short for `params_b` and `year` for the year of `release`, unless an attribute has
//! that name. A value needs quotes if it contains anything but letters, digits and `_.-+/:@`; a quote
//! inside is doubled. Comparisons of text ignore case. `PATTERN` is a regular expression that may match
//! anywhere. An unknown value is neither true nor false (Kleene's logic): both `coder` and `not coder`
//! leave out a model with an unknown `coder`.

mod comparison;
mod derived;
mod parser;
mod tokens;

use std::fmt::{self, Display};

use unicode_width::UnicodeWidthStr;

use super::Attribute;
use crate::error::Error;
use crate::one_line;
use derived::derived;
pub use derived::may_name;
use parser::Parser;
use tokens::{Fault, Token, tokens};

/// An error shows at most this many characters of an expression.
const SHOWN: usize = 200;

/// An error in an expression, and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The column, in characters from 1.
    pub column: usize,
    /// The message, with the nearest name if one was mistyped.
    pub message: String,
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl Problem {
    /// Converts it to a usage error that shows the expression with a mark under the place.
    #[must_use]
    pub fn into_usage(self, expression: &str) -> Error {
        let at = self.column.saturating_sub(1);
        // Of a long expression, only the part around the place.
        let from = if at < SHOWN { 0 } else { at - SHOWN / 2 };
        let cut = if from > 0 { "…" } else { "" };
        let before: String = expression.chars().skip(from).take(at - from).collect();
        let mark = " ".repeat(cut.width() + one_line(&before).width());
        let shown: String = expression.chars().skip(from).take(SHOWN + 1).collect();
        let shown = format!("{cut}{}", one_line(&crate::start(&shown, SHOWN)));
        let lines = vec![self.to_string(), shown, format!("{mark}^")];
        Error::Lines { usage: true, lines }
    }
}

/// Which of `models` an expression selects, one entry per model.
///
/// # Errors
/// An error in the expression, with its position.
pub fn select(
    expression: &str,
    models: &[String],
    attributes: &[Attribute],
) -> Result<Vec<bool>, Problem> {
    select_until(expression, models, attributes, &|| false)
}

/// The same, but gives up as soon as `stop` returns true.
///
/// # Errors
/// As [`select`]; also if it was stopped.
pub fn select_until(
    expression: &str,
    models: &[String],
    attributes: &[Attribute],
    stop: &dyn Fn() -> bool,
) -> Result<Vec<bool>, Problem> {
    let column = |at: usize| expression[..at].chars().count() + 1;
    let derived = derived(attributes);
    let mut parser =
        Parser { models, attributes, derived: &derived, stop, ..Parser::new(expression) };
    let selected = tokens(expression).and_then(|tokens| {
        parser.tokens = tokens;
        parser.parse()
    });
    selected
        .map(|truths| truths.into_iter().map(|truth| truth == Some(true)).collect())
        .map_err(|Fault { at, message }| Problem { column: column(at), message })
}

/// Completions of the text before a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Byte offset of the word being typed.
    pub from: usize,
    /// What could replace it; empty if the expression is invalid already.
    pub offers: Vec<String>,
}

/// Completes the text before a cursor with attributes, operators, values and names that fit.
#[must_use]
pub fn complete(expression: &str, models: &[String], attributes: &[Attribute]) -> Completion {
    let (mut read, begun) = match tokens(expression) {
        Ok(mut tokens) => {
            let word = |token: &Token| matches!(token, Token::Word(_));
            match tokens.pop_if(|(token, at)| word(token) && at.end == expression.len()) {
                Some((_, at)) => (tokens, at.start),
                None => (tokens, expression.len()),
            }
        }
        // A quote is still open.
        Err(Fault { at, .. }) => (tokens(&expression[..at]).unwrap_or_default(), at),
    };
    let derived = derived(attributes);
    let mut parser = Parser { models, attributes, derived: &derived, ..Parser::new(expression) };
    parser.tokens.append(&mut read);
    // Parsing fails at the end of the input, where the parser has collected the offers.
    let _ = parser.parse();
    let plain = |text: &str| text.trim_start_matches(['"', '\'', '`']).to_lowercase();
    let prefix = plain(&expression[begun..]);
    let mut offers = parser.offers;
    offers.retain(|offer| plain(offer).starts_with(&prefix) && *offer != expression[begun..]);
    Completion { from: begun, offers }
}

#[cfg(test)]
mod tests;
