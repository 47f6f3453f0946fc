//! The Evaluate pane.

use std::collections::BTreeMap;

use super::*;
use crate::eval::evaluation::{Evaluation, Judgement};
use crate::metrics::{Metrics, RoutingBounds};

fn evaluation() -> Evaluation {
    let judgement = |auc: f64| Judgement {
        figures: Metrics { accuracy: 0.7, auc, nll: 0.55, ece: 0.01, routing: 0.75 },
        spread: None,
    };
    let model_set = model_set(plain);
    Evaluation {
        split: "test".into(),
        questions: 400,
        models: 24,
        responses: 9600,
        models_skipped: 0,
        responses_skipped: 0,
        predictors: [("llmap", 0.79), ("knn", 0.77), ("ability", 0.72)]
            .map(|(name, auc)| (name.to_owned(), judgement(auc)))
            .into(),
        routing_bounds: RoutingBounds { random: 0.48, oracle: 0.96 },
        by_category: BTreeMap::new(),
        by_responses: Vec::new(),
        reliability: model_set.reliability,
        coverage: model_set.coverage,
        routing_curve: None,
        seconds: 1.0,
    }
}

fn untested() -> crate::eval::untested::Figures {
    crate::eval::untested::Figures {
        accuracy: 0.7,
        auc: 0.761,
        nll: 0.577,
        ece: 0.03,
        mean_p: 0.52,
        cell_error: 0.148,
        cell_bias: 0.02,
        cells_covered: Some(0.81),
        answers_covered: Some(0.79),
        routing: 0.74,
    }
}

#[test]
fn a_data_set_is_judged_once_it_can_be_seen() {
    let mut state = state(140, 42);
    let asks = |effects: Vec<Effect>| effects.contains(&Effect::Evaluate);
    assert!(
        !asks(update(&mut state, Event::Command(Command::Focus(Pane::Evaluate)))),
        "no data set is open"
    );
    state.with_data = true;
    assert!(!asks(update(&mut state, Event::Command(Command::Focus(Pane::Model)))));
    assert!(asks(update(&mut state, Event::Command(Command::Focus(Pane::Evaluate)))));
    assert!(state.is_waiting() && screen(&state).contains("evaluating"));
    update(&mut state, Event::Job(JobResult::Evaluated(Box::new(evaluation()))));
    assert!(!state.is_waiting());
    insta::assert_snapshot!("judged", screen(&state));
    let repeat = crate::eval::untested::Repeat {
        seed: 1,
        hidden_cells: 31,
        hidden_models: 20,
        judged_cells: 31,
        hidden_responses: 700,
        mean_label: 0.5,
        predictors: [("llmap".to_owned(), untested())].into(),
        seconds: 1.0,
    };
    assert!(screen(&state).contains("llmap evaluate --untested"));
    update(&mut state, Event::Job(JobResult::Untested(Some(Box::new(repeat)))));
    let text = screen(&state);
    for part in ["31 hidden cells, 20 models", "AUC 0.761", "log loss 0.577", "accuracy 0.148"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    state.evaluation.found = Job::Running;
    update(
        &mut state,
        Event::Job(JobResult::Failed(JobKind::Evaluation, "no train\u{7} split".into())),
    );
    let text = screen(&state);
    assert!(text.contains("no train\\u{7} split") && text.contains("Reliability"));
}

#[test]
fn without_a_data_set_the_figures_of_val_stand_beside_the_base_rate() {
    let mut state = state(140, 42);
    update(&mut state, Event::Command(Command::Focus(Pane::Evaluate)));
    let text = screen(&state);
    for part in ["Held-out questions", "base rate", "0.500", "80% interval", "Reliability"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // However low the pane is, the diagram is whole: with fewer rows.
    for (width, height) in [(80, 24), (60, 18), (120, 35)] {
        let mut state = self::state(width, height);
        update(&mut state, Event::Command(Command::Focus(Pane::Evaluate)));
        let text = screen(&state);
        let bins = &state.model_set.reliability;
        let all: usize = bins.iter().map(|bin| bin.count).sum();
        let rows = text.lines().skip_while(|line| !line.contains("Reliability")).skip(1);
        let counted: usize = rows
            .filter(|line| line.contains('●') && line.contains('%'))
            .filter_map(|line| line.trim_end_matches(['"', '│', ' ']).split(' ').next_back())
            .filter_map(|n| n.replace(',', "").parse::<usize>().ok())
            .sum();
        assert_eq!(counted, all, "{width}x{height}\n{text}");
    }
}
