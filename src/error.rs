//! The one error type: what went wrong, where, and what to do about it.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use crate::printable::Brief;

/// Anything llmap can fail with. [`Error::exit_code`] tells scripts which side the fault is on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file from outside does not hold what it should.
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
    /// The call itself makes no sense: an unknown attribute, a bad combination of options.
    #[error("{}", Brief(.0))]
    Usage(String),
    /// The operating system refused.
    #[error("{}: {}", Brief(&file.display().to_string()), Brief(&source.to_string()))]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The computation could not be done.
    #[error("{}", Brief(.0))]
    Failed(String),
    /// The user stopped it: what.
    #[error("{0} was cancelled: nothing is kept")]
    Cancelled(&'static str),
    /// A usage error or a failure that takes several lines.
    #[error("{}", joined(lines))]
    Lines {
        /// True if the call is at fault.
        usage: bool,
        /// The lines.
        lines: Vec<String>,
    },
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with JSON and in which column, without the line: that is reported separately, and of one line
/// in a file of many it would be another.
#[must_use]
pub fn json_fault(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(&*said, |(said, _)| said);
    format!("{said} (column {})", error.column())
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

    /// A usage error, and what to do about it.
    pub fn usage(problem: impl Into<String>, fix: impl Display) -> Self {
        Self::Lines { usage: true, lines: vec![problem.into(), format!("fix: {fix}")] }
    }

    /// A failure, and what to do about it.
    pub fn failed(problem: impl Into<String>, fix: impl Display) -> Self {
        Self::Lines { usage: false, lines: vec![problem.into(), format!("fix: {fix}")] }
    }

    /// A system error on `file`; a missing file is the caller's mistake and becomes [`Error::Input`].
    pub fn io(file: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            Self::input(file, "no such file or folder", "check the path")
        } else {
            Self::Io { file: file.into(), source }
        }
    }

    /// 2 for usage and bad input, 1 for a failure.
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
