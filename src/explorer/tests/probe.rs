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
            assert!(text.contains("● →") || text.contains("○ →"), "where one is: {text}");
            press(&mut state, KeyCode::Right);
        }
        press(&mut state, KeyCode::Down);
    }
    assert_eq!(seen.len(), words.len(), "{seen:?}");
}

#[test]
fn the_dots_are_the_sections_that_there_are() {
    let mut state = filled(state(80, 24));
    update(&mut state, Event::Command(Command::Focus(Pane::Probe)));
    let at = state.probe.chosen().unwrap();
    let there = crate::explorer::state::probe::sections(state.probe.report(at).unwrap());
    let pages = there.iter().filter(|there| **there).count();
    let mut first = Vec::new();
    for _ in 0..pages {
        let text = screen(&state);
        let line = text.lines().find(|line| line.contains("● →") || line.contains("○ →")).unwrap();
        let dots = line.chars().filter(|c| "●○".contains(*c)).count();
        assert_eq!(dots, pages, "{line}");
        first.push(state.probe.section);
        press(&mut state, KeyCode::Right);
    }
    assert_eq!(state.probe.section, first[0], "all were shown once");
    first.dedup();
    assert_eq!(first.len(), pages);
}

#[test]
fn correct_predictions_are_no_errors() {
    // Of a rare class, a balanced threshold predicts other than the probability suggests.
    for r in REPORTS.iter().filter(|r| r.kind != "number") {
        let mut state = filled(state(200, 60));
        update(&mut state, Event::Command(Command::Focus(Pane::Probe)));
        press(&mut state, KeyCode::Char('z'));
        let at = state.model_set.attributes.iter().position(|a| a.name == r.attribute);
        state.probe.choose(at.unwrap());
        while state.probe.section != 2 {
            press(&mut state, KeyCode::Right);
        }
        let text = screen(&state);
        let wrong = text.split("confident errors").nth(1).unwrap();
        let wrong = wrong.lines().skip(1).take_while(|line| line.contains("  true "));
        for line in wrong {
            let words: Vec<&str> = line.split_whitespace().collect();
            let truth = words.iter().position(|word| *word == "true").unwrap();
            assert_ne!(words[truth - 2], words[truth + 1], "{line}");
        }
    }
}

#[test]
fn a_verdict_is_a_sentence_with_the_measure_by_its_name() {
    let mut state = filled(state(140, 42));
    update(&mut state, Event::Command(Command::Focus(Pane::Probe)));
    press(&mut state, KeyCode::Char('z'));
    let text = screen(&state);
    for r in REPORTS.iter() {
        let line = text.lines().find(|line| line.contains(&format!("│ {} ", r.attribute))).unwrap();
        let measure = if r.kind == "number" { "Spearman" } else { "bal.acc." };
        assert!(line.contains(measure) && line.contains("chance ("), "{line}");
    }
    let place = |name: &str| text.find(&format!("│ {name} ")).unwrap();
    let beats = |r: &&Report| r.beats_controls;
    for found in REPORTS.iter().filter(beats) {
        let others = REPORTS.iter().filter(|r| !beats(r));
        assert!(others.into_iter().all(|r| place(&found.attribute) < place(&r.attribute)));
    }
}

#[test]
fn found_attributes_come_first_as_they_arrive_and_the_cursor_stays_on_its_own() {
    let verdicts = |r: &Report| (r.beats_controls, r.beats_chance());
    // Whichever comes first: what is found goes above the rest and does not move there.
    for arrivals in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut state = state(140, 42);
        state.started = true;
        update(&mut state, Event::Command(Command::Focus(Pane::Probe)));
        state.probe.choose(1);
        for (n, &a) in arrivals.iter().enumerate() {
            let before = state.probe.order();
            let report = Box::new(REPORTS[a].clone());
            update(&mut state, Event::Job(JobResult::Probed(a, Ok(report))));
            let order = state.probe.order();
            assert_eq!(state.probe.chosen(), Some(1), "the cursor is on its attribute");
            let parts: Vec<_> = order.iter().filter_map(|a| state.probe.report(*a)).collect();
            assert!(parts.windows(2).all(|w| verdicts(w[0]) >= verdicts(w[1])), "{order:?}");
            if n + 1 < arrivals.len() {
                let others = |order: &[usize]| -> Vec<usize> {
                    order.iter().copied().filter(|other| *other != a).collect()
                };
                assert_eq!(others(&before), others(&order), "one row moves, the others do not");
            }
        }
        let figure = |a: &usize| REPORTS[*a].main().linear.figures.main().value;
        let order = state.probe.order();
        let best = |w: &[usize]| {
            verdicts(&REPORTS[w[0]]) > verdicts(&REPORTS[w[1]]) || figure(&w[0]) >= figure(&w[1])
        };
        assert!(order.windows(2).all(best), "{order:?}");
    }
}

#[test]
fn what_cannot_be_probed_comes_last_and_stopping_moves_no_cursor() {
    let mut state = state(140, 42);
    state.started = true;
    update(&mut state, Event::Command(Command::Focus(Pane::Probe)));
    state.probe.choose(2);
    update(&mut state, Event::Job(JobResult::Probed(0, Err("too few models".into()))));
    assert_eq!(state.probe.order(), [1, 2, 0]);
    assert!(screen(&state).contains("1 of 3"), "how many have ended");
    press(&mut state, KeyCode::Esc);
    assert_eq!((state.probe.order(), state.probe.chosen()), (vec![1, 2, 0], Some(2)));
}

#[test]
fn models_of_the_strip_and_of_lists_are_clicked() {
    let mut state = filled(state(140, 42));
    update(&mut state, Event::Command(Command::Focus(Pane::Probe)));
    press(&mut state, KeyCode::Char('z'));
    let coder = state.model_set.attributes.iter().position(|a| a.name == "coder").unwrap();
    state.probe.choose(coder);
    press(&mut state, KeyCode::Right);
    let text = screen(&state);
    let lines: Vec<&str> = text.lines().collect();
    let top = lines.iter().position(|line| line.contains("Models by probe score")).unwrap();
    let mut clicked = 0;
    for (y, line) in lines.iter().enumerate().skip(top + 1).take(3) {
        // The quote at the beginning of a line is none of the screen.
        let cells = line.chars().enumerate().filter(|(_, c)| "∙•●".contains(*c));
        for (x, _) in cells {
            state.selected = 0;
            update(&mut state, Event::Input(Input::Click(x as u16 - 1, y as u16)));
            let truth = &REPORTS[coder].predictions[state.selected].truth;
            let row = truth.as_deref().unwrap_or("unknown");
            assert!(line.trim_start_matches(['"', '│', ' ']).starts_with(row), "{row}: {line}");
            clicked += 1;
        }
    }
    assert!(clicked > 8, "{text}");
    press(&mut state, KeyCode::Right);
    let text = screen(&state);
    let lines: Vec<&str> = text.lines().collect();
    let errors = lines.iter().position(|line| line.contains("confident errors")).unwrap();
    if !lines[errors + 1].contains("no errors") {
        update(&mut state, Event::Input(Input::Click(6, errors as u16 + 1)));
        assert!(lines[errors + 1].contains(state.short(state.selected)), "{text}");
        let wrong = &REPORTS[coder].predictions[state.selected];
        assert!(wrong.truth.as_ref().is_some_and(|truth| *truth != wrong.predicted));
    }
}
