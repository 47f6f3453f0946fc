//! Decompresses the pages of Parquet files instead of the crate `parquet`, which would need the C library for
//! Zstandard and allocate as much memory as a file claims to need. The crate reads the pages as if they were
//! uncompressed; they are decompressed here, within the limits of [`crate::unpack`].

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::RowGroupReader;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

use super::delta;
use crate::unpack::{allowed, too_much};

/// Maximum number of list elements within the cells of a row group …
const PARTS: u64 = 16 << 20;
/// … or this many times their bytes in the file: a few bytes can encode very many of them, and all of a row
/// are in memory at once.
const PARTS_FACTOR: u64 = 64;
/// Chunk size of a decoder.
const BUFFER: usize = 4096;

/// Bytes read from a file, and bytes after decompression.
#[derive(Default)]
pub(super) struct Counts {
    packed: AtomicU64,
    given: AtomicU64,
}

/// A row group whose pages are decompressed within limits.
pub(super) struct Unpacking<'a> {
    inner: Box<dyn RowGroupReader + 'a>,
    file: Arc<File>,
    counts: Arc<Counts>,
}

impl<'a> Unpacking<'a> {
    pub(super) fn new(
        inner: Box<dyn RowGroupReader + 'a>,
        file: Arc<File>,
        counts: Arc<Counts>,
    ) -> Self {
        Self { inner, file, counts }
    }
}

impl RowGroupReader for Unpacking<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.inner.metadata()
    }

    fn num_columns(&self) -> usize {
        self.inner.num_columns()
    }

    fn get_column_page_reader(&self, i: usize) -> Result<Box<dyn PageReader>> {
        let about = self.metadata().column(i);
        let plain = about.clone().into_builder().set_compression(Compression::UNCOMPRESSED);
        let rows = usize::try_from(self.metadata().num_rows()).unwrap_or_default();
        let inner = SerializedPageReader::new(Arc::clone(&self.file), &plain.build()?, rows, None)?;
        let parts = (about.column_descr().max_rep_level() > 0).then(|| {
            let bytes = u64::try_from(about.compressed_size()).unwrap_or_default();
            PARTS.max(bytes.saturating_mul(PARTS_FACTOR))
        });
        let (packing, counts) = (about.compression(), Arc::clone(&self.counts));
        let levels = [about.column_descr().max_rep_level(), about.column_descr().max_def_level()];
        Ok(Box::new(Pages { inner, packing, counts, parts, levels }))
    }

    fn get_column_bloom_filter(&self, i: usize) -> Option<&Sbbf> {
        self.inner.get_column_bloom_filter(i)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

/// The pages of a column, decompressed.
struct Pages {
    inner: SerializedPageReader<File>,
    packing: Compression,
    counts: Arc<Counts>,
    /// How many list elements may still follow.
    parts: Option<u64>,
    /// The maximum repetition and definition level.
    levels: [i16; 2],
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        page.map(|page| self.unpacked(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.inner.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.inner.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        let page = self.inner.take_deferred_dictionary()?;
        page.map(|page| self.unpacked(page)).transpose()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.inner.at_record_boundary()
    }
}

impl Pages {
    /// The same page, decompressed; the levels before the values of a version 2 page are never compressed.
    fn unpacked(&mut self, mut page: Page) -> Result<Page> {
        if let Some(parts) = self.parts.as_mut().filter(|_| page.is_data_page()) {
            let left = parts.checked_sub(page.num_values().into());
            *parts = left.ok_or_else(|| wrong("lists with too many elements"))?;
        }
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = self.unpack(buf, 0)?;
            }
            Page::DataPageV2 {
                buf,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed: true,
                ..
            } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                *buf = self.unpack(buf, usize::try_from(levels).unwrap_or(usize::MAX))?;
            }
            Page::DataPageV2 { .. } => {}
        }
        self.check(&page)?;
        Ok(page)
    }

    /// Rejects a page that claims to hold more values than it can: the crate allocates first.
    fn check(&self, page: &Page) -> Result<()> {
        let bytes = page.buffer();
        let too_many = match page {
            Page::DictionaryPage { num_values, .. } => *num_values as usize > bytes.len(),
            _ => match page.encoding() {
                Encoding::DELTA_LENGTH_BYTE_ARRAY => {
                    delta::too_many(self.values(page), false, PARTS)
                }
                Encoding::DELTA_BYTE_ARRAY => delta::too_many(self.values(page), true, PARTS),
                _ => false,
            },
        };
        if too_many { Err(wrong("more values than its bytes can hold")) } else { Ok(()) }
    }

    /// The bytes after the levels of a page; empty if they are truncated.
    fn values<'a>(&self, page: &'a Page) -> &'a [u8] {
        let mut bytes: &[u8] = page.buffer();
        let encodings = match page {
            Page::DataPage { rep_level_encoding, def_level_encoding, .. } => {
                [*rep_level_encoding, *def_level_encoding]
            }
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                let levels = usize::try_from(levels).unwrap_or(usize::MAX);
                return bytes.get(levels..).unwrap_or_default();
            }
            Page::DictionaryPage { .. } => return bytes,
        };
        for (highest, encoding) in self.levels.into_iter().zip(encodings) {
            if highest <= 0 {
                continue;
            }
            let length = if encoding == Encoding::RLE {
                let length = bytes.first_chunk::<4>().map(|length| u32::from_le_bytes(*length));
                length.map_or(u64::MAX, |length| 4 + u64::from(length))
            } else {
                let bits = u64::from(i16::BITS - highest.leading_zeros());
                (u64::from(page.num_values()) * bits).div_ceil(8)
            };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            bytes = bytes.get(length..).unwrap_or_default();
        }
        bytes
    }

    fn unpack(&self, bytes: &Bytes, plain: usize) -> Result<Bytes> {
        if self.packing == Compression::UNCOMPRESSED {
            return Ok(bytes.clone());
        }
        let (plain, packed) =
            bytes.split_at_checked(plain).ok_or_else(|| wrong("it is truncated"))?;
        let read = packed.len() as u64;
        let read = self.counts.packed.fetch_add(read, Ordering::Relaxed) + read;
        let most = allowed(read).saturating_sub(self.counts.given.load(Ordering::Relaxed));
        let mut out = plain.to_vec();
        if !packed.is_empty() {
            unpack(self.packing, packed, most, &mut out)?;
        }
        let given = (out.len() - plain.len()) as u64;
        if given > most {
            return Err(wrong(too_much()));
        }
        self.counts.given.fetch_add(given, Ordering::Relaxed);
        Ok(out.into())
    }
}

fn wrong(why: impl std::fmt::Display) -> ParquetError {
    ParquetError::General(format!("a page: {why}"))
}

/// Decompresses at most this many bytes.
type Unpack = fn(&[u8], u64, &mut Vec<u8>) -> Result<()>;

/// Appends the decompressed bytes to `out`, stopping soon after `most` bytes.
fn unpack(packing: Compression, packed: &[u8], most: u64, out: &mut Vec<u8>) -> Result<()> {
    match packing {
        Compression::SNAPPY => {
            let length = snap::raw::decompress_len(packed).map_err(wrong)?;
            let start = extended(out, length, most)?;
            snap::raw::Decoder::new().decompress(packed, &mut out[start..]).map_err(wrong)?;
            Ok(())
        }
        Compression::GZIP(_) => read(flate2::read::MultiGzDecoder::new(packed), most, out),
        Compression::ZSTD(_) => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(packed).map_err(wrong)?;
            read(decoder, most, out)
        }
        Compression::LZ4_RAW => lz4(packed, most, out),
        // Three programs write LZ4 in three ways.
        Compression::LZ4 => {
            let start = out.len();
            let tries: [Unpack; 3] = [
                lz4_of_hadoop,
                |packed, most, out| read(lz4_flex::frame::FrameDecoder::new(packed), most, out),
                lz4,
            ];
            let mut tried = Ok(());
            for unpack in tries {
                out.truncate(start);
                tried = unpack(packed, most, out);
                if tried.is_ok() {
                    break;
                }
            }
            tried
        }
        Compression::BROTLI(_) => {
            read(brotli_decompressor::Decompressor::new(packed, BUFFER), most, out)
        }
        other => Err(wrong(format!("compressed with {other}, which llmap does not support"))),
    }
}

fn read(packed: impl Read, most: u64, out: &mut Vec<u8>) -> Result<()> {
    packed.take(most.saturating_add(1)).read_to_end(out).map(drop).map_err(wrong)
}

/// Makes room for `length` bytes at the end of `out`, and returns where it starts.
fn extended(out: &mut Vec<u8>, length: usize, most: u64) -> Result<usize> {
    if length as u64 > most {
        return Err(wrong(too_much()));
    }
    let start = out.len();
    out.resize(start + length, 0);
    Ok(start)
}

/// A block of LZ4, which does not record its length: at most 255 times as long.
fn lz4(packed: &[u8], most: u64, out: &mut Vec<u8>) -> Result<()> {
    let longest = (packed.len() as u64).saturating_mul(255).saturating_add(64);
    let start = extended(out, usize::try_from(longest.min(most)).unwrap_or_default(), most)?;
    let n = lz4_flex::block::decompress_into(packed, &mut out[start..]).map_err(wrong)?;
    out.truncate(start + n);
    out.shrink_to_fit();
    Ok(())
}

/// Blocks of LZ4, each after its two lengths.
fn lz4_of_hadoop(mut packed: &[u8], most: u64, out: &mut Vec<u8>) -> Result<()> {
    let short = || wrong("it is truncated");
    let start = out.len();
    while !packed.is_empty() {
        let (lengths, rest) = packed.split_first_chunk::<8>().ok_or_else(short)?;
        let [a, b, c, d, e, f, g, h] = *lengths;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let own = u32::from_be_bytes([e, f, g, h]) as usize;
        let (block, rest) = rest.split_at_checked(own).ok_or_else(short)?;
        let at = extended(out, length, most.saturating_sub((out.len() - start) as u64))?;
        let n = lz4_flex::block::decompress_into(block, &mut out[at..]).map_err(wrong)?;
        if n != length {
            return Err(short());
        }
        packed = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The same bytes in all compression formats.
    fn packed(bytes: &[u8]) -> Vec<(Compression, Vec<u8>)> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(bytes).unwrap();
        let zstd =
            ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest);
        let block = lz4_flex::block::compress(bytes);
        let mut hadoop = (bytes.len() as u32).to_be_bytes().to_vec();
        hadoop.extend((block.len() as u32).to_be_bytes());
        hadoop.extend(&block);
        let mut frame = lz4_flex::frame::FrameEncoder::new(Vec::new());
        frame.write_all(bytes).unwrap();
        vec![
            (Compression::SNAPPY, snap::raw::Encoder::new().compress_vec(bytes).unwrap()),
            (Compression::GZIP(parquet::basic::GzipLevel::default()), gzip.finish().unwrap()),
            (Compression::ZSTD(parquet::basic::ZstdLevel::default()), zstd),
            (Compression::LZ4_RAW, block.clone()),
            (Compression::LZ4, hadoop),
            (Compression::LZ4, frame.finish().unwrap()),
            (Compression::LZ4, block),
            (Compression::BROTLI(parquet::basic::BrotliLevel::default()), brotli(bytes)),
        ]
    }

    /// A Brotli stream (RFC 7932) of uncompressed blocks: the crate only decodes, and
    /// `tests/fixtures/import/brotli.parquet` is really compressed.
    fn brotli(bytes: &[u8]) -> Vec<u8> {
        // A window of 64 KiB is the bit 0; then, the lowest bit first, for each block: not the last (0),
        // four nibbles of length (00), the length less one in 16 bits, not compressed (1).
        let mut out = Vec::new();
        for (at, block) in bytes.chunks(1000).enumerate() {
            let length = (block.len() - 1) as u32;
            let head = (length << 3) | (1 << 19);
            // Each block ends at a whole byte: only the first has the bit of the window before it.
            let head = if at == 0 { head << 1 } else { head };
            out.extend_from_slice(&head.to_le_bytes()[..3]);
            out.extend_from_slice(block);
        }
        // The last block (1), empty (1).
        out.push(0b11);
        out
    }

    #[test]
    fn pages_are_unpacked_but_not_to_more_than_is_allowed() {
        let bytes = b"a page, a page, a page".repeat(200);
        for (packing, packed) in packed(&bytes) {
            let mut out = b"levels".to_vec();
            unpack(packing, &packed, bytes.len() as u64, &mut out).unwrap();
            assert!(out.starts_with(b"levels") && out[6..] == bytes, "{packing}");
            let mut out = Vec::new();
            let short = unpack(packing, &packed, 1000, &mut out);
            assert!(short.is_err() || out.len() == 1001, "{packing}");
            let mut out = Vec::new();
            let cut = unpack(packing, &packed[..packed.len() / 2], 1 << 20, &mut out);
            assert!(cut.is_err() || out.len() < bytes.len(), "{packing}");
        }
    }
}
