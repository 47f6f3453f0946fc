//! A table of typed cells in several formats.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::table::{Cells, parquet_bytes};
use crate::{one_line, spreadsheet};

/// The format of a [`Sheet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Form {
    /// Comma-separated values, safe for spreadsheets.
    Csv,
    /// A list with one object per row.
    Json,
    /// A table for documents and issues.
    #[cfg_attr(feature = "cli", value(alias = "md"))]
    Markdown,
    /// Columns, compressed.
    Parquet,
}

impl Form {
    /// The format of a file ending.
    #[must_use]
    pub fn of_ending(ending: &str) -> Option<Self> {
        Some(match ending {
            "csv" => Self::Csv,
            "json" => Self::Json,
            "md" | "markdown" => Self::Markdown,
            "parquet" => Self::Parquet,
            _ => return None,
        })
    }
}

/// The content of a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Any text.
    Text(String),
    /// A number.
    Number(f64),
    /// Yes or no: 1 or 0 in tables.
    Flag(bool),
    /// Nothing.
    Unknown,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Number(number) } else { Self::Unknown }
    }
}

impl From<f32> for Cell {
    /// With its own digits: 0.1 stays 0.1.
    fn from(number: f32) -> Self {
        number.to_string().parse::<f64>().map_or(Self::Unknown, Self::from)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Unknown, Into::into)
    }
}

impl Cell {
    /// As in tables: empty if unknown.
    fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => u8::from(*flag).to_string(),
            Self::Unknown => String::new(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                json!(*number as i64)
            }
            Self::Number(number) => json!(number),
            Self::Flag(flag) => json!(flag),
            Self::Unknown => Value::Null,
        }
    }

    /// For people: four decimals, and Markdown escaped.
    fn markdown(&self) -> String {
        match self {
            Self::Number(number) => ((number * 1e4).round() / 1e4).to_string(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.into(),
            other => escaped(&other.plain()),
        }
    }
}

/// A text in one line, with Markdown characters escaped.
fn escaped(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::with_capacity(line.len());
    for letter in line.trim().chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '~' => out.extend(['\\', letter]),
            letter => out.push(letter),
        }
    }
    out
}

/// A table of typed cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    header: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// A table with these columns. A duplicate name, such as an attribute with the name of a benchmark, gets
    /// a number.
    #[must_use]
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        let mut seen = HashSet::new();
        let mut own = Vec::new();
        for name in header {
            let name: String = name.into();
            let mut free = name.clone();
            let mut number = 2;
            while !seen.insert(free.clone()) {
                free = format!("{name} ({number})");
                number += 1;
            }
            own.push(free);
        }
        Self { header: own, rows: Vec::new() }
    }

    /// Adds a row, truncated or padded to the number of columns.
    pub fn push(&mut self, mut row: Vec<Cell>) {
        row.resize(self.header.len(), Cell::Unknown);
        self.rows.push(row);
    }

    /// The names of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The rows, each of as many cells.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// The table in a format.
    ///
    /// # Errors
    /// [`Error::Failed`] if it cannot be written.
    pub fn bytes(&self, form: Form) -> Result<Vec<u8>> {
        match form {
            Form::Csv => {
                let rows = self.rows.iter().map(|row| row.iter().map(Cell::plain));
                Ok(spreadsheet::table(&self.header, rows))
            }
            Form::Json => self.json(),
            Form::Markdown => Ok(self.markdown().into_bytes()),
            Form::Parquet => {
                let columns = self.columns();
                let columns: Vec<(&str, Cells)> =
                    columns.iter().map(|(name, kind)| (&**name, *kind)).collect();
                parquet_bytes(&columns, &self.plain(), Vec::new())
            }
        }
    }

    /// The column types for Parquet: a column with any text is text.
    pub(super) fn columns(&self) -> Vec<(String, Cells)> {
        let kind = |at: usize| {
            let text = |row: &Vec<Cell>| matches!(row[at], Cell::Text(_));
            if self.rows.iter().any(text) { Cells::Text } else { Cells::Number }
        };
        self.header.iter().enumerate().map(|(at, name)| (name.clone(), kind(at))).collect()
    }

    /// The cells as texts.
    pub(super) fn plain(&self) -> Vec<Vec<String>> {
        self.rows.iter().map(|row| row.iter().map(Cell::plain).collect()).collect()
    }

    fn json(&self) -> Result<Vec<u8>> {
        let object = |row: &Vec<Cell>| -> Map<String, Value> {
            self.header.iter().cloned().zip(row.iter().map(Cell::json)).collect()
        };
        let rows: Vec<Map<String, Value>> = self.rows.iter().map(object).collect();
        let mut bytes = Vec::new();
        crate::write_json(&mut bytes, &rows, true)
            .map_err(|e| Error::Failed(format!("the table cannot be written: {e}")))?;
        Ok(bytes)
    }

    fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut out = line(self.header.iter().map(|name| escaped(name)).collect());
        let rules = self.columns().into_iter().map(|(_, kind)| match kind {
            Cells::Text => "---".to_owned(),
            _ => "---:".to_owned(),
        });
        out += &line(rules.collect());
        for row in &self.rows {
            out += &line(row.iter().map(Cell::markdown).collect());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new(["model", "size", "open", "model"]);
        sheet.push(vec!["=a|b<c>".into(), 7.25.into(), true.into(), "x\ny".into()]);
        sheet.push(vec!["heron_1".into(), Cell::Unknown, false.into()]);
        sheet
    }

    #[test]
    fn every_form_holds_the_same_cells() {
        let text = |form| String::from_utf8(sheet().bytes(form).unwrap()).unwrap();
        assert_eq!(
            text(Form::Csv),
            "model,size,open,model (2)\n'=a|b<c>,7.25,1,\"x\ny\"\nheron_1,,0,\n"
        );
        let rows: Vec<Value> = serde_json::from_str(&text(Form::Json)).unwrap();
        assert_eq!(
            rows,
            [
                json!({"model": "=a|b<c>", "size": 7.25, "open": true, "model (2)": "x\ny"}),
                json!({"model": "heron_1", "size": null, "open": false, "model (2)": null}),
            ]
        );
        let shown = text(Form::Markdown);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "| model | size | open | model (2) |");
        assert_eq!(lines[1], "| --- | ---: | ---: | --- |");
        assert!(lines[2].starts_with("| =a\\|b&lt;c> | 7.25 | yes | x"), "{shown}");
        assert_eq!(lines[3], "| heron\\_1 |  | no |  |");
        assert_eq!(lines.len(), 4, "no cell contains a line break");
    }

    #[test]
    fn parquet_is_read_back_by_the_reader_of_data_sets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        std::fs::write(&path, sheet().bytes(Form::Parquet).unwrap()).unwrap();
        let mut table = Table::open(&path).unwrap();
        assert_eq!(table.header(), ["model", "size", "open", "model (2)"]);
        let mut rows = Vec::new();
        while let Some(row) = table.next().unwrap() {
            rows.push((0..4).map(|at| row.text(at).unwrap().to_owned()).collect::<Vec<_>>());
        }
        assert_eq!(rows, [["=a|b<c>", "7.25", "1", "x\ny"], ["heron_1", "", "0", ""]]);
    }

    #[test]
    fn an_empty_table_is_one_too() {
        let empty = Sheet::new(["a"]);
        for form in [Form::Csv, Form::Json, Form::Markdown, Form::Parquet] {
            assert!(!empty.bytes(form).unwrap().is_empty());
        }
    }
}
