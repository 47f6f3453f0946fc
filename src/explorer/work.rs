//! Slow work that the screen waits for: what is under way, how it is stopped and begun again.

use super::action::{Effect, Pane};
use super::state::State;

/// What can be under way, each once at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    Projection,
    Clusters,
    Probes,
    Questions,
    Forecasts,
    Evaluation,
}

const ALL: [Work; 6] = [
    Work::Projection,
    Work::Clusters,
    Work::Probes,
    Work::Questions,
    Work::Forecasts,
    Work::Evaluation,
];

impl Work {
    /// The pane that shows what comes of it.
    fn pane(self) -> Pane {
        match self {
            Self::Projection | Self::Clusters => Pane::Map,
            Self::Probes => Pane::Probe,
            Self::Questions => Pane::Questions,
            Self::Forecasts => Pane::Forecast,
            Self::Evaluation => Pane::Evaluate,
        }
    }

    /// It was asked for, has not come yet, and was not stopped.
    pub fn is_under_way(self, state: &State) -> bool {
        let waiting = match self {
            Self::Projection => state.map.awaited.is_some(),
            Self::Clusters => state.clustering,
            Self::Probes => state.probe.asked && state.probe.reports.iter().any(Option::is_none),
            Self::Questions => state.questions.is_waiting(),
            Self::Forecasts => state.forecasts.is_waiting(),
            Self::Evaluation => state.evaluation.asked && state.evaluation.found.is_none(),
        };
        waiting && !state.stopped.contains(&self)
    }

    /// What a pane says of it while it is under way (`doing`) or stopped; else nothing.
    pub fn remark(self, state: &State, doing: &str) -> Option<String> {
        if self.is_under_way(state) {
            Some(format!("{} {doing}", state.spinner()))
        } else {
            state.stopped.contains(&self).then(|| "stopped".into())
        }
    }

    fn has_failed(self, state: &State) -> bool {
        match self {
            // A probe fails for good, a projection and clusters are chosen again.
            Self::Projection | Self::Clusters | Self::Probes => false,
            Self::Questions => state.questions.problem.is_some(),
            Self::Forecasts => state.forecasts.problem.is_some(),
            Self::Evaluation => matches!(state.evaluation.found, Some(Err(_))),
        }
    }

    fn is_to_begin_again(self, state: &State) -> bool {
        self.pane() == state.focus && (state.stopped.contains(&self) || self.has_failed(state))
    }
}

/// True while any is under way.
pub fn is_any_under_way(state: &State) -> bool {
    ALL.into_iter().any(|work| work.is_under_way(state))
}

/// What the focused pane waits for.
pub fn here(state: &State) -> Option<Work> {
    ALL.into_iter().find(|work| work.pane() == state.focus && work.is_under_way(state))
}

/// True if what the focused pane shows was stopped or failed.
pub fn is_to_begin_again(state: &State) -> bool {
    ALL.into_iter().any(|work| work.is_to_begin_again(state))
}

/// Stops what the focused pane waits for.
pub fn stop(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(work) = here(state) else { return };
    effects.push(Effect::Stop(work));
    if work == Work::Projection {
        state.map.awaited = None;
    } else {
        state.stopped.insert(work);
    }
}

/// Has what was stopped or failed in the focused pane asked for again, as it was the first time.
pub fn again(state: &mut State) {
    for work in ALL.into_iter().filter(|work| work.is_to_begin_again(state)).collect::<Vec<_>>() {
        state.stopped.remove(&work);
        match work {
            Work::Projection => {}
            Work::Clusters => state.clustering = false,
            Work::Probes => state.probe.asked = false,
            Work::Questions => state.questions.restart(),
            Work::Forecasts => (state.forecasts.asked, state.forecasts.problem) = (false, None),
            Work::Evaluation => (state.evaluation.asked, state.evaluation.found) = (false, None),
        }
    }
}
