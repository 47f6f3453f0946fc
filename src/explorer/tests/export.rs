//! Writing what a pane shows to a file.

use super::*;
use crate::explorer::command::Exported;

/// What Enter writes after `E`, under the name that is offered or under another.
fn exported(state: &mut State, name: Option<&str>) -> (String, String) {
    press(state, KeyCode::Char('E'));
    if let Some(name) = name {
        while !state.modes.line().unwrap().input.value().is_empty() {
            press(state, KeyCode::Backspace);
        }
        type_text(state, name);
    }
    let effects = press(state, KeyCode::Enter);
    let [Effect::Write(_, name, bytes)] = &effects[..] else { panic!("{effects:?}") };
    (name.clone(), String::from_utf8_lossy(bytes).into_owned())
}

#[test]
fn every_pane_exports_its_table_under_its_own_name() {
    let mut state = filled(state(140, 42));
    for (pane, name, header) in [
        (Pane::Map, "llmap-map.csv", "model_name,cluster,pc1,pc2"),
        (Pane::Model, "llmap-model.csv", "kind,name,value,answers"),
        (Pane::Probe, "llmap-probe.csv", "attribute,kind,models,accuracy"),
        (Pane::Route, "llmap-route.csv", "rank,model_name,probability,low,high"),
        (Pane::Evaluate, "llmap-evaluate.csv", "figure,val"),
        (Pane::Models, "llmap-models.csv", "model_name,"),
        (Pane::Compare, "llmap-compare.csv", "kind,name,"),
        (Pane::Forecast, "llmap-forecast.csv", "model_name,benchmark,accuracy,low,high"),
    ] {
        update(&mut state, Event::Command(Command::Focus(pane)));
        press(&mut state, KeyCode::Char('E'));
        let asks = format!("export {} to", pane.title().to_lowercase());
        assert!(screen(&state).contains(&asks), "{}", screen(&state));
        press(&mut state, KeyCode::Esc);
        let (offered, text) = exported(&mut state, None);
        assert_eq!(offered, name);
        assert!(text.starts_with(header), "{name}: {text}");
        assert!(text.lines().count() > 1, "{text}");
    }
    // Without a data set there are no questions, and without answers no new model.
    for pane in [Pane::Questions, Pane::NewModel] {
        update(&mut state, Event::Command(Command::Focus(pane)));
        press(&mut state, KeyCode::Char('E'));
        assert!(state.modes.line().is_none() && state.notice.as_ref().unwrap().bad);
    }
}

#[test]
fn the_table_is_exported_as_it_is_shown() {
    let mut state = filled(state(140, 42));
    update(&mut state, Event::Command(Command::Focus(Pane::Models)));
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "family=lynx");
    press(&mut state, KeyCode::Enter);
    // By name, then the other way round.
    for _ in 0..2 {
        press(&mut state, KeyCode::Char('s'));
        let (_, text) = exported(&mut state, None);
        let names: Vec<&str> =
            text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
        let shown: Vec<&str> = state.table.rows.iter().map(|m| state.name(*m)).collect();
        assert_eq!(names, shown);
        assert_eq!(names.len(), 6);
        let columns = text.lines().next().unwrap().split(',').count();
        assert_eq!(columns, state.table.columns.len());
    }
    // Which are marked is part of what is shown.
    press(&mut state, KeyCode::Char(' '));
    let (name, text) = exported(&mut state, Some("some.json"));
    assert_eq!(name, "some.json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(rows.iter().filter(|row| row["marked"] == true).count(), 1);
    let (_, text) = exported(&mut state, Some("some.md"));
    assert!(text.starts_with("| model\\_name |") && text.lines().count() == 8, "{text}");
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    let (_, text) = exported(&mut state, None);
    assert_eq!(text.lines().count(), 7, "the filter holds for the map too");
}

#[test]
fn a_name_without_a_known_ending_is_asked_for_again() {
    let mut state = filled(state(140, 42));
    update(&mut state, Event::Command(Command::Focus(Pane::Models)));
    press(&mut state, KeyCode::Char('E'));
    type_text(&mut state, "x");
    assert!(screen(&state).contains("end in .csv or .json or .md or .parquet"));
    assert!(press(&mut state, KeyCode::Enter).is_empty());
    assert_eq!(state.modes.line().unwrap().input.value(), "llmap-models.csvx");
    assert!(state.notice.as_ref().unwrap().bad);
    press(&mut state, KeyCode::Backspace);
    assert_eq!(press(&mut state, KeyCode::Enter).len(), 1);
    // Records of models are JSON, whatever they are called.
    update(&mut state, Event::Command(Command::ExportTo(Exported::Models)));
    press(&mut state, KeyCode::Backspace);
    press(&mut state, KeyCode::Enter);
    assert!(state.notice.as_ref().unwrap().text.contains("end in .json"));
}

#[test]
fn a_name_is_typed_among_the_commands() {
    let mut state = filled(state(140, 42));
    update(&mut state, Event::Command(Command::Focus(Pane::Models)));
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "export the marked");
    assert!(screen(&state).contains("Export the marked models"));
    press(&mut state, KeyCode::Esc);
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "export best.csv");
    let effects = press(&mut state, KeyCode::Enter);
    let [Effect::Write(exported, name, _)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((*exported, name.as_str()), (Exported::Table(Pane::Models), "best.csv"));
}

#[test]
fn the_offered_name_is_whole_on_a_small_screen() {
    let mut state = filled(state(80, 24));
    update(&mut state, Event::Command(Command::Focus(Pane::Evaluate)));
    press(&mut state, KeyCode::Char('E'));
    let text = screen(&state);
    let line = text.lines().last().unwrap();
    assert!(line.contains(" llmap-evaluate.csv ") && line.contains("Esc cancel"), "{line}");
}
