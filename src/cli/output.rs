//! What goes to standard output, and in what form.

use std::io::{self, Write};
use std::path::Path;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use llmap::{Error, Result};
use serde::Serialize;

/// Prints one JSON document.
pub fn json(value: &impl Serialize) -> Result<()> {
    let out = io::stdout().lock();
    llmap::write_json(out, value, true).map_err(|e| Error::io(Path::new("standard output"), e))
}

/// Prints text.
pub fn text(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush());
    written.map_err(|e| Error::io(Path::new("standard output"), e))
}

/// A table without lines; the columns after the first `left` ones are aligned to the right.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>, left: usize) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| llmap::one_line(cell)));
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if i >= left {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// True if the reader of standard output went away, as `head` does: no fault of anybody's.
pub fn reader_left(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
}
