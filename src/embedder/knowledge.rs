//! The knowledge about the models, and the distribution of a new model.
//!
//! The same distribution is used for predictions, onboarding and intervals: a normal distribution over the
//! components of a model's logits. [`Latent`] arranges them as a vector that enters a logit linearly: the
//! general factors, a speciality for each benchmark, and the specialities learned by the networks.

use std::collections::HashMap;

use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2, ArrayView1, Axis, ShapeBuilder, concatenate, s};

use super::addition::{Addition, rows};
use super::agreement::{self, Agreement, Shared};
use super::benchmark::Benchmark;
use super::factors::{self, Belief, Factors, GENERAL};
use super::levels::{Levels, Tested, beyond};
use super::rasch::Rasch;
use super::settings::Settings;
use crate::dataset::{Attribute, ByModel, Dataset, Kind};
use crate::error::{Error, Result};
use crate::quantized::halved;

/// The weight of the general factors relative to the agreement in a vector.
const GENERAL_WEIGHT: f64 = 0.3;

/// The knowledge about the models of an embedder.
#[derive(Clone, Debug)]
pub(super) struct Knowledge {
    pub(super) factors: Factors,
    pub(super) levels: Levels,
    pub(super) tested: Tested,
    /// Models × specialities: what the networks learned of each, for questions like those it answered.
    pub(super) specialities: Array2<f32>,
    /// Models × specialities learned by the networks, for questions like those that a model answered.
    pub(super) rasch: Array1<f32>,
    pub(super) agreement: Agreement,
    pub(super) chart: Chart,
}

/// Maps general factors to the first dimensions of a vector: an affine map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chart {
    /// (General factors + 1) × (1 + general factors): the ability first; the last row is the offset.
    pub(super) map: Array2<f64>,
}

/// The vectors of the models: models × dimensions.
pub(super) struct Vectors {
    pub(super) vectors: Array2<f32>,
    pub(super) deviations: Array2<f32>,
}

/// The layout of a [`Latent`] vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) benchmarks: usize,
    pub(super) specialities: usize,
}

/// Questions in latent space: the calibrated logit of a model on the i-th is the dot product of its row with
/// the model's latent vector, plus its offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Latent {
    /// Questions × latent dimensions.
    pub x: Array2<f64>,
    /// One per question.
    pub offset: Array1<f64>,
}

/// The distribution of the latent vector of an unknown model.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// The mean model.
    pub mean: Array1<f64>,
    /// The variance of each dimension.
    pub variance: Array1<f64>,
}

/// A new model in the form that an embedder stores.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// Its vector, ability first.
    pub vector: Array1<f32>,
    /// The covariance of the vector.
    pub covariance: Array2<f64>,
    pub(super) levels: Array1<f32>,
    pub(super) level_deviations: Array1<f32>,
    pub(super) specialities: Array1<f32>,
    pub(super) rasch: f32,
    /// The number of questions shared with other models.
    shared: HashMap<usize, u32>,
}

impl Placement {
    /// The standard deviation of each dimension of the vector.
    #[must_use]
    pub fn deviations(&self) -> Array1<f32> {
        self.covariance.diag().mapv(|v| v.max(0.0).sqrt() as f32)
    }

    /// The number of questions shared with a model of the embedder.
    #[must_use]
    pub fn shared_with(&self, model: usize) -> u32 {
        self.shared.get(&model).copied().unwrap_or(0)
    }
}

impl Chart {
    /// The first dimensions of the vectors (models × (1 + general factors)): the ability, which is the mean
    /// level over the benchmarks of correctness (over all, if there are none) relative to the mean model, and
    /// dimensions that span the predicted levels: their squared distances are those of the levels, up to a
    /// common scale. `factors` and `beliefs` use answers only.
    fn numbers(factors: &Factors, kinds: &[Kind], beliefs: &[Belief]) -> Result<Vec<Spread>> {
        let loadings = factors.loadings.slice(s![..factors.of.len(), ..GENERAL]);
        let mut ability = Array1::zeros(GENERAL);
        for (c, weight) in weights(factors, kinds).iter().enumerate() {
            ability.scaled_add(*weight, &loadings.row(c));
        }
        let root = root(&loadings.t().dot(&loadings))?;
        let general =
            Array2::from_shape_fn((beliefs.len(), GENERAL), |(m, k)| beliefs[m].general[k]);
        let middle = general.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(GENERAL));
        let spread = (&general - &middle).dot(&root);
        let square = spread.mapv(|x| x * x).sum() / beliefs.len().max(1) as f64;
        let root = root * (GENERAL_WEIGHT / square.sqrt().max(1e-9));
        let turn = concatenate![Axis(1), ability.insert_axis(Axis(1)), root];
        let each = beliefs.iter().map(|belief| Spread {
            mean: (&belief.general - &middle).dot(&turn),
            deviation: turn
                .t()
                .dot(&belief.covariance)
                .dot(&turn)
                .diag()
                .mapv(|v| v.max(0.0).sqrt()),
        });
        Ok(each.collect())
    }

    /// The map from the general factors of predictions (`beliefs`, from answers only) to these dimensions, by
    /// least squares over the models: it places a new model.
    fn fit(beliefs: &[Belief], numbers: &[Spread]) -> Result<Self> {
        let x = Array2::from_shape_fn((beliefs.len(), GENERAL + 1), |(m, k)| {
            beliefs[m].general.get(k).copied().unwrap_or(1.0)
        });
        let y = Array2::from_shape_fn((beliefs.len(), GENERAL + 1), |(m, k)| numbers[m].mean[k]);
        let mut gram = x.t().dot(&x) + Array2::<f64>::eye(GENERAL + 1) * 1e-6;
        let map = gram
            .solvec(&x.t().dot(&y))
            .map_err(|e| Error::Failed(format!("the general factors have no chart: {e}")))?;
        Ok(Self { map: map.mapv(|x| f64::from(x as f32)) })
    }

    fn turn(&self) -> ndarray::ArrayView2<'_, f64> {
        self.map.slice(s![..GENERAL, ..])
    }

    fn place(&self, general: ArrayView1<'_, f64>) -> Array1<f64> {
        general.dot(&self.turn()) + self.map.row(GENERAL)
    }

    fn covariance(&self, covariance: &Array2<f64>) -> Array2<f64> {
        self.turn().t().dot(covariance).dot(&self.turn())
    }
}

/// Values with their standard deviations.
struct Spread {
    mean: Array1<f64>,
    deviation: Array1<f64>,
}

/// The weight of each category in overall ability: equal for benchmarks, and for the categories of each; zero
/// for other kinds of labels than correctness, unless there are no others.
fn weights(factors: &Factors, kinds: &[Kind]) -> Vec<f64> {
    let any = kinds.iter().any(Kind::is_correctness);
    let counts = |c: usize| kinds.get(c).is_none_or(|kind| !any || kind.is_correctness());
    let mut sizes = vec![0.0_f64; factors.special.len()];
    (0..factors.of.len()).filter(|c| counts(*c)).for_each(|c| sizes[factors.of[c]] += 1.0);
    let benchmarks = sizes.iter().filter(|n| **n > 0.0).count().max(1) as f64;
    let weight = |c: usize| {
        if counts(c) { (sizes[factors.of[c]] * benchmarks).recip() } else { 0.0 }
    };
    (0..factors.of.len()).map(weight).collect()
}

/// The symmetric square root of a positive semidefinite matrix.
fn root(matrix: &Array2<f64>) -> Result<Array2<f64>> {
    use linfa_linalg::eigh::Eigh;
    let (values, vectors) = matrix
        .eigh()
        .map_err(|e| Error::Failed(format!("the general factors have no scale: {e}")))?;
    Ok((&vectors * &values.mapv(|v| v.max(0.0).sqrt())).dot(&vectors.t()))
}

/// The number of answers behind the scores: one list per category.
pub(super) fn answers(benchmarks: &[Benchmark]) -> Vec<&[u32]> {
    benchmarks.iter().map(|benchmark| benchmark.scores.columns().1).collect()
}

/// The knowledge about the models before the networks are trained.
pub(super) struct Groundwork {
    pub(super) factors: Factors,
    pub(super) levels: Levels,
    pub(super) tested: Tested,
    pub(super) vectors: Vectors,
    rasch: Array1<f32>,
    agreement: Agreement,
    chart: Chart,
}

impl Groundwork {
    /// Fits factors and agreement to the training answers: `scores` are those of the training questions only,
    /// `all` those that determine which categories a model was evaluated on. `attributes` inform levels,
    /// never vectors; empty to leave them out.
    ///
    /// # Errors
    /// [`Error::Failed`] if there is no fit.
    pub(super) fn fit(
        data: &Dataset,
        (train, by_model): (&[usize], &ByModel),
        (scores, all): (&[Benchmark], &[Benchmark]),
        attributes: &[Attribute],
        settings: &Settings,
    ) -> Result<Self> {
        let models = data.models.len();
        let of = factors::grouped(scores);
        let cells = factors::scored(scores, models);
        let columns = factors::known(attributes);
        let mut informed = cells.clone();
        factors::informed(&mut informed, scores.len(), &columns);
        let columns = scores.len() + columns.len();
        // Rounded as in a file.
        let factors = Factors::fit(&informed, of.clone(), columns, settings.seed)?.narrow();
        let believe = |cells: &Vec<factors::Cell>| factors.belief(cells);
        let beliefs: Vec<Belief> = informed.iter().map(believe).collect::<Result<_>>()?;
        let plain: Vec<Belief> = cells.iter().map(believe).collect::<Result<_>>()?;
        // Vectors depend on answers only, including the loadings of their factors.
        let own = Factors::fit(&cells, of.clone(), scores.len(), settings.seed)?;
        let unaided = cells.iter().map(|cells| own.belief(cells)).collect::<Result<Vec<_>>>()?;
        let first = Chart::numbers(&own, &data.kinds, &unaided)?;
        let tested = Tested::new(of.clone(), &answers(all), models);
        let mut levels = Levels {
            mean: halved(&rows(scores.len(), beliefs.iter().map(|b| b.levels.view()))),
            deviation: halved(
                &rows(scores.len(), beliefs.iter().map(|b| b.variances.view())).mapv(f32::sqrt),
            ),
        };
        levels.extrapolate(&tested);
        levels.mean = by_columns(&levels.mean);
        levels.deviation = by_columns(&halved(&levels.deviation));
        let rasch = Rasch::of(data, train, by_model);
        let (agreement, numbers) = Agreement::fit(by_model, &rasch, settings.agreement())?;
        let chart = Chart::fit(&plain, &first)?;
        let vectors = vectors(&first, &numbers, &cells_answers(scores, models));
        Ok(Self {
            tested,
            rasch: rasch.abilities.iter().map(|a| *a as f32).collect(),
            factors,
            levels,
            vectors,
            agreement,
            chart,
        })
    }

    /// Adds the specialities that the networks learned.
    pub(super) fn with(self, specialities: Array2<f32>) -> (Knowledge, Vectors) {
        let knowledge = Knowledge {
            factors: self.factors,
            levels: self.levels,
            tested: self.tested,
            specialities: by_columns(&specialities),
            rasch: self.rasch,
            agreement: self.agreement,
            chart: self.chart,
        };
        (knowledge, self.vectors)
    }
}

/// The same matrix, stored by columns: validation and routing read few of them, of all models.
fn by_columns(matrix: &Array2<f32>) -> Array2<f32> {
    let mut out = Array2::zeros(matrix.dim().f());
    out.assign(matrix);
    out
}

fn cells_answers(scores: &[Benchmark], models: usize) -> Vec<usize> {
    let of = |m| scores.iter().map(|b| b.scores.responses(m) as usize).sum();
    (0..models).map(of).collect()
}

fn vectors(general: &[Spread], numbers: &Array2<f32>, answers: &[usize]) -> Vectors {
    let first = GENERAL + 1;
    let spread = agreement::deviation(numbers);
    let mut vectors = Array2::zeros((general.len(), first + numbers.ncols()));
    let mut deviations = vectors.clone();
    vectors.slice_mut(s![.., first..]).assign(numbers);
    for (m, general) in general.iter().enumerate() {
        let narrow = |x: f64| x as f32;
        vectors.slice_mut(s![m, ..first]).assign(&general.mean.mapv(narrow));
        deviations.slice_mut(s![m, ..first]).assign(&general.deviation.mapv(narrow));
        let left = &spread * agreement::unknown(answers[m]);
        deviations.slice_mut(s![m, first..]).assign(&left);
    }
    Vectors { vectors, deviations: halved(&deviations) }
}

impl Knowledge {
    /// The layout of a model's latent vector.
    pub(super) fn layout(&self) -> Layout {
        Layout { benchmarks: self.factors.special.len(), specialities: self.specialities.ncols() }
    }

    /// Category probabilities of a question of an unknown kind.
    pub(super) fn unknown_kind(&self, benchmarks: &[Benchmark]) -> Array1<f32> {
        let kinds: Vec<Kind> = benchmarks.iter().map(|benchmark| benchmark.kind).collect();
        weights(&self.factors, &kinds).into_iter().map(|w| w as f32).collect()
    }

    /// A new model from the distribution of its latent vector (mean, covariance) and the questions that it
    /// shares with the landmarks.
    pub(super) fn place(
        &self,
        (mean, covariance): (&Array1<f64>, &Array2<f64>),
        shared: &[Shared],
        rasch: f64,
        ground: &Ground,
        counts: HashMap<usize, u32>,
    ) -> Placement {
        let (categories, first) = (self.factors.of.len(), GENERAL + 1);
        let special = GENERAL + self.factors.special.len();
        let (mut levels, mut deviations) = (Array1::zeros(categories), Array1::zeros(categories));
        for c in 0..categories {
            let loadings = self.factors.loadings.row(c);
            let mut x = Array1::<f64>::zeros(mean.len());
            x.slice_mut(s![..GENERAL]).assign(&loadings.slice(s![..GENERAL]));
            x[GENERAL + self.factors.of[c]] = 1.0;
            let variance = x.dot(&covariance.dot(&x)).max(0.0) + self.factors.noise[c];
            levels[c] = (loadings[GENERAL] + x.dot(mean)) as f32;
            deviations[c] = beyond(ground.shown[c], levels[c], variance.sqrt() as f32);
        }
        let width = first + self.agreement.basis.ncols();
        let mut vector = Array1::zeros(width);
        let mut own = Array2::zeros((width, width));
        let general = self.chart.place(mean.slice(s![..GENERAL]));
        vector.slice_mut(s![..first]).assign(&general.mapv(|x| x as f32));
        vector.slice_mut(s![first..]).assign(&self.agreement.place(shared));
        let known = covariance.slice(s![..GENERAL, ..GENERAL]).to_owned();
        own.slice_mut(s![..first, ..first]).assign(&self.chart.covariance(&known));
        let answers = shared.iter().map(Shared::count).fold(0.0, f64::max);
        for (i, deviation) in ground.spread.iter().enumerate() {
            let left = f64::from(*deviation * agreement::unknown(answers as usize));
            own[[first + i, first + i]] = left * left;
        }
        Placement {
            vector,
            covariance: own,
            levels,
            level_deviations: deviations,
            specialities: mean.slice(s![special..]).mapv(|x| x as f32),
            rasch: rasch as f32,
            shared: counts,
        }
    }

    /// Adds models; `answers` has one list per category.
    pub(super) fn push(&mut self, new: &[Addition], answers: &[Vec<u32>]) -> Result<()> {
        let failed = |e: ndarray::ShapeError| Error::Failed(e.to_string());
        let categories = self.levels.mean.ncols();
        let means = halved(&rows(categories, new.iter().map(|new| new.levels.view())));
        self.levels.mean.append(Axis(0), means.view()).map_err(failed)?;
        let deviations = new.iter().map(|new| new.level_deviations.view());
        let deviations = halved(&rows(categories, deviations));
        self.levels.deviation.append(Axis(0), deviations.view()).map_err(failed)?;
        let width = self.specialities.ncols();
        let specialities = rows(width, new.iter().map(|new| new.specialities.view()));
        self.specialities.append(Axis(0), specialities.view()).map_err(failed)?;
        self.rasch = self.rasch.iter().copied().chain(new.iter().map(|new| new.rasch)).collect();
        for matrix in [&mut self.levels.mean, &mut self.levels.deviation, &mut self.specialities] {
            *matrix = by_columns(matrix);
        }
        self.tested.push(answers, new.len());
        for new in new {
            let counts = self.agreement.shared.take();
            self.agreement.shared = counts.and_then(|counts| counts.with(&new.shared));
        }
        Ok(())
    }

    /// Precomputes what placing models needs; `vectors` are those of all models.
    pub(super) fn ground(&self, vectors: &Array2<f32>) -> Ground {
        Ground {
            landmarks: self.agreement.places(vectors.nrows()),
            spread: agreement::deviation(vectors.slice(s![.., GENERAL + 1..])),
            shown: (0..self.factors.of.len()).map(|c| self.levels.shown(&self.tested, c)).collect(),
        }
    }
}

/// What placing a model needs of all others, computed once.
pub(crate) struct Ground {
    /// By model, its landmark index.
    pub(super) landmarks: Vec<Option<usize>>,
    /// By dimension of agreement, its standard deviation over the models.
    spread: Array1<f32>,
    /// By category, the range of observed levels.
    shown: Vec<Option<(f32, f32)>>,
}
