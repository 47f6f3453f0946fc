//! Reads a checksummed file sequentially, each tensor directly into its final place: nothing is in memory
//! twice, and the checksum covers exactly the bytes that are used.

use std::collections::HashMap;
use std::io::Read;

use half::f16;
use half::slice::HalfFloatSliceExt;
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use xxhash_rust::xxh3::Xxh3;

use super::{Data, Held, Tensors, sealed};

/// Chunk size in bytes.
const CHUNK: usize = 1 << 20;
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

    /// Reads the tensors and verifies the checksum.
    pub fn tensors(mut self) -> Result<Tensors<'static>, String> {
        let mut tensors = HashMap::new();
        let mut sum = None;
        for name in self.metadata.offset_keys() {
            let Some(info) = self.metadata.info(&name) else { continue };
            let bytes = info.data_offsets.1 - info.data_offsets.0;
            if name == sealed::NAME && bytes == sealed::BYTES {
                let mut own = sealed::ZEROS;
                self.reader.read_exact(&mut own).map_err(|e| e.to_string())?;
                self.hash.update(&sealed::ZEROS);
                sum = Some(own);
                continue;
            }
            let shape = info.shape.clone();
            let data = data(&mut self.reader, &mut self.hash, info)?;
            tensors.insert(name, Held::Own(shape, data));
        }
        let sum = sum.ok_or(sealed::NONE)?;
        if self.hash.digest128().to_be_bytes() != sum {
            return Err(sealed::DAMAGED.into());
        }
        Ok(Tensors::held(tensors))
    }
}

/// Reads one tensor by its type.
fn data(reader: &mut impl Read, hash: &mut Xxh3, info: &TensorInfo) -> Result<Data, String> {
    let (start, end) = info.data_offsets;
    let mut chunks = Chunks { reader, hash, left: end - start, buffer: vec![0; CHUNK] };
    Ok(match info.dtype {
        Dtype::F32 => Data::F32(chunks.numbers(f32::from_le_bytes)?),
        Dtype::F64 => Data::F64(chunks.numbers(f64::from_le_bytes)?),
        Dtype::U32 => Data::U32(chunks.numbers(u32::from_le_bytes)?),
        Dtype::U16 => Data::U16(chunks.numbers(u16::from_le_bytes)?),
        Dtype::I8 => Data::I8(chunks.numbers(i8::from_le_bytes)?),
        Dtype::F16 => {
            let mut numbers = Vec::with_capacity(chunks.left / 2);
            let mut halves: Vec<f16> = Vec::new();
            while let Some(bytes) = chunks.next()? {
                halves.clear();
                halves.extend(super::pairs(bytes).map(f16::from_le_bytes));
                let from = numbers.len();
                numbers.resize(from + halves.len(), 0.0);
                halves.convert_to_f32_slice(&mut numbers[from..]);
            }
            Data::F32(numbers)
        }
        kind => {
            let mut all = Vec::with_capacity(chunks.left);
            while let Some(bytes) = chunks.next()? {
                all.extend_from_slice(bytes);
            }
            Data::Raw(kind, all)
        }
    })
}

/// The bytes of one tensor, in chunks.
struct Chunks<'a, R> {
    reader: &'a mut R,
    hash: &'a mut Xxh3,
    left: usize,
    buffer: Vec<u8>,
}

impl<R: Read> Chunks<'_, R> {
    fn next(&mut self) -> Result<Option<&[u8]>, String> {
        if self.left == 0 {
            return Ok(None);
        }
        let taken = self.left.min(CHUNK);
        let bytes = &mut self.buffer[..taken];
        self.reader.read_exact(bytes).map_err(|e| e.to_string())?;
        self.hash.update(bytes);
        self.left -= taken;
        Ok(Some(bytes))
    }

    fn numbers<T, const N: usize>(&mut self, of: impl Fn([u8; N]) -> T) -> Result<Vec<T>, String> {
        let mut numbers = Vec::with_capacity(self.left / N);
        while let Some(bytes) = self.next()? {
            let (each, _) = bytes.as_chunks::<N>();
            numbers.extend(each.iter().map(|bytes| of(*bytes)));
        }
        Ok(numbers)
    }
}
