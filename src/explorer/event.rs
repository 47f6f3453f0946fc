//! All that can happen, by where it comes from.

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
use crate::analysis::probe::Report;
use crate::analysis::projection::Projection;
use crate::analysis::router::Route;
use crate::dataset::Answer;
use crate::embedder::{Embedder, Epoch};
use crate::error::Error;
use crate::eval::evaluation::Evaluation;
use crate::eval::untested::Repeat;

/// Something that the state takes in.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "one at a time is on its way")]
pub enum Event {
    /// A key or the list of commands.
    Command(Command),
    /// Typed text and the mouse.
    Input(Input),
    /// What has come of work in the background.
    Job(JobResult),
    /// A training that is watched.
    Training(TrainingEvent),
    /// The terminal, files and effects.
    Outside(Outside),
    /// A step of an animation.
    Tick,
}

/// What the user does that is no command.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Edit(InputRequest),
    Paste(String),
    Click(u16, u16),
    Wheel(u16, u16, bool),
    Drag(Button, u16, u16),
    Release,
    /// The mouse has moved with no button held.
    Hover(u16, u16),
    /// A key that means nothing here, as people know it.
    Unbound(String),
}

/// What the program around the state has to say.
#[derive(Clone)]
pub enum Outside {
    /// The first frame is on the screen: slow work may begin.
    Started,
    Resized(u16, u16),
    /// The terminal window has got or lost the focus.
    Focused(bool),
    /// A theme was read, with warnings.
    Themed(Box<Theme>, Vec<String>),
    /// What the terminal takes pictures by, if it does.
    Pictures(Option<&'static str>),
    /// There is a picture of the map in this plot.
    Painted(Rect),
    /// The configuration was read again.
    Keymap(Arc<Vec<Binding>>),
    /// An effect went well: a word on it.
    Done(String),
    /// The file of this name, which was to be written, is there already.
    Taken(Exported, String),
    /// An effect did not go well.
    Failed(String),
    /// The notice has been there long enough.
    Faded,
}

/// How a training goes.
#[derive(Clone)]
pub enum TrainingEvent {
    /// So many of so many questions are encoded.
    Encoding(usize, usize),
    Epoch(Box<TrainingFrame>),
    /// Its result, the map of it, and a word on it.
    Trained(Arc<ModelSet>, Box<Projection>, String),
}

/// What comes of work in the background.
#[derive(Clone)]
pub enum JobResult {
    Projected(Projector, Projection),
    Clustered(Clusters),
    /// What a group is like, for the card of this version.
    Described(u64, Box<Card>),
    /// An attribute may fail where others are probed.
    Probed(usize, Result<Box<Report>, String>),
    QuestionsRead(Arc<QuestionSet>),
    /// The forecasts of some questions, from this one on.
    QuestionsForecast(usize, Vec<Vec<f32>>),
    Forecasted(Arc<Grid>),
    Evaluated(Box<Evaluation>),
    /// What `llmap evaluate --untested` found on the data set, if it was run.
    Untested(Option<Box<Repeat>>),
    /// Of the question of this version.
    Routed(u64, Result<Route, String>),
    /// The training questions that are like a prompt, found by the search of this version.
    Similar(u64, Result<Vec<Similar>, String>),
    /// By the answers of this version.
    Placed(u64, Result<Box<Placed>, String>),
    AnswersRead(Vec<Answer>),
    /// What a pasted text that looked like a path turned out to be: a prompt.
    Dropped(String),
    Failed(JobKind, String),
}

/// One epoch of a training as the explorer shows it.
#[derive(Clone)]
pub struct TrainingFrame {
    pub epoch: Epoch,
    /// Its vectors, turned to follow the frame before.
    pub projection: Projection,
}

/// What the threads send to the loop.
pub enum Message {
    Event(Event),
    /// With the last frame of the training, which the final map is turned to.
    Trained(Arc<Embedder>, Option<Projection>),
    TrainingFailed(Error),
}

impl From<JobResult> for Message {
    fn from(result: JobResult) -> Self {
        Self::Event(Event::Job(result))
    }
}
