//! Coverage: what the list of benchmarks that each model was evaluated on explains.

use std::collections::HashMap;

use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2, Axis};

use crate::embedder::{Benchmark, grouped};
use crate::error::{Error, Result};

/// Minimum number of models with the same or similar lists that vote on a model's cluster.
const ASKED: usize = 5;
/// Coverage predicts a cluster if it recalls more of its models than this, ...
const RECALL: f64 = 0.6;
/// ... with this precision ...
const PRECISION: f64 = 0.6;
/// ... and the cluster has less than this share of all models.
const BALANCED: f64 = 0.7;

/// Models × benchmarks: 1 where a model was evaluated. The categories of one benchmark count as one.
pub(super) fn run(benchmarks: &[Benchmark], models: usize) -> Array2<f64> {
    let of = grouped(benchmarks);
    let groups = of.iter().max().map_or(0, |last| last + 1);
    let mut run = Array2::zeros((models, groups));
    for (benchmark, group) in benchmarks.iter().zip(of) {
        for (m, score) in benchmark.scores.iter().enumerate().take(models) {
            if score.is_some() {
                run[[m, group]] = 1.0;
            }
        }
    }
    run
}

/// The residuals of `x` (models × dimensions) after a least squares regression on `run`.
///
/// # Errors
/// [`Error::Failed`] if the regression has no solution.
pub(super) fn without(x: &Array2<f64>, run: &Array2<f64>) -> Result<Array2<f64>> {
    let middle = |x: &Array2<f64>| x.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(x.ncols()));
    let run = run - &middle(run);
    // The penalty only resolves collinear columns.
    let mut gram = run.t().dot(&run) + Array2::<f64>::eye(run.ncols()) * 1e-6;
    let slopes = gram
        .solvec(&run.t().dot(x))
        .map_err(|e| Error::Failed(format!("coverage cannot be regressed out: {e}")))?;
    Ok(x - &run.dot(&slopes))
}

/// How well the list of benchmarks alone predicts a cluster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Predicted {
    /// The share of its models that are predicted to be in it.
    pub(super) recall: f64,
    /// True if the cluster reflects where its models were evaluated rather than what they can do.
    pub(super) mostly: bool,
}

/// Predicts the cluster of each model as the majority among other models with the same list of benchmarks, or
/// with the most similar lists if there are few, and evaluates that by cluster.
pub(super) fn predict(run: &Array2<f64>, of: &[usize], clusters: usize) -> Vec<Predicted> {
    let predicted = majority(run, of, clusters);
    let count =
        |wanted: &dyn Fn(usize) -> bool| (0..of.len()).filter(|m| wanted(*m)).count() as f64;
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let judge = |cluster: usize| {
        let is = |m: usize| of[m] == cluster;
        let named = |m: usize| predicted[m] == Some(cluster);
        let right = count(&|m| is(m) && named(m));
        let recall = share(right, count(&is));
        let precision = share(right, count(&named));
        let specificity = share(count(&|m| !is(m) && !named(m)), count(&|m| !is(m)));
        let balanced = f64::midpoint(recall, specificity);
        let mostly = recall > RECALL && precision > PRECISION && balanced > BALANCED;
        Predicted { recall, mostly }
    };
    (0..clusters).map(judge).collect()
}

/// For each model the cluster of more than half of the voting models.
fn majority(run: &Array2<f64>, of: &[usize], clusters: usize) -> Vec<Option<usize>> {
    let mut patterns: HashMap<Vec<bool>, usize> = HashMap::new();
    let mut counts: Vec<Vec<usize>> = Vec::new();
    let mut pattern_of = Vec::with_capacity(of.len());
    for (row, cluster) in run.rows().into_iter().zip(of) {
        let next = counts.len();
        let pattern = *patterns.entry(row.iter().map(|x| *x > 0.5).collect()).or_insert(next);
        if pattern == next {
            counts.push(vec![0; clusters]);
        }
        counts[pattern][*cluster] += 1;
        pattern_of.push(pattern);
    }
    let mut lists = vec![Vec::new(); counts.len()];
    patterns.into_iter().for_each(|(list, at)| lists[at] = list);
    // All models with the same list and cluster get the same answer.
    let mut known: HashMap<(usize, usize), Option<usize>> = HashMap::new();
    let mut by_distance = vec![vec![0; clusters]; run.ncols() + 1];
    let mut answers = Vec::with_capacity(of.len());
    let mut at = None;
    for (&pattern, &cluster) in pattern_of.iter().zip(of) {
        let answer = known.entry((pattern, cluster)).or_insert_with(|| {
            if at != Some(pattern) {
                by_distance.iter_mut().for_each(|counts| counts.fill(0));
                for (list, counts) in lists.iter().zip(&counts) {
                    let differ = list.iter().zip(&lists[pattern]).filter(|(a, b)| a != b).count();
                    by_distance[differ].iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
                }
                at = Some(pattern);
            }
            // The model itself has no vote.
            let mut asked = vec![0; clusters];
            by_distance[0][cluster] -= 1;
            for counts in &by_distance {
                asked.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
                if asked.iter().sum::<usize>() >= ASKED {
                    break;
                }
            }
            by_distance[0][cluster] += 1;
            let all: usize = asked.iter().sum();
            asked.iter().position(|n| 2 * n > all)
        });
        answers.push(*answer);
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_is_a_leaderboard_is_predicted_and_one_across_them_is_not() {
        // The first ten models were evaluated on the first benchmark only, the others on both.
        let run = Array2::from_shape_fn((40, 2), |(m, b)| f64::from(u8::from(b == 0 || m >= 10)));
        let of: Vec<usize> = (0..40).map(|m| if m < 10 { 0 } else { 1 + m % 3 }).collect();
        let found = predict(&run, &of, 4);
        assert!(found[0].mostly && found[0].recall > 0.99, "{found:?}");
        assert!(found[1..].iter().all(|p| !p.mostly), "{found:?}");
    }

    #[test]
    fn a_cluster_that_is_most_models_is_not_predicted_by_one_list_for_all() {
        let run = Array2::ones((20, 3));
        let of: Vec<usize> = (0..20).map(|m| usize::from(m >= 15)).collect();
        let found = predict(&run, &of, 2);
        assert!(found[0].recall > 0.99 && !found[0].mostly, "{found:?}");
    }

    #[test]
    fn coverage_is_regressed_out_and_the_rest_stays() {
        let run = Array2::from_shape_fn((30, 2), |(m, b)| f64::from(u8::from(m % (b + 2) == 0)));
        let own = Array2::from_shape_fn((30, 1), |(m, _)| if m % 12 < 6 { 1.0 } else { -1.0 });
        let x = &own + &run.column(0).insert_axis(Axis(1)).mapv(|x| 5.0 * x);
        let left = without(&x, &run).unwrap();
        let alike = |a: &Array2<f64>, b: &Array2<f64>| {
            let (a, b) = (a - a.mean().unwrap(), b - b.mean().unwrap());
            (&a * &b).sum() / ((&a * &a).sum() * (&b * &b).sum()).sqrt()
        };
        assert!(alike(&left, &own) > 0.9, "{}", alike(&left, &own));
        let column = run.column(0).insert_axis(Axis(1)).to_owned();
        assert!(alike(&left, &column).abs() < 1e-4);
    }
}
