//! Data about the models beyond the file of the embedder.

use super::model_set::ModelSet;
use crate::analysis::clusters::Clusters;

/// The data that columns, colors and expressions can use.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub model_set: &'a ModelSet,
    pub clusters: Option<&'a Clusters>,
    /// The probability of a correct answer by each model; empty without a prompt.
    pub forecast: &'a [Option<f32>],
}
