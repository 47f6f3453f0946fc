//! Safetensors files with a checksum over every byte, so that a flipped bit on disk or in transit is
//! detected.
//!
//! The checksum is the tensor [`NAME`]: the XXH3-128 hash of the whole file with zeros in place of the
//! checksum, in big-endian order.

use std::collections::HashMap;
use std::ops::Range;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// The tensor of the checksum.
pub(super) const NAME: &str = "checksum";
/// Size of a checksum in bytes.
pub(super) const BYTES: usize = 16;
/// Replaces the checksum while it is computed.
pub(super) static ZEROS: [u8; BYTES] = [0; BYTES];
/// Errors for a missing and for a wrong checksum.
pub(super) const NONE: &str = "it has no checksum";
pub(super) const DAMAGED: &str = "it is corrupt: its checksum does not match";

/// A file of these tensors, with at most one entry of metadata. (Several would have no fixed order, and the
/// bytes would not be reproducible.)
pub(super) fn seal<'a>(
    tensors: impl IntoIterator<Item = (&'a str, TensorView<'a>)>,
    metadata: Option<(&str, String)>,
) -> Result<Vec<u8>, SafeTensorError> {
    let own = (NAME, TensorView::new(Dtype::U8, vec![BYTES], &ZEROS)?);
    let metadata = metadata.map(|(key, value)| HashMap::from([(key.to_owned(), value)]));
    let mut bytes = safetensors::serialize(tensors.into_iter().chain([own]), metadata)?;
    let place = place(&SafeTensors::deserialize(&bytes)?, &bytes);
    let sum = xxh3_128(&bytes);
    if let Some(own) = place.and_then(|place| bytes.get_mut(place)) {
        own.copy_from_slice(&sum.to_be_bytes());
    }
    Ok(bytes)
}

/// Verifies the checksum of a file whose header was read.
pub(super) fn check(file: &SafeTensors, bytes: &[u8]) -> Result<(), String> {
    let place = place(file, bytes).ok_or(NONE)?;
    let mut hash = Xxh3::new();
    hash.update(&bytes[..place.start]);
    hash.update(&ZEROS);
    hash.update(&bytes[place.end..]);
    if hash.digest128().to_be_bytes() == bytes[place] { Ok(()) } else { Err(DAMAGED.into()) }
}

/// The byte range of the checksum.
fn place(file: &SafeTensors, bytes: &[u8]) -> Option<Range<usize>> {
    let own = file.tensor(NAME).ok()?;
    let start = own.data().as_ptr().addr().checked_sub(bytes.as_ptr().addr())?;
    let whole = own.data().len() == BYTES && start + BYTES <= bytes.len();
    whole.then_some(start..start + BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_found() {
        let numbers = [1, 2, 3, 4, 5, 6, 7, 8];
        let tensor = || TensorView::new(Dtype::U8, vec![8], &numbers).unwrap();
        let file =
            || seal([("a", tensor()), ("z", tensor())], Some(("k", "document".into()))).unwrap();
        let bytes = file();
        assert_eq!(bytes, file(), "the same tensors give the same bytes");
        let sound = |bytes: &[u8]| {
            let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
            check(&file, bytes)
        };
        sound(&bytes).unwrap();
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(sound(&flipped).is_err(), "bit {bit}");
        }
        let bare = safetensors::serialize([("a", tensor())], None).unwrap();
        assert_eq!(sound(&bare).unwrap_err(), "it has no checksum");
    }
}
