//! Attributes from names, by user-defined rules.

use std::path::Path;

use regex_lite::{Regex, RegexBuilder};

use super::cells::{Columns, clean};
use super::{Attribute, Values};
use crate::error::Result;
use crate::table::Table;

/// Maximum size of a compiled pattern in bytes.
const LARGEST: usize = 1 << 20;

/// A case-insensitive pattern for names.
///
/// # Errors
/// A description of what is wrong with the pattern.
pub(crate) fn pattern(text: &str) -> std::result::Result<Regex, String> {
    let built = RegexBuilder::new(text).case_insensitive(true).size_limit(LARGEST).build();
    built.map_err(|e| e.to_string())
}

/// Reads a CSV with the columns `regex`, `attribute` and `value`: a model gets the value of the first rule of
/// an attribute that matches its name; without a match it is unknown.
///
/// # Errors
/// An error in the file, or an invalid pattern.
pub fn load_rules(path: &Path, models: &[String]) -> Result<Columns> {
    let mut table = Table::open(path)?;
    let (regex, attribute, value) =
        (table.column("regex")?, table.column("attribute")?, table.column("value")?);
    // Each cell, with the line of its rule.
    let mut columns: Vec<(String, Vec<(String, u64)>)> = Vec::new();
    while let Some(row) = table.next()? {
        let text = row.filled(regex)?;
        let pattern = pattern(text).map_err(|problem| {
            row.error(
                format!("`{text}` is not a valid regular expression: {problem}"),
                "fix the pattern; letters and digits match themselves",
            )
        })?;
        let (name, value) = (row.filled(attribute)?, row.filled(value)?);
        let at = columns.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            columns.push((name.to_owned(), vec![(String::new(), 0); models.len()]));
            columns.len() - 1
        });
        for ((cell, line), model) in columns[at].1.iter_mut().zip(models) {
            if cell.is_empty() && pattern.is_match(model) {
                value.clone_into(cell);
                *line = row.line();
            }
        }
    }
    let mut found = Columns::default();
    for (name, cells) in columns {
        let (mut cells, lines): (Vec<String>, Vec<u64>) = cells.into_iter().unzip();
        found.remarks.extend(clean(path, &name, &mut cells, |m| lines[m]));
        found.attributes.push(Attribute { name, values: Values::from_cells(&cells) });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_matches_gives_the_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.csv");
        std::fs::write(&path, "regex,attribute,value\ncode,coder,1\n^x,size,7\n.,coder,0\n")
            .unwrap();
        let models = ["CodeLlama", "xcode", "vicuna"].map(str::to_owned);
        let found = load_rules(&path, &models).unwrap().attributes;
        let flags = Values::Flag(vec![Some(true), Some(true), Some(false)]);
        assert_eq!(found[0], Attribute { name: "coder".into(), values: flags });
        assert_eq!(found[1].values, Values::Number(vec![None, Some(7.0), None]));
    }

    #[test]
    fn a_bad_pattern_is_reported_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.csv");
        for bad in ["a(b", "(x{900}){900}"] {
            std::fs::write(&path, format!("regex,attribute,value\nok,a,1\n\"{bad}\",a,0\n"))
                .unwrap();
            let error = load_rules(&path, &["m".into()]).unwrap_err().to_string();
            assert!(error.contains("rules.csv:3") && error.contains("fix:"), "{error}");
        }
    }
}
