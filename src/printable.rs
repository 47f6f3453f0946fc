//! Foreign text, made safe for a terminal.
//!
//! Names, prompts and paths come from files and other people. A control character in them could
//! move the cursor, retitle the window or hide text; a bidirectional override could reorder it; a line
//! break could pass for a message of llmap's own.

use std::fmt::{self, Display, Write};
use std::io;

use serde::Serialize;

/// Displays text within a message: line breaks as `⏎`, and every character that could steer a terminal
/// as an escape.
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

/// The same for text whose line breaks are meant.
pub struct PrintableLines<'a>(pub &'a str);

impl Display for PrintableLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.chars().any(steers) {
            return f.write_str(self.0);
        }
        self.0.chars().try_for_each(|c| if c == '\n' { f.write_char(c) } else { escaped(f, c) })
    }
}

fn escaped(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    if steers(c) { write!(f, "{}", c.escape_default()) } else { f.write_char(c) }
}

/// One line of printable text: line breaks and tabs become spaces, the rest is as in [`Printable`].
#[must_use]
pub fn one_line(text: &str) -> String {
    let spaced: String =
        text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
    Printable(&spaced).to_string()
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

/// C0, C1, DEL, and the format characters that reorder (all that Unicode calls `Bidi_Control`), separate
/// or annotate text.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
}

/// Writes one JSON document and a line break, with steering characters as `\u` escapes: JSON allows
/// DEL and C1 raw in a string, a terminal does not survive them.
///
/// # Errors
/// What the writer says.
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
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| steers(*c)) {
            // Every steering character is in the basic plane: one escape each.
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
        fn nothing_steers_after_printing(text in any::<String>()) {
            prop_assert!(!one_line(&text).chars().any(steers));
            prop_assert!(!Printable(&text).to_string().chars().any(steers));
            let lines = PrintableLines(&text).to_string();
            prop_assert!(!lines.chars().any(|c| c != '\n' && steers(c)));
        }

        #[test]
        fn json_is_safe_and_reads_back(text in any::<String>()) {
            let mut out = Vec::new();
            write_json(&mut out, &vec![&text], true).unwrap();
            let out = String::from_utf8(out).unwrap();
            prop_assert!(!out.chars().any(|c| c != '\n' && steers(c)));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&out).unwrap(), vec![text]);
        }
    }

    #[test]
    fn line_breaks_of_a_message_are_marked() {
        let printed = Printable("a\r\nb\nc\rd\t\u{61c}").to_string();
        assert_eq!(printed, "a⏎b⏎c\\rd\\t\\u{61c}");
        assert_eq!(PrintableLines("a\nb\u{9b}").to_string(), "a\nb\\u{9b}");
    }
}
