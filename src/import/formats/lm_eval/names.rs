//! Parses the names of files of samples: the task, the date, and in old releases the model.

use std::collections::BTreeSet;

use crate::import::files::{File, bare, stem};

/// The format of the harness' dates, as in 2024-06-24T12-34-56.789012.
const DATE: usize = "2024-06-24T12-34-56".len();
/// Prefixes of model arguments in the file names of release 0.4.0.
const ARGUMENTS: [&str; 6] = ["pretrained", "peft", "model", "path", "engine", "delta"];

/// A parsed name.
#[derive(Debug, PartialEq)]
pub(super) struct Named {
    pub(super) task: String,
    /// In a form that sorts; empty if there is none.
    pub(super) date: String,
    /// The model's arguments, `key=value` separated by commas.
    pub(super) args: Option<String>,
    /// True if only samples have such names.
    pub(super) sure: bool,
}

/// A name without `.jsonl`, `.json` or `.parquet`, compressed or not.
pub(super) fn ending(name: &str) -> Option<&str> {
    [".jsonl", ".json", ".parquet"].iter().find_map(|ending| stem(name, ending))
}

/// The date at the end of a name, and the part before it.
pub(super) fn dated(stem: &str) -> (&str, String) {
    let is_date = |text: &str| {
        let shape = |(at, byte): (usize, u8)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T' || byte == b'_' || byte == b' ',
            13 | 16 => matches!(byte, b'-' | b':' | b'_'),
            _ => byte.is_ascii_digit(),
        };
        text.len() >= DATE
            && text.is_char_boundary(DATE)
            && text.bytes().take(DATE).enumerate().all(shape)
    };
    let found = stem.match_indices('_').find(|(at, _)| is_date(&stem[at + 1..]));
    found.map_or((stem, String::new()), |(at, _)| {
        // With `:` or `-` between hours and minutes it is the same date.
        let date: String = stem[at + 1..]
            .chars()
            .map(|c| if matches!(c, ':' | '_' | 'T' | ' ') { '-' } else { c })
            .collect();
        (&stem[..at], date)
    })
}

/// Parses the name of a file; `tasks` and `prefixes` (arguments of models) are those in the results.
pub(super) fn of(file: &File, tasks: &BTreeSet<String>, prefixes: &BTreeSet<String>) -> Named {
    let (stem, date) = dated(bare(file.name()));
    if let Some((before, task)) = stem.split_once("samples_") {
        // A fork writes the date first: 20240624_123456_samples_TASK.
        let date = if date.is_empty() { before.trim_end_matches('_').into() } else { date };
        let task = if task.trim().is_empty() { "samples".into() } else { task.trim().to_owned() };
        return Named { task, date, args: None, sure: before.is_empty() };
    }
    let begins = |name: &str| {
        stem.strip_prefix(name).is_some_and(|rest| rest.starts_with("__") || rest.starts_with('='))
    };
    if ARGUMENTS.iter().any(|name| begins(name)) {
        let known = tasks.iter().filter(|task| {
            stem.strip_suffix(task.as_str()).is_some_and(|before| before.ends_with('_'))
        });
        let own = prefixes.iter().rev().find(|prefix| {
            stem.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('_'))
        });
        let known = known.map(|task| stem.len() - task.len() - 1).min();
        let at = own.map(String::len).or(known).or_else(|| task_start(stem));
        if let Some(at) = at {
            let task = stem[at + 1..].to_owned();
            return Named { task, date, args: Some(arguments(&stem[..at])), sure: true };
        }
    }
    let known = tasks.iter().filter(|task| {
        let before = stem.strip_suffix(task.as_str());
        before.is_some_and(|before| before.ends_with(['_', '-', '.']))
    });
    let task = known.max_by_key(|task| task.len()).map_or(stem, String::as_str);
    Named { task: task.to_owned(), date, args: None, sure: false }
}

/// The first single `_` after the last `__` or comma, where the task starts.
fn task_start(stem: &str) -> Option<usize> {
    let bytes = stem.as_bytes();
    let last = stem.rfind("__").map_or(0, |at| at + 2).max(stem.rfind(',').map_or(0, |at| at + 1));
    (last..bytes.len()).find(|&at| bytes[at] == b'_' && bytes.get(at + 1) != Some(&b'_'))
}

/// `pretrained=org/model,dtype=float32` for `pretrained__org__model,dtype__float32`.
fn arguments(text: &str) -> String {
    let one = |argument: &str| match argument.split_once("__") {
        Some((key, value)) => format!("{key}={}", value.replace("__", "/")),
        None => argument.to_owned(),
    };
    text.split(',').map(one).collect::<Vec<_>>().join(",")
}

/// A model's name as the harness writes it in file names.
pub(super) fn sanitized(name: &str) -> String {
    name.split(['/', '\\', ':', '=', '<', '>', '"', '|', '?', '*', '[', ']'])
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_form() {
        for (stem, task, date) in [
            ("gsm8k_cot_2024-06-24T12-34-56.789012", "gsm8k_cot", "2024-06-24-12-34-56.789012"),
            ("gsm8k_2024-06-24T12:34:56.789012", "gsm8k", "2024-06-24-12-34-56.789012"),
            ("gsm8k", "gsm8k", ""),
            ("gsm8k_2024-06-24", "gsm8k_2024-06-24", ""),
        ] {
            assert_eq!(dated(stem), (task, date.to_owned()), "{stem}");
        }
    }

    #[test]
    fn arguments_of_a_model_in_a_name() {
        let stem = "pretrained__acme__heron-1b,dtype__float32_arc_easy";
        assert_eq!(task_start(stem).map(|at| &stem[at..]), Some("_arc_easy"));
        assert_eq!(
            arguments("pretrained__acme__heron-1b,dtype__float32"),
            "pretrained=acme/heron-1b,dtype=float32"
        );
        assert_eq!(sanitized("acme/heron:1b"), "acme__heron__1b");
    }
}
