//! Atomic writes: a file is written completely or not at all.
//!
//! A regular file is written next to its destination and then moved there. Devices and pipes are written
//! directly, and symbolic links are followed.

mod folder;
mod staging;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

pub use folder::Folder;
pub(crate) use staging::{is_leftover, sweep};

/// Maximum number of symbolic links to follow, as in Linux.
const LINKS: usize = 40;

/// A file to write, checked before the work on its contents starts.
#[derive(Debug)]
pub struct Output {
    /// As the user typed it.
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A regular file, or none yet: its path with links resolved, and what is there.
    File(PathBuf, Option<fs::Metadata>),
    /// A device, a pipe, or a descriptor that was opened elsewhere.
    Through,
}

impl Output {
    /// Checks that `path` can be written. It must not be one of `inputs`: a command never replaces what it
    /// reads.
    ///
    /// # Errors
    /// [`Error::Input`] if it is a folder, its folder does not exist, or it is an input; [`Error::Io`] if it
    /// is not writable.
    pub fn open(path: &Path, inputs: &[PathBuf]) -> Result<Self> {
        let io = |e| Error::io(path, e);
        let place = place(path)?;
        if inputs.iter().any(|input| same(path, input)) {
            let problem = "is an input of this command and would be overwritten";
            return Err(Error::input(path, problem, "choose another output file"));
        }
        match &place {
            Place::File(target, there) => {
                let folder = parent(target);
                if !folder.is_dir() {
                    return Err(Error::input(folder, "no such folder", "create it first"));
                }
                if there.is_some() {
                    // This neither truncates nor modifies it.
                    OpenOptions::new().append(true).open(target).map_err(io)?;
                }
                sweep(folder);
                staging::file(folder, None).map_err(io)?;
            }
            Place::Through if is_device(path) => drop(through(path).map_err(io)?),
            // A pipe is opened only when there is something to write: opening waits for a reader.
            Place::Through => {}
        }
        Ok(Self { path: path.into(), place })
    }

    /// True if a write may block until somebody reads: the output is not a regular file.
    #[must_use]
    pub fn waits(&self) -> bool {
        matches!(self.place, Place::Through)
    }

    /// Writes the file. An existing file keeps its permissions; a new one gets the default permissions.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written: an existing file then stays as it was.
    pub fn write(self, bytes: &[u8]) -> Result<()> {
        let path = self.path.clone();
        self.write_with(|mut file| {
            file.write_all(bytes).and_then(|()| file.flush()).map_err(|e| Error::io(&path, e))
        })
    }

    /// The same, with a function that writes to the open file.
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

/// Writes `path` atomically: an existing file is replaced only when the new one is on disk.
///
/// # Errors
/// As [`Output::open`] and [`Output::write`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    Output::open(path, &[])?.write(bytes)
}

/// The same, with a function that writes to the open file: for files too large for memory.
///
/// # Errors
/// As [`write`], and those of the function; `path` then stays as it was.
pub(crate) fn write_with(path: &Path, write: impl FnOnce(&File) -> Result<()>) -> Result<()> {
    Output::open(path, &[])?.write_with(write)
}

/// Writes a file that belongs to llmap, as [`write`] does, but only replaces a regular file: a pipe there was
/// created by someone else, and opening it could wait forever.
///
/// # Errors
/// As [`write`]; [`Error::Input`] if there is something other than a regular file.
pub fn write_own(path: &Path, bytes: &[u8]) -> Result<()> {
    own(path)?;
    write(path, bytes)
}

/// Checks that a file of llmap can be at `path`: it is a regular file, or does not exist.
///
/// # Errors
/// [`Error::Input`] if there is something else.
pub(crate) fn own(path: &Path) -> Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(Error::input(
            path,
            "is not a regular file",
            "remove it: llmap stores a file there",
        ));
    }
    Ok(())
}

/// A new temporary file in `folder`, with the permissions of the file that it will replace.
fn stage(folder: &Path, there: Option<&fs::Metadata>) -> io::Result<NamedTempFile> {
    let permissions = there.map(fs::Metadata::permissions);
    let file = staging::file(folder, permissions.is_none().then_some(0o666))?;
    if let (Some(there), Some(permissions)) = (there, permissions) {
        keep(file.as_file(), there, permissions)?;
    }
    Ok(file)
}

/// Moves a written file to its destination.
fn finish(file: NamedTempFile, target: &Path, folder: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(target).map_err(|e| plain(e.error))?;
    // Syncing the folder makes the move durable; not every file system supports it.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Gives a new file the owner and permissions of the one that it replaces.
fn keep(file: &File, there: &fs::Metadata, permissions: Permissions) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
            // Only root can change the owner; otherwise the file belongs to the current user.
            let _ = fchown(file, Some(there.uid()), Some(there.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = there;
    file.set_permissions(permissions)
}

/// Opens a device or pipe. `/dev/stdout` may be a file: it is appended to.
fn through(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).open(path)
}

/// Follows symbolic links to the file to write.
fn place(path: &Path) -> Result<Place> {
    let text = path.as_os_str().as_encoded_bytes();
    if text.ends_with(b"/") || text.ends_with(b"/.") {
        return Err(Error::input(path, "is the name of a folder", "name a file inside it"));
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
            let fix = "name a file, for example one in this folder";
            return Err(Error::input(path, "is a folder", fix));
        }
        if !there.is_symlink() {
            return Ok(if there.is_file() { Place::File(at, Some(there)) } else { Place::Through });
        }
        let folder = parent(&at).canonicalize().map_err(|e| Error::io(path, e))?;
        if folder.starts_with("/proc") {
            // A link to an open file, such as /dev/stdout, cannot be resolved by name.
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

/// True if both paths name the same file.
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

/// The error without the name of the temporary file, which would mean nothing to the user.
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
        assert_eq!(fs::read(&path).unwrap(), b"one", "a check changes nothing");
        output.write(b"two").unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), names(folder.path())),
            (b"two".into(), vec!["a".into()])
        );
    }

    #[test]
    fn an_unwritable_path_is_reported_before_the_work() {
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
        assert!(error.to_string().contains("is an input of this command"));
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        }

        #[test]
        fn permissions_stay_and_new_files_get_the_default() {
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
        fn own_files_replace_regular_files_only() {
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
