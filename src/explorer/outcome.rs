//! What time and jobs bring, into the state.

use ratatui::layout::Rect;

use super::action::{Action, Effect};
use super::colouring::ColourBy;
use super::state::{Notice, State, Training};
use super::update::choose;
use super::work::Work;
use super::{forecasts, newcomer, routing, table};
use crate::analysis::clusters::Clusters;
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
            | A::Routed(..)
            | A::Dropped(_)
            | A::Probed(..)
            | A::Encoding(..)
            | A::Epoch(_)
            | A::Trained(..)
            | A::Failed(_)
            | A::Themed(..)
            | A::Attention(_)
            | A::Done(_)
            | A::Clustered(_)
            | A::Projected(..)
            | A::Forecasted(_)
            | A::Evaluated(_)
            | A::Untested(_)
            | A::AnswersRead(_)
            | A::Placed(..)
            | A::QuestionsRead(_)
            | A::QuestionsForecast(..)
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
        Action::Clustered(found) => clustered(state, found),
        Action::Projected(projector, found) => match found {
            Ok(projection) => {
                state.map.take(projector, projection);
                if state.map.awaited == Some(projector) {
                    state.map.use_projector(projector);
                }
            }
            Err(problem) => {
                state.map.awaited = None;
                state.complain(&problem);
            }
        },
        Action::Forecasted(Ok(grid)) => {
            state.forecasts.grid = Some(grid);
            forecasts::arrange(state);
        }
        Action::Forecasted(Err(problem)) => {
            state.forecasts.problem = Some(one_line(&problem));
            state.complain(&problem);
        }
        Action::Evaluated(found) => {
            state.evaluation.found = Some(found.map_err(|problem| one_line(&problem)));
        }
        Action::Untested(found) => state.evaluation.untested = found,
        Action::QuestionsRead(book) => match book {
            Ok(book) => {
                state.questions.book = Some(book);
                state.questions.arrange();
                newcomer::seek(state);
            }
            Err(problem) => {
                state.questions.book = None;
                state.questions.problem = Some(one_line(&problem));
            }
        },
        Action::QuestionsForecast(first, rows) => state.questions.take(first, rows),
        Action::Routed(version, route) => routing::routed(state, version, route),
        Action::Dropped(Ok(text)) => {
            routing::insert(state, &text);
            routing::typed(state, effects);
        }
        Action::AnswersRead(Ok(answers)) => newcomer::read(state, answers, effects),
        Action::Placed(version, placed) => newcomer::placed(state, version, placed),
        Action::AnswersRead(Err(problem)) | Action::Dropped(Err(problem)) => {
            state.complain(&problem);
        }
        Action::Probed(attribute, result) => probed(state, attribute, result),
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
        Action::Failed(problem) => {
            state.route.waiting = false;
            state.complain(&problem);
        }
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

fn clustered(state: &mut State, found: Result<Clusters, String>) {
    match found {
        Ok(clusters) => {
            state.clusters = Some(clusters);
            state.clustering = false;
            state.recolour(ColourBy::Cluster);
            table::arrange(state);
        }
        Err(problem) => {
            state.complain(&problem);
            state.stopped.insert(Work::Clusters);
        }
    }
}

fn probed(state: &mut State, attribute: usize, result: Result<Box<Report>, String>) {
    // The cursor stays on its attribute while results sort the list anew.
    let chosen = state.probe.chosen().filter(|_| state.probe.cursor > 0);
    if let Some(report) = state.probe.reports.get_mut(attribute) {
        *report = Some(result.map_err(|problem| one_line(&problem)));
    }
    if let Some(chosen) = chosen {
        choose(state, chosen);
    }
}
