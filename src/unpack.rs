//! Files that may be compressed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};

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
