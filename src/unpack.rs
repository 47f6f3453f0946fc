//! Files that may be compressed, or not there in full.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use crate::error::{Error, Result};

/// What to do about a Git LFS pointer.
pub(crate) const POINTER_FIX: &str = "run `git lfs pull` where it was cloned, or download the file";

/// True if a file begins as the pointer does that Git leaves in its place without Git LFS.
pub(crate) fn is_pointer(head: &[u8]) -> bool {
    head.starts_with(b"version https://git-lfs.github.com/spec/")
}

/// Refuses the pointer of Git LFS by its name: as a file of another kind it would be a riddle.
///
/// # Errors
/// [`Error::Input`] if the bytes of the file are such a pointer.
pub(crate) fn refuse_pointer(path: &Path, head: &[u8]) -> Result<()> {
    if is_pointer(head) {
        return Err(Error::input(path, "a Git LFS pointer instead of the file", POINTER_FIX));
    }
    Ok(())
}

/// Opens a file, unpacking `.gz` and `.zst` on the way.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>> {
    let io = |e| Error::io(path, e);
    let mut file = File::open(path).map_err(io)?;
    let mut head = Vec::new();
    file.by_ref().take(64).read_to_end(&mut head).map_err(io)?;
    refuse_pointer(path, &head)?;
    // Not rewound: it may be a pipe.
    let file = Cursor::new(head).chain(file);
    Ok(match path.extension().and_then(|e| e.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Some("zst") => Box::new(ruzstd::decoding::StreamingDecoder::new(file).map_err(|e| {
            let problem = format!("not a Zstandard file: {e}");
            Error::input(path, problem, "compress it with zstd again")
        })?),
        _ => Box::new(file),
    })
}
