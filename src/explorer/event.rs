//! All events, by their source.

use std::sync::Arc;

use ratatui::layout::Rect;
use tui_input::InputRequest;

use super::command::{Command, Exported};
use super::direction::Button;
use super::keys::Binding;
use super::state::forecasts::Grid;
use super::state::job::JobKind;
use super::state::map::Projector;
use super::state::model_set::ModelSet;
use super::state::new_model::Placed;
use super::state::questions::QuestionSet;
use super::state::route::Similar;
use super::theme::Theme;
use crate::analysis::clusters::{Card, Clusters};
use crate::analysis::neighbors::Neighbor;
use crate::analysis::probe::Report;
use crate::analysis::projection::Projection;
use crate::analysis::router::Route;
use crate::dataset::Answer;
use crate::embedder::{Embedder, Epoch};
use crate::error::Error;
use crate::eval::evaluation::Evaluation;
use crate::eval::untested::Repeat;

/// An event that changes the state.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "only one at a time exists")]
pub enum Event {
    /// A key, or an entry of the command palette.
    Command(Command),
    /// Typed text and the mouse.
    Input(Input),
    /// Results of background work.
    Job(JobResult),
    /// Events of a watched training.
    Training(TrainingEvent),
    /// Events of the terminal, files and effects.
    Outside(Outside),
    /// A tick of animations.
    Tick,
}

/// User input that is not a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Edit(InputRequest),
    Paste(String),
    Click(u16, u16),
    Wheel(u16, u16, bool),
    Drag(Button, u16, u16),
    Release,
    /// The mouse moved without a button.
    Hover(u16, u16),
    /// A key without a binding, by its name.
    Unbound(String),
}

/// Events from the program around the state.
#[derive(Clone)]
pub enum Outside {
    /// The first frame is on the screen: slow work may start.
    Started,
    Resized(u16, u16),
    /// The terminal window gained or lost focus.
    Focused(bool),
    /// A theme was read, with warnings.
    Themed(Box<Theme>, Vec<String>),
    /// What the terminal takes pictures by, if it does.
    Pictures(Option<&'static str>),
    /// There is a picture of the map in this plot.
    Painted(Rect),
    /// The configuration was reloaded.
    Keymap(Arc<Vec<Binding>>),
    /// An effect succeeded, with a notice.
    Done(String),
    /// The file of this name already exists.
    Taken(Exported, String),
    /// An effect failed.
    Failed(String),
    /// The notice has timed out.
    Faded,
}

/// The progress of a training.
#[derive(Clone)]
pub enum TrainingEvent {
    /// The number of encoded questions, and the total.
    Encoding(usize, usize),
    Epoch(Box<TrainingFrame>),
    /// The result, its map, and a notice.
    Trained(Arc<ModelSet>, Box<Projection>, String),
}

/// Results of background work.
#[derive(Clone)]
pub enum JobResult {
    Projected(Projector, Projection),
    Clustered(Clusters),
    /// The neighbors of this model.
    Neighbors(usize, Vec<Neighbor>),
    /// The description of a group, for the card of this version.
    Described(u64, Box<Card>),
    /// The result for one attribute; others are independent.
    Probed(usize, Result<Box<Report>, String>),
    QuestionsRead(Arc<QuestionSet>),
    /// The predictions for some questions, starting from this one.
    QuestionsForecast(usize, Vec<Vec<f32>>),
    Forecasted(Arc<Grid>),
    Evaluated(Box<Evaluation>),
    /// The cached result of `llmap evaluate --untested` on the data set, if there is one.
    Untested(Option<Box<Repeat>>),
    /// For the prompt of this version.
    Routed(u64, Result<Route, String>),
    /// Training questions similar to a prompt, from the search of this version.
    Similar(u64, Result<Vec<Similar>, String>),
    /// For the answers of this version.
    Placed(u64, Result<Box<Placed>, String>),
    AnswersRead(Vec<Answer>),
    /// The prompt from a pasted text that looked like a path.
    Dropped(String),
    Failed(JobKind, String),
}

/// One epoch of a training, as shown by the explorer.
#[derive(Clone)]
pub struct TrainingFrame {
    pub epoch: Epoch,
    /// Its vectors, rotated to match the frame before.
    pub projection: Projection,
}

/// Messages from threads to the main loop.
pub enum Message {
    Event(Event),
    /// With the last frame of the training, to which the final map is aligned.
    Trained(Arc<Embedder>, Option<Projection>),
    TrainingFailed(Error),
}

impl From<JobResult> for Message {
    fn from(result: JobResult) -> Self {
        Self::Event(Event::Job(result))
    }
}
