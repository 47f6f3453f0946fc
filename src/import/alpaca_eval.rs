//! AlpacaEval: who won against the reference.

use std::path::Path;

use serde::Deserialize;

use super::records::Records;
use super::source;
use crate::dataset::Kind;
use crate::error::{Error, Result};

#[derive(Deserialize)]
struct Annotation {
    instruction: String,
    generator_2: String,
    /// 1 if the reference won, 2 if the model did, 1.5 for a draw; or in between.
    preference: Option<f64>,
    annotator: Option<String>,
}

/// Reads the annotations of a model: right is what was preferred to the reference.
pub(super) fn read(path: &Path, records: &mut Records) -> Result<()> {
    for annotation in source::json::<Vec<Annotation>>(path)? {
        let Some(won) = annotation.preference.map(|p| p - 1.0).filter(|w| (0.0..=1.0).contains(w))
        else {
            records.unjudged += 1;
            continue;
        };
        // Judges differ: what one prefers is another question than what another does.
        let judge = annotation.annotator.map_or_else(String::new, |judge| format!("/{judge}"));
        if annotation.generator_2.trim().is_empty() {
            let fix = "name the model in generator_2";
            return Err(Error::input(path, "an annotation names no model", fix));
        }
        let model = records.model(&annotation.generator_2, None);
        let category = format!("alpaca-eval{judge}");
        records.kind(&category, Kind::Preference);
        records.answer(model, &category, annotation.instruction.trim(), won as f32);
    }
    Ok(())
}
