//! Routing through the shipped embedder: what is out of scope, and streams of prompts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use llmap::analysis::router::{Preferences, Router};
use llmap::dataset::{self, Split};
use llmap::embedder::{Embedder, Scope};
use serde_json::Value;

fn llmap(arguments: &[&str]) -> Command {
    let mut command = cargo_bin_cmd!("llmap");
    command.args(arguments);
    command
}

/// Prompts that no embedder of English benchmarks has seen the like of: (kind, prompt).
fn unlike() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/out_of_scope.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let field = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .map(|value: Value| (field(&value, "kind"), field(&value, "prompt")))
        .collect()
}

fn flagged(embedder: &Embedder, prompts: &[&str]) -> usize {
    let routes = Router::new(embedder).route(prompts, &Preferences::default()).unwrap();
    routes.iter().filter(|route| route.scope != Scope::In).count()
}

#[test]
fn prompts_unlike_all_training_questions_are_told() {
    let embedder = Embedder::shipped().unwrap();
    // The even lines are those on which the measure was chosen.
    let unlike: Vec<(String, String)> = unlike().into_iter().skip(1).step_by(2).collect();
    for kind in ["language", "gibberish", "off-topic"] {
        let prompts = unlike.iter().filter(|(known, _)| known == kind).map(|(_, p)| &**p);
        let prompts: Vec<&str> = prompts.collect();
        let found = flagged(&embedder, &prompts);
        assert!(prompts.len() >= 20 && found * 10 >= prompts.len() * 8, "{kind}: {found}");
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/openevals");
    if !data.exists() {
        println!("skipped the val questions: {} is not there", data.display());
        return;
    }
    let data = dataset::load(&data).unwrap();
    let val = data.split(Split::Val);
    let prompts: Vec<&str> = val.iter().map(|&q| &*data.questions[q].prompt).collect();
    let found = flagged(&embedder, &prompts);
    assert!(found * 20 <= prompts.len(), "{found} of {}", prompts.len());
}

#[test]
fn a_stream_of_prompts_is_answered_in_order() {
    let prompts: Vec<String> = (0..600).map(|i| format!("What is {i} plus {}?", i * 7)).collect();
    let routed = llmap(&["route", "shipped", "--json-lines", "--top", "1", "--where", "open"])
        .write_stdin(prompts.join("\n"))
        .output()
        .unwrap();
    assert!(routed.status.success());
    let answers: Vec<Value> = String::from_utf8(routed.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let asked: Vec<&str> = answers.iter().map(|a| a["prompt"].as_str().unwrap()).collect();
    assert_eq!(asked, prompts);

    let names = llmap(&["route", "shipped", "--name-only", "--where", "open"])
        .write_stdin(prompts.join("\n"))
        .output()
        .unwrap();
    let names = String::from_utf8(names.stdout).unwrap();
    let routed: Vec<&str> = answers.iter().map(|a| a["routed"].as_str().unwrap()).collect();
    assert_eq!(names.lines().collect::<Vec<_>>(), routed);
}

#[test]
fn a_bad_line_is_named_after_the_good_ones_were_answered() {
    let run = |arguments: &[&str], input: &str| {
        let run = llmap(arguments).write_stdin(input).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (run.status.code().unwrap(), text(run.stdout), text(run.stderr))
    };
    let input = "{\"prompt\": \"2+2?\"}\n{\"prompt\": 3}\n";
    let (code, out, error) =
        run(&["route", "shipped", "--input", "jsonl", "--json", "--top", "2"], input);
    assert_eq!(code, 2);
    let answers: Value = serde_json::from_str(&out).expect("a complete document");
    assert_eq!(answers.as_array().unwrap().len(), 1);
    assert!(error.contains("standard input:2:") && error.contains("fix:"), "{error}");

    let (code, out, _) = run(&["route", "shipped", "--input", "nul", "--name-only"], "a\nb\0c\0");
    assert_eq!((code, out.lines().count()), (0, 2));
    let (code, _, error) = run(&["route", "shipped", "--name-only"], "");
    assert!(code == 2 && error.contains("no prompts"), "{error}");
    let (code, _, error) = run(&["route", "shipped", "--where", "opn", "x"], "");
    assert_eq!(code, 2);
    assert!(error.contains("did you mean `open`?") && error.contains("  opn\n  ^"), "{error}");
}

#[test]
fn an_answer_explains_itself() {
    let prompt = "What is the derivative of x^2 sin(x) with respect to x?";
    let out = llmap(&["route", "shipped", prompt, "--json", "--where", "params_b is known"])
        .output()
        .unwrap();
    let answers: Value = serde_json::from_slice(&out.stdout).unwrap();
    let answer = &answers[0];
    assert_eq!(answer["outside"], false);
    assert_eq!(answer["cost_unit"], "dollars per million tokens");
    let logit = &answer["why"]["logit"];
    let sum: f64 =
        ["ability", "ease", "match"].iter().map(|part| logit[*part].as_f64().unwrap()).sum();
    let p = answer["candidates"][0]["p"].as_f64().unwrap();
    assert!((1.0 / (1.0 + (-sum).exp()) - p).abs() < 1e-3);
    assert_eq!(answer["why"]["runner_up"]["model"], answer["candidates"][1]["model"]);
    let front = answer["candidates"].as_array().unwrap().iter().filter(|c| c["pareto"] == true);
    assert!(front.count() >= 1);
    let text = llmap(&["route", "shipped", "Wie spät ist es in Tokio gerade?"]).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("out of scope"), "{text}");
}

#[test]
fn a_portfolio_grows_in_quality_and_stays_in_its_budget() {
    let prompts = "What is 12 times 17?\nWho wrote Faust?\nReverse a list in Python.\n";
    let run = |more: &[&str]| -> Value {
        let arguments: Vec<&str> = ["route", "shipped", "--portfolio", "3", "--json"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        let out = llmap(&arguments).write_stdin(prompts).output().unwrap();
        serde_json::from_slice(&out.stdout).unwrap()
    };
    let free = run(&[]);
    let quality = |step: &Value| step["quality"].as_f64().unwrap();
    let steps = free["portfolio"].as_array().unwrap();
    // It ends where no further model would answer anything better.
    let (first, last) = (&steps[0], &steps[steps.len() - 1]);
    assert!((2..=3).contains(&steps.len()) && quality(first) <= quality(last));
    let tight = run(&["--budget", "1"]);
    let last = tight["portfolio"].as_array().unwrap().last().unwrap().clone();
    assert!(last["cost"].as_f64().unwrap() <= 1.0);
    assert!(quality(&last) <= quality(&steps[steps.len() - 1]) + 1e-9);
}

#[test]
fn pools_are_saved_and_used() {
    let home = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let run = llmap(arguments)
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path().join("config"))
            .output()
            .unwrap();
        (run.status.code().unwrap(), String::from_utf8(run.stdout).unwrap())
    };
    let small = "open and params_b <= 15";
    let (code, saved) =
        run(&["route", "shipped", "2+2?", "--where", small, "--save-pool", "small", "--name-only"]);
    assert_eq!(code, 0);
    assert_eq!(run(&["route", "shipped", "2+2?", "--pool", "small", "--name-only"]), (0, saved));
    assert_eq!(run(&["route", "shipped", "2+2?", "--pool", "smal", "--name-only"]).0, 2);
}
