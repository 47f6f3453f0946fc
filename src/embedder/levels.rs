//! The levels of models on categories, and their mixture for a question of uncertain category.
//!
//! A level is the logit of a model's accuracy on a category, with a variance (see [`super::factors`]). The
//! category of a question is known only with some probability, so its level is that of a mixture. Within a
//! benchmark, categories that a model was evaluated on take precedence: the others add no information.
//! Between benchmarks that depends on the setting: [`Given::Recorded`] or [`Given::Nothing`].

use std::borrow::Cow;
use std::ops::Range;

use ndarray::{Array2, ArrayView1, Axis, s};
use rayon::prelude::*;

use crate::kernels;

/// What is given about a pair of a model and a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Nothing: any model may be asked a new prompt. Used for routing.
    Nothing,
    /// The pair is in evaluation records, so the question is from a benchmark that the model was evaluated
    /// on. This matters for texts in several benchmarks (the two leaderboards of AlpacaEval share all of
    /// theirs): it shows under which of them the answer was rated.
    Recorded,
}

/// The weight of a category without answers relative to one with answers.
const APART: f32 = 0.03;
/// The number of answers at which a category counts as half evaluated.
const TESTED: f32 = 1.0;
/// Less probable categories are ignored.
const NEGLIGIBLE: f32 = 1e-3;

/// The levels of all models.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Levels {
    /// Models × categories.
    pub(super) mean: Array2<f32>,
    /// Models × categories: standard deviations.
    pub(super) deviation: Array2<f32>,
}

/// The categories that count for each model.
#[derive(Clone, Debug)]
pub(super) struct Tested {
    /// Categories × models: the weight of a category within its benchmark, and how much the benchmark counts
    /// as evaluated, in [0, 1].
    within: Array2<f32>,
    benchmark: Array2<f32>,
    /// The benchmark of each category.
    of: Vec<usize>,
}

/// The level of each model for one question.
pub(super) struct Mixture {
    pub(super) mean: Vec<f32>,
    /// The variance from the uncertainty about the model and about the category.
    pub(super) variance: Vec<f32>,
    /// How much the model was evaluated on similar questions, in [0, 1].
    pub(super) support: Vec<f32>,
}

impl Tested {
    /// From the number of answers behind each score: one list per category, one number per model.
    pub(super) fn new<A>(of: Vec<usize>, answers: &[A], models: usize) -> Self
    where
        A: AsRef<[u32]> + Sync,
    {
        let categories = of.len();
        let benchmarks = of.iter().max().map_or(0, |last| last + 1);
        let share = |n: f32| n / (n + TESTED);
        let mut within = Array2::zeros((categories, models));
        let mut benchmark = Array2::<f32>::zeros((benchmarks, models));
        let rows = within.axis_iter_mut(Axis(0)).into_par_iter().zip(answers);
        rows.for_each(|(mut row, answers)| {
            let each = row.iter_mut().zip(answers.as_ref());
            each.for_each(|(within, n)| *within = counted(share(*n as f32)));
        });
        let rows = benchmark.axis_iter_mut(Axis(0)).into_par_iter().enumerate();
        rows.for_each(|(b, mut row)| {
            for (answers, _) in answers.iter().zip(&of).filter(|(_, own)| **own == b) {
                row.iter_mut().zip(answers.as_ref()).for_each(|(sum, n)| *sum += *n as f32);
            }
            row.mapv_inplace(share);
        });
        Self { within, benchmark, of }
    }

    /// The benchmark of each category.
    pub(super) fn benchmark_of(&self) -> &[usize] {
        &self.of
    }

    /// For some models.
    pub(super) fn select(&self, models: &[usize]) -> Self {
        Self {
            within: self.within.select(Axis(1), models),
            benchmark: self.benchmark.select(Axis(1), models),
            of: self.of.clone(),
        }
    }

    /// The probable categories, grouped by benchmark.
    fn likely(&self, categories: impl Iterator<Item = f32>) -> Vec<(usize, f32)> {
        let mut likely: Vec<(usize, f32)> =
            categories.enumerate().filter(|(_, p)| *p > NEGLIGIBLE).collect();
        likely.sort_by_key(|(c, _)| self.of[*c]);
        likely
    }

    /// Adds models with these numbers of answers: one list per category.
    pub(super) fn push(&mut self, answers: &[Vec<u32>], models: usize) {
        let new = Self::new(self.of.clone(), answers, models);
        // The number of rows is equal: appending cannot fail.
        let _ = self.within.append(Axis(1), new.within.view());
        let _ = self.benchmark.append(Axis(1), new.benchmark.view());
    }
}

impl Levels {
    /// For some models.
    pub(super) fn select(&self, models: &[usize]) -> Self {
        let of = |matrix: &Array2<f32>| matrix.select(Axis(0), models);
        Self { mean: of(&self.mean), deviation: of(&self.deviation) }
    }

    /// The range of observed levels on a category.
    pub(super) fn shown(&self, tested: &Tested, category: usize) -> Option<(f32, f32)> {
        let levels = self.mean.column(category);
        let within = tested.within.row(category);
        let shown = levels.iter().zip(within).filter(|(_, within)| tested_there(**within));
        shown.map(|(level, _)| *level).fold(None, |range, level| {
            let (low, high) = range.unwrap_or((level, level));
            Some((low.min(level), high.max(level)))
        })
    }

    /// Increases the uncertainty of models without answers on a category if their level is beyond all
    /// observed ones there: the factors are linear, and such an extrapolation is not supported.
    pub(super) fn extrapolate(&mut self, tested: &Tested) {
        for category in 0..self.mean.ncols() {
            let range = self.shown(tested, category);
            let within = tested.within.row(category);
            let levels = self.mean.column(category);
            let deviations = self.deviation.column_mut(category);
            for ((deviation, level), within) in deviations.into_iter().zip(levels).zip(within) {
                if !tested_there(*within) {
                    *deviation = beyond(range, *level, *deviation);
                }
            }
        }
    }

    /// The levels of some models for a question with these category probabilities.
    pub(super) fn mixture(
        &self,
        tested: &Tested,
        categories: ArrayView1<'_, f32>,
        given: Given,
        of: Range<usize>,
    ) -> Mixture {
        let models = of.len();
        let mut out = Mixture {
            mean: vec![0.0; models],
            variance: vec![0.0; models],
            support: vec![0.0; models],
        };
        let mut total = vec![0.0_f32; models];
        let likely = tested.likely(categories.iter().copied());
        let mut benchmarks: Vec<usize> = likely.iter().map(|(c, _)| tested.of[*c]).collect();
        benchmarks.dedup();
        let mut weight = vec![0.0_f32; models];
        for benchmark in benchmarks {
            let own = likely.iter().filter(|(c, _)| tested.of[*c] == benchmark);
            let within = |c: usize| contiguous(tested.within.slice(s![c, of.clone()]));
            let own: Vec<_> = own.map(|(c, p)| (*c, *p, within(*c))).collect();
            let share: f32 = own.iter().map(|(_, p, _)| p).sum();
            weight.fill(0.0);
            for (_, p, within) in &own {
                kernels::add(&mut weight, *p, within);
            }
            let run = tested.benchmark.slice(s![benchmark, of.clone()]);
            let each = weight.iter_mut().zip(run).zip(&mut total).zip(&mut out.support);
            for (((weight, run), total), support) in each {
                let counts = match given {
                    Given::Nothing => 1.0,
                    Given::Recorded => counted(*run),
                };
                *weight = share * counts / *weight;
                *total += share * counts;
                *support += share * counts * run;
            }
            for (c, p, within) in &own {
                let part = s![of.clone(), *c];
                let mean = contiguous(self.mean.slice(part));
                let deviation = contiguous(self.deviation.slice(part));
                kernels::mix(
                    (&mut out.mean, &mut out.variance),
                    (&weight, *p),
                    within,
                    (&mean, &deviation),
                );
            }
        }
        for m in 0..models {
            let total = total[m].max(f32::MIN_POSITIVE);
            out.mean[m] /= total;
            out.support[m] /= total;
            out.variance[m] = (out.variance[m] / total - out.mean[m].powi(2)).max(0.0);
        }
        out
    }

    /// Only the means, of some models, into `out`: what training needs.
    pub(super) fn means(
        &self,
        tested: &Tested,
        categories: &[f32],
        models: impl Iterator<Item = usize>,
        out: &mut Vec<f32>,
    ) {
        struct Likely<'a> {
            p: f32,
            within: Cow<'a, [f32]>,
            mean: Cow<'a, [f32]>,
        }

        let likely = tested.likely(categories.iter().copied());
        let groups: Vec<_> = likely
            .chunk_by(|(a, _), (b, _)| tested.of[*a] == tested.of[*b])
            .map(|group| {
                let share: f32 = group.iter().map(|(_, p)| p).sum();
                let run = contiguous(tested.benchmark.row(tested.of[group[0].0]));
                let each = group.iter().map(|&(c, p)| Likely {
                    p,
                    within: contiguous(tested.within.row(c)),
                    mean: contiguous(self.mean.column(c)),
                });
                (share, run, each.collect::<Vec<_>>())
            })
            .collect();
        for m in models {
            let (mut sum, mut total) = (0.0, 0.0);
            for (share, run, each) in &groups {
                let (mut weights, mut level) = (0.0, 0.0);
                for likely in each {
                    let w = likely.p * likely.within[m];
                    weights += w;
                    level += w * likely.mean[m];
                }
                let counts = share * counted(run[m]);
                sum += counts * level / weights;
                total += counts;
            }
            out.push(sum / total);
        }
    }
}

/// The numbers of a row or column, copied only if they are not next to each other.
pub(super) fn contiguous(line: ArrayView1<'_, f32>) -> Cow<'_, [f32]> {
    line.to_slice().map_or_else(|| Cow::Owned(line.to_vec()), Cow::Borrowed)
}

/// The probabilities of the categories that count, which add up to 1, and 0 for the others.
pub(super) fn probable(categories: ArrayView1<'_, f32>) -> Vec<f32> {
    let counts = categories.mapv(|p| if p > NEGLIGIBLE { p } else { 0.0 });
    let total = counts.sum().max(f32::MIN_POSITIVE);
    counts.iter().map(|p| p / total).collect()
}

/// The weight of a category or benchmark that was evaluated to this degree.
fn counted(tested: f32) -> f32 {
    APART + (1.0 - APART) * tested
}

/// True if the weight exceeds that of one without answers.
fn tested_there(counted: f32) -> bool {
    counted > APART + 1e-3
}

/// The deviation of a level that lies beyond `range`.
pub(super) fn beyond(range: Option<(f32, f32)>, level: f32, deviation: f32) -> f32 {
    /// The share of the distance beyond the range that is added to the deviation.
    const UNKNOWN: f32 = 0.5;
    let excess = range.map_or(0.0, |(low, high)| (level - high).max(low - level).max(0.0));
    deviation.hypot(UNKNOWN * excess)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, aview1};

    /// Two leaderboards and another benchmark; the first model was evaluated on the first only.
    fn levels() -> (Levels, Tested) {
        let mean = array![[2.0, -2.0, 0.5], [2.0, -2.0, 0.5]];
        let levels = Levels { mean, deviation: Array2::from_elem((2, 3), 0.1) };
        let answers = [vec![500, 0], vec![0, 0], vec![0, 0]];
        (levels, Tested::new(vec![0, 1, 2], &answers, 2))
    }

    #[test]
    fn records_determine_the_leaderboard_of_an_answer() {
        let (levels, tested) = levels();
        let either = array![0.5, 0.5, 0.0];
        let any = levels.mixture(&tested, either.view(), Given::Nothing, 0..2);
        assert!(any.mean[0].abs() < 1e-5 && any.variance[0] > 3.9, "as likely one as the other");
        assert!((any.support[0] - 0.5).abs() < 0.02 && any.support[1] == 0.0);
        let recorded = levels.mixture(&tested, either.view(), Given::Recorded, 0..2);
        assert!(recorded.mean[0] > 1.8, "{}", recorded.mean[0]);
        assert!(recorded.mean[1].abs() < 1e-5, "nothing is known of the second model");
    }

    #[test]
    fn the_layout_of_the_matrices_does_not_matter() {
        let (levels, mut tested) = levels();
        let mean = array![[2.0, -2.0, 0.5], [2.0, -2.0, 0.5], [0.1, 0.2, 0.3]];
        let levels = Levels { mean, deviation: levels.deviation.select(Axis(0), &[0, 1, 1]) };
        let turned =
            |matrix: &Array2<f32>| matrix.t().as_standard_layout().into_owned().reversed_axes();
        let by_columns =
            Levels { mean: turned(&levels.mean), deviation: turned(&levels.deviation) };
        tested.push(&[vec![20], vec![0], vec![300]], 1);
        let whole = Tested::new(vec![0, 1, 2], &[[500, 0, 20], [0, 0, 0], [0, 0, 300]], 3);
        let categories = array![0.2, 0.5, 0.3];
        let mixed = |levels: &Levels, tested: &Tested| {
            let found = levels.mixture(tested, categories.view(), Given::Recorded, 0..3);
            (found.mean, found.variance, found.support)
        };
        let expected = mixed(&levels, &whole);
        assert!((expected.0[0] - expected.0[1]).abs() > 1e-3 && expected.2[2] > 0.0);
        assert_eq!(mixed(&by_columns, &whole), expected);
        assert_eq!(mixed(&by_columns, &tested), expected, "a model was added");
    }

    #[test]
    fn training_sees_the_same_means() {
        let (levels, tested) = levels();
        let categories = [0.3, 0.6, 0.1];
        let all = levels.mixture(&tested, aview1(&categories), Given::Recorded, 0..2);
        let mut some = Vec::new();
        levels.means(&tested, &categories, 0..2, &mut some);
        assert!(some.iter().zip(&all.mean).all(|(a, b)| (a - b).abs() < 1e-5), "{some:?}");
    }
}
