//! Leave-one-benchmark-out: how well an embedder does on a benchmark that it has not seen.

use super::evaluation::{self, Evaluation, evaluate};
use crate::dataset::{Dataset, Split};
use crate::embedder::{self, Event, train};
use crate::error::{Error, Result};
use crate::progress::Progress;

/// The benchmark of a category: the part before the first `/`.
#[must_use]
pub fn benchmark(category: &str) -> &str {
    category.split('/').next().unwrap_or(category)
}

/// The benchmarks that can be left out: categories, where those that share the part of their name before a
/// `/` are one.
#[must_use]
pub fn benchmarks(data: &Dataset) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for category in &data.categories {
        let name = benchmark(category);
        if names.iter().all(|known| known != name) {
            names.push(name.into());
        }
    }
    names
}

/// Trains without `benchmark` (a category, or the common part before the `/`) and evaluates on all of its
/// questions; copies of its texts in other benchmarks are left out of training too.
///
/// # Errors
/// [`Error::Usage`] if there is no such benchmark; errors of training and evaluation.
pub fn leave_out(
    data: &Dataset,
    benchmark: &str,
    settings: &embedder::Settings,
    judged: &evaluation::Settings,
    progress: &mut Progress<'_, Event>,
) -> Result<Evaluation> {
    let parted = part(data, benchmark)?;
    let embedder = train(&parted, settings, progress)?;
    let judged = evaluation::Settings { split: Some(Split::Test), ..judged.clone() };
    evaluate(&embedder, &parted, &judged, &mut Progress::until(progress.cancel()))
}

/// The same data with `benchmark` as its only test split, and without the copies of its texts elsewhere.
pub(super) fn part(data: &Dataset, benchmark: &str) -> Result<Dataset> {
    let inside = |category: &str| {
        category == benchmark
            || category.strip_prefix(benchmark).is_some_and(|rest| rest.starts_with('/'))
    };
    let out: Vec<bool> = data.categories.iter().map(|category| inside(category)).collect();
    if !out.contains(&true) {
        let names = benchmarks(data);
        crate::names::resolve("benchmark", benchmark, &names)?;
        return Err(Error::Usage(format!("no benchmark is called `{benchmark}`")));
    }
    let is_out = |q: usize| out[data.questions[q].category as usize];
    let texts: std::collections::HashSet<&str> = (0..data.questions.len())
        .filter(|&q| is_out(q))
        .map(|q| &*data.questions[q].prompt)
        .collect();
    let mut parted = data.clone();
    let questions = parted.questions.iter_mut().enumerate().filter_map(|(q, question)| {
        let copy = texts.contains(&*data.questions[q].prompt);
        if is_out(q) {
            question.split = Split::Test;
            None
        } else {
            // A copy of a left-out text may neither be trained nor evaluated on.
            (!copy && question.split != Split::Test).then_some(q)
        }
    });
    let kept: std::collections::HashSet<usize> = questions.collect();
    Ok(parted.only(|q| kept.contains(&q) || is_out(q)))
}
