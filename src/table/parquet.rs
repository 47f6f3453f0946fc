//! Reads Parquet row by row: one row group at a time, with only a few of its pages in memory.

use std::fs::File;
use std::sync::Arc;

use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::{ReaderIter, TreeBuilder};
use parquet::record::{Field, Row};
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type};
use serde_json::{Map, Value};

use super::LONGEST;
use super::pages::{Counts, Unpacking};

/// Number of values of a column that are read together.
const BATCH: usize = 256;

/// The rows of a Parquet file, in order.
pub(crate) struct Records {
    reader: SerializedFileReader<File>,
    file: Arc<File>,
    schema: SchemaDescPtr,
    names: Vec<String>,
    counts: Arc<Counts>,
    group: usize,
    rows: Option<ReaderIter>,
}

impl Records {
    /// Opens a file; reads only the columns for which `keep` is true.
    ///
    /// # Errors
    /// A description of the problem.
    pub(crate) fn open(file: File, keep: impl Fn(&str) -> bool) -> Result<Self, String> {
        let wrong = |e: parquet::errors::ParquetError| format!("not a Parquet file: {e}");
        let second = file.try_clone().map_err(|e| e.to_string())?;
        let reader = catch_panic(|| SerializedFileReader::new(file).map_err(wrong))?;
        let columns = reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns);
        let places = |column: &ColumnChunkMetaData| {
            let dictionary = column.dictionary_page_offset().unwrap_or_default();
            [column.data_page_offset(), column.compressed_size(), dictionary]
        };
        if columns.flat_map(places).any(|place| place < 0) {
            return Err("not a Parquet file: its metadata is corrupt".into());
        }
        let about = reader.metadata().file_metadata();
        let root = about.schema_descr().root_schema();
        let fields: Vec<Arc<Type>> =
            root.get_fields().iter().filter(|field| keep(field.name())).cloned().collect();
        let names: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
        if names.is_empty() {
            return Err("a Parquet file without columns".into());
        }
        let root = Type::group_type_builder(root.name()).with_fields(fields).build();
        let schema = Arc::new(SchemaDescriptor::new(Arc::new(root.map_err(wrong)?)));
        let (file, counts) = (Arc::new(second), Arc::default());
        Ok(Self { reader, file, schema, names, counts, group: 0, rows: None })
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The next row, or `None` at the end.
    ///
    /// # Errors
    /// A description of the problem.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, String> {
        loop {
            let rows = &mut self.rows;
            let row = catch_panic(|| Ok(rows.as_mut().and_then(Iterator::next)))?;
            if let Some(row) = row {
                let row = row.map_err(|e| fault(&e))?;
                if row.get_column_iter().map(|(_, field)| length(field)).sum::<u64>() > LONGEST {
                    return Err(format!("a row is longer than {} MiB", LONGEST >> 20));
                }
                return Ok(Some(row));
            }
            if self.group == self.reader.num_row_groups() {
                return Ok(None);
            }
            let group = self.reader.get_row_group(self.group).map_err(|e| fault(&e))?;
            let group = Unpacking::new(group, Arc::clone(&self.file), Arc::clone(&self.counts));
            let schema = Arc::clone(&self.schema);
            let rows = catch_panic(|| {
                let rows = TreeBuilder::new().with_batch_size(BATCH).as_iter(schema, &group);
                rows.map_err(|e| fault(&e))
            });
            self.rows = Some(rows?);
            self.group += 1;
        }
    }
}

/// The crate panics on some corrupt files: this turns the panic into an error.
fn catch_panic<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    read.unwrap_or_else(|_| Err("not a Parquet file: it is corrupt".into()))
}

fn fault(error: &parquet::errors::ParquetError) -> String {
    format!("cannot be read as Parquet: {error}")
}

/// The approximate size of a cell, with one byte per number.
fn length(field: &Field) -> u64 {
    match field {
        Field::Str(text) => text.len() as u64,
        Field::Bytes(bytes) => bytes.len() as u64,
        Field::Group(row) => row.get_column_iter().map(|(_, field)| length(field)).sum(),
        Field::ListInternal(list) => list.elements().iter().map(length).sum(),
        Field::MapInternal(map) => {
            map.entries().iter().map(|(key, value)| length(key) + length(value)).sum()
        }
        _ => 1,
    }
}

/// A cell as a person would write it in CSV: empty for null, 1 and 0 for true and false, JSON for nested
/// values.
pub(crate) fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Bool(value) => u8::from(*value).to_string(),
        Field::Str(value) => value.clone(),
        field => match json(field) {
            Value::String(text) => text,
            // NaN or infinity.
            Value::Null => String::new(),
            value => value.to_string(),
        },
    }
}

/// A cell as JSON.
pub(crate) fn json(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => Value::Bool(*value),
        Field::Byte(value) => Value::from(*value),
        Field::Short(value) => Value::from(*value),
        Field::Int(value) => Value::from(*value),
        Field::Long(value) => Value::from(*value),
        Field::UByte(value) => Value::from(*value),
        Field::UShort(value) => Value::from(*value),
        Field::UInt(value) => Value::from(*value),
        Field::ULong(value) => Value::from(*value),
        // With the digits of its own precision: 0.1 and not 0.10000000149011612.
        Field::Float16(value) => number(&value.to_string()),
        Field::Float(value) => number(&value.to_string()),
        Field::Double(value) => number(&value.to_string()),
        Field::Str(value) => Value::String(value.clone()),
        Field::Bytes(value) => Value::String(String::from_utf8_lossy(value.data()).into_owned()),
        Field::Group(row) => Value::Object(object(row)),
        Field::ListInternal(list) => list.elements().iter().map(json).collect(),
        Field::MapInternal(map) => {
            let entries = map.entries().iter().map(|(key, value)| (text(key), json(value)));
            Value::Object(entries.collect())
        }
        Field::Date(_)
        | Field::TimeMillis(_)
        | Field::TimeMicros(_)
        | Field::TimestampMillis(_)
        | Field::TimestampMicros(_)
        | Field::Decimal(_) => {
            let text = field.to_string();
            if matches!(field, Field::Decimal(_)) { number(&text) } else { Value::String(text) }
        }
    }
}

/// A row as a JSON object.
pub(crate) fn object(row: &Row) -> Map<String, Value> {
    row.get_column_iter().map(|(name, field)| (name.clone(), json(field))).collect()
}

/// A number that may be infinite or NaN, which JSON does not support.
fn number(text: &str) -> Value {
    let whole = text.parse::<i64>().ok().map(Value::from);
    let number = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from);
    whole.or_else(number).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};
    use std::sync::LazyLock;

    use parquet::basic::{Compression, Encoding, Repetition};
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::properties::{WriterProperties, WriterVersion};
    use parquet::file::writer::SerializedFileWriter;
    use proptest::prelude::*;

    use super::super::{Cells, Form, Writer};
    use super::*;

    /// The bytes of a table of three rows.
    fn written() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let columns = [("name", Cells::Text), ("label", Cells::Label)];
        let mut writer = Writer::create(folder.path(), "t", Form::Parquet, &columns).unwrap();
        for row in [["a", "1"], ["b", ""], ["a", "0.5"]] {
            writer.row(&row).unwrap();
        }
        writer.finish().unwrap();
        std::fs::read(folder.path().join("t.parquet")).unwrap()
    }

    fn rows(bytes: &[u8]) -> Result<usize, String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let mut records = Records::open(file, |_| true)?;
        let mut n = 0;
        while records.next()?.is_some() {
            n += 1;
        }
        Ok(n)
    }

    #[test]
    fn unwanted_columns_are_not_read() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&written()).unwrap();
        let mut records = Records::open(file, |name| name == "label").unwrap();
        let row = records.next().unwrap().unwrap();
        assert_eq!(Value::Object(object(&row)), serde_json::json!({"label": 1}));
        assert_eq!(rows(&written()), Ok(3));
    }

    #[test]
    fn a_row_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let columns = [("name", Cells::Text)];
        let mut writer = Writer::create(folder.path(), "t", Form::Parquet, &columns).unwrap();
        writer.row(&["a"]).unwrap();
        writer.row(&[&"a".repeat(LONGEST as usize + 1)]).unwrap();
        writer.finish().unwrap();
        let problem = rows(&std::fs::read(folder.path().join("t.parquet")).unwrap()).unwrap_err();
        assert!(problem.contains("longer than 16 MiB"), "{problem}");
    }

    /// 1,000 texts and as many nulls, with this encoding.
    fn encoded(encoding: Encoding, version: WriterVersion) -> Vec<u8> {
        let field = Type::primitive_type_builder("name", parquet::basic::Type::BYTE_ARRAY);
        let field = Arc::new(field.with_repetition(Repetition::OPTIONAL).build().unwrap());
        let schema = Type::group_type_builder("s").with_fields(vec![field]).build().unwrap();
        let properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_dictionary_enabled(false)
            .set_encoding(encoding)
            .set_compression(Compression::SNAPPY)
            .build();
        let mut file = tempfile::tempfile().unwrap();
        let copy = file.try_clone().unwrap();
        let mut writer =
            SerializedFileWriter::new(copy, Arc::new(schema), Arc::new(properties)).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let texts: Vec<ByteArray> =
            (0..1000).map(|i| ByteArray::from(format!("the text {i}").as_str())).collect();
        let levels: Vec<i16> = (0..2000).map(|i| i % 2).collect();
        column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn texts_are_read_however_they_are_encoded() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for encoding in
                [Encoding::PLAIN, Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY]
            {
                assert_eq!(rows(&encoded(encoding, version)), Ok(2000), "{encoding}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Any bytes are read or rejected.
        #[test]
        fn no_bytes_make_the_reader_panic(changes in proptest::collection::vec((4_usize..2_000, any::<u8>()), 1..4)) {
            let mut bytes = written();
            for (at, byte) in changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let _ = rows(&bytes);
        }

        /// The same for delta-encoded counts.
        #[test]
        fn no_counts_make_the_reader_panic(changes in proptest::collection::vec((4_usize..20_000, any::<u8>()), 1..4)) {
            static BYTES: LazyLock<Vec<u8>> =
                LazyLock::new(|| encoded(Encoding::DELTA_BYTE_ARRAY, WriterVersion::PARQUET_2_0));
            let mut bytes = BYTES.clone();
            for (at, byte) in changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let _ = rows(&bytes);
        }
    }
}
