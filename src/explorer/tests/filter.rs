//! The filter of models, over map, tables and router.

use super::*;

/// What a screen shows of a filter, and how many points stand back on the map.
fn filtered(width: u16, height: u16, filter: &str) -> State {
    let mut state = filled(state(width, height));
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, filter);
    press(&mut state, KeyCode::Enter);
    state
}

#[test]
fn one_filter_holds_for_map_table_and_router() {
    let mut state = filled(state(200, 60));
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    press(&mut state, KeyCode::Char('f'));
    let effects = type_text(&mut state, "family=lynx size<40");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Route(..))), "asked again");
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.table.rows.len(), 3);
    assert_eq!(state.forecasts.rows.len(), 3);
    let pool = state.preferences().pool.unwrap();
    assert_eq!((0..24).filter(|m| pool[*m]).collect::<Vec<_>>(), [2, 6, 10]);
    assert_eq!((0..24).filter(|m| state.is_lit(*m)).collect::<Vec<_>>(), [2, 6, 10]);
    assert!(state.filter.has(state.selected), "what is selected is among them");
    for _ in 0..8 {
        press(&mut state, KeyCode::Char('l'));
        assert!(state.filter.has(state.selected), "the cursor walks among them");
    }
    let text = screen(&state);
    assert!(text.contains("3 of 24 models") && text.contains("filter family=lynx size<40"));
    assert!(text.contains("lynx 3") && text.contains("otter 0"), "the legend counts them");
    press(&mut state, KeyCode::Esc);
    assert!(!state.filter.is_on() && state.table.rows.len() == 24);
    press(&mut state, KeyCode::Char('u'));
    assert_eq!(state.filter.text, "family=lynx size<40", "clearing it can be undone");
    assert_eq!(state.table.rows.len(), 3);
}

#[test]
fn a_filter_at_three_sizes() {
    for (width, height) in [(80, 24), (140, 42), (200, 60)] {
        let mut state = filtered(width, height, "coder=yes size<40");
        insta::assert_snapshot!(format!("filtered-{width}x{height}"), screen(&state));
        press(&mut state, KeyCode::Char('f'));
        type_text(&mut state, " fam");
        insta::assert_snapshot!(format!("filtering-{width}x{height}"), screen(&state));
    }
}

#[test]
fn names_and_values_are_completed() {
    let mut state = state(120, 35);
    press(&mut state, KeyCode::Char('f'));
    for typed in ["fam", "=", "ly", "si"] {
        type_text(&mut state, typed);
        assert!(!state.filter.is_on() || typed == "si", "{typed}: half a word changes nothing");
        if typed != "=" {
            press(&mut state, KeyCode::Tab);
        }
    }
    assert_eq!(state.modes.line().unwrap().input.value(), "family =lynx size ");
    type_text(&mut state, "< 40");
    assert!(screen(&state).contains("3 of 24 models"));
    // w is completed alike.
    press(&mut state, KeyCode::Esc);
    press(&mut state, KeyCode::Char('w'));
    type_text(&mut state, "cod");
    press(&mut state, KeyCode::Tab);
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.marked.len(), 8);
}

#[test]
fn a_filter_is_typed_among_the_commands() {
    let mut state = state(120, 35);
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "filter family=lynx");
    assert!(state.modes.picker().is_none(), "the blank begins the filter");
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.filter.text, "family=lynx");
    press(&mut state, KeyCode::Char(':'));
    update(&mut state, Event::Input(Input::Paste("filter coder".into())));
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.filter.text, "coder", "it takes the place of the one before");
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "filter");
    press(&mut state, KeyCode::Enter);
    assert!(!state.filter.is_on(), "the word alone takes it away");
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "filter");
    press(&mut state, KeyCode::Enter);
    assert!(state.modes.line().is_some(), "and without one begins one");
}

#[test]
fn a_filter_that_cannot_be_read_says_why_and_changes_nothing() {
    let mut state = filtered(120, 35, "family=lynx");
    for (typed, why) in [
        ("famly=lynx", "did you mean `family`?"),
        ("family=lynxx", "did you mean `lynx`?"),
        ("size<small", "`small` is not a number"),
        ("coder family=lynx size<3", "no model fits"),
        ("prompt > 50", "no attribute is called `prompt`"),
        ("zzz", "no attribute is called `zzz`"),
    ] {
        press(&mut state, KeyCode::Char(':'));
        type_text(&mut state, &format!("filter {typed}"));
        press(&mut state, KeyCode::Enter);
        let notice = state.notice.as_ref().unwrap();
        assert!(notice.bad && notice.text.contains(why), "{typed}: {}", notice.text);
        assert_eq!((state.filter.text.as_str(), state.table.rows.len()), ("family=lynx", 6));
    }
}

#[test]
fn words_of_names_filter_too() {
    let state = filtered(120, 35, "otter v1");
    assert!(state.filter.is_on() && state.table.rows.len() < 6);
    assert!(state.table.rows.iter().all(|m| state.name(*m).starts_with("otter")));
}

#[test]
fn a_session_brings_its_filter_back_and_never_opens_in_an_error() {
    let state = filtered(120, 35, "family=lynx size<40");
    let text = serde_json::to_string(&Session::of(&state)).unwrap();
    let session = |text: &str| -> Session { serde_json::from_str(text).unwrap() };
    let mut again = self::state(120, 35);
    session(&text).restore(&mut again);
    assert_eq!((&again.filter, &again.table.rows), (&state.filter, &state.table.rows));
    assert!(again.notice.is_none() && screen(&again).contains("3 of 24 models"));
    assert!(again.filter.has(again.selected) && !again.is_lit(0));
    // A session of before filters were remembered.
    let mut old: serde_json::Value = serde_json::from_str(&text).unwrap();
    old.as_object_mut().unwrap().remove("filter");
    let mut unfiltered = self::state(120, 35);
    session(&old.to_string()).restore(&mut unfiltered);
    assert!(!unfiltered.filter.is_on() && unfiltered.notice.is_none());
    // What does not fit these models any more, in one way or another.
    for (filter, why) in [
        ("family=lynx and", "expected"),
        ("famly=lynx", "did you mean"),
        ("size<0.001", "no model fits"),
        ("cluster=\u{1b}[31m", "cluster"),
    ] {
        old["filter"] = filter.into();
        let mut state = self::state(120, 35);
        session(&old.to_string()).restore(&mut state);
        assert!(!state.filter.is_on() && state.table.rows.len() == 24, "{filter}");
        let notice = state.notice.as_ref().unwrap();
        assert!(!notice.bad && notice.text.contains("filter was dropped"), "{}", notice.text);
        assert!(notice.text.contains(why) || filter.contains("and"), "{}", notice.text);
        assert!(!notice.text.chars().any(char::is_control));
        screen(&state);
    }
}
