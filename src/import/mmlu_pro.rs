//! MMLU-Pro: what was answered, beside what is right.

use std::path::Path;

use serde::Deserialize;

use super::records::Records;
use super::{source, text};
use crate::error::{Error, Result};

#[derive(Deserialize)]
struct Answered {
    question: String,
    #[serde(default)]
    options: Vec<String>,
    answer: String,
    /// Nothing if no letter was found in what the model wrote.
    pred: Option<String>,
    category: String,
}

/// Reads the answers of the model that the file, or else its folder, is named like.
pub(super) fn read(path: &Path, records: &mut Records) -> Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = source::stem(name, ".json").unwrap_or(name);
    let named = stem.strip_prefix("model_outputs_").map(|rest| {
        let shots = rest.rsplit_once('_').filter(|(_, shots)| shots.ends_with("shots"));
        shots.map_or(rest, |(model, _)| model)
    });
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let model = named.or(folder).ok_or_else(|| {
        Error::input(path, "no model is named", "call it model_outputs_MODEL_5shots.json")
    })?;
    let model = records.model(model, None);
    for answered in source::json::<Vec<Answered>>(path)? {
        let options: Vec<&str> = answered.options.iter().map(String::as_str).collect();
        let prompt = text::with_choices(&answered.question, &options);
        let right = answered.pred.is_some_and(|pred| pred == answered.answer);
        let category = format!("mmlu-pro/{}", answered.category);
        records.answer(model, &category, &prompt, f32::from(u8::from(right)));
    }
    Ok(())
}
