//! Specialities of related models.
//!
//! The [factors](super::factors) take the specialities of a model to be independent of those of all
//! others. They are not: models of one family, or of similar size, age and kind, deviate on the same
//! benchmarks from what their general factors predict. So a benchmark that a model was not run on gets
//! the deviations of related models: the posterior of a Gaussian process over the models, one a category
//! (Rasmussen and Williams 2006, equations 2.25 and 2.26).

use std::collections::HashMap;

use linfa_linalg::cholesky::InverseC;
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;

use super::factors::{Belief, Cell, Factors, known};
use crate::dataset::{Attribute, Values};
use crate::error::{Error, Result};

/// The share of a deviation that models of one family have in common, and that which models of similar
/// attributes have.
const FAMILY: f64 = 0.4;
const SIMILAR: f64 = 0.5;
/// The share of the variance of a deviation that is taken to be noise.
const NOISE: f64 = 0.1;
/// Models without an answer to a benchmark that are predicted together: bounds the memory.
const BLOCK: usize = 1024;
/// Models with answers to a category that count: those with the most answers.
const MOST: usize = 512;
/// The attributes by which models are similar.
const BY: [&str; 3] = ["release", "params_b", "reasoning"];

/// What is known of the models beside their answers.
pub(super) struct Related {
    /// The number of each model's family, where it has one.
    family: Vec<Option<usize>>,
    /// Models × standardized attributes, 0 where one is not known.
    attributes: Array2<f64>,
}

impl Related {
    /// `None` if nothing is known of them.
    pub(super) fn new(attributes: &[Attribute], models: usize) -> Option<Self> {
        let by: Vec<Attribute> =
            attributes.iter().filter(|a| BY.contains(&&*a.name)).cloned().collect();
        let columns = known(&by);
        let family = attributes.iter().find_map(|attribute| match &attribute.values {
            Values::Class(names) if attribute.name == "family" => Some(numbered(names)),
            _ => None,
        });
        if columns.is_empty() && family.is_none() {
            return None;
        }
        let attributes = Array2::from_shape_fn((models, columns.len()), |(m, column)| {
            columns[column][m].unwrap_or_default()
        });
        Some(Self { family: family.unwrap_or_else(|| vec![None; models]), attributes })
    }

    /// The correlation of the deviations of two models: positive semidefinite.
    fn correlation(&self, a: usize, b: usize) -> f64 {
        if a == b {
            return 1.0;
        }
        let same = self.family[a].is_some() && self.family[a] == self.family[b];
        let similar = if self.attributes.is_empty() {
            0.0
        } else {
            let (a, b) = (self.attributes.row(a), self.attributes.row(b));
            let distance: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
            SIMILAR * (-distance / 2.0).exp()
        };
        similar + if same { FAMILY } else { 0.0 }
    }

    fn correlations(&self, rows: &[usize], columns: &[usize]) -> Array2<f64> {
        Array2::from_shape_fn((rows.len(), columns.len()), |(i, j)| {
            self.correlation(rows[i], columns[j])
        })
    }

    /// Adds to the `beliefs` of the models what related models showed on the benchmarks that they were
    /// not run on.
    ///
    /// # Errors
    /// [`Error::Failed`] if the answers are so extreme that there is no posterior.
    pub(super) fn inform(
        &self,
        factors: &Factors,
        cells: &[Vec<Cell>],
        beliefs: &mut [Belief],
    ) -> Result<()> {
        let categories = factors.of.len();
        let mut observed: Vec<Vec<(usize, Cell)>> = vec![Vec::new(); categories];
        let mut run = Array2::from_elem((cells.len(), factors.special.len()), false);
        for (m, cells) in cells.iter().enumerate() {
            for cell in cells.iter().filter(|cell| cell.column < categories) {
                observed[cell.column].push((m, *cell));
                run[[m, factors.of[cell.column]]] = true;
            }
        }
        let beliefs_before: &[Belief] = beliefs;
        let each: Vec<Vec<(usize, f64, f64)>> = observed
            .into_par_iter()
            .enumerate()
            .map(|(category, mut observed)| {
                if observed.len() < 2 {
                    return Ok(Vec::new());
                }
                observed.sort_by(|a, b| a.1.variance.total_cmp(&b.1.variance).then(a.0.cmp(&b.0)));
                observed.truncate(MOST);
                let benchmark = factors.of[category];
                let others: Vec<usize> =
                    (0..cells.len()).filter(|m| !run[[*m, benchmark]]).collect();
                let variance = factors.noise[category] + factors.special[benchmark];
                let deviation = |(m, cell): &(usize, Cell)| {
                    cell.value - factors.expected(category, &beliefs_before[*m].general)
                };
                let values: Array1<f64> = observed.iter().map(deviation).collect();
                let models: Vec<usize> = observed.iter().map(|(m, _)| *m).collect();
                let mut known = self.correlations(&models, &models) * variance;
                for (i, (_, cell)) in observed.iter().enumerate() {
                    known[[i, i]] += cell.variance + NOISE * variance;
                }
                let inverse = known.invc().map_err(|e| {
                    Error::Failed(format!("related models cannot be compared: {e}"))
                })?;
                let weights = inverse.dot(&values);
                let mut found = Vec::with_capacity(others.len());
                for block in others.chunks(BLOCK) {
                    let with = self.correlations(block, &models) * variance;
                    let means = with.dot(&weights);
                    let explained = (&with.dot(&inverse) * &with).sum_axis(Axis(1));
                    let each = block.iter().zip(means).zip(explained);
                    found.extend(each.map(|((m, mean), explained)| (*m, mean, explained)));
                }
                Ok(found)
            })
            .collect::<Result<_>>()?;
        for (category, found) in each.into_iter().enumerate() {
            for (m, mean, explained) in found {
                let belief = &mut beliefs[m];
                belief.levels[category] += mean;
                belief.variances[category] -= explained;
            }
        }
        Ok(())
    }
}

/// Equal names have equal numbers.
fn numbered(names: &[Option<String>]) -> Vec<Option<usize>> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let each = names.iter().map(|name| {
        let name = name.as_deref().filter(|name| !name.is_empty())?;
        let next = numbers.len();
        Some(*numbers.entry(name).or_insert(next))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// 60 models on eight benchmarks. What they have beyond one factor is the same in a family of five;
    /// the first of each family was not run on the first benchmark.
    fn simulated() -> (Vec<Vec<Cell>>, Vec<f64>, Vec<Attribute>) {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let special = Array2::from_shape_simple_fn((12, 8), || 0.6 * normal());
        let (mut cells, mut truth) = (Vec::new(), Vec::new());
        for m in 0..60 {
            let (ability, family) = (normal(), m / 5);
            let level = |benchmark: usize| ability + special[[family, benchmark]];
            truth.push(level(0));
            let run = (0..8).filter(|benchmark| m % 5 != 0 || *benchmark != 0);
            let cell = |column| Cell { column, value: level(column), variance: 0.02 };
            cells.push(run.map(cell).collect());
        }
        let names = (0..60).map(|m| (m < 55).then(|| format!("family {}", m / 5))).collect();
        let family = Attribute { name: "family".into(), values: Values::Class(names) };
        (cells, truth, vec![family])
    }

    #[test]
    fn a_family_informs_the_benchmarks_that_a_model_was_not_run_on() {
        let (cells, truth, attributes) = simulated();
        let factors = Factors::fit(&cells, (0..8).collect(), 8, 1).unwrap();
        let before: Vec<Belief> = cells.iter().map(|cells| factors.belief(cells).unwrap()).collect();
        let mut after = before.clone();
        let related = Related::new(&attributes, 60).unwrap();
        related.inform(&factors, &cells, &mut after).unwrap();
        let error = |beliefs: &[Belief]| -> f64 {
            (0..55).step_by(5).map(|m| (beliefs[m].levels[0] - truth[m]).abs()).sum()
        };
        assert!(error(&after) < 0.7 * error(&before), "{} {}", error(&before), error(&after));
        for m in 0..60 {
            let (before, after) = (&before[m], &after[m]);
            let changes = m % 5 == 0 && m < 55;
            assert_eq!(before.levels[0] != after.levels[0], changes, "model {m}");
            assert!(after.variances[0] > 0.0);
            assert_eq!(before.variances[0] > after.variances[0], changes, "model {m}");
            assert_eq!(before.levels.slice(ndarray::s![1..]), after.levels.slice(ndarray::s![1..]));
        }
    }

    #[test]
    fn without_attributes_nothing_is_related() {
        assert!(Related::new(&[], 3).is_none());
        let coder =
            Attribute { name: "coder".into(), values: Values::Flag(vec![Some(true), None, None]) };
        assert!(Related::new(&[coder], 3).is_none());
    }

    #[test]
    fn similar_attributes_relate_models_and_unknown_ones_count_as_the_mean() {
        let sizes = [1.0, 1.1, 70.0, 8.0, 9.0, 400.0].map(Some).to_vec();
        let size = Attribute { name: "params_b".into(), values: Values::Number(sizes) };
        let related = Related::new(&[size], 6).unwrap();
        assert!(related.correlation(0, 1) > 0.9 * SIMILAR);
        assert!(related.correlation(0, 5) < 0.3 * SIMILAR);
        assert!(related.correlation(2, 2) == 1.0 && related.family.iter().all(Option::is_none));
    }
}
