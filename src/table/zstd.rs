//! Zstandard within Parquet, unpacked in Rust. The crate `parquet` would take the C library for it;
//! here it reads such pages as if they were not packed, and they are unpacked on the way.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::RowGroupReader;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

/// A page that is longer is refused: 512 MiB.
const LONGEST: u64 = 512 << 20;

/// A row group whose columns may be packed with Zstandard.
pub(super) struct Unpacking<'a> {
    inner: Box<dyn RowGroupReader + 'a>,
    file: Arc<File>,
}

impl<'a> Unpacking<'a> {
    pub(super) fn new(inner: Box<dyn RowGroupReader + 'a>, file: Arc<File>) -> Self {
        Self { inner, file }
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
        if !matches!(about.compression(), Compression::ZSTD(_)) {
            return self.inner.get_column_page_reader(i);
        }
        let plain = about.clone().into_builder().set_compression(Compression::UNCOMPRESSED);
        let rows = usize::try_from(self.metadata().num_rows()).unwrap_or_default();
        let file = Arc::clone(&self.file);
        let pages = SerializedPageReader::new(file, &plain.build()?, rows, None)?;
        Ok(Box::new(Pages(pages)))
    }

    fn get_column_bloom_filter(&self, i: usize) -> Option<&Sbbf> {
        self.inner.get_column_bloom_filter(i)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

/// The pages of a column, unpacked.
struct Pages(SerializedPageReader<File>);

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.0.get_next_page()?.map(unpacked).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.0.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        self.0.take_deferred_dictionary()?.map(unpacked).transpose()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.0.at_record_boundary()
    }
}

/// The same page with its bytes unpacked; levels before the values of a page of version 2 are not packed.
fn unpacked(mut page: Page) -> Result<Page> {
    match &mut page {
        Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => *buf = unpack(buf, 0)?,
        Page::DataPageV2 {
            buf,
            def_levels_byte_len,
            rep_levels_byte_len,
            is_compressed: true,
            ..
        } => *buf = unpack(buf, (*def_levels_byte_len + *rep_levels_byte_len) as usize)?,
        Page::DataPageV2 { .. } => {}
    }
    Ok(page)
}

fn unpack(bytes: &Bytes, plain: usize) -> Result<Bytes> {
    let wrong = |why: String| ParquetError::General(format!("a page of Zstandard: {why}"));
    let (plain, mut packed) =
        bytes.split_at_checked(plain).ok_or_else(|| wrong("it is cut short".into()))?;
    let mut out = plain.to_vec();
    if !packed.is_empty() {
        let decoder = ruzstd::decoding::StreamingDecoder::new(&mut packed);
        let decoder = decoder.map_err(|e| wrong(e.to_string()))?;
        let n =
            decoder.take(LONGEST + 1).read_to_end(&mut out).map_err(|e| wrong(e.to_string()))?;
        if n as u64 > LONGEST {
            return Err(wrong("more than 512 MiB".into()));
        }
    }
    Ok(out.into())
}
