//! Finds encoders on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::builtin::Settings;
use super::sentence::Identity;
use crate::dirs;
use crate::error::{Error, Result};
#[cfg(feature = "hub")]
use crate::hub;
use crate::unpack;

/// The environment variable with folders of encoders, separated as in PATH.
pub(super) const VARIABLE: &str = "LLMAP_ENCODERS";

/// The source of one part of an encoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is fitted to the training questions.
    Builtin(Settings),
    /// It is read from a folder.
    Folder(PathBuf),
}

/// Valid names of encoders.
const NAMES: &str = if cfg!(feature = "hub") {
    "name `builtin`, `minilm`, `mpnet`, a folder, or several of them joined by `+`"
} else {
    "name `builtin`, a folder, or both joined by `+` (this build cannot fetch: it lacks the feature `hub`)"
};

/// Parses a list like `builtin+minilm+some/folder`. With the feature `hub`, names of downloads are resolved.
///
/// # Errors
/// [`Error::Usage`] if a name is none of these; [`Error::Input`] if it was not downloaded.
pub fn sources(list: &str) -> Result<Vec<Source>> {
    if Path::new(list).is_dir() {
        return Ok(vec![Source::Folder(list.into())]);
    }
    let mut sources = Vec::new();
    for name in list.split('+').map(str::trim) {
        let source = match name {
            "builtin" => Source::Builtin(Settings::default()),
            _ if Path::new(name).is_dir() => Source::Folder(name.into()),
            #[cfg(feature = "hub")]
            _ if hub::Item::named(name).is_some_and(|item| item.encoder()) => {
                let folder = hub::cached(name).ok_or_else(|| {
                    let problem = format!("the encoder {name} was not downloaded");
                    Error::usage(problem, format!("run `llmap fetch {name}`"))
                })?;
                Source::Folder(folder)
            }
            _ => {
                return Err(Error::usage(format!("`{name}` is not an encoder"), NAMES));
            }
        };
        if sources.contains(&source) {
            return Err(Error::Usage(format!("the encoder `{name}` is listed twice")));
        }
        sources.push(source);
    }
    Ok(sources)
}

/// Records where an encoder was read from, so that it is found when an embedder needs it.
pub(super) fn remember(hash: &str, folder: &Path) {
    let (Some(cache), Ok(folder)) = (dirs::cache(), folder.canonicalize()) else { return };
    let notes = cache.join("encoders");
    if fs::create_dir_all(&notes).is_ok() {
        // Only a convenience: without the record, the user is asked for the folder.
        let _ = crate::atomic::write_own(&notes.join(hash), folder.to_string_lossy().as_bytes());
    }
}

/// The folders that may contain the encoder.
pub(super) fn candidates(identity: &Identity) -> Vec<PathBuf> {
    let named = env::var_os(VARIABLE).unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&named).collect();
    let plain = identity.hash.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(cache) = dirs::cache().filter(|_| plain) {
        let note = unpack::settings(&cache.join("encoders").join(&identity.hash));
        folders.extend(note.ok().map(PathBuf::from));
    }
    #[cfg(feature = "hub")]
    folders.extend(hub::ITEMS.iter().filter(|item| item.encoder()).filter_map(hub::Item::cached));
    folders.retain(|folder| folder.is_dir());
    folders
}
