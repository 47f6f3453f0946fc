//! Slow work that the screen waits for: what runs, how it is stopped and begun again.

use super::action::{Effect, Pane};
use super::colouring::ColourBy;
use super::job::{Job, JobKind, Phase};
use super::layout::Layout;
use super::state::State;
use super::table::Column;

impl State {
    /// Where a piece of work stands.
    pub fn phase(&self, kind: JobKind) -> Phase {
        match kind {
            JobKind::Projection => self.map.projecting.phase(),
            JobKind::Clusters => self.clusters.phase(),
            JobKind::Probes => self.probe.phase(),
            JobKind::Questions => self.questions.phase(),
            JobKind::Forecasts => self.forecasts.grid.phase(),
            JobKind::Evaluation => self.evaluation.found.phase(),
            JobKind::Route => self.route.routing.phase(),
            JobKind::Placement => self.newcomer.placing.phase(),
            // Files are read at once or not at all: nothing waits for them.
            JobKind::Answers | JobKind::PromptFile => Job::Idle,
        }
    }

    /// What a pane says of work that runs (`doing`) or was stopped; else nothing.
    pub fn remark(&self, kind: JobKind, doing: &str) -> Option<String> {
        match self.phase(kind) {
            Job::Running => Some(format!("{} {doing}", self.spinner())),
            Job::Cancelled => Some("stopped".into()),
            Job::Idle | Job::Done(()) | Job::Failed(_) => None,
        }
    }

    /// True while something is computed that the screen waits for.
    pub fn is_waiting(&self) -> bool {
        JobKind::ALL.into_iter().any(|kind| self.phase(kind).is_running())
    }

    /// What the focused pane waits for.
    pub fn running_here(&self) -> Option<JobKind> {
        let here = |kind: &JobKind| kind.pane() == Some(self.focus);
        JobKind::ALL.into_iter().filter(here).find(|kind| self.phase(*kind).is_running())
    }

    /// What the focused pane shows and was stopped or failed.
    pub fn to_begin_again(&self) -> impl Iterator<Item = JobKind> {
        JobKind::ALL.into_iter().filter(|kind| {
            kind.can_begin_again()
                && kind.pane() == Some(self.focus)
                && matches!(self.phase(*kind), Job::Cancelled | Job::Failed(_))
        })
    }
}

/// Stops what the focused pane waits for.
pub fn stop(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(kind) = state.running_here() else { return };
    effects.push(Effect::Stop(kind));
    match kind {
        JobKind::Projection => state.map.projecting = Job::Idle,
        JobKind::Clusters => state.clusters.cancel(),
        JobKind::Probes => state.probe.cancel(),
        JobKind::Questions => state.questions.cancel(),
        JobKind::Forecasts => state.forecasts.grid.cancel(),
        JobKind::Evaluation => state.evaluation.found.cancel(),
        JobKind::Route | JobKind::Placement | JobKind::Answers | JobKind::PromptFile => {}
    }
}

/// Has what was stopped or failed in the focused pane asked for again, as it was the first time.
pub fn again(state: &mut State) {
    for kind in state.to_begin_again().collect::<Vec<_>>() {
        match kind {
            JobKind::Clusters => state.clusters.reset(),
            JobKind::Probes => state.probe.reset(),
            JobKind::Questions => state.questions.restart(),
            JobKind::Forecasts => state.forecasts.grid.reset(),
            JobKind::Evaluation => state.evaluation.found.reset(),
            JobKind::Projection
            | JobKind::Route
            | JobKind::Placement
            | JobKind::Answers
            | JobKind::PromptFile => {}
        }
    }
}

/// Work has failed: what waited for it waits no longer, and nothing else is touched.
pub fn failed(state: &mut State, kind: JobKind, problem: &str) {
    let complains = match kind {
        JobKind::Projection => {
            let awaited = state.map.projecting.is_running();
            state.map.projecting = Job::Idle;
            awaited
        }
        JobKind::Clusters => state.clusters.fail(problem),
        JobKind::Probes => state.probe.fail(problem),
        // The panes of these say themselves what is wrong.
        JobKind::Questions => state.questions.fail(problem),
        JobKind::Evaluation => {
            state.evaluation.found.fail(problem);
            false
        }
        JobKind::Forecasts => state.forecasts.grid.fail(problem),
        JobKind::Route => state.route.routing.fail(problem),
        JobKind::Placement => state.newcomer.placing.fail(problem),
        JobKind::Answers | JobKind::PromptFile => true,
    };
    if complains {
        state.complain(problem);
    }
}

/// What is to be seen and not known yet is computed, each thing once.
pub fn ask(state: &mut State, effects: &mut Vec<Effect>) {
    if !state.started || state.training.is_some() {
        return;
    }
    let Some(layout) = Layout::of(state) else { return };
    let seen = |pane| layout.pane(pane).is_some();
    if seen(Pane::Probe) {
        let open = state.probe.start_idle();
        if !open.is_empty() {
            effects.push(Effect::Probe(open));
        }
    }
    let clusters = state.map.colouring.by == ColourBy::Cluster
        || state.table.columns.contains(&Column::Cluster);
    if clusters && state.clusters.start_once() {
        effects.push(Effect::Cluster);
    }
    if seen(Pane::Forecast) && state.forecasts.grid.start_once() {
        effects.push(Effect::Forecast);
    }
    if seen(Pane::Evaluate) && state.with_data && state.evaluation.found.start_once() {
        effects.push(Effect::Evaluate);
    }
    if seen(Pane::Questions) && state.questions.book.start_once() {
        effects.push(Effect::Questions);
    }
}
