//! Reads a checksummed file sequentially, each tensor directly into its final place: nothing is in memory
//! twice, and the checksum covers exactly the bytes that are used. While a block is read, the one before is
//! hashed and converted on the other cores.

use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicU32, Ordering};

use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use xxhash_rust::xxh3::Xxh3;

use super::{Data, Held, Own, Tensors, sealed};

/// Block size in bytes: large enough that distributing its work costs little, small enough for the cache.
const BLOCK: usize = 1 << 21;
/// Bytes per task of a conversion.
const PIECE: usize = 1 << 18;
/// Rows and columns that are transposed together, so that they stay in the first-level cache.
const TURNED: usize = 128;
const COLUMNS: usize = 8;
/// Bytes before the header: its length.
const LENGTH: usize = 8;
/// The longest header that the crate accepts.
const LONGEST: u64 = 100_000_000;

/// A file whose header was read, but no tensor yet.
pub struct Header<R> {
    reader: R,
    metadata: Metadata,
    /// The hash of the bytes so far.
    hash: Xxh3,
}

impl<R: Read> Header<R> {
    /// Reads the header of a file of `length` bytes.
    pub fn read(mut reader: R, length: u64) -> Result<Self, String> {
        let invalid = |e: SafeTensorError| e.to_string();
        if length < LENGTH as u64 {
            return Err(invalid(SafeTensorError::HeaderTooSmall));
        }
        let mut size = [0; LENGTH];
        reader.read_exact(&mut size).map_err(|e| e.to_string())?;
        let header = u64::from_le_bytes(size);
        if header > LONGEST {
            return Err(invalid(SafeTensorError::HeaderTooLarge));
        }
        let data = length.checked_sub(header + LENGTH as u64);
        let data = data.ok_or_else(|| invalid(SafeTensorError::InvalidHeaderLength))?;
        let mut bytes = vec![0; header as usize];
        reader.read_exact(&mut bytes).map_err(|e| e.to_string())?;
        let text = std::str::from_utf8(&bytes);
        let text = text.map_err(|e| invalid(SafeTensorError::InvalidHeader(e)))?;
        let metadata: Metadata = serde_json::from_str(text)
            .map_err(|e| invalid(SafeTensorError::InvalidHeaderDeserialization(e)))?;
        if metadata.data_len() as u64 != data {
            return Err(invalid(SafeTensorError::MetadataIncompleteBuffer));
        }
        let mut hash = Xxh3::new();
        hash.update(&size);
        hash.update(&bytes);
        Ok(Self { reader, metadata, hash })
    }

    /// The entries of metadata.
    pub fn entries(&self) -> Option<&HashMap<String, String>> {
        self.metadata.metadata().as_ref()
    }

    /// Reads the tensors and verifies the checksum. Matrices named in `by_columns` are stored column by
    /// column in memory.
    pub fn tensors(mut self, by_columns: &[&str]) -> Result<Tensors<'static>, String> {
        let mut places: Vec<(String, Place)> = Vec::new();
        for name in self.metadata.offset_keys() {
            let Some(info) = self.metadata.info(&name) else { continue };
            let place = Place::of(info, name == sealed::NAME, by_columns.contains(&&*name));
            places.push((name, place));
        }
        let sum = fill(&mut self.reader, &mut self.hash, &mut places)?.ok_or(sealed::NONE)?;
        if self.hash.digest128().to_be_bytes() != sum {
            return Err(sealed::DAMAGED.into());
        }
        let held = places.into_iter().filter(|(_, place)| !place.is_checksum);
        let held = held.map(|(name, Place { shape, data, extreme, turned, .. })| {
            let extreme = Some(f32::from_bits(extreme.into_inner()));
            (name, Held::Own(Own { shape, data, extreme, by_columns: turned > 0 }))
        });
        Ok(Tensors::held(held.collect()))
    }
}

/// Reads the bytes of all tensors into their places. Returns the checksum, if there is one.
fn fill(
    reader: &mut impl Read,
    hash: &mut Xxh3,
    places: &mut [(String, Place)],
) -> Result<Option<[u8; sealed::BYTES]>, String> {
    let mut sum = None;
    let (mut next, mut last): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    // The place of the last block, and its first byte there.
    let mut before: Option<(usize, usize)> = None;
    let blocks: Vec<(usize, usize, usize)> =
        places.iter().enumerate().flat_map(|(at, (_, place))| place.blocks(at)).collect();
    for block in blocks.into_iter().map(Some).chain([None]) {
        let read = rayon::in_place_scope(|scope| {
            if let Some((at, start)) = before {
                let (last, place, hash) = (&last, &mut places[at].1, &mut *hash);
                scope.spawn(move |_| hash.update(last));
                scope.spawn(move |_| place.put(start, last));
            }
            let Some((.., length)) = block else { return Ok(()) };
            next.resize(length, 0);
            reader.read_exact(&mut next)
        });
        read.map_err(|e| e.to_string())?;
        if let Some((at, ..)) = block
            && places[at].1.is_checksum
        {
            sum = next.as_slice().try_into().ok();
            next.fill(0);
        }
        before = block.map(|(at, start, _)| (at, start));
        std::mem::swap(&mut next, &mut last);
    }
    Ok(sum)
}

/// Where a tensor goes.
struct Place {
    shape: Vec<usize>,
    data: Data,
    /// The largest magnitude of its floats, as bits: those of NaN are above all others.
    extreme: AtomicU32,
    /// Its size in the file, and that of an entry.
    bytes: usize,
    entry: usize,
    /// The columns of a matrix that is transposed, else 0.
    turned: usize,
    is_checksum: bool,
}

impl Place {
    /// Memory is reserved, but not touched yet.
    fn of(info: &TensorInfo, named_checksum: bool, by_columns: bool) -> Self {
        let bytes = info.data_offsets.1 - info.data_offsets.0;
        let (data, entry) = match info.dtype {
            Dtype::F32 => (Data::F32(vec![0.0; bytes / 4]), 4),
            Dtype::F16 => (Data::F32(vec![0.0; bytes / 2]), 2),
            Dtype::F64 => (Data::F64(vec![0.0; bytes / 8]), 8),
            Dtype::U32 => (Data::U32(vec![0; bytes / 4]), 4),
            Dtype::U16 => (Data::U16(vec![0; bytes / 2]), 2),
            Dtype::I8 => (Data::I8(vec![0; bytes]), 1),
            kind => (Data::Raw(kind, vec![0; bytes]), 1),
        };
        let shape = info.shape.clone();
        let turned = match (&data, &*shape) {
            (Data::F32(all), &[_, columns]) if by_columns && !all.is_empty() => columns,
            _ => 0,
        };
        let is_checksum = named_checksum && bytes == sealed::BYTES;
        Self { shape, data, extreme: AtomicU32::new(0), bytes, entry, turned, is_checksum }
    }

    /// Its blocks: (`at`, first byte, length). Those of a transposed matrix are whole rows.
    fn blocks(&self, at: usize) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
        let row = (self.turned * self.entry).max(1);
        let (block, bytes) = ((BLOCK / row).max(1) * row, self.bytes);
        (0..bytes).step_by(block).map(move |start| (at, start, block.min(bytes - start)))
    }

    /// Converts the bytes of a block that begins at byte `start`.
    fn put(&mut self, start: usize, bytes: &[u8]) {
        let from = start / self.entry;
        match &mut self.data {
            Data::F32(out) => {
                let convert = if self.entry == 2 { halves } else { singles };
                let convert = |bytes: &[u8], out: &mut [f32]| {
                    convert(bytes, out);
                    let bits = out.iter().map(|x| x.abs().to_bits());
                    self.extreme.fetch_max(bits.fold(0, u32::max), Ordering::Relaxed);
                };
                if let Some(first) = from.checked_div(self.turned) {
                    let mut rows = vec![0.0; bytes.len() / self.entry];
                    pieces(&mut rows, bytes, self.entry, convert);
                    turn(out, self.shape[0], first, &rows, self.turned);
                } else {
                    pieces(&mut out[from..], bytes, self.entry, convert);
                }
            }
            Data::F64(out) => pieces(&mut out[from..], bytes, 8, each(f64::from_le_bytes)),
            Data::U32(out) => pieces(&mut out[from..], bytes, 4, each(u32::from_le_bytes)),
            Data::U16(out) => pieces(&mut out[from..], bytes, 2, each(u16::from_le_bytes)),
            Data::I8(out) => pieces(&mut out[from..], bytes, 1, each(i8::from_le_bytes)),
            Data::Raw(_, out) => out[start..start + bytes.len()].copy_from_slice(bytes),
        }
    }
}

/// Converts bytes to numbers, `entry` bytes each, in parallel.
fn pieces<T: Send>(
    out: &mut [T],
    bytes: &[u8],
    entry: usize,
    convert: impl Fn(&[u8], &mut [T]) + Sync + Send,
) {
    let both = out.par_chunks_mut(PIECE / entry).zip(bytes.par_chunks(PIECE));
    // The last piece of `out` may be longer than its bytes.
    both.for_each(|(out, bytes)| convert(bytes, &mut out[..bytes.len() / entry]));
}

/// Converts all bytes of a piece.
fn each<T, const N: usize>(of: impl Fn([u8; N]) -> T) -> impl Fn(&[u8], &mut [T]) {
    move |bytes, out| {
        let (bytes, _) = bytes.as_chunks::<N>();
        out.iter_mut().zip(bytes).for_each(|(out, bytes)| *out = of(*bytes));
    }
}

fn singles(bytes: &[u8], out: &mut [f32]) {
    each(f32::from_le_bytes)(bytes, out);
}

fn halves(bytes: &[u8], out: &mut [f32]) {
    let halves: Vec<f16> = super::pairs(bytes).map(f16::from_le_bytes).collect();
    halves.convert_to_f32_slice(out);
}

/// Puts rows of a matrix, beginning with the row `first`, into `out`, which has columns of `height` numbers.
fn turn(out: &mut [f32], height: usize, first: usize, rows: &[f32], width: usize) {
    let count = rows.len() / width;
    let groups = out.par_chunks_mut(height * COLUMNS).enumerate();
    groups.for_each(|(group, columns)| {
        for start in (0..count).step_by(TURNED) {
            let end = count.min(start + TURNED);
            let block = &rows[start * width..end * width];
            for (c, column) in columns.chunks_mut(height).enumerate() {
                let values = block.iter().skip(group * COLUMNS + c).step_by(width);
                let column = &mut column[first + start..first + end];
                column.iter_mut().zip(values).for_each(|(x, value)| *x = *value);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensors::{Stored, write};
    use ndarray::Array2;

    /// Several blocks of every kind, with sizes that no block is a multiple of.
    #[test]
    fn blocks_give_the_same_tensors_in_either_layout() {
        let matrix = Array2::from_shape_fn((70_001, 11), |(r, c)| (r * 11 + c) as f32 / 16.0);
        let coarse = matrix.mapv(|x| x.rem_euclid(64.0).floor());
        let integers: Vec<u32> = (0..700_003).collect();
        let doubles: Vec<f64> = integers.iter().map(|i| f64::from(*i) / 3.0).collect();
        let stored = [
            ("a", Stored::f32(&matrix)),
            ("b", Stored::f16(&coarse)),
            ("c", Stored::u32(&integers)),
            ("d", Stored::f64(&doubles)),
            ("e", Stored::bytes(vec![7; 3_000_001])),
        ];
        let mut bytes = write(&stored, None).unwrap();
        let open = |bytes: &[u8], by_columns: &[&str]| {
            Header::read(bytes, bytes.len() as u64).unwrap().tensors(by_columns)
        };
        for by_columns in [&["a", "b"][..], &[]] {
            let read = open(&bytes, by_columns).unwrap().within(1e6);
            for (name, expected) in [("a", &matrix), ("b", &coarse)] {
                let found = read.matrix(name, Some(70_001), Some(11)).unwrap();
                assert_eq!(found, expected);
                assert_eq!(found.is_standard_layout(), by_columns.is_empty());
            }
            assert_eq!(read.integers("c", 700_003).unwrap(), integers);
            assert_eq!(read.doubles("d", 700_003).unwrap(), doubles);
            assert_eq!(read.bytes("e").unwrap(), vec![7; 3_000_001]);
        }
        let read = open(&bytes, &["a"]).unwrap().within(48_000.0);
        let error = read.matrix("a", None, None).unwrap_err();
        assert!(error.contains("out of range"), "{error}");
        let at = bytes.len() - 4_000_000;
        bytes[at] ^= 16;
        assert_eq!(open(&bytes, &["a"]).err().unwrap(), sealed::DAMAGED);
    }

    #[test]
    fn a_number_that_is_not_finite_is_found_in_any_block() {
        for bad in [f32::NAN, f32::NEG_INFINITY, -2e6] {
            let mut matrix = Array2::zeros((300_000, 5));
            matrix[[299_000, 3]] = bad;
            let bytes = write(&[("a", Stored::f32(&matrix))], None).unwrap();
            for by_columns in [&["a"][..], &[]] {
                let header = Header::read(&*bytes, bytes.len() as u64).unwrap();
                let read = header.tensors(by_columns).unwrap().within(1e6);
                let error = read.matrix("a", None, None).unwrap_err();
                let expected = if bad.is_finite() { "-2e6" } else { "not finite" };
                assert!(error.contains(expected), "{error}");
            }
        }
    }
}
