//! `llmap evaluate` on pairs that were never tested, and with models that the embedder lacks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;

/// A folder with an embedder of the sample in it, and a cache of its own.
struct Bench {
    folder: tempfile::TempDir,
    embedder: String,
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample")
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let embedder = folder.path().join("sample.safetensors").display().to_string();
        let bench = Self { folder, embedder };
        let data = sample().display().to_string();
        bench.ok(&["train", &data, "-o", &bench.embedder, "--dim", "8", "--epochs", "3", "-q"]);
        bench
    }

    fn run_with_cache(cache: &Path, arguments: &[&str]) -> Output {
        let mut command = cargo_bin_cmd!("llmap");
        command.args(arguments).env("XDG_CACHE_HOME", cache).output().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Self::run_with_cache(&self.folder.path().join("cache"), arguments)
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        let error = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{arguments:?}: {error}");
        String::from_utf8(run.stdout).unwrap()
    }

    /// Writes the sample with these rows added to its models and responses.
    fn data_with(&self, models: &str, responses: &str) -> String {
        let folder = self.folder.path().join("data");
        fs::create_dir_all(&folder).unwrap();
        for (name, rows) in [("models", models), ("responses", responses), ("questions", "")] {
            let table = fs::read_to_string(sample().join(format!("{name}.csv"))).unwrap();
            fs::write(folder.join(format!("{name}.csv")), table + rows).unwrap();
        }
        folder.display().to_string()
    }
}

#[test]
fn untested_pairs_are_judged_for_each_seed_and_remembered() {
    let bench = Bench::new();
    let data = sample().display().to_string();
    let call = ["evaluate", &bench.embedder, &data, "--untested", "--repeats", "2", "--seed", "3"];
    let text = bench.ok(&[&call[..], &["--json", "-q"]].concat());
    let report: Value = serde_json::from_str(&text).unwrap();
    let repeats = report["repeats"].as_array().unwrap();
    assert_eq!(
        (repeats.len(), &repeats[0]["seed"], &repeats[1]["seed"]),
        (2, &3.into(), &4.into())
    );
    for repeat in repeats {
        assert!(repeat["hidden_cells"].as_u64() >= repeat["hidden_models"].as_u64());
        assert!(repeat["hidden_responses"].as_u64().unwrap() > 0);
    }
    for predictor in [
        "llmap",
        "model-mean",
        "ability",
        "category-mean",
        "knn",
        "factor-analysis",
        "factor-analysis-attributes",
    ] {
        for figure in
            ["accuracy", "auc", "nll", "ece", "mean_p", "cell_error", "cell_bias", "routing"]
        {
            let of = |part: &Value| part[predictor][figure].as_f64().unwrap();
            let each = [0, 1].map(|i| of(&repeats[i]["predictors"]));
            assert!((of(&report["mean"]) - f64::midpoint(each[0], each[1])).abs() < 1e-9);
            let spread = (each[0] - each[1]).abs() / 2.0_f64.sqrt();
            assert!((of(&report["spread"]) - spread).abs() < 1e-9, "{predictor} {figure}");
        }
    }
    let covered = repeats[0]["predictors"]["llmap"]["cells_covered"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&covered));

    // Even the seconds are the same: nothing is computed again.
    assert_eq!(bench.ok(&[&call[..], &["--json"]].concat()), text);
    let screen = bench.ok(&call);
    for part in ["seed 3:", "seed 4:", "cells in 80%", "factor-analysis-attributes", "mean of 2"] {
        assert!(screen.contains(part), "{part}\n{screen}");
    }
    // A cache that cannot be written is a remark.
    let file = bench.folder.path().join("file");
    fs::write(&file, "").unwrap();
    let call = ["evaluate", &bench.embedder, &data, "--untested", "--json"];
    let run = Bench::run_with_cache(&file, &call);
    assert!(run.status.success() && serde_json::from_slice::<Value>(&run.stdout).is_ok());
    assert!(String::from_utf8_lossy(&run.stderr).contains("could not be cached"));

    let both = bench.run(&[&call[..], &["--leave-out", "all"]].concat());
    assert_eq!(both.status.code(), Some(2));
    let alone = bench.run(&["evaluate", &bench.embedder, &data, "--repeats", "2"]);
    assert_eq!(alone.status.code(), Some(2), "--repeats goes with --untested");
}

#[test]
fn models_that_the_embedder_lacks_are_passed_over_and_counted() {
    let bench = Bench::new();
    let mut questions = csv::Reader::from_path(sample().join("questions.csv")).unwrap();
    let header = questions.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (id, split) = (column("prompt_id"), column("split"));
    let (mut responses, mut in_val) = (String::new(), 0);
    for row in questions.records().map(Result::unwrap) {
        responses += &format!("{},new,1\n{},newer,0\n", &row[id], &row[id]);
        in_val += 2 * u64::from(&row[split] == "val");
    }
    let columns = fs::read_to_string(sample().join("models.csv")).unwrap();
    let empty = ",".repeat(columns.lines().next().unwrap().matches(',').count() - 1);
    let models = format!("new,new\u{1b}[2J{empty}\nnewer,newer{empty}\n");
    let more = bench.data_with(&models, &responses);

    let call = |data: &str| -> Value {
        let call = ["evaluate", &bench.embedder, data, "--resamples", "0", "--no-reference"];
        let mut found: Value =
            serde_json::from_str(&bench.ok(&[&call[..], &["--json"]].concat())).unwrap();
        found["seconds"].take();
        found
    };
    let (mut found, mut plain) = (call(&more), call(&sample().display().to_string()));
    assert_eq!(
        (&found["models_skipped"], &found["responses_skipped"]),
        (&2.into(), &in_val.into())
    );
    assert_eq!(plain["models_skipped"], 0);
    for key in ["models_skipped", "responses_skipped"] {
        found[key].take();
        plain[key].take();
    }
    assert_eq!(found, plain, "all else is as without them");
    let screen = bench.ok(&["evaluate", &bench.embedder, &more, "--no-reference", "-q"]);
    let line =
        format!("2 models of the data set are not in the embedder: {in_val} responses skipped");
    assert!(screen.contains(&line), "{screen}");
    let untested = ["evaluate", &bench.embedder, &more, "--untested", "--json"];
    assert!(!bench.ok(&untested).is_empty(), "training knows them all");

    let unknown = bench.run(&["evaluate", "shipped", &more]);
    let error = String::from_utf8_lossy(&unknown.stderr);
    assert!(unknown.status.code() == Some(2) && error.contains("none of its 14 models"), "{error}");
}
