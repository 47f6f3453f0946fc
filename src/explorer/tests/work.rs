//! Slow work is stopped and begun again.

use super::*;

#[test]
fn what_a_pane_waits_for_is_stopped_and_begun_again() {
    let attributes = model_set(plain).attributes.len();
    for (pane, kind, ask) in [
        (Pane::Probe, JobKind::Probes, Effect::Probe((0..attributes).collect())),
        (Pane::Questions, JobKind::Questions, Effect::Questions),
        (Pane::Forecast, JobKind::Forecasts, Effect::Forecast),
        (Pane::Evaluate, JobKind::Evaluation, Effect::Evaluate),
    ] {
        let mut state = state(140, 42);
        state.with_data = true;
        assert!(
            update(&mut state, Event::Command(Command::Focus(pane))).contains(&ask),
            "{pane:?}"
        );
        assert!(state.phase(kind).is_running() && screen(&state).contains("Esc stop "), "{pane:?}");
        assert_eq!(press(&mut state, KeyCode::Esc), [Effect::Stop(kind)]);
        assert!(!state.is_waiting() && screen(&state).contains("F5 start again"), "{pane:?}");
        assert!(press(&mut state, KeyCode::Esc).is_empty(), "it is stopped once");
        assert!(press(&mut state, KeyCode::F(5)).contains(&ask), "{pane:?}");
        assert!(state.phase(kind).is_running() && !screen(&state).contains("F5 start again"));
    }
}

#[test]
fn what_failed_is_tried_again_when_asked() {
    let mut state = state(140, 42);
    state.with_data = true;
    update(&mut state, Event::Command(Command::Focus(Pane::Evaluate)));
    update(&mut state, Event::Job(JobResult::Failed(JobKind::Evaluation, "no such folder".into())));
    assert!(press(&mut state, KeyCode::F(5)).contains(&Effect::Evaluate));
    update(&mut state, Event::Command(Command::Focus(Pane::Questions)));
    update(&mut state, Event::Job(JobResult::Failed(JobKind::Questions, "no such folder".into())));
    assert!(press(&mut state, KeyCode::F(5)).contains(&Effect::Questions));
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    assert_eq!(
        update(&mut state, Event::Command(Command::ColorBy(ColorBy::Cluster))),
        [Effect::Cluster]
    );
    assert!(
        update(&mut state, Event::Job(JobResult::Failed(JobKind::Clusters, "no end".into())))
            .is_empty()
    );
    assert!(!state.phase(JobKind::Clusters).is_running() && screen(&state).contains("✗ no end"));
    assert_eq!(press(&mut state, KeyCode::F(5)), [Effect::Cluster]);
    assert!(state.phase(JobKind::Clusters).is_running());
}

#[test]
fn neighbors_among_many_models_are_found_in_the_background() {
    let mut state = state(140, 42);
    let found = std::mem::take(&mut state.neighbors);
    state.finding_neighbors = Job::Idle;
    let selected = state.selected;
    assert_eq!(update(&mut state, Event::Tick), [Effect::Neighbors(selected)]);
    assert!(state.is_waiting() && update(&mut state, Event::Tick).is_empty(), "it is asked once");
    update(&mut state, Event::Job(JobResult::Neighbors(selected + 1, found.clone())));
    assert!(state.neighbors.is_empty(), "another model is selected by now");
    update(&mut state, Event::Job(JobResult::Neighbors(selected, found.clone())));
    assert!(state.neighbors == found && !state.is_waiting());
}

#[test]
fn a_projection_is_stopped() {
    let mut state = state(140, 42);
    update(&mut state, Event::Command(Command::UseProjector(Projector::Tsne)));
    assert!(screen(&state).contains("⠋ t-SNE"));
    assert_eq!(press(&mut state, KeyCode::Esc), [Effect::Stop(JobKind::Projection)]);
    assert!(!state.is_waiting());
    let again = update(&mut state, Event::Command(Command::UseProjector(Projector::Tsne)));
    assert_eq!(again, [Effect::Project(Projector::Tsne)]);
}

/// A state in which every job that a pane can wait for runs.
fn all_running() -> State {
    let mut state = state(140, 42);
    state.with_data = true;
    for pane in [Pane::Probe, Pane::Questions, Pane::Forecast, Pane::Evaluate] {
        update(&mut state, Event::Command(Command::Focus(pane)));
    }
    update(&mut state, Event::Command(Command::ColorBy(ColorBy::Cluster)));
    update(&mut state, Event::Command(Command::UseProjector(Projector::Tsne)));
    update(&mut state, Event::Command(Command::Prompt));
    type_text(&mut state, "q?");
    state.new_model.placement = Job::Running;
    state
}

#[test]
fn a_failure_ends_the_waiting_for_its_own_job_and_no_other() {
    let waited = |state: &State| -> Vec<JobKind> {
        JobKind::ALL.iter().copied().filter(|kind| state.phase(*kind).is_running()).collect()
    };
    let all = waited(&all_running());
    assert_eq!(all.len(), 9, "{all:?}");
    for &kind in &all {
        let mut state = all_running();
        update(&mut state, Event::Job(JobResult::Failed(kind, "a\u{7} bug".into())));
        let left: Vec<JobKind> = all.iter().copied().filter(|other| *other != kind).collect();
        assert_eq!(waited(&state), left, "{kind:?}");
        screen(&state);
    }
    let mut state = all_running();
    for &kind in JobKind::ALL {
        update(&mut state, Event::Job(JobResult::Failed(kind, "a bug".into())));
    }
    assert!(!state.is_waiting(), "nothing turns for ever");
}

#[test]
fn what_else_fails_leaves_a_route_waited_for() {
    let mut state = state(120, 35);
    press(&mut state, KeyCode::Char('p'));
    type_text(&mut state, "q?");
    update(&mut state, Event::Outside(Outside::Failed("no such theme".into())));
    update(&mut state, Event::Job(JobResult::Failed(JobKind::PromptFile, "gone".into())));
    assert!(state.route.routing.is_running());
    let newest = state.route.version;
    let failed = |version| Event::Job(JobResult::Routed(version, Err("no encoder".into())));
    update(&mut state, failed(newest - 1));
    assert!(state.route.routing.is_running(), "an older question's failure is stale");
    update(&mut state, failed(newest));
    assert!(!state.is_waiting() && screen(&state).contains("✗ no encoder"));
}

#[test]
fn forecasts_of_questions_that_fail_can_be_begun_again() {
    let mut state = state(140, 42);
    update(&mut state, Event::Command(Command::Focus(Pane::Questions)));
    let question_set = Arc::new(super::new_model::question_set());
    update(&mut state, Event::Job(JobResult::QuestionsRead(Arc::clone(&question_set))));
    let rows = vec![vec![0.5; 24]; 2];
    update(&mut state, Event::Job(JobResult::QuestionsForecast(0, rows.clone())));
    assert!(screen(&state).contains("predicting 40%"));
    update(&mut state, Event::Job(JobResult::Failed(JobKind::Questions, "no memory".into())));
    let text = screen(&state);
    assert!(!state.is_waiting() && text.contains("✗ no memory"), "{text}");
    assert!(text.contains("prediction failed") && text.contains("question 4"), "{text}");
    assert_eq!(press(&mut state, KeyCode::F(5)), [Effect::Questions]);
    update(&mut state, Event::Job(JobResult::QuestionsRead(question_set)));
    for first in [0, 2] {
        update(&mut state, Event::Job(JobResult::QuestionsForecast(first, rows.clone())));
    }
    update(&mut state, Event::Job(JobResult::QuestionsForecast(4, vec![vec![0.5; 24]])));
    assert!(!state.is_waiting() && screen(&state).contains("most surprising"));
}

#[test]
fn a_group_that_is_named_while_probes_run_does_not_stop_them() {
    let mut state = state(140, 42);
    update(&mut state, Event::Command(Command::Focus(Pane::Probe)));
    update(&mut state, Event::Job(JobResult::Probed(0, Ok(Box::new(REPORTS[0].clone())))));
    state.mark([1, 2, 3]);
    press(&mut state, KeyCode::Char('&'));
    type_text(&mut state, "mine");
    assert_eq!(press(&mut state, KeyCode::Enter), [Effect::Probe(vec![1, 2, 3])]);
}

#[test]
fn what_comes_of_a_stopped_job_is_dropped() {
    let mut state = state(140, 42);
    update(&mut state, Event::Command(Command::Focus(Pane::Forecast)));
    press(&mut state, KeyCode::Esc);
    update(&mut state, Event::Job(JobResult::Forecasted(Arc::new(grid()))));
    update(&mut state, Event::Job(JobResult::Failed(JobKind::Forecasts, "late".into())));
    assert!(state.forecasts.grid.is_cancelled() && screen(&state).contains("stopped"));
}
