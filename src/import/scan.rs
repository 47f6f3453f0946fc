//! Splits a stream into JSON values without parsing them, so that an invalid one affects only itself.

use std::io::{self, BufRead, Cursor, Read};

/// Maximum size of a document: 64 MiB.
pub(super) const LONGEST: u64 = 64 << 20;

/// An item of a file.
pub(super) enum Item<'a> {
    /// The bytes of one value.
    Value(&'a [u8]),
    /// Invalid data, with the reason.
    Broken(&'static str),
}

/// How reading a value ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Complete.
    Whole,
    /// Too long.
    TooLong,
    /// The file ended within it.
    Cut,
}

impl Outcome {
    pub(super) fn is_whole(self) -> bool {
        self == Self::Whole
    }
}

const CUT: &str = "the file is truncated";
const TOO_LONG: &str = "a value of more than 64 MiB";

/// A stream with its current line, and the last value.
pub(super) struct Scan<'a> {
    reader: &'a mut dyn BufRead,
    line: u64,
    value: Vec<u8>,
}

type Each<'a> = &'a mut dyn FnMut(u64, Item) -> bool;
type Header<'a> = &'a mut dyn FnMut(&str, &[u8]);

/// Passes on the items of a stream, until `each` returns false: the documents of its lines, the elements of
/// its list or, in an object with `key`, of the list under it; `header` receives the other fields before that
/// list, without bytes if they are too long or truncated.
pub(super) fn items(
    reader: &mut dyn BufRead,
    key: Option<&str>,
    header: Header,
    each: Each,
) -> io::Result<()> {
    let mut scan = Scan::new(reader, 1);
    match (scan.space()?, key) {
        (None, _) => Ok(()),
        (Some(b'{'), Some(key)) => scan.below(key, header, each),
        (Some(b'['), _) => scan.sequence(each),
        (Some(b'{'), None) => {
            let line = scan.line;
            let first = scan.take_line()?;
            if first.is_whole() && spread(&scan.value) {
                // A document over several lines: line ends have no meaning.
                let head = std::mem::take(&mut scan.value);
                let mut whole = Cursor::new(head).chain(scan.reader);
                return Scan::new(&mut whole, line).sequence(each);
            }
            scan.lines(line, first, each)
        }
        (Some(_), _) => {
            let line = scan.line;
            let first = scan.take_line()?;
            scan.lines(line, first, each)
        }
    }
}

/// True for the first line of a document that continues in the next line.
fn spread(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let mut source = Cursor::new(line);
    let whole = Scan::new(&mut source, 1).value().is_ok_and(Outcome::is_whole);
    !whole && matches!(line.last(), Some(b'{' | b'[' | b','))
}

impl<'a> Scan<'a> {
    pub(super) fn new(reader: &'a mut dyn BufRead, line: u64) -> Self {
        Self { reader, line, value: Vec::new() }
    }

    /// The last value.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.value
    }

    /// The next byte that is not white space, which is not consumed.
    pub(super) fn space(&mut self) -> io::Result<Option<u8>> {
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
            let end = chunk.iter().position(|byte| !blank(byte));
            let used = end.unwrap_or(chunk.len());
            self.line += breaks(&chunk[..used]);
            let next = end.map(|at| chunk[at]);
            self.reader.consume(used);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Skips commas and white space.
    pub(super) fn comma(&mut self) -> io::Result<()> {
        while self.space()? == Some(b',') {
            self.reader.consume(1);
        }
        Ok(())
    }

    /// Reads the value that starts here.
    pub(super) fn value(&mut self) -> io::Result<Outcome> {
        self.value.clear();
        let (mut depth, mut quoted, mut escaped, mut long) = (0_u32, false, false, false);
        let mut begun = false;
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Outcome::Cut);
                }
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                let open = depth > 0 || quoted || !begun;
                return Ok(if open { Outcome::Cut } else { Outcome::Whole });
            }
            let mut end = None;
            for (at, &byte) in chunk.iter().enumerate() {
                if escaped {
                    escaped = false;
                    continue;
                }
                if quoted {
                    match byte {
                        b'\\' => escaped = true,
                        b'"' => {
                            quoted = false;
                            if depth == 0 {
                                end = Some(at + 1);
                            }
                        }
                        _ => {}
                    }
                } else {
                    match byte {
                        // After a number or a word another value starts.
                        b'"' | b'{' | b'[' | b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n'
                            if depth == 0 && begun =>
                        {
                            end = Some(at);
                        }
                        b'"' => quoted = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' if depth == 0 => end = Some(at + 1),
                        b'}' | b']' => {
                            depth -= 1;
                            if depth == 0 {
                                end = Some(at + 1);
                            }
                        }
                        _ => {}
                    }
                }
                begun = true;
                if end.is_some() {
                    break;
                }
            }
            let used = end.unwrap_or(chunk.len());
            long |= (self.value.len() + used) as u64 > LONGEST;
            if long {
                self.value.clear();
            } else {
                self.value.extend_from_slice(&chunk[..used]);
            }
            self.line += breaks(&chunk[..used]);
            self.reader.consume(used);
            if end.is_some() {
                return Ok(if long { Outcome::TooLong } else { Outcome::Whole });
            }
        }
    }

    /// Concatenated values, and the elements of lists among them.
    fn sequence(&mut self, each: Each) -> io::Result<()> {
        let mut listed = false;
        loop {
            self.comma()?;
            match self.space()? {
                None => {
                    if listed {
                        each(self.line, Item::Broken(CUT));
                    }
                    return Ok(());
                }
                Some(b'[') if !listed => {
                    listed = true;
                    self.reader.consume(1);
                }
                Some(b']') if listed => {
                    listed = false;
                    self.reader.consume(1);
                }
                Some(_) => {
                    let line = self.line;
                    let outcome = self.value()?;
                    if !self.hand_on(line, outcome, each) || outcome == Outcome::Cut {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn hand_on(&self, line: u64, outcome: Outcome, each: Each) -> bool {
        each(
            line,
            match outcome {
                Outcome::Whole => Item::Value(&self.value),
                Outcome::TooLong => Item::Broken(TOO_LONG),
                Outcome::Cut => Item::Broken(CUT),
            },
        )
    }

    /// The elements of the list under `key` of the object that starts here.
    fn below(&mut self, key: &str, header: Header, each: Each) -> io::Result<()> {
        self.reader.consume(1);
        let wanted = format!("\"{key}\"");
        loop {
            let Some(line) = self.next(b'}', each)? else { return Ok(()) };
            if !self.value()?.is_whole() {
                each(line, Item::Broken(CUT));
                return Ok(());
            }
            let found = self.value == wanted.as_bytes();
            let name = String::from_utf8_lossy(&self.value).trim_matches('"').to_owned();
            if self.space()? == Some(b':') {
                self.reader.consume(1);
            }
            if self.space()? == Some(b'[') && found {
                self.reader.consume(1);
                return self.elements(each);
            }
            match self.value()? {
                Outcome::Cut => {
                    header(&name, &[]);
                    each(line, Item::Broken(CUT));
                    return Ok(());
                }
                Outcome::Whole => header(&name, &self.value),
                Outcome::TooLong => header(&name, &[]),
            }
        }
    }

    /// The line of the next entry of a list or an object closed by `end`; `None` if there is none, reported
    /// to `each` if the stream ends first.
    fn next(&mut self, end: u8, each: Each) -> io::Result<Option<u64>> {
        self.comma()?;
        let line = self.line;
        match self.space()? {
            None => {
                each(line, Item::Broken(CUT));
                Ok(None)
            }
            Some(byte) if byte == end => Ok(None),
            Some(_) => Ok(Some(line)),
        }
    }

    /// The elements of the list that has started.
    fn elements(&mut self, each: Each) -> io::Result<()> {
        loop {
            let Some(line) = self.next(b']', each)? else { return Ok(()) };
            let outcome = self.value()?;
            if !self.hand_on(line, outcome, each) || outcome == Outcome::Cut {
                return Ok(());
            }
        }
    }

    /// Lines, the first of which was read.
    fn lines(&mut self, first: u64, outcome: Outcome, each: Each) -> io::Result<()> {
        let (mut line, mut outcome) = (first, outcome);
        loop {
            let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
            let go_on = match outcome {
                Outcome::TooLong => each(line, Item::Broken(TOO_LONG)),
                _ if self.value.iter().all(blank) => true,
                _ => each(line, Item::Value(self.value.trim_ascii())),
            };
            line = self.line;
            if !go_on {
                return Ok(());
            }
            outcome = self.take_line()?;
            if outcome == Outcome::Cut {
                return Ok(());
            }
        }
    }

    /// Reads up to the end of the line; `Cut` if nothing is left.
    fn take_line(&mut self) -> io::Result<Outcome> {
        self.value.clear();
        let n = (&mut *self.reader).take(LONGEST + 1).read_until(b'\n', &mut self.value)?;
        self.line += 1;
        if n == 0 {
            return Ok(Outcome::Cut);
        }
        if n as u64 <= LONGEST {
            return Ok(Outcome::Whole);
        }
        // The rest of the line is skipped.
        let mut ended = self.value.last() == Some(&b'\n');
        self.value.clear();
        while !ended {
            let chunk = self.reader.fill_buf()?;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(chunk.len(), |at| at + 1);
            ended = end.is_some() || chunk.is_empty();
            self.reader.consume(used);
        }
        Ok(Outcome::TooLong)
    }
}

fn breaks(bytes: &[u8]) -> u64 {
    bytes.split(|byte| *byte == b'\n').count() as u64 - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, key: Option<&str>) -> Vec<(u64, String)> {
        let mut out = Vec::new();
        let mut source = Cursor::new(text.as_bytes());
        let read = items(&mut source, key, &mut |_, _| {}, &mut |line, item| {
            out.push(match item {
                Item::Value(bytes) => (line, String::from_utf8_lossy(bytes).into_owned()),
                Item::Broken(why) => (line, format!("!{why}")),
            });
            true
        });
        read.unwrap();
        out
    }

    fn values(text: &str) -> Vec<String> {
        found(text, None).into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn lines_lists_and_documents_give_the_same_values() {
        let wanted = ["{\"a\": 1}", "{\"b\": [2]}"];
        for text in [
            "{\"a\": 1}\n\n{\"b\": [2]}\n",
            "\r\n{\"a\": 1}\r\n{\"b\": [2]}",
            "[{\"a\": 1}, {\"b\": [2]}]",
            "[\n  {\"a\": 1},\n  {\"b\": [2]}\n]\n",
            "[{\"a\": 1}][{\"b\": [2]}]",
        ] {
            assert_eq!(values(text), wanted, "{text}");
        }
        assert_eq!(
            values("{\n \"a\": \"}\\\"\"\n}\n{\n \"b\": 2\n}"),
            ["{\n \"a\": \"}\\\"\"\n}", "{\n \"b\": 2\n}"]
        );
    }

    #[test]
    fn what_is_broken_costs_only_itself() {
        assert_eq!(values("{\"a\": \n{\"b\": 2}\n"), ["{\"a\":", "{\"b\": 2}"]);
        assert_eq!(
            values("[{\"a\": 1}, \"x\", 7, {\"b\": "),
            ["{\"a\": 1}", "\"x\"", "7", "!the file is truncated"]
        );
        assert_eq!(values("[1, 2] tail"), ["1", "2", "tail"]);
        assert_eq!(values(""), [""; 0]);
    }

    #[test]
    fn a_list_below_a_key_and_the_lines() {
        let text = "{\"x\": {\"list\": [0]},\n \"list\": [\n1,\n {\"y\": 2}], \"z\": 3}";
        assert_eq!(found(text, Some("list")), [(3, "1".into()), (4, "{\"y\": 2}".into())]);
        assert_eq!(found("[1]", Some("list")), [(1, "1".into())]);
        assert_eq!(found("{\"x\": 1}", Some("list")), []);
    }
}
