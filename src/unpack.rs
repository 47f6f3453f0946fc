//! Files that may be compressed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};

/// What to do about a Git LFS pointer.
pub(crate) const POINTER_FIX: &str = "run `git lfs pull` where it was cloned, or download the file";

/// True if a file begins as the pointer does that Git leaves in its place without Git LFS.
pub(crate) fn is_pointer(head: &[u8]) -> bool {
    head.starts_with(b"version https://git-lfs.github.com/spec/")
}

/// Opens a file, unpacking `.gz` and `.zst` on the way.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>> {
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    Ok(match path.extension().and_then(|e| e.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Some("zst") => Box::new(ruzstd::decoding::StreamingDecoder::new(file).map_err(|e| {
            let problem = format!("not a Zstandard file: {e}");
            Error::input(path, problem, "compress it with zstd again")
        })?),
        _ => Box::new(file),
    })
}
