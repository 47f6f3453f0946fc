//! Effects: what the state requests from outside.

use super::command::Exported;
use super::state::job::JobKind;
use super::state::map::Projector;
use crate::dataset::Answer;

/// An effect that the state requests.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Quit,
    Suspend,
    /// Route this prompt; the result must carry this version.
    Route(u64, String),
    /// Find training questions similar to this prompt; the result must carry this version.
    Similar(u64, String),
    /// Find the neighbors of this model.
    Neighbors(usize),
    /// Probe these attributes, in order.
    Probe(Vec<usize>),
    NextTheme,
    UseTheme(String),
    StopTraining,
    /// Copy this text to the clipboard.
    Copy(String),
    /// Write these bytes to this file, which must not exist.
    Write(Exported, String, Vec<u8>),
    /// Save this expression as a pool with this name.
    SavePool(String, String),
    /// Capture the mouse, or release it.
    Mouse(bool),
    /// Ask the terminal what pictures it can show.
    Survey,
    /// Cluster the models.
    Cluster,
    /// Describe the group of the card; the result must carry this version.
    Describe(u64),
    /// Place a new model by these answers; the result must carry this version.
    Place(u64, Vec<Answer>),
    /// Read the answers of a new model from this file.
    ReadAnswers(String),
    /// Predict every model on every benchmark.
    Forecast,
    /// Evaluate the predictions on the data set.
    Evaluate,
    /// Stop this job.
    Stop(JobKind),
    /// Compute this projection.
    Project(Projector),
    /// Read the data set and predict its questions.
    Questions,
    /// Check whether this pasted text is the path of a file, and read the prompt from it.
    Drop(String),
}
