//! A folder of files that appears with all of them at once.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{parent, plain, staging};
use crate::error::{Error, Result};

/// A folder on the way to its place. Dropped before it is finished, it is as if it had never been.
#[derive(Debug)]
pub struct Folder {
    /// As the user named it.
    path: PathBuf,
    /// Where it will be, without links.
    target: PathBuf,
    made: TempDir,
    /// Says that somebody is at work on it.
    _held: Option<File>,
}

impl Folder {
    /// Finds out whether a folder can be made at `path`, where there must be none, or an empty one.
    ///
    /// # Errors
    /// [`Error::Usage`] if something is there; [`Error::Io`] if the system does not let it be made.
    pub fn check(path: &Path) -> Result<()> {
        let target = free(path)?;
        // The folders above need not be there yet.
        let mut folders = target
            .ancestors()
            .skip(1)
            .map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        let folder = folders.find(|folder| folder.exists()).unwrap_or(Path::new("."));
        staging::folder(folder).map(drop).map_err(|e| Error::io(path, e))
    }

    /// Begins one.
    ///
    /// # Errors
    /// As [`Folder::check`].
    pub fn begin(path: &Path) -> Result<Self> {
        let io = |e| Error::io(path, plain(e));
        let target = free(path)?;
        let folder = parent(&target);
        fs::create_dir_all(folder).map_err(io)?;
        staging::sweep(folder);
        let (made, held) = staging::folder(folder).map_err(io)?;
        Ok(Self { path: path.into(), target, made, _held: held })
    }

    /// Where its files are written for now.
    #[must_use]
    pub fn within(&self) -> &Path {
        self.made.path()
    }

    /// Moves it to its place.
    ///
    /// # Errors
    /// [`Error::Usage`] if something has come there meanwhile; [`Error::Io`] if it cannot be moved.
    pub fn finish(self) -> Result<()> {
        let io = |e| Error::io(&self.path, plain(e));
        if let Ok(there) = fs::metadata(&self.target) {
            fs::set_permissions(self.made.path(), there.permissions()).map_err(io)?;
            // An empty folder gives way; if another run was first, it is not empty.
            if fs::remove_dir(&self.target).is_err() {
                return Err(taken(&self.path));
            }
        }
        fs::rename(self.made.path(), &self.target).map_err(io)?;
        let _ = File::open(parent(&self.target)).and_then(|folder| folder.sync_all());
        // It has moved: there is nothing to remove.
        let _ = self.made.keep();
        Ok(())
    }
}

/// The path behind links, if it is free or an empty folder.
fn free(path: &Path) -> Result<PathBuf> {
    match path.canonicalize() {
        Ok(target) => {
            let empty = |mut entries: fs::ReadDir| entries.next().is_none();
            if fs::read_dir(&target).is_ok_and(empty) { Ok(target) } else { Err(taken(path)) }
        }
        Err(_) if path.is_symlink() => Err(taken(path)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(path.into()),
        Err(e) => Err(Error::io(path, e)),
    }
}

fn taken(path: &Path) -> Error {
    Error::Usage(format!("{} is there already: name another folder, or remove it", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_nothing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep/data");
        Folder::check(&path).unwrap();
        assert!(!place.path().join("deep").exists(), "asking makes nothing");
        let dropped = Folder::begin(&path).unwrap();
        fs::write(dropped.within().join("x"), "").unwrap();
        drop(dropped);
        let [one, two] = [(); 2].map(|()| Folder::begin(&path).unwrap());
        fs::write(one.within().join("x"), "one").unwrap();
        fs::write(two.within().join("x"), "two").unwrap();
        one.finish().unwrap();
        assert!(two.finish().unwrap_err().to_string().contains("is there already"));
        assert_eq!(fs::read_to_string(path.join("x")).unwrap(), "one");
        assert_eq!(fs::read_dir(place.path().join("deep")).unwrap().count(), 1);
        assert!(Folder::check(&path).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn an_empty_folder_keeps_its_permissions_and_a_link_stays() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let place = tempfile::tempdir().unwrap();
        let (far, link) = (place.path().join("far"), place.path().join("link"));
        fs::create_dir(&far).unwrap();
        fs::set_permissions(&far, fs::Permissions::from_mode(0o700)).unwrap();
        symlink("far", &link).unwrap();
        Folder::begin(&link).unwrap().finish().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::metadata(&far).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
