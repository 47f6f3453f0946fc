//! Untrusted text, made safe for a terminal.
//!
//! Names, prompts and paths come from files and other people. A control character could move the cursor,
//! change the window title or hide text; a bidirectional override could reorder it; a line break could
//! imitate a message of llmap.

use std::fmt::{self, Display, Write};
use std::io;

use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Displays text within a message: line breaks as `⏎`, and control characters as escapes.
pub struct Printable<'a>(pub &'a str);

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\r' if characters.peek() == Some(&'\n') => {}
                '\n' => f.write_char('⏎')?,
                c => escaped(f, c)?,
            }
        }
        Ok(())
    }
}

/// The same for text with intended line breaks.
pub struct PrintableLines<'a>(pub &'a str);

impl Display for PrintableLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.chars().any(is_control) {
            return f.write_str(self.0);
        }
        self.0.chars().try_for_each(|c| if c == '\n' { f.write_char(c) } else { escaped(f, c) })
    }
}

fn escaped(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    if is_control(c) { write!(f, "{}", c.escape_default()) } else { f.write_char(c) }
}

/// One line of printable text: line breaks and tabs become spaces, other characters are as in [`Printable`].
#[must_use]
pub fn one_line(text: &str) -> String {
    let spaced: String =
        text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
    Printable(&spaced).to_string()
}

/// True if [`one_line`] would not change the text.
#[must_use]
pub fn is_one_line(text: &str) -> bool {
    let plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    text.bytes().all(plain) || one_line(text) == text
}

/// Maximum length of a quoted input in a message …
const QUOTED: usize = 200;
/// … and of a whole message.
const MESSAGE: usize = 2000;

/// The same as [`Printable`] for a message that repeats input of any length: text in backticks is cut, and so
/// is the whole message.
pub struct Brief<'a>(pub &'a str);

impl Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut quoted, mut within, mut left) = (false, 0, MESSAGE);
        // Cut first, then escape: an escape stays whole.
        let mut cut = String::new();
        for c in self.0.chars() {
            if left == 0 {
                cut.push('…');
                break;
            }
            if c == '`' {
                (quoted, within) = (!quoted, 0);
            } else if quoted {
                within += 1;
                if within == QUOTED {
                    cut.push('…');
                }
                if within >= QUOTED {
                    continue;
                }
            }
            left -= 1;
            cut.push(c);
        }
        Printable(&cut).fmt(f)
    }
}

/// The start of a text, in at most `room` characters.
#[must_use]
pub fn start(text: &str, room: usize) -> String {
    match text.char_indices().nth(room) {
        Some(_) => text.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// One line of printable text in at most `room` columns of a terminal.
#[must_use]
pub fn cell(text: &str, room: usize) -> String {
    // The rest of a very long text is not processed.
    let line = one_line(&start(text, 8 * room));
    if line.width() <= room {
        return line;
    }
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or_default();
        taken < room
    };
    line.chars().take_while(fits).chain(['…']).collect()
}

/// A readable number: at most eight significant digits, and a power of ten if it is very large or small.
#[must_use]
pub fn number(x: f64) -> String {
    let rounded: f64 = format!("{x:.7e}").parse().unwrap_or(x);
    let plain = rounded == 0.0 || (1e-5..1e15).contains(&rounded.abs()) || !rounded.is_finite();
    if plain { rounded.to_string() } else { format!("{rounded:e}") }
}

/// A count and what it counts: `1 model`, `2 models`.
#[must_use]
pub fn count(n: usize, one: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {one}{s}", thousands(n as u64))
}

/// A number with a separator between thousands.
#[must_use]
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// C0, C1, DEL, and the format characters that reorder (Unicode's `Bidi_Control`), separate or annotate text.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
}

/// Writes one JSON document and a line break, with control characters as `\u` escapes: JSON allows raw DEL
/// and C1 in a string, but they are not safe in a terminal.
///
/// # Errors
/// Those of the writer.
pub fn write_json(mut out: impl io::Write, value: &impl Serialize, pretty: bool) -> io::Result<()> {
    if pretty {
        let formatter = Escaping(serde_json::ser::PrettyFormatter::new());
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))?;
    } else {
        let formatter = Escaping(serde_json::ser::CompactFormatter);
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))?;
    }
    out.write_all(b"\n")
}

struct Escaping<F>(F);

macro_rules! forward {
    ($($name:ident($($arg:ident: $kind:ty),*);)*) => {$(
        fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $arg: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $arg)*)
        }
    )*};
}

impl<F: serde_json::ser::Formatter> serde_json::ser::Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_control(*c)) {
            // Every control character is in the basic plane: one escape each.
            write!(writer, "{}\\u{:04x}", &rest[..at], u32::from(c))?;
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    forward! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_control_character_is_printed(text in any::<String>()) {
            prop_assert!(!one_line(&text).chars().any(is_control));
            prop_assert!(!Printable(&text).to_string().chars().any(is_control));
            let lines = PrintableLines(&text).to_string();
            prop_assert!(!lines.chars().any(|c| c != '\n' && is_control(c)));
        }

        #[test]
        fn json_is_safe_and_reads_back(text in any::<String>()) {
            let mut out = Vec::new();
            write_json(&mut out, &vec![&text], true).unwrap();
            let out = String::from_utf8(out).unwrap();
            prop_assert!(!out.chars().any(|c| c != '\n' && is_control(c)));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&out).unwrap(), vec![text]);
        }
    }

    #[test]
    fn messages_do_not_grow_with_what_they_repeat() {
        let long = "x".repeat(1 << 20);
        let brief = Brief(&format!("no model is called `{long}`; did you mean `y`?")).to_string();
        assert!(
            brief.ends_with("x…`; did you mean `y`?") && brief.chars().count() < 260,
            "{brief}"
        );
        for text in [long.clone(), "`a".repeat(1 << 20), format!("`{long}"), "\u{1b}".repeat(9999)]
        {
            let brief = Brief(&text).to_string();
            assert!(brief.len() < 20_000 && brief.contains('…'), "{}", brief.len());
        }
        assert_eq!(Brief("a `b`\nc").to_string(), "a `b`⏎c");
    }

    #[test]
    fn cells_are_of_a_bounded_width() {
        assert_eq!(cell("a name", 6), "a name");
        assert_eq!(cell("a long name", 6), "a lon…");
        assert_eq!(cell("漢字漢字", 6), "漢字…");
        assert!(cell(&"\u{200b}".repeat(1 << 20), 6).chars().count() <= 49);
        assert_eq!((start("abcd", 4), start("abcde", 4)), ("abcd".into(), "abc…".into()));
    }

    #[test]
    fn numbers_have_few_digits() {
        for (x, text) in [
            (7.5, "7.5"),
            (0.1 + 0.2, "0.3"),
            (557.0, "557"),
            (1e300, "1e300"),
            (1e-310, "1e-310"),
            (-2.123_456_789e20, "-2.1234568e20"),
            (1.0 / 3.0, "0.33333333"),
            (0.0, "0"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(number(x), text);
        }
        assert_eq!(
            (count(1, "answer"), count(1200, "answer")),
            ("1 answer".into(), "1,200 answers".into())
        );
    }

    #[test]
    fn line_breaks_of_a_message_are_marked() {
        let printed = Printable("a\r\nb\nc\rd\t\u{61c}").to_string();
        assert_eq!(printed, "a⏎b⏎c\\rd\\t\\u{61c}");
        assert_eq!(PrintableLines("a\nb\u{9b}").to_string(), "a\nb\\u{9b}");
    }
}
