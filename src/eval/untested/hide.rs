//! Chooses the cells (model × benchmark) to hide.

use std::collections::BTreeSet;

use super::shuffle::Python;
use crate::dataset::Dataset;
use crate::eval::leave_out::{benchmark, benchmarks};

/// The share of a model's benchmarks that is hidden.
const SHARE: f64 = 0.3;

/// The hidden cells of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Hidden {
    /// (model, index into the benchmarks).
    pub cells: BTreeSet<(usize, usize)>,
    /// The names of the benchmarks.
    pub benchmarks: Vec<String>,
    /// The benchmark of each category.
    of_category: Vec<usize>,
}

impl Hidden {
    /// Hides 30% of the benchmarks of every model that was evaluated on two or more, at least one each. The
    /// subjects of a benchmark (`mmlu-pro/law`) are hidden together.
    #[must_use]
    pub fn pick(data: &Dataset, seed: u64) -> Self {
        let benchmarks = benchmarks(data);
        let place = |category: &String| {
            benchmarks.iter().position(|name| name == benchmark(category)).unwrap_or_default()
        };
        let of_category: Vec<usize> = data.categories.iter().map(place).collect();
        let mut run_on = vec![BTreeSet::new(); data.models.len()];
        for (q, question) in data.questions.iter().enumerate() {
            let benchmark = of_category[question.category as usize];
            data.responses.of(q).for_each(|(m, _)| {
                run_on[m].insert(benchmark);
            });
        }
        // The order determines how the random numbers are used: by id, as text.
        let mut order: Vec<usize> = (0..data.models.len()).collect();
        order.sort_by_key(|&m| &data.model_ids[m]);
        let mut python = Python::new(seed);
        let mut cells = BTreeSet::new();
        for m in order.into_iter().filter(|&m| run_on[m].len() >= 2) {
            let mut own: Vec<usize> = run_on[m].iter().copied().collect();
            own.sort_by_key(|&b| &benchmarks[b]);
            python.shuffle(&mut own);
            let many = (SHARE * own.len() as f64).round_ties_even() as usize;
            cells.extend(own.into_iter().take(many.max(1)).map(|b| (m, b)));
        }
        Self { cells, benchmarks, of_category }
    }

    /// The benchmark of a question.
    #[must_use]
    pub fn benchmark(&self, data: &Dataset, question: usize) -> usize {
        self.of_category[data.questions[question].category as usize]
    }

    /// True if the model's answer to the question is hidden.
    #[must_use]
    pub fn contains(&self, data: &Dataset, question: usize, model: usize) -> bool {
        self.cells.contains(&(model, self.benchmark(data, question)))
    }

    /// The number of models with a hidden cell.
    #[must_use]
    pub fn models(&self) -> usize {
        self.cells.iter().map(|(m, _)| m).collect::<BTreeSet<_>>().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::simulate::Simulation;

    fn data() -> Dataset {
        let simulation = Simulation { models: 12, categories: 7, ..Simulation::default() };
        let mut data = simulation.run();
        // Two subjects of one benchmark.
        data.categories[0] = "tests/law".into();
        data.categories[6] = "tests/physics".into();
        data
    }

    #[test]
    fn subjects_of_a_benchmark_are_hidden_together_and_none_loses_all() {
        let data = data();
        let hidden = Hidden::pick(&data, 1);
        assert_eq!(hidden.benchmarks.len(), 6);
        for m in 0..data.models.len() {
            let (mut seen, mut gone) = (BTreeSet::new(), BTreeSet::new());
            for q in 0..data.questions.len() {
                if data.responses.of(q).any(|(answered, _)| answered == m) {
                    let benchmark = hidden.benchmark(&data, q);
                    let to = if hidden.contains(&data, q, m) { &mut gone } else { &mut seen };
                    to.insert(benchmark);
                }
            }
            assert!(seen.is_disjoint(&gone), "a benchmark is hidden as a whole");
            let n = seen.len() + gone.len();
            // 5 × .3 = 1.5 is rounded to the even 2, as in Python.
            let expected = [0, 0, 1, 1, 1, 2, 2][n];
            assert_eq!(gone.len(), expected, "of {n}");
        }
        assert_eq!(hidden, Hidden::pick(&data, 1));
        assert_ne!(hidden, Hidden::pick(&data, 2));
    }

    #[test]
    fn the_order_of_models_in_the_file_does_not_matter() {
        let data = data();
        let names = |data: &Dataset, hidden: &Hidden| -> BTreeSet<(String, usize)> {
            hidden.cells.iter().map(|(m, b)| (data.models[*m].clone(), *b)).collect()
        };
        let models: Vec<usize> = (0..data.models.len()).rev().collect();
        let turned = data.with_models(&models);
        assert_eq!(
            names(&data, &Hidden::pick(&data, 3)),
            names(&turned, &Hidden::pick(&turned, 3))
        );
    }
}
