//! Work in the background: where each piece of it stands, and which piece a result belongs to.

use strum::VariantArray;

use crate::explorer::pane::Pane;
use crate::one_line;

/// Where a piece of work stands that may take long.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Job<T> {
    /// It was not asked for.
    #[default]
    Idle,
    Running,
    Done(T),
    /// Why there is no result, safe to print.
    Failed(String),
    /// The user stopped it.
    Cancelled,
}

/// Where a job stands, without its result.
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

    /// The result, once there is one.
    pub fn done(&self) -> Option<&T> {
        if let Self::Done(result) = self { Some(result) } else { None }
    }

    /// Why it failed, if it did.
    pub fn problem(&self) -> Option<&str> {
        if let Self::Failed(problem) = self { Some(problem) } else { None }
    }

    /// True if nobody has asked for it before: then it runs from now on.
    pub fn start_once(&mut self) -> bool {
        let idle = self.is_idle();
        if idle {
            *self = Self::Running;
        }
        idle
    }

    /// Takes a result in. False if it is not waited for any more.
    pub fn finish(&mut self, result: T) -> bool {
        let running = self.is_running();
        if running {
            *self = Self::Done(result);
        }
        running
    }

    /// Takes a failure in. False if it is not waited for any more.
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

    /// What was stopped or failed can be asked for again.
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

/// What can run in the background, each once at a time. Every result and every failure is of one of
/// these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub enum JobKind {
    Projection,
    Clusters,
    /// Describing a group of the legend.
    Card,
    Probes,
    /// Reading the data set and forecasting its questions.
    Questions,
    Forecasts,
    Evaluation,
    Route,
    /// Finding the training questions that are like a prompt.
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

    /// The pane that waits for it and from which it can be stopped; none for what only a newer request
    /// replaces.
    pub fn pane(self) -> Option<Pane> {
        match self {
            Self::Projection | Self::Clusters => Some(Pane::Map),
            Self::Probes => Some(Pane::Probe),
            Self::Questions => Some(Pane::Questions),
            Self::Forecasts => Some(Pane::Forecast),
            Self::Evaluation => Some(Pane::Evaluate),
            Self::Card
            | Self::Route
            | Self::Similar
            | Self::Placement
            | Self::Answers
            | Self::PromptFile => None,
        }
    }

    /// True for what can be begun again as it was; a projection is chosen again.
    pub fn can_begin_again(self) -> bool {
        self.pane().is_some() && self != Self::Projection
    }
}
