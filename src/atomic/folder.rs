//! A folder that is created together with all of its files, or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{parent, plain, staging};
use crate::error::{Error, Result};

/// A folder under construction. If it is dropped before it is finished, nothing is left of it.
#[derive(Debug)]
pub struct Folder {
    /// As the user typed it.
    path: PathBuf,
    /// Its final path, with links resolved.
    target: PathBuf,
    made: TempDir,
    /// Holds the lock that marks it as in use.
    _held: Option<File>,
}

impl Folder {
    /// Checks that a folder can be created at `path`: nothing may be there, or an empty folder.
    /// # Errors
    /// [`Error::Usage`] if something is there; [`Error::Io`] if it cannot be created.
    pub fn check(path: &Path) -> Result<()> {
        let target = free(path)?;
        // The parent folders need not exist yet.
        let mut folders = target
            .ancestors()
            .skip(1)
            .map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        let folder = folders.find(|folder| folder.exists()).unwrap_or(Path::new("."));
        staging::folder(folder).map(drop).map_err(|e| Error::io(path, e))
    }

    /// Starts one.
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

    /// The temporary folder that its files are written to.
    #[must_use]
    pub fn within(&self) -> &Path {
        self.made.path()
    }

    /// Moves it to its final path.
    ///
    /// # Errors
    /// [`Error::Usage`] if something was created there in the meantime; [`Error::Io`] if it cannot be moved.
    pub fn finish(self) -> Result<()> {
        let io = |e| Error::io(&self.path, plain(e));
        if let Ok(there) = fs::metadata(&self.target) {
            fs::set_permissions(self.made.path(), there.permissions()).map_err(io)?;
            // An empty folder is replaced; if another run was first, it is not empty.
            if fs::remove_dir(&self.target).is_err() {
                return Err(taken(&self.path));
            }
        }
        fs::rename(self.made.path(), &self.target).map_err(io)?;
        let _ = File::open(parent(&self.target)).and_then(|folder| folder.sync_all());
        // It was moved: nothing is left to remove.
        let _ = self.made.keep();
        Ok(())
    }
}

/// The path with links resolved, if it is free or an empty folder.
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
    Error::Usage(format!("{} already exists: choose another folder, or remove it", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_nothing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep/data");
        Folder::check(&path).unwrap();
        assert!(!place.path().join("deep").exists(), "a check creates nothing");
        let dropped = Folder::begin(&path).unwrap();
        fs::write(dropped.within().join("x"), "").unwrap();
        drop(dropped);
        let [one, two] = [(); 2].map(|()| Folder::begin(&path).unwrap());
        fs::write(one.within().join("x"), "one").unwrap();
        fs::write(two.within().join("x"), "two").unwrap();
        one.finish().unwrap();
        assert!(two.finish().unwrap_err().to_string().contains("already exists"));
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
