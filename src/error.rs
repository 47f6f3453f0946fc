//! The one error type: what went wrong, where, and what to do about it.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use crate::printable::Brief;

/// Any error of llmap. [`Error::exit_code`] distinguishes mistakes in the input from failures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input file is invalid.
    #[error("{}{}: {}\n  fix: {}", Brief(&file.display().to_string()), at(*line), Brief(problem), Brief(fix))]
    Input {
        /// The file.
        file: PathBuf,
        /// The line (from 1), where the file has lines.
        line: Option<u64>,
        /// What is wrong.
        problem: String,
        /// What the user can do.
        fix: String,
    },
    /// The call is invalid: an unknown attribute, a bad combination of options.
    #[error("{}", Brief(.0))]
    Usage(String),
    /// The operating system returned an error.
    #[error("{}: {}", Brief(&file.display().to_string()), Brief(&source.to_string()))]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The computation failed.
    #[error("{}", Brief(.0))]
    Failed(String),
    /// The user cancelled it: what was cancelled.
    #[error("{0} was cancelled; nothing was saved")]
    Cancelled(&'static str),
    /// A usage error or a failure with a message of several lines.
    #[error("{}", joined(lines))]
    Lines {
        /// True for a usage error.
        usage: bool,
        /// The lines.
        lines: Vec<String>,
    },
}

/// The result type of the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The message and column of a JSON error, without its line, which is reported separately: in a file of many
/// documents it would be wrong.
#[must_use]
pub fn json_fault(error: &serde_json::Error) -> String {
    let sentence = error.to_string();
    let sentence = sentence.rsplit_once(" at line ").map_or(&*sentence, |(sentence, _)| sentence);
    format!("{sentence} (column {})", error.column())
}

fn joined(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| Brief(line).to_string()).collect();
    lines.join("\n  ")
}

fn at(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!(":{line}"))
}

impl Error {
    /// An input error without a line.
    pub fn input(file: &Path, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Input { file: file.into(), line: None, problem: problem.into(), fix: fix.into() }
    }

    /// A usage error and how to correct it.
    pub fn usage(problem: impl Into<String>, fix: impl Display) -> Self {
        Self::Lines { usage: true, lines: vec![problem.into(), format!("fix: {fix}")] }
    }

    /// A failure and how to correct it.
    pub fn failed(problem: impl Into<String>, fix: impl Display) -> Self {
        Self::Lines { usage: false, lines: vec![problem.into(), format!("fix: {fix}")] }
    }

    /// A system error for `file`; a missing file is the caller's mistake and becomes [`Error::Input`].
    pub fn io(file: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            Self::input(file, "no such file or folder", "check the path")
        } else {
            Self::Io { file: file.into(), source }
        }
    }

    /// 2 for usage errors and bad input, 1 for a failure.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input { .. } | Self::Usage(_) | Self::Lines { usage: true, .. } => 2,
            Self::Io { .. }
            | Self::Failed(_)
            | Self::Cancelled(_)
            | Self::Lines { usage: false, .. } => 1,
        }
    }
}
