//! The data set of the explorer.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::panic::attempt;
use crate::dataset::{self, Dataset};

/// A data set that is read once, on first use; after an error the next use tries again.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    read: OnceLock<Dataset>,
    /// Locked while it is read.
    reading: Mutex<()>,
}

impl Source {
    pub fn new(folder: PathBuf) -> Self {
        Self(Arc::new(Inner { folder, read: OnceLock::new(), reading: Mutex::default() }))
    }

    /// The data set; blocks while it is read.
    ///
    /// # Errors
    /// The error of reading it.
    pub fn get(&self) -> Result<&Dataset, String> {
        let Inner { folder, read, reading } = &*self.0;
        let _alone = reading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = read.get() {
            return Ok(data);
        }
        let data = attempt(|| dataset::load(folder))?;
        Ok(read.get_or_init(|| data))
    }
}
