//! A new model, answered for by hand or from a file.

use super::*;
use crate::analysis::neighbors::Neighbor;
use crate::dataset::Answer;
use crate::explorer::state::new_model::Placed;

pub fn question_set() -> QuestionSet {
    let question = |q: usize| crate::explorer::state::questions::Question {
        prompt: format!("question {q}"),
        category: 0,
        split: "val",
        answers: vec![(0, 1.0), (1, 0.0)],
    };
    QuestionSet {
        categories: vec!["arithmetic".into()],
        questions: (0..5).map(question).collect(),
        prompts: (0..5).map(|q| format!("question {q}")).collect(),
        // The data set has others before them.
        of: (0..5).map(|q| 10 + q).collect(),
        twins: (0..5).collect(),
    }
}

pub fn placed() -> Box<Placed> {
    let estimate = Estimate { mean: 0.6, low: 0.4, high: 0.7 };
    Box::new(Placed {
        special: ndarray::Array1::from_vec(vec![1.0, 0.5, 0.0, 0.0, 0.0]),
        covariance: ndarray::Array2::eye(5) * 2.0,
        ability: estimate,
        neighbors: [(3, 0.9, 120), (4, 0.8, 0)]
            .map(|(model, cosine, shared)| Neighbor {
                model,
                cosine,
                distance: 1.0,
                shared: Some(shared),
            })
            .to_vec(),
        benchmarks: vec![("arithmetic".into(), 2, estimate), ("coding".into(), 0, estimate)],
        next: vec![12, 14],
        deviation: 0.12,
    })
}

fn browsing(width: u16, height: u16) -> State {
    let mut state = filled(state(width, height));
    press(&mut state, KeyCode::Esc);
    (state.questions.question_set, state.with_data) = (Job::Running, true);
    state.evaluation.found = Job::Running;
    update(&mut state, Event::Command(Command::Focus(Pane::Questions)));
    update(&mut state, Event::Job(JobResult::QuestionsRead(Arc::new(question_set()))));
    state
}

#[test]
fn a_new_model_is_answered_for_by_hand() {
    let mut state = browsing(140, 42);
    let effects = press(&mut state, KeyCode::Char('+'));
    let [Effect::Place(first, answers)] = &effects[..] else { panic!("{effects:?}") };
    let answer = Answer { prompt: "question 0".into(), question: Some(10), label: Some(1.0) };
    assert_eq!(answers, &[answer]);
    press(&mut state, KeyCode::Down);
    let effects = press(&mut state, KeyCode::Char('-'));
    let [Effect::Place(second, answers)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(answers.len(), 2);
    assert!(state.new_model.placement.is_running() && state.is_waiting());

    // What was computed for fewer answers is dropped.
    update(&mut state, Event::Job(JobResult::Placed(*first, Ok(placed()))));
    assert!(state.new_model.placed.is_none());
    update(&mut state, Event::Job(JobResult::Placed(*second, Ok(placed()))));
    assert!(!state.new_model.placement.is_running());
    let shown = screen(&state);
    assert!(shown.contains("incorrect ·"), "{shown}");
    press(&mut state, KeyCode::Char('n'));
    assert_eq!(state.questions.at, 2, "the question that tells most");
    // Saying something else replaces it, and x takes it back.
    press(&mut state, KeyCode::Up);
    press(&mut state, KeyCode::Char('+'));
    assert_eq!(state.new_model.label(11), Some(1.0));
    press(&mut state, KeyCode::Char('x'));
    assert_eq!(state.new_model.answered(), 1);

    press(&mut state, KeyCode::Char('1'));
    press(&mut state, KeyCode::Char('0'));
    let shown = screen(&state);
    assert!(shown.contains("✚") && shown.contains("new model"), "{shown}");
    assert!(shown.contains("∙") && shown.contains("stronger than 60%"), "{shown}");
    press(&mut state, KeyCode::Char('E'));
    let effects = press(&mut state, KeyCode::Enter);
    let [Effect::Write(_, name, bytes)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(name, "llmap-answers.csv");
    assert_eq!(String::from_utf8_lossy(bytes), "prompt,label\nquestion 0,1\n");
    press(&mut state, KeyCode::Char('x'));
    assert!(state.new_model.placed.is_none() && state.new_model.answers.is_empty());
}

#[test]
fn a_new_model_is_asked_as_soon_as_its_questions_are_known() {
    let mut state = filled(state(140, 42));
    press(&mut state, KeyCode::Esc);
    press(&mut state, KeyCode::Char('0'));
    assert!(press(&mut state, KeyCode::Char('n')).is_empty() && state.focus == Pane::NewModel);
    assert!(screen(&state).contains("Start with --data"));
    (state.with_data, state.evaluation.found) = (true, Job::Running);
    let effects = press(&mut state, KeyCode::Char('n'));
    let [Effect::Place(version, _), Effect::Questions] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(state.focus == Pane::Questions);
    update(&mut state, Event::Job(JobResult::QuestionsRead(Arc::new(question_set()))));
    assert!(screen(&state).contains("choosing a question"));
    assert!(press(&mut state, KeyCode::Char('+')).is_empty(), "the cursor is about to move");
    update(&mut state, Event::Job(JobResult::Placed(*version, Ok(placed()))));
    assert!(state.questions.at == 2 && !screen(&state).contains("choosing a question"));
}

#[test]
fn the_focused_pane_is_on_the_screen_at_every_size() {
    for (width, height) in [(60, 18), (80, 24), (120, 35), (140, 42), (200, 60), (250, 80)] {
        let mut state = filled(state(width, height));
        for &pane in Pane::ALL {
            update(&mut state, Event::Command(Command::Focus(pane)));
            let layout = crate::explorer::layout::Layout::of(&state).unwrap();
            assert!(layout.pane(pane).is_some(), "{pane:?} at {width}x{height}");
        }
    }
}

#[test]
fn tab_goes_round_all_panes_either_way() {
    let mut state = state(140, 42);
    for (command, last) in [(Command::NextPane, Pane::ALL.len() - 1), (Command::PreviousPane, 1)] {
        let mut seen = Vec::new();
        for _ in 0..Pane::ALL.len() {
            update(&mut state, Event::Command(command.clone()));
            seen.push(state.focus);
        }
        assert_eq!(state.focus, Pane::Map, "once round");
        assert_eq!(seen[Pane::ALL.len() - 2], Pane::ALL[last], "every pane on the way");
    }
}

#[test]
fn answers_come_from_a_file() {
    let mut state = state(140, 42);
    press(&mut state, KeyCode::Char('0'));
    assert!(screen(&state).contains("O: load answers"));
    press(&mut state, KeyCode::Char('O'));
    update(&mut state, Event::Input(Input::Paste("'/a file.csv'".into())));
    let effects = press(&mut state, KeyCode::Enter);
    assert_eq!(effects, [Effect::ReadAnswers("'/a file.csv'".into())]);
    let problem = "/a file.csv: no such file";
    update(&mut state, Event::Job(JobResult::Failed(JobKind::Answers, problem.into())));
    assert!(screen(&state).contains(problem));
    let answer = Answer { prompt: "q".into(), question: None, label: Some(0.5) };
    let effects = update(&mut state, Event::Job(JobResult::AnswersRead(vec![answer])));
    assert!(matches!(&effects[..], [Effect::Place(_, answers)] if answers.len() == 1));
}

#[test]
fn without_a_linear_map_it_stands_at_its_nearest_model() {
    let mut state = browsing(140, 42);
    let effects = press(&mut state, KeyCode::Char('+'));
    let [Effect::Place(version, _)] = &effects[..] else { panic!("{effects:?}") };
    update(&mut state, Event::Job(JobResult::Placed(*version, Ok(placed()))));
    press(&mut state, KeyCode::Char('1'));
    press(&mut state, KeyCode::Char('r'));
    update(&mut state, Event::Tick);
    assert!(screen(&state).contains("✚"));
}
