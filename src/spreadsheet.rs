//! CSV files for people: no spreadsheet mistakes one of their cells for a formula.
//!
//! A spreadsheet evaluates a cell that starts with `=`, `+`, `-`, `@`, a tab or a line break, and such a cell
//! may be the name that someone gave to a model. Such a text gets a leading apostrophe, which spreadsheets
//! read as the mark of a text; a number stays a number. A text that starts with apostrophes followed by one
//! of these gets one more, so that [`read`] restores every text.

/// A header and rows, as bytes.
#[must_use]
pub fn table<R>(header: &[impl AsRef<str>], rows: impl IntoIterator<Item = R>) -> Vec<u8>
where
    R: IntoIterator,
    R::Item: AsRef<str>,
{
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(header.iter().map(|cell| written(cell.as_ref())));
    for row in rows {
        let _ = writer.write_record(row.into_iter().map(|cell| written(cell.as_ref())));
    }
    writer.into_inner().unwrap_or_default()
}

/// A cell as it is written.
#[must_use]
pub fn written(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text that was written as `cell`.
#[must_use]
pub fn read(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| is_formula(text)).unwrap_or(cell)
}

/// True if a spreadsheet may evaluate it, or would after its apostrophes.
fn is_formula(text: &str) -> bool {
    // Some spreadsheets treat the full-width forms as the ASCII ones.
    const BEGIN: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    text.trim_start_matches('\'').trim_start_matches(' ').starts_with(BEGIN)
        && text.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_texts_and_numbers_stay() {
        let rows = [["=1+1", "-5"], ["@SUM(A1)", "+3.5e2"], ["-x", "plain"], ["'+'", " =a"]];
        let bytes = table(&["a", "\tb"], rows);
        let text = String::from_utf8(bytes).unwrap();
        let wanted = "a,'\tb\n'=1+1,-5\n'@SUM(A1),+3.5e2\n'-x,plain\n''+',' =a\n";
        assert_eq!(text, wanted);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "['=+@a -]{0,6}|\\PC*") {
            let cell = written(&text);
            prop_assert_eq!(read(&cell), &*text);
            let first = cell.chars().next().unwrap_or(' ');
            prop_assert!(!"=+-@\t\r\n".contains(first) || text.parse::<f64>().is_ok());
        }
    }
}
