//! A recursive descent parser that evaluates while it parses, and collects what could follow for completion.

use std::collections::HashSet;
use std::ops::Range;

use super::tokens::{Fault, Parsed, Token, is_keyword, written};
use crate::dataset::{Attribute, Values};
use crate::names::nearest;

/// Maximum nesting of parentheses and `not`s: bounds the recursion.
pub(super) const DEEPEST: usize = 64;
/// Maximum number of tests times models, where each value of an `in` counts; 1000 tests are always allowed.
pub(super) const WORK: usize = 20_000_000;
pub(super) const TESTS: usize = 1000;
/// The message if the evaluation was stopped.
pub(super) const STOPPED: &str = "it took too long";
/// The column of the models' names.
const MODEL_NAME: &str = "name";

/// One entry per model; `None` where it is unknown.
pub(super) type Truths = Vec<Option<bool>>;

/// The name of an attribute as an expression needs it, in backticks where necessary.
pub(super) fn written_column(name: &str) -> String {
    if name != MODEL_NAME && written(name) == name {
        name.to_owned()
    } else {
        format!("`{}`", name.replace('`', "``"))
    }
}

/// What a test is about.
#[derive(Clone, Copy)]
pub(super) enum Column<'a> {
    Name,
    Attribute(&'a Attribute),
}

impl Column<'_> {
    /// The kind of its values, and the operators for them.
    pub(super) fn comparisons(self) -> (&'static str, &'static [&'static str]) {
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

/// Parses an expression and evaluates it for all models at once, without a syntax tree.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<(Token, Range<usize>)>,
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) models: &'a [String],
    pub(super) attributes: &'a [Attribute],
    /// Attributes under their short names (`size`, `year`).
    pub(super) derived: &'a [Attribute],
    pub(super) patterns: usize,
    pub(super) tests: usize,
    pub(super) stop: &'a dyn Fn() -> bool,
    /// What could follow the last token.
    pub(super) offers: Vec<String>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
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

    pub(super) fn parse(&mut self) -> Parsed<Truths> {
        let truths = self.expression()?;
        match self.tokens.get(self.at) {
            None => Ok(truths),
            Some((Token::Symbol(")"), _)) => Err(self.fault("no parenthesis is open here")),
            Some(_) => Err(self.fault("expected `and` or `or`")),
        }
    }

    /// All columns except the name.
    fn columns(&self) -> impl Iterator<Item = &'a Attribute> + use<'a> {
        self.attributes.iter().chain(self.derived)
    }

    /// True if a test starts here, which needs no `and` before it.
    fn at_test(&self) -> bool {
        match self.tokens.get(self.at) {
            Some((Token::Word(word), _)) => !is_keyword(word) || word.eq_ignore_ascii_case("not"),
            Some((Token::Column(_) | Token::Symbol("("), _)) => true,
            _ => false,
        }
    }

    fn expression(&mut self) -> Parsed<Truths> {
        let mut truths = self.conjunction()?;
        while self.keyword("or") {
            let more = self.conjunction()?;
            combine(&mut truths, &more, true);
        }
        Ok(truths)
    }

    fn conjunction(&mut self) -> Parsed<Truths> {
        let mut truths = self.term()?;
        while self.keyword("and") || self.at_test() {
            let more = self.term()?;
            combine(&mut truths, &more, false);
        }
        Ok(truths)
    }

    fn term(&mut self) -> Parsed<Truths> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault("parentheses are nested too deeply"));
        }
        self.offer_tests();
        let truths = if self.keyword("not") {
            self.term()?.into_iter().map(|truth| truth.map(|truth| !truth)).collect()
        } else if self.symbol("(") {
            let inside = self.expression()?;
            self.close()?;
            inside
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(truths)
    }

    /// Counts a test, and stops if there are too many.
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
            self.presence(column)?
        } else if self.at_keyword("in") || self.at_keyword("not") {
            let negated = self.keyword("not");
            if !self.keyword("in") {
                return Err(self.fault("expected `in`"));
            }
            let mut truths = self.membership(column)?;
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

    /// Offers what a test can start with.
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

    fn presence(&mut self, column: Column) -> Parsed<Truths> {
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

    fn membership(&mut self, column: Column) -> Parsed<Truths> {
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

    pub(super) fn value(&mut self, what: &str) -> Parsed<String> {
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

    pub(super) fn at_operator(&self) -> bool {
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

    /// An error at the next token.
    pub(super) fn fault(&self, message: &str) -> Fault {
        let at = self.tokens.get(self.at).map_or(self.text.len(), |(_, range)| range.start);
        Fault { at, message: message.into() }
    }

    pub(super) fn offer(&mut self, offers: impl FnOnce() -> Vec<String>) {
        if self.at == self.tokens.len() {
            let mut known: HashSet<String> = self.offers.iter().cloned().collect();
            self.offers.extend(offers().into_iter().filter(|offer| known.insert(offer.clone())));
        }
    }
}

/// Kleene's `or` (`decisive` is true) or `and`: the decisive value wins, then an unknown one.
pub(super) fn combine(truths: &mut Truths, more: &Truths, decisive: bool) {
    for (a, b) in truths.iter_mut().zip(more) {
        *a = match (*a, *b) {
            (Some(x), _) | (_, Some(x)) if x == decisive => Some(decisive),
            (None, _) | (_, None) => None,
            _ => Some(!decisive),
        };
    }
}

/// What can follow a test.
pub(super) fn next() -> Vec<String> {
    ["and", "or"].map(String::from).to_vec()
}
