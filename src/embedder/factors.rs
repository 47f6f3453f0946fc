//! What carries over between benchmarks: a bifactor model of accuracies, fitted with missing cells.
//!
//! The logit of a model's accuracy on a category is `mean + loading · general + special + noise`: a few
//! general factors that all categories share, one speciality for each benchmark (shared by all of its
//! categories), and noise for each category (Holzinger and Swineford 1937; expectation maximization as in
//! Rubin and Thayer 1982). A benchmark that a model was not evaluated on is thus predicted by the general
//! factors, with the full variance of its speciality.
//!
//! The attributes of a model ([`known`]) are additional columns that load on the general factors only.

use ndarray::{Array1, Array2, ArrayView1, Axis, s};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::benchmark::Benchmark;
use crate::cholesky::{Small, Square, dot};
use crate::dataset::{Attribute, Values};
use crate::error::{Error, Result};

/// Number of general factors.
pub(super) const GENERAL: usize = 3;
/// Iterations of expectation maximization.
const ROUNDS: usize = 400;
/// Ridge penalty of a loading towards 0, and towards the mean loading of its benchmark.
const RIDGE: f64 = 0.1;
const TIE: f64 = 3.0;
/// The information of one answer about the logit of an accuracy, p(1 − p).
const INFORMATION: f64 = 0.2;
/// Bounds of the variance of a category's noise, and of a benchmark's specialities.
const NOISE: (f64, f64) = (0.02, 1.0);
const SPECIAL: (f64, f64) = (0.02, 2.0);
/// The prior variance of specialities, and its weight in models.
const SPECIAL_PRIOR: (f64, f64) = (0.15, 2.0);

/// One observed value of a model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    column: usize,
    value: f64,
    /// The variance of its error.
    variance: f64,
}

/// The parameters of the population.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Factors {
    /// Columns × (general factors + 1): loadings, then the mean. Categories come first.
    pub(super) loadings: Array2<f64>,
    /// The noise variance of each column.
    pub(super) noise: Array1<f64>,
    /// The variance of each benchmark's specialities.
    pub(super) special: Array1<f64>,
    /// The benchmark of each category.
    pub(super) of: Vec<usize>,
}

/// The posterior of one model: normal distributions.
#[derive(Clone, Debug)]
pub(super) struct Belief {
    /// The general factors.
    pub(super) general: Array1<f64>,
    pub(super) covariance: Array2<f64>,
    /// The logit of its accuracy on each category.
    pub(super) levels: Array1<f64>,
    pub(super) variances: Array1<f64>,
}

/// The cells of a model, with the benchmarks that it was evaluated on.
struct Evaluated<'a> {
    cells: &'a [Cell],
    /// Ascending.
    benchmarks: Vec<usize>,
    /// By cell, the index of its benchmark in `benchmarks`; attributes have none.
    own: Vec<Option<usize>>,
}

impl<'a> Evaluated<'a> {
    fn new(cells: &'a [Cell], of: &[usize]) -> Self {
        let benchmark = |cell: &Cell| of.get(cell.column);
        let mut benchmarks: Vec<usize> = cells.iter().filter_map(benchmark).copied().collect();
        benchmarks.sort_unstable();
        benchmarks.dedup();
        let own = |cell: &Cell| benchmarks.binary_search(benchmark(cell)?).ok();
        let own = cells.iter().map(own).collect();
        Self { cells, benchmarks, own }
    }

    fn each(&self) -> impl Iterator<Item = (&Cell, Option<usize>)> {
        self.cells.iter().zip(self.own.iter().copied())
    }
}

/// The posterior of the general factors and of the specialities on the evaluated benchmarks.
struct Latent {
    mean: [f64; GENERAL],
    covariance: Square<GENERAL>,
    specials: Vec<Special>,
}

/// The posterior of a speciality.
#[derive(Clone, Copy)]
struct Special {
    mean: f64,
    variance: f64,
    /// Its covariance with the general factors.
    cross: [f64; GENERAL],
}

/// The precision of a [`Latent`] and its mean times that. Given the general factors, specialities are
/// independent.
struct Precision {
    general: Square<GENERAL>,
    pull: [f64; GENERAL],
    specials: Vec<OwnPrecision>,
}

/// The part of a speciality in a [`Precision`].
#[derive(Clone, Copy)]
struct OwnPrecision {
    precision: f64,
    cross: [f64; GENERAL],
    pull: f64,
}

impl Precision {
    /// The posterior, by the Schur complement of the specialities' block, which is diagonal: the cost is
    /// linear in the number of benchmarks instead of cubic.
    fn posterior(self) -> Result<Latent> {
        let (mut schur, mut pull) = (self.general, self.pull);
        for special in &self.specials {
            let each = special.cross.map(|c| c / special.precision);
            for ((row, pull), each) in schur.iter_mut().zip(&mut pull).zip(each) {
                row.iter_mut().zip(special.cross).for_each(|(x, cross)| *x -= each * cross);
                *pull -= each * special.pull;
            }
        }
        let covariance = Small::of(&schur).ok_or_else(failed)?.inverse();
        let mean = covariance.map(|row| dot(&row, &pull));
        let special = |given: OwnPrecision| {
            let each = given.cross.map(|c| c / given.precision);
            let cross = covariance.map(|row| -dot(&row, &each));
            Special {
                mean: given.pull / given.precision - dot(&each, &mean),
                variance: given.precision.recip() - dot(&each, &cross),
                cross,
            }
        };
        let specials = self.specials.into_iter().map(special).collect();
        Ok(Latent { mean, covariance, specials })
    }
}

/// The benchmark of each category: the part before the first `/`.
pub(crate) fn grouped(benchmarks: &[Benchmark]) -> Vec<usize> {
    let mut names: Vec<&str> = Vec::new();
    benchmarks
        .iter()
        .map(|category| {
            let name = category.name.split('/').next().unwrap_or_default();
            names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            })
        })
        .collect()
}

/// The scores of all models as cells.
pub(super) fn scored(benchmarks: &[Benchmark], models: usize) -> Vec<Vec<Cell>> {
    let mut cells = vec![Vec::new(); models];
    for (column, benchmark) in benchmarks.iter().enumerate() {
        for (cells, score) in cells.iter_mut().zip(benchmark.scores.iter()) {
            if let Some(score) = score {
                let n = f64::from(score.responses);
                let right = score.accuracy * n;
                cells.push(Cell {
                    column,
                    value: ((right + 1.0) / (n - right + 1.0)).ln(),
                    variance: (INFORMATION * n).max(1.0).recip(),
                });
            }
        }
    }
    cells
}

/// The scaling of a column.
type Scale = fn(f64) -> f64;

/// The attributes used besides answers: release date, the logarithms of size and price, and whether a model
/// reasons, each standardized. One list per column, with one value per model where known.
pub(super) fn known(attributes: &[Attribute]) -> Vec<Vec<Option<f64>>> {
    let plain = |x: f64| x;
    let price = |x: f64| (x + 0.05).ln();
    let columns: [(&str, Scale); 4] =
        [("release", plain), ("params_b", f64::ln), ("reasoning", plain), ("cost_out", price)];
    let column = |(name, scale): (&str, Scale)| {
        let values: Vec<Option<f64>> =
            match &attributes.iter().find(|attribute| attribute.name == name)?.values {
                Values::Number(values) => values.iter().map(|x| x.map(scale)).collect(),
                Values::Flag(values) => {
                    values.iter().map(|x| x.map(|x| f64::from(u8::from(x)))).collect()
                }
                Values::Class(_) => return None,
            };
        let values: Vec<Option<f64>> =
            values.into_iter().map(|x| x.filter(|x| x.is_finite())).collect();
        let n = values.iter().flatten().count();
        let mean = values.iter().flatten().sum::<f64>() / n.max(1) as f64;
        let square = values.iter().flatten().map(|x| (x - mean).powi(2)).sum::<f64>();
        let deviation = (square / n.max(1) as f64).sqrt();
        let standard = |x: f64| ((x - mean) / deviation).clamp(-6.0, 6.0);
        (n > GENERAL && deviation > 1e-9)
            .then(|| values.into_iter().map(|x| x.map(standard)).collect())
    };
    columns.into_iter().filter_map(column).collect()
}

/// Appends the `columns` of [`known`] to the cells, after `categories`.
pub(super) fn informed(cells: &mut [Vec<Cell>], categories: usize, columns: &[Vec<Option<f64>>]) {
    const VARIANCE: f64 = 0.005;
    for (i, column) in columns.iter().enumerate() {
        for (cells, value) in cells.iter_mut().zip(column) {
            let cell = |value| Cell { column: categories + i, value, variance: VARIANCE };
            cells.extend(value.map(cell));
        }
    }
}

impl Factors {
    /// Fits the population to the cells of the models: the first columns are categories, whose benchmarks are
    /// `of`, the others are attributes.
    ///
    /// # Errors
    /// [`Error::Failed`] if the cells are so extreme that there is no fit.
    pub(super) fn fit(
        cells: &[Vec<Cell>],
        of: Vec<usize>,
        columns: usize,
        seed: u64,
    ) -> Result<Self> {
        let benchmarks = of.iter().max().map_or(0, |last| last + 1);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut loadings = Array2::from_shape_simple_fn((columns, GENERAL + 1), || {
            let x: f64 = StandardNormal.sample(&mut rng);
            0.5 * x
        });
        let mut sums = vec![(0.0, 0.0_f64); columns];
        cells.iter().flatten().for_each(|cell| {
            sums[cell.column] = (sums[cell.column].0 + cell.value, sums[cell.column].1 + 1.0);
        });
        for (mut row, (sum, n)) in loadings.rows_mut().into_iter().zip(&sums) {
            row[GENERAL] = sum / n.max(1.0);
        }
        let mut this = Self {
            loadings,
            noise: Array1::from_elem(columns, 0.1),
            special: Array1::from_elem(benchmarks, SPECIAL_PRIOR.0),
            of,
        };
        let of = this.of.clone();
        let models: Vec<_> = cells.iter().map(|cells| Evaluated::new(cells, &of)).collect();
        for _ in 0..ROUNDS {
            let latents = models.par_iter().with_min_len(256).map(|model| this.latent(model));
            let latents: Vec<Latent> = latents.collect::<Result<_>>()?;
            this.maximize(&models, &latents)?;
        }
        Ok(this)
    }

    /// Rounded to single precision.
    pub(super) fn narrow(self) -> Self {
        let narrow = |x: f64| f64::from(x as f32);
        Self {
            loadings: self.loadings.mapv(narrow),
            noise: self.noise.mapv(narrow),
            special: self.special.mapv(narrow),
            of: self.of,
        }
    }

    /// The loadings of a column on the general factors, and its mean.
    fn row(&self, column: usize) -> ([f64; GENERAL], f64) {
        let row = self.loadings.row(column);
        (std::array::from_fn(|i| row[i]), row[GENERAL])
    }

    /// The posterior of one model's factors and specialities.
    fn latent(&self, model: &Evaluated<'_>) -> Result<Latent> {
        let prior = |b: &usize| OwnPrecision {
            precision: self.special[*b].recip(),
            cross: [0.0; GENERAL],
            pull: 0.0,
        };
        let mut precision = Precision {
            general: std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j)))),
            pull: [0.0; GENERAL],
            specials: model.benchmarks.iter().map(prior).collect(),
        };
        for (cell, own) in model.each() {
            let weight = (self.noise[cell.column] + cell.variance).recip();
            let (row, mean) = self.row(cell.column);
            let off = weight * (cell.value - mean);
            for i in 0..GENERAL {
                for j in 0..GENERAL {
                    precision.general[i][j] += weight * row[i] * row[j];
                }
                precision.pull[i] += off * row[i];
            }
            if let Some(own) = own {
                let special = &mut precision.specials[own];
                (0..GENERAL).for_each(|i| special.cross[i] += weight * row[i]);
                special.precision += weight;
                special.pull += off;
            }
        }
        precision.posterior()
    }

    fn maximize(&mut self, models: &[Evaluated<'_>], latents: &[Latent]) -> Result<()> {
        const K: usize = GENERAL + 1;
        let columns = self.loadings.nrows();
        let mut ridge = [[0.0; K]; K];
        (0..K).for_each(|i| ridge[i][i] = 1e-6);
        let mut sums = vec![(ridge, [0.0; K]); columns];
        let mut special = vec![(0.0, 0.0); self.special.len()];
        for (model, latent) in models.iter().zip(latents) {
            for (benchmark, own) in model.benchmarks.iter().zip(&latent.specials) {
                let square = own.mean.powi(2) + own.variance;
                special[*benchmark] = (special[*benchmark].0 + square, special[*benchmark].1 + 1.0);
            }
            let x: [f64; K] = std::array::from_fn(|i| latent.mean.get(i).copied().unwrap_or(1.0));
            for (cell, own) in model.each() {
                let weight = (self.noise[cell.column] + cell.variance).recip();
                let own = own.map(|own| &latent.specials[own]);
                let rest = cell.value - own.map_or(0.0, |own| own.mean);
                let (gram, right) = &mut sums[cell.column];
                for i in 0..K {
                    for j in 0..K {
                        let known = latent.covariance.get(i).and_then(|row| row.get(j));
                        gram[i][j] += weight * (x[i] * x[j] + known.copied().unwrap_or(0.0));
                    }
                    let with = own.and_then(|own| own.cross.get(i)).copied().unwrap_or(0.0);
                    right[i] += weight * (rest * x[i] - with);
                }
            }
        }
        let middles = self.middles();
        for (column, (mut gram, mut right)) in sums.into_iter().enumerate() {
            let middle = self.of.get(column).map(|benchmark| middles.row(*benchmark));
            for i in 0..GENERAL {
                gram[i][i] += RIDGE;
                if let Some(middle) = middle {
                    gram[i][i] += TIE;
                    right[i] += TIE * middle[i];
                }
            }
            let solved = Small::of(&gram).ok_or_else(failed)?.solve(right);
            self.loadings.row_mut(column).assign(&ArrayView1::from(&solved));
        }
        self.spread(models, latents, &special);
        Ok(())
    }

    /// The mean loadings of each benchmark.
    fn middles(&self) -> Array2<f64> {
        let mut sums = Array2::<f64>::zeros((self.special.len(), GENERAL));
        let mut sizes = Array1::<f64>::zeros(self.special.len());
        for (benchmark, row) in self.of.iter().zip(self.loadings.rows()) {
            sums.row_mut(*benchmark).scaled_add(1.0, &row.slice(s![..GENERAL]));
            sizes[*benchmark] += 1.0;
        }
        sums / sizes.mapv(|n| n.max(1.0)).insert_axis(Axis(1))
    }

    /// The variances of noise and specialities. A benchmark with one category cannot distinguish them: there
    /// the noise is minimal.
    fn spread(&mut self, models: &[Evaluated<'_>], latents: &[Latent], special: &[(f64, f64)]) {
        let mut sums = vec![(0.0, 0.0_f64); self.noise.len()];
        for (model, latent) in models.iter().zip(latents) {
            for (cell, own) in model.each() {
                let own = own.map(|own| latent.specials[own]);
                let (mean, variance) = self.predicted(cell.column, latent, own);
                let weight = (self.noise[cell.column] + cell.variance).powi(-2);
                let own = (cell.value - mean).powi(2) + variance - cell.variance;
                let sum = &mut sums[cell.column];
                *sum = (sum.0 + weight * own, sum.1 + weight);
            }
        }
        for (column, (sum, weight)) in sums.into_iter().enumerate() {
            let alone = self.of.get(column).is_some_and(|benchmark| {
                self.of.iter().filter(|other| *other == benchmark).count() == 1
            });
            if alone {
                self.noise[column] = NOISE.0;
            } else if weight > 0.0 {
                self.noise[column] = (sum / weight).clamp(NOISE.0, NOISE.1);
            }
        }
        for (variance, (sum, n)) in self.special.iter_mut().zip(special) {
            let (before, counts) = SPECIAL_PRIOR;
            *variance = ((sum + counts * before) / (n + counts)).clamp(SPECIAL.0, SPECIAL.1);
        }
    }

    /// Mean and variance of a column's value for a model, without noise; `own` is its speciality there, if it
    /// was evaluated.
    fn predicted(&self, column: usize, latent: &Latent, own: Option<Special>) -> (f64, f64) {
        let (row, mut mean) = self.row(column);
        let mut variance = 0.0;
        for i in 0..GENERAL {
            mean += row[i] * latent.mean[i];
            for j in 0..GENERAL {
                variance += row[i] * latent.covariance[i][j] * row[j];
            }
            variance += own.map_or(0.0, |own| 2.0 * row[i] * own.cross[i]);
        }
        match (own, self.of.get(column)) {
            (Some(own), _) => (mean + own.mean, variance + own.variance),
            (None, Some(benchmark)) => (mean, variance + self.special[*benchmark]),
            (None, None) => (mean, variance),
        }
    }

    /// The posterior of a model given its cells.
    ///
    /// # Errors
    /// As [`Factors::fit`].
    pub(super) fn belief(&self, cells: &[Cell]) -> Result<Belief> {
        let model = Evaluated::new(cells, &self.of);
        let latent = self.latent(&model)?;
        let categories = self.of.len();
        let (mut levels, mut variances) = (Array1::zeros(categories), Array1::zeros(categories));
        for column in 0..categories {
            let own = model.benchmarks.binary_search(&self.of[column]).ok();
            let own = own.map(|own| latent.specials[own]);
            let (mean, variance) = self.predicted(column, &latent, own);
            (levels[column], variances[column]) = (mean, variance + self.noise[column]);
        }
        for cell in cells.iter().filter(|cell| cell.column < categories) {
            // The answers to the category also inform its noise.
            let (noise, sampling_variance) = (self.noise[cell.column], cell.variance);
            let share = noise / (noise + sampling_variance);
            let beyond = variances[cell.column] - noise;
            levels[cell.column] += share * (cell.value - levels[cell.column]);
            variances[cell.column] = beyond * (1.0 - share).powi(2)
                + noise * sampling_variance / (noise + sampling_variance);
        }
        Ok(Belief {
            general: latent.mean.to_vec().into(),
            covariance: latent.covariance.to_vec().into(),
            levels,
            variances,
        })
    }
}

fn failed() -> Error {
    let why = "their equations have no solution";
    Error::Failed(format!("the general factors cannot be fitted: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve categories of six benchmarks, one true factor; every model was evaluated on some benchmarks.
    fn simulated() -> (Vec<Vec<Cell>>, Vec<usize>, Array2<f64>) {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let of: Vec<usize> = (0..12).map(|c| c / 2).collect();
        let mut truth = Array2::zeros((80, 12));
        let mut cells = Vec::new();
        for m in 0..80 {
            let (ability, special) = (normal(), Array1::from_shape_simple_fn(6, || 0.3 * normal()));
            for c in 0..12 {
                truth[[m, c]] = ability + special[c / 2] + 0.1 * c as f64;
            }
            let run = (0..12).filter(|c| (m + c / 2) % 3 != 0);
            cells.push(
                run.map(|column| Cell {
                    column,
                    value: truth[[m, column]] + 0.1 * normal(),
                    variance: 0.01,
                })
                .collect(),
            );
        }
        (cells, of, truth)
    }

    #[test]
    fn the_posterior_in_blocks_is_that_of_the_whole() {
        const N: usize = GENERAL + 7;
        let specials: Vec<OwnPrecision> = (0..7)
            .map(|b| OwnPrecision {
                precision: 9.0 + b as f64,
                cross: std::array::from_fn(|i| ((3 * i + b) % 5) as f64 - 2.0),
                pull: b as f64 - 3.0,
            })
            .collect();
        let (mut whole, mut pull): (Square<N>, [f64; N]) = ([[0.0; N]; N], [0.0; N]);
        for i in 0..GENERAL {
            (whole[i][i], pull[i]) = (20.0, 1.0 + i as f64);
            for (b, special) in specials.iter().enumerate() {
                whole[GENERAL + b][GENERAL + b] = special.precision;
                whole[i][GENERAL + b] = special.cross[i];
                whole[GENERAL + b][i] = special.cross[i];
                pull[GENERAL + b] = special.pull;
            }
        }
        let whole = Small::of(&whole).unwrap();
        let (mean, covariance) = (whole.solve(pull), whole.inverse());
        let mut general = [[0.0; GENERAL]; GENERAL];
        (0..GENERAL).for_each(|i| general[i][i] = 20.0);
        let pull = std::array::from_fn(|i| pull[i]);
        let found = Precision { general, pull, specials }.posterior().unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        for i in 0..GENERAL {
            near(found.mean[i], mean[i]);
            (0..GENERAL).for_each(|j| near(found.covariance[i][j], covariance[i][j]));
            for (b, special) in found.specials.iter().enumerate() {
                near(special.mean, mean[GENERAL + b]);
                near(special.variance, covariance[GENERAL + b][GENERAL + b]);
                near(special.cross[i], covariance[i][GENERAL + b]);
            }
        }
    }

    #[test]
    fn a_benchmark_that_was_not_run_is_predicted_with_its_uncertainty() {
        let (cells, of, truth) = simulated();
        let factors = Factors::fit(&cells, of, 12, 1).unwrap();
        let (mut error, mut held, mut n) = (0.0, 0, 0);
        for (m, cells) in cells.iter().enumerate() {
            let belief = factors.belief(cells).unwrap();
            for c in (0..12).filter(|c| (m + c / 2) % 3 == 0) {
                let off = belief.levels[c] - truth[[m, c]];
                error += off.abs();
                held += usize::from(off.abs() < 1.28 * belief.variances[c].sqrt());
                n += 1;
            }
            for cell in cells {
                assert!((belief.levels[cell.column] - truth[[m, cell.column]]).abs() < 0.5);
                assert!(belief.variances[cell.column] < 0.05);
            }
        }
        assert!(error / f64::from(n) < 0.4, "{}", error / f64::from(n));
        assert!((0.6..0.95).contains(&(held as f64 / f64::from(n))), "{held} of {n}");
    }

    #[test]
    fn a_model_of_which_nothing_is_known_is_the_mean_model() {
        let (cells, of, _) = simulated();
        let factors = Factors::fit(&cells, of, 12, 1).unwrap();
        let belief = factors.belief(&[]).unwrap();
        assert!(belief.general.iter().all(|x| *x == 0.0));
        assert!(belief.variances.iter().all(|v| *v > 0.3));
    }
}
