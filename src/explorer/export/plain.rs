//! What a document of the explorer has, as sentences and lists. What is not known is left out, and so
//! are headings with nothing below them: it may be read aloud.

use serde_json::Value;

use crate::analysis::neighbors::basis;
use crate::dataset::Kind;
use crate::explorer::ui::axes::caption;
use crate::explorer::ui::widgets::fit;
use crate::one_line;

/// Models that are named for each benchmark they were not run on.
const BEST: usize = 3;

/// A document of [`super::document`] as text without a drawing, for readers of screens and for files.
#[must_use]
pub fn plain(document: &Value) -> String {
    let mut lines = Vec::new();
    let models = list(&document["models"]);
    let simulated =
        if document["simulated"] == true { " (simulated: they do not exist)" } else { "" };
    let data = known(&document["data"]).map_or_else(String::new, |data| format!(" of {data}"));
    let what = if models.len() == 1 { "model" } else { "models" };
    lines.push(format!("{} {what}{data}{simulated}", models.len()));
    let numbers =
        |value: &Value| -> Vec<f64> { list(value).iter().filter_map(Value::as_f64).collect() };
    let shares = numbers(&document["map"]["shares"]);
    if !shares.is_empty() {
        let by_coverage = numbers(&document["map"]["axes_by_coverage"]);
        lines.push(format!("Map: {}", caption(&shares, &by_coverage)));
    }
    lines.extend(list(&document["limits"]).iter().filter_map(known));
    let mut section = |heading: String, entries: Vec<String>| {
        if !entries.is_empty() {
            lines.push(format!("\n{heading}"));
            lines.extend(entries);
        }
    };
    section("Clusters".into(), list(&document["clusters"]).iter().map(cluster).collect());
    if let Some(prompt) = known(&document["route"]["prompt"]) {
        section(format!("P(correct): {prompt}"), route(&document["route"]));
    }
    section(
        "Probes: can it be read off the vectors?".into(),
        list(&document["probes"]).iter().map(probe).collect(),
    );
    section("The best that were not run, by benchmark".into(), best_not_run(document));
    evaluated(&document["evaluation"], &mut section);
    section(
        "Most surprising questions".into(),
        list(&document["questions"]).iter().take(10).map(question).collect(),
    );
    section("Models".into(), models.iter().flat_map(model).collect());
    lines.join("\n") + "\n"
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A value as text; `None` if it is not known.
fn known(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::String(text) => one_line(text),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.into(),
        Value::Number(n) => match n.as_f64() {
            Some(x) if x.abs() >= 1e15 => crate::number(x),
            Some(x) if x.fract() != 0.0 => format!("{x:.3}"),
            x => format!("{:.0}", x.unwrap_or_default()),
        },
        other => one_line(&other.to_string()),
    })
}

fn percent(value: &Value) -> Option<String> {
    value.as_f64().map(|share| format!("{:.0}%", 100.0 * share))
}

fn counted(value: &Value, one: &str) -> Option<String> {
    value.as_u64().map(|n| crate::count(n as usize, one))
}

fn number(value: &Value) -> Option<String> {
    value.as_f64().map(|x| format!("{x:.3}"))
}

/// What is known of a thing: `name: a, b` or the name alone.
fn entry(name: &str, parts: impl IntoIterator<Item = Option<String>>) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { format!("- {name}") } else { format!("- {name}: {}", parts.join(", ")) }
}

fn name(value: &Value) -> String {
    known(value).filter(|name| !name.is_empty()).unwrap_or_else(|| "without a name".into())
}

fn cluster(cluster: &Value) -> String {
    entry(
        &name(&cluster["name"]),
        [
            counted(&cluster["size"], "model"),
            known(&cluster["stability"]).map(|x| format!("stability {x}")),
            percent(&cluster["coverage"]).map(|x| format!("{x} predicted by coverage alone")),
        ],
    )
}

fn route(route: &Value) -> Vec<String> {
    let remark = known(&route["kind"]).and_then(|kind| Kind::from_name(&kind)?.remark());
    let candidates = list(&route["candidates"]).iter().take(10).map(|candidate| {
        let ends = percent(&candidate["low"]).zip(percent(&candidate["high"]));
        let ends = ends.map_or_else(String::new, |(low, high)| format!(" ({low} to {high})"));
        entry(&name(&candidate["model"]), [percent(&candidate["p"]).map(|p| p + &ends)])
    });
    remark.map(str::to_owned).into_iter().chain(candidates).collect()
}

fn probe(probe: &Value) -> String {
    let attribute = name(&probe["attribute"]);
    if let Some(problem) = known(&probe["problem"]) {
        return format!("- {attribute}: {problem}");
    }
    entry(
        &attribute,
        [
            percent(&probe["accuracy"]).map(|x| format!("accuracy {x}")),
            percent(&probe["balanced_accuracy"]).map(|x| format!("balanced {x}")),
            percent(&probe["majority"]).map(|x| format!("the most frequent class {x}")),
            percent(&probe["shuffled"]).map(|x| format!("shuffled labels {x}")),
            known(&probe["p_value"]).map(|x| format!("p {x}")),
        ],
    )
}

/// By benchmark, the models that were not run on it and are expected to do best.
fn best_not_run(document: &Value) -> Vec<String> {
    let models = list(&document["models"]);
    let Some(benchmarks) = document["forecasts"].as_object() else { return Vec::new() };
    let lines = benchmarks.iter().filter_map(|(benchmark, column)| {
        let mut open: Vec<(usize, f64)> = (0..models.len())
            .filter(|m| column[*m]["responses"] == 0)
            .filter_map(|m| Some((m, column[m]["accuracy"]["mean"].as_f64()?)))
            .collect();
        open.sort_by(|a, b| b.1.total_cmp(&a.1));
        let best = open.iter().take(BEST);
        let best =
            best.map(|(m, p)| Some(format!("{} {:.0}%", name(&models[*m]["model"]), 100.0 * p)));
        (!open.is_empty()).then(|| entry(&one_line(benchmark), best))
    });
    lines.collect()
}

/// What training measured on val, and what is measured on a data set.
fn evaluated(evaluation: &Value, section: &mut impl FnMut(String, Vec<String>)) {
    if let Some(figures) = evaluation["val"].as_object() {
        let figures = figures
            .iter()
            .filter_map(|(name, value)| Some(format!("- {}: {}", one_line(name), number(value)?)));
        section("Evaluation on val".into(), figures.collect());
    }
    let beside = &evaluation["data"];
    if let Some(predictors) = beside["predictors"].as_object() {
        let mut lines: Vec<String> = predictors
            .iter()
            .map(|(name, figures)| {
                let figure = |name: &str| number(&figures[name]).map(|x| format!("{name} {x}"));
                entry(&one_line(name), ["accuracy", "auc", "nll", "ece", "routing"].map(figure))
            })
            .collect();
        let untested = &beside["untested"];
        let figures = &untested["predictors"]["llmap"];
        if figures.is_object() {
            lines.push(entry(
                "untested pairs",
                [
                    number(&figures["auc"]).map(|x| format!("auc {x}")),
                    number(&figures["nll"]).map(|x| format!("nll {x}")),
                    number(&figures["cell_error"])
                        .map(|x| format!("error of a cell's accuracy {x}")),
                    counted(&untested["hidden_cells"], "hidden cell"),
                    counted(&untested["hidden_models"], "model"),
                ],
            ));
        }
        let split =
            known(&beside["split"]).map_or_else(String::new, |split| format!("{split} of "));
        section(format!("On {split}the data set, beside the baselines"), lines);
    } else if let Some(problem) = known(&beside["problem"]) {
        section("The data set cannot be judged".into(), vec![format!("- {problem}")]);
    }
}

fn question(question: &Value) -> String {
    let right = percent(&question["right"]).map(|right| match known(&question["answers"]) {
        Some(answers) => format!("{right} of {answers} correct"),
        None => format!("{right} correct"),
    });
    let expected = percent(&question["expected"]).map(|x| format!("{x} predicted"));
    let category = known(&question["category"]).unwrap_or_else(|| "no category".into());
    let prompt = known(&question["prompt"]).map(|prompt| format!(": {}", fit(&prompt, 160)));
    entry(&category, [right, expected]) + &prompt.unwrap_or_default()
}

fn model(model: &Value) -> Vec<String> {
    let group = |group: &str, shown: &dyn Fn(&Value) -> Option<String>| {
        let fields = model[group].as_object()?.iter();
        let each = fields.filter_map(|(name, v)| Some(format!("{} {}", one_line(name), shown(v)?)));
        Some(each.collect::<Vec<_>>().join(", "))
    };
    let near = list(&model["neighbours"]).iter().filter_map(|near| {
        let by = near["shared"].as_u64().and_then(|n| u32::try_from(n).ok());
        let by = by.map_or_else(String::new, |n| format!(" ({})", basis(n)));
        Some(format!("{}{by}", known(&near["model"])?))
    });
    let near = near.collect::<Vec<_>>().join(", ");
    let own = [
        known(&model["cluster"]).map(|cluster| format!("cluster {cluster}")),
        counted(&model["answers"], "answer"),
    ];
    let own: Vec<String> = own.into_iter().flatten().collect();
    let lines = [
        group("attributes", &known).unwrap_or_default(),
        own.join(", "),
        if near.is_empty() { near } else { format!("like {near}") },
        group("benchmarks", &percent).unwrap_or_default(),
    ];
    let lines = lines.into_iter().filter(|line| !line.is_empty());
    std::iter::once(name(&model["model"])).chain(lines.map(|line| format!("  {line}"))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::plain;

    /// Every path to a value, so that each can be made unknown.
    fn paths(value: &Value, at: &str, all: &mut Vec<String>) {
        all.push(at.to_owned());
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    paths(field, &format!("{at}/{name}"), all);
                }
            }
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    paths(item, &format!("{at}/{i}"), all);
                }
            }
            _ => {}
        }
    }

    fn full() -> Value {
        json!({
            "data": "mine",
            "map": { "shares": [0.5, 0.25] },
            "clusters": [{ "name": "A", "size": 3, "stability": 0.9 }],
            "route": { "prompt": "2+2?", "kind": "preference", "candidates": [
                { "model": "heron", "p": 0.9, "low": 0.8, "high": 0.95 }] },
            "probes": [
                { "attribute": "coder", "accuracy": 0.9, "balanced_accuracy": 0.8, "majority": 0.6,
                  "shuffled": 0.5, "p_value": 0.005 },
                { "attribute": "base", "problem": "too few" }],
            "forecasts": { "sums": [
                { "responses": 0, "accuracy": { "mean": 0.7 } },
                { "responses": 4, "accuracy": { "mean": 0.6 } }] },
            "evaluation": {
                "val": { "nll": 0.5 },
                "data": { "split": "test", "predictors": { "llmap": { "auc": 0.7, "nll": 0.5 } },
                          "untested": { "hidden_cells": 3, "hidden_models": 2,
                                        "predictors": { "llmap": { "auc": 0.8 } } } } },
            "questions": [{ "prompt": "Why?", "category": "sums", "answers": 4, "right": 0.5,
                            "expected": 0.9 }],
            "models": [
                { "model": "heron", "cluster": "A", "answers": 7, "attributes": { "coder": true },
                  "benchmarks": { "sums": 0.5 }, "neighbours": [{ "model": "otter" }] },
                { "model": "otter" }],
        })
    }

    /// No heading without anything below it, and no line without words.
    fn is_tidy(text: &str) -> bool {
        text.split("\n\n").skip(1).all(|section| section.trim_end().lines().count() > 1)
            && text.lines().all(|line| line.is_empty() || line.trim().len() > 2)
    }

    #[test]
    fn all_that_is_known_is_there() {
        let text = plain(&full());
        for line in [
            "2 models of mine",
            "Map: PC1 50%, PC2 25% of variance",
            "- A: 3 models, stability 0.900",
            "P(correct): 2+2?",
            "predicts preference (wins over a reference), not correctness",
            "- heron: 90% (80% to 95%)",
            "- coder: accuracy 90%, balanced 80%, the most frequent class 60%, shuffled labels 50%, \
             p 0.005",
            "- base: too few",
            "- sums: heron 70%",
            "- nll: 0.500",
            "- llmap: auc 0.700, nll 0.500",
            "- untested pairs: auc 0.800, 3 hidden cells, 2 models",
            "- sums: 50% of 4 correct, 90% predicted: Why?",
            "  coder yes",
            "  cluster A, 7 answers",
            "  like otter",
            "  sums 50%",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}\n{text}");
        }
        assert!(is_tidy(&text), "{text}");
    }

    #[test]
    fn what_is_not_known_is_left_out_with_its_heading() {
        let mut all = Vec::new();
        paths(&full(), "", &mut all);
        for path in all {
            let mut document = full();
            *document.pointer_mut(&path).unwrap() = Value::Null;
            let text = plain(&document);
            assert!(!text.contains("null") && !text.contains("NaN"), "{path}\n{text}");
            assert!(is_tidy(&text), "{path}\n{text}");
        }
        assert_eq!(plain(&json!({ "models": [], "clusters": [], "probes": [] })), "0 models\n");
    }
}
