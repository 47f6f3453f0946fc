//! `llmap import`: each format, of files as their programs write them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::cargo::cargo_bin_cmd;
use llmap::dataset::{self, Dataset, Form, Kind, Split};
use serde_json::{Value, json};
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import/formats").join(name)
}

fn llmap(arguments: &[&str]) -> (i32, String, String) {
    let out = cargo_bin_cmd!("llmap").args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code().unwrap(), text(&out.stdout), text(&out.stderr))
}

fn imported(format: &str, from: &Path, more: &[&str]) -> (Dataset, Value) {
    let out = tempfile::tempdir().unwrap();
    let data = out.path().join("data");
    let (from, to) = (from.to_str().unwrap(), data.to_str().unwrap());
    let (code, said, error) =
        llmap(&[&["import", format, from, "-o", to, "--json"], more].concat());
    assert_eq!(code, 0, "{error}");
    (dataset::load(&data).unwrap(), serde_json::from_str(&said).unwrap())
}

fn case(format: &str, name: &str, more: &[&str]) -> Dataset {
    imported(format, &fixture(name), more).0
}

/// Category, model, start of the question and label of all answers, sorted.
fn answers(data: &Dataset) -> Vec<(&str, &str, &str, f32)> {
    let mut all = Vec::new();
    for (q, question) in data.questions.iter().enumerate() {
        for (model, label) in data.responses.of(q) {
            let category = &*data.categories[question.category as usize];
            let line = question.prompt.lines().next().unwrap();
            all.push((category, &*data.models[model], line, label));
        }
    }
    all.sort_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)));
    all
}

const HERON: &str = "Does a heron fly?";
const STONE: &str = "Does a stone fly?";
const OTTER: &str = "Does an otter swim?";

#[test]
fn lm_eval_of_release_0_3() {
    let data = case("lm-eval", "lm-eval-0.3", &[]);
    let birds = |question: &'static str, label| ("birds", "acme/heron-1b", question, label);
    assert_eq!(
        answers(&data),
        [
            birds("Q: Does a heron fly?", 1.0),
            birds("Q: Does a stone fly?", 0.0),
            birds("Q: Does an otter swim?", 1.0),
            ("sums", "otter", "What is 0 + 0?", 1.0),
            ("sums", "otter", "What is 1 + 1?", 1.0),
        ]
    );
    let question = data.questions.iter().find(|one| one.prompt.contains("heron")).unwrap();
    assert_eq!(
        &*question.prompt, "Q: Does a heron fly?\nA:\nA. yes\nB. no",
        "no examples before it"
    );
}

/// The details of the leaderboard under their real names, which not every disk can hold.
fn leaderboard() -> Option<TempDir> {
    let root = tempfile::tempdir().unwrap();
    for (from, folder, suite) in [
        ("old", "details_acme__heron-7b/2023-07-19T15-30-05.123456", "harness"),
        ("newer", "details_acme__otter-7b/2023-10-25T18-16-05.784566", "harness"),
        ("lighteval", "details/acme/newt-1b/2025-06-01T10-00-00.000001", "lighteval"),
    ] {
        let date = folder.rsplit('/').next().unwrap();
        let folder = root.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let name = format!("details_{suite}|arc:challenge|25_{date}.parquet");
        fs::copy(fixture("leaderboard-1").join(format!("{from}.parquet")), folder.join(name))
            .ok()?;
    }
    Some(root)
}

#[test]
fn details_of_the_open_llm_leaderboard() {
    let Some(root) = leaderboard() else { return };
    let (data, about) = imported("lm-eval", root.path(), &[]);
    assert_eq!(data.models, ["acme/newt-1b", "acme/heron-7b", "acme/otter-7b"]);
    assert_eq!(about["tasks"][0]["metric"], "acc");
    let labels = |model: &str| -> Vec<f32> {
        answers(&data).into_iter().filter(|one| one.1 == model).map(|one| one.3).collect()
    };
    assert_eq!(labels("acme/heron-7b"), [1.0, 0.0, 1.0]);
    assert_eq!(labels("acme/otter-7b"), [0.0, 1.0, 0.0], "metrics in a column of their own");
    assert_eq!(labels("acme/newt-1b"), [0.0, 1.0, 1.0], "LightEval of today");
    assert_eq!(data.questions.len(), 6, "old and newer details are of the same questions");

    let data = case("lm-eval", "leaderboard-2", &[]);
    assert_eq!(data.models, ["acme/heron-7b"]);
    assert_eq!(answers(&data).iter().map(|one| one.3).collect::<Vec<_>>(), [1.0, 0.0, 1.0]);
    assert_eq!(&*data.questions[0].prompt, "Does a heron fly?\nA. yes\nB. no");
}

#[test]
fn judgments_of_arena_hard() {
    let (data, about) = imported("arena-hard", &fixture("arena-hard"), &[]);
    let task = "arena-hard-v2.0/hard_prompt/judge-1";
    assert_eq!(
        answers(&data),
        [
            (task, "heron-7b", "Count the reeds.", 0.125),
            (task, "heron-7b", "Write a haiku about herons.", 1.0)
        ]
    );
    assert_eq!(data.kinds, [Kind::Preference]);
    assert_eq!(about["skipped_rows"], 1, "a game without a verdict");
    let data = case("arena-hard", "arena-hard-0.1", &[]);
    let task = "arena-hard-v0.1/judge-1";
    assert_eq!(answers(&data), [(task, "otter", "Name a bird.", 0.25)]);
}

#[test]
fn scores_of_bfcl() {
    let (data, about) = imported("bfcl", &fixture("bfcl"), &[]);
    let task = "bfcl-v3/simple";
    let labels: Vec<(&str, f32)> = answers(&data).into_iter().map(|one| (one.1, one.3)).collect();
    let heron = "acme/heron-FC";
    let wanted =
        [(heron, 1.0), (heron, 0.0), (heron, 1.0), ("otter", 1.0), ("otter", 1.0), ("otter", 1.0)];
    assert_eq!(labels, wanted);
    assert_eq!(data.categories, [task]);
    let reason = about["skipped"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("lists wrong answers only"), "{reason}");
}

#[test]
fn lists_of_swe_bench() {
    let data = case("swe-bench", "swe-bench", &[]);
    assert_eq!(data.categories, ["swe-bench/verified"]);
    assert_eq!(data.models, ["heron_agent", "Otter Agent"]);
    let labels: Vec<f32> = answers(&data).into_iter().map(|one| one.3).collect();
    assert_eq!(labels, [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    assert_eq!(&*data.questions[0].prompt, "Reed 1 bends the wrong way.");
    let data = case("swe-bench", "swe-bench-report", &[]);
    let one = |model, question, label| ("swe-bench", model, question, label);
    let wanted = [
        one("acme/heron.v1", "reed__reed-1", 1.0),
        one("acme/heron.v1", "reed__reed-2", 0.0),
        one("otter", "reed__reed-1", 0.0),
    ];
    assert_eq!(answers(&data), wanted);
}

#[test]
fn judgments_of_live_bench() {
    let task = "livebench/reasoning/boats";
    let (two, three) = ("Which of 2 boats is first?", "Which of 3 boats is first?");
    let (data, about) = imported("live-bench", &fixture("live-bench"), &[]);
    let wanted =
        [(task, "heron-7b", two, 1.0), (task, "heron-7b", three, 0.5), (task, "otter", three, 0.0)];
    assert_eq!(answers(&data), wanted);
    assert_eq!(about["skipped"][0]["reason"], "not judged: a score of -1");
    let data = case("live-bench", "live-bench-hub", &[]);
    assert_eq!(answers(&data), [(task, "newt", two, 1.0), (task, "newt", three, 0.0)]);
}

#[test]
fn tables_of_routers() {
    let data = case("router-bench", "router-bench", &[]);
    let wanted = [
        ("birds", "acme/heron", HERON, 1.0),
        ("birds", "otter-chat", HERON, 0.0),
        ("sums", "acme/heron", "What is 2 + 2?", 0.5),
    ];
    assert_eq!(answers(&data), wanted);
    assert_eq!(&*data.questions[0].prompt, "Does a heron fly?\nIt's a bird.");
    let (data, about) = imported("llm-router", &fixture("llm-router"), &[]);
    let wanted = [
        ("birds", "heron", HERON, 1.0),
        ("birds", "otter", HERON, 0.0),
        ("sums", "heron", "What is 1 + 1?", 1.0),
        ("sums", "heron", "What is 2 + 2?", 0.0),
    ];
    assert_eq!(answers(&data), wanted);
    assert_eq!(about["skipped_rows"], 1, "a record without a score");
}

#[test]
fn embedllm_keeps_its_splits() {
    let data = case("embedllm", "embedllm", &[]);
    let splits: Vec<(&str, Split)> =
        data.questions.iter().map(|question| (&*question.prompt, question.split)).collect();
    for pair in [(OTTER, Split::Test), (HERON, Split::Train), ("Does a reed bend?", Split::Val)] {
        assert!(splits.contains(&pair), "{splits:?}");
    }
    assert_eq!(data.responses.len(), 7);
    assert_eq!(data.models, ["acme__heron", "acme__otter"]);
}

#[test]
fn a_matrix_and_a_long_table() {
    let data = case("wide", "wide/scores.parquet", &[]);
    let wanted = [
        ("birds", "acme/heron", HERON, 1.0),
        ("birds", "acme/heron", STONE, 0.0),
        ("birds", "otter", HERON, 1.0),
        ("birds", "otter", STONE, 0.0),
        ("birds", "otter", OTTER, 1.0),
    ];
    assert_eq!(answers(&data), wanted);
    let data = case("wide", "wide/more.csv", &[]);
    assert_eq!(answers(&data), [("more", "heron 2", "Does a reed bend?", 1.0)]);
    assert_eq!(data.questions[0].split, Split::Test);

    let columns =
        ["--columns", "question=text,model=llm,label=ok", "--columns", "category=bench,split=part"];
    let data = case("long", "long/runs.csv", &columns);
    let wanted = [
        ("birds", "heron", HERON, 1.0),
        ("birds", "otter", HERON, 0.0),
        ("lines", "heron", "Two", 0.25),
    ];
    assert_eq!(answers(&data), wanted);
    assert_eq!(data.questions.iter().map(|one| one.split).max(), Some(Split::Test));
    let data = case("long", "long/runs.jsonl", &[]);
    assert_eq!(answers(&data), [("short", "heron", "How?", 0.0), ("short", "heron", "Why?", 1.0)]);

    let from = fixture("long/runs.csv");
    let (code, _, error) = llmap(&["import", "long", from.to_str().unwrap(), "--dry-run"]);
    assert!(code == 2 && error.contains("--columns label=NAME (there are: text, llm"), "{error}");
    let (code, _, error) =
        llmap(&["import", "long", from.to_str().unwrap(), "--dry-run", "--columns", "who=llm"]);
    assert!(code == 2 && error.contains("`who=llm` is no role"), "{error}");
}

#[test]
fn logs_of_openai_evals_and_of_inspect() {
    let data = case("openai-evals", "openai-evals", &[]);
    let task = "birds.dev.v0";
    assert_eq!(
        answers(&data),
        [(task, "heron-chat", HERON, 1.0), (task, "heron-chat", STONE, 0.0)]
    );
    let data = case("inspect", "inspect", &[]);
    let riddle = "A long riddle about reeds?";
    let wanted: Vec<(&str, &str, &str, f32)> = ["acme/heron", "acme/newt", "acme/otter"]
        .into_iter()
        .flat_map(|model| [("birds", model, riddle, 0.5), ("birds", model, HERON, 0.5)])
        .collect();
    assert_eq!(
        answers(&data),
        wanted,
        "two epochs are one answer, and all three kinds of logs agree"
    );
    let question = data.questions.iter().find(|one| one.prompt.starts_with(HERON)).unwrap();
    assert_eq!(&*question.prompt, "Does a heron fly?\nA. yes\nB. no");
}

#[test]
fn what_helm_publishes_is_enough() {
    let data = case("helm", "helm-release", &[]);
    assert_eq!(answers(&data), [("birds", "acme/heron", HERON, 1.0)]);
}

#[test]
fn unknown_files_are_called_what_they_resemble() {
    for (name, format) in [
        ("lm-eval-0.3", "lm-eval"),
        ("leaderboard-2", "lm-eval"),
        ("helm-release", "helm"),
        ("inspect", "inspect"),
        ("arena-hard", "arena-hard"),
        ("bfcl", "bfcl"),
        ("swe-bench", "swe-bench"),
        ("live-bench", "live-bench"),
        ("router-bench", "router-bench"),
        ("llm-router", "llm-router"),
        ("embedllm/test.csv", "embedllm"),
        ("wide", "wide"),
        ("long/runs.jsonl", "long"),
        ("openai-evals", "openai-evals"),
    ] {
        let found = llmap::import::resembles(&[fixture(name)]).unwrap().unwrap();
        assert_eq!(found.format.map(llmap::import::Format::name), Some(format), "{name}");
    }
    let from = fixture("openai-evals");
    let from = from.to_str().unwrap();
    let (code, _, error) = llmap(&["import", "helm", from, "--dry-run"]);
    let advice = format!("llmap import openai-evals {from} -o DATA");
    assert!(code == 2 && error.contains(&advice), "{error}");
    let (code, _, error) = llmap(&["train", from, "-o", "x.safetensors"]);
    assert!(code == 2 && error.contains(&advice), "{error}");
    let (code, text, _) = llmap(&["import", "auto", from, "--dry-run"]);
    assert!(code == 0 && text.contains("heron-chat"), "{text}");

    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("routerbench.pkl"), [0x80, 4, 0x95]).unwrap();
    let (code, _, error) = llmap(&["import", "auto", root.path().to_str().unwrap(), "--dry-run"]);
    assert!(code == 2 && error.contains("to_parquet"), "{error}");
}

#[test]
fn a_round_trip_through_parquet_loses_nothing() {
    let root = tempfile::tempdir().unwrap();
    let data =
        dataset::simulate::Simulation { models: 5, questions: 40, ..Default::default() }.run();
    let mut loaded = Vec::new();
    for (name, form) in [("csv", Form::Csv), ("parquet", Form::Parquet)] {
        let folder = root.path().join(name);
        data.write(&folder, form, true).unwrap();
        assert!(folder.join(format!("responses.{name}")).is_file());
        let mut again = dataset::load(&folder).unwrap();
        again.name.clone_from(&data.name);
        loaded.push(again);
    }
    assert_eq!(loaded[0], data);
    assert_eq!(loaded[1], data);
    // And through an import, of a matrix of the same answers.
    let mut rows = vec![format!("prompt,category,split,{}", data.models.join(","))];
    for (q, question) in data.questions.iter().enumerate() {
        let mut cells = vec![String::new(); data.models.len()];
        data.responses.of(q).for_each(|(model, label)| cells[model] = label.to_string());
        let category = &data.categories[question.category as usize];
        let split = question.split.name();
        rows.push(format!("\"{}\",{category},{split},{}", question.prompt, cells.join(",")));
    }
    fs::write(root.path().join("matrix.csv"), rows.join("\n")).unwrap();
    let (again, _) = imported("wide", &root.path().join("matrix.csv"), &["--format", "parquet"]);
    let answered = |data: &Dataset| {
        (0..data.questions.len()).filter(|q| data.responses.of(*q).len() > 0).count()
    };
    assert_eq!(answers(&again), answers(&data));
    assert_eq!(again.questions.len(), answered(&data));
}

#[test]
fn a_broken_table_is_one_error_and_costs_only_itself() {
    let root = tempfile::tempdir().unwrap();
    let whole = fs::read(fixture("wide/scores.parquet")).unwrap();
    fs::write(root.path().join("cut.parquet"), &whole[..whole.len() - 9]).unwrap();
    fs::write(root.path().join("whole.parquet"), &whole).unwrap();
    let (data, about) = imported("wide", root.path(), &[]);
    assert_eq!((data.models.len(), about["skipped_files"].clone()), (2, json!(1)));
    for name in ["questions", "models", "responses"] {
        fs::write(root.path().join(format!("{name}.parquet")), b"PAR1 nothing PAR1").unwrap();
    }
    let (code, _, error) = llmap(&["inspect", root.path().to_str().unwrap()]);
    assert!(code == 2 && error.contains("no Parquet file") && error.contains("fix:"), "{error}");
}
