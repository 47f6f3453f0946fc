//! Converts the cells of a column to values: recognizes missing values, and text among numbers.

use std::path::Path;

use super::{Attribute, Values};
use crate::printable::start;

/// What other programs write for missing values, in lower case.
const MISSING: [&str; 15] = [
    "nan", "-nan", "+nan", "na", "n/a", "#n/a", "<na>", "null", "none", "nil", "-", "--", "?", "–",
    "—",
];
/// Maximum number of characters of a cell in a warning.
const SHOWN: usize = 40;

/// Attribute columns, and warnings about their cells.
#[derive(Debug, Default)]
pub struct Columns {
    /// The columns.
    pub attributes: Vec<Attribute>,
    /// Warnings, one sentence each, with file, line, column and cell.
    pub remarks: Vec<String>,
}

/// True for what other programs write for missing values.
pub(super) fn is_missing(cell: &str) -> bool {
    let cell = cell.trim();
    cell.is_empty() || MISSING.iter().any(|missing| missing.eq_ignore_ascii_case(cell))
}

/// Empties the cells of a number column that are missing or out of range. Warns about those out of range, or
/// if a column that is mostly numbers is read as text. `line` is the line of each cell.
pub(super) fn clean(
    path: &Path,
    name: &str,
    cells: &mut [String],
    line: impl Fn(usize) -> u64,
) -> Vec<String> {
    let (mut numbers, mut beyond, mut words) = (0_usize, Vec::new(), Vec::new());
    for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| !is_missing(cell)) {
        match cell.trim().parse::<f64>() {
            Ok(x) if Values::is_number(x) => numbers += 1,
            Ok(_) => beyond.push(at),
            Err(_) => words.push(at),
        }
    }
    let remark = |found: &[usize], what: &str, meaning: &str| {
        let first = *found.first()?;
        let more = match found.len() - 1 {
            0 => String::new(),
            more => format!(" (and {} more)", crate::count(more, "such cell")),
        };
        Some(format!(
            "{}:{}: the cell `{}` of the column `{}` {what}{more}: {meaning}",
            path.display(),
            line(first),
            start(cells[first].trim(), SHOWN),
            start(name, SHOWN),
        ))
    };
    if words.is_empty() && numbers + beyond.len() > 0 {
        let remark = remark(&beyond, "is a number out of range", "treated as unknown");
        for cell in cells.iter_mut() {
            if !cell.trim().parse().is_ok_and(Values::is_number) {
                cell.clear();
            }
        }
        remark.into_iter().collect()
    } else if numbers + beyond.len() > words.len() {
        let remark = remark(&words, "is not a number", "the whole column is read as text");
        remark.into_iter().collect()
    } else {
        Vec::new()
    }
}

/// Types columns by their cells.
pub(super) fn typed(
    path: &Path,
    columns: impl IntoIterator<Item = (String, Vec<String>)>,
    line: impl Fn(usize) -> u64,
) -> Columns {
    let mut typed = Columns::default();
    for (name, mut cells) in columns {
        typed.remarks.extend(clean(path, &name, &mut cells, &line));
        typed.attributes.push(Attribute { name, values: Values::from_cells(&cells) });
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[&str]) -> (Values, Vec<String>) {
        let cells = cells.iter().map(ToString::to_string).collect();
        let found = typed(Path::new("models.csv"), [("size".into(), cells)], |at| at as u64 + 2);
        (found.attributes[0].values.clone(), found.remarks)
    }

    #[test]
    fn missing_values_among_numbers_are_unknown() {
        let numbers = Values::Number(vec![Some(7.5), None, Some(3.0)]);
        for missing in
            ["NaN", "nan", "-nan", "NA", "n/a", "N/A", "null", "None", " ", "-", "—", "<NA>"]
        {
            assert_eq!(column(&["7.5", missing, "3"]), (numbers.clone(), vec![]), "{missing}");
        }
        let flags = Values::Flag(vec![Some(true), None]);
        assert_eq!(column(&["1", "NA"]), (flags, vec![]));
        // Among words it is a word.
        let class = Values::Class(vec![Some("none".into()), Some("int8".into())]);
        assert_eq!(column(&["none", "int8"]), (class, vec![]));
    }

    #[test]
    fn a_number_out_of_range_is_unknown_and_remarked_upon() {
        for beyond in ["inf", "-Infinity", "1e300", "1e999"] {
            let (values, remarks) = column(&["7.5", beyond, "3"]);
            assert_eq!(values, Values::Number(vec![Some(7.5), None, Some(3.0)]), "{beyond}");
            let expected = format!(
                "models.csv:3: the cell `{beyond}` of the column `size` is a number out of range: \
                 treated as unknown"
            );
            assert_eq!(remarks, [expected]);
        }
        let (_, remarks) = column(&["1e300", "2", "inf", "inf"]);
        assert!(
            remarks[0].contains(":2: ") && remarks[0].contains("2 such cells more"),
            "{remarks:?}"
        );
    }

    #[test]
    fn a_few_words_among_numbers_are_remarked_upon() {
        let (values, remarks) = column(&["7", "8", "9", "70B", "x"]);
        assert_eq!((values.kind(), remarks.len()), ("class", 1));
        assert!(remarks[0].contains("models.csv:5: the cell `70B`"), "{remarks:?}");
        assert!(remarks[0].contains("1 such cell more") && remarks[0].contains("read as text"));
        assert_eq!(column(&["7", "x", "y"]).1, [""; 0]);
    }
}
