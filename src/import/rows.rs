//! Rows of CSV and Parquet as records, so that every format reads them like JSON.

use serde_json::{Map, Value};

use super::files::{File, Shape};
use super::report::Skips;
use crate::error::Error;
use crate::table::{Table, object};

/// Long columns that no format needs: tokens and likelihoods.
const HEAVY: &[&str] = &[
    "input_tokens",
    "cont_tokens",
    "pred_logits",
    "predictions",
    "logprobs",
    "resps",
    "filtered_resps",
    "model_response",
    "__model_response__",
    "raw_output",
];
/// A file is abandoned after this many consecutive errors.
const FAULTS: usize = 100;

type Each<'a> = &'a mut dyn FnMut(u64, Map<String, Value>, &mut Skips) -> bool;

/// Passes on each row with its line, until `each` returns false; invalid ones are skipped and counted.
pub(super) fn each(file: &File, skips: &mut Skips, each: Each) {
    if file.shape() == Shape::Parquet { parquet(file, skips, each) } else { csv(file, skips, each) }
}

fn parquet(file: &File, skips: &mut Skips, each: Each) {
    let mut records = match file.parquet(|name| !HEAVY.contains(&name)) {
        Ok(records) => records,
        Err(problem) => return skips.file(&file.path, problem),
    };
    for line in 1.. {
        match records.next() {
            Ok(Some(row)) => {
                if !each(line, object(&row), skips) {
                    return;
                }
            }
            Ok(None) => return,
            Err(problem) => return skips.file(&file.path, problem),
        }
    }
}

fn csv(file: &File, skips: &mut Skips, each: Each) {
    let bytes = match file.open() {
        Ok(bytes) => bytes,
        Err(problem) => return skips.file(&file.path, problem),
    };
    let mut table = match Table::of_csv(&file.path, Box::new(bytes)) {
        Ok(table) => table,
        Err(error) => return skips.file(&file.path, problem(&error)),
    };
    let names = table.header().to_vec();
    let mut faults = 0;
    while faults < FAULTS {
        match table.next() {
            Ok(Some(row)) => {
                faults = 0;
                let cell = |at: usize| String::from_utf8_lossy(row.bytes(at)).into_owned();
                let cells = names.iter().enumerate();
                let record = cells.map(|(at, name)| (name.clone(), Value::String(cell(at))));
                if !each(row.line(), record.collect(), skips) {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                if table.is_broken() {
                    let line = match &error {
                        Error::Input { line: Some(line), .. } => format!(" from line {line} on"),
                        _ => String::new(),
                    };
                    let problem = problem(&error);
                    return skips.file(&file.path, format!("cannot be read{line}: {problem}"));
                }
                faults += 1;
                let line = match &error {
                    Error::Input { line, .. } => line.unwrap_or_default(),
                    _ => 0,
                };
                skips.row(&file.path, line, "no row", &problem(&error));
            }
        }
    }
    skips.file(&file.path, "the rest is missing: too many invalid rows");
}

/// The message of an error, without the path.
fn problem(error: &Error) -> String {
    match error {
        Error::Input { problem, .. } => problem.clone(),
        error => error.to_string(),
    }
}
