//! The Forecast pane.

use super::*;

#[test]
fn forecasts_are_computed_once_sorted_filtered_and_written() {
    let mut state = state(140, 42);
    assert_eq!(press(&mut state, KeyCode::Char('9')), [Effect::Forecast]);
    assert!(screen(&state).contains("predicting"));
    assert_eq!(press(&mut state, KeyCode::Char('9')), []);
    update(&mut state, Event::Job(JobResult::Forecasted(Arc::new(grid()))));
    let best = |state: &State, b: usize| {
        let column = &state.forecasts.grid.done().unwrap()[b];
        let means: Vec<f64> =
            state.forecasts.rows.iter().map(|m| column[*m].accuracy.mean).collect();
        assert!(means.windows(2).all(|w| w[0] >= w[1]), "best first");
        state.forecasts.rows[0]
    };
    let first = best(&state, 0);
    press(&mut state, KeyCode::Right);
    assert_eq!(state.forecasts.at, 1);
    assert_ne!(best(&state, 1), first);
    // The selected model is described, whichever it is.
    press(&mut state, KeyCode::Home);
    assert_eq!(state.selected, state.forecasts.rows[0]);
    assert!(screen(&state).contains("1 of 24"));

    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "coder");
    press(&mut state, KeyCode::Enter);
    assert!(state.forecasts.rows.len() < 24 && !state.forecasts.rows.is_empty());
    let shown = state.forecasts.rows.len();
    press(&mut state, KeyCode::Char('E'));
    let effects = press(&mut state, KeyCode::Enter);
    let [Effect::Write(_, name, bytes)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(name, "llmap-forecast.csv");
    assert_eq!(String::from_utf8_lossy(bytes).lines().count(), 1 + 3 * shown);
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.forecasts.rows.len(), 24);
}

#[test]
fn a_click_sorts_by_a_benchmark_or_selects_a_model() {
    let mut state = filled(state(140, 42));
    update(&mut state, Event::Command(Command::Focus(Pane::Forecast)));
    let text = screen(&state);
    let header = text.lines().position(|line| line.contains("coding")).unwrap();
    let x = text.lines().nth(header).unwrap().chars().collect::<String>();
    let x = x.split("coding").next().unwrap().chars().count() as u16;
    update(&mut state, Event::Input(Input::Click(x, header as u16)));
    assert_eq!(state.forecasts.at, 1);
    update(&mut state, Event::Input(Input::Click(6, header as u16 + 3)));
    assert_eq!(state.selected, state.forecasts.rows[2]);
}

#[test]
fn what_a_benchmark_asks_is_stated_where_it_is_chosen_and_predicted() {
    let mut state = state(140, 42);
    let benchmarks = &mut Arc::get_mut(&mut state.model_set).unwrap().benchmarks;
    benchmarks[1].description = "functions from their docstrings".into();
    press(&mut state, KeyCode::Char('9'));
    update(&mut state, Event::Job(JobResult::Forecasted(Arc::new(grid()))));
    assert!(!screen(&state).contains("functions from"), "the first one has no description");
    press(&mut state, KeyCode::Right);
    assert!(screen(&state).contains("Asks: functions from their docstrings"));
    press(&mut state, KeyCode::Char('c'));
    type_text(&mut state, "coding");
    assert!(screen(&state).contains("functions from their docstrings"), "in the list of colors");
    press(&mut state, KeyCode::Esc);
}

#[test]
fn the_best_predictions_stand_first_until_the_user_moves() {
    let mut state = filled(state(120, 35));
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    let last = *state.forecasts.rows.last().unwrap();
    // More rows than there are lines.
    update(&mut state, Event::Outside(Outside::Resized(80, 24)));
    state.select(last);
    let first = state.name(state.forecasts.rows[0]).to_owned();
    let rows = |state: &State| {
        let text = screen(state);
        text.lines().skip(5).take(13).collect::<Vec<_>>().join("\n")
    };
    press(&mut state, KeyCode::Char('9'));
    assert!(rows(&state).contains(&first), "{}", rows(&state));
    assert!(!rows(&state).contains(state.name(last)), "{}", rows(&state));
    assert!(screen(&state).contains("24 of 24"), "the selected model is described");
    press(&mut state, KeyCode::Down);
    assert_eq!(state.selected, state.forecasts.rows[0], "from out of sight to what is seen");
    press(&mut state, KeyCode::Down);
    assert_eq!(state.selected, state.forecasts.rows[1]);
    press(&mut state, KeyCode::End);
    assert_eq!(state.selected, last);
    assert!(rows(&state).contains(state.name(last)), "{}", rows(&state));
}

#[test]
fn the_sign_of_predictions_is_explained_and_free_room_shows_benchmarks() {
    for (width, height) in [(60, 18), (80, 24), (120, 35), (140, 42), (200, 60)] {
        let mut state = filled(state(width, height));
        update(&mut state, Event::Command(Command::Focus(Pane::Forecast)));
        let text = screen(&state);
        assert!(text.contains("~ predicted"), "{width}: {text}");
        let header = text.lines().find(|line| line.contains("  model")).unwrap();
        let all = ["arithmetic", "coding", "contracts"];
        assert!(all.iter().all(|name| header.contains(name)), "{width}: {header}");
        assert!(!text.contains("measu…"), "{text}");
    }
}
