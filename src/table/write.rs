//! Writes tables, as CSV or as Parquet.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use crate::error::{Error, Result};

/// Rows per row group.
const GROUP: usize = 1 << 16;

/// The format of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Form {
    /// Plain text, readable by any program.
    #[default]
    Csv,
    /// Columnar, smaller and faster to read.
    Parquet,
}

/// The type of a column; an empty cell is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cells {
    Text,
    /// Numbers in double precision.
    Number,
    /// Numbers in single precision.
    Label,
}

/// A column of lists, one per row.
pub(crate) enum List<'a> {
    /// Numbers in single precision.
    Floats(&'a str, Vec<Vec<f32>>),
    /// A struct of a list of integers and a list of numbers.
    Pair(&'a str, (&'a str, Vec<Vec<i64>>), (&'a str, Vec<Vec<f64>>)),
}

impl List<'_> {
    /// Its type: a three-level list, as the format requires.
    fn field(&self) -> Result<Type, ParquetError> {
        let list = |name: &str, physical: Physical| {
            let element = Type::primitive_type_builder("element", physical)
                .with_repetition(Repetition::REQUIRED)
                .build()?;
            let repeated = Type::group_type_builder("list")
                .with_repetition(Repetition::REPEATED)
                .with_fields(vec![Arc::new(element)])
                .build()?;
            Type::group_type_builder(name)
                .with_repetition(Repetition::REQUIRED)
                .with_logical_type(Some(LogicalType::List))
                .with_fields(vec![Arc::new(repeated)])
                .build()
        };
        match self {
            Self::Floats(name, _) => list(name, Physical::FLOAT),
            Self::Pair(name, (first, _), (second, _)) => {
                let fields = [list(first, Physical::INT64)?, list(second, Physical::DOUBLE)?];
                Type::group_type_builder(name)
                    .with_repetition(Repetition::REQUIRED)
                    .with_fields(fields.map(Arc::new).into())
                    .build()
            }
        }
    }

    fn write<W: Write + Send>(
        &self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        match self {
            Self::Floats(_, lists) => write_lists::<FloatType, W>(group, lists),
            Self::Pair(_, (_, first), (_, second)) => {
                write_lists::<Int64Type, W>(group, first)?;
                write_lists::<DoubleType, W>(group, second)
            }
        }
    }
}

/// Writes a column of lists.
fn write_lists<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    lists: &[Vec<T::T>],
) -> Result<(), ParquetError> {
    let (mut values, mut there, mut further) = (Vec::new(), Vec::new(), Vec::new());
    for list in lists {
        // An empty list is one entry with definition level 0; in a longer one, all but the first have
        // repetition level 1.
        there.extend(std::iter::repeat_n(i16::from(!list.is_empty()), list.len().max(1)));
        further.push(0);
        further.extend(std::iter::repeat_n(1, list.len().saturating_sub(1)));
        values.extend(list.iter().cloned());
    }
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    column.typed::<T>().write_batch(&values, Some(&there), Some(&further))?;
    column.close()
}

/// A table while it is written.
pub(crate) struct Writer {
    path: PathBuf,
    out: Out,
}

enum Out {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Parquet(Box<Columns<File>>),
}

/// The rows of a row group, by column.
struct Columns<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    kinds: Vec<Cells>,
    cells: Vec<Vec<String>>,
}

impl Writer {
    /// Starts the table `stem` in a folder.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub(crate) fn create(
        folder: &Path,
        stem: &str,
        form: Form,
        columns: &[(&str, Cells)],
    ) -> Result<Self> {
        let ending = if form == Form::Csv { "csv" } else { "parquet" };
        let path = folder.join(format!("{stem}.{ending}"));
        let file = File::create(&path).map_err(|e| Error::io(&path, e))?;
        let out = match form {
            Form::Csv => {
                let mut writer = csv::Writer::from_writer(BufWriter::new(file));
                let header = columns.iter().map(|(name, _)| name);
                writer.write_record(header).map_err(|e| Error::io(&path, e.into()))?;
                Out::Csv(Box::new(writer))
            }
            Form::Parquet => {
                let columns = Columns::new(file, columns, &[]).map_err(|e| failed(&path, &e))?;
                Out::Parquet(Box::new(columns))
            }
        };
        Ok(Self { path, out })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub(crate) fn row(&mut self, cells: &[&str]) -> Result<()> {
        match &mut self.out {
            Out::Csv(writer) => {
                writer.write_record(cells).map_err(|e| Error::io(&self.path, e.into()))
            }
            Out::Parquet(columns) => {
                for (column, cell) in columns.cells.iter_mut().zip(cells) {
                    column.push((*cell).to_owned());
                }
                let full = columns.cells[0].len() == GROUP;
                if full { columns.flush(&[]).map_err(|e| failed(&self.path, &e)) } else { Ok(()) }
            }
        }
    }

    /// Completes the table.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub(crate) fn finish(self) -> Result<()> {
        match self.out {
            Out::Csv(writer) => {
                let io = |e| Error::io(&self.path, e);
                let out = writer.into_inner().map_err(|e| io(e.into_error()))?;
                let file = out.into_inner().map_err(|e| io(e.into_error()))?;
                file.sync_all().map_err(io)
            }
            Out::Parquet(mut columns) => {
                columns.flush(&[]).map_err(|e| failed(&self.path, &e))?;
                let mut file = columns.writer.into_inner().map_err(|e| failed(&self.path, &e))?;
                file.flush().and_then(|()| file.sync_all()).map_err(|e| Error::io(&self.path, e))
            }
        }
    }
}

fn failed(path: &Path, error: &ParquetError) -> Error {
    Error::io(path, std::io::Error::other(error.to_string()))
}

/// A Parquet file in memory, with rows of cells followed by lists.
///
/// # Errors
/// [`Error::Failed`] if the crate `parquet` fails.
pub(crate) fn parquet_bytes(
    columns: &[(&str, Cells)],
    rows: &[Vec<String>],
    lists: Vec<List<'_>>,
) -> Result<Vec<u8>> {
    let mut out = Groups::new(Vec::new(), columns, &lists)?;
    // One row group: the rows are in memory anyway.
    out.add(rows, &lists)?;
    out.finish()
}

/// A Parquet file that is written one row group at a time.
pub(crate) struct Groups<W: Write + Send>(Columns<W>);

impl<W: Write + Send> Groups<W> {
    /// Starts a file in `out` with these columns, followed by lists like these.
    ///
    /// # Errors
    /// [`Error::Failed`] if it cannot be written; the same for all methods.
    pub(crate) fn new(out: W, columns: &[(&str, Cells)], lists: &[List<'_>]) -> Result<Self> {
        Columns::new(out, columns, lists).map(Self).map_err(|e| refused(&e))
    }

    /// Adds a row group: the cells of each row, and for each list column one list per row.
    ///
    /// # Errors
    /// As [`Groups::new`].
    pub(crate) fn add(&mut self, rows: &[Vec<String>], lists: &[List<'_>]) -> Result<()> {
        for (column, cells) in self.0.cells.iter_mut().enumerate() {
            cells.extend(rows.iter().map(|row| row.get(column).cloned().unwrap_or_default()));
        }
        self.0.flush(lists).map_err(|e| refused(&e))
    }

    /// Completes the file and returns where it was written.
    ///
    /// # Errors
    /// As [`Groups::new`].
    pub(crate) fn finish(self) -> Result<W> {
        self.0.writer.into_inner().map_err(|e| refused(&e))
    }
}

fn refused(error: &ParquetError) -> Error {
    Error::Failed(format!("the table cannot be written: {error}"))
}

impl<W: Write + Send> Columns<W> {
    fn new(file: W, columns: &[(&str, Cells)], lists: &[List<'_>]) -> Result<Self, ParquetError> {
        let mut fields = Vec::new();
        for (name, cells) in columns {
            let physical = match cells {
                Cells::Text => Physical::BYTE_ARRAY,
                Cells::Number => Physical::DOUBLE,
                Cells::Label => Physical::FLOAT,
            };
            let text = (*cells == Cells::Text).then_some(LogicalType::String);
            let field = Type::primitive_type_builder(name, physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(text);
            fields.push(Arc::new(field.build()?));
        }
        for list in lists {
            fields.push(Arc::new(list.field()?));
        }
        let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        Ok(Self {
            writer: SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?,
            kinds: columns.iter().map(|(_, cells)| *cells).collect(),
            cells: vec![Vec::new(); columns.len()],
        })
    }

    fn flush(&mut self, lists: &[List<'_>]) -> Result<(), ParquetError> {
        if self.cells.first().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for (cells, kind) in self.cells.iter_mut().zip(&self.kinds) {
            let cells = std::mem::take(cells);
            let known = cells.iter().filter(|cell| !cell.is_empty());
            let levels: Vec<i16> = cells.iter().map(|cell| i16::from(!cell.is_empty())).collect();
            let Some(mut column) = group.next_column()? else { continue };
            match kind {
                Cells::Text => {
                    let values: Vec<ByteArray> =
                        known.map(|cell| ByteArray::from(cell.as_str())).collect();
                    column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
                }
                Cells::Number => {
                    let values: Vec<f64> =
                        known.map(|cell| cell.parse().unwrap_or(f64::NAN)).collect();
                    column.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
                }
                Cells::Label => {
                    let values: Vec<f32> =
                        known.map(|cell| cell.parse().unwrap_or(f32::NAN)).collect();
                    column.typed::<FloatType>().write_batch(&values, Some(&levels), None)?;
                }
            }
            column.close()?;
        }
        lists.iter().try_for_each(|list| list.write(&mut group))?;
        group.close()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::*;

    #[test]
    fn lists_are_read_back() {
        let pair = List::Pair(
            "near",
            ("ids", vec![vec![1, 2], vec![]]),
            ("distances", vec![vec![0.5, 0.25], vec![]]),
        );
        let lists = vec![pair, List::Floats("vector", vec![vec![1.5], vec![2.5, 3.5]])];
        let rows = [vec!["a".to_owned()], vec![String::new()]];
        let bytes = parquet_bytes(&[("name", Cells::Text)], &rows, lists).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        std::fs::write(&path, bytes).unwrap();
        let mut table = Table::open(&path).unwrap();
        assert_eq!(table.header(), ["name", "near", "vector"]);
        let mut rows = Vec::new();
        while let Some(row) = table.next().unwrap() {
            rows.push([0, 1, 2].map(|at| row.text(at).unwrap().to_owned()));
        }
        assert_eq!(
            rows,
            [
                ["a", r#"{"ids":[1,2],"distances":[0.5,0.25]}"#, "[1.5]"],
                ["", r#"{"ids":[],"distances":[]}"#, "[2.5,3.5]"],
            ]
        );
    }

    #[test]
    fn both_forms_give_the_same_rows() {
        let folder = tempfile::tempdir().unwrap();
        let columns = [("name", Cells::Text), ("size", Cells::Number), ("label", Cells::Label)];
        for form in [Form::Csv, Form::Parquet] {
            let mut writer = Writer::create(folder.path(), "t", form, &columns).unwrap();
            writer.row(&["a, \"b\"\nc", "7.25", "0.1"]).unwrap();
            writer.row(&["d", "", "1"]).unwrap();
            writer.finish().unwrap();
        }
        let read = |path: &str| {
            let mut table = Table::open(&folder.path().join(path)).unwrap();
            let mut rows = vec![table.header().join("|")];
            while let Some(row) = table.next().unwrap() {
                let cells: Vec<&str> = (0..3).map(|at| row.text(at).unwrap()).collect();
                rows.push(cells.join("|"));
            }
            rows
        };
        assert_eq!(read("t.csv"), ["name|size|label", "a, \"b\"\nc|7.25|0.1", "d||1"]);
        assert_eq!(read("t.csv"), read("t.parquet"));
    }
}
