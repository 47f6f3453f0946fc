//! A new model that is placed beside the others while it answers: by hand in the Questions pane, or
//! from a file.

use ndarray::{Array1, Array2};

use super::action::{Effect, Pane};
use super::job::{Job, JobKind};
use super::state::State;
use super::work;
use crate::analysis::estimate::Estimate;
use crate::analysis::neighbours::Neighbour;
use crate::dataset::Answer;
use crate::one_line;

/// What it is called on the map.
pub const NAME: &str = "new model";

#[derive(Default)]
pub struct NewcomerState {
    pub answers: Vec<Answer>,
    /// What is known of it, by the answers so far.
    pub placed: Option<Box<Placed>>,
    /// Counts the answers' changes: what was computed for older ones is dropped.
    pub version: u64,
    pub placing: Job<()>,
    /// The question that tells most is wanted as soon as it is known.
    pub seeking: bool,
    pub scroll: usize,
}

/// Where a new model stands.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its specialities and what is not known of them.
    pub special: Array1<f64>,
    pub covariance: Array2<f64>,
    /// The share of the models that are less able.
    pub ability: Estimate,
    /// The nearest models.
    pub neighbours: Vec<Neighbour>,
    /// By category: name, answers so far, forecast accuracy.
    pub benchmarks: Vec<(String, usize, Estimate)>,
    /// The questions of the data that tell most next, and how far the accuracies are known now.
    pub next: Vec<usize>,
    pub deviation: f64,
}

/// What can be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// It answered the question under the cursor right, or wrong.
    Right,
    Wrong,
    /// Takes back what was said of the question under the cursor.
    Open,
    /// To the question that tells most.
    Next,
    /// Reads its answers from a file, whose path is typed.
    Read,
    /// Writes its answers to a file.
    Write,
    Forget,
}

impl NewcomerState {
    /// How many questions it has answered.
    pub fn answered(&self) -> usize {
        self.answers.iter().filter(|answer| answer.label.is_some()).count()
    }

    /// What it answered to a question of the data.
    pub fn label(&self, question: usize) -> Option<f32> {
        self.answers.iter().find(|answer| answer.question == Some(question))?.label
    }
}

pub fn command(state: &mut State, command: Command, effects: &mut Vec<Effect>) {
    match command {
        Command::Right => answer(state, Some(1.0), effects),
        Command::Wrong => answer(state, Some(0.0), effects),
        Command::Open => answer(state, None, effects),
        Command::Next => next(state, effects),
        Command::Read => super::commands::ask_for_answers(state),
        Command::Write => write(state, effects),
        Command::Forget => {
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
    let Some((question, prompt)) = asked(state) else {
        return state.say("open a data set and put the cursor on a question");
    };
    let answers = &mut state.newcomer.answers;
    answers.retain(|answer| answer.question != Some(question));
    if label.is_some() {
        answers.push(Answer { prompt, question: Some(question), label });
    }
    place(state, effects);
}

/// Goes to the question that tells most, as soon as that is known.
fn next(state: &mut State, effects: &mut Vec<Effect>) {
    if !state.with_data {
        return state.say("open a data set: llmap explore EMBEDDER --data FOLDER");
    }
    if state.focus != Pane::Questions {
        state.focus_on(Pane::Questions);
    }
    state.newcomer.seeking = true;
    if state.newcomer.placed.is_none() && !state.newcomer.placing.is_running() {
        place(state, effects);
    }
    state.say("choosing a question …");
    seek(state);
}

/// Puts the cursor on the question that tells most, if it is wanted and known.
pub fn seek(state: &mut State) {
    let Some(placed) = state.newcomer.placed.as_ref().filter(|_| state.newcomer.seeking) else {
        return;
    };
    if state.questions.book.done().is_none() {
        return;
    }
    state.newcomer.seeking = false;
    state.notice = None;
    let open: Vec<usize> =
        placed.next.iter().copied().filter(|q| state.newcomer.label(*q).is_none()).collect();
    let found = open.iter().find_map(|q| state.questions.place_of(*q));
    match found {
        Some(row) => state.questions.at = row,
        None if state.questions.filter.is_empty() && state.questions.category.is_none() => {
            state.say("no question is left that tells more");
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

/// Has it placed anew.
fn place(state: &mut State, effects: &mut Vec<Effect>) {
    let newcomer = &mut state.newcomer;
    newcomer.version += 1;
    newcomer.placing = Job::Running;
    effects.push(Effect::Place(newcomer.version, newcomer.answers.clone()));
}

/// Takes in the answers of a file.
pub fn read(state: &mut State, answers: Vec<Answer>, effects: &mut Vec<Effect>) {
    state.newcomer.answers = answers;
    state.say(format!("{} answers were read", state.newcomer.answered()));
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

/// The answers as `llmap onboard` reads them.
fn write(state: &mut State, effects: &mut Vec<Effect>) {
    if state.newcomer.answers.is_empty() {
        return state.say("nothing is answered yet");
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut rows = vec![["prompt".to_owned(), "label".to_owned()]];
    rows.extend(state.newcomer.answers.iter().map(|answer| {
        [answer.prompt.clone(), answer.label.map_or_else(String::new, |y| y.to_string())]
    }));
    for row in rows {
        // Writing rows of one length to memory cannot fail.
        let _ = writer.write_record(row);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    effects.push(Effect::Write("llmap-answers.csv".into(), bytes));
}

/// Makes what was found safe to print.
pub fn printable(mut placed: Placed) -> Placed {
    placed.benchmarks.iter_mut().for_each(|(name, ..)| *name = one_line(name));
    placed
}
