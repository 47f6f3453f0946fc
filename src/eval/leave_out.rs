//! Out of distribution: how well an embedder does on a benchmark that it never saw.

use super::evaluation::{self, Evaluation, evaluate};
use crate::dataset::{Dataset, Split};
use crate::embedder::{self, Event, train};
use crate::error::{Error, Result};
use crate::progress::Progress;

/// The benchmark that a category belongs to: what stands before the first `/`.
#[must_use]
pub fn benchmark(category: &str) -> &str {
    category.split('/').next().unwrap_or(category)
}

/// The benchmarks that can be left out: categories, with those that share the part of their name
/// before a `/` taken together.
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

/// Trains without `benchmark` (a category, or the part before the `/` of several) and evaluates on
/// all of its questions; texts that also stand in other benchmarks are left out of training too.
///
/// # Errors
/// [`Error::Usage`] if there is no such benchmark; what training and evaluation fail with.
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

/// The same data with `benchmark` as its only test split, and without the copies of its texts
/// elsewhere.
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
            // A copy of a left-out text may neither teach nor be judged.
            (!copy && question.split != Split::Test).then_some(q)
        }
    });
    let kept: std::collections::HashSet<usize> = questions.collect();
    Ok(parted.only(|q| kept.contains(&q) || is_out(q)))
}
