//! What the state wants done outside of itself.

use super::command::Exported;
use super::state::job::JobKind;
use super::state::map::Projector;
use crate::dataset::Answer;

/// What the state wants done outside of itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Quit,
    Suspend,
    /// Route this prompt; the answer must carry this version.
    Route(u64, String),
    /// Find the training questions that are like this prompt; what is found must carry this version.
    Similar(u64, String),
    /// Probe these attributes, in order.
    Probe(Vec<usize>),
    NextTheme,
    UseTheme(String),
    StopTraining,
    /// Put this text on the clipboard.
    Copy(String),
    /// Write these bytes to this file, which must be new.
    Write(Exported, String, Vec<u8>),
    /// Keep this expression as a pool of this name.
    SavePool(String, String),
    /// Catch the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Ask the terminal what pictures it can show.
    Survey,
    /// Group the models.
    Cluster,
    /// Describe the group of the card; the outcome must carry this version.
    Describe(u64),
    /// Place a new model by these answers; the outcome must carry this version.
    Place(u64, Vec<Answer>),
    /// Read the answers of a new model from this file.
    ReadAnswers(String),
    /// Forecast every model on every benchmark.
    Forecast,
    /// Judge the forecasts on the data set.
    Evaluate,
    /// Stop this job.
    Stop(JobKind),
    /// Compute this projection.
    Project(Projector),
    /// Read the data set and forecast its questions.
    Questions,
    /// Find out whether this pasted text is the path of a file, and read the prompt from it.
    Drop(String),
}
