//! A new model that is placed beside the others while it answers.

use super::{line, work};
use crate::dataset::Answer;
use crate::explorer::command::NewcomerCommand;
use crate::explorer::effect::Effect;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::state::job::{Job, JobKind};
use crate::explorer::state::line::Purpose;
use crate::explorer::state::newcomer::{NewcomerState, Placed};

pub fn run(state: &mut State, command: NewcomerCommand, effects: &mut Vec<Effect>) {
    match command {
        NewcomerCommand::Right => answer(state, Some(1.0), effects),
        NewcomerCommand::Wrong => answer(state, Some(0.0), effects),
        NewcomerCommand::Open => answer(state, None, effects),
        NewcomerCommand::Next => next(state, effects),
        NewcomerCommand::Read => line::open(state, Purpose::Answers, String::new()),
        NewcomerCommand::Forget => {
            let version = state.newcomer.version + 1;
            state.newcomer = NewcomerState { version, ..NewcomerState::default() };
        }
    }
}

/// The question under the cursor of the Questions pane, as the data set counts.
fn asked(state: &State) -> Option<(usize, String)> {
    let (q, _) = state.questions.under_cursor()?;
    let book = state.questions.book.done()?;
    Some((*book.of.get(q)?, book.prompts.get(q)?.clone()))
}

fn answer(state: &mut State, label: Option<f32>, effects: &mut Vec<Effect>) {
    if state.newcomer.seeking {
        // The cursor is about to move: the answer would be to another question than was meant.
        return state.say("Wait: the next question is being chosen");
    }
    let Some((question, prompt)) = asked(state) else {
        return state.say("Start with --data FOLDER and put the cursor on a question");
    };
    let answers = &mut state.newcomer.answers;
    answers.retain(|answer| answer.question != Some(question));
    if label.is_some() {
        answers.push(Answer { prompt, question: Some(question), label });
    }
    place(state, effects);
}

/// Goes to the question that is most informative, as soon as that is known.
fn next(state: &mut State, effects: &mut Vec<Effect>) {
    if !state.with_data {
        return state.say("Start with --data FOLDER to be asked questions");
    }
    if state.focus != Pane::Questions {
        state.focus_on(Pane::Questions);
    }
    state.newcomer.seeking = true;
    if state.newcomer.placed.is_none() && !state.newcomer.placing.is_running() {
        place(state, effects);
    }
    seek(state);
}

/// Puts the cursor on the question that is most informative, if it is wanted and known.
pub fn seek(state: &mut State) {
    let Some(placed) = state.newcomer.placed.as_ref().filter(|_| state.newcomer.seeking) else {
        return;
    };
    if state.questions.book.done().is_none() {
        return;
    }
    state.newcomer.seeking = false;
    let open: Vec<usize> =
        placed.next.iter().copied().filter(|q| state.newcomer.label(*q).is_none()).collect();
    let found = open.iter().find_map(|q| state.questions.place_of(*q));
    match found {
        Some(row) => state.questions.at = row,
        None if state.questions.filter.is_empty() && state.questions.category.is_none() => {
            state.say("No other question is informative");
        }
        None => {
            state.questions.filter.clear();
            state.questions.category = None;
            state.questions.arrange();
            let found = open.iter().find_map(|q| state.questions.place_of(*q));
            state.questions.at = found.unwrap_or_default();
        }
    }
}

/// Has it placed by its answers as they are now.
fn place(state: &mut State, effects: &mut Vec<Effect>) {
    let newcomer = &mut state.newcomer;
    newcomer.version += 1;
    newcomer.placing = Job::Running;
    effects.push(Effect::Place(newcomer.version, newcomer.answers.clone()));
}

/// Takes in the answers of a file.
pub fn read(state: &mut State, answers: Vec<Answer>, effects: &mut Vec<Effect>) {
    state.newcomer.answers = answers;
    state.say(format!("Loaded {} answers", state.newcomer.answered()));
    place(state, effects);
}

pub fn placed(state: &mut State, version: u64, placed: Result<Box<Placed>, String>) {
    if version != state.newcomer.version {
        return;
    }
    match placed {
        Ok(placed) => {
            state.newcomer.placing = Job::Done(());
            state.newcomer.placed = Some(placed);
            seek(state);
        }
        Err(problem) => work::failed(state, JobKind::Placement, &problem),
    }
}
