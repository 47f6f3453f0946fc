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
    let (code, message, error) =
        llmap(&[&["import", format, from, "-o", to, "--json"], more].concat());
    assert_eq!(code, 0, "{error}");
    (dataset::load(&data).unwrap(), serde_json::from_str(&message).unwrap())
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
    assert!(reason.contains("lists incorrect answers only"), "{reason}");
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
    let header = "prompt_id,prompt,model_name,label\n";
    let files = [
        ("TRAIN.csv", format!("{header}1,Q1,m,1\n")),
        ("extra.csv", format!("{header}2,Q2,m,1\n")),
    ];
    let (answers, about) = made("embedllm", &files);
    assert_eq!((answers.len(), &about["skipped_files"]), (1, &json!(1)), "{about}");
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
    assert!(code == 2 && error.contains("`who=llm` is not a role"), "{error}");
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
    assert!(code == 2 && error.contains("not a Parquet file") && error.contains("fix:"), "{error}");
}

/// Writes files and imports them: answers as `model question label`, sorted, and the report.
fn made(format: &str, files: &[(&str, String)]) -> (Vec<String>, Value) {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = root.path().join("in").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let (data, about) = imported(format, &root.path().join("in"), &[]);
    let shown = answers(&data);
    let shown =
        shown.iter().map(|(_, model, question, label)| format!("{model} {question} {label}"));
    (shown.collect(), about)
}

/// The reasons for which something was passed over.
fn reasons(about: &Value) -> String {
    let all = about["skipped"].as_array().unwrap().iter();
    all.map(|skip| skip["reason"].as_str().unwrap()).collect::<Vec<_>>().join("; ")
}

fn jsonl(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect::<Vec<_>>().concat()
}

#[test]
fn a_number_that_does_not_fit_costs_only_itself() {
    for odd in ["100", "2", "-1", "7.5"] {
        let rows = (0..9).map(|n| format!("Q{n},m,{}\n", n % 2)).collect::<Vec<_>>().concat();
        let table = format!("question,model,label\n{rows}Qx,m,{odd}\n");
        let (answers, about) = made("long", &[("t.csv", table)]);
        assert_eq!((answers.len(), &about["skipped_rows"]), (9, &json!(1)), "{odd}");
        assert!(answers.contains(&"m Q1 1".into()) && reasons(&about).contains("outside 0 to 1"));
    }
    let table = "question,a,b,c\nQ0,73.5%,80,0\nQ1,100%,20%,1\nQ2,,50,x\nQ3,,,2\nQ4,,,0\n";
    let (answers, about) = made("wide", &[("t.csv", table.into())]);
    let wanted =
        ["a Q0 0.735", "a Q1 1", "b Q0 0.8", "b Q1 0.2", "b Q2 0.5", "c Q0 0", "c Q1 1", "c Q4 0"];
    assert_eq!(answers, wanted, "{about}");
    assert_eq!(about["skipped_rows"], 2);
}

#[test]
fn columns_of_a_matrix_are_judged_one_by_one() {
    let table = "Unnamed: 0,level_0,prompt,num_choices,correct_answer,year,good,late\n\
                 0,0,Q0,1,1,1999,1,timeout\n1,1,Q1,1,0,2004,0,1\n";
    let (answers, about) = made("wide", &[("t.csv", table.into())]);
    assert_eq!(answers, ["good Q0 1", "good Q1 0", "late Q1 1"]);
    let why = reasons(&about);
    assert!(why.contains("`year` has numbers from 1999") && why.contains("`late` is no"), "{why}");
    assert_eq!(about["skipped_rows"], 3, "two years and a word before the first score");

    let rows = [
        json!({"note": "x"}),
        json!({"prompt": "Q0", "a": 1}),
        json!({"prompt": "Q1", "a": 0, "b": 1}),
    ];
    let (answers, about) = made("wide", &[("t.jsonl", jsonl(&rows))]);
    assert_eq!(answers, ["a Q0 1", "a Q1 0", "b Q1 1"], "a column of a later row");
    assert_eq!(about["skipped_rows"], 1);
    let rows = [
        json!({"question": "Q0"}),
        json!({"question": "Q1", "model": "a", "label": 1}),
        json!({"question": "Q2", "model": "a", "score": 1}),
        json!({"prompt": "Q3", "llm": "a", "correct": false}),
    ];
    let (answers, about) = made("long", &[("t.jsonl", jsonl(&rows))]);
    assert_eq!(answers, ["a Q1 1", "a Q3 0"]);
    assert_eq!(about["skipped_rows"], 2, "{about}");
}

#[test]
fn files_without_a_date_are_united_question_by_question() {
    let rows = (0..5).map(|n| format!("Q{n},m,1\n")).collect::<Vec<_>>().concat();
    let one = format!("question,model,label\n{rows}");
    let two = "question,model,label\nQ0,m,0\nQ1,m,1\nQ9,m,1\n".to_owned();
    let category = |text: &str| {
        text.replace("label", "label,category").replace(",0\n", ",0,c\n").replace(",1\n", ",1,c\n")
    };
    let (answers, about) = made("long", &[("a.csv", category(&one)), ("b.csv", category(&two))]);
    assert_eq!((answers.len(), answers[0].as_str()), (6, "m Q0 0"));
    assert_eq!((&about["repeated"], &about["conflicting"]), (&json!(2), &json!(1)));
    assert_eq!(about["older_runs"], 0);
}

#[test]
fn the_last_path_is_that_of_the_greatest_number() {
    let table = |label: u8| format!("question,model,label,category\nQ,m,{label},c\n");
    let (answers, about) = made("long", &[("v9.csv", table(0)), ("v10.csv", table(1))]);
    assert_eq!((answers, &about["conflicting"]), (vec!["m Q 1".into()], &json!(1)));
}

#[test]
fn endings_in_every_case_and_tabs() {
    let record = |model: &str| jsonl(&[json!({"question": "Q", "model": model, "label": 1})]);
    let files = [
        ("a.JSONL", record("a")),
        ("b.ndjson", record("b")),
        ("c.CSV", "question,model,label\nQ,c,1\n".into()),
        ("d.tsv", "question\tmodel\tlabel\nQ\td\t1\n".into()),
    ];
    let files = files.map(|(name, text)| (name, text));
    let (answers, about) = made("long", &files);
    let models: Vec<&str> = answers.iter().map(|one| &one[..1]).collect();
    assert_eq!(models, ["a", "b", "c", "d"], "{about}");
}

#[test]
fn wrong_answers_of_bfcl_count_whatever_lies_beside_them() {
    let wrong = json!({"id": "simple_1", "model_name": "m", "valid": false,
                       "prompt": {"question": [[{"role": "user", "content": "Call 1"}]]}});
    let score = |correct: u32, total: u32| {
        jsonl(&[json!({"correct_count": correct, "total_count": total}), wrong.clone()])
    };
    let asked = |n: u32| {
        let one = |n: u32| json!({"id": format!("simple_{n}"), "question": [[{"role": "user", "content": format!("Call {n}")}]]});
        jsonl(&(0..n).map(one).collect::<Vec<_>>())
    };
    let result =
        "{\"id\": \"simple_0\", \"result\": \"x\"}\n{\"id\": \"simple_1\", \"re".to_owned();
    let files = |total: u32, n: u32| {
        [
            ("score/m/BFCL_v3_simple_score.json", score(total - 1, total)),
            ("result/m/BFCL_v3_simple_result.json", result.clone()),
            ("data/BFCL_v3_simple.json", asked(n)),
        ]
    };
    let (answers, about) = made("bfcl", &files(3, 3));
    assert_eq!(answers, ["m Call 0 1", "m Call 1 0", "m Call 2 1"]);
    assert_eq!(about["skipped_rows"], 1, "the broken line of the results: {about}");
    let (answers, about) = made("bfcl", &files(9, 3));
    assert_eq!(answers, ["m Call 0 1", "m Call 1 0"]);
    assert!(reasons(&about).contains("counts 9 answers, but only 2"), "{about}");
}

#[test]
fn results_of_swe_bench_that_cannot_be_read_are_listed() {
    let path = |system: &str| format!("evaluation/verified/{system}/results/results.json");
    let (one, two, three) = (path("20240620_a"), path("20240720_b"), path("20240721_c"));
    let files = [
        (&*one, json!({"resolved": ["x__y-1"]}).to_string()),
        (&*two, "{\"resolved\": [\"x__y-2\"".into()),
        (&*three, json!({"resolved": null}).to_string()),
    ];
    let (answers, about) = made("swe-bench", &files);
    assert_eq!((answers.len(), &about["skipped_files"]), (1, &json!(2)));
}

#[test]
fn several_runs_in_one_log_are_several_models() {
    let run = |model: &str, run: &str, right: Value| {
        [
            json!({"spec": {"completion_fns": [model], "eval_name": "e", "run_id": run}}),
            json!({"run_id": run, "sample_id": 7, "type": "sampling", "data": {"prompt": "Q7?"}}),
            json!({"run_id": run, "sample_id": 7, "type": "match", "data": {"correct": null}}),
            json!({"run_id": run, "sample_id": 7, "type": "match", "data": {"correct": right}}),
        ]
    };
    for (one, two) in [("r1", "r2"), ("r", "r")] {
        let log = [run("a", one, json!(true)), run("b", two, json!(false))].concat();
        let (answers, _) = made("openai-evals", &[("log.jsonl", jsonl(&log))]);
        assert_eq!(answers, ["a Q7? 1", "b Q7? 0"]);
    }
}

#[test]
fn auto_names_the_formats_that_it_does_not_read() {
    let files = [
        ("x.csv", "question,model,label\nQ,a,1\n".to_owned()),
        ("y.csv", "question,gpt,llama\nQ2,1,0\n".to_owned()),
    ];
    let (answers, about) = made("auto", &files);
    assert_eq!(answers, ["a Q 1"]);
    let other = about["other_formats"][0].as_str().unwrap();
    assert!(other.contains("y.csv resembles") && other.contains("llmap import wide"), "{other}");
}

/// The files of a run of HELM: trials of questions by their number, as question and score.
fn helm(suite: &str, trials: &[(u32, f64)]) -> Vec<(String, String)> {
    let put = |name: &str, value: Value| {
        (format!("runs/{suite}/birds:model=acme_heron/{name}.json"), value.to_string())
    };
    let request = |(n, _): &(u32, f64)| json!({"instance": {"id": format!("id{n}"), "input": {"text": format!("Q{n}?")}}});
    let stats = |(at, (n, score)): (usize, &(u32, f64))| {
        json!({"instance_id": format!("id{n}"), "train_trial_index": at / 2,
               "stats": [{"name": {"name": "exact_match"}, "mean": score}]})
    };
    vec![
        put(
            "run_spec",
            json!({"name": "birds:model=acme_heron", "adapter_spec": {"model": "acme/heron"}}),
        ),
        put(
            "scenario_state",
            json!({"request_states": trials.iter().map(request).collect::<Vec<_>>()}),
        ),
        put("per_instance_stats", trials.iter().enumerate().map(stats).collect()),
    ]
}

#[test]
fn trials_of_helm_are_averaged_and_the_newest_suite_counts() {
    let files =
        [helm("v1.9.0", &[(0, 0.0)]), helm("v1.10.0", &[(0, 1.0), (1, 1.0), (0, 0.0), (1, 1.0)])]
            .concat();
    let files: Vec<(&str, String)> =
        files.iter().map(|(path, text)| (&**path, text.clone())).collect();
    let (answers, about) = made("helm", &files);
    assert_eq!(answers, ["acme/heron Q0? 0.5", "acme/heron Q1? 1"]);
    assert_eq!(about["older_runs"], 1);
}

/// A log of Inspect with a sample for each value, its epochs being those of the first one.
fn log(eval: Value, samples: &[(u32, Value)]) -> String {
    let mut about = json!({"task": "birds", "model": "acme/heron", "created": "2026-01-01"});
    about.as_object_mut().unwrap().extend(eval.as_object().unwrap().clone());
    let sample = |(id, value): &(u32, Value)| json!({"id": id, "input": format!("Q{id}?"), "scores": {"match": {"value": value}}});
    json!({"eval": about, "samples": samples.iter().map(sample).collect::<Vec<_>>()}).to_string()
}

#[test]
fn arguments_of_inspect_name_models_and_tasks() {
    let right = [(1, json!("C"))];
    let effort = |effort: &str| json!({"model_generate_config": {"reasoning_effort": effort, "max_connections": 5}});
    let revision = |name: &str| json!({"model_args": {"revision": name}});
    for (one, two, suffix) in [
        (effort("low"), effort("high"), "(reasoning_effort=high)"),
        (revision("s1"), revision("s2"), "(revision=s2)"),
    ] {
        let files = [("a.json", log(one, &right)), ("b.json", log(two, &[(1, json!("I"))]))];
        let (answers, _) = made("inspect", &files);
        assert!(answers.contains(&format!("acme/heron {suffix} Q1? 0")), "{answers:?}");
        assert_eq!(answers.len(), 2);
    }
    let task = |subject: &str| json!({"task_args": {"subject": subject, "fewshot": 5}});
    let files = [("a.json", log(task("owls"), &right)), ("b.json", log(task("newts"), &right))];
    let (answers, about) = made("inspect", &files);
    assert_eq!((answers.len(), &about["models"]), (2, &json!(1)));
    assert_eq!(about["categories"], json!(["birds (subject=owls)", "birds (subject=newts)"]));
    let (_, about) = made("inspect", &files[..1]);
    assert_eq!(about["categories"], json!(["birds"]), "alone it needs no other name");
}

#[test]
fn an_epoch_without_a_score_does_not_poison_the_others() {
    let samples = [(1, json!("C")), (1, Value::Null), (1, json!("I")), (2, Value::Null)];
    let (answers, about) = made("inspect", &[("a.json", log(json!({}), &samples))]);
    assert_eq!((answers, &about["skipped_rows"]), (vec!["acme/heron Q1? 0.5".into()], &json!(1)));
}

#[test]
fn an_archive_within_an_archive_is_listed() {
    // A zip archive with an empty member, as few bytes as it can be.
    let mut zip = Vec::new();
    let mut directory = Vec::new();
    for (name, text) in
        [("a.eval", ""), ("x/samples_t.jsonl", "{\"doc\": {\"question\": \"Q\"}, \"acc\": 1}")]
    {
        let crc = flate2::Crc::new();
        let sizes = [crc.sum(), text.len() as u32, text.len() as u32];
        let sizes: Vec<u8> = sizes.into_iter().flat_map(u32::to_le_bytes).collect();
        let name_length = (name.len() as u16).to_le_bytes();
        directory.extend(
            [b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0", &*sizes, &name_length, &[0; 12]].concat(),
        );
        directory.extend((zip.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        zip.extend(
            [
                b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0",
                &*sizes,
                &name_length,
                &[0; 2],
                name.as_bytes(),
                text.as_bytes(),
            ]
            .concat(),
        );
    }
    let start = zip.len() as u32;
    zip.extend(&directory);
    zip.extend(b"PK\x05\x06\0\0\0\0\x02\0\x02\0");
    zip.extend([(directory.len() as u32).to_le_bytes(), start.to_le_bytes()].concat());
    zip.extend([0, 0]);
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("logs.zip"), zip).unwrap();
    let (data, about) = imported("lm-eval", root.path(), &[]);
    assert_eq!(data.responses.len(), 1);
    assert!(reasons(&about).contains("an archive within an archive"), "{about}");
}

#[test]
fn what_an_instruction_is_about_belongs_to_the_question() {
    let one = |input: &str, preference: u32| json!({"instruction": "Translate.", "input": input, "generator_1": "ref", "generator_2": "m", "preference": preference});
    let files = [("annotations.json", json!([one("heron", 2), one("otter", 1)]).to_string())];
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join(files[0].0), &files[0].1).unwrap();
    let (data, _) = imported("alpaca-eval", root.path(), &[]);
    let mut prompts: Vec<&str> = data.questions.iter().map(|one| &*one.prompt).collect();
    prompts.sort_unstable();
    assert_eq!(prompts, ["Translate.\nheron", "Translate.\notter"]);
}
