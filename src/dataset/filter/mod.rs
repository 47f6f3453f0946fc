//! Which models are meant: expressions over attributes and names, such as
//! `open and params_b <= 15 and not coder` or `name ~ "qwen"`.
//!
//! ```text
//! either = both { "or" both }
//! both   = one { [ "and" ] one }
//! one    = "not" one | "(" either ")" | test
//! test   = FLAG
//!        | COLUMN ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) VALUE
//!        | COLUMN ( "~" | "!~" ) PATTERN
//!        | COLUMN [ "not" ] "in" "(" VALUE { "," VALUE } ")"
//!        | COLUMN "is" ( "known" | "unknown" )
//! ```
//!
//! `COLUMN` is an attribute, or `name` for the model's name; in `` `backticks` `` it may hold any
//! character. `size` stands for `params_b` and `year` for the year of `release`, unless an attribute has
//! that name. Values of other than letters, digits and `_.-+/:@` stand in quotes, where a doubled
//! quote is one. Text is compared without regard to case. `PATTERN` is a regular expression that
//! matches anywhere. What is not known is neither true nor false (Kleene's logic): `coder` and
//! `not coder` both leave out a model of which it is not known.

mod derived;
mod tokens;

use std::collections::HashSet;
use std::fmt::{self, Display};
use std::ops::Range;

use regex_lite::RegexBuilder;
use unicode_width::UnicodeWidthStr;

use super::{Attribute, Values};
use crate::error::Error;
use crate::names::nearest;
use crate::one_line;
use derived::derived;
pub use derived::may_name;
use tokens::{Fault, Parsed, Token, is_keyword, tokens, written};

/// Parentheses and `not`s within each other at most: bounds the recursion.
const DEEPEST: usize = 64;
/// Patterns in an expression, and the bytes of each once it is compiled.
const PATTERNS: usize = 16;
const PATTERN_SIZE: usize = 1 << 16;
/// So much of a text, in bytes, a pattern is looked for in.
const SEARCHED: usize = 4096;
/// Tests, each value of an `in` being one, times models; a thousand tests may always be made.
const WORK: usize = 20_000_000;
const TESTS: usize = 1000;
/// Characters of an expression that an error shows at most.
const SHOWN: usize = 200;
/// How a fault is called that comes of the time rather than of the expression.
const STOPPED: &str = "it took too long";
/// The column of the models' names.
const MODEL_NAME: &str = "name";

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The column, in characters from 1.
    pub column: usize,
    /// What is wrong, with the nearest name where one was mistyped.
    pub message: String,
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl Problem {
    /// The same as an error of the command line: the expression with a mark under the place.
    #[must_use]
    pub fn into_usage(self, expression: &str) -> Error {
        let at = self.column.saturating_sub(1);
        // Of a long one, what stands around the place.
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

/// Which of `models` an expression means, one entry a model.
///
/// # Errors
/// What is wrong with the expression, and where.
pub fn select(
    expression: &str,
    models: &[String],
    attributes: &[Attribute],
) -> Result<Vec<bool>, Problem> {
    select_until(expression, models, attributes, &|| false)
}

/// The same, given up as soon as `stop` says true.
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
        parser.all()
    });
    selected
        .map(|truths| truths.into_iter().map(|truth| truth == Some(true)).collect())
        .map_err(|Fault { at, message }| Problem { column: column(at), message })
}

/// What can stand at the end of `expression`, the text before a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins that is being written, in bytes.
    pub from: usize,
    /// What could take its place; none if the expression is wrong already.
    pub offers: Vec<String>,
}

/// Completes the text before a cursor: attributes, operators, values and names that fit there.
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
        // A quote that is still open.
        Err(Fault { at, .. }) => (tokens(&expression[..at]).unwrap_or_default(), at),
    };
    let derived = derived(attributes);
    let mut parser = Parser { models, attributes, derived: &derived, ..Parser::new(expression) };
    parser.tokens.append(&mut read);
    // It fails where something is missing: that is what is offered.
    let _ = parser.all();
    let plain = |text: &str| text.trim_start_matches(['"', '\'', '`']).to_lowercase();
    let prefix = plain(&expression[begun..]);
    let mut offers = parser.offers;
    offers.retain(|offer| plain(offer).starts_with(&prefix) && *offer != expression[begun..]);
    Completion { from: begun, offers }
}

/// What can follow a test.
fn next() -> Vec<String> {
    ["and", "or"].map(String::from).to_vec()
}

/// One entry a model; `None` where it is not known.
type Truths = Vec<Option<bool>>;

/// How the name of an attribute is written.
fn written_column(name: &str) -> String {
    if name != MODEL_NAME && written(name) == name {
        name.to_owned()
    } else {
        format!("`{}`", name.replace('`', "``"))
    }
}

/// What can be asked of a model.
#[derive(Clone, Copy)]
enum Column<'a> {
    Name,
    Attribute(&'a Attribute),
}

impl Column<'_> {
    /// The kind of its values, and the comparisons that fit them.
    fn comparisons(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Attribute(Attribute { values: Values::Flag(_), .. }) => {
                ("yes or no", &["=", "!="])
            }
            Self::Attribute(Attribute { values: Values::Number(_), .. }) => {
                ("a number", &["<=", ">=", "<", ">", "=", "!="])
            }
            _ => ("text", &["=", "!=", "~", "!~"]),
        }
    }
}

/// Reads an expression and judges all models at once: there is no tree in between.
struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: usize,
    models: &'a [String],
    attributes: &'a [Attribute],
    /// Attributes that are not recorded under the name that they are asked for by.
    derived: &'a [Attribute],
    patterns: usize,
    tests: usize,
    stop: &'a dyn Fn() -> bool,
    /// What could have stood where the tokens ended.
    offers: Vec<String>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let (models, attributes): (&[String], &[Attribute]) = (&[], &[]);
        Self {
            text,
            tokens: vec![],
            at: 0,
            depth: 0,
            models,
            attributes,
            derived: &[],
            patterns: 0,
            tests: 0,
            stop: &|| false,
            offers: Vec::new(),
        }
    }

    fn all(&mut self) -> Parsed<Truths> {
        let truths = self.either()?;
        match self.tokens.get(self.at) {
            None => Ok(truths),
            Some((Token::Symbol(")"), _)) => Err(self.fault("no parenthesis is open here")),
            Some(_) => Err(self.fault("expected `and` or `or`")),
        }
    }

    /// All that a test can be about, but the name.
    fn columns(&self) -> impl Iterator<Item = &'a Attribute> + use<'a> {
        self.attributes.iter().chain(self.derived)
    }

    /// True where a test begins, which needs no `and` before it.
    fn at_test(&self) -> bool {
        match self.tokens.get(self.at) {
            Some((Token::Word(word), _)) => !is_keyword(word) || word.eq_ignore_ascii_case("not"),
            Some((Token::Column(_) | Token::Symbol("("), _)) => true,
            _ => false,
        }
    }

    fn either(&mut self) -> Parsed<Truths> {
        let mut truths = self.both()?;
        while self.keyword("or") {
            let more = self.both()?;
            combine(&mut truths, &more, true);
        }
        Ok(truths)
    }

    fn both(&mut self) -> Parsed<Truths> {
        let mut truths = self.one()?;
        while self.keyword("and") || self.at_test() {
            let more = self.one()?;
            combine(&mut truths, &more, false);
        }
        Ok(truths)
    }

    fn one(&mut self) -> Parsed<Truths> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault("too many parentheses within each other"));
        }
        self.offer_tests();
        let truths = if self.keyword("not") {
            self.one()?.into_iter().map(|truth| truth.map(|truth| !truth)).collect()
        } else if self.symbol("(") {
            let inside = self.either()?;
            self.close()?;
            inside
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(truths)
    }

    /// Counts a test of all models.
    fn count(&mut self) -> Parsed<()> {
        self.tests += 1;
        if (self.stop)() {
            return Err(self.fault(STOPPED));
        }
        if self.tests > TESTS && self.tests.saturating_mul(self.models.len()) > WORK {
            return Err(self.fault("too many tests: split the expression"));
        }
        Ok(())
    }

    fn test(&mut self) -> Parsed<Truths> {
        self.count()?;
        let column = self.column()?;
        let flags = match column {
            Column::Attribute(Attribute { values: Values::Flag(flags), .. }) => Some(flags),
            _ => None,
        };
        if flags.is_some() {
            self.offer(next);
        }
        self.offer(|| {
            let comparisons = column.comparisons().1.iter().copied();
            comparisons.chain(["in", "not in", "is"]).map(String::from).collect()
        });
        if let Some(flags) = flags.filter(|_| !self.at_operator()) {
            self.offer_tests();
            return Ok(flags.clone());
        }
        let truths = if self.keyword("is") {
            self.known(column)?
        } else if self.at_keyword("in") || self.at_keyword("not") {
            let negated = self.keyword("not");
            if !self.keyword("in") {
                return Err(self.fault("expected `in`"));
            }
            let mut truths = self.among(column)?;
            if negated {
                truths.iter_mut().for_each(|truth| *truth = truth.map(|truth| !truth));
            }
            truths
        } else {
            self.comparison(column)?
        };
        self.offer(next);
        self.offer_tests();
        Ok(truths)
    }

    /// What a test can begin with.
    fn offer_tests(&mut self) {
        let columns = self.columns();
        self.offer(|| {
            let columns = columns.map(|attribute| written_column(&attribute.name));
            columns.chain([MODEL_NAME.into(), "not".into(), "(".into()]).collect()
        });
    }

    fn column(&mut self) -> Parsed<Column<'a>> {
        let (name, any) = match self.tokens.get(self.at) {
            Some((Token::Word(word), _)) if !is_keyword(word) => (word.clone(), false),
            Some((Token::Column(name), _)) => (name.clone(), true),
            _ => return Err(self.fault("expected an attribute or `name`")),
        };
        let found = self.columns().find(|attribute| attribute.name == name);
        let column = match found {
            _ if name == MODEL_NAME && !any => Column::Name,
            Some(attribute) => Column::Attribute(attribute),
            None => {
                let named = self.columns().map(|attribute| &*attribute.name);
                let near = nearest(&name, named.chain([MODEL_NAME]));
                let hint = near.map_or_else(
                    || {
                        format!(
                            "; models are found by name with: name ~ {}",
                            written(crate::start(&name, 40).trim_end_matches('…'))
                        )
                    },
                    |near| format!("; did you mean `{near}`?"),
                );
                return Err(self.fault(&format!("no attribute is called `{name}`{hint}")));
            }
        };
        self.at += 1;
        Ok(column)
    }

    fn known(&mut self, column: Column) -> Parsed<Truths> {
        self.offer(|| ["known", "unknown"].map(String::from).to_vec());
        let wanted = if self.keyword("known") {
            true
        } else if self.keyword("unknown") {
            false
        } else {
            return Err(self.fault("expected `known` or `unknown`"));
        };
        let is_known = |model| match column {
            Column::Name => true,
            Column::Attribute(attribute) => attribute.values.text(model).is_some(),
        };
        Ok((0..self.models.len()).map(|model| Some(is_known(model) == wanted)).collect())
    }

    fn among(&mut self, column: Column) -> Parsed<Truths> {
        if !self.symbol("(") {
            return Err(self.fault("expected `(` and values"));
        }
        let mut truths = self.equal(column)?;
        while self.symbol(",") {
            self.count()?;
            let more = self.equal(column)?;
            combine(&mut truths, &more, true);
        }
        self.close()?;
        Ok(truths)
    }

    fn comparison(&mut self, column: Column) -> Parsed<Truths> {
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
            let message = format!("`{operator}` does not fit {kind}; what fits: {fitting}");
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
            return Err(self.fault(&format!("more than {PATTERNS} patterns: join some by |")));
        }
        let mut builder = RegexBuilder::new(&pattern);
        let pattern = builder.case_insensitive(true).size_limit(PATTERN_SIZE).build();
        let pattern = pattern.map_err(|e| {
            self.at -= 1;
            self.fault(&format!("not a regular expression, or too large a one: {e}"))
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

    /// Where the column equals the value that comes next.
    fn equal(&mut self, column: Column) -> Parsed<Truths> {
        match column {
            Column::Attribute(Attribute { values: Values::Number(numbers), .. }) => {
                let wanted = self.number()?;
                // Equal as written: both were read from decimal text.
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

    fn value(&mut self, what: &str) -> Parsed<String> {
        match self.tokens.get(self.at) {
            Some((Token::Quoted(value), _)) => {
                self.at += 1;
                Ok(value.clone())
            }
            Some((Token::Word(value), _)) if !is_keyword(value) => {
                self.at += 1;
                Ok(value.clone())
            }
            _ => Err(self.fault(&format!("expected {what}"))),
        }
    }

    fn at_operator(&self) -> bool {
        match self.tokens.get(self.at) {
            Some((Token::Symbol(symbol), _)) => !matches!(*symbol, "(" | ")" | ","),
            // `coder not chat` is two tests, `family not in (…)` is one.
            _ if self.at_keyword("not") => self.tokens.get(self.at + 1).is_some_and(
                |(next, _)| matches!(next, Token::Word(word) if word.eq_ignore_ascii_case("in")),
            ),
            _ => ["is", "in"].iter().any(|keyword| self.at_keyword(keyword)),
        }
    }

    fn close(&mut self) -> Parsed<()> {
        if self.symbol(")") { Ok(()) } else { Err(self.fault("expected `)`")) }
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let here =
            matches!(self.tokens.get(self.at), Some((Token::Symbol(found), _)) if *found == symbol);
        self.at += usize::from(here);
        here
    }

    fn at_keyword(&self, keyword: &str) -> bool {
        matches!(self.tokens.get(self.at),
            Some((Token::Word(word), _)) if word.eq_ignore_ascii_case(keyword))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let here = self.at_keyword(keyword);
        self.at += usize::from(here);
        here
    }

    /// Something is wrong with the next token.
    fn fault(&self, message: &str) -> Fault {
        let at = self.tokens.get(self.at).map_or(self.text.len(), |(_, range)| range.start);
        Fault { at, message: message.into() }
    }

    fn offer(&mut self, offers: impl FnOnce() -> Vec<String>) {
        if self.at == self.tokens.len() {
            let mut known: HashSet<String> = self.offers.iter().cloned().collect();
            self.offers.extend(offers().into_iter().filter(|offer| known.insert(offer.clone())));
        }
    }
}

/// The text of a column, one entry a model; nothing for numbers and flags.
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

/// Kleene's `or` (`decisive` is true) or `and`: the decisive value wins, then the unknown.
fn combine(truths: &mut Truths, more: &Truths, decisive: bool) {
    for (a, b) in truths.iter_mut().zip(more) {
        *a = match (*a, *b) {
            (Some(x), _) | (_, Some(x)) if x == decisive => Some(decisive),
            (None, _) | (_, None) => None,
            _ => Some(!decisive),
        };
    }
}

#[cfg(test)]
mod tests;
