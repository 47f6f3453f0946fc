//! Factor analysis of accuracies: a baseline without question texts.
//!
//! The logit of a model's accuracy in a column (a category, a benchmark, an attribute) is a mean plus the dot
//! product of the model's factors and the column's loadings, plus noise; missing cells are ignored. Fitted by
//! expectation maximization.

use linfa_linalg::cholesky::{InverseC, SolveC};
use ndarray::{Array1, Array2, Axis};

use super::normal::Normal;
use crate::dataset::{Dataset, Split, Values};
use crate::error::{Error, Result};

/// Iterations of expectation maximization.
const ROUNDS: usize = 200;
/// Ridge penalty of the loadings.
const RIDGE: f64 = 0.3;
/// The weight of an attribute in answers: practically certain.
const CERTAIN: f64 = 1e3;

/// The number of answers of each model in each column, and of correct ones: models × columns.
pub(super) struct Counts {
    right: Array2<f64>,
    asked: Array2<f64>,
}

/// The scaling of a column.
type Scale = fn(f64) -> f64;

impl Counts {
    /// From the training answers; `column` returns a question's. The order of columns matters for the
    /// initialization (see [`super::normal`]): by name.
    pub(super) fn of(data: &Dataset, columns: usize, column: impl Fn(usize) -> usize) -> Self {
        let zeros = || Array2::zeros((data.models.len(), columns));
        let mut counts = Self { right: zeros(), asked: zeros() };
        for q in data.split(Split::Train) {
            let column = column(q);
            for (m, y) in data.responses.of(q) {
                counts.right[[m, column]] += f64::from(y);
                counts.asked[[m, column]] += 1.0;
            }
        }
        counts
    }

    /// Appends release date, size, reasoning and price as further columns, where known.
    pub(super) fn with_attributes(mut self, data: &Dataset) -> Self {
        let log_price = |price: f64| (price + 0.05).ln();
        let known: [(&str, Scale); 4] = [
            ("release", |x| x),
            ("params_b", f64::ln),
            ("reasoning", |x| x),
            ("cost_out", log_price),
        ];
        for (name, transform) in known {
            let values: Vec<Option<f64>> = numbers(data, name)
                .into_iter()
                .map(|value| value.map(transform).filter(|x| x.is_finite()))
                .collect();
            let (right, asked) = standardized(&values);
            self.right = join(&self.right, right);
            self.asked = join(&self.asked, asked);
        }
        self
    }
}

fn join(left: &Array2<f64>, column: Array1<f64>) -> Array2<f64> {
    let mut joined = Array2::zeros((left.nrows(), left.ncols() + 1));
    joined.slice_mut(ndarray::s![.., ..left.ncols()]).assign(left);
    joined.column_mut(left.ncols()).assign(&column);
    joined
}

/// An attribute as a column of numbers; empty if it is not a number or flag.
fn numbers(data: &Dataset, name: &str) -> Vec<Option<f64>> {
    let column = data.attributes.iter().find(|attribute| attribute.name == name);
    match column.map(|attribute| &attribute.values) {
        Some(Values::Number(values)) => values.clone(),
        Some(Values::Flag(values)) => {
            values.iter().map(|v| v.map(|v| f64::from(u8::from(v)))).collect()
        }
        _ => vec![None; data.models.len()],
    }
}

/// Standardized values as logits of accuracies over many answers: (correct, asked).
fn standardized(values: &[Option<f64>]) -> (Array1<f64>, Array1<f64>) {
    let n = values.iter().flatten().count().max(1) as f64;
    let mean = values.iter().flatten().sum::<f64>() / n;
    let variance = values.iter().flatten().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let deviation = variance.sqrt() + 1e-9;
    let right =
        |x: &f64| CERTAIN * crate::logit::sigmoid(((x - mean) / deviation).clamp(-6.0, 6.0));
    (
        values.iter().map(|x| x.as_ref().map_or(0.0, right)).collect(),
        values.iter().map(|x| x.map_or(0.0, |_| CERTAIN)).collect(),
    )
}

/// Logits of accuracies: models × columns.
pub(super) struct Forecast {
    pub(super) mean: Array2<f64>,
    pub(super) variance: Array2<f64>,
}

/// Fits `factors` factors.
///
/// # Errors
/// [`Error::Failed`] if a system of equations has no solution.
pub(super) fn forecast(counts: &Counts, factors: usize) -> Result<Forecast> {
    let mut fit = Fit::new(counts, factors);
    for _ in 0..ROUNDS {
        for m in 0..fit.logits.nrows() {
            fit.place(m)?;
        }
        for c in 0..fit.logits.ncols() {
            fit.load(c)?;
        }
    }
    let mean = fit.factors.dot(&fit.loadings.t()) + &fit.means;
    let variance = Array2::from_shape_fn(fit.logits.dim(), |(m, c)| {
        let loadings = fit.loadings.row(c);
        loadings.dot(&fit.covariances[m].dot(&loadings)) + fit.noise[c]
    });
    Ok(Forecast { mean, variance })
}

/// The parameters and data of the fit.
struct Fit {
    /// Models × columns, with the variance given the number of answers.
    logits: Array2<f64>,
    variances: Array2<f64>,
    /// By model, its columns with answers; by column, its models.
    columns: Vec<Vec<usize>>,
    models: Vec<Vec<usize>>,
    means: Array1<f64>,
    /// Columns × factors.
    loadings: Array2<f64>,
    noise: Array1<f64>,
    /// Models × factors: the posterior mean of each model's, and its covariance.
    factors: Array2<f64>,
    covariances: Vec<Array2<f64>>,
}

impl Fit {
    fn new(counts: &Counts, factors: usize) -> Self {
        let (m, c) = counts.asked.dim();
        let logits = ndarray::Zip::from(&counts.right).and(&counts.asked).map_collect(|&s, &n| {
            if n > 0.0 { ((s + 1.0) / (n - s + 1.0).max(0.5)).ln() } else { 0.0 }
        });
        let with_answers = |row: ndarray::ArrayView1<'_, f64>| -> Vec<usize> {
            (0..row.len()).filter(|&i| row[i] > 0.0).collect()
        };
        let models: Vec<Vec<usize>> =
            counts.asked.columns().into_iter().map(with_answers).collect();
        let mean = |(column, models): (usize, &Vec<usize>)| {
            let sum: f64 = models.iter().map(|&m| logits[[m, column]]).sum();
            sum / models.len().max(1) as f64
        };
        let means = models.iter().enumerate().map(mean).collect();
        let mut normal = Normal::new();
        Self {
            variances: counts.asked.mapv(|n| 1.0 / (0.2 * n).max(1.0)),
            columns: counts.asked.rows().into_iter().map(with_answers).collect(),
            models,
            means,
            loadings: Array2::from_shape_simple_fn((c, factors), || 0.5 * normal.sample()),
            noise: Array1::from_elem(c, 0.2),
            factors: Array2::zeros((m, factors)),
            covariances: vec![Array2::eye(factors); m],
            logits,
        }
    }

    /// The posterior of the factors of model `m`, given the loadings.
    fn place(&mut self, m: usize) -> Result<()> {
        let mut precision = Array2::eye(self.loadings.ncols());
        let mut pull = Array1::zeros(self.loadings.ncols());
        for &c in &self.columns[m] {
            let weight = 1.0 / (self.noise[c] + self.variances[[m, c]]);
            let loadings = self.loadings.row(c);
            add_outer(&mut precision, &loadings.to_owned(), weight);
            pull.scaled_add(weight * (self.logits[[m, c]] - self.means[c]), &loadings);
        }
        self.covariances[m] = precision.invc().map_err(failed)?;
        self.factors.row_mut(m).assign(&self.covariances[m].dot(&pull));
        Ok(())
    }

    /// The loadings, mean and noise of column `c`, given the factors.
    fn load(&mut self, c: usize) -> Result<()> {
        if self.models[c].is_empty() {
            return Ok(());
        }
        let k = self.loadings.ncols();
        let mut normal = Array2::eye(k + 1) * 1e-6;
        normal.diag_mut().iter_mut().take(k).for_each(|d| *d += RIDGE);
        let mut pull = Array1::zeros(k + 1);
        let with_one = |m: usize| -> Array1<f64> {
            self.factors.row(m).iter().copied().chain(std::iter::once(1.0)).collect()
        };
        for &m in &self.models[c] {
            let weight = 1.0 / (self.noise[c] + self.variances[[m, c]]);
            let x = with_one(m);
            add_outer(&mut normal, &x, weight);
            let mut inner = normal.slice_mut(ndarray::s![..k, ..k]);
            inner.scaled_add(weight, &self.covariances[m]);
            pull.scaled_add(weight * self.logits[[m, c]], &x);
        }
        let solved = normal.solvec(&pull.insert_axis(Axis(1))).map_err(failed)?;
        let solved = solved.index_axis_move(Axis(1), 0);
        let loadings = solved.slice(ndarray::s![..k]).to_owned();
        let (mut left, mut weights) = (0.0, 0.0);
        for &m in &self.models[c] {
            let weight = (self.noise[c] + self.variances[[m, c]]).powi(-2);
            let residual = self.logits[[m, c]] - with_one(m).dot(&solved);
            let open = loadings.dot(&self.covariances[m].dot(&loadings));
            left += weight * (residual.powi(2) + open - self.variances[[m, c]]);
            weights += weight;
        }
        self.noise[c] = (left / weights).clamp(0.02, 1.0);
        self.means[c] = solved[k];
        self.loadings.row_mut(c).assign(&loadings);
        Ok(())
    }
}

/// `matrix` + `weight`·x·xᵀ.
fn add_outer(matrix: &mut Array2<f64>, x: &Array1<f64>, weight: f64) {
    for (mut row, &xi) in matrix.rows_mut().into_iter().zip(x) {
        row.scaled_add(weight * xi, x);
    }
}

fn failed(error: linfa_linalg::LinalgError) -> Error {
    Error::Failed(format!("the factor analysis cannot be fitted: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_cell_is_forecast_from_the_columns_that_go_with_it() {
        // Two groups of columns, one strong model in each; the last model was not evaluated on column 3.
        let ability = |m: usize, c: usize| {
            let strength = [2.0, 1.0, 0.0, -1.0, -2.0, 1.5, -1.5, 0.5, -0.5, 2.0][m];
            if c < 4 { strength } else { -strength }
        };
        let asked =
            Array2::from_shape_fn((10, 8), |(m, c)| if (m, c) == (9, 3) { 0.0 } else { 400.0 });
        let right = Array2::from_shape_fn((10, 8), |(m, c)| {
            asked[[m, c]] * crate::logit::sigmoid(ability(m, c))
        });
        let counts = Counts { right, asked };
        let found = forecast(&counts, 2).unwrap();
        assert!((found.mean[[9, 3]] - 2.0).abs() < 0.3, "{}", found.mean[[9, 3]]);
        assert!(found.variance[[9, 3]] < 0.2 && found.variance.iter().all(|v| *v > 0.0));
    }

    #[test]
    fn attributes_count_where_they_are_known() {
        let (right, asked) = standardized(&[Some(1.0), None, Some(3.0)]);
        assert!((right[0] + right[2] - CERTAIN).abs() < 1e-6 && right[1] == 0.0);
        assert_eq!(asked.to_vec(), [CERTAIN, 0.0, CERTAIN]);
        let (_, none) = standardized(&[None, None]);
        assert!(none.iter().all(|n| *n == 0.0));
    }
}
