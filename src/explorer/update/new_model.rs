//! Updates of the new model.

use super::{line, work};
use crate::dataset::Answer;
use crate::explorer::command::NewModelCommand;
use crate::explorer::effect::Effect;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::{Job, JobKind};
use crate::explorer::state::line::Purpose;
use crate::explorer::state::new_model::{NewModelState, Placed};

pub fn run(state: &mut State, command: NewModelCommand, effects: &mut Vec<Effect>) {
    match command {
        NewModelCommand::Right => answer(state, Some(1.0), effects),
        NewModelCommand::Wrong => answer(state, Some(0.0), effects),
        NewModelCommand::Open => answer(state, None, effects),
        NewModelCommand::Next => next(state, effects),
        NewModelCommand::Read => line::open(state, Purpose::Answers, String::new(), effects),
        NewModelCommand::Forget => {
            let version = state.new_model.version + 1;
            state.new_model = NewModelState { version, ..NewModelState::default() };
        }
    }
}

/// The question under the cursor of the Questions pane, by its index in the data set.
fn asked(state: &State) -> Option<(usize, String)> {
    let (q, _) = state.questions.under_cursor()?;
    let question_set = state.questions.question_set.done()?;
    Some((*question_set.of.get(q)?, question_set.prompts.get(q)?.clone()))
}

fn answer(state: &mut State, label: Option<f32>, effects: &mut Vec<Effect>) {
    if state.new_model.seeking {
        // The cursor is about to move: the answer would be recorded for another question.
        return state.show_notice("Wait: the next question is being chosen");
    }
    let Some((question, prompt)) = asked(state) else {
        return state.show_notice("Start with --data FOLDER and put the cursor on a question");
    };
    let answers = &mut state.new_model.answers;
    answers.retain(|answer| answer.question != Some(question));
    if label.is_some() {
        answers.push(Answer { prompt, question: Some(question), label });
    }
    place(state, effects);
}

/// Goes to the most informative question, once it is known.
fn next(state: &mut State, effects: &mut Vec<Effect>) {
    if !state.with_data {
        return state.show_notice("Start with --data FOLDER to be asked questions");
    }
    if state.focus != Pane::Questions {
        state.focus_on(Pane::Questions);
    }
    state.new_model.seeking = true;
    if state.new_model.placed.is_none() && !state.new_model.placement.is_running() {
        place(state, effects);
    }
    seek(state);
}

/// Moves the cursor to the most informative question, if requested and known.
pub fn seek(state: &mut State) {
    let Some(placed) = state.new_model.placed.as_ref().filter(|_| state.new_model.seeking) else {
        return;
    };
    if state.questions.question_set.done().is_none() {
        return;
    }
    state.new_model.seeking = false;
    let open: Vec<usize> =
        placed.next.iter().copied().filter(|q| state.new_model.label(*q).is_none()).collect();
    let questions = &mut state.questions;
    let found = open.iter().find_map(|q| questions.reveal(*q));
    match found {
        Some(row) => state.questions.at = row,
        None if state.questions.filter.is_empty() && state.questions.category.is_none() => {
            state.show_notice("No other question is informative");
        }
        None => {
            state.questions.filter.clear();
            state.questions.category = None;
            state.questions.arrange();
            let questions = &mut state.questions;
            let found = open.iter().find_map(|q| questions.reveal(*q));
            state.questions.at = found.unwrap_or_default();
        }
    }
}

/// Requests a placement by the current answers.
fn place(state: &mut State, effects: &mut Vec<Effect>) {
    let new_model = &mut state.new_model;
    new_model.version += 1;
    new_model.placement = Job::Running;
    effects.push(Effect::Place(new_model.version, new_model.answers.clone()));
}

/// Stores the answers from a file.
pub fn read(state: &mut State, answers: Vec<Answer>, effects: &mut Vec<Effect>) {
    state.new_model.answers = answers;
    state.show_notice(format!("Loaded {}", crate::count(state.new_model.answered(), "answer")));
    place(state, effects);
}

pub fn placed(state: &mut State, version: u64, placed: Result<Box<Placed>, String>) {
    if version != state.new_model.version {
        return;
    }
    match placed {
        Ok(placed) => {
            state.new_model.placement = Job::Done(());
            state.new_model.placed = Some(placed);
            seek(state);
        }
        Err(problem) => work::failed(state, JobKind::Placement, &problem),
    }
}
