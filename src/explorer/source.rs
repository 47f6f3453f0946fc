//! The data set beside the embedder.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::jobs::guarded;
use crate::dataset::{self, Dataset};

/// A data set that is read once, by whoever wants it first.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    read: OnceLock<Result<Dataset, String>>,
}

impl Source {
    pub fn new(folder: PathBuf) -> Self {
        Self(Arc::new(Inner { folder, read: OnceLock::new() }))
    }

    /// The data set; blocks while it is read.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn get(&self) -> Result<&Dataset, String> {
        let Inner { folder, read } = &*self.0;
        let read = read.get_or_init(|| {
            guarded(|| dataset::load(folder)).and_then(|data| data.map_err(|e| e.to_string()))
        });
        read.as_ref().map_err(Clone::clone)
    }
}
