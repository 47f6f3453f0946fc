//! Slow work is stopped and begun again.

use super::*;
use crate::explorer::work::Work;

#[test]
fn what_a_pane_waits_for_is_stopped_and_begun_again() {
    let attributes = subject(plain).attributes.len();
    for (pane, work, ask) in [
        (Pane::Probe, Work::Probes, Effect::Probe((0..attributes).collect())),
        (Pane::Questions, Work::Questions, Effect::Questions),
        (Pane::Forecast, Work::Forecasts, Effect::Forecast),
        (Pane::Evaluate, Work::Evaluation, Effect::Evaluate),
    ] {
        let mut state = state(140, 42);
        (state.with_data, state.probe.asked) = (true, false);
        assert!(update(&mut state, Action::Focus(pane)).contains(&ask), "{pane:?}");
        assert!(work.is_under_way(&state) && screen(&state).contains("Esc stop "), "{pane:?}");
        assert_eq!(press(&mut state, KeyCode::Esc), [Effect::Stop(work)]);
        assert!(!state.is_waiting() && screen(&state).contains("F5 begin again"), "{pane:?}");
        assert!(press(&mut state, KeyCode::Esc).is_empty(), "it is stopped once");
        assert!(press(&mut state, KeyCode::F(5)).contains(&ask), "{pane:?}");
        assert!(work.is_under_way(&state) && !screen(&state).contains("F5 begin again"));
    }
}

#[test]
fn what_failed_is_tried_again_when_asked() {
    let mut state = state(140, 42);
    state.with_data = true;
    update(&mut state, Action::Focus(Pane::Evaluate));
    update(&mut state, Action::Evaluated(Err("no such folder".into())));
    assert!(press(&mut state, KeyCode::F(5)).contains(&Effect::Evaluate));
    update(&mut state, Action::Focus(Pane::Questions));
    update(&mut state, Action::QuestionsRead(Err("no such folder".into())));
    assert!(press(&mut state, KeyCode::F(5)).contains(&Effect::Questions));
    update(&mut state, Action::Focus(Pane::Map));
    assert_eq!(update(&mut state, Action::ColourBy(ColourBy::Cluster)), [Effect::Cluster]);
    assert!(update(&mut state, Action::Clustered(Err("no end".into()))).is_empty());
    assert!(!Work::Clusters.is_under_way(&state) && screen(&state).contains("✗ no end"));
    assert_eq!(press(&mut state, KeyCode::F(5)), [Effect::Cluster]);
    assert!(Work::Clusters.is_under_way(&state));
}

#[test]
fn a_projection_is_stopped() {
    let mut state = state(140, 42);
    update(&mut state, Action::UseProjector(Projector::Tsne));
    assert!(screen(&state).contains("⠋ t-SNE"));
    assert_eq!(press(&mut state, KeyCode::Esc), [Effect::Stop(Work::Projection)]);
    assert!(!state.is_waiting());
    let again = update(&mut state, Action::UseProjector(Projector::Tsne));
    assert_eq!(again, [Effect::Project(Projector::Tsne)]);
}
