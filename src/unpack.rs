//! Opens untrusted files: rejects endless ones, and limits how much is read and decompressed.

use std::cell::Cell;
use std::fs::{self, File, Metadata};
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;
use std::rc::Rc;

use crate::error::{Error, Result};

/// Maximum size of a settings file: 16 MiB.
pub(crate) const SETTINGS: u64 = 16 << 20;
/// Maximum size of an embedder: 8 GiB.
pub(crate) const EMBEDDER: u64 = 8 << 30;
/// Maximum size of the weights of the paper's model: 2 GiB.
pub(crate) const PAPER: u64 = 2 << 30;
/// Maximum size of the weights of a sentence encoder: 8 GiB.
pub(crate) const WEIGHTS: u64 = 8 << 30;
/// Maximum size of input from a pipe: 16 GiB.
const PIPE: u64 = 16 << 30;
/// Maximum ratio of decompressed to compressed size …
const FACTOR: u64 = 200;
/// … or this size, if larger: 256 MiB.
const FLOOR: u64 = 256 << 20;

/// How to fix a Git LFS pointer.
pub(crate) const POINTER_FIX: &str = "run `git lfs pull` where it was cloned, or download the file";

/// True if a file starts like the pointer that Git checks out without Git LFS.
pub(crate) fn is_lfs_pointer(head: &[u8]) -> bool {
    head.starts_with(b"version https://git-lfs.github.com/spec/")
}

/// Rejects a Git LFS pointer with a clear message.
///
/// # Errors
/// [`Error::Input`] if the file is such a pointer.
pub(crate) fn refuse_pointer(path: &Path, head: &[u8]) -> Result<()> {
    if is_lfs_pointer(head) {
        return Err(Error::input(path, "a Git LFS pointer instead of the file", POINTER_FIX));
    }
    Ok(())
}

/// What kind of file is accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Accepted {
    /// Files.
    Files,
    /// Files and (named) pipes.
    FilesAndPipes,
}

/// Why a path is not read as a file: it is a folder, a device, which may be endless, or a socket.
fn refused(about: &Metadata, accepted: Accepted) -> Option<&'static str> {
    let kind = about.file_type();
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() && accepted == Accepted::FilesAndPipes {
            return None;
        }
        if kind.is_fifo() {
            return Some("a pipe, not a file");
        }
    }
    if kind.is_dir() {
        Some("a folder, not a file")
    } else if kind.is_file() || (cfg!(not(unix)) && accepted == Accepted::FilesAndPipes) {
        None
    } else {
        Some("a device or socket, not a file")
    }
}

fn opened(path: &Path, accepted: Accepted) -> Result<File> {
    let io = |e| Error::io(path, e);
    let check = |about: &Metadata| {
        let problem = refused(about, accepted);
        problem.map_or(Ok(()), |problem| Err(Error::input(path, problem, "name a file")))
    };
    // Checked before opening, which may block or have side effects, and after, since the path may have
    // changed.
    check(&fs::metadata(path).map_err(io)?)?;
    let file = File::open(path).map_err(io)?;
    check(&file.metadata().map_err(io)?)?;
    Ok(file)
}

/// Opens a file or a pipe; rejects anything else, such as `/dev/zero`.
///
/// # Errors
/// [`Error::Input`] if it is neither; [`Error::Io`] if it cannot be opened.
pub(crate) fn file(path: &Path) -> Result<File> {
    opened(path, Accepted::FilesAndPipes)
}

/// Opens a file for random access: no pipe and no Git LFS pointer.
///
/// # Errors
/// As [`file`].
pub(crate) fn seekable(path: &Path) -> Result<File> {
    let io = |e| Error::io(path, e);
    let mut file = opened(path, Accepted::Files)?;
    let mut head = Vec::new();
    file.by_ref().take(64).read_to_end(&mut head).map_err(io)?;
    refuse_pointer(path, &head)?;
    file.rewind().map_err(io)?;
    Ok(file)
}

fn too_long(path: &Path, most: u64) -> Error {
    Error::input(path, format!("longer than {} MiB", most >> 20), "is it the right file?")
}

/// Opens a file or a pipe for sequential reading, with its length, which is at most `most`. A pipe, whose
/// length is unknown, is read to its end.
///
/// # Errors
/// As [`bytes`].
pub(crate) fn sized(path: &Path, most: u64) -> Result<(Box<dyn Read>, u64)> {
    let file = opened(path, Accepted::FilesAndPipes)?;
    let about = file.metadata().map_err(|e| Error::io(path, e))?;
    if !about.is_file() {
        let bytes = bytes_of(path, file, 0, most)?;
        let length = bytes.len() as u64;
        return Ok((Box::new(Cursor::new(bytes)), length));
    }
    if about.len() > most {
        return Err(too_long(path, most));
    }
    Ok((Box::new(file), about.len()))
}

/// The bytes of an open file or pipe, at most `most`; `length` is the expected size.
fn bytes_of(path: &Path, file: File, length: u64, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| Error::io(path, e))?;
    if bytes.len() as u64 > most { Err(too_long(path, most)) } else { Ok(bytes) }
}

fn whole(path: &Path, most: u64, accepted: Accepted) -> Result<Vec<u8>> {
    let file = opened(path, accepted)?;
    let length = file.metadata().map_err(|e| Error::io(path, e))?.len();
    if length > most { Err(too_long(path, most)) } else { bytes_of(path, file, length, most) }
}

/// The bytes of a file or a pipe, at most `most`.
///
/// # Errors
/// [`Error::Input`] if it is longer or neither file nor pipe; [`Error::Io`] if it cannot be read.
pub(crate) fn bytes(path: &Path, most: u64) -> Result<Vec<u8>> {
    whole(path, most, Accepted::FilesAndPipes)
}

/// The text of a settings file; not of a pipe, since the program would wait for it at startup.
///
/// # Errors
/// As [`bytes`]; also if it is not UTF-8.
pub(crate) fn settings(path: &Path) -> Result<String> {
    let text = String::from_utf8(whole(path, SETTINGS, Accepted::Files)?)
        .map_err(|_| Error::input(path, "not UTF-8 text", "save the file as UTF-8"))?;
    Ok(without_mark(text))
}

/// A text without the byte order mark that some editors write.
pub(crate) fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// The bytes of a file that llmap wrote, if it exists and can be read.
pub(crate) fn own(path: &Path, most: u64) -> Option<Vec<u8>> {
    whole(path, most, Accepted::Files).ok()
}

/// Opens a file, decompressing `.gz` and `.zst`. Reading fails if the decompressed size exceeds the limits of
/// [`FACTOR`] and [`FLOOR`].
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>> {
    let io = |e| Error::io(path, e);
    let mut file = file(path)?.take(PIPE);
    let mut head = Vec::new();
    file.by_ref().take(64).read_to_end(&mut head).map_err(io)?;
    refuse_pointer(path, &head)?;
    // Not rewound: it may be a pipe.
    let file = Packed::new(Cursor::new(head).chain(file));
    let count = file.count();
    Ok(match path.extension().and_then(|e| e.to_str()) {
        Some("gz") => Box::new(Unpacked::new(flate2::read::MultiGzDecoder::new(file), count)),
        Some("zst") => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(file).map_err(|e| {
                let problem = format!("not a Zstandard file: {e}");
                Error::input(path, problem, "compress it with zstd again")
            })?;
            Box::new(Unpacked::new(decoder, count))
        }
        _ => Box::new(file),
    })
}

/// The maximum decompressed size for a compressed size.
pub(crate) fn allowed(packed: u64) -> u64 {
    FLOOR.max(packed.saturating_mul(FACTOR))
}

/// The error if it is exceeded.
pub(crate) fn too_much() -> String {
    format!("it decompresses to more than {FACTOR} times its size and {} MiB", FLOOR >> 20)
}

/// Counts compressed bytes as they are read.
pub(crate) struct Packed<R> {
    inner: R,
    read: Rc<Cell<u64>>,
}

impl<R> Packed<R> {
    /// Counts what is read of `inner`.
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, read: Rc::default() }
    }

    /// The counter of bytes read, which keeps updating.
    pub(crate) fn count(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.read)
    }
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read.set(self.read.get() + n as u64);
        Ok(n)
    }
}

/// Decompressed bytes, limited by the number of compressed ones.
pub(crate) struct Unpacked<R> {
    inner: R,
    packed: Rc<Cell<u64>>,
    given: u64,
}

impl<R> Unpacked<R> {
    /// The decompressed bytes of `inner`, whose compressed bytes are counted in `packed`.
    pub(crate) fn new(inner: R, packed: Rc<Cell<u64>>) -> Self {
        Self { inner, packed, given: 0 }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.given += n as u64;
        if self.given > allowed(self.packed.get()) {
            return Err(io::Error::other(too_much()));
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decompressing_too_much_is_an_error() {
        let count = Rc::new(Cell::new(0));
        let mut zeros = Unpacked::new(io::repeat(0), Rc::clone(&count));
        let mut taken = io::copy(&mut zeros.by_ref().take(FLOOR), &mut io::sink()).unwrap();
        assert_eq!(taken, FLOOR);
        let error = io::copy(&mut zeros, &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("more than 200 times"), "{error}");
        count.set(FLOOR);
        let mut zeros = Unpacked::new(io::repeat(0), count);
        taken = io::copy(&mut zeros.by_ref().take(FLOOR + 1), &mut io::sink()).unwrap();
        assert_eq!(taken, FLOOR + 1);
    }

    #[test]
    fn only_files_that_end_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, "{}").unwrap();
        assert_eq!(settings(&path).unwrap(), "{}");
        fs::write(&path, "\u{feff}{}").unwrap();
        assert_eq!(settings(&path).unwrap(), "{}");
        fs::write(&path, "{}").unwrap();
        assert_eq!(bytes(&path, 2).unwrap(), b"{}");
        assert!(bytes(&path, 1).unwrap_err().to_string().contains("a.json: longer than"));
        fs::write(&path, b"\xff").unwrap();
        assert!(settings(&path).unwrap_err().to_string().contains("not UTF-8"));
        for read in [|path: &Path| bytes(path, 9).map(drop), |path: &Path| open(path).map(drop)] {
            let error = read(folder.path()).unwrap_err().to_string();
            assert!(error.contains("a folder"), "{error}");
            if cfg!(unix) {
                let error = read(Path::new("/dev/zero")).unwrap_err().to_string();
                assert!(error.contains("/dev/zero: a device"), "{error}");
            }
        }
    }
}
