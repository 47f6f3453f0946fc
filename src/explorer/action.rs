//! Everything that can happen, as one enum: keys, the mouse, finished jobs and the passing of time.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tui_input::InputRequest;

use super::subject::Subject;
use super::theme::Theme;
use crate::analysis::probe::Report;
use crate::analysis::projection::Projection;
use crate::analysis::router::Route;
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
}

impl Pane {
    /// All panes, in the order of their number keys.
    pub const ALL: [Self; 5] = [Self::Map, Self::Model, Self::Probe, Self::Route, Self::Evaluate];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Map => "Map",
            Self::Model => "Model",
            Self::Probe => "Probe",
            Self::Route => "Route",
            Self::Evaluate => "Evaluate",
        }
    }

    pub(super) fn number(self) -> usize {
        Self::ALL.iter().position(|pane| *pane == self).map_or(0, |at| at + 1)
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
    Focus(Pane),
    NextPane,
    PreviousPane,

    Step(Direction),
    Pan(Direction),
    ZoomIn,
    ZoomOut,
    Fit,
    NextColour,
    PreviousColour,
    /// Isolates the next class of the legend, and after the last none.
    Isolate,
    NextAxes,
    Markers,
    Names,
    Mark,

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
    /// Ends typing and keeps its result.
    Accept,
    Paste(String),
    #[serde(skip)]
    Edit(InputRequest),

    StopTraining,

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
    Themed(Box<Theme>, Vec<String>),
    #[serde(skip)]
    Routed(u64, Route),
    #[serde(skip)]
    Probed(usize, Result<Box<Report>, String>),
    #[serde(skip)]
    Encoding(usize),
    #[serde(skip)]
    Epoch(Box<Frame>),
    #[serde(skip)]
    Trained(Arc<Subject>, Projection, String),
    #[serde(skip)]
    Failed(String),
}

/// One epoch of a training as the explorer shows it.
#[derive(Clone)]
pub struct Frame {
    pub epoch: Epoch,
    /// Its vectors, turned to follow the frame before.
    pub projection: Projection,
}

/// What the state wants done outside of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Quit,
    Suspend,
    /// Route this prompt; the answer must carry this version.
    Route(u64, String),
    /// Probe these attributes, in order.
    Probe(Vec<usize>),
    NextTheme,
    StopTraining,
}
