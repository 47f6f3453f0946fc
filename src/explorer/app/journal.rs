//! An optional log file with actions and their durations. Prompts are never logged.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crate::error::{Error, Result};

pub struct Journal {
    file: Option<File>,
    start: Instant,
}

impl Journal {
    /// Appends to `path`, if there is one.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let file = match path {
            Some(path) => {
                let file = File::options().create(true).append(true).open(path);
                Some(file.map_err(|e| Error::io(path, e))?)
            }
            None => None,
        };
        Ok(Self { file, start: Instant::now() })
    }

    /// A line with the seconds since the start. Write errors are ignored.
    pub fn line(&mut self, text: &str) {
        if let Some(file) = self.file.as_mut().filter(|_| !text.is_empty()) {
            let seconds = self.start.elapsed().as_secs_f64();
            let _ = writeln!(file, "{seconds:10.3} {}", crate::one_line(text));
        }
    }

    pub fn is_on(&self) -> bool {
        self.file.is_some()
    }
}
