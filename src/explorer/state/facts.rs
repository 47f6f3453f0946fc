//! What is known of the models beyond the file of the embedder.

use super::model_set::ModelSet;
use crate::analysis::clusters::Clusters;

/// What a column, a color and an expression can be about.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub model_set: &'a ModelSet,
    pub clusters: Option<&'a Clusters>,
    /// How likely each model is to answer the prompt right; empty without a prompt.
    pub forecast: &'a [Option<f32>],
}
