//! Nothing that others wrote steers the terminal from any pane.

use super::*;
use crate::embedder::Embedder;

const HOSTILE: [&str; 5] = [
    "\u{1b}]0;PWNED\u{7}",
    "\u{9b}31m\u{9d}",
    "\u{202e}\u{2066}\u{61c}\u{200f}",
    "a\r\nb\u{2028}c\u{85}d\t\u{8}\u{7f}",
    "\u{200b}\u{206a}\u{fff9}x",
];

fn hostile(i: usize) -> String {
    format!("{}{i}", HOSTILE[i % HOSTILE.len()])
}

/// Draws every pane, and looks into every cell.
fn look(state: &mut State) {
    for &pane in Pane::ALL {
        update(state, Event::Command(Command::Focus(pane)));
        update(state, Event::Command(Command::Accept));
        let area = state.area;
        let mut terminal = Terminal::new(TestBackend::new(area.width, area.height)).unwrap();
        terminal.draw(|frame| view(frame, state)).unwrap();
        for cell in terminal.backend().buffer().content() {
            let steers = |c: char| c.is_control() || one_line(&c.to_string()) != c.to_string();
            assert!(!cell.symbol().contains(steers), "{}: {:?}", pane.title(), cell.symbol());
        }
    }
}

#[test]
fn hostile_texts_put_no_control_characters_into_a_pane() {
    let embedder = Embedder::shipped().unwrap().with_texts(hostile);
    let model_set = ModelSet::from(&embedder);
    let data =
        crate::dataset::simulate::Simulation { models: 24, questions: 90, ..Default::default() };
    let mut data = data.run();
    data.models = embedder.models()[..24].to_vec();
    data.categories.iter_mut().enumerate().for_each(|(c, name)| *name = hostile(c));
    data.questions.iter_mut().enumerate().for_each(|(q, one)| one.prompt = hostile(q).into());
    let mut state = state_of(model_set, 140, 42);
    state.clusters =
        state.model_set.clusters(1, &AtomicBool::new(false)).map_or(Job::Idle, Job::Done);
    state.questions.question_set = Job::Running;
    let question_set = QuestionSet::new(&data, &state.model_set.models, false);
    update(&mut state, Event::Job(JobResult::QuestionsRead(Arc::new(question_set))));
    look(&mut state);
    for i in 0..HOSTILE.len() {
        update(&mut state, Event::Command(Command::Prompt));
        update(&mut state, Event::Input(Input::Paste(hostile(i))));
        let mut routed = route();
        routed.evidence[0].category = hostile(i);
        routed.evidence[0].correct = [(hostile(i), 0.5)].into();
        let version = state.route.version;
        update(&mut state, Event::Job(JobResult::Routed(version, Ok(routed))));
        state.show_notice(hostile(i));
        look(&mut state);
        state.show_error(&hostile(i));
        look(&mut state);
        state.probe.reports[0] = Job::Running;
        update(&mut state, Event::Job(JobResult::Probed(0, Err(hostile(i)))));
        state.forecasts.grid = Job::Running;
        update(&mut state, Event::Job(JobResult::Failed(JobKind::Forecasts, hostile(i))));
        look(&mut state);
    }
    for (width, height) in [(80, 24), (200, 60)] {
        state.area = Rect::new(0, 0, width, height);
        look(&mut state);
    }
}
