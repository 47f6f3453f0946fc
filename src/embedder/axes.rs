//! How much of the map reflects coverage (where models were evaluated).

use linfa_linalg::eigh::Eigh;
use ndarray::{Array1, Array2, Axis, s};

use super::benchmark::Benchmark;
use super::factors;
use crate::error::{Error, Result};

/// The share of the variance of the first two principal axes of the vectors (without ability) that coverage
/// explains: R² of least squares, each in [0, 1].
pub(super) fn explained(benchmarks: &[Benchmark], vectors: &Array2<f32>) -> Result<[f64; 2]> {
    let failed = |e| Error::Failed(format!("the axes of the map cannot be judged: {e}"));
    let models = vectors.nrows();
    let of = factors::grouped(benchmarks);
    let groups = of.iter().max().map_or(0, |last| last + 1);
    let mut run = Array2::<f64>::zeros((models, groups));
    for (benchmark, group) in benchmarks.iter().zip(of) {
        for (m, score) in benchmark.scores.iter().enumerate() {
            if score.is_some() {
                run[[m, group]] = 1.0;
            }
        }
    }
    let center = |x: Array2<f64>| {
        let middle = x.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(x.ncols()));
        x - middle
    };
    let x = center(vectors.slice(s![.., 1..]).mapv(f64::from));
    let (values, turn) = x.t().dot(&x).eigh().map_err(failed)?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    // A basis of the coverage: the fit is the projection onto it.
    let run = center(run);
    let (sizes, basis) = run.t().dot(&run).eigh().map_err(failed)?;
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    let mut explained = [0.0; 2];
    for (explained, axis) in explained.iter_mut().zip(order) {
        let scores = x.dot(&turn.column(axis));
        let total = scores.dot(&scores);
        for (size, direction) in sizes.iter().zip(basis.columns()) {
            if *size > largest * 1e-9 && total > 0.0 {
                *explained += scores.dot(&run.dot(&direction)).powi(2) / size / total;
            }
        }
    }
    Ok(explained)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Kind;
    use crate::embedder::benchmark::Score;
    use ndarray::array;

    #[test]
    fn an_axis_that_is_coverage_is_explained_and_another_is_not() {
        let score = Some(Score { accuracy: 0.5, responses: 9 });
        let benchmark = |name: &str, run: [bool; 4]| Benchmark {
            name: name.into(),
            kind: Kind::Correctness,
            description: String::new(),
            questions: 9,
            scores: run.map(|run| score.filter(|_| run)).into_iter().collect(),
        };
        let benchmarks = [benchmark("a", [true, true, false, false]), benchmark("b", [true; 4])];
        let vectors =
            array![[0.0_f32, 5.0, 1.0], [0.0, 5.0, -1.0], [0.0, -5.0, 1.0], [0.0, -5.0, -1.0]];
        let [first, second] = explained(&benchmarks, &vectors).unwrap();
        assert!((first - 1.0).abs() < 1e-9 && second.abs() < 1e-9, "{first} {second}");
    }
}
