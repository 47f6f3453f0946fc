//! The status of background work, and its kinds.

use strum::VariantArray;

use crate::explorer::pane::Pane;
use crate::one_line;

/// The status of a piece of work that may take long.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Job<T> {
    /// It was not requested.
    #[default]
    Idle,
    Running,
    Done(T),
    /// The error, safe to print.
    Failed(String),
    /// The user stopped it.
    Cancelled,
}

/// The status of a job without its result.
pub type Phase = Job<()>;

impl<T> Job<T> {
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running)
    }

    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// The result, if it is done.
    pub fn done(&self) -> Option<&T> {
        if let Self::Done(result) = self { Some(result) } else { None }
    }

    /// The error, if it failed.
    pub fn problem(&self) -> Option<&str> {
        if let Self::Failed(problem) = self { Some(problem) } else { None }
    }

    /// Starts it unless it was requested before; returns true if it starts.
    pub fn start_once(&mut self) -> bool {
        let idle = self.is_idle();
        if idle {
            *self = Self::Running;
        }
        idle
    }

    /// Stores a result. Returns false if it is no longer expected.
    pub fn finish(&mut self, result: T) -> bool {
        let running = self.is_running();
        if running {
            *self = Self::Done(result);
        }
        running
    }

    /// Stores an error. Returns false if it is no longer expected.
    pub fn fail(&mut self, problem: &str) -> bool {
        let running = self.is_running();
        if running {
            *self = Self::Failed(one_line(problem));
        }
        running
    }

    pub fn cancel(&mut self) {
        if self.is_running() {
            *self = Self::Cancelled;
        }
    }

    /// Allows a stopped or failed job to be requested again.
    pub fn reset(&mut self) {
        if matches!(self, Self::Failed(_) | Self::Cancelled) {
            *self = Self::Idle;
        }
    }

    pub fn phase(&self) -> Phase {
        match self {
            Self::Idle => Job::Idle,
            Self::Running => Job::Running,
            Self::Done(_) => Job::Done(()),
            Self::Failed(problem) => Job::Failed(problem.clone()),
            Self::Cancelled => Job::Cancelled,
        }
    }
}

/// Kinds of background work, each running at most once. Every result and error belongs to one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub enum JobKind {
    Projection,
    Clusters,
    /// The neighbors of the selected model.
    Neighbors,
    /// Describing a group of the legend.
    Card,
    Probes,
    /// Reading the data set and predicting its questions.
    Questions,
    Forecasts,
    Evaluation,
    Route,
    /// Finding training questions similar to a prompt.
    Similar,
    /// Placing a new model.
    Placement,
    /// Reading the answers of a new model.
    Answers,
    /// Reading a prompt from a file.
    PromptFile,
}

impl JobKind {
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    /// The pane that waits for it and can stop it; `None` if only a newer request replaces it.
    pub fn pane(self) -> Option<Pane> {
        match self {
            Self::Projection | Self::Clusters => Some(Pane::Map),
            Self::Probes => Some(Pane::Probe),
            Self::Questions => Some(Pane::Questions),
            Self::Forecasts => Some(Pane::Forecast),
            Self::Evaluation => Some(Pane::Evaluate),
            Self::Neighbors
            | Self::Card
            | Self::Route
            | Self::Similar
            | Self::Placement
            | Self::Answers
            | Self::PromptFile => None,
        }
    }

    /// True if it can be restarted as it was; a projection is chosen again.
    pub fn can_begin_again(self) -> bool {
        self.pane().is_some() && self != Self::Projection
    }
}
