//! A table with a header: CSV, plain or compressed, or Parquet. Every error has the file and line.

mod delta;
mod pages;
mod parquet;
mod write;

use std::cell::Cell;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use csv::ByteRecord;

use crate::error::{Error, Result};
pub(crate) use parquet::{Records, object, text};
pub use write::Form;
pub(crate) use write::{Cells, Groups, List, Writer, parquet_bytes};

/// The file endings of tables.
const ENDINGS: [&str; 4] = ["csv", "csv.gz", "csv.zst", "parquet"];

/// Maximum size of a row, and so of each cell: 16 MiB.
const LONGEST: u64 = 16 << 20;
/// Appended to the bytes of a table while it is parsed: if a quote is still open, it becomes part of the last
/// cell, and otherwise a row of its own.
const END: &[u8] = b"\n\0end of the table\0\n";

/// The table called `stem` in a folder, in any of the formats.
///
/// # Errors
/// [`Error::Io`] if the folder cannot be read; [`Error::Input`] if something other than a file has its name.
pub(crate) fn find(folder: &Path, stem: &str) -> Result<Option<PathBuf>> {
    let mut other = None;
    for ending in ENDINGS {
        let path = folder.join(format!("{stem}.{ending}"));
        match path.metadata() {
            Ok(about) if about.is_file() => return Ok(Some(path)),
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Error::io(&path, e)),
            Ok(about) => {
                let folder = about.is_dir();
                let what = if folder {
                    "a folder, not a file"
                } else {
                    "a pipe or device, not a regular file"
                };
                other = other.or(Some((path, what)));
            }
            Err(_) => {}
        }
    }
    match other {
        Some((path, what)) => Err(Error::input(&path, what, "replace it with the table")),
        None => Ok(None),
    }
}

/// The files of the table called `stem` in a folder, in order: the one that [`find`] returns, or else those
/// in a folder of its name (`responses.parquet/part-0.parquet`, as Spark, Ray and `DataFusion` write them),
/// or else its shards (`responses-00000-of-00002.parquet`). Empty if there are none.
///
/// # Errors
/// As [`find`]; [`Error::Input`] if a shard is missing, or the folder contains no table.
pub(crate) fn shards(folder: &Path, stem: &str) -> Result<Vec<PathBuf>> {
    let places = ENDINGS.map(|ending| folder.join(format!("{stem}.{ending}")));
    let inner = places.iter().find(|place| place.is_dir());
    if let Some(inner) = inner.filter(|_| !places.iter().any(|place| place.is_file())) {
        let shards = tables_in(inner, |_| true)?;
        if shards.is_empty() {
            let problem = format!("a folder without tables ({})", ENDINGS.join(", "));
            return Err(Error::input(inner, problem, "put the shards of the table there"));
        }
        complete(&shards)?;
        return Ok(shards);
    }
    if let Some(table) = find(folder, stem)? {
        return Ok(vec![table]);
    }
    let mark = format!("{stem}-");
    let shards = tables_in(folder, |name| {
        let number = name.strip_prefix(&mark);
        number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
    })?;
    complete(&shards)?;
    Ok(shards)
}

/// The tables in a folder whose names are wanted, by name, without hidden files.
fn tables_in(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| Error::io(folder, e))? {
        let path = entry.map_err(|e| Error::io(folder, e))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let table = ENDINGS.iter().any(|ending| name.ends_with(&format!(".{ending}")));
        if table && !name.starts_with(['.', '_']) && wanted(name) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The parts of a shard's name, `STEM-00003-of-00016.ENDING`: the stem, the number and the total.
pub(crate) fn shard_of(name: &str) -> Option<(&str, usize, usize)> {
    let (name, _) = name.split_once('.')?;
    let (rest, of) = name.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    Some((stem, number.parse().ok()?, of.parse().ok()?))
}

/// Checks that no shard is missing, if the names have the total (`-00003-of-00016`).
fn complete(shards: &[PathBuf]) -> Result<()> {
    let number = |path: &PathBuf| -> Option<(usize, usize)> {
        let (_, number, of) = shard_of(path.file_name()?.to_str()?)?;
        Some((number, of))
    };
    let Some(numbers) = shards.iter().map(number).collect::<Option<Vec<_>>>() else {
        return Ok(());
    };
    let Some(&(first, all)) = numbers.first() else { return Ok(()) };
    let expected = numbers.iter().enumerate().all(|(i, number)| *number == (first + i, all));
    if expected && first <= 1 && numbers.len() == all {
        return Ok(());
    }
    let problem = format!("is one of {all} shards, of which {} are here", shards.len());
    Err(Error::input(&shards[0], problem, "keep all shards of one run here, and no others"))
}

/// An open table.
pub(crate) struct Table {
    path: PathBuf,
    source: Source,
    header: Vec<String>,
    record: ByteRecord,
    /// The line where the row starts or, in Parquet, its number.
    line: u64,
    /// True if no more of the file can be read.
    broken: bool,
}

/// The source of the rows.
enum Source {
    Csv {
        reader: Box<csv::Reader<Ended>>,
        /// How many lines the parser is behind.
        line_offset: u64,
        /// Bytes of the source so far, and since the last row.
        read: Rc<Cell<u64>>,
        unparsed: Rc<Cell<u64>>,
    },
    Parquet(Box<Records>),
}

/// The source for the parser, with [`END`] appended.
struct Ended {
    inner: BufReader<Box<dyn Read>>,
    end: &'static [u8],
    read: Rc<Cell<u64>>,
    unparsed: Rc<Cell<u64>>,
}

impl Read for Ended {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if n == 0 {
            return self.end.read(buffer);
        }
        self.read.set(self.read.get() + n as u64);
        self.unparsed.set(self.unparsed.get() + n as u64);
        if self.unparsed.get() > LONGEST + (1 << 18) {
            return Err(io::Error::other(format!("a row is longer than {} MiB", LONGEST >> 20)));
        }
        Ok(n)
    }
}

/// One row of a [`Table`].
pub(crate) struct Row<'a> {
    path: &'a Path,
    line: u64,
    header: &'a [String],
    record: &'a ByteRecord,
}

impl Table {
    /// Opens a table and reads its header.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path.extension().is_some_and(|ending| ending == "parquet") {
            return Self::of_parquet(path, crate::unpack::seekable(path)?);
        }
        Self::of_csv(path, crate::unpack::open(path)?)
    }

    /// The table of a Parquet file.
    fn of_parquet(path: &Path, file: File) -> Result<Self> {
        let records = Records::open(file, |_| true).map_err(|e| no_parquet(path, None, &e))?;
        let header = named(path, records.names().to_vec())?;
        Ok(Self::new(path, Source::Parquet(Box::new(records)), header))
    }

    /// A table before its first row.
    fn new(path: &Path, source: Source, header: Vec<String>) -> Self {
        let record = ByteRecord::new();
        Self { path: path.into(), source, header, record, line: 0, broken: false }
    }

    /// A table from CSV, tab-separated if its name ends in `.tsv`.
    pub(crate) fn of_csv(path: &Path, bytes: Box<dyn Read>) -> Result<Self> {
        let mut bytes = BufReader::with_capacity(1 << 18, bytes);
        // The parser attributes the second byte of `\r
        // ` to the next line: after such an ending its line numbers are one too low.
        let start = bytes.fill_buf().unwrap_or_default();
        let end = start.iter().position(|byte| *byte == b'\n').unwrap_or_default();
        let line_offset = u64::from(end > 0 && start[end - 1] == b'\r');
        let (read, unparsed) = (Rc::<Cell<u64>>::default(), Rc::<Cell<u64>>::default());
        let (to, since) = (Rc::clone(&read), Rc::clone(&unparsed));
        let source = Ended { inner: bytes, end: END, read: to, unparsed: since };
        // Rows with a wrong number of cells are rejected here, except the appended end.
        let mut builder = csv::ReaderBuilder::new();
        let name = path.to_string_lossy().to_lowercase();
        if [".tsv", ".tsv.gz", ".tsv.zst"].iter().any(|ending| name.ends_with(ending)) {
            builder.delimiter(b'\t');
        }
        let mut reader = builder.flexible(true).buffer_capacity(1 << 18).from_reader(source);
        let mut header = match reader.byte_headers() {
            Ok(header) => header.clone(),
            Err(e) => return Err(fault(path, 0, 1, &e)),
        };
        unparsed.set(0);
        if is_end(&header) {
            header.clear();
        } else if is_open(&header) {
            return Err(at(path, 1, OPEN, CLOSE));
        }
        let mut names = Vec::new();
        for name in &header {
            let name = std::str::from_utf8(name)
                .map_err(|_| at(path, 1, "the header is not UTF-8", "save the file as UTF-8"))?;
            names.push(name.trim().to_owned());
        }
        let header = named(path, names)?;
        let source = Source::Csv { reader: Box::new(reader), line_offset, read, unparsed };
        Ok(Self::new(path, source, header))
    }

    /// The index of a required column.
    pub(crate) fn column(&self, name: &str) -> Result<usize> {
        self.optional(name).ok_or_else(|| {
            let there = self.header.join(", ");
            let problem = format!("no column `{name}` (there are: {there})");
            at(&self.path, 1, problem, format!("add a column `{name}` to the header and every row"))
        })
    }

    /// The index of an optional column.
    pub(crate) fn optional(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// True after an error that makes the following rows unreadable.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// The names of all columns.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// The next row, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>> {
        let mut open = false;
        match &mut self.source {
            Source::Csv { reader, line_offset, read, unparsed } => {
                match reader.read_byte_record(&mut self.record) {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    Err(e) => {
                        // The unreadable row comes after the last one that could be read.
                        let line = reader.position().line() + *line_offset;
                        self.broken = matches!(e.kind(), csv::ErrorKind::Io(_));
                        return Err(fault(&self.path, *line_offset, line, &e));
                    }
                }
                unparsed.set(0);
                // A row that only looks like the appended end comes earlier.
                if is_end(&self.record) && reader.position().byte() > read.get() + 1 {
                    return Ok(None);
                }
                self.line =
                    self.record.position().map_or(0, |position| position.line() + *line_offset);
                open = is_open(&self.record);
            }
            Source::Parquet(records) => {
                self.line += 1;
                let row = records.next();
                let row = row.map_err(|e| no_parquet(&self.path, Some(self.line), &e))?;
                let Some(row) = row else { return Ok(None) };
                self.record.clear();
                for (_, field) in row.get_column_iter() {
                    self.record.push_field(text(field).as_bytes());
                }
            }
        }
        let (line, header, record) = (self.line, &self.header[..], &self.record);
        let row = Row { path: &self.path, line, header, record };
        if open {
            return Err(row.error(OPEN, CLOSE));
        }
        if record.len() != header.len() {
            let (cells, columns) = (record.len(), header.len());
            return Err(row.error(format!("{cells} cells where the header has {columns}"), QUOTE));
        }
        Ok(Some(row))
    }
}

impl<'a> Row<'a> {
    /// The line where the row starts; its number, from 1, in a Parquet file.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// An error on this row.
    pub(crate) fn error(&self, problem: impl Into<String>, fix: impl Into<String>) -> Error {
        at(self.path, self.line(), problem, fix)
    }

    /// The cell in a column, unchanged.
    pub(crate) fn bytes(&self, column: usize) -> &'a [u8] {
        self.record.get(column).unwrap_or_default()
    }

    /// The cell in a column as text.
    pub(crate) fn text(&self, column: usize) -> Result<&'a str> {
        std::str::from_utf8(self.bytes(column)).map_err(|_| {
            let problem = format!("the cell of `{}` is not UTF-8", self.header[column]);
            self.error(problem, "save the file as UTF-8")
        })
    }

    /// The cell in a column as text that must not be blank.
    pub(crate) fn filled(&self, column: usize) -> Result<&'a str> {
        let text = self.text(column)?;
        if text.trim().is_empty() {
            let name = &self.header[column];
            return Err(self.error(format!("`{name}` is empty"), "fill the cell or remove the row"));
        }
        Ok(text)
    }

    /// The cell in a column as a label in [0, 1].
    pub(crate) fn label(&self, column: usize) -> Result<f32> {
        self.share(column, "label", "write 1 for correct, 0 for incorrect, or a fraction")
    }

    /// The cell in a column as a number in [0, 1]; `what` and `fix` are for the error message.
    pub(crate) fn share(&self, column: usize, what: &str, fix: &str) -> Result<f32> {
        let text = self.text(column)?.trim();
        match text.parse::<f32>() {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
            _ => {
                let problem = format!("the {what} `{text}` is not a number from 0 to 1");
                Err(self.error(problem, fix))
            }
        }
    }
}

const OPEN: &str = "a quote of this row is not closed";
const CLOSE: &str = "close it, or write the file again if it was truncated";
const QUOTE: &str =
    "quote cells that contain commas or line breaks, and give every row the same columns";

/// True for the appended end.
fn is_end(record: &ByteRecord) -> bool {
    record.len() == 1 && record.get(0) == Some(END.trim_ascii())
}

/// True for the last row if its quote is still open.
fn is_open(record: &ByteRecord) -> bool {
    record.iter().next_back().is_some_and(|cell| cell.ends_with(END))
}

/// The column names, if they are unique.
fn named(path: &Path, names: Vec<String>) -> Result<Vec<String>> {
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
        let problem = format!("duplicate column `{twice}`");
        return Err(at(path, 1, problem, "remove one of them"));
    }
    Ok(names)
}

fn no_parquet(path: &Path, line: Option<u64>, problem: &str) -> Error {
    let fix = "write the file again, as Parquet or CSV; it may be truncated".into();
    Error::Input { file: path.into(), line, problem: problem.into(), fix }
}

fn at(path: &Path, line: u64, problem: impl Into<String>, fix: impl Into<String>) -> Error {
    Error::Input { file: path.into(), line: Some(line), problem: problem.into(), fix: fix.into() }
}

fn fault(path: &Path, line_offset: u64, line: u64, error: &csv::Error) -> Error {
    let line = error.position().map_or(line, |position| position.line() + line_offset);
    let (problem, fix) = match error.kind() {
        csv::ErrorKind::Io(e) if e.kind() == io::ErrorKind::Other => (
            e.to_string(),
            "check that it is the right file; else split it, or decompress it first",
        ),
        csv::ErrorKind::Io(e) => (
            format!("cannot be read: {e}"),
            "the file may be truncated or in another compression format: write it again",
        ),
        _ => (error.to_string(), "write the file as CSV with a header (RFC 4180)"),
    };
    Error::Input { file: path.into(), line: Some(line), problem, fix: fix.into() }
}
