//! What models were measured on.

use serde::{Deserialize, Serialize};

use crate::dataset::Kind;

/// How one model did on one benchmark, over all splits that training was allowed to see.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Its mean label, in [0, 1].
    pub accuracy: f64,
    /// Over how many responses.
    pub responses: u32,
}

/// A category of the training data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Benchmark {
    /// Its name.
    pub name: String,
    /// What its labels say.
    #[serde(default, skip_serializing_if = "Kind::is_correctness")]
    pub kind: Kind,
    /// How many training questions it has.
    pub questions: u32,
    /// One entry a model; `None` where it was not run.
    pub scores: Vec<Option<Score>>,
}
