//! The explorer without a terminal: actions go in, screens come out.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ndarray::Array2;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use super::action::{Action, Button, Direction, Effect, Frame, Pane};
use super::colouring::ColourBy;
use super::forecasts::Grid;
use super::keys::resolve;
use super::map::Projector;
use super::questions::Book;
use super::session::Session;
use super::state::State;
use super::subject::Subject;
use super::theme::{Depth, Theme};
use super::update::update;
use super::view::view;
use crate::analysis::clusters::{Cluster, Clusters};
use crate::analysis::estimate::Estimate;
use crate::analysis::forecast::Forecast;
use crate::analysis::probe::{Prober, Report, Settings};
use crate::analysis::projection::Projection;
use crate::analysis::router::{Candidate, Cascade, Evidence, Route, RunnerUp, Why};
use crate::dataset::{Attribute, Values};
use crate::embedder::{Benchmark, Coverage, Epoch, Parts, Score};
use crate::metrics::Bin;
use crate::one_line;

const FAMILIES: [&str; 4] = ["heron", "otter", "lynx", "raven"];

fn subject(names: impl Fn(usize) -> String) -> Subject {
    let models = 24;
    let vectors = Array2::from_shape_fn((models, 6), |(m, k)| {
        let wave = (m * (k + 2)) as f32;
        (wave * 0.7).sin() * (6 - k) as f32 + if m % 4 == k { 4.0 } else { 0.0 }
    });
    let families = (0..models).map(|m| (m != 5).then(|| FAMILIES[m % 4].into())).collect();
    let benchmark = |b: usize| Benchmark {
        name: ["arithmetic", "coding", "law/contracts"][b].into(),
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
    Subject {
        data: "fixture".into(),
        simulated: true,
        models: (0..models).map(|m| one_line(&names(m))).collect(),
        attributes: vec![
            Attribute { name: "family".into(), values: Values::Class(families) },
            Attribute {
                name: "coder".into(),
                values: Values::Flag((0..models).map(|m| (m != 7).then_some(m % 3 == 0)).collect()),
            },
            Attribute {
                name: "params_b".into(),
                values: Values::Number((0..models).map(|m| Some((3 + m * 3) as f64)).collect()),
            },
        ],
        benchmarks: (0..3).map(benchmark).collect(),
        vectors,
        uncertainty: (0..models).map(|m| 0.2 + 0.05 * m as f32).collect(),
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
        unread: None,
    }
}

fn plain(m: usize) -> String {
    format!("{}-{}b-v{}", FAMILIES[m % 4], 3 + m * 3, m % 3)
}

fn state_of(subject: Subject, width: u16, height: u16) -> State {
    let (theme, _) = Theme::load("dark", Depth::True).unwrap();
    let projection = Projection::pca(subject.specialities(), 3).unwrap();
    let area = Rect::new(0, 0, width, height);
    let mut state = State::new(Arc::new(subject), projection, theme, Pane::Map, area);
    update(&mut state, Action::Started);
    state
}

fn state(width: u16, height: u16) -> State {
    state_of(subject(plain), width, height)
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
    };
    let evidence = |category: &str, share| Evidence {
        category: category.into(),
        share,
        similarity: 0.81,
        correct: [(plain(3), 0.82), (plain(10), 0.71)].into(),
    };
    Route {
        candidates: (0..24).map(candidate).collect(),
        evidence: vec![evidence("arithmetic", 0.7), evidence("coding", 0.3)],
        outside: false,
        below: false,
        why: Why {
            parts: Parts { ability: 1.52, ease: 0.31, fit: 0.48 },
            runner_up: Some(RunnerUp {
                model: 10,
                parts: Parts { ability: 1.21, ease: 0.31, fit: 0.47 },
                ahead_on: Some(("coding".into(), 0.52, 0.45)),
                from_weight: Some(2.4),
            }),
        },
        cascade: Some(Cascade { first: 3, then: 17, quality: 0.94, cost: 0.7 }),
        milliseconds: 1.84,
    }
}

/// What probing the subject of these tests really finds.
static REPORTS: LazyLock<Vec<Report>> = LazyLock::new(|| {
    let subject = subject(plain);
    let settings = Settings { shuffles: 199, resamples: 100, ..Settings::default() };
    let vectors = subject.vectors.view();
    let prober = Prober::new(vectors, &subject.models, &subject.attributes, &subject.benchmarks);
    let report = |a: &Attribute| prober.probe(a, &settings, &AtomicBool::new(false)).unwrap();
    subject.attributes.iter().map(report).collect()
});

/// Brings everything that jobs would.
fn filled(mut state: State) -> State {
    state.probe.asked = true;
    for (i, report) in REPORTS.iter().enumerate() {
        update(&mut state, Action::Probed(i, Ok(Box::new(report.clone()))));
    }
    update(&mut state, Action::Prompt);
    update(&mut state, Action::Paste("What is 17 × 23?".into()));
    let version = state.route.version;
    update(&mut state, Action::Routed(version, route()));
    state.forecasts.asked = true;
    update(&mut state, Action::Forecasted(Ok(Arc::new(grid()))));
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
    subject(plain).benchmarks.iter().map(column).collect()
}

fn screen(state: &State) -> String {
    let mut terminal =
        Terminal::new(TestBackend::new(state.area.width, state.area.height)).unwrap();
    terminal.draw(|frame| view(frame, state)).unwrap();
    terminal.backend().to_string()
}

fn press(state: &mut State, key: KeyCode) -> Vec<Effect> {
    resolve(state, KeyEvent::new(key, KeyModifiers::NONE))
        .map_or_else(Vec::new, |a| update(state, a))
}

fn type_text(state: &mut State, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| press(state, KeyCode::Char(c))).collect()
}

#[test]
fn every_pane_at_three_sizes() {
    for (width, height) in [(80, 24), (140, 42), (200, 60)] {
        let mut state = filled(state(width, height));
        for pane in Pane::ALL {
            update(&mut state, Action::Focus(pane));
            update(&mut state, Action::Accept);
            state.notice = None;
            insta::assert_snapshot!(format!("{}-{width}x{height}", pane.title()), screen(&state));
        }
    }
}

#[test]
fn every_theme_at_three_sizes() {
    for (width, height) in [(80, 24), (140, 42), (200, 60)] {
        let mut state = filled(state(width, height));
        update(&mut state, Action::Focus(Pane::Map));
        for name in Theme::bundled() {
            let (theme, warnings) = Theme::load(name, Depth::True).unwrap();
            assert!(warnings.is_empty(), "{warnings:?}");
            update(&mut state, Action::Themed(Box::new(theme), warnings));
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal.draw(|frame| view(frame, &state)).unwrap();
            // Which colours are where: a fingerprint of the styles, and the colours by frequency.
            let buffer = terminal.backend().buffer();
            let mut inks = std::collections::BTreeMap::<String, usize>::new();
            for cell in buffer.content() {
                *inks.entry(format!("{} on {}", cell.fg, cell.bg)).or_default() += 1;
            }
            let mut inks: Vec<(String, usize)> = inks.into_iter().collect();
            inks.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
            let lines: Vec<String> =
                inks.iter().map(|(ink, cells)| format!("{cells:>6} {ink}")).collect();
            insta::assert_snapshot!(format!("theme-{name}-{width}x{height}"), lines.join("\n"));
        }
    }
}

#[test]
fn the_table_sorts_filters_and_carries_the_selection() {
    let mut state = state(140, 42);
    update(&mut state, Action::Focus(Pane::Models));
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "params_b > 30 and not coder");
    assert!(screen(&state).contains("of 24 models"));
    press(&mut state, KeyCode::Enter);
    let rows = state.table.rows.len();
    assert!(rows > 3 && rows < 24, "{rows}");
    press(&mut state, KeyCode::Right);
    press(&mut state, KeyCode::Right);
    press(&mut state, KeyCode::Char('s'));
    let size = |m: &usize| 3 + m * 3;
    assert!(state.table.rows.windows(2).all(|w| size(&w[0]) >= size(&w[1])), "numbers downwards");
    press(&mut state, KeyCode::Char('s'));
    assert!(state.table.rows.windows(2).all(|w| size(&w[0]) <= size(&w[1])));
    press(&mut state, KeyCode::Char('g'));
    assert_eq!(state.selected, state.table.rows[0], "the row under the cursor is selected");
    press(&mut state, KeyCode::Char('a'));
    assert_eq!(state.marked.len(), rows);
    press(&mut state, KeyCode::Char('u'));
    assert!(state.marked.is_empty(), "undone");
    press(&mut state, KeyCode::Char('U'));
    assert_eq!(state.marked.len(), rows, "and done again");
    press(&mut state, KeyCode::Char('w'));
    type_text(&mut state, "arithmetic > 50 and answers >= 2");
    press(&mut state, KeyCode::Enter);
    let right =
        |m: &usize| state.subject.benchmarks[0].scores[*m].is_some_and(|s| s.accuracy > 0.5);
    assert!(!state.marked.is_empty() && state.marked.iter().all(right), "benchmarks in percent");
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, " and");
    assert!(state.table.problem.is_some() && state.table.rows.is_empty());
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.table.rows.len(), rows, "escape brings the filter back");
}

#[test]
fn commands_are_found_and_run_from_the_palette() {
    let mut state = state(120, 35);
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "table of models");
    assert!(screen(&state).contains("the table of models"));
    press(&mut state, KeyCode::Enter);
    assert!(state.picker.is_none());
    assert_eq!(state.focus, Pane::Models);
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "no such thing at all");
    assert!(screen(&state).contains("nothing is called that"));
    press(&mut state, KeyCode::Enter);
    assert!(state.picker.is_none());
}

#[test]
fn picking_previews_and_escape_takes_it_back() {
    let mut state = state(140, 42);
    let before = state.map.colouring.by;
    press(&mut state, KeyCode::Char('c'));
    press(&mut state, KeyCode::Down);
    press(&mut state, KeyCode::Down);
    assert_ne!(state.map.colouring.by, before);
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.map.colouring.by, before);
    press(&mut state, KeyCode::Char('T'));
    let effects = press(&mut state, KeyCode::Down);
    assert_eq!(effects, [Effect::UseTheme("light".into())]);
    assert_eq!(press(&mut state, KeyCode::Esc), [Effect::UseTheme("dark".into())]);
}

#[test]
fn expressions_mark_and_marked_models_are_compared_and_saved() {
    let mut state = state(140, 42);
    press(&mut state, KeyCode::Char('w'));
    type_text(&mut state, "family = lynx and params_b < 40");
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.marked.iter().copied().collect::<Vec<_>>(), [2, 6, 10]);
    assert!(!state.is_lit(0) && state.is_lit(2), "the others stand back");
    press(&mut state, KeyCode::Char('v'));
    let text = screen(&state);
    assert!(text.contains("3 marked models") && text.contains("cos "));
    press(&mut state, KeyCode::Char('S'));
    type_text(&mut state, "small lynxes");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Char('!'));
    assert_eq!(state.marked.len(), 21);
    press(&mut state, KeyCode::Char('"'));
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.marked.len(), 3, "found again");
    let Effect::Copy(text) = &press(&mut state, KeyCode::Char('y'))[0] else { panic!() };
    assert_eq!(text.lines().count(), 3);
    let Effect::Write(_, bytes) = &press(&mut state, KeyCode::Char('E'))[0] else { panic!() };
    let models: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(models.as_array().unwrap().len(), 3);
    assert_eq!(models[0]["attributes"]["family"], "lynx");
}

#[test]
fn dragging_marks_a_box_and_zooms_with_the_right_button() {
    let mut state = state(140, 42);
    for (x, y) in [(4, 4), (40, 20), (70, 34)] {
        update(&mut state, Action::Drag(Button::Left, x, y));
        screen(&state);
    }
    update(&mut state, Action::Release);
    let marked = state.marked.len();
    assert!(marked > 3, "{marked}");
    press(&mut state, KeyCode::Char('b'));
    for (x, y) in [(4, 4), (80, 4), (4, 38)] {
        update(&mut state, Action::Drag(Button::Left, x, y));
        screen(&state);
    }
    update(&mut state, Action::Release);
    assert!(!state.marked.is_empty() && state.marked.len() < 24);
    for (x, y) in [(30, 10), (50, 20)] {
        update(&mut state, Action::Drag(Button::Right, x, y));
    }
    update(&mut state, Action::Release);
    assert!(state.map.zoom > 1.5);
    press(&mut state, KeyCode::Char('u'));
    assert!((state.map.zoom - 1.0).abs() < 1e-9, "zooming can be undone");
}

#[test]
fn the_map_turns_and_projects() {
    let mut state = state(140, 42);
    press(&mut state, KeyCode::Char('r'));
    assert!(state.map.space.is_some() && state.map.nearness.len() == 24);
    state.map.settle();
    let before = state.map.places.clone();
    press(&mut state, KeyCode::Char(']'));
    assert_ne!(state.map.places, before);
    assert!(screen(&state).contains("three dimensions"));
    press(&mut state, KeyCode::Char('R'));
    assert!(state.map.is_moving());
    let before = state.map.places.clone();
    update(&mut state, Action::Tick);
    assert_ne!(state.map.places, before, "it turns by itself");
    press(&mut state, KeyCode::Char('r'));
    assert_eq!(
        update(&mut state, Action::UseProjector(Projector::Tsne)),
        [Effect::Project(Projector::Tsne)]
    );
    let flat = Projection::pca(state.subject.specialities(), 2).unwrap();
    update(&mut state, Action::Projected(Projector::Tsne, Ok(flat)));
    assert!(screen(&state).contains("t-SNE 1"));
    assert!(press(&mut state, KeyCode::Char('u')).is_empty(), "the first one is kept");
    assert_eq!(state.map.projector, Projector::Pca);
    update(&mut state, Action::UseProjector(Projector::Attribute(1)));
    update(&mut state, Action::Projected(Projector::Attribute(1), Err("no".into())));
    assert!(state.map.awaited.is_none() && screen(&state).contains("✗ no"));
}

#[test]
fn each_marker_draws_every_class() {
    let mut state = state(140, 42);
    for _ in 0..5 {
        press(&mut state, KeyCode::Char('m'));
        press(&mut state, KeyCode::Char('d'));
        let text = screen(&state);
        assert!(text.contains("heron") && text.contains("raven"));
    }
}

#[test]
fn clusters_colour_the_map_and_mark_models() {
    let mut state = state(140, 42);
    let effects = update(&mut state, Action::ColourBy(ColourBy::Cluster));
    assert_eq!(effects, [Effect::Cluster]);
    let cluster = |name: &str| Cluster { name: name.into(), size: 12, stability: 0.8 };
    let found = Clusters {
        of: (0..24).map(|m| m % 2).collect(),
        clusters: vec![cluster("herons"), cluster("others")],
    };
    assert!(update(&mut state, Action::Clustered(Ok(found))).is_empty(), "asked only once");
    assert!(screen(&state).contains("herons (80% stable) 12"));
    press(&mut state, KeyCode::Char('X'));
    assert_eq!(state.marked.len(), 12);
}

#[test]
fn the_map_shows_how_little_is_known_of_each_model() {
    let mut state = state(140, 42);
    update(&mut state, Action::ColourBy(ColourBy::Uncertainty));
    let shown = screen(&state);
    assert!(shown.contains("coloured by uncertainty"), "{shown}");
    assert!(shown.contains("≤ 0.4") && shown.contains("> 1.1"), "{shown}");
}

#[test]
fn questions_are_browsed_by_surprise() {
    let mut state = filled(state(140, 42));
    assert!(update(&mut state, Action::Focus(Pane::Questions)).contains(&Effect::Questions));
    let data =
        crate::dataset::simulate::Simulation { models: 24, questions: 90, ..Default::default() };
    let mut data = data.run();
    data.models = (0..24).map(plain).collect();
    let book = Book::new(&data, &state.subject.models, false);
    assert!(!book.questions.is_empty());
    let n = book.questions.len();
    let book = Arc::new(book);
    update(&mut state, Action::QuestionsRead(Ok(Arc::clone(&book))));
    let forecast = |q: usize| (0..24).map(|m| 0.2 + 0.6 * ((q + m) % 7) as f32 / 7.0).collect();
    update(&mut state, Action::QuestionsForecast(0, (0..40).map(forecast).collect()));
    assert!(state.is_waiting() && screen(&state).contains("forecasting"));
    update(&mut state, Action::QuestionsForecast(40, (40..n).map(forecast).collect()));
    let loss: Vec<f64> =
        state.questions.rows.iter().map(|q| state.questions.surprises[*q].loss).collect();
    assert!(loss.windows(2).all(|w| w[0] >= w[1]));
    for (width, height) in [(80, 24), (140, 42), (200, 60)] {
        update(&mut state, Action::Resize(width, height));
        insta::assert_snapshot!(format!("Questions-read-{width}x{height}"), screen(&state));
    }
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "compile");
    press(&mut state, KeyCode::Enter);
    assert!(state.questions.rows.len() < n && !state.questions.rows.is_empty());
    assert!(state.questions.rows.iter().all(|q| book.questions[*q].prompt.contains("compile")));
    press(&mut state, KeyCode::Char('c'));
    press(&mut state, KeyCode::Down);
    let effects = press(&mut state, KeyCode::Char('r'));
    assert!(matches!(effects.as_slice(), [Effect::Route(..)] | []), "{effects:?}");
    assert_eq!(state.focus, Pane::Route);
}

#[test]
fn the_session_comes_back() {
    let mut state = state(140, 42);
    update(&mut state, Action::ColourBy(ColourBy::Benchmark(1)));
    press(&mut state, KeyCode::Char(' '));
    press(&mut state, KeyCode::Char('+'));
    update(&mut state, Action::Focus(Pane::Models));
    update(&mut state, Action::Sort);
    let text = serde_json::to_string(&Session::of(&state)).unwrap();
    let mut again = self::state(140, 42);
    let session: Session = serde_json::from_str(&text).unwrap();
    session.restore(&mut again);
    assert_eq!(screen(&again), screen(&state));
    assert_eq!(again.table.rows, state.table.rows);
    // Other models: what is not there is passed over.
    let mut other = subject(|m| format!("other-{m}"));
    other.attributes.clear();
    other.benchmarks.clear();
    let mut other = state_of(other, 100, 30);
    let session: Session = serde_json::from_str(&text).unwrap();
    session.restore(&mut other);
    assert!(other.marked.is_empty());
    screen(&other);
}

#[test]
fn losing_the_focus_ends_movements() {
    let mut state = state(140, 42);
    press(&mut state, KeyCode::Char('a'));
    assert!(state.map.is_moving());
    update(&mut state, Action::Attention(false));
    assert!(!state.map.is_moving() && !state.attended);
    assert_eq!(press(&mut state, KeyCode::F(2)), [Effect::Mouse(false)]);
    assert_eq!(press(&mut state, KeyCode::F(2)), [Effect::Mouse(true)]);
}

#[test]
fn help_shows_the_keymap_of_the_focused_pane() {
    let mut state = filled(state(140, 42));
    update(&mut state, Action::Focus(Pane::Map));
    press(&mut state, KeyCode::Char('?'));
    assert!(state.help);
    insta::assert_snapshot!("help", screen(&state));
    press(&mut state, KeyCode::Char('x'));
    assert!(state.help, "a key without a meaning does nothing");
    update(&mut state, Action::Resize(80, 24));
    assert!(screen(&state).contains("more, any other key closes"));
    for _ in 0..60 {
        press(&mut state, KeyCode::Down);
    }
    assert!(state.help && screen(&state).contains("Enter"), "the end can be read");
    press(&mut state, KeyCode::Esc);
    assert!(!state.help);
}

#[test]
fn a_training_shows_how_it_goes() {
    let mut state = state(100, 30);
    update(&mut state, Action::Encoding(0, 16_001));
    for number in 1..=4 {
        let projection = state.map.projection.clone();
        let epoch = Epoch {
            number,
            of: 12,
            train_nll: 0.7 / f64::from(number),
            val_nll: 0.72 / f64::from(number),
            best: true,
            responses_per_second: 1_250_000.0,
            remaining: Duration::from_secs(3),
            vectors: state.subject.vectors.clone(),
        };
        let frame = Frame { epoch, projection };
        update(&mut state, Action::Epoch(Box::new(frame)));
    }
    insta::assert_snapshot!("training", screen(&state));
    assert_eq!(press(&mut state, KeyCode::Char('s')), [Effect::StopTraining]);
    assert!(screen(&state).contains("stopping"));
    assert!(press(&mut state, KeyCode::Char('q')).contains(&Effect::StopTraining));
    let (subject, projection) = (Arc::clone(&state.subject), state.map.projection.clone());
    let left = update(&mut state, Action::Trained(subject, projection, "done".into()));
    assert!(left.contains(&Effect::Quit), "leaving waits for the training to be kept");
}

#[test]
fn a_small_window_gets_a_word() {
    let text = screen(&state(40, 10));
    assert!(text.contains("60 × 18") && text.contains("40 × 10"));
}

#[test]
fn no_size_and_no_name_make_it_panic_or_leak() {
    let odd = [
        "日本語モデル",
        "👩‍🔬👩‍🔬-7b",
        "e\u{301}\u{301}\u{301}",
        "\u{1b}[2J\u{7}evil\u{9b}m",
        "\u{202e}gpj",
        "",
        "a very long name indeed, longer than any pane",
    ];
    let names = |m: usize| format!("{}{m}", odd[m % odd.len()]);
    let widths = [1, 2, 3, 7, 20, 40, 59, 60, 61, 79, 80, 100, 119, 120, 140, 179, 180, 200, 250];
    let heights = [1, 2, 3, 5, 10, 17, 18, 19, 24, 37, 38, 50, 80];
    let mut state = filled(state_of(subject(names), 80, 24));
    update(&mut state, Action::Space);
    state.mark([1, 2, 3, 4]);
    for pane in Pane::ALL {
        update(&mut state, Action::Focus(pane));
        for width in widths {
            for height in heights {
                update(&mut state, Action::Resize(width, height));
                let text = screen(&state);
                assert!(!text.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'));
                for over in [Action::Help, Action::Palette, Action::Colours, Action::Select] {
                    update(&mut state, over);
                    let text = screen(&state);
                    assert!(!text.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'));
                    update(&mut state, Action::Dismiss);
                }
            }
        }
    }
}

#[test]
fn nothing_at_all_can_be_explored() {
    let mut empty = subject(plain);
    empty.models.clear();
    empty.attributes.clear();
    empty.benchmarks.clear();
    empty.vectors = Array2::zeros((0, 6));
    let mut state = state_of(empty, 140, 42);
    for key in "hjkl+-fcCiamn p12345".chars() {
        press(&mut state, KeyCode::Char(key));
        screen(&state);
        press(&mut state, KeyCode::Esc);
    }
}

#[test]
fn the_cursor_walks_over_the_map() {
    let mut state = state(120, 35);
    let start = state.selected;
    let mut seen = std::collections::BTreeSet::from([start]);
    for direction in [Direction::Left, Direction::Right, Direction::Up, Direction::Down] {
        for _ in 0..12 {
            update(&mut state, Action::Step(direction));
            seen.insert(state.selected);
        }
    }
    assert!(seen.len() > 8, "{seen:?}");
    let nearest = state.neighbours[0].model;
    update(&mut state, Action::Focus(Pane::Model));
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.selected, nearest);
}

#[test]
fn search_finds_by_name_and_escape_goes_back() {
    let mut state = state(120, 35);
    let before = state.selected;
    press(&mut state, KeyCode::Char('/'));
    type_text(&mut state, "raven-12b");
    assert_eq!(state.name(state.selected), "raven-12b-v0");
    assert!(screen(&state).contains("1 of 1"));
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.selected, before);
    press(&mut state, KeyCode::Char('/'));
    type_text(&mut state, "lynx");
    press(&mut state, KeyCode::Down);
    press(&mut state, KeyCode::Enter);
    assert!(state.search.is_none() && state.name(state.selected).starts_with("lynx"));
}

#[test]
fn typing_asks_for_routes_and_stale_answers_are_dropped() {
    let mut state = state(120, 35);
    press(&mut state, KeyCode::Char('p'));
    let effects = type_text(&mut state, "q 2?");
    assert_eq!(effects.len(), 3, "a space at the end changes nothing: {effects:?}");
    let Some(Effect::Route(newest, prompt)) = effects.last().cloned() else { panic!() };
    assert_eq!(prompt, "q 2?");
    update(&mut state, Action::Routed(newest - 1, route()));
    assert!(state.route.result.is_none() && state.route.waiting);
    update(&mut state, Action::Routed(newest, route()));
    assert!(!state.route.waiting);
    assert_eq!(state.routed(), Some(3));
    assert_eq!(screen(&state).matches('★').count(), 2, "the routed model lights up on the map");
    for _ in 0..4 {
        press(&mut state, KeyCode::Backspace);
    }
    assert!(state.route.result.is_none(), "no prompt, no route");
}

#[test]
fn probes_run_only_once_they_can_be_seen() {
    let mut state = state(80, 24);
    assert!(!state.probe.asked);
    let all = Effect::Probe(vec![0, 1, 2]);
    assert!(update(&mut state, Action::Focus(Pane::Probe)).contains(&all));
    assert!(!update(&mut state, Action::Focus(Pane::Probe)).contains(&all));
}

#[test]
fn marked_models_become_an_attribute_that_is_probed() {
    let mut state = filled(state(140, 42));
    update(&mut state, Action::Focus(Pane::Probe));
    press(&mut state, KeyCode::Char('n'));
    assert!(state.notice.as_ref().is_some_and(|notice| notice.bad), "nothing is marked");
    Arc::make_mut(&mut state.marked).extend([1, 2, 3, 8, 13]);
    press(&mut state, KeyCode::Char('n'));
    type_text(&mut state, "coder");
    press(&mut state, KeyCode::Enter);
    assert!(state.notice.as_ref().is_some_and(|notice| notice.bad), "the name is taken");
    for members in [5, 6] {
        press(&mut state, KeyCode::Char('n'));
        type_text(&mut state, "odd\u{1b}ones");
        assert!(screen(&state).contains(&format!("name of the {members} marked models")));
        assert_eq!(press(&mut state, KeyCode::Enter), [Effect::Probe(vec![3])]);
        assert_eq!(state.subject.attributes.len(), 4);
        let Values::Flag(values) = &state.subject.attributes[3].values else { panic!() };
        assert_eq!(values.iter().filter(|v| **v == Some(true)).count(), members);
        assert_eq!(state.probe.chosen(), Some(3));
        assert!(!state.subject.attributes[3].name.chars().any(char::is_control));
        Arc::make_mut(&mut state.marked).insert(20);
    }
}

#[test]
fn without_its_encoder_all_but_prompts_goes_on() {
    let unread = Some("the encoder is not on this machine: run `llmap fetch minilm`".into());
    let mut state = state_of(Subject { unread, ..subject(plain) }, 120, 35);
    update(&mut state, Action::Prompt);
    assert!(screen(&state).contains("llmap fetch minilm"));
    type_text(&mut state, "What is 17 × 23?");
    assert!(!state.route.waiting && screen(&state).contains("llmap fetch minilm"));
    press(&mut state, KeyCode::Esc);
    assert!(update(&mut state, Action::Focus(Pane::Probe)).contains(&Effect::Probe(vec![0, 1, 2])));
}

#[test]
fn every_section_about_an_attribute_can_stand_first() {
    let mut state = filled(state(80, 24));
    update(&mut state, Action::Focus(Pane::Probe));
    let mut seen = std::collections::BTreeSet::<&str>::new();
    let words = ["kept out", "along the probe", "Most wrong", "Not known", "ability aside"];
    for _ in 0..state.probe.reports.len() {
        for _ in 0..super::pane_probe::SECTIONS {
            let text = screen(&state);
            seen.extend(words.into_iter().filter(|word| text.contains(word)));
            press(&mut state, KeyCode::Right);
        }
        press(&mut state, KeyCode::Down);
    }
    assert_eq!(seen.len(), words.len(), "{seen:?}");
    assert_eq!(state.probe.section, 0);
}

#[test]
fn a_click_selects_isolates_and_focuses() {
    let mut state = filled(state(140, 42));
    update(&mut state, Action::Focus(Pane::Map));
    let text = screen(&state);
    let find = |what: &str| -> (u16, u16) {
        let (y, line) = text.lines().enumerate().find(|(_, line)| line.contains(what)).unwrap();
        // The backend prints a quote before each line.
        let x = line[..line.find(what).unwrap()].chars().count() - 1;
        (x as u16, y as u16)
    };
    let (x, y) = find("● heron");
    update(&mut state, Action::Click(x, y));
    assert!(state.map.isolated.is_some());
    press(&mut state, KeyCode::Esc);
    assert!(state.map.isolated.is_none());
    let (x, y) = find("3 Probe");
    update(&mut state, Action::Click(x, y));
    assert_eq!(state.focus, Pane::Probe);
    let zoom = state.map.zoom;
    update(&mut state, Action::Wheel(20, 20, true));
    assert!(state.map.zoom > zoom);
    update(&mut state, Action::Wheel(20, 20, false));
    assert!((state.map.zoom - 1.0).abs() < 1e-9);
}

#[test]
fn every_key_of_the_keymap_is_safe_everywhere() {
    for pane in Pane::ALL {
        let mut state = filled(state(140, 42));
        update(&mut state, Action::Focus(pane));
        for binding in super::keys::KEYMAP.iter() {
            update(&mut state, binding.action.clone());
            screen(&state);
        }
    }
}

mod forecast;
mod newcomer;
mod route;
