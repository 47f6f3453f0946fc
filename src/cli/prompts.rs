//! Prompts from standard input: read as they arrive, in bounded memory, with line numbers in errors.

use std::io::{self, BufRead, BufReader, Read, Stdin};
use std::path::Path;

use clap::ValueEnum;
use serde::Deserialize;

use crate::{Error, Result};

/// Prompts per batch.
const BATCH: usize = 256;
/// Read buffer in bytes.
const BUFFER: usize = 1 << 18;
/// Maximum size of a prompt in bytes.
const LONGEST: u64 = 1 << 20;

/// How prompts are separated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One per line.
    #[default]
    Lines,
    /// One JSON document per line, {"prompt": …}.
    Jsonl,
    /// NUL-terminated, as from `find -print0`; they may contain line breaks.
    Nul,
}

/// The prompts of a stream, in order.
pub struct Prompts<R = Stdin> {
    reader: BufReader<R>,
    format: Format,
    read: u64,
    failed: Option<Error>,
}

#[derive(Deserialize)]
struct Document {
    prompt: String,
}

impl<R: Read> Prompts<R> {
    pub fn new(source: R, format: Format) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER, source), format, read: 0, failed: None }
    }

    /// The next prompts: at least one, and as many more as have arrived, up to a limit. Empty at the end.
    /// Prompts before an error are returned before the error.
    pub fn batch(&mut self) -> Result<Vec<String>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut batch = Vec::new();
        while batch.len() < BATCH && (batch.is_empty() || self.has_come()) {
            match self.one() {
                Ok(Some(prompt)) => batch.push(prompt),
                Ok(None) => break,
                Err(error) if batch.is_empty() => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok(batch)
    }

    fn end(&self) -> u8 {
        if self.format == Format::Nul { 0 } else { b'\n' }
    }

    /// True if a whole prompt has arrived, so that reading it does not block.
    fn has_come(&self) -> bool {
        self.reader.buffer().contains(&self.end())
    }

    fn one(&mut self) -> Result<Option<String>> {
        let end = self.end();
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(LONGEST + 1).read_until(end, &mut bytes);
        self.read += 1;
        if read.map_err(|e| Error::io(Path::new("standard input"), e))? == 0 {
            return Ok(None);
        }
        if bytes.last() == Some(&end) {
            bytes.pop();
        } else if bytes.len() as u64 > LONGEST {
            return Err(self.fault("longer than a mebibyte", "shorten it"));
        }
        if self.format != Format::Nul && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| self.fault("not UTF-8", "send prompts as UTF-8"))?;
        // Concatenated files have it in the middle.
        let text = crate::unpack::without_mark(text);
        let prompt = match self.format {
            Format::Lines | Format::Nul => text,
            Format::Jsonl => {
                let document: Document = serde_json::from_str(&text).map_err(|e| {
                    let problem = format!("not a prompt: {}", crate::json_fault(&e));
                    self.fault(&problem, "write {\"prompt\": \"…\"} on each line")
                })?;
                document.prompt
            }
        };
        if prompt.trim().is_empty() {
            return Err(self.fault("an empty prompt", "leave it out"));
        }
        Ok(Some(prompt))
    }

    fn fault(&self, problem: &str, fix: &str) -> Error {
        Error::Input {
            file: Path::new("standard input").into(),
            line: Some(self.read),
            problem: problem.into(),
            fix: fix.into(),
        }
    }
}

impl Prompts {
    /// Standard input.
    pub fn standard(format: Format) -> Self {
        Self::new(io::stdin(), format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &[u8], format: Format) -> (Vec<String>, Option<String>) {
        let mut prompts = Prompts::new(text, format);
        let mut out = Vec::new();
        loop {
            match prompts.batch() {
                Ok(batch) if batch.is_empty() => return (out, None),
                Ok(batch) => {
                    assert!(batch.len() <= BATCH);
                    out.extend(batch);
                }
                Err(error) => return (out, Some(error.to_string())),
            }
        }
    }

    #[test]
    fn three_formats_and_their_faults() {
        let (prompts, error) = all("one\r\ntwo".as_bytes(), Format::Lines);
        assert_eq!((prompts, error), (vec!["one".into(), "two".into()], None));
        let marked = "\u{feff}one\n\u{feff}two".as_bytes();
        assert_eq!(all(marked, Format::Lines), (vec!["one".into(), "two".into()], None));
        let marked = "\u{feff}{\"prompt\": \"one\"}".as_bytes();
        assert_eq!(all(marked, Format::Jsonl), (vec!["one".into()], None));
        let (prompts, _) = all(b"a\nb\0c\0", Format::Nul);
        assert_eq!(prompts, ["a\nb", "c"]);
        let (prompts, error) =
            all(b"{\"prompt\": \"x\\ny\", \"id\": 3}\n{\"text\": 1}\n", Format::Jsonl);
        assert_eq!(prompts, ["x\ny"]);
        assert!(error.unwrap().contains(":2: not a prompt: missing field `prompt` (column 11)"));
        let (prompts, error) = all(b"one\n\nthree\n", Format::Lines);
        assert_eq!(prompts, ["one"]);
        assert!(error.unwrap().starts_with("standard input:2: an empty prompt"));
        assert!(all(b"\xff\n", Format::Lines).1.unwrap().contains(":1: not UTF-8"));
    }

    #[test]
    fn an_endless_line_is_refused() {
        let (prompts, error) = all(&vec![b'x'; (LONGEST + 10) as usize], Format::Lines);
        assert!(prompts.is_empty() && error.unwrap().contains("longer than"));
    }

    proptest! {
        #[test]
        fn all_lines_come_in_order(lines in prop::collection::vec("[a-z]{1,40}", 0..600)) {
            let text = lines.join("\n");
            prop_assert_eq!(all(text.as_bytes(), Format::Lines), (lines, None));
        }
    }
}
