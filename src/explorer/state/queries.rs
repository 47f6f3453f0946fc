//! Queries on the whole state: running work and active key contexts.

use super::State;
use super::coloring::ColorBy;
use super::column::Column;
use super::job::{Job, JobKind, Phase};
use super::line::Purpose;
use super::mode::Mode;
use crate::analysis::router::Preferences;
use crate::explorer::command::{Command, NewModelCommand};
use crate::explorer::keys::Context;
use crate::explorer::pane::Pane;

impl State {
    /// The status of a piece of work.
    pub fn phase(&self, kind: JobKind) -> Phase {
        match kind {
            JobKind::Projection => self.map.projecting.phase(),
            JobKind::Clusters => self.clusters.phase(),
            JobKind::Neighbors => self.finding_neighbors.phase(),
            JobKind::Card => self.card.as_ref().map_or(Job::Idle, |card| card.describing.phase()),
            JobKind::Probes => self.probe.phase(),
            JobKind::Questions => self.questions.phase(),
            JobKind::Forecasts => self.forecasts.grid.phase(),
            JobKind::Evaluation => self.evaluation.found.phase(),
            JobKind::Route => self.route.routing.phase(),
            JobKind::Similar => self.route.finding.phase(),
            JobKind::Placement => self.new_model.placement.phase(),
            // Files are read at once: nothing waits for them.
            JobKind::Answers | JobKind::PromptFile => Job::Idle,
        }
    }

    /// The remark of a pane about running (`doing`) or stopped work; else none.
    pub fn remark(&self, kind: JobKind, doing: &str) -> Option<String> {
        match self.phase(kind) {
            Job::Running => Some(format!("{} {doing}", self.spinner())),
            Job::Cancelled => Some("stopped".into()),
            Job::Idle | Job::Done(()) | Job::Failed(_) => None,
        }
    }

    /// True while the screen waits for a result.
    pub fn is_waiting(&self) -> bool {
        JobKind::ALL.iter().copied().any(|kind| self.phase(kind).is_running())
    }

    /// The work that the focused pane waits for.
    pub fn running_here(&self) -> Option<JobKind> {
        let here = |kind: &JobKind| {
            let asked = *kind != JobKind::Clusters || self.asks_for_clusters();
            kind.pane() == Some(self.focus) && asked
        };
        JobKind::ALL.iter().copied().filter(here).find(|kind| self.phase(*kind).is_running())
    }

    /// True if the user wants to see clusters, not only the map the names of its regions.
    pub fn asks_for_clusters(&self) -> bool {
        self.map.coloring.by == ColorBy::Cluster || self.table.columns.contains(&Column::Cluster)
    }

    /// The stopped or failed work of the focused pane.
    pub fn to_begin_again(&self) -> impl Iterator<Item = JobKind> {
        JobKind::ALL.iter().copied().filter(|kind| {
            kind.can_begin_again()
                && kind.pane() == Some(self.focus)
                && matches!(self.phase(*kind), Job::Cancelled | Job::Failed(_))
        })
    }

    /// False for a command that has nothing to act on here.
    pub fn is_of_use(&self, command: &Command) -> bool {
        match command {
            Command::Filter => match self.focus {
                Pane::Questions => self.questions.question_set.done().is_some(),
                _ => true,
            },
            Command::Step(_) if self.focus == Pane::Questions => {
                self.questions.question_set.done().is_some()
            }
            Command::Card => self.map.coloring.classes.len() > 1,
            Command::ClearFilter => self.filter.is_on(),
            Command::StopTraining => {
                self.training.as_ref().is_some_and(|training| training.done.is_none())
            }
            Command::NextView => matches!(self.focus, Pane::Map | Pane::Route),
            Command::Maximize => self.area.width >= 120,
            Command::NewModel(NewModelCommand::Next) => self.with_data,
            Command::NewModel(NewModelCommand::Forget) => !self.new_model.answers.is_empty(),
            Command::NewModel(
                NewModelCommand::Right | NewModelCommand::Wrong | NewModelCommand::Open,
            )
            | Command::NextCategory => self.questions.question_set.done().is_some(),
            _ => true,
        }
    }

    /// The preferences of the next route.
    pub fn preferences(&self) -> Preferences {
        self.route.limits.preferences(self.filter.pool())
    }

    /// The active contexts, most specific first.
    pub fn contexts(&self) -> Vec<Context> {
        let help = self.help.then_some(Context::Help);
        help.into_iter().chain(self.under_help()).collect()
    }

    /// The active contexts without that of the help, which describes them.
    pub fn under_help(&self) -> Vec<Context> {
        let typing = match self.modes.top() {
            Mode::Picker(_) => Some(Context::Picker),
            Mode::Line(line) => Some(match line.purpose {
                Purpose::Group => Context::Naming,
                Purpose::Filter | Purpose::Select => Context::Filter,
                Purpose::Questions
                | Purpose::Save
                | Purpose::Answers
                | Purpose::Cost
                | Purpose::Pool
                | Purpose::Export(_) => Context::Line,
            }),
            // During a training only the map is available.
            Mode::Prompt if self.training.is_some() => None,
            Mode::Prompt => Some(Context::Prompt),
            Mode::Normal => None,
        };
        if let Some(typing) = typing {
            return vec![typing, Context::Always];
        }
        if self.card.is_some() {
            return vec![Context::Card, Context::Everywhere, Context::Always];
        }
        let mut contexts = Vec::new();
        if self.tour.is_some() {
            contexts.push(Context::Tour);
        }
        if self.training.is_some() {
            contexts.push(Context::Training);
        } else if self.running_here().is_some() {
            contexts.push(Context::Working);
        } else if self.to_begin_again().next().is_some() {
            contexts.push(Context::Stopped);
        }
        contexts.extend([Context::Pane(self.focus), Context::Everywhere, Context::Always]);
        contexts
    }
}
