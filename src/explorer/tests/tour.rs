//! The tour of the first visit.

use super::*;
use crate::explorer::layout::Layout;
use crate::explorer::state::over::tour::{STEPS, Target};

#[test]
fn each_step_points_at_what_it_is_about() {
    for (width, height) in [(60, 18), (80, 24), (120, 35), (200, 60)] {
        let mut state = state(width, height);
        update(&mut state, Event::Command(Command::Tour));
        for (at, step) in STEPS.iter().enumerate() {
            let text = screen(&state);
            assert!(text.contains(step.title), "{width}x{height}: {}\n{text}", step.title);
            if let Target::Pane(pane) = step.target {
                assert!(Layout::of(&state).unwrap().pane(pane).is_some());
            }
            if (width, height) != (60, 18) && [0, 2, 6].contains(&at) {
                insta::assert_snapshot!(format!("tour-{at}-{width}x{height}"), text);
            }
            press(&mut state, KeyCode::Enter);
        }
        assert!(state.tour.is_none() && state.focus == Pane::Map);
    }
}

#[test]
fn it_names_the_keys_that_the_user_has_bound() {
    let mut state = state(120, 35);
    let changes = serde_json::json!({ "everywhere": { "ctrl-f": "search", "/": null } });
    let (keymap, warnings) = super::super::keys::overridden(&changes);
    assert!(warnings.is_empty(), "{warnings:?}");
    state.keymap = Arc::new(keymap);
    update(&mut state, Event::Command(Command::Tour));
    assert!(screen(&state).contains("^F"));
}

#[test]
fn it_is_skipped_and_any_other_key_is_done() {
    let mut state = state(120, 35);
    for key in [KeyCode::Esc, KeyCode::Char('q')] {
        update(&mut state, Event::Command(Command::Tour));
        press(&mut state, KeyCode::Enter);
        press(&mut state, KeyCode::Enter);
        assert_eq!(state.focus, Pane::Route);
        press(&mut state, KeyCode::Backspace);
        assert_eq!(state.focus, Pane::Model);
        let effects = press(&mut state, key);
        assert_eq!(effects.contains(&Effect::Quit), key == KeyCode::Char('q'));
        assert!(state.tour.is_none() && state.focus == Pane::Map, "the panes are as before");
    }
    update(&mut state, Event::Command(Command::Tour));
    press(&mut state, KeyCode::Char('p'));
    assert!(state.tour.is_none() && state.focus == Pane::Route);
    type_text(&mut state, "q");
    assert_eq!(state.route.prompt(), "q", "no key is lost");
    press(&mut state, KeyCode::Esc);
    let before = state.selected;
    press(&mut state, KeyCode::Char('1'));
    update(&mut state, Event::Command(Command::Tour));
    for key in [KeyCode::Left, KeyCode::Right] {
        press(&mut state, key);
    }
    assert!(state.tour.is_none());
    assert!(state.selected != before || state.focus == Pane::Map);
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "tour");
    press(&mut state, KeyCode::Enter);
    assert!(state.tour.is_some() && state.modes.picker().is_none(), "and it can be taken again");
    assert_eq!(update(&mut state, Event::Command(Command::Quit)), [Effect::Quit]);
}

#[test]
fn a_click_into_its_window_goes_on_and_one_beside_it_is_done() {
    let mut state = state(120, 35);
    update(&mut state, Event::Command(Command::Tour));
    let window = super::super::ui::tour::window(&state, state.area).unwrap();
    update(&mut state, Event::Input(Input::Click(window.x + 2, window.y + 1)));
    assert_eq!(state.tour.as_ref().unwrap().at, 1);
    let map = Layout::of(&state).unwrap().pane(Pane::Map).unwrap();
    let window = super::super::ui::tour::window(&state, state.area).unwrap();
    let at = (map.x..map.right()).find(|x| !window.contains((*x, map.y + 3).into())).unwrap();
    update(&mut state, Event::Input(Input::Click(at, map.y + 3)));
    assert!(state.tour.is_none() && state.focus == Pane::Map);
}

#[test]
fn a_window_too_small_for_it_ends_it() {
    let mut state = state(120, 35);
    update(&mut state, Event::Command(Command::Tour));
    update(&mut state, Event::Outside(Outside::Resized(40, 12)));
    screen(&state);
    press(&mut state, KeyCode::Enter);
    assert!(state.tour.is_none());
}
