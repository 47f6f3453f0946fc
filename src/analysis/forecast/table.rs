//! Forecasts as a table for other programs.

use super::Forecast;
use crate::one_line;

/// A table of comma-separated values with a header: a row a (model, benchmark, forecast).
#[must_use]
pub fn csv<'a>(pairs: impl Iterator<Item = (&'a str, &'a str, Forecast)>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["model_name", "benchmark", "accuracy", "low", "high", "responses"];
    let mut rows = vec![header.map(str::to_owned)];
    rows.extend(pairs.map(|(model, benchmark, forecast)| {
        let share = |p: f64| format!("{p:.4}");
        let accuracy = forecast.accuracy;
        [
            one_line(model),
            one_line(benchmark),
            share(accuracy.mean),
            share(accuracy.low),
            share(accuracy.high),
            forecast.responses.to_string(),
        ]
    }));
    for row in rows {
        // Writing rows of one length to memory cannot fail.
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}
