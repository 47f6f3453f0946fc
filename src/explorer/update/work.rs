//! Background work: starting, stopping, restarting, and errors.

use std::ops::RangeInclusive;

use crate::explorer::effect::Effect;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::{Job, JobKind};
use crate::explorer::state::mode::Mode;

/// Stops the work that the focused pane waits for.
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
        JobKind::Neighbors
        | JobKind::Card
        | JobKind::Route
        | JobKind::Similar
        | JobKind::Placement
        | JobKind::Answers
        | JobKind::PromptFile => {}
    }
}

/// Restarts stopped or failed work of the focused pane.
pub fn again(state: &mut State) {
    for kind in state.to_begin_again().collect::<Vec<_>>() {
        match kind {
            JobKind::Clusters => state.clusters.reset(),
            JobKind::Probes => state.probe.reset(),
            JobKind::Questions => state.questions.restart(),
            JobKind::Forecasts => state.forecasts.grid.reset(),
            JobKind::Evaluation => state.evaluation.found.reset(),
            JobKind::Projection
            | JobKind::Neighbors
            | JobKind::Card
            | JobKind::Route
            | JobKind::Similar
            | JobKind::Placement
            | JobKind::Answers
            | JobKind::PromptFile => {}
        }
    }
}

/// Handles an error: it ends the waiting for this work, and nothing else.
pub fn failed(state: &mut State, kind: JobKind, problem: &str) {
    let complains = match kind {
        JobKind::Projection => {
            let awaited = state.map.projecting.is_running();
            state.map.projecting = Job::Idle;
            awaited
        }
        JobKind::Clusters => state.clusters.fail(problem),
        JobKind::Neighbors => state.finding_neighbors.fail(problem),
        // The card shows the error itself.
        JobKind::Card => {
            if let Some(card) = &mut state.card {
                card.describing.fail(problem);
            }
            false
        }
        JobKind::Probes => state.probe.fail(problem),
        // These panes show the error themselves.
        JobKind::Questions => state.questions.fail(problem),
        JobKind::Evaluation => {
            state.evaluation.found.fail(problem);
            false
        }
        JobKind::Similar => {
            state.route.finding.fail(problem);
            false
        }
        JobKind::Forecasts => state.forecasts.grid.fail(problem),
        JobKind::Route => state.route.routing.fail(problem),
        JobKind::Placement => state.new_model.placement.fail(problem),
        JobKind::Answers | JobKind::PromptFile => true,
    };
    if complains {
        state.show_error(problem);
    }
}

/// Numbers of models for which clusters are computed without being asked for: fewer have names of their own,
/// more take too long.
const REGIONS: RangeInclusive<usize> = 60..=5_000;

/// Requests the computation of what is visible and unknown, each thing once.
pub fn ask(state: &mut State, effects: &mut Vec<Effect>) {
    if !state.started || state.training.is_some() {
        return;
    }
    let Some(layout) = Layout::of(state) else { return };
    let seen = |pane| layout.pane(pane).is_some();
    // The regions of the map are named after them.
    let regions = seen(Pane::Map) && state.map.names && REGIONS.contains(&state.map.places.len());
    let clusters = regions || state.asks_for_clusters();
    if clusters && state.clusters.start_once() {
        effects.push(Effect::Cluster);
    }
    // Clusters are there in seconds unless they share the cores with the probes, which take longer.
    if seen(Pane::Probe) && !state.clusters.is_running() {
        let open = state.probe.start_idle();
        if !open.is_empty() {
            effects.push(Effect::Probe(open));
        }
    }
    if state.finding_neighbors.start_once() {
        effects.push(Effect::Neighbors(state.selected));
    }
    if let Some(card) = &mut state.card
        && card.describing.start_once()
    {
        effects.push(Effect::Describe(card.version));
    }
    // While a prompt is typed, its route has precedence.
    let routed = seen(Pane::Route)
        && state.route.result.is_some()
        && !matches!(state.modes.top(), Mode::Prompt);
    let predicts = seen(Pane::Forecast) || seen(Pane::Compare) || routed || state.card.is_some();
    if predicts && state.forecasts.grid.start_once() {
        effects.push(Effect::Forecast);
    }
    if seen(Pane::Evaluate) && state.with_data && state.evaluation.found.start_once() {
        effects.push(Effect::Evaluate);
    }
    if seen(Pane::Questions) && state.questions.question_set.start_once() {
        effects.push(Effect::Questions);
    }
}
