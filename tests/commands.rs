//! The commands, as a script would use them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;

fn llmap(arguments: &[&str]) -> Command {
    let mut command = cargo_bin_cmd!("llmap");
    command.args(arguments);
    command
}

fn sample() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample").display().to_string()
}

/// Runs a command that must succeed and gives its standard output.
fn output(arguments: &[&str]) -> String {
    let run = llmap(arguments).output().unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&output(arguments)).unwrap()
}

/// Runs a command that must fail and gives its exit code and standard error.
fn failure(arguments: &[&str]) -> (i32, String) {
    let run = llmap(arguments).output().unwrap();
    assert!(run.stdout.is_empty(), "nothing is printed before a failure");
    (run.status.code().unwrap(), String::from_utf8(run.stderr).unwrap())
}

fn trained(folder: &Path, seed: &str) -> PathBuf {
    let path = folder.join(format!("sample-{seed}.safetensors"));
    let name = path.display().to_string();
    let card =
        json(&["train", &sample(), "-o", &name, "--dim", "8", "--seed", seed, "--json", "-q"]);
    assert_eq!(card["models"], 12);
    assert_eq!(card["dimensions"], 8);
    assert_eq!(card["provenance"]["simulated"], true);
    path
}

#[test]
fn train_then_evaluate_route_probe_and_inspect() {
    let folder = tempfile::tempdir().unwrap();
    let path = trained(folder.path(), "1");
    let embedder = path.display().to_string();

    let evaluation = json(&["evaluate", &embedder, &sample(), "--json"]);
    assert_eq!(evaluation["split"], "val");
    for predictor in ["llmap", "model-mean", "ability", "category-mean", "knn"] {
        for figure in ["accuracy", "auc", "nll", "ece", "routing"] {
            let value = evaluation["predictors"][predictor][figure].as_f64().unwrap();
            assert!((0.0..2.0).contains(&value), "{predictor} {figure} {value}");
        }
        assert!(evaluation["by_category"]["coding"][predictor]["auc"].is_f64());
    }
    assert!(
        evaluation["routing_bounds"]["random"].as_f64()
            < evaluation["routing_bounds"]["oracle"].as_f64()
    );
    assert!(
        output(&["evaluate", &embedder, &sample(), "--split", "test"]).contains("36 questions")
    );

    let routes =
        json(&["route", &embedder, "Write a loop in Rust", "2+2?", "--top", "3", "--json"]);
    assert_eq!(routes.as_array().unwrap().len(), 2);
    let first = &routes[0];
    assert_eq!(first["prompt"], "Write a loop in Rust");
    let candidates = first["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 3);
    assert_eq!(first["routed"], candidates[0]["model"]);
    for c in candidates {
        let [p, low, high] = ["p", "low", "high"].map(|key| c[key].as_f64().unwrap());
        assert!(low <= p && p <= high && c["cost"].is_f64());
    }
    assert!(first["evidence"][0]["similarity"].is_f64());

    let probes = json(&["probe", &embedder, "--json", "-q"]);
    let names: Vec<_> = probes.as_array().unwrap().iter().map(|r| &r["attribute"]).collect();
    assert!(names.contains(&&Value::from("params_b")), "{names:?}");

    for report in probes.as_array().unwrap() {
        // The keys that scripts rely on.
        for key in ["kind", "models", "classes", "folds"] {
            assert!(!report[key].is_null(), "{key}");
        }
        for key in [
            "accuracy",
            "low",
            "high",
            "balanced_accuracy",
            "auc",
            "majority",
            "shuffled",
            "p_value",
        ] {
            assert!((0.0..=1.0).contains(&report[key].as_f64().unwrap()), "{key}");
        }
        assert!(report["random"]["nearest"]["auc"]["low"].is_f64());
    }

    let card = json(&["inspect", &embedder, "--json"]);
    assert_eq!(card["kind"], "embedder");
    assert_eq!(card["provenance"]["data"], "sample");
    assert_eq!(card["bytes"].as_u64().unwrap(), fs::metadata(&path).unwrap().len());
    let card = json(&["inspect", &sample(), "--json"]);
    assert_eq!((&card["questions"], &card["models"]), (&Value::from(300), &Value::from(12)));
}

#[test]
fn a_seed_gives_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let route = |path: &Path| {
        let path = path.display().to_string();
        let mut routes = json(&["route", &path, "What is 7 × 8?", "--json"]);
        routes[0]["milliseconds"].take();
        routes
    };
    let first = route(&trained(folder.path(), "5"));
    assert_eq!(first, route(&trained(folder.path(), "5")));
    assert_ne!(first, route(&trained(folder.path(), "6")));
}

#[test]
fn the_shipped_embedder_answers_without_a_file() {
    assert_eq!(json(&["inspect", "--json"])["models"].as_array().unwrap().len(), 557);
    let lines = llmap(&["route", "shipped", "--top", "1", "--json"])
        .write_stdin("What is 2+2?\nname a bird\n")
        .output()
        .unwrap();
    let routes: Value = serde_json::from_slice(&lines.stdout).unwrap();
    assert_eq!(routes.as_array().unwrap().len(), 2);
    assert!(routes[1]["candidates"][0]["p"].as_f64().unwrap() > 0.5);
}

#[test]
fn nothing_that_comes_in_steers_the_terminal() {
    let evil = "\u{1b}]0;owned\u{7}\u{9b}2J \u{202e}gpj";
    for arguments in [vec!["route", "shipped", evil], vec!["route", "shipped", evil, "--json"]] {
        let text = output(&arguments);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}'), "{text:?}");
    }
    let (code, text) = failure(&["inspect", "no\u{1b}[31m/such"]);
    assert_eq!(code, 2);
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn mistakes_are_told_with_their_fix() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("no/such/e.safetensors").display().to_string();
    let folder_name = folder.path().display().to_string();
    let sample = sample();
    for (arguments, word) in [
        (vec!["route", &nowhere, "x"], "no such file"),
        (vec!["route", "shipped", " "], "prompt 1 is empty"),
        (vec!["route", "shipped", "x", "--top", "0"], "a whole number from 1 to"),
        (vec!["probe", "shipped", "codr"], "did you mean `coder`?"),
        (vec!["probe", "shipped", "math"], "two classes"),
        (vec!["train", &sample, "-o", &nowhere], "no such folder"),
        (vec!["train", &sample, "-o", &folder_name], "is a folder"),
        (vec!["train", &folder_name, "-o", "x"], "contains no data set"),
        (vec!["train", &sample, "-o", "x", "--dim", "500"], "8..=128"),
        (vec!["evaluate", "shipped", &sample], "no model of the embedder is called"),
        (vec!["explore"], "needs a terminal"),
        (vec!["train"], "required"),
    ] {
        let (code, text) = failure(&arguments);
        assert_eq!(code, 2, "{arguments:?}: {text}");
        assert!(text.contains(word), "{arguments:?}: {text}");
    }
}

#[test]
fn attributes_come_from_files_and_rules_and_a_figure_can_be_demanded() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let rules = file("rules.csv", "regex,attribute,value\n^gpt|^o1,gpt,1\n.,gpt,0\n");
    let found = json(&["probe", "shipped", "gpt", "--rules", &rules, "--json"]);
    assert_eq!(found[0]["classes"]["yes"], 59);
    assert_eq!(found[0]["dealt"], "families");
    assert_eq!(found[0]["most_wrong"].as_array().unwrap().len(), 10);
    let bad = file("bad.csv", "regex,attribute,value\na(,gpt,1\n");
    let (code, text) = failure(&["probe", "shipped", "--rules", &bad]);
    assert!(code == 2 && text.contains("bad.csv:2"), "{text}");
    let near = file("tags.csv", "model_name,tag\nclaude-3-opus-2024022,1\n");
    let (code, text) = failure(&["probe", "shipped", "--attributes", &near]);
    assert!(code == 2 && text.contains("is it `claude-3-opus-20240229`?"), "{text}");

    let text = output(&["probe", "shipped", "coder", "--fail-under", "0.5", "--shuffles", "9"]);
    assert!(text.contains("families 24") && text.contains("most confident errors"), "{text}");
    // The report is printed all the same.
    let demanded = ["probe", "shipped", "coder", "--fail-under", "0.99", "--shuffles", "9"];
    let done = llmap(&demanded).output().unwrap();
    let text = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(text.contains("less than 0.99: coder") && !done.stdout.is_empty(), "{text}");

    let found = json(&["probe", "shipped", "--communities", "coding", "physics", "--json"]);
    assert!(found[0]["within"].as_f64() < found[0]["between"].as_f64());
    assert_eq!((&found[1]["models"], &found[1]["within"]), (&Value::from(0), &Value::Null));
}

/// Three models of a table and 40 questions.
fn small(folder: &Path, models: &str) -> String {
    let (mut questions, mut responses) = (String::new(), String::new());
    for q in 0..40 {
        questions += &format!("{q},sums,What is {q} plus {}?\n", q * 7 % 11);
        for m in 0..3 {
            responses += &format!("{q},{m},{}\n", u8::from((q * 5 + m * 3) % 7 > m));
        }
    }
    let data = folder.join("small");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("models.csv"), models).unwrap();
    fs::write(data.join("questions.csv"), format!("prompt_id,category,prompt\n{questions}"))
        .unwrap();
    fs::write(data.join("responses.csv"), format!("prompt_id,model_id,label\n{responses}"))
        .unwrap();
    let path = folder.join("small.safetensors").display().to_string();
    output(&["train", &data.display().to_string(), "-o", &path, "--epochs", "2", "-q"]);
    path
}

#[test]
fn what_is_not_known_of_a_few_models_without_attributes_is_not_spelled_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = small(folder.path(), "model_id,model_name\n0,a\n1,b\n2,c\n");
    let plain = output(&["explore", &path, "--plain", "--prompt", "2+2?"]);
    assert!(plain.starts_with("3 models") && !plain.contains("null"), "{plain}");
    let empty = plain.split("\n\n").skip(1).filter(|section| section.lines().count() < 2).count();
    assert!(empty == 0 && plain.lines().all(|line| line.is_empty() || !line.trim().is_empty()));

    let probe = |more: &[&str]| llmap(&[&["probe", &path], more].concat()).output().unwrap();
    let run = probe(&[]);
    let error = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success() && run.stdout.is_empty(), "no head of a table without rows");
    assert!(error.contains("no attributes") && error.contains("--rules"), "{error}");
    assert!(error.contains("models.csv") && error.lines().count() == 1, "{error}");
    assert!(probe(&["-q"]).stderr.is_empty());
    assert_eq!(probe(&["--json", "-q"]).stdout, b"[]\n");
    let demanded = probe(&["--fail-under", "0.8"]);
    assert_eq!(demanded.status.code(), Some(1));
    let error = String::from_utf8(demanded.stderr).unwrap();
    assert!(error.contains("--attributes") && error.lines().count() == 1, "{error}");
}

#[test]
fn a_name_below_the_least_quality_comes_with_a_remark() {
    let folder = tempfile::tempdir().unwrap();
    let models = "model_id,model_name,params_b\n0,a,1\n1,b,7\n2,c,70\n";
    let path = small(folder.path(), models);
    let run = |more: &[&str]| {
        let base = ["route", &path, "--name-only", "2+2?", "3+3?"];
        let run = llmap(&[&base[..], more].concat()).output().unwrap();
        assert!(run.status.success() && run.stdout.split(|b| *b == b'\n').count() == 3);
        String::from_utf8(run.stderr).unwrap()
    };
    let remark = run(&["--min-quality", "0.9999"]);
    assert!(remark.contains("--min-quality 0.9999 for 2 of 2 prompts"), "{remark}");
    assert_eq!(remark.lines().count(), 1, "once");
    assert_eq!(run(&["--min-quality", "0.9999", "-q"]), "");
    assert_eq!(run(&["--min-quality", "0.0001"]) + &run(&[]), "");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("llmap"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_bench_of_scale_prints_its_keys() {
    let found = json(&["bench", "--scale", "models", "--most-models", "200", "--json"]);
    let found = &found["models"];
    let sizes: Vec<u64> =
        found["sizes"].as_array().unwrap().iter().map(|m| m["models"].as_u64().unwrap()).collect();
    assert_eq!(sizes, [20, 200]);
    for size in found["sizes"].as_array().unwrap() {
        for time in ["load", "pca", "index", "neighbors", "route", "first_frame", "frame", "search"]
        {
            assert!(
                size[time]["least"].as_f64().unwrap() <= size[time]["median"].as_f64().unwrap()
            );
            assert!(found["slopes"][time].is_f64(), "{time}");
        }
        assert!((size["recall"].as_f64().unwrap() - 1.0).abs() < 1e-9, "few are compared exactly");
        assert_eq!(size["onboarded"], size["models"]);
        let numbers = size["numbers_of_a_model"].as_u64().unwrap();
        let raw = size["memory"]["raw"].as_u64().unwrap();
        assert_eq!(raw, 4 * numbers * size["models"].as_u64().unwrap());
    }
}

#[test]
fn every_command_has_examples() {
    for command in
        ["explore", "train", "evaluate", "route", "probe", "inspect", "completions", "bench"]
    {
        assert!(output(&[command, "--help"]).contains("Example"), "{command}");
    }
    let themes = output(&["themes"]);
    assert!(themes.lines().count() >= 8, "{themes}");
    for theme in ["dark", "light", "contrast", "deuteranopia", "terminal"] {
        assert!(themes.lines().any(|line| line == theme), "{theme}");
    }
}

#[test]
fn what_the_screen_tells_can_be_had_without_one() {
    let text = output(&["explore", "--plain", "--prompt", "What is 17 times 23?"]);
    for part in ["Clusters", "P(correct)", "Probes", "Models", "gpt-4o-2024-08-06"] {
        assert!(text.contains(part), "{part}");
    }
    let document: serde_json::Value =
        serde_json::from_str(&output(&["explore", "--json", "--seed", "2"])).unwrap();
    let models = document["models"].as_array().unwrap();
    assert_eq!(models.len(), 557);
    for field in ["model", "attributes", "benchmarks", "neighbours", "coordinates", "cluster"] {
        assert!(!models[0][field].is_null(), "{field}");
    }
    assert!(document["probes"].as_array().unwrap().iter().any(|p| p["accuracy"].is_number()));
    assert!(document["route"].is_null());
}

#[test]
fn a_new_model_is_asked_placed_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = trained(folder.path(), "9").display().to_string();
    let table = output(&["ask", &embedder, "--data", &sample(), "-n", "6", "-q"]);
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 6);

    // Five answers, right but for one, and an open row, with the line ends of another system.
    let path = folder.path().join("new.csv").display().to_string();
    let mut text = String::from("prompt_id,label\r\n");
    for (i, row) in rows.iter().enumerate() {
        let label = ["1", "1", "0", "1", "1", ""][i];
        text += &format!("{},{label}\r\n", &row[0]);
    }
    fs::write(&path, &text).unwrap();
    let grown = folder.path().join("grown.safetensors").display().to_string();
    let call = ["onboard", &embedder, &path, "--data", &sample(), "--name", "new\u{1b}[2J"];
    let placed = json(&[&call[..], &["-o", &grown, "--json"]].concat());
    assert_eq!(placed["responses"], 5);
    assert_eq!(placed["vector"].as_array().unwrap().len(), 6, "without the specialities");
    for benchmark in placed["benchmarks"].as_array().unwrap() {
        let [low, mean, high] =
            ["low", "mean", "high"].map(|k| benchmark["forecast"][k].as_f64().unwrap());
        assert!(0.0 <= low && low < mean && mean < high && high <= 1.0, "{benchmark}");
    }
    assert_eq!(placed["map"]["place"].as_array().unwrap().len(), 2);
    assert!(placed["map"]["covariance"][1][1].as_f64().unwrap() > 0.0);
    let about = json(&["inspect", &grown, "--json"]);
    assert_eq!(about["models"].as_array().unwrap().len(), 13);
    let routed = json(&["route", &grown, "What is 2 + 2?", "--json", "--top", "13"]);
    let names: Vec<&str> = routed[0]["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["model"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 13);
    assert!(!output(&call).contains('\u{1b}'));

    // What was asked is not asked again, and the accuracies become better known.
    let next =
        json(&["ask", &embedder, "--data", &sample(), "--answers", &path, "-n", "6", "--json"]);
    for question in next["questions"].as_array().unwrap() {
        assert!(rows.iter().all(|row| row[0] != *question["prompt_id"].as_str().unwrap()));
    }
    assert!(next["deviation_after"].as_f64() < next["deviation"].as_f64());

    // Six are asked already: a budget of eight leaves two.
    let call =
        ["ask", &embedder, "--data", &sample(), "--answers", &path, "--json", "--budget", "8"];
    let last = json(&call);
    assert_eq!((last["questions"].as_array().unwrap().len(), &last["budget_left"]), (2, &0.into()));
    let spent = json(&[&call[..8], &["6"]].concat());
    assert!(spent["questions"].as_array().unwrap().is_empty());

    // A set that stands for the benchmarks is the same for everyone.
    let set = ["ask", &embedder, "--data", &sample(), "-n", "5", "--coreset", "--json"];
    let sets = json(&set);
    let first = sets[0]["prompt_ids"].as_array().unwrap();
    assert_eq!((first.len(), &json(&set)), (5, &sets));

    fs::write(&path, text.replace(&format!("{},0", &rows[2][0]), "nowhere,0")).unwrap();
    let (code, error) = failure(&["onboard", &embedder, &path, "--data", &sample(), "--name", "n"]);
    assert!(code == 2 && error.contains("new.csv:4") && error.contains("nowhere"), "{error}");
    let taken = json(&["inspect", &embedder, "--json"])["models"][0].as_str().unwrap().to_owned();
    fs::write(&path, text).unwrap();
    let call = ["onboard", &embedder, &path, "--data", &sample(), "--name", &taken, "-o", &grown];
    let before = fs::read(&grown).unwrap();
    assert_eq!(failure(&call).0, 2);
    assert_eq!(fs::read(&grown).unwrap(), before, "nothing on disk is lost");
}

#[test]
fn benchmarks_are_forecast_sorted_and_exported() {
    let all = json(&["forecast", "--json"]);
    let benchmarks = all.as_array().unwrap();
    assert_eq!(benchmarks.len(), 79);
    for benchmark in benchmarks {
        let models = benchmark["models"].as_array().unwrap();
        assert_eq!(models.len(), 557);
        let accuracy = |m: &Value| m["accuracy"].as_f64().unwrap();
        assert!(models.windows(2).all(|w| accuracy(&w[0]) >= accuracy(&w[1])));
        for model in models {
            let (low, high) = (model["low"].as_f64().unwrap(), model["high"].as_f64().unwrap());
            assert!(0.0 <= low && low <= accuracy(model) && accuracy(model) <= high && high <= 1.0);
        }
    }
    let csv = output(&["forecast", "--benchmark", "gsm8k", "--where", "coder", "--csv"]);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert!(rows.records().map(Result::unwrap).all(|row| &row[1] == "gsm8k" && row.len() == 7));
    assert!(output(&["forecast"]).contains("best forecast"));
    let one = output(&["forecast", "--model", "alpaca-7b"]);
    assert!(one.contains("mmlu-pro/law") && one.contains("forecast"), "{one}");
    let (code, error) = failure(&["forecast", "--benchmark", "gsm9k"]);
    assert!(code == 2 && error.contains("did you mean `gsm8k`?"), "{error}");
}

#[test]
fn a_new_benchmark_is_forecast_from_its_questions() {
    let folder = tempfile::tempdir().unwrap();
    let questions = "What is 3 + 4?\nHow many legs have 12 spiders?\n";
    let ask = |more: &[&str], input: &str| {
        let call = [&["forecast", "shipped", "--new", "--json"], more].concat();
        llmap(&call).write_stdin(input.to_owned()).output().unwrap()
    };
    let width = |run: &std::process::Output| -> (String, f64) {
        let found: Value = serde_json::from_slice(&run.stdout).unwrap();
        let models = found[0]["models"].as_array().unwrap();
        let open = models.iter().filter(|m| m["responses"] == 0);
        let widths: Vec<f64> =
            open.map(|m| m["high"].as_f64().unwrap() - m["low"].as_f64().unwrap()).collect();
        let mean = widths.iter().sum::<f64>() / widths.len() as f64;
        (models[0]["model"].as_str().unwrap().to_owned(), mean)
    };
    let alone = ask(&[], questions);
    assert!(alone.status.success());
    // A few scores narrow the rest, and stand as they are.
    let scores = folder.path().join("scores.csv");
    let known = ["gpt-4-1106-preview,0.9", "alpaca-7b,0.3", "zephyr-7b-beta,0.5"];
    let text = format!(
        "model_name,accuracy,responses\n{}\n",
        known.map(|k| format!("{k},400")).join("\n")
    );
    fs::write(&scores, text).unwrap();
    let scores = scores.display().to_string();
    let given = ask(&["--scores", &scores], questions);
    assert!(given.status.success(), "{}", String::from_utf8_lossy(&given.stderr));
    assert!(width(&given).1 < width(&alone).1);
    let nothing = ask(&[], "");
    assert_eq!(nothing.status.code(), Some(2));
    fs::write(&scores, "model_name,accuracy\nalpaca-7bb,0.3\n").unwrap();
    let wrong = ask(&["--scores", &scores], questions);
    let error = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(wrong.status.code() == Some(2) && error.contains("scores.csv:2"), "{error}");
    assert!(error.contains("did you mean `alpaca-7b`?"), "{error}");
}

#[test]
fn what_labels_say_is_passed_on_to_whoever_reads_a_forecast() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    for file in fs::read_dir(sample()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), data.join(file.file_name())).unwrap();
    }
    let names = json(&["inspect", &sample(), "--json"]);
    let names: Vec<&str> = names["categories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    let rows = names.iter().map(|name| format!("{name},preference\n")).collect::<Vec<_>>().concat();
    fs::write(data.join("categories.csv"), format!("category,kind\n{rows}")).unwrap();
    let data = data.display().to_string();
    assert_eq!(json(&["inspect", &data, "--json"])["categories"][0]["kind"], "preference");
    assert!(output(&["inspect", &data]).contains("kind preference"));

    let path = folder.path().join("e.safetensors").display().to_string();
    output(&["train", &data, "-o", &path, "--dim", "8", "--epochs", "2", "-q"]);
    assert_eq!(json(&["inspect", &path, "--json"])["benchmarks"][0]["kind"], "preference");
    let route = json(&["route", &path, "2+2?", "--json"]);
    assert_eq!(route[0]["kind"], "preference");
    assert_eq!(route[0]["evidence"][0]["kind"], "preference");
    let remark = "predicts preference (wins over a reference), not correctness";
    assert!(output(&["route", &path, "2+2?"]).contains(remark));
    assert!(output(&["forecast", &path]).contains("coding (preference)"));
    assert_eq!(json(&["forecast", &path, "--json"])[0]["kind"], "preference");
    let csv = output(&["forecast", &path, "--benchmark", "coding", "--csv"]);
    assert!(csv.lines().next().unwrap().ends_with(",kind"), "{csv}");

    let plain = json(&["route", "shipped", "2+2?", "--json"]);
    assert!(plain[0]["evidence"][0]["kind"].is_string());
}

#[test]
fn messages_and_tables_do_not_grow_with_what_is_given() {
    let long = "x".repeat(100_000);
    let expression = "open or ".repeat(900) + "nonsense";
    for call in [
        &["route", "shipped", "x", "--where", &expression][..],
        &["route", "shipped", "x", "--pool", &long],
        &["probe", "shipped", &long],
        &["forecast", "shipped", "--model", &long],
        &["inspect", &long],
        &["route", "shipped", "x", "--top", &long],
        &[&long, &long],
    ] {
        let (code, error) = failure(call);
        assert!(matches!(code, 1 | 2) && error.len() < 10_000, "{code} {}", error.len());
    }
    // The place of a fault in a long expression is shown.
    let (_, error) = failure(&["route", "shipped", "x", "--where", &expression]);
    let lines: Vec<&str> = error.lines().collect();
    let mark = lines[2].find('^').unwrap();
    let marked: String = lines[1].chars().skip(mark).collect();
    assert!(marked.starts_with("nonsense"), "{error}");
}

#[test]
fn a_long_name_takes_no_more_than_a_cell() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    for name in ["questions.csv", "responses.csv", "models.csv"] {
        let text = fs::read_to_string(Path::new(&sample()).join(name)).unwrap();
        let text = if name == "models.csv" {
            let mut rows: Vec<Vec<String>> =
                text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
            rows[1][1] = "m".repeat(100_000);
            rows.iter().map(|row| row.join(",") + "\n").collect()
        } else {
            text
        };
        fs::write(data.join(name), text).unwrap();
    }
    let embedder = folder.path().join("e.safetensors").display().to_string();
    let data = data.display().to_string();
    let train = output(&["train", &data, "-o", &embedder, "--dim", "8", "--epochs", "1"]);
    let dimensions = json(&["inspect", &embedder, "--json"])["dimensions"].to_string();
    assert!(train.contains(&format!("12 models × {dimensions} dimensions from ")), "{train}");
    for call in [
        &["route", &embedder, "2+2=?"][..],
        &["route", &embedder, "2+2=?", "--portfolio", "12"],
        &["forecast", &embedder],
        &["forecast", &embedder, "--benchmark", "coding"],
        &["probe", &embedder, "params_b", "--shuffles", "5"],
    ] {
        let text = output(call);
        assert!(text.contains("mmm…") && text.len() < 20_000, "{call:?}: {}", text.len());
    }
}

#[test]
fn a_new_name_is_checked_whether_it_is_written_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let answers = folder.path().join("a.csv").display().to_string();
    fs::write(&answers, "prompt,label\nWhat is two and two?,1\nIs it?,NaN\n").unwrap();
    let taken = json(&["inspect", "shipped", "--json"])["models"][0].as_str().unwrap().to_owned();
    let out = folder.path().join("out").display().to_string();
    for name in ["", " ", &taken] {
        let call = ["onboard", "shipped", &answers, "--name", name];
        let written = [&call[..], &["-o", &out]].concat();
        let (code, error) = failure(&call);
        assert_eq!((code, &error), (2, &failure(&written).1));
    }
    let text = output(&["onboard", "shipped", &answers, "--name", "z"]);
    assert!(text.starts_with("z: 1 answer; more able than"), "{text}");
}

#[test]
fn a_prompt_may_begin_with_a_byte_order_mark() {
    let run = |input: &str, text: &str| {
        let run = llmap(&["route", "shipped", "--json-lines", "--input", input])
            .write_stdin(text)
            .output()
            .unwrap();
        let first: Value = serde_json::from_slice(&run.stdout).unwrap();
        first["prompt"].clone()
    };
    assert_eq!(run("lines", "\u{feff}2+2=?\n"), "2+2=?");
    assert_eq!(run("jsonl", "\u{feff}{\"prompt\": \"2+2=?\"}\n"), "2+2=?");
}

#[cfg(unix)]
#[test]
fn a_table_that_is_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("responses.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (code, error) = failure(&["inspect", &folder.path().display().to_string()]);
    assert!(code == 2 && error.contains("responses.csv: a pipe or device"), "{error}");
}

#[test]
fn numbers_that_are_none_are_named_by_train_probe_and_merge() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = trained(folder.path(), "1").display().to_string();
    let models = json(&["inspect", &embedder, "--json"])["models"].clone();
    let names: Vec<&str> = models.as_array().unwrap().iter().map(|m| m.as_str().unwrap()).collect();
    let table = folder.path().join("h.csv").display().to_string();
    let mut rows = "model_name,z,size\n".to_owned();
    for (m, name) in names.iter().enumerate() {
        let size = ["NaN", "1e300"].get(m).map_or_else(|| m.to_string(), ToString::to_string);
        rows += &format!("{name},{},{size}\n", if m % 2 == 0 { "1e307" } else { "NaN" });
    }
    fs::write(&table, rows).unwrap();
    let (code, error) = failure(&["probe", &embedder, "z", "--attributes", &table]);
    assert_eq!(code, 2);
    let named = "h.csv:2: the cell `1e307` of the column `z` is a number out of range";
    assert!(error.contains(named) && error.contains("no model has a known value"), "{error}");
    let sized = folder.path().join("sized").display().to_string();
    let merge =
        llmap(&["merge", &sample(), "-o", &sized, "--attributes", &table]).output().unwrap();
    let message = String::from_utf8(merge.stderr).unwrap();
    assert!(message.contains("h.csv:3: the cell `1e300` of the column `size`"), "{message}");
    let card = json(&["inspect", &sized, "--json"]);
    let size = card["attributes"].as_array().unwrap().iter().find(|a| a["name"] == "size").unwrap();
    assert_eq!((&size["kind"], &size["known"]), (&Value::from("number"), &Value::from(10)));
}
