//! Forecasts as a table for other programs.

use super::Forecast;
use crate::dataset::Kind;
use crate::one_line;

/// A model on a benchmark.
pub struct Pair<'a> {
    /// The model's name.
    pub model: &'a str,
    /// The benchmark's name.
    pub benchmark: &'a str,
    /// What the labels of the benchmark say.
    pub kind: Kind,
    /// How the model did there, or would do.
    pub forecast: Forecast,
}

/// A table of comma-separated values with a header: a row a pair.
#[must_use]
pub fn csv<'a>(pairs: impl Iterator<Item = Pair<'a>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["model_name", "benchmark", "accuracy", "low", "high", "responses", "kind"];
    let mut rows = vec![header.map(str::to_owned)];
    rows.extend(pairs.map(|Pair { model, benchmark, kind, forecast }| {
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
    }));
    for row in rows {
        // Writing rows of one length to memory cannot fail.
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}
