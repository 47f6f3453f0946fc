//! Checks the ranges of the numbers in the document.

use std::ops::RangeInclusive;

use rayon::prelude::*;

use super::{Card, Fault};
use crate::dataset::{Attribute, Values};
use crate::embedder::Benchmark;

/// Allowed temperatures and spreads.
const TEMPERATURES: RangeInclusive<f64> = 1e-3..=1e3;
const SPREADS: RangeInclusive<f64> = 0.0..=100.0;

/// Checks what the rest of the program relies on, of an embedder of so many models.
pub(super) fn check(card: &Card, models: usize) -> Result<(), Fault> {
    let (from, calibration) = (&card.provenance, &card.calibration);
    // A sum of shares may exceed 1 by rounding.
    let share = |x: f64| (0.0..=1.000_001).contains(&x);
    // The accuracy of a model that was not evaluated is 0.
    let scores = |b: &Benchmark| b.scores.columns().0.par_iter().all(|accuracy| share(*accuracy));
    let bins = from.reliability.iter().map(|bin| [bin.predicted, bin.observed]);
    let coverage = from.coverage.iter().map(|bin| [bin.from, bin.to]);
    let problem = if models == 0 {
        "it has no models"
    } else if card.benchmarks.iter().any(|benchmark| benchmark.scores.len() != models) {
        "a benchmark does not cover the models"
    } else if !card.benchmarks.iter().all(scores) {
        "an accuracy is not between 0 and 1"
    } else if !TEMPERATURES.contains(&calibration.temperature)
        || !SPREADS.contains(&calibration.spread)
    {
        "its calibration is out of range"
    } else if !from.val.values().iter().all(|x| x.is_finite() && x.abs() <= 100.0)
        || !from.scope.is_finite()
        || from.scope.abs() > 2.0
        || !from.axes_by_coverage.iter().all(|x| share(*x))
        || !bins.chain(coverage).flatten().all(share)
        || !from.coverage.iter().all(|bin| share(bin.covered))
    {
        "a figure of its training is out of range"
    } else {
        return Ok(());
    };
    Err(Fault::Broken(problem.into()))
}

/// Checks the attributes of so many models.
pub(super) fn attributes(attributes: &[Attribute], models: usize) -> Result<(), Fault> {
    let numbers = |values: &Values| match values {
        Values::Number(values) => values.par_iter().flatten().all(|x| Values::is_number(*x)),
        _ => true,
    };
    let problem = if attributes.iter().any(|attribute| attribute.values.len() != models) {
        "an attribute does not cover the models"
    } else if !attributes.iter().all(|attribute| numbers(&attribute.values)) {
        "a number of an attribute is out of range"
    } else {
        return Ok(());
    };
    Err(Fault::Broken(problem.into()))
}
