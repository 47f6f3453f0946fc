//! Handles results of jobs, of a training, and events from outside.

use ratatui::layout::Rect;

use super::{card, line, marks, new_model, route, work};
use crate::explorer::effect::Effect;
use crate::explorer::event::{JobResult, Outside, TrainingEvent};
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::line::Purpose;
use crate::explorer::state::training::{Trained, Training};

/// Handles the result of a job. Unexpected ones are dropped.
pub fn job(state: &mut State, result: JobResult, effects: &mut Vec<Effect>) {
    match result {
        JobResult::Projected(projector, projection) => {
            state.map.take(projector, projection);
            if state.map.projecting.is_running() && state.map.wanted == projector {
                state.map.use_projector(projector);
            }
        }
        JobResult::Clustered(clusters) => {
            if state.clusters.finish(clusters) {
                state.recolor(ColorBy::Cluster);
                state.arrange_table();
                if std::mem::take(&mut state.clusters_wanted) {
                    marks::cluster(state);
                }
            }
        }
        JobResult::Neighbors(model, found) => {
            if model == state.selected && state.finding_neighbors.finish(()) {
                state.neighbors = found;
            }
        }
        JobResult::Described(version, found) => card::described(state, version, found),
        JobResult::Probed(attribute, report) => state.probe.take(attribute, report),
        JobResult::QuestionsRead(question_set) => {
            state.questions.read(question_set);
            new_model::seek(state);
        }
        JobResult::QuestionsForecast(first, rows) => state.questions.take(first, rows),
        JobResult::Forecasted(grid) => {
            if state.forecasts.grid.finish(grid) {
                state.forecasts.arrange(state.table.rows.clone());
                card::again(state);
            }
        }
        JobResult::Evaluated(found) => {
            state.evaluation.found.finish(found);
        }
        JobResult::Untested(found) => state.evaluation.untested = found,
        JobResult::Routed(version, route) => route::routed(state, version, route),
        JobResult::Similar(version, found) => route::found(state, version, found),
        JobResult::Placed(version, placed) => new_model::placed(state, version, placed),
        JobResult::AnswersRead(answers) => new_model::read(state, answers, effects),
        JobResult::Dropped(prompt) => {
            route::insert(state, &prompt);
            route::typed(state, effects);
        }
        JobResult::Failed(kind, problem) => work::failed(state, kind, &problem),
    }
}

/// Handles the progress of a training.
pub fn training(state: &mut State, event: TrainingEvent, effects: &mut Vec<Effect>) {
    match event {
        TrainingEvent::Encoding(done, questions) => {
            let training = state.training.get_or_insert_default();
            (training.encoded, training.questions) = (done, questions);
        }
        TrainingEvent::Epoch(frame) => {
            let training = state.training.get_or_insert_with(Training::default);
            training.add(&frame.epoch);
            // What was there before the first epoch is no position.
            if training.epoch > 1 {
                state.map.show_next(frame.projection);
            } else {
                state.map.show(frame.projection);
            }
        }
        TrainingEvent::Trained(model_set, projection, notice) => {
            let trained = Trained { model_set, projection: *projection, notice };
            match &mut state.training {
                // The losses stay until the user continues.
                Some(training) if !state.leaving && training.epoch > 0 => {
                    state.map.show_next(trained.projection.clone());
                    training.done = Some(Box::new(trained));
                }
                _ => explore(state, trained),
            }
            if state.leaving {
                effects.push(Effect::Quit);
            }
        }
    }
}

/// Shows the result of a training that has ended. False if there is none.
pub fn end_training(state: &mut State) -> bool {
    let trained = state.training.as_mut().and_then(|training| training.done.take());
    let ended = trained.is_some();
    if let Some(trained) = trained {
        explore(state, *trained);
    }
    ended
}

fn explore(state: &mut State, trained: Trained) {
    state.replace(trained.model_set, trained.projection);
    state.show_notice(trained.notice);
}

/// Handles events from outside the state.
pub fn outside(state: &mut State, event: Outside, effects: &mut Vec<Effect>) {
    match event {
        Outside::Started => state.started = true,
        Outside::Resized(width, height) => state.area = Rect::new(0, 0, width, height),
        Outside::Focused(terminal_focused) => {
            state.terminal_focused = terminal_focused;
            if !terminal_focused {
                state.map.settle();
            }
        }
        Outside::Themed(theme, warnings) => {
            state.theme = *theme;
            if let Some(first) = warnings.first() {
                let more = match warnings.len() - 1 {
                    0 => String::new(),
                    more => format!(" (and {more} more)"),
                };
                state.show_error(&format!("{first}{more}"));
            }
        }
        Outside::Pictures(protocol) => state.map.pixels.protocol = protocol,
        Outside::Painted(plot) => state.map.pixels.plot = Some(plot),
        Outside::Keymap(keymap) => state.keymap = keymap,
        Outside::Done(message) => state.show_notice(message),
        Outside::Taken(exported, name) => {
            line::open(state, Purpose::Export(exported), name.clone(), effects);
            state.show_error(&format!("{name} exists: choose another name"));
        }
        Outside::Failed(problem) => state.show_error(&problem),
        Outside::Faded => state.notice = None,
    }
}

/// A tick of animations.
pub fn tick(state: &mut State) {
    state.tick_count = state.tick_count.wrapping_add(1);
    if state.motion {
        state.map.tick();
    } else {
        state.map.settle();
    }
}
