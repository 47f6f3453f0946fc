//! Decodes text to UTF-8 by its byte order mark.

use std::io::{self, BufRead, BufReader, Read};

/// The reader after a byte order mark, decoding UTF-16 if it says so. `head` are its first bytes.
pub(super) fn utf8(head: &[u8], mut reader: Box<dyn BufRead>) -> Result<Box<dyn BufRead>, String> {
    let skip = |reader: &mut Box<dyn BufRead>, n: u64| {
        io::copy(&mut reader.by_ref().take(n), &mut io::sink())
            .map_err(|e| super::report::reason(&e))
    };
    match head {
        [0xef, 0xbb, 0xbf, ..] => {
            skip(&mut reader, 3)?;
            Ok(reader)
        }
        [0xff, 0xfe, ..] => {
            skip(&mut reader, 2)?;
            Ok(Box::new(BufReader::new(Utf16::new(reader, u16::from_le_bytes))))
        }
        [0xfe, 0xff, ..] => {
            skip(&mut reader, 2)?;
            Ok(Box::new(BufReader::new(Utf16::new(reader, u16::from_be_bytes))))
        }
        _ => Ok(reader),
    }
}

/// UTF-16, as written by Windows shells, decoded to UTF-8.
struct Utf16 {
    inner: Box<dyn BufRead>,
    unit: fn([u8; 2]) -> u16,
    /// The first half of a surrogate pair.
    half: Option<u16>,
    /// Decoded bytes that were not read yet.
    ready: Vec<u8>,
    at: usize,
}

impl Utf16 {
    fn new(inner: Box<dyn BufRead>, unit: fn([u8; 2]) -> u16) -> Self {
        Self { inner, unit, half: None, ready: Vec::new(), at: 0 }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = Vec::new();
        self.inner.by_ref().take(1 << 16).read_to_end(&mut bytes)?;
        let mut units: Vec<u16> = self.half.take().into_iter().collect();
        units.extend(bytes.chunks_exact(2).map(|pair| (self.unit)([pair[0], pair[1]])));
        if !bytes.is_empty() {
            self.half = units.pop_if(|unit| (0xd800..0xdc00).contains(unit));
        }
        let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
        self.ready = text.collect::<String>().into_bytes();
        self.at = 0;
        Ok(())
    }
}

impl Read for Utf16 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() {
            self.fill()?;
            if self.ready.is_empty() && self.half.is_some() {
                self.fill()?;
            }
        }
        let n = buffer.len().min(self.ready.len() - self.at);
        buffer[..n].copy_from_slice(&self.ready[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
