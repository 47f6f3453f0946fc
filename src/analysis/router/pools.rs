//! Named pools: saved expressions of [`crate::dataset::filter`].

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::dirs;
use crate::error::{Error, Result};
use crate::names::nearest;

/// The pools in a file: a JSON object, name → expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pools {
    /// The expressions by name.
    pub named: BTreeMap<String, String>,
}

impl Pools {
    /// The user's file: `llmap/pools.json` in the configuration folder.
    ///
    /// # Errors
    /// [`Error::Failed`] if the system does not define that folder.
    pub fn path() -> Result<PathBuf> {
        let folder = dirs::config()
            .ok_or_else(|| Error::Failed("there is no configuration folder".into()))?;
        Ok(folder.join("pools.json"))
    }

    /// Reads the pools from a file; none if it does not exist.
    ///
    /// # Errors
    /// [`Error::Input`] if it is not a regular file or is invalid.
    pub fn load(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = crate::unpack::settings(path)?;
        let named = serde_json::from_str(&text).map_err(|e| Error::Input {
            file: path.into(),
            line: Some(e.line() as u64),
            problem: format!("not a valid list of pools: {e}"),
            fix: "write one JSON object, {\"name\": \"expression\"}, or remove the file".into(),
        })?;
        Ok(Self { named })
    }

    /// The expression of a pool.
    ///
    /// # Errors
    /// [`Error::Usage`] if it does not exist, with the nearest name.
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

    /// Adds or replaces a pool in a file. A lock ensures that concurrent calls lose no pool.
    ///
    /// # Errors
    /// As [`Pools::load`]; [`Error::Io`] if the file cannot be written.
    pub fn add(path: &Path, name: &str, expression: &str) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        }
        // The file is replaced, so a lock on it would be lost; this one is released when the process ends.
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
