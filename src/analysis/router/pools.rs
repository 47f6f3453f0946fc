//! Named pools: expressions of [`crate::dataset::filter`] that are kept for another day.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::dirs;
use crate::error::{Error, Result};
use crate::names::nearest;

/// The pools of a file: one JSON object, name → expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pools {
    /// The expressions by name.
    pub named: BTreeMap<String, String>,
}

impl Pools {
    /// The user's file: `llmap/pools.json` in the folder for configuration.
    ///
    /// # Errors
    /// [`Error::Failed`] if the system does not say where that is.
    pub fn path() -> Result<PathBuf> {
        let folder = dirs::config().ok_or_else(|| {
            Error::Failed("the system does not say where the user's configuration is".into())
        })?;
        Ok(folder.join("pools.json"))
    }

    /// Reads the pools of a file; none if there is no file.
    ///
    /// # Errors
    /// [`Error::Input`] if it is no file or holds anything else.
    pub fn load(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = crate::unpack::settings(path)?;
        let named = serde_json::from_str(&text).map_err(|e| Error::Input {
            file: path.into(),
            line: Some(e.line() as u64),
            problem: format!("no list of pools: {e}"),
            fix: "write one JSON object, {\"name\": \"expression\"}, or remove the file".into(),
        })?;
        Ok(Self { named })
    }

    /// The expression of a pool.
    ///
    /// # Errors
    /// [`Error::Usage`] if there is none of that name, with the nearest.
    pub fn expression(&self, name: &str) -> Result<&str> {
        self.named.get(name).map(String::as_str).ok_or_else(|| {
            let hint = match nearest(name, self.named.keys().map(String::as_str)) {
                Some(near) => format!("; did you mean `{near}`?"),
                None if self.named.is_empty() => {
                    "; save one with --where EXPRESSION --save-pool NAME".into()
                }
                None => String::new(),
            };
            Error::Usage(format!("no pool is called `{name}`{hint}"))
        })
    }

    /// Adds or replaces a pool in a file. Whoever does the same at the same time waits: nobody's pool
    /// is lost.
    ///
    /// # Errors
    /// As [`Pools::load`]; [`Error::Io`] if the file cannot be written.
    pub fn add(path: &Path, name: &str, expression: &str) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        }
        // The file itself is replaced, and a lock on it with it. The system lets go of this one when
        // the process ends, however it does.
        let lock = path.with_extension("lock");
        let io = |e| Error::io(&lock, e);
        crate::atomic::own(&lock)?;
        let held = File::options().create(true).append(true).open(&lock).map_err(io)?;
        held.lock().map_err(io)?;
        let mut pools = Self::load(path)?;
        pools.named.insert(name.into(), expression.into());
        let mut bytes = Vec::new();
        crate::write_json(&mut bytes, &pools.named, true).map_err(|e| Error::io(path, e))?;
        crate::atomic::write_own(path, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_are_kept_and_mistyped_names_are_hinted_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/pools.json");
        let pools = Pools::load(&path).unwrap();
        assert!(pools.expression("small").unwrap_err().to_string().contains("--save-pool"));
        Pools::add(&path, "small", "params_b <= 15").unwrap();
        let again = Pools::load(&path).unwrap();
        assert_eq!(again.expression("small").unwrap(), "params_b <= 15");
        assert!(again.expression("smal").unwrap_err().to_string().contains("`small`"));
        fs::write(&path, "{\n1").unwrap();
        assert!(Pools::load(&path).unwrap_err().to_string().contains("pools.json:2"));
    }

    #[test]
    fn many_at_once_lose_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pools.json");
        std::thread::scope(|scope| {
            for pool in 0..20 {
                let path = &path;
                scope.spawn(move || Pools::add(path, &format!("pool {pool}"), "open").unwrap());
            }
        });
        assert_eq!(Pools::load(&path).unwrap().named.len(), 20);
    }
}
