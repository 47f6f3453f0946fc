//! The example of docs/python.md gives the probabilities of `llmap route`, where Python is there to run it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;

/// The first block of Python in a document.
fn example(document: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(document);
    let text = std::fs::read_to_string(path).unwrap();
    let (_, block) = text.split_once("```python\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

/// Python with what the example imports; `.ci/run` names a folder that has it.
fn python() -> Option<Command> {
    let mut command = Command::new("python3");
    if let Ok(folder) = std::env::var("LLMAP_TEST_PYTHON") {
        command.env("PYTHONPATH", folder);
    }
    let mut check = Command::new("python3");
    command.get_envs().for_each(|(name, value)| {
        check.env(name, value.unwrap_or_default());
    });
    let there = check
        .args(["-c", "import numpy, safetensors.numpy"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    there.then_some(command)
}

#[test]
fn ten_lines_of_python_give_the_probabilities_of_route() {
    let Some(mut command) = python() else {
        println!("skipped: no python3 with numpy and safetensors (set LLMAP_TEST_PYTHON)");
        return;
    };
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/openevals.safetensors");
    let prompts = ["Prove that there are infinitely many primes.", "zzyzx qwrtp", "What is 2+2?"];
    command.args(["-c", &example("python.md"), data.to_str().unwrap()]);
    for prompt in prompts {
        let route = ["route", data.to_str().unwrap(), prompt, "--json", "--explain"];
        let out = cargo_bin_cmd!("llmap").args(route).args(["--top", "1000"]).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let routes: Value = serde_json::from_slice(&out.stdout).unwrap();
        let mut run = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        run.stdin.take().unwrap().write_all(&out.stdout).unwrap();
        let found = run.wait_with_output().unwrap();
        assert!(found.status.success());
        let correct: BTreeMap<String, f64> = serde_json::from_slice(&found.stdout).unwrap();
        let candidates = routes[0]["candidates"].as_array().unwrap();
        assert_eq!((candidates.len(), correct.len()), (557, 557));
        for candidate in candidates {
            let (name, p) =
                (candidate["model"].as_str().unwrap(), candidate["p"].as_f64().unwrap());
            assert!((correct[name] - p).abs() < 1e-5, "{name}: {p} {}", correct[name]);
        }
    }
}
