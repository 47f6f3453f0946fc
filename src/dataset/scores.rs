//! Accuracies of models on one benchmark, in a separate file.

use std::path::Path;

use crate::error::Result;
use crate::names::nearest;
use crate::table::Table;

/// Reads a table with `model_name`, `accuracy` (in [0, 1]) and optionally `responses`; without that column,
/// `responses` is used for every row. Returns (accuracy, responses) for each of `models`.
///
/// # Errors
/// An error in the file: a missing column, an unknown or duplicate model, a number out of range.
pub fn load_scores(
    path: &Path,
    models: &[String],
    responses: u32,
) -> Result<Vec<Option<(f64, u32)>>> {
    let mut table = Table::open(path)?;
    let (name, accuracy) = (table.column("model_name")?, table.column("accuracy")?);
    let counts = table.optional("responses");
    let mut scores = vec![None; models.len()];
    while let Some(row) = table.next()? {
        let name = row.filled(name)?;
        let Some(model) = models.iter().position(|model| model == name) else {
            let hint = nearest(name, models.iter().map(String::as_str))
                .map_or_else(|| "remove the row".into(), |near| format!("did you mean `{near}`?"));
            return Err(row.error(format!("the embedder has no model called `{name}`"), hint));
        };
        let responses = match counts {
            Some(column) => {
                row.filled(column)?.parse().ok().filter(|n| *n > 0).ok_or_else(|| {
                    row.error("the responses are not a number above 0", "write how many there are")
                })?
            }
            None => responses,
        };
        let fix = "write the fraction of correct answers, such as 0.75";
        let score = (f64::from(row.share(accuracy, "accuracy", fix)?), responses);
        if scores[model].replace(score).is_some() {
            return Err(row.error(format!("duplicate row for `{name}`"), "keep one row per model"));
        }
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_joined_by_name_and_errors_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.csv");
        let models = ["alpha", "beta"].map(str::to_owned);
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            load_scores(&path, &models, 50)
        };
        let found = read("model_name,accuracy\nbeta,0.25\n").unwrap();
        assert_eq!(found, [None, Some((0.25, 50))]);
        let found = read("model_name,accuracy,responses\nbeta,0.25,7\n").unwrap();
        assert_eq!(found[1], Some((0.25, 7)));
        for (text, problem) in [
            ("model_name,accuracy\nbeta,0.5\nbeta,0.5\n", ":3: duplicate row for `beta`"),
            ("model_name,accuracy\nalpa,0.5\n", "did you mean `alpha`?"),
            ("model_name,accuracy\nbeta,1.5\n", ":2: the accuracy `1.5` is not"),
            ("model_name,accuracy,responses\nbeta,0.5,-1\n", "not a number above 0"),
            ("model,accuracy\n", "model_name"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
