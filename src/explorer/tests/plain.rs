//! What the screen would show, as a document and as text.

use super::*;
use crate::explorer::export::document::{Asked, Document, OnData, Probed, routed};
use crate::explorer::export::plain;
use crate::explorer::export::record::Named;

/// A document with all that there can be.
fn full(route: Route) -> Document {
    let state = filled(state(80, 24));
    let mut document = Document::of(&state);
    document.clusters = Some(vec![Cluster {
        name: "coder ×4.1".into(),
        brief: "coder ×4.1".into(),
        title: "like raven".into(),
        size: 3,
        stability: 0.9,
        prototype: plain_name(0),
        features: Vec::new(),
        coverage: 0.25,
    }]);
    document.limits = vec!["few models".into()];
    document.probes = REPORTS.iter().map(|r| Probed::Report(Box::new(r.clone()))).collect();
    let problem = "too few".into();
    document.probes.push(Probed::Failed { attribute: "base".into(), problem });
    let names = state.model_set.benchmarks.iter().map(|b| b.name.clone());
    document.forecasts = Named(names.zip(grid()).collect());
    document.questions = Some(vec![Asked {
        prompt: "Why?\u{1b}[2J".into(),
        category: Some("sums".into()),
        split: "val",
        answers: 4,
        surprise: 1.0,
        right: 0.5,
        expected: 0.9,
    }]);
    document.evaluation.data = Some(OnData::Failed { problem: "no val".into() });
    document.route = Some(routed(&state, "2+2?", route));
    document
}

fn plain_name(m: usize) -> String {
    super::plain(m)
}

/// No heading without anything below it, no line without words, and nothing that steers a terminal.
fn is_tidy(text: &str) -> bool {
    text.split("\n\n").skip(1).all(|section| section.trim_end().lines().count() > 1)
        && text.lines().all(|line| line.is_empty() || line.trim().len() > 2)
        && !text.chars().any(|c| c.is_control() && c != '\n')
}

#[test]
fn all_that_is_known_is_there() {
    let text = plain(&full(route()));
    for line in [
        "24 models of fixture (simulated: they do not exist)",
        "few models",
        "- coder ×4.1: 3 models, stability 90%, 25% predicted by coverage alone",
        "P(correct): 2+2?",
        "- raven-12b-v0: 91% (75% to 97%), measured on questions like this",
        "- base: too few",
        "- nll: 0.546",
        "- no val",
        "- sums: 50% of 4 correct, 90% predicted: Why?\\u{1b}[2J",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
    for part in ["raven-12b-v0 leads: its predicted", "Map: PC1", "- family: accuracy", "  like "] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(text.contains("coder yes") && text.contains("arithmetic 3"), "{text}");
    assert!(is_tidy(&text), "{text}");
}

#[test]
fn out_of_scope_there_are_intervals_and_no_percentages() {
    let text = plain(&full(Route { scope: Scope::Out, ..route() }));
    assert!(text.contains("\nStrongest overall: 2+2?\nUnlike any training question: raven"));
    assert!(text.contains("- raven-12b-v0: 75% to 97%, "), "{text}");
}

#[test]
fn what_is_not_known_is_left_out_with_its_heading() {
    let bare =
        ModelSet { benchmarks: Vec::new(), attributes: Arc::default(), ..model_set(plain_name) };
    let mut document = Document::of(&state_of(bare, 80, 24));
    document.evaluation.val = Named::default();
    let text = plain(&document);
    for heading in ["Clusters", "P(correct)", "Probes", "not run", "Evaluation", "surprising"] {
        assert!(!text.contains(heading), "{heading}\n{text}");
    }
    assert!(is_tidy(&text) && !text.contains("NaN"), "{text}");
    document.models.clear();
    document.map.shares.clear();
    assert_eq!(plain(&document), "0 models of fixture (simulated: they do not exist)\n");
}

#[test]
fn text_and_json_are_of_the_same_document() {
    let document = full(route());
    let json = serde_json::to_value(&document).unwrap();
    let model = &json["models"][0];
    assert_eq!(model["model"], plain_name(0));
    assert_eq!(model["attributes"]["coder"], true);
    assert_eq!(model["neighbours"].as_array().unwrap().len(), 5);
    assert_eq!(json["route"]["candidates"][0]["measured"], "here");
    assert_eq!(json["forecasts"]["arithmetic"].as_array().unwrap().len(), 24);
    assert_eq!(json["probes"][0]["attribute"], "family");
    assert_eq!(json["probes"][3]["problem"], "too few");
    assert_eq!(json["evaluation"]["data"]["problem"], "no val");
    assert!(json["questions"][0]["right"] == 0.5 && json["evaluation"]["val"]["nll"].is_number());
}
