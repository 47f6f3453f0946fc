//! Caches repeats in the user's cache folder, since each takes a training.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::Repeat;
use crate::dataset::Dataset;
use crate::dirs;
use crate::embedder;
use crate::error::{Error, Result};
use crate::unpack;

/// Maximum number of cached repeats.
const CAPACITY: usize = 64;

/// The cache of repeats.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The user's cache; `None` if there is no folder for it.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        Some(Self::new(&dirs::cache()?.join("untested")))
    }

    /// A cache in a folder, which need not exist.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.into() }
    }

    /// The cached repeat for this data and these settings, if it is from the same program.
    #[must_use]
    pub fn read(&self, data: &Dataset, settings: &embedder::Settings) -> Option<Repeat> {
        let bytes = unpack::own(&self.path(data, settings), unpack::EMBEDDER)?;
        let found: Repeat = serde_json::from_slice(&bytes).ok()?;
        (found.seed == settings.seed).then_some(found)
    }

    /// Caches a repeat, and removes the oldest if there are too many.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be written.
    pub fn write(
        &self,
        data: &Dataset,
        settings: &embedder::Settings,
        repeat: &Repeat,
    ) -> Result<()> {
        fs::create_dir_all(&self.folder)
            .map_err(|source| Error::Io { file: self.folder.clone(), source })?;
        let bytes = serde_json::to_vec(repeat).map_err(|e| Error::Failed(e.to_string()))?;
        crate::atomic::write_own(&self.path(data, settings), &bytes)?;
        self.shrink();
        Ok(())
    }

    fn path(&self, data: &Dataset, settings: &embedder::Settings) -> PathBuf {
        let mut hash = Xxh3::new();
        let mut part = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        part(&data.fingerprint());
        data.model_ids.iter().for_each(|id| part(id));
        // Attributes affect the predictions.
        part(&format!("{:?}", data.attributes));
        part(&format!("{settings:?}"));
        part(program());
        self.folder.join(format!("{:032x}.json", hash.digest128()))
    }

    fn shrink(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let mut all: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let path = entry.path();
                let is_repeat = path.extension().is_some_and(|e| e == "json");
                is_repeat.then_some((entry.metadata().ok()?.modified().ok()?, path))
            })
            .collect();
        all.sort();
        for (_, path) in all.iter().take(all.len().saturating_sub(CAPACITY)) {
            // Another process may have removed it first.
            let _ = fs::remove_file(path);
        }
    }
}

/// The version and, since training may change within a version, a hash of the executable.
fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let bytes = std::env::current_exe().and_then(fs::read).unwrap_or_default();
        format!("{} {:016x}", env!("CARGO_PKG_VERSION"), xxh3_64(&bytes))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::simulate::Simulation;

    fn repeat(seed: u64) -> Repeat {
        Repeat {
            seed,
            hidden_cells: 3,
            hidden_models: 2,
            judged_cells: 3,
            hidden_responses: 40,
            mean_label: 0.5,
            predictors: std::collections::BTreeMap::new(),
            seconds: 1.0,
        }
    }

    #[test]
    fn a_repeat_is_found_again_for_the_same_data_and_settings() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(&folder.path().join("untested"));
        let data = Simulation { questions: 40, ..Simulation::default() }.run();
        let settings = |seed| embedder::Settings { seed, ..embedder::Settings::default() };
        assert!(cache.read(&data, &settings(1)).is_none());
        cache.write(&data, &settings(1), &repeat(1)).unwrap();
        assert_eq!(cache.read(&data, &settings(1)), Some(repeat(1)));
        assert!(cache.read(&data, &settings(2)).is_none());
        let mut other = data.clone();
        other.attributes.pop();
        assert!(cache.read(&other, &settings(1)).is_none());
        fs::write(cache.path(&data, &settings(1)), b"rubbish").unwrap();
        assert!(cache.read(&data, &settings(1)).is_none());
    }

    #[test]
    fn it_does_not_grow_without_bound_and_says_when_it_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let data = Simulation { questions: 40, ..Simulation::default() }.run();
        for seed in 0..CAPACITY as u64 + 5 {
            let settings = embedder::Settings { seed, ..embedder::Settings::default() };
            cache.write(&data, &settings, &repeat(seed)).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), CAPACITY);
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let settings = embedder::Settings::default();
        assert!(Cache::new(&file).write(&data, &settings, &repeat(1)).is_err());
    }
}
