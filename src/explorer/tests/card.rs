//! The card of a group of the legend.

use super::map::cluster;
use super::*;
use crate::analysis::clusters::{Groups, card};
use crate::explorer::layout::Layout;
use crate::explorer::ui::legend::Parts;

/// Answers as the job would.
pub fn describe(state: &mut State, effects: &[Effect]) {
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Describe(version) => Some(*version),
        _ => None,
    });
    let version = asked.unwrap_or_else(|| panic!("nothing is described: {effects:?}"));
    let class = state.card.as_ref().unwrap().class;
    let of = state.map.coloring.groups(class);
    let predicted: Vec<Vec<f64>> =
        grid().iter().map(|column| column.iter().map(|f| f.accuracy.mean).collect()).collect();
    let groups = Groups { of: &of, at: class, by: state.map.coloring.title.as_deref() };
    let found = card(&state.model_set.known(), &groups, Some(&predicted)).unwrap();
    update(state, Event::Job(JobResult::Described(version, Box::new(found))));
}

fn clustered(width: u16, height: u16) -> State {
    let mut state = filled(state(width, height));
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    update(&mut state, Event::Command(Command::ColorBy(ColorBy::Cluster)));
    let found = Clusters {
        of: (0..24).map(|m| m % 2).collect(),
        clusters: vec![cluster("coder ×2.4, 8 of 12"), cluster("like otter-6b-v1")],
    };
    update(&mut state, Event::Job(JobResult::Clustered(found)));
    state
}

#[test]
fn a_cluster_and_a_class_are_described_at_three_sizes() {
    for (width, height) in [(80, 24), (140, 42), (200, 60)] {
        let mut state = clustered(width, height);
        let effects = press(&mut state, KeyCode::Char('D'));
        assert!(screen(&state).contains('…'), "there is a card before there is what it says");
        describe(&mut state, &effects);
        insta::assert_snapshot!(format!("cluster-{width}x{height}"), screen(&state));
        press(&mut state, KeyCode::Esc);
        update(&mut state, Event::Command(Command::ColorBy(ColorBy::Attribute(0))));
        press(&mut state, KeyCode::Char('I'));
        let effects = press(&mut state, KeyCode::Enter);
        describe(&mut state, &effects);
        insta::assert_snapshot!(format!("class-{width}x{height}"), screen(&state));
    }
}

#[test]
fn the_card_is_walked_and_closed_by_what_leads_elsewhere() {
    let mut state = clustered(140, 42);
    let effects = press(&mut state, KeyCode::Char('D'));
    describe(&mut state, &effects);
    let class = state.card.as_ref().unwrap().class;
    assert_eq!(state.map.isolated, Some(class), "its models stand out");
    press(&mut state, KeyCode::Down);
    let prototypes = &state.card.as_ref().unwrap().card.as_ref().unwrap().prototypes;
    assert_eq!((prototypes.len(), state.selected), (5, prototypes[1].at));
    let effects = press(&mut state, KeyCode::Right);
    assert_ne!(state.card.as_ref().unwrap().class, class);
    describe(&mut state, &effects);
    press(&mut state, KeyCode::Char(' '));
    assert_eq!(state.marked.len(), 12);
    assert!(state.card.is_some());
    press(&mut state, KeyCode::Esc);
    assert!(state.card.is_none() && state.map.isolated.is_none(), "as before");
    press(&mut state, KeyCode::Char('D'));
    press(&mut state, KeyCode::Char('6'));
    assert!(state.card.is_none() && state.focus == Pane::Models);
    press(&mut state, KeyCode::Char('D'));
    press(&mut state, KeyCode::Enter);
    assert!(state.card.is_none() && state.focus == Pane::Model);
    update(&mut state, Event::Command(Command::ColorBy(ColorBy::Nothing)));
    press(&mut state, KeyCode::Char('D'));
    assert!(state.card.is_none() && screen(&state).contains("Color the map by groups first"));
}

#[test]
fn a_stale_description_is_dropped_and_an_error_shown() {
    let mut state = clustered(140, 42);
    press(&mut state, KeyCode::Char('D'));
    let version = state.card.as_ref().unwrap().version;
    let effects = press(&mut state, KeyCode::Right);
    describe(&mut state, &effects);
    let shown = state.card.as_ref().unwrap().card.clone();
    let mut stale = shown.clone().unwrap();
    stale.size = 1;
    update(&mut state, Event::Job(JobResult::Described(version, stale)));
    assert_eq!(state.card.as_ref().unwrap().card, shown);
    // Predictions that come later are taken in.
    state.forecasts.grid = Job::Running;
    let effects = update(&mut state, Event::Job(JobResult::Forecasted(Arc::new(grid()))));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Describe(_))));
    assert_eq!(state.card.as_ref().unwrap().card, shown, "what is known stays meanwhile");
    press(&mut state, KeyCode::Left);
    update(&mut state, Event::Job(JobResult::Failed(JobKind::Card, "no solution".into())));
    assert!(screen(&state).contains("no solution"));
}

#[test]
fn a_card_that_new_groups_close_leaves_no_group_isolated() {
    let mut state = clustered(140, 42);
    for isolated in [None, Some(0)] {
        state.map.isolated = isolated;
        press(&mut state, KeyCode::Char('D'));
        press(&mut state, KeyCode::Right);
        assert_eq!(state.map.isolated, state.card.as_ref().map(|card| card.class));
        state.clusters = Job::Running;
        let again = Clusters {
            of: (0..24).map(|m| m % 2).collect(),
            clusters: vec![cluster("even"), cluster("odd")],
        };
        update(&mut state, Event::Job(JobResult::Clustered(again)));
        assert!(state.card.is_none() && state.map.isolated == isolated, "as before the card");
        // A route, where the colors are the chances.
        update(&mut state, Event::Command(Command::ColorBy(ColorBy::Forecast)));
        state.map.isolated = isolated;
        press(&mut state, KeyCode::Char('D'));
        assert!(state.card.is_some());
        let version = state.route.version;
        update(&mut state, Event::Job(JobResult::Routed(version, Ok(route()))));
        assert!(state.card.is_none() && state.map.isolated == isolated, "as before the card");
        update(&mut state, Event::Command(Command::ColorBy(ColorBy::Cluster)));
    }
}

#[test]
fn over_the_route_pane_the_hints_are_those_of_the_card() {
    let mut state = clustered(200, 60);
    update(&mut state, Event::Command(Command::Focus(Pane::Route)));
    let hints = |state: &State| screen(state).lines().last().unwrap().to_owned();
    assert!(hints(&state).contains("list, plot and why"));
    press(&mut state, KeyCode::Char('D'));
    assert!(state.card.is_some());
    let line = hints(&state);
    assert!(line.contains("Enter model") && !line.contains("list, plot and why"), "{line}");
}

#[test]
fn a_second_click_on_the_legend_opens_the_card() {
    let mut state = clustered(140, 42);
    let area = Layout::of(&state).unwrap().pane(Pane::Map).unwrap();
    let parts = Parts::of(&state, area);
    let at = (area.y..area.bottom())
        .flat_map(|y| (area.x..area.right()).map(move |x| (x, y)))
        .find(|(x, y)| parts.class_at(*x, *y) == Some(1))
        .unwrap();
    update(&mut state, Event::Input(Input::Click(at.0, at.1)));
    assert!(state.card.is_none() && state.map.isolated == Some(1));
    assert!(screen(&state).contains("Enter describe group"));
    let effects = update(&mut state, Event::Input(Input::Click(at.0, at.1)));
    describe(&mut state, &effects);
    let text = screen(&state);
    let line = text.lines().position(|line| line.contains("Prototypes")).unwrap() as u16;
    let third = state.card.as_ref().unwrap().card.as_ref().unwrap().prototypes[2].at;
    update(&mut state, Event::Input(Input::Click(100, line + 3)));
    assert_eq!(state.selected, third, "a prototype can be clicked");
    update(&mut state, Event::Input(Input::Click(at.0, at.1)));
    assert!(state.card.is_none() && state.focus == Pane::Map);
}

#[test]
fn enter_opens_the_highlighted_prototype_also_before_the_cursor_moves() {
    let mut state = clustered(140, 42);
    press(&mut state, KeyCode::Char('D'));
    let effects = press(&mut state, KeyCode::Right);
    describe(&mut state, &effects);
    let first = state.card.as_ref().unwrap().card.as_ref().unwrap().prototypes[0].at;
    assert_ne!(state.selected, first);
    press(&mut state, KeyCode::Enter);
    assert_eq!((state.selected, state.focus), (first, Pane::Model));
    assert!(state.card.is_none());
}
