//! The one place that writes files: completely or not at all.
//!
//! A regular file is written beside its place and moved there. What is not a regular file (a device, a
//! pipe) is written through, and a symbolic link is followed, as any program does that opens a file.

mod folder;
mod staging;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

pub use folder::Folder;
pub(crate) use staging::{is_leftover, sweep};

/// Symbolic links that are followed at most, as by Linux.
const LINKS: usize = 40;

/// A place for a file, found to be writable before the work on what is written there.
#[derive(Debug)]
pub struct Output {
    /// As the user named it.
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A regular file, or none yet: its path without links, and what is there.
    File(PathBuf, Option<fs::Metadata>),
    /// A device, a pipe, or a descriptor that was opened elsewhere.
    Through,
}

impl Output {
    /// Finds out whether `path` can be written. It must not be one of `inputs`: what is read is not
    /// replaced.
    ///
    /// # Errors
    /// [`Error::Input`] if it is a folder, lies in none, or is an input; [`Error::Io`] if the system
    /// does not let it be written.
    pub fn open(path: &Path, inputs: &[PathBuf]) -> Result<Self> {
        let io = |e| Error::io(path, e);
        let place = place(path)?;
        if inputs.iter().any(|input| same(path, input)) {
            let problem = "is read by this very command, and would be replaced";
            return Err(Error::input(path, problem, "name another file to write"));
        }
        match &place {
            Place::File(target, there) => {
                let folder = parent(target);
                if !folder.is_dir() {
                    return Err(Error::input(folder, "no such folder", "make it first"));
                }
                if there.is_some() {
                    // Neither empties nor touches it.
                    OpenOptions::new().append(true).open(target).map_err(io)?;
                }
                sweep(folder);
                staging::file(folder, None).map_err(io)?;
            }
            Place::Through if is_device(path) => drop(through(path).map_err(io)?),
            // A pipe is not opened before there is something to say: opening waits for a reader.
            Place::Through => {}
        }
        Ok(Self { path: path.into(), place })
    }

    /// True if writing may wait for whoever reads: the place is not a regular file.
    #[must_use]
    pub fn waits(&self) -> bool {
        matches!(self.place, Place::Through)
    }

    /// Writes the file. A file that was there keeps its permissions; a new one gets those that the
    /// user's mask leaves.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written: what was there before is there still.
    pub fn write(self, bytes: &[u8]) -> Result<()> {
        let path = self.path.clone();
        self.write_with(|mut file| {
            file.write_all(bytes).and_then(|()| file.flush()).map_err(|e| Error::io(&path, e))
        })
    }

    /// The same, by a function that writes to the open file.
    fn write_with(self, write: impl FnOnce(&File) -> Result<()>) -> Result<()> {
        let io = |e| Error::io(&self.path, e);
        match &self.place {
            Place::File(target, there) => {
                let folder = parent(target);
                let file = stage(folder, there.as_ref()).map_err(io)?;
                write(file.as_file())?;
                finish(file, target, folder).map_err(io)
            }
            Place::Through => write(&through(&self.path).map_err(io)?),
        }
    }
}

/// Writes `path` in one step: nothing that was there is lost before all is on disk.
///
/// # Errors
/// As [`Output::open`] and [`Output::write`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    Output::open(path, &[])?.write(bytes)
}

/// The same, by a function that writes to the open file: for what is too large to be held in memory.
///
/// # Errors
/// As [`write`], and those of the function: `path` stays as it was.
pub(crate) fn write_with(path: &Path, write: impl FnOnce(&File) -> Result<()>) -> Result<()> {
    Output::open(path, &[])?.write_with(write)
}

/// Writes a file of this program's own, as [`write`], but only in the place of a regular file: what else
/// stands there, a pipe for instance, was put there by somebody else, and may be waited for in vain.
///
/// # Errors
/// As [`write`]; [`Error::Input`] if something else is there.
pub fn write_own(path: &Path, bytes: &[u8]) -> Result<()> {
    own(path)?;
    write(path, bytes)
}

/// Whether a file of this program's own can be at `path`: a regular file is, or nothing.
///
/// # Errors
/// [`Error::Input`] if something else is there.
pub(crate) fn own(path: &Path) -> Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(Error::input(
            path,
            "is not a regular file",
            "remove it: llmap keeps a file there",
        ));
    }
    Ok(())
}

/// A new file in `folder` that takes the place of `there`.
fn stage(folder: &Path, there: Option<&fs::Metadata>) -> io::Result<NamedTempFile> {
    let permissions = there.map(fs::Metadata::permissions);
    let file = staging::file(folder, permissions.is_none().then_some(0o666))?;
    if let (Some(there), Some(permissions)) = (there, permissions) {
        keep(file.as_file(), there, permissions)?;
    }
    Ok(file)
}

/// Moves a file that was written to its place.
fn finish(file: NamedTempFile, target: &Path, folder: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(target).map_err(|e| plain(e.error))?;
    // The move itself is on disk once the folder is; not every file system can be asked for that.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Gives a new file the owner and the permissions of the one that it replaces.
fn keep(file: &File, there: &fs::Metadata, permissions: Permissions) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
            // Only root may give files away; for others the new file is theirs.
            let _ = fchown(file, Some(there.uid()), Some(there.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = there;
    file.set_permissions(permissions)
}

/// Opens what is not a regular file. Behind `/dev/stdout` may stand a file: that is added to.
fn through(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).open(path)
}

/// Follows links to what is to be written.
fn place(path: &Path) -> Result<Place> {
    let text = path.as_os_str().as_encoded_bytes();
    if text.ends_with(b"/") || text.ends_with(b"/.") {
        return Err(Error::input(path, "is the name of a folder", "name a file in it"));
    }
    let mut at = path.to_owned();
    for _ in 0..LINKS {
        let there = match fs::symlink_metadata(&at) {
            Ok(there) => there,
            Err(e) if e.kind() == io::ErrorKind::NotFound && at.file_name().is_some() => {
                return Ok(Place::File(at, None));
            }
            Err(e) => return Err(Error::io(path, e)),
        };
        if there.is_dir() {
            let fix = "name a file, for instance one in this folder";
            return Err(Error::input(path, "is a folder", fix));
        }
        if !there.is_symlink() {
            return Ok(if there.is_file() { Place::File(at, Some(there)) } else { Place::Through });
        }
        let folder = parent(&at).canonicalize().map_err(|e| Error::io(path, e))?;
        if folder.starts_with("/proc") {
            // A link of the system to an open file, as behind /dev/stdout: not to be resolved by name.
            return Ok(Place::Through);
        }
        at = folder.join(fs::read_link(&at).map_err(|e| Error::io(path, e))?);
    }
    Err(Error::io(path, io::Error::other("too many symbolic links")))
}

fn is_device(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = fs::metadata(path).map(|there| there.file_type());
        kind.is_ok_and(|kind| kind.is_char_device() || kind.is_block_device())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// True if both paths are one file, by whatever names.
fn same(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |path: &Path| fs::metadata(path).ok().map(|there| (there.dev(), there.ino()));
        id(a).is_some() && id(a) == id(b)
    }
    #[cfg(not(unix))]
    {
        let id = |path: &Path| path.canonicalize().ok();
        id(a).is_some() && id(a) == id(b)
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// An error without the name of a temporary file in it, which means nothing to a user.
fn plain(error: io::Error) -> io::Error {
    if error.raw_os_error().is_some() { error } else { error.kind().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in a folder.
    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"one").unwrap();
        let output = Output::open(&path, &[]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one", "asking changes nothing");
        output.write(b"two").unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), names(folder.path())),
            (b"two".into(), vec!["a".into()])
        );
    }

    #[test]
    fn what_cannot_be_written_is_said_before_the_work() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        let problem = |path: &Path| Output::open(path, &[]).unwrap_err().to_string();
        assert!(problem(&at("folder")).contains("is a folder"));
        assert!(problem(&at("none/x")).contains("none: no such folder"));
        fs::write(at("file"), "").unwrap();
        assert!(Output::open(&at("file/x"), &[]).is_err());
        for bad in ["", "new/", "new/."] {
            assert!(Output::open(&at(bad), &[]).is_err() && !at("new").exists(), "{bad}");
        }
        assert!(Output::open(Path::new(""), &[]).is_err());
        let input = folder.path().join("folder/../file");
        let error = Output::open(&at("file"), &[input]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("is read by this very command"));
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        }

        #[test]
        fn permissions_stay_and_new_files_get_what_any_new_file_gets() {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            fs::write(at("any"), "").unwrap();
            write(&at("new"), b"x").unwrap();
            assert_eq!(mode(&at("new")), mode(&at("any")), "the mask of the user");
            fs::set_permissions(at("new"), Permissions::from_mode(0o600)).unwrap();
            write(&at("new"), b"y").unwrap();
            assert_eq!(mode(&at("new")), 0o600);
        }

        #[test]
        fn links_are_followed_and_stay_links() {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            fs::create_dir(at("far")).unwrap();
            symlink("far/target", at("link")).unwrap();
            symlink(at("link"), at("link to a link")).unwrap();
            for text in ["there is none yet", "there is one"] {
                write(&at("link to a link"), text.as_bytes()).unwrap();
                assert_eq!(fs::read_to_string(at("far/target")).unwrap(), text);
            }
            assert!(at("link").is_symlink() && at("link to a link").is_symlink());
            assert!(Output::open(&at("link"), &[at("far/target")]).is_err(), "one file, two names");
            symlink("circle", at("circle")).unwrap();
            assert!(Output::open(&at("circle"), &[]).is_err());
        }

        #[test]
        fn a_pipe_is_written_through() {
            let folder = tempfile::tempdir().unwrap();
            let pipe = folder.path().join("pipe");
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            let output = Output::open(&pipe, &[]).unwrap();
            let reader = std::thread::spawn({
                let pipe = pipe.clone();
                move || fs::read(pipe).unwrap()
            });
            output.write(b"through").unwrap();
            assert_eq!(reader.join().unwrap(), b"through");
            assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        }

        #[test]
        fn what_is_kept_is_kept_in_regular_files_alone() {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
            assert!(made.success());
            for path in [&*at("pipe"), Path::new("/dev/null"), folder.path()] {
                let error = write_own(path, b"x").unwrap_err().to_string();
                assert!(error.contains("is not a regular file"), "{error}");
            }
            write_own(&at("new"), b"x").unwrap();
            write_own(&at("new"), b"y").unwrap();
            assert_eq!(fs::read(at("new")).unwrap(), b"y");
            assert!(Output::open(&at("pipe"), &[]).unwrap().waits());
            assert!(!Output::open(&at("new"), &[]).unwrap().waits());
        }

        #[test]
        fn a_device_is_written_through() {
            write(Path::new("/dev/null"), b"x").unwrap();
            assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
            if Path::new("/dev/full").exists() {
                assert!(write(Path::new("/dev/full"), b"x").is_err());
            }
        }
    }
}
