//! Reads JSON as it is found in practice: one document per line, a list, concatenated documents, with
//! Python's NaN and truncation by a crash. One invalid value never ends the reading.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::files::{File, Shape};
use super::report::{Skips, reason};
use super::scan::{Item, Outcome, Scan};
use crate::error::json_fault;

/// The part of a file that is used for detection: 8 MiB.
const HEAD: u64 = 8 << 20;
/// Maximum size of a file that is read as one document: 512 MiB.
const WHOLE: u64 = 512 << 20;

/// Parses one document, repairing what Python or a crash did to it if necessary.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes)
        .or_else(|error| serde_json::from_slice(&repaired(bytes)).map_err(|_| json_fault(&error)))
}

/// The document in a file; anything after it is ignored.
pub(super) fn document<T: DeserializeOwned>(file: &File) -> Result<T, String> {
    let mut bytes = Vec::new();
    file.open()?.take(WHOLE + 1).read_to_end(&mut bytes).map_err(|e| reason(&e))?;
    if bytes.len() as u64 > WHOLE {
        return Err("a document of more than 512 MiB".into());
    }
    parse(&bytes).or_else(|error| {
        let mut first = None;
        let mut source = Cursor::new(&bytes);
        let mut scan = Scan::new(&mut source, 1);
        let taken = scan.space().is_ok() && scan.value().is_ok_and(Outcome::is_whole);
        if taken {
            first = parse(scan.bytes()).ok();
        }
        first.ok_or(error)
    })
}

/// Passes on each record of a file with its line; invalid ones are skipped and counted. In a document that is
/// an object, `key` is the name of the list of records. A row of CSV is a record of texts, one of Parquet has
/// the types of its columns.
pub(super) fn records<T: DeserializeOwned>(
    file: &File,
    key: Option<&str>,
    skips: &mut Skips,
    mut each: impl FnMut(u64, T, &mut Skips),
) {
    if file.shape() != Shape::Json {
        return super::rows::each(file, skips, &mut |line, record: Map<String, Value>, skips| {
            match T::deserialize(Value::Object(record)) {
                Ok(record) => each(line, record, skips),
                Err(e) => skips.row(&file.path, line, "no record", &json_fault(&e)),
            }
            true
        });
    }
    within(file, key, &mut |_, _| {}, skips, &mut each);
}

/// As [`records`] of JSON, with the other fields before the object's list: names and bytes.
pub(super) fn within<T: DeserializeOwned>(
    file: &File,
    key: Option<&str>,
    header: &mut dyn FnMut(&str, &[u8]),
    skips: &mut Skips,
    each: &mut dyn FnMut(u64, T, &mut Skips),
) {
    let mut reader = match file.open() {
        Ok(reader) => reader,
        Err(problem) => return skips.file(&file.path, problem),
    };
    let mut found = 0_usize;
    let outcome = super::scan::items(&mut reader, key, header, &mut |line, item| {
        match item {
            Item::Value(bytes) => take(file, line, bytes, skips, &mut |record, skips| {
                found += 1;
                each(line, record, skips);
            }),
            Item::Broken(why) => skips.row(&file.path, line, why, ""),
        }
        true
    });
    if let Err(error) = outcome {
        let rest = if found > 0 { "the rest is missing" } else { "nothing can be read" };
        skips.file(&file.path, format!("{rest}: {}", reason(&error)));
    }
}

/// True if one of the first records of a file satisfies `wanted`.
pub(super) fn begins_with(file: &File, wanted: impl Fn(&Map<String, Value>) -> bool) -> bool {
    let mut found = false;
    first(file, &mut |record| {
        found = wanted(&record);
        !found
    });
    found
}

/// Passes on the first records of a file, at most three, until `each` returns false.
pub(super) fn first(file: &File, each: &mut dyn FnMut(Map<String, Value>) -> bool) {
    let mut looked = 0;
    if file.shape() != Shape::Json {
        return super::rows::each(file, &mut Skips::default(), &mut |_, record, _| {
            looked += 1;
            each(record) && looked < 3
        });
    }
    let Ok(reader) = file.open() else { return };
    let mut any = false;
    let _ = super::scan::items(&mut reader.take(HEAD), None, &mut |_, _| {}, &mut |_, item| {
        looked += 1;
        let record = match item {
            Item::Value(bytes) => parse(bytes).ok(),
            Item::Broken(_) => None,
        };
        any |= record.is_some();
        record.is_none_or(&mut *each) && looked < 3
    });
    if !any {
        // One long document: its beginning.
        let Ok(reader) = file.open() else { return };
        let mut record = Map::new();
        let mut member = |name: &str, bytes: &[u8]| {
            record.insert(name.to_owned(), parse(bytes).unwrap_or(Value::Null));
        };
        let nowhere = Some("\0");
        let _ = super::scan::items(&mut reader.take(HEAD), nowhere, &mut member, &mut |_, _| false);
        if !record.is_empty() {
            each(record);
        }
    }
}

/// Parses one value, or several without a line break.
fn take<T: DeserializeOwned>(
    file: &File,
    line: u64,
    bytes: &[u8],
    skips: &mut Skips,
    each: &mut dyn FnMut(T, &mut Skips),
) {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        let start = bytes.trim_ascii_start().first();
        let what = match start {
            Some(b'[') => "a list",
            Some(b'"') => "a string",
            Some(b'0'..=b'9' | b'-' | b't' | b'f' | b'n') => "a single value",
            _ => "text that is not JSON",
        };
        return skips.row(&file.path, line, "no record", what);
    }
    let problem = match parse(bytes) {
        Ok(record) => return each(record, skips),
        Err(problem) => problem,
    };
    let mut several = Vec::new();
    let mut source = Cursor::new(bytes);
    let mut scan = Scan::new(&mut source, line);
    while scan.space().is_ok_and(|byte| byte == Some(b'{') || byte == Some(b','))
        && scan.comma().is_ok()
        && scan.value().is_ok_and(Outcome::is_whole)
    {
        several.push(parse::<T>(scan.bytes()));
    }
    // Invalid records of the same kind are one fault.
    let good = several.iter().filter(|one| one.is_ok()).count();
    if good == 0 {
        return skips.row(&file.path, line, "invalid JSON", &problem);
    }
    if scan.space().is_ok_and(|byte| byte.is_some()) || several.len() > good {
        skips.row(&file.path, line, "text after a record", "");
    }
    several.into_iter().flatten().for_each(|record| each(record, skips));
}

/// The same JSON, repaired: Python's NaN and Infinity become null, raw control characters and halves of
/// surrogate pairs are escaped or replaced, as are bytes that are not UTF-8, and trailing commas are removed.
fn repaired(bytes: &[u8]) -> Vec<u8> {
    let text: Cow<str> = String::from_utf8_lossy(bytes);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let (mut at, mut quoted) = (0, false);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let byte = rest[0];
        let mut used = 1;
        if quoted {
            match byte {
                b'\\' if rest.get(1) == Some(&b'u') => {
                    let (text, length) = escape(rest);
                    out.extend_from_slice(text);
                    used = length;
                }
                b'\\' => {
                    used = rest.len().min(2);
                    out.extend_from_slice(&rest[..used]);
                }
                0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => {
                    quoted = byte != b'"';
                    out.push(byte);
                }
            }
        } else if let Some(word) = ["NaN", "-Infinity", "Infinity", "-NaN"]
            .iter()
            .find(|word| rest.starts_with(word.as_bytes()))
        {
            out.extend_from_slice(b"null");
            used = word.len();
        } else if byte == b','
            && matches!(rest[1..].trim_ascii_start().first(), None | Some(b'}' | b']'))
        {
            // A trailing comma.
        } else if byte != 0 {
            quoted = byte == b'"';
            out.push(byte);
        }
        at += used;
    }
    out
}

/// The repaired `\u` escape, and how many bytes it takes: half a pair becomes U+FFFD.
fn escape(rest: &[u8]) -> (&[u8], usize) {
    let unit = |at: usize| {
        let digits = rest.get(at + 2..at + 6).filter(|_| rest[at..].starts_with(b"\\u"))?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => (&rest[..12], 12),
        (Some(0xd800..0xe000), _) => (b"\\ufffd", 6),
        (Some(_), _) => (&rest[..6], 6),
        (None, _) => (b"\\\\u", 2),
    }
}
