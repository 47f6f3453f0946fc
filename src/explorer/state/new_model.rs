//! A new model that is placed beside the others while it answers: by hand in the Questions pane, or
//! from a file.

use ndarray::{Array1, Array2};

use super::job::Job;
use crate::analysis::neighbors::Neighbor;
use crate::dataset::Answer;
use crate::estimate::Estimate;
use crate::one_line;

/// What it is called on the map.
pub const NAME: &str = "new model";

#[derive(Default)]
pub struct NewModelState {
    pub answers: Vec<Answer>,
    /// What is known of it, by the answers so far.
    pub placed: Option<Box<Placed>>,
    /// Counts the answers' changes: what was computed for older ones is dropped.
    pub version: u64,
    pub placement: Job<()>,
    /// The question that tells most is wanted as soon as it is known.
    pub seeking: bool,
    pub scroll: usize,
}

/// Where a new model stands.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its specialities and what is not known of them.
    pub special: Array1<f64>,
    pub covariance: Array2<f64>,
    /// The share of the models that are less able.
    pub ability: Estimate,
    /// The nearest models.
    pub neighbors: Vec<Neighbor>,
    /// By category: name, answers so far, forecast accuracy.
    pub benchmarks: Vec<(String, usize, Estimate)>,
    /// The questions of the data that tell most next, and how far the accuracies are known now.
    pub next: Vec<usize>,
    pub deviation: f64,
}

impl NewModelState {
    /// How many questions it has answered.
    pub fn answered(&self) -> usize {
        self.answers.iter().filter(|answer| answer.label.is_some()).count()
    }

    /// What it answered to a question of the data.
    pub fn label(&self, question: usize) -> Option<f32> {
        self.answers.iter().find(|answer| answer.question == Some(question))?.label
    }
}

/// Makes what was found safe to print.
pub fn printable(mut placed: Placed) -> Placed {
    placed.benchmarks.iter_mut().for_each(|(name, ..)| *name = one_line(name));
    placed
}
