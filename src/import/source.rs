//! Files from outside: found, opened, and their JSON read with the line of each fault.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use walkdir::WalkDir;

use crate::error::{Error, Result, json_fault};
use crate::unpack;

/// Endings of compressed files.
const ENDINGS: [&str; 3] = ["", ".gz", ".zst"];
/// A line that is longer is refused: 64 MiB.
const LONGEST: u64 = 64 << 20;
/// Folders within folders that are looked through.
const DEPTH: usize = 16;

/// What stands before `ending` in a file name, be it compressed or not.
pub(super) fn stem<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    ENDINGS.iter().find_map(|packed| name.strip_suffix(packed)?.strip_suffix(ending))
}

/// The files below `paths` whose name is `wanted`, in the order of their paths. A path that is a
/// file itself is taken as it is.
pub(super) fn files(paths: &[PathBuf], wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        let about = path.metadata().map_err(|e| Error::io(path, e))?;
        if about.is_file() {
            found.push(path.clone());
            continue;
        }
        for entry in WalkDir::new(path).max_depth(DEPTH).sort_by_file_name() {
            let entry = entry.map_err(|e| {
                let at = e.path().unwrap_or(path).to_owned();
                Error::io(&at, e.into())
            })?;
            if entry.file_type().is_file() && entry.file_name().to_str().is_some_and(&wanted) {
                found.push(entry.into_path());
            }
        }
    }
    Ok(found)
}

fn open(path: &Path) -> Result<BufReader<Box<dyn Read>>> {
    Ok(BufReader::with_capacity(1 << 18, unpack::open(path)?))
}

/// The JSON document that a file holds.
pub(super) fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    serde_json::from_reader(open(path)?).map_err(|e| {
        if e.is_io() { Error::io(path, e.into()) } else { fault(path, e.line() as u64, &e) }
    })
}

/// Hands each line of a file on as JSON, with its number from 1; empty ones are passed over.
pub(super) fn lines<T: DeserializeOwned>(
    path: &Path,
    mut each: impl FnMut(u64, T) -> Result<()>,
) -> Result<()> {
    let mut reader = open(path)?;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = (&mut reader).take(LONGEST + 1).read_until(b'\n', &mut line);
        let read = read.map_err(|e| Error::io(path, e))?;
        if read == 0 {
            break;
        }
        if read as u64 > LONGEST {
            return Err(at(path, number, "a line of more than 64 MiB", "split the file"));
        }
        if !line.trim_ascii().is_empty() {
            each(number, serde_json::from_slice(&line).map_err(|e| fault(path, number, &e))?)?;
        }
    }
    Ok(())
}

/// A fault of what the JSON says.
fn fault(path: &Path, line: u64, error: &serde_json::Error) -> Error {
    at(path, line, &json_fault(error), "write the file again, or leave it out")
}

/// A fault at a line.
pub(super) fn at(path: &Path, line: u64, problem: &str, fix: &str) -> Error {
    Error::Input { file: path.into(), line: Some(line), problem: problem.into(), fix: fix.into() }
}
