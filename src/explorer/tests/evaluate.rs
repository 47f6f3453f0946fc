//! The Evaluate pane.

use std::collections::BTreeMap;

use super::*;
use crate::analysis::evaluation::{Evaluation, Judgement};
use crate::metrics::{Figures, RoutingBounds};

fn evaluation() -> Evaluation {
    let judgement = |auc: f64| Judgement {
        figures: Figures { accuracy: 0.7, auc, nll: 0.55, ece: 0.01, routing: 0.75 },
        spread: None,
    };
    let subject = subject(plain);
    Evaluation {
        split: "test".into(),
        questions: 400,
        models: 24,
        responses: 9600,
        predictors: [("llmap", 0.79), ("knn", 0.77), ("ability", 0.72)]
            .map(|(name, auc)| (name.to_owned(), judgement(auc)))
            .into(),
        routing_bounds: RoutingBounds { random: 0.48, oracle: 0.96 },
        by_category: BTreeMap::new(),
        by_responses: Vec::new(),
        reliability: subject.reliability,
        coverage: subject.coverage,
        routing_curve: None,
        seconds: 1.0,
    }
}

#[test]
fn a_data_set_is_judged_once_it_can_be_seen() {
    let mut state = state(140, 42);
    let asks = |effects: Vec<Effect>| effects.contains(&Effect::Evaluate);
    assert!(!asks(update(&mut state, Action::Focus(Pane::Evaluate))), "no data set is open");
    state.with_data = true;
    assert!(!asks(update(&mut state, Action::Focus(Pane::Model))));
    assert!(asks(update(&mut state, Action::Focus(Pane::Evaluate))));
    assert!(state.is_waiting() && screen(&state).contains("judging"));
    update(&mut state, Action::Evaluated(Ok(Box::new(evaluation()))));
    assert!(!state.is_waiting());
    insta::assert_snapshot!("judged", screen(&state));
    update(&mut state, Action::Evaluated(Err("no train\u{7} split".into())));
    let text = screen(&state);
    assert!(text.contains("no train\\u{7} split") && text.contains("Reliability"));
}
