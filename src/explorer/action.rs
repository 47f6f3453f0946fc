//! Everything that can happen, as one enum: keys, the mouse, finished jobs and the passing of time.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tui_input::InputRequest;

use super::colouring::ColourBy;
use super::forecasts::Grid;
use super::job::JobKind;
use super::map::Projector;
use super::newcomer::{self, Placed};
use super::questions::Book;
use super::routing::Command;
use super::subject::Subject;
use super::theme::Theme;
use crate::analysis::clusters::Clusters;
use crate::analysis::evaluation::Evaluation;
use crate::analysis::probe::Report;
use crate::analysis::projection::Projection;
use crate::analysis::router::Route;
use crate::analysis::untested::Repeat;
use crate::dataset::Answer;
use crate::embedder::Epoch;

/// A part of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pane {
    /// All models on the principal axes.
    #[default]
    Map,
    /// The selected model.
    Model,
    /// Which attributes can be read off the vectors.
    Probe,
    /// Who answers a prompt best.
    Route,
    /// How good the forecasts were on questions not learned from.
    Evaluate,
    /// All models as a table.
    Models,
    /// A few models side by side.
    Compare,
    /// The questions of a data set and who answered them.
    Questions,
    /// Models on benchmarks, measured or forecast.
    Forecast,
    /// A new model that is being placed.
    Newcomer,
}

impl Pane {
    /// All panes, in the order of their number keys.
    pub const ALL: [Self; 10] = [
        Self::Map,
        Self::Model,
        Self::Probe,
        Self::Route,
        Self::Evaluate,
        Self::Models,
        Self::Compare,
        Self::Questions,
        Self::Forecast,
        Self::Newcomer,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Map => "Map",
            Self::Model => "Model",
            Self::Probe => "Probe",
            Self::Route => "Route",
            Self::Evaluate => "Evaluate",
            Self::Models => "Models",
            Self::Compare => "Compare",
            Self::Questions => "Questions",
            Self::Forecast => "Forecast",
            Self::Newcomer => "New",
        }
    }

    /// Where there is little room.
    pub(super) fn short_title(self) -> &'static str {
        match self {
            Self::Evaluate => "Eval",
            Self::Models => "All",
            Self::Compare => "Cmp",
            Self::Questions => "Qs",
            Self::Forecast => "Fct",
            other => other.title(),
        }
    }

    /// True for what needs the wide place; the others stand beside it.
    pub(super) fn is_wide(self) -> bool {
        matches!(self, Self::Map | Self::Models | Self::Compare | Self::Questions | Self::Forecast)
    }

    /// The number key: the tenth pane has 0.
    pub(super) fn number(self) -> usize {
        (self.place() + 1) % 10
    }

    /// Its place among all panes.
    pub(super) fn place(self) -> usize {
        Self::ALL.iter().position(|pane| *pane == self).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Left,
    Right,
    Up,
    Down,
}

impl Direction {
    /// As a vector with y upwards.
    pub fn vector(self) -> (f64, f64) {
        match self {
            Self::Left => (-1.0, 0.0),
            Self::Right => (1.0, 0.0),
            Self::Up => (0.0, 1.0),
            Self::Down => (0.0, -1.0),
        }
    }
}

/// A button of the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    Left,
    Right,
}

/// What can happen. The serde form of the plain ones is what a keymap file will hold.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Quit,
    Suspend,
    Help,
    NextTheme,
    /// Closes what is on top: help, a notice, typing, an isolated class.
    Dismiss,
    /// Stops what the focused pane waits for.
    Stop,
    /// Begins again what was stopped or failed.
    Again,
    Focus(Pane),
    NextPane,
    PreviousPane,

    Step(Direction),
    Pan(Direction),
    ZoomIn,
    ZoomOut,
    Fit,
    /// The map as it was at the start.
    Reset,
    NextColour,
    PreviousColour,
    /// Isolates the next class of the legend, and after the last none.
    Isolate,
    NextAxes,
    /// The other projections, to pick from.
    Projections,
    UseProjector(Projector),
    /// Which components are the axes, to pick from with a preview.
    Axes,
    UseAxes(usize, usize),
    /// In three dimensions, or flat.
    Space,
    /// Turns what is seen in three dimensions.
    Turn(Direction),
    /// Turns by itself.
    Spin,
    Markers,
    Density,
    Names,
    Mark,
    /// What dragging the mouse over the map does.
    Tool,
    /// Zooms to the marked models.
    ZoomToMarked,

    Undo,
    Redo,
    Copy,
    /// Leaves the mouse to the terminal, for its own selection of text, or takes it back.
    Mouse,

    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    /// Enter: what it opens depends on the pane.
    Open,

    /// The section of an attribute that stands first.
    NextSection,
    PreviousSection,
    /// Names the marked models as an attribute of their own.
    NameGroup,

    Search,
    Prompt,
    /// All commands, to pick from.
    Palette,
    /// The themes, to pick from with a preview.
    Themes,
    /// What the map can be coloured by, to pick from with a preview.
    Colours,
    /// The columns of the table, as switches.
    Columns,
    /// Sorts by the column under the cursor; a second time the other way round.
    Sort,
    /// Types a filter of the focused pane's list.
    Filter,
    /// Types an expression: what it means is marked.
    Select,
    /// Marks all models that the table shows, or none of them if all were.
    MarkShown,
    /// Marks the nearest models of the selected one.
    MarkNeighbours,
    /// Marks the cluster of the selected model.
    MarkCluster,
    /// Marks what was not marked.
    Invert,
    /// Gives the marked models a name, which is remembered.
    SaveSelection,
    /// The saved selections, to pick from.
    Selections,
    /// Writes the marked models (or all) with what is known of them to a file.
    Export,
    /// Writes the forecasts of the shown models to a file.
    ExportForecasts,
    /// Routes among the models of a saved pool, or among all.
    UsePool(Option<String>),
    UseTheme(String),
    ColourBy(ColourBy),
    ToggleColumn(usize),
    Recall(String),
    Forget(String),
    /// Ends typing and keeps its result.
    Accept,
    Paste(String),
    #[serde(skip)]
    Edit(InputRequest),

    StopTraining,

    /// What is done with the new model.
    Newcomer(newcomer::Command),
    /// What the Route pane does.
    Route(Command),

    #[serde(skip)]
    Click(u16, u16),
    #[serde(skip)]
    Wheel(u16, u16, bool),
    #[serde(skip)]
    Resize(u16, u16),
    /// The first frame is on the screen: slow work may begin.
    #[serde(skip)]
    Started,
    /// A step of an animation.
    #[serde(skip)]
    Tick,
    #[serde(skip)]
    Drag(Button, u16, u16),
    #[serde(skip)]
    Release,
    /// The terminal window has got or lost the focus.
    #[serde(skip)]
    Attention(bool),
    /// Something outside went well: a word on it.
    #[serde(skip)]
    Done(String),
    /// What has come of a job.
    #[serde(skip)]
    Job(JobResult),

    #[serde(skip)]
    Themed(Box<Theme>, Vec<String>),
    #[serde(skip)]
    Encoding(usize, usize),
    #[serde(skip)]
    Epoch(Box<Frame>),
    #[serde(skip)]
    Trained(Arc<Subject>, Projection, String),
    #[serde(skip)]
    Failed(String),
}

/// What comes of work in the background.
#[derive(Clone)]
pub enum JobResult {
    Projected(Projector, Projection),
    Clustered(Clusters),
    /// An attribute may fail where others are probed.
    Probed(usize, Result<Box<Report>, String>),
    QuestionsRead(Arc<Book>),
    /// The forecasts of some questions, from this one on.
    QuestionsForecast(usize, Vec<Vec<f32>>),
    Forecasted(Arc<Grid>),
    Evaluated(Box<Evaluation>),
    /// What `llmap evaluate --untested` found on the data set, if it was run.
    Untested(Option<Box<Repeat>>),
    /// Of the question of this version.
    Routed(u64, Result<Route, String>),
    /// By the answers of this version.
    Placed(u64, Result<Box<Placed>, String>),
    AnswersRead(Vec<Answer>),
    /// What a pasted text that looked like a path turned out to be: a prompt.
    Dropped(String),
    Failed(JobKind, String),
}

/// One epoch of a training as the explorer shows it.
#[derive(Clone)]
pub struct Frame {
    pub epoch: Epoch,
    /// Its vectors, turned to follow the frame before.
    pub projection: Projection,
}

/// What the state wants done outside of itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Quit,
    Suspend,
    /// Route this prompt; the answer must carry this version.
    Route(u64, String),
    /// Probe these attributes, in order.
    Probe(Vec<usize>),
    NextTheme,
    UseTheme(String),
    StopTraining,
    /// Put this text on the clipboard.
    Copy(String),
    /// Write these bytes to this file of the working folder.
    Write(String, Vec<u8>),
    /// Keep this expression as a pool of this name.
    SavePool(String, String),
    /// Catch the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Group the models.
    Cluster,
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
