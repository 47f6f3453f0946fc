//! The table, the search, the questions.

use super::*;
use crate::explorer::command::Exported;

#[test]
fn the_table_sorts_filters_and_carries_the_selection() {
    let mut state = state(140, 42);
    update(&mut state, Event::Command(Command::Focus(Pane::Models)));
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
    press(&mut state, KeyCode::Char('*'));
    assert_eq!(state.marked.len(), rows);
    press(&mut state, KeyCode::Char('u'));
    assert!(state.marked.is_empty(), "undone");
    press(&mut state, KeyCode::Char('U'));
    assert_eq!(state.marked.len(), rows, "and done again");
    press(&mut state, KeyCode::Char('w'));
    type_text(&mut state, "arithmetic > 50 and answers >= 2");
    press(&mut state, KeyCode::Enter);
    let right =
        |m: &usize| state.model_set.benchmarks[0].scores.get(*m).is_some_and(|s| s.accuracy > 0.5);
    assert!(!state.marked.is_empty() && state.marked.iter().all(right), "benchmarks in percent");
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, " and family = heron");
    let fewer = state.table.rows.len();
    type_text(&mut state, " and");
    assert!(fewer < rows && state.table.rows.len() == fewer, "half an expression changes nothing");
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.table.rows.len(), rows, "escape brings the filter back");
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
    assert!(text.contains("3 marked") && text.contains("cos "));
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
    let export = Event::Command(Command::ExportTo(Exported::Models));
    assert!(update(&mut state, export).is_empty(), "a name is asked for first");
    assert!(screen(&state).contains("export the marked models to  llmap-selection.json"));
    let effects = press(&mut state, KeyCode::Enter);
    let [Effect::Write(exported, name, bytes)] = &effects[..] else { panic!("{effects:?}") };
    let models: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(models.as_array().unwrap().len(), 3);
    assert_eq!(models[0]["attributes"]["family"], "lynx");
    // An existing file is not replaced: another name is needed.
    let taken = Outside::Taken(*exported, name.clone());
    update(&mut state, Event::Outside(taken));
    assert!(screen(&state).contains("exists: choose another name"));
    type_text(&mut state, ".json");
    let effects = press(&mut state, KeyCode::Enter);
    let [Effect::Write(_, name, _)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(name, "llmap-selection.json.json");
}

#[test]
fn questions_are_browsed_by_surprise() {
    let mut state = filled(state(140, 42));
    assert!(
        update(&mut state, Event::Command(Command::Focus(Pane::Questions)))
            .contains(&Effect::Questions)
    );
    let data =
        crate::dataset::simulate::Simulation { models: 24, questions: 90, ..Default::default() };
    let mut data = data.run();
    data.models = (0..24).map(plain).collect();
    let question_set = QuestionSet::new(&data, &state.model_set.models, false);
    assert!(!question_set.questions.is_empty());
    let n = question_set.questions.len();
    let question_set = Arc::new(question_set);
    update(&mut state, Event::Job(JobResult::QuestionsRead(Arc::clone(&question_set))));
    let forecast = |q: usize| (0..24).map(|m| 0.2 + 0.6 * ((q + m) % 7) as f32 / 7.0).collect();
    update(
        &mut state,
        Event::Job(JobResult::QuestionsForecast(0, (0..40).map(forecast).collect())),
    );
    assert!(state.is_waiting() && screen(&state).contains("predicting"));
    update(
        &mut state,
        Event::Job(JobResult::QuestionsForecast(40, (40..n).map(forecast).collect())),
    );
    let loss: Vec<f64> =
        state.questions.rows.iter().map(|q| state.questions.surprises[*q].loss).collect();
    assert!(loss.windows(2).all(|w| w[0] >= w[1]));
    for (width, height) in [(80, 24), (140, 42), (200, 60)] {
        update(&mut state, Event::Outside(Outside::Resized(width, height)));
        insta::assert_snapshot!(format!("Questions-read-{width}x{height}"), screen(&state));
        let text = screen(&state);
        let row = |line: &str| line.contains('…') && line.contains('%');
        assert!(width > 140 || text.lines().any(row), "a text that is cut says so");
    }
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "compile");
    press(&mut state, KeyCode::Enter);
    assert!(state.questions.rows.len() < n && !state.questions.rows.is_empty());
    assert!(
        state.questions.rows.iter().all(|q| question_set.questions[*q].prompt.contains("compile"))
    );
    press(&mut state, KeyCode::Char('b'));
    press(&mut state, KeyCode::Down);
    let effects = press(&mut state, KeyCode::Char('p'));
    assert!(matches!(effects.as_slice(), [Effect::Route(..)] | []), "{effects:?}");
    assert_eq!(state.focus, Pane::Route);
}

#[test]
fn search_finds_by_name_and_escape_goes_back() {
    let mut state = state(120, 35);
    let before = state.selected;
    press(&mut state, KeyCode::Char('/'));
    type_text(&mut state, "raven-12b");
    assert_eq!(state.name(state.selected), "raven-12b-v0");
    let text = screen(&state);
    assert!(text.contains("❯ raven-12b") && text.matches("raven-12b-v0").count() > 2, "{text}");
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.selected, before);
    press(&mut state, KeyCode::Char('/'));
    type_text(&mut state, "lynx");
    press(&mut state, KeyCode::Down);
    press(&mut state, KeyCode::Enter);
    assert!(state.modes.picker().is_none() && state.name(state.selected).starts_with("lynx"));
    let found = state.selected;
    press(&mut state, KeyCode::Char('/'));
    type_text(&mut state, "raven");
    assert!(state.name(state.selected).starts_with("raven"));
    type_text(&mut state, "zzz");
    assert_eq!(state.selected, found, "what is not found is not shown as if it were");
    assert!(screen(&state).contains("no matches"));
}

#[test]
fn questions_that_are_nearly_the_same_are_one_row() {
    let mut state = filled(state(140, 42));
    state.with_data = true;
    update(&mut state, Event::Command(Command::Focus(Pane::Questions)));
    let data =
        crate::dataset::simulate::Simulation { models: 24, questions: 40, ..Default::default() };
    let mut data = data.run();
    data.models = (0..24).map(plain).collect();
    let options = ["dry palms", "wet palms", "palms with oil"];
    for (q, question) in data.questions.iter_mut().enumerate().take(6) {
        let [a, b, c] = [0, 1, 2].map(|at| options[(q + at) % 3]);
        question.category = 0;
        question.prompt = format!("Which part of a hand gets warm first? {a}, {b}, {c}").into();
    }
    let question_set = Arc::new(QuestionSet::new(&data, &state.model_set.models, false));
    update(&mut state, Event::Job(JobResult::QuestionsRead(Arc::clone(&question_set))));
    let forecasts = (0..40).map(|q| vec![0.1 + 0.02 * q as f32; 24]).collect();
    update(&mut state, Event::Job(JobResult::QuestionsForecast(0, forecasts)));
    assert_eq!((state.questions.rows.len(), state.questions.found().len()), (35, 40));
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "hand");
    press(&mut state, KeyCode::Enter);
    assert_eq!((state.questions.rows.len(), state.questions.found().len()), (1, 6));
    assert!(screen(&state).contains("+5 alike"), "{}", screen(&state));
    let first = state.questions.rows[0];
    press(&mut state, KeyCode::Right);
    assert_eq!((state.questions.rows.len(), state.questions.rows[0]), (6, first));
    assert_eq!(screen(&state).matches("└ ").count(), 5);
    press(&mut state, KeyCode::Down);
    press(&mut state, KeyCode::Left);
    assert_eq!((state.questions.rows.as_slice(), state.questions.at), (&[first][..], 0));
    // One that is asked for is unfolded.
    let hidden = question_set.of[*state.questions.found().last().unwrap()];
    let row = state.questions.reveal(hidden).unwrap();
    assert_eq!(question_set.of[state.questions.rows[row]], hidden);
}

#[test]
fn a_comparison_scrolls_below_the_names() {
    for (width, height) in [(60, 18), (80, 24), (120, 35)] {
        let mut model_set = model_set(plain);
        let benchmarks = model_set.benchmarks.clone();
        let more =
            (0..40).map(|b| Benchmark { name: format!("b{b:02}"), ..benchmarks[b % 3].clone() });
        model_set.benchmarks = more.collect();
        // All agree on these.
        let attributes = Arc::make_mut(&mut model_set.attributes);
        for name in ["chat", "math", "moe", "open", "reasoning"] {
            let values = Values::Flag(vec![Some(name == "open"); 24]);
            attributes.push(Attribute { name: name.into(), values });
        }
        let mut state = state_of(model_set, width, height);
        state.mark([2, 6, 10]);
        press(&mut state, KeyCode::Char('7'));
        let text = screen(&state);
        let shown = |text: &str| {
            (0..40).filter(|b| text.contains(&format!("b{b:02} "))).collect::<Vec<_>>()
        };
        assert!(height < 24 || shown(&text).len() >= 5, "{text}");
        assert!(text.contains("not chat · not math") && text.contains("↓ "), "{text}");
        let mut seen: Vec<usize> = shown(&text);
        for _ in 0..40 {
            press(&mut state, KeyCode::Down);
            let text = screen(&state);
            assert!([2, 6, 10].iter().all(|m| text.contains(&plain(*m))), "{text}");
            seen.extend(shown(&text));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 40, "every benchmark is listed");
        press(&mut state, KeyCode::End);
        let end = state.compare_scroll;
        press(&mut state, KeyCode::Down);
        assert!(end > 0 && state.compare_scroll == end, "there is no more below");
        press(&mut state, KeyCode::Home);
        assert_eq!(state.compare_scroll, 0);
    }
}
