//! What time and jobs bring, into the state.

use ratatui::layout::Rect;

use super::action::{Action, Effect, JobResult};
use super::colouring::ColourBy;
use super::state::{Notice, State, Training};
use super::update::choose;
use super::{forecasts, newcomer, routing, table, work};
use crate::analysis::probe::Report;
use crate::one_line;

/// True for what the user did not do.
pub fn is_passive(action: &Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::Resize(..)
            | A::Started
            | A::Tick
            | A::Encoding(..)
            | A::Epoch(_)
            | A::Trained(..)
            | A::Failed(_)
            | A::Themed(..)
            | A::Attention(_)
            | A::Done(_)
            | A::Job(_)
    )
}

/// What time and jobs bring.
pub fn report(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Resize(width, height) => state.area = Rect::new(0, 0, width, height),
        Action::Started => state.started = true,
        Action::Tick => {
            state.beat = state.beat.wrapping_add(1);
            if state.motion {
                state.map.tick();
            } else {
                state.map.settle();
            }
        }
        Action::Attention(attended) => {
            state.attended = attended;
            if !attended {
                state.map.settle();
            }
        }
        Action::Done(said) => state.say(said),
        Action::Job(result) => job(state, result, effects),
        Action::Encoding(done, questions) => {
            let training = state.training.get_or_insert_default();
            (training.encoded, training.questions) = (done, questions);
        }
        Action::Epoch(frame) => {
            state.training.get_or_insert_with(Training::default).add(&frame.epoch);
            state.map.show(frame.projection);
        }
        Action::Trained(subject, projection, notice) => {
            state.replace(subject, projection);
            state.notice = Some(Notice { text: one_line(&notice), bad: false });
            if state.leaving {
                effects.push(Effect::Quit);
            }
        }
        Action::Failed(problem) => state.complain(&problem),
        Action::Themed(theme, warnings) => {
            state.theme = *theme;
            if let Some(first) = warnings.first() {
                let more = match warnings.len() - 1 {
                    0 => String::new(),
                    more => format!(" (and {more} more)"),
                };
                state.notice =
                    Some(Notice { text: one_line(&format!("{first}{more}")), bad: true });
            }
        }
        _ => {}
    }
}

/// What has come of a job. What nobody waits for any more is dropped.
fn job(state: &mut State, result: JobResult, effects: &mut Vec<Effect>) {
    match result {
        JobResult::Projected(projector, projection) => {
            state.map.take(projector, projection);
            if state.map.projecting.is_running() && state.map.wanted == projector {
                state.map.use_projector(projector);
            }
        }
        JobResult::Clustered(clusters) => {
            if state.clusters.finish(clusters) {
                state.recolour(ColourBy::Cluster);
                table::arrange(state);
            }
        }
        JobResult::Probed(attribute, report) => probed(state, attribute, report),
        JobResult::QuestionsRead(book) => {
            state.questions.read(book);
            newcomer::seek(state);
        }
        JobResult::QuestionsForecast(first, rows) => state.questions.take(first, rows),
        JobResult::Forecasted(grid) => {
            if state.forecasts.grid.finish(grid) {
                forecasts::arrange(state);
            }
        }
        JobResult::Evaluated(found) => {
            state.evaluation.found.finish(found);
        }
        JobResult::Untested(found) => state.evaluation.untested = found,
        JobResult::Routed(version, route) => routing::routed(state, version, route),
        JobResult::Placed(version, placed) => newcomer::placed(state, version, placed),
        JobResult::AnswersRead(answers) => newcomer::read(state, answers, effects),
        JobResult::Dropped(prompt) => {
            routing::insert(state, &prompt);
            routing::typed(state, effects);
        }
        JobResult::Failed(kind, problem) => work::failed(state, kind, &problem),
    }
}

fn probed(state: &mut State, attribute: usize, result: Result<Box<Report>, String>) {
    // The cursor stays on its attribute while results sort the list anew.
    let chosen = state.probe.chosen().filter(|_| state.probe.cursor > 0);
    if let Some(job) = state.probe.reports.get_mut(attribute) {
        match result {
            Ok(report) => job.finish(report),
            Err(problem) => job.fail(&problem),
        };
    }
    if let Some(chosen) = chosen {
        choose(state, chosen);
    }
}
