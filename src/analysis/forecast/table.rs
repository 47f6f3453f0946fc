//! Predictions as a table for other programs.

use super::Forecast;
use crate::dataset::Kind;
use crate::{one_line, spreadsheet};

/// A model on a benchmark.
pub struct Pair<'a> {
    /// The model's name.
    pub model: &'a str,
    /// The benchmark's name.
    pub benchmark: &'a str,
    /// The kind of the benchmark's labels.
    pub kind: Kind,
    /// The measured or predicted accuracy.
    pub forecast: Forecast,
}

/// A CSV with a header, safe for spreadsheets, with one row per pair.
#[must_use]
pub fn csv<'a>(pairs: impl Iterator<Item = Pair<'a>>) -> Vec<u8> {
    let header = ["model_name", "benchmark", "accuracy", "low", "high", "responses", "kind"];
    let rows = pairs.map(|Pair { model, benchmark, kind, forecast }| {
        let share = |p: f64| format!("{p:.4}");
        let accuracy = forecast.accuracy;
        [
            one_line(model),
            one_line(benchmark),
            share(accuracy.mean),
            share(accuracy.low),
            share(accuracy.high),
            forecast.responses.to_string(),
            kind.name().to_owned(),
        ]
    });
    spreadsheet::table(&header, rows)
}
