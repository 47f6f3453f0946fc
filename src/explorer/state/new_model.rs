//! A new model that is placed by its answers: entered in the Questions pane, or loaded from a file.

use ndarray::{Array1, Array2};

use super::job::Job;
use crate::analysis::neighbors::Neighbor;
use crate::dataset::Answer;
use crate::estimate::Estimate;
use crate::one_line;

/// Its label on the map.
pub const NAME: &str = "new model";

#[derive(Default)]
pub struct NewModelState {
    pub answers: Vec<Answer>,
    /// The results from the answers so far.
    pub placed: Option<Box<Placed>>,
    /// Version of the answers: results for older ones are dropped.
    pub version: u64,
    pub placement: Job<()>,
    /// Go to the most informative question as soon as it is known.
    pub seeking: bool,
    pub scroll: usize,
}

/// The placement of a new model.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its profile and its uncertainty.
    pub special: Array1<f64>,
    pub covariance: Array2<f64>,
    /// The share of the models that are less able.
    pub ability: Estimate,
    /// The nearest models.
    pub neighbors: Vec<Neighbor>,
    /// By category: name, answers so far, predicted accuracy.
    pub benchmarks: Vec<(String, usize, Estimate)>,
    /// The most informative questions of the data, and the current deviation of the accuracies.
    pub next: Vec<usize>,
    pub deviation: f64,
}

impl NewModelState {
    /// Number of answered questions.
    pub fn answered(&self) -> usize {
        self.answers.iter().filter(|answer| answer.label.is_some()).count()
    }

    /// Its answer to a question of the data.
    pub fn label(&self, question: usize) -> Option<f32> {
        self.answers.iter().find(|answer| answer.question == Some(question))?.label
    }
}

/// Makes the results safe to print.
pub fn printable(mut placed: Placed) -> Placed {
    placed.benchmarks.iter_mut().for_each(|(name, ..)| *name = one_line(name));
    placed
}
