//! The explorer without a terminal: events go in, screens come out.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ndarray::Array2;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use super::app::session::Session;
use super::app::translate::resolve;
use super::command::Command;
use super::depth::Depth;
use super::direction::{Button, Direction};
use super::effect::Effect;
use super::event::{Event, Input, JobResult, Outside, TrainingEvent, TrainingFrame};
use super::pane::Pane;
use super::state::State;
use super::state::coloring::ColorBy;
use super::state::forecasts::Grid;
use super::state::job::{Job, JobKind};
use super::state::map::Projector;
use super::state::model_set::ModelSet;
use super::state::questions::QuestionSet;
use super::theme::Theme;
use super::ui::view;
use super::update::update;
use crate::analysis::clusters::{Cluster, Clusters};
use crate::analysis::forecast::Forecast;
use crate::analysis::probe::{Prober, Report, Settings};
use crate::analysis::projection::Projection;
use crate::analysis::router::{
    Answers, Candidate, Cascade, Evidence, Lead, Measured, Route, RunnerUp, Why,
};
use crate::dataset::{Attribute, Kind, Values};
use crate::embedder::{Benchmark, Coverage, Epoch, LogitTerms, Scope, Score, SharedCounts};
use crate::estimate::Estimate;
use crate::metrics::Bin;
use crate::one_line;

const FAMILIES: [&str; 4] = ["heron", "otter", "lynx", "raven"];

fn model_set(names: impl Fn(usize) -> String) -> ModelSet {
    let models = 24;
    let vectors = Array2::from_shape_fn((models, 6), |(m, k)| {
        let wave = (m * (k + 2)) as f32;
        (wave * 0.7).sin() * (6 - k) as f32 + if m % 4 == k { 4.0 } else { 0.0 }
    });
    let families = (0..models).map(|m| (m != 5).then(|| FAMILIES[m % 4].into())).collect();
    let benchmark = |b: usize| Benchmark {
        name: ["arithmetic", "coding", "law/contracts"][b].into(),
        kind: Kind::Correctness,
        description: String::new(),
        questions: 120 + b as u32,
        scores: (0..models)
            .map(|m| {
                (m % 5 != b).then(|| Score {
                    accuracy: 0.3 + 0.025 * ((m + 3 * b) % models) as f64,
                    responses: 1164 + m as u32,
                })
            })
            .collect(),
    };
    ModelSet {
        data: "fixture".into(),
        simulated: true,
        short: Arc::default(),
        models: Arc::new((0..models).map(|m| one_line(&names(m))).collect()),
        attributes: Arc::new(vec![
            Attribute { name: "family".into(), values: Values::Class(families) },
            Attribute {
                name: "coder".into(),
                values: Values::Flag((0..models).map(|m| (m != 7).then_some(m % 3 == 0)).collect()),
            },
            Attribute {
                name: "params_b".into(),
                values: Values::Number((0..models).map(|m| Some((3 + m * 3) as f64)).collect()),
            },
        ]),
        benchmarks: (0..3).map(benchmark).collect(),
        vectors: Arc::new(vectors),
        uncertainty: (0..models).map(|m| 0.2 + 0.05 * m as f32).collect(),
        ability_deviation: (0..models).map(|m| 0.02 + 0.03 * m as f32).collect(),
        val: [
            ("accuracy".to_owned(), 0.7166),
            ("auc".to_owned(), 0.7918),
            ("nll".to_owned(), 0.5462),
        ]
        .into(),
        reliability: (0..15)
            .map(|i| Bin {
                count: 900 - 40 * i,
                predicted: 0.03 + 0.066 * i as f64,
                observed: 0.05 + 0.064 * i as f64,
            })
            .collect(),
        coverage: (0..5)
            .map(|i| Coverage {
                from: f64::from(i) / 5.0,
                to: f64::from(i + 1) / 5.0,
                groups: 400,
                covered: 0.78,
            })
            .collect(),
        axes_by_coverage: Some([0.18, 0.05]),
        shared: SharedCounts::of(models, |a, b| if b % 7 == 0 { 0 } else { (100 * a + b) as u32 }),
        unread: None,
        costs: std::sync::OnceLock::new(),
        by_answers: std::sync::OnceLock::new(),
        sorted_abilities: std::sync::OnceLock::new(),
    }
}

fn plain(m: usize) -> String {
    format!("{}-{}b-v{}", FAMILIES[m % 4], 3 + m * 3, m % 3)
}

fn state_of(model_set: ModelSet, width: u16, height: u16) -> State {
    let (theme, _) = Theme::load("dark", Depth::True).unwrap();
    let projection = Projection::pca(model_set.profiles(), 3).unwrap();
    let area = Rect::new(0, 0, width, height);
    let mut state = State::new(Arc::new(model_set), projection, theme, Pane::Map, area);
    update(&mut state, Event::Outside(Outside::Started));
    state
}

fn state(width: u16, height: u16) -> State {
    state_of(model_set(plain), width, height)
}

fn route() -> Route {
    let candidate = |i: usize| Candidate {
        model: (i * 7 + 3) % 24,
        p: 0.91 - 0.03 * i as f32,
        low: 0.75 - 0.03 * i as f32,
        high: (0.97 - 0.02 * i as f32).min(1.0),
        support: if i % 4 == 1 { 0.0 } else { 1.0 },
        cost: i.is_multiple_of(2).then_some(0.5 + i as f64),
        tied: i < 3,
        front: i < 2,
        measured: Measured::ALL[i % 3],
        answers: Answers { here: [412, 0, 7][i % 3], all: [9405, 3108, 64][i % 3] },
    };
    let evidence = |category: &str, share| Evidence {
        category: category.into(),
        kind: Kind::Correctness,
        share,
        similarity: 0.81,
        correct: [(plain(3), 0.82), (plain(10), 0.71)].into(),
    };
    Route {
        candidates: (0..24).map(candidate).collect(),
        evidence: vec![evidence("arithmetic", 0.7), evidence("coding", 0.3)],
        scope: Scope::In,
        familiarity: Some(1.3),
        below: false,
        why: Why {
            lead: Lead::Accuracy,
            most_probable: None,
            best_measured: None,
            parts: LogitTerms { ability: 1.52, ease: 0.31, fit: 0.48 },
            runner_up: Some(RunnerUp {
                model: 10,
                p: 0.88,
                low: 0.72,
                tied: true,
                parts: LogitTerms { ability: 1.21, ease: 0.31, fit: 0.47 },
                ahead_on: Some(("coding".into(), 0.52, 0.45)),
                from_weight: Some(2.4),
            }),
        },
        cascade: Some(Cascade { first: 3, then: 17, quality: 0.94, cost: 0.7 }),
        milliseconds: 1.84,
    }
}

/// What probing the model set of these tests really finds.
static REPORTS: LazyLock<Vec<Report>> = LazyLock::new(|| {
    let model_set = model_set(plain);
    let settings = Settings { shuffles: 199, resamples: 100, ..Settings::default() };
    let vectors = model_set.vectors.view();
    let prober =
        Prober::new(vectors, &model_set.models, &model_set.attributes, &model_set.benchmarks);
    let report = |a: &Attribute| prober.probe(a, &settings, &AtomicBool::new(false)).unwrap();
    model_set.attributes.iter().map(report).collect()
});

/// Brings everything that jobs would.
fn filled(mut state: State) -> State {
    state.probe.start_idle();
    for (i, report) in REPORTS.iter().enumerate() {
        update(&mut state, Event::Job(JobResult::Probed(i, Ok(Box::new(report.clone())))));
    }
    update(&mut state, Event::Command(Command::Prompt));
    update(&mut state, Event::Input(Input::Paste("What is 17 × 23?".into())));
    let version = state.route.version;
    update(&mut state, Event::Job(JobResult::Routed(version, Ok(route()))));
    state.forecasts.grid = Job::Running;
    update(&mut state, Event::Job(JobResult::Forecasted(Arc::new(grid()))));
    state
}

/// What is measured as it is, and something beside it for the rest.
fn grid() -> Grid {
    let column = |benchmark: &Benchmark| -> Vec<Forecast> {
        let each = benchmark.scores.iter().enumerate();
        each.map(|(m, score)| {
            let (mean, reach) = match score {
                Some(score) => (score.accuracy, 0.02),
                None => (0.2 + 0.025 * m as f64, 0.12),
            };
            Forecast {
                responses: score.map_or(0, |score| score.responses),
                accuracy: Estimate { mean, low: mean - reach, high: mean + reach },
            }
        })
        .collect()
    };
    model_set(plain).benchmarks.iter().map(column).collect()
}

fn screen(state: &State) -> String {
    let mut terminal =
        Terminal::new(TestBackend::new(state.area.width, state.area.height)).unwrap();
    terminal.draw(|frame| view(frame, state)).unwrap();
    terminal.backend().to_string()
}

fn press(state: &mut State, key: KeyCode) -> Vec<Effect> {
    resolve(state, KeyEvent::new(key, KeyModifiers::NONE))
        .map_or_else(Vec::new, |event| update(state, event))
}

fn type_text(state: &mut State, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| press(state, KeyCode::Char(c))).collect()
}

#[test]
fn commands_are_found_and_run_from_the_palette() {
    let mut state = state(120, 35);
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "table of models");
    assert!(screen(&state).contains("Go to the table of models"));
    press(&mut state, KeyCode::Enter);
    assert!(state.modes.picker().is_none());
    assert_eq!(state.focus, Pane::Models);
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "no such thing at all");
    assert!(screen(&state).contains("no matches"));
    press(&mut state, KeyCode::Enter);
    assert!(state.modes.picker().is_none());
}

#[test]
fn what_the_user_binds_in_any_pane_focuses_it_from_the_palette() {
    let mut state = state(140, 42);
    for &pane in Pane::ALL {
        let context = serde_json::to_value(pane).unwrap();
        let context = context.as_str().unwrap();
        let changes = serde_json::json!({ context: { "ctrl-y": "zoom-to-marked" } });
        let (keymap, warnings) = super::keys::overridden(&changes);
        assert!(warnings.is_empty(), "{warnings:?}");
        state.keymap = Arc::new(keymap);
        update(&mut state, Event::Command(Command::Focus(pane.ahead(1))));
        update(&mut state, Event::Command(Command::Palette));
        type_text(&mut state, "zoom to the marked");
        let own = "^Y";
        let items = &state.modes.picker().unwrap().items;
        let at = items.iter().position(|item| item.remark.contains(own)).unwrap();
        let picker = state.modes.picker().unwrap();
        let down = picker.hits.iter().position(|hit| *hit == at).unwrap();
        for _ in 0..down {
            press(&mut state, KeyCode::Down);
        }
        press(&mut state, KeyCode::Enter);
        assert_eq!(state.focus, pane);
    }
}

#[test]
fn picking_previews_and_escape_takes_it_back() {
    let mut state = state(140, 42);
    let before = state.map.coloring.by;
    press(&mut state, KeyCode::Char('c'));
    press(&mut state, KeyCode::Down);
    press(&mut state, KeyCode::Down);
    assert_ne!(state.map.coloring.by, before);
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.map.coloring.by, before);
    press(&mut state, KeyCode::Char('T'));
    let effects = press(&mut state, KeyCode::Down);
    assert_eq!(effects, [Effect::UseTheme("light".into())]);
    assert_eq!(press(&mut state, KeyCode::Esc), [Effect::UseTheme("dark".into())]);
}

#[test]
fn the_session_comes_back() {
    let mut state = state(140, 42);
    update(&mut state, Event::Command(Command::ColorBy(ColorBy::Benchmark(1))));
    press(&mut state, KeyCode::Char(' '));
    press(&mut state, KeyCode::Char('+'));
    update(&mut state, Event::Command(Command::Focus(Pane::Models)));
    update(&mut state, Event::Command(Command::Sort));
    let text = serde_json::to_string(&Session::of(&state)).unwrap();
    let mut again = self::state(140, 42);
    let session: Session = serde_json::from_str(&text).unwrap();
    session.restore(&mut again);
    assert_eq!(screen(&again), screen(&state));
    assert_eq!(again.table.rows, state.table.rows);
    // Other models: what is not there is passed over.
    let mut other = model_set(|m| format!("other-{m}"));
    other.attributes = Arc::default();
    other.benchmarks.clear();
    let mut other = state_of(other, 100, 30);
    let session: Session = serde_json::from_str(&text).unwrap();
    session.restore(&mut other);
    assert!(other.marked.is_empty());
    screen(&other);
}

#[test]
fn a_training_shows_how_it_goes() {
    let mut state = state(100, 30);
    update(&mut state, Event::Training(TrainingEvent::Encoding(0, 16_001)));
    for number in 1..=4 {
        let projection = state.map.projection.as_ref().clone();
        let epoch = Epoch {
            number,
            of: 12,
            train_nll: 0.7 / f64::from(number),
            val_nll: 0.72 / f64::from(number),
            best: true,
            responses_per_second: 1_250_000.0,
            remaining: Duration::from_secs(3),
            vectors: state.model_set.vectors.as_ref().clone(),
        };
        let frame = TrainingFrame { epoch, projection };
        update(&mut state, Event::Training(TrainingEvent::Epoch(Box::new(frame))));
    }
    assert_eq!(state.map.trails.len(), 3, "the models leave trails");
    insta::assert_snapshot!("training", screen(&state));
    assert_eq!(press(&mut state, KeyCode::Char('s')), [Effect::StopTraining]);
    assert!(screen(&state).contains("stopping"));
    let (model_set, projection) =
        (Arc::clone(&state.model_set), state.map.projection.as_ref().clone());
    let trained = TrainingEvent::Trained(model_set, Box::new(projection), "kept epoch 4".into());
    update(&mut state, Event::Training(trained.clone()));
    assert!(screen(&state).contains("any key explores"), "the last losses can be seen");
    assert!(press(&mut state, KeyCode::Char('j')).iter().all(|e| *e != Effect::StopTraining));
    assert!(state.training.is_none() && screen(&state).contains("kept epoch 4"));
    assert!(state.map.trails.is_empty());
    update(&mut state, Event::Command(Command::Focus(Pane::Evaluate)));
    assert!(screen(&state).contains("loss by epoch · 4 epochs"), "the curves stay");

    update(&mut state, Event::Training(TrainingEvent::Encoding(0, 16_001)));
    assert!(press(&mut state, KeyCode::Char('q')).contains(&Effect::StopTraining));
    let left = update(&mut state, Event::Training(trained));
    assert!(left.contains(&Effect::Quit), "leaving waits for the training to be kept");
}

#[test]
fn typing_asks_for_routes_and_stale_answers_are_dropped() {
    let mut state = state(120, 35);
    press(&mut state, KeyCode::Char('p'));
    let effects = type_text(&mut state, "q 2?");
    assert_eq!(effects.len(), 3, "a space at the end changes nothing: {effects:?}");
    let Some(Effect::Route(newest, prompt)) = effects.last().cloned() else { panic!() };
    assert_eq!(prompt, "q 2?");
    update(&mut state, Event::Job(JobResult::Routed(newest - 1, Ok(route()))));
    assert!(state.route.result.is_none() && state.route.routing.is_running());
    update(&mut state, Event::Job(JobResult::Routed(newest, Ok(route()))));
    assert!(!state.route.routing.is_running());
    assert_eq!(state.routed(), Some(3));
    // In the list and over the columns of the reasons, too.
    assert_eq!(screen(&state).matches('★').count(), 3, "the routed model lights up on the map");
    for _ in 0..4 {
        press(&mut state, KeyCode::Backspace);
    }
    assert!(state.route.result.is_none(), "no prompt, no route");
}

#[test]
fn without_its_encoder_all_but_prompts_goes_on() {
    let unread = Some("the encoder is not on this machine: run `llmap fetch minilm`".into());
    let mut state = state_of(ModelSet { unread, ..model_set(plain) }, 120, 35);
    update(&mut state, Event::Command(Command::Prompt));
    assert!(screen(&state).contains("llmap fetch minilm"));
    type_text(&mut state, "What is 17 × 23?");
    assert!(!state.route.routing.is_running() && screen(&state).contains("llmap fetch minilm"));
    press(&mut state, KeyCode::Esc);
    assert!(
        update(&mut state, Event::Command(Command::Focus(Pane::Probe)))
            .contains(&Effect::Probe(vec![0, 1, 2]))
    );
}

mod browsing;
mod card;
mod evaluate;
mod export;
mod filter;
mod forecast;
mod hostile;
mod map;
mod new_model;
mod picture;
mod pixels;
mod plain;
mod probe;
mod random;
mod room;
mod route;
mod screens;
mod shell;
mod tour;
mod work;
