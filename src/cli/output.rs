//! Standard output in its formats.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::Serialize;

use crate::{Brief, Error, PrintableLines, Result};

/// Prints one JSON document.
pub fn json(value: &impl Serialize) -> Result<()> {
    let out = io::stdout().lock();
    crate::write_json(out, value, true).map_err(|e| Error::io(Path::new("standard output"), e))
}

/// Prints text, without any control characters.
pub fn text(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    let text = PrintableLines(text.trim_end());
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    written.map_err(|e| Error::io(Path::new("standard output"), e))
}

/// Prints a CSV table: unchanged into a file or a pipe, and without control characters on a terminal.
pub fn csv(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    let written = if out.is_terminal() { readable(bytes, &mut out) } else { out.write_all(bytes) };
    let written = written.and_then(|()| out.flush());
    written.map_err(|e| Error::io(Path::new("standard output"), e))
}

/// The same table with cells of one printable line each.
fn readable(bytes: &[u8], out: impl Write) -> io::Result<()> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(out);
    for row in reader.records() {
        writer.write_record(row?.iter().map(crate::one_line))?;
    }
    writer.flush()
}

/// A message on standard error. Its line breaks are intended: untrusted parts must have passed
/// [`Printable`](crate::Printable) or [`one_line`](crate::one_line), as in every [`Error`].
pub fn message(text: impl Display) {
    // It may repeat input of any length.
    let text = text.to_string();
    let lines: Vec<String> = text.lines().map(|line| Brief(line).to_string()).collect();
    let text = lines.join("\n");
    // If standard error is closed, nobody can be informed.
    let _ = writeln!(io::stderr(), "llmap: {}", PrintableLines(text.trim_end()));
}

/// Maximum width of a table cell.
const WIDEST: usize = 80;

/// A table without lines; the columns after the first `left` ones are right-aligned. Cells that are too wide
/// are truncated.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>, left: usize) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(|text| crate::cell(text, WIDEST)));
    for row in rows {
        table.add_row(row.iter().map(|text| crate::cell(text, WIDEST)));
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if i >= left {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// True if the reader of standard output closed it, as `head` does, which is not an error.
pub fn reader_left(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
}
