//! Temporary files and folders, and the cleanup of those that killed processes leave behind.
//!
//! The process that creates one holds a lock on it, which the system releases when the process ends for any
//! reason. One without a lock is therefore a leftover, which any process may remove once it has the lock.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile, TempDir};

use super::plain;

const PREFIX: &str = ".llmap-";
const SUFFIX: &str = ".tmp";
/// Number of attempts if another process removes the new file before it is locked.
const TRIES: usize = 8;

/// A new file in `folder` with this mode less the umask; private without a mode.
pub(super) fn file(folder: &Path, mode: Option<u32>) -> io::Result<NamedTempFile> {
    let make = || {
        let file = builder(mode).tempfile_in(folder)?;
        lock(file.as_file());
        Ok((is_there(file.path(), file.as_file()), file))
    };
    tried(make)
}

/// A new folder in `folder`, and its lock.
pub(super) fn folder(folder: &Path) -> io::Result<(TempDir, Option<File>)> {
    let make = || {
        let made = builder(Some(0o777)).tempdir_in(folder)?;
        // Not every system can open folders; there is no lock then.
        let held = File::open(made.path()).ok();
        if let Some(held) = &held {
            lock(held);
        }
        let there = held.as_ref().is_none_or(|held| is_there(made.path(), held));
        Ok((there, (made, held)))
    };
    tried(make)
}

fn tried<T>(make: impl Fn() -> io::Result<(bool, T)>) -> io::Result<T> {
    for _ in 0..TRIES {
        if let (true, made) = make().map_err(plain)? {
            return Ok(made);
        }
    }
    Err(io::Error::other("temporary files vanish as they are made"))
}

fn builder(mode: Option<u32>) -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    if let Some(mode) = mode {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

/// Waits for the lock: another process may hold it briefly while it checks for leftovers. Where locks are not
/// supported, nothing counts as a leftover either.
fn lock(file: &File) {
    let _ = file.lock();
}

/// True unless another process removed the file before it was locked.
fn is_there(path: &Path, file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let (Ok(named), Ok(open)) = (fs::symlink_metadata(path), file.metadata()) else {
            return false;
        };
        (named.dev(), named.ino()) == (open.dev(), open.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// True for the names that only llmap gives to its temporary files.
pub(crate) fn is_leftover(name: &OsStr) -> bool {
    let name = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    name.is_some_and(|name| name.len() == 6 && name.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Removes the leftovers of killed processes from a folder. Errors are ignored.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(io::Result::ok).filter(|e| is_leftover(&e.file_name())) {
        let path = entry.path();
        // This is the type of the entry itself: a link is not followed.
        let Ok(kind) = entry.file_type() else { continue };
        if !kind.is_file() && !kind.is_dir() {
            continue;
        }
        let Ok(held) = File::open(&path) else { continue };
        if held.try_lock().is_ok() && is_there(&path, &held) {
            let _ = if kind.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_removed_but_not_files_in_use_or_of_the_user() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::write(at(".llmap-abc123.tmp"), "killed").unwrap();
        fs::create_dir(at(".llmap-DEF456.tmp")).unwrap();
        fs::write(at(".llmap-DEF456.tmp/questions.csv"), "killed").unwrap();
        for own in [".llmap-backup", ".llmap-notes.tmp", "llmap-abc123.tmp"] {
            fs::write(at(own), "the user's").unwrap();
        }
        let (used, (made, held)) =
            (file(place.path(), None).unwrap(), folder(place.path()).unwrap());
        sweep(place.path());
        assert!(used.path().exists() && made.path().exists() && held.is_some());
        drop((used, made, held));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 3);
    }

    #[test]
    fn concurrent_writers_and_sweepers_do_not_conflict() {
        let place = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let place = place.path();
                scope.spawn(move || {
                    for _ in 0..50 {
                        super::super::write(&place.join(format!("{writer}")), b"whole").unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 4);
    }
}
