//! The Probe pane.

use super::*;

#[test]
fn probes_run_only_once_they_can_be_seen() {
    let mut state = state(80, 24);
    assert!(state.probe.phase() == Job::Idle);
    let all = Effect::Probe(vec![0, 1, 2]);
    assert!(update(&mut state, Event::Command(Command::Focus(Pane::Probe))).contains(&all));
    assert!(!update(&mut state, Event::Command(Command::Focus(Pane::Probe))).contains(&all));
}

#[test]
fn marked_models_become_an_attribute_that_is_probed() {
    let mut state = filled(state(140, 42));
    update(&mut state, Event::Command(Command::Focus(Pane::Probe)));
    press(&mut state, KeyCode::Char('&'));
    assert!(state.notice.as_ref().is_some_and(|notice| notice.bad), "nothing is marked");
    Arc::make_mut(&mut state.marked).extend([1, 2, 3, 8, 13]);
    press(&mut state, KeyCode::Char('&'));
    type_text(&mut state, "coder");
    press(&mut state, KeyCode::Enter);
    assert!(state.notice.as_ref().is_some_and(|notice| notice.bad), "the name is taken");
    for members in [5, 6] {
        press(&mut state, KeyCode::Char('&'));
        type_text(&mut state, "odd\u{1b}ones");
        assert!(screen(&state).contains(&format!("label the {members} marked models")));
        assert_eq!(press(&mut state, KeyCode::Enter), [Effect::Probe(vec![3])]);
        assert_eq!(state.model_set.attributes.len(), 4);
        let Values::Flag(values) = &state.model_set.attributes[3].values else { panic!() };
        assert_eq!(values.iter().filter(|v| **v == Some(true)).count(), members);
        assert_eq!(state.probe.chosen(), Some(3));
        assert!(!state.model_set.attributes[3].name.chars().any(char::is_control));
        Arc::make_mut(&mut state.marked).insert(20);
    }
}

#[test]
fn every_section_about_an_attribute_can_stand_first() {
    let mut state = filled(state(80, 24));
    update(&mut state, Event::Command(Command::Focus(Pane::Probe)));
    let mut seen = std::collections::BTreeSet::<&str>::new();
    let words =
        ["held out", "by probe score", "confident errors", "value unknown", "by correlation"];
    for _ in 0..state.probe.reports.len() {
        for _ in 0..crate::explorer::state::probe::SECTIONS {
            let text = screen(&state);
            seen.extend(words.into_iter().filter(|word| text.contains(word)));
            press(&mut state, KeyCode::Right);
        }
        press(&mut state, KeyCode::Down);
    }
    assert_eq!(seen.len(), words.len(), "{seen:?}");
    assert_eq!(state.probe.section, 0);
}
