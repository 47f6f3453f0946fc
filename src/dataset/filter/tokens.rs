//! Words, quotes and symbols of an expression.

use std::ops::Range;

const KEYWORDS: [&str; 7] = ["and", "or", "not", "in", "is", "known", "unknown"];

/// An error at a byte offset.
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: String,
}

pub(super) type Parsed<T> = Result<T, Fault>;
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Quoted(String),
    Column(String),
    Symbol(&'static str),
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "_.-+/:@".contains(c)
}

pub(super) fn tokens(text: &str) -> Parsed<Vec<(Token, Range<usize>)>> {
    /// Longer ones first.
    const SYMBOLS: [&str; 12] = ["<=", ">=", "!=", "!~", "==", "=", "<", ">", "~", "(", ")", ","];
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            (Token::Symbol(if symbol == "==" { "=" } else { symbol }), symbol.len())
        } else if matches!(c, '"' | '\'' | '`') {
            let (inside, length) = quoted(rest, c)
                .ok_or_else(|| Fault { at, message: format!("the quote {c} is not closed") })?;
            (if c == '`' { Token::Column(inside) } else { Token::Quoted(inside) }, length)
        } else if is_word(c) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            (Token::Word(rest[..length].to_owned()), length)
        } else {
            let hint = match c {
                '&' => "; write `and`",
                '|' => "; write `or`",
                '!' => "; write `not`",
                _ => "; put text in quotes",
            };
            return Err(Fault { at, message: format!("`{c}` is not expected here{hint}") });
        };
        out.push((token, at..at + length));
        at += length;
    }
    Ok(out)
}

/// The text between quotes, and its length including them; a doubled quote inside is one.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inside = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c != quote {
            inside.push(c);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            inside.push(quote);
        } else {
            return Some((inside, at + 1));
        }
    }
    None
}

/// A value as an expression needs it, in quotes where necessary.
pub(super) fn written(value: &str) -> String {
    if !value.is_empty() && value.chars().all(is_word) && !is_keyword(value) {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('"', "\"\""))
    }
}

pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}
