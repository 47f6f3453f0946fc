//! `llmap import`: what other evaluation programs wrote, as a data set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use assert_cmd::cargo::cargo_bin_cmd;
use llmap::dataset::{self, Dataset, Kind, Values};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

const DATE: &str = "2026-11-02T10-00-00.123456";

fn put(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn lines(samples: &[Value]) -> String {
    let lines: Vec<String> = samples.iter().map(Value::to_string).collect();
    lines.join("\n") + "\n"
}

fn sum(n: u32, filter: &str, right: bool) -> Value {
    json!({
        "doc_id": n, "doc": {"question": format!("What is {n} + {n}?"), "answer": "#"},
        "arguments": {"gen_args_0": {"arg_0": "Q: 1+1? A: 2\n\nQ: …"}}, "filter": filter,
        "metrics": ["exact_match"], "exact_match": f64::from(u8::from(right)), "doc_hash": "x",
    })
}

/// Two models on two tasks, one of them run twice.
fn lm_eval() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let samples = |task: &str, date: &str| format!("acme__heron-7b/samples_{task}_{date}.jsonl");
    let results =
        json!({"model_name": "acme/heron-7b", "config": {"model_num_parameters": 7.25e9}});
    put(root.path(), &format!("acme__heron-7b/results_{DATE}.json"), &results.to_string());
    let both = [sum(1, "strict", true), sum(1, "flexible", false), sum(2, "strict", false)];
    put(root.path(), &samples("gsm8k_cot", DATE), &lines(&both));
    put(
        root.path(),
        &samples("gsm8k_cot", "2026-10-01T10-00-00.1"),
        &lines(&[sum(9, "strict", true)]),
    );
    let choice = json!({
        "doc": {"question": "Which one flies?", "choices": {"text": ["stone", "heron"], "label": ["A", "B"]}},
        "target": 1, "acc": 1.0, "acc_norm": 0.0, "metrics": ["acc", "acc_norm"],
    });
    put(root.path(), &samples("arc_easy", DATE), &lines(&[choice]));
    // Compressed, without results beside it, in the older form of arguments.
    let old = json!({"doc": {"id": 7}, "arguments": [["The sky is", " blue"]], "acc": false});
    let path = root.path().join("acme__otter/samples_sky.jsonl.gz");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut gz =
        flate2::write::GzEncoder::new(fs::File::create(path).unwrap(), flate2::Compression::fast());
    gz.write_all(format!("\n{}\n{}\n", old, sum(1, "strict", true)).as_bytes()).unwrap();
    gz.finish().unwrap();
    root
}

/// What the command says, with its exit code.
fn import(arguments: &[&str]) -> (i32, String, String) {
    let out = cargo_bin_cmd!("llmap").arg("import").args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code().unwrap(), text(&out.stdout), text(&out.stderr))
}

fn imported(format: &str, root: &Path, more: &[&str]) -> (Dataset, Value) {
    let out = tempfile::tempdir().unwrap();
    let data = out.path().join("new/data");
    let (from, to) = (root.to_str().unwrap(), data.to_str().unwrap());
    let (code, message, error) = import(&[&[format, from, "-o", to, "--json"], more].concat());
    assert_eq!(code, 0, "{error}");
    (dataset::load(&data).unwrap(), serde_json::from_str(&message).unwrap())
}

/// Imports a folder of tests/fixtures/import.
fn case(format: &str, name: &str, more: &[&str]) -> (Dataset, Value) {
    imported(format, &fixture(name), more)
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name)
}

/// All labels, by question and then by model.
fn labels(data: &Dataset) -> Vec<f32> {
    (0..data.questions.len()).flat_map(|q| data.responses.of(q).map(|(_, label)| label)).collect()
}

/// The texts of the questions.
fn prompts(data: &Dataset) -> Vec<&str> {
    data.questions.iter().map(|question| &*question.prompt).collect()
}

/// The label of a model on the question that begins so.
fn label(data: &Dataset, model: &str, question: &str) -> Option<f32> {
    let m = data.models.iter().position(|name| name == model)?;
    let q = data.questions.iter().position(|q| q.prompt.starts_with(question))?;
    data.responses.of(q).find(|(of, _)| *of == m).map(|(_, y)| y)
}

#[test]
fn the_samples_of_lm_eval() {
    let root = lm_eval();
    let (data, about) = imported("lm-eval", root.path(), &[]);
    assert_eq!(data.models, ["acme/heron-7b", "acme/otter"]);
    assert_eq!(about["older_runs"], 1);
    assert_eq!(label(&data, "acme/heron-7b", "What is 9 + 9?"), None, "that run is an older one");
    assert_eq!(
        label(&data, "acme/heron-7b", "What is 1 + 1?"),
        Some(1.0),
        "the first filter counts"
    );
    assert_eq!(label(&data, "acme/heron-7b", "What is 2 + 2?"), Some(0.0));
    assert_eq!(label(&data, "acme/otter", "The sky is"), Some(0.0));
    let choice = data.questions.iter().find(|q| q.prompt.starts_with("Which one")).unwrap();
    assert_eq!(&*choice.prompt, "Which one flies?\nA. stone\nB. heron");
    assert_eq!(label(&data, "acme/heron-7b", "Which one"), Some(1.0), "acc before acc_norm");
    let Values::Number(sizes) = &data.attributes[0].values else { panic!("{:?}", data.attributes) };
    assert_eq!(sizes[..], [Some(7.25), None]);

    let heron = root.path().join("acme__heron-7b");
    let (data, _) = imported("lm-eval", &heron, &["--filter", "flexible", "--text", "question"]);
    assert_eq!(label(&data, "acme/heron-7b", "What is 1 + 1?"), Some(0.0));
}

#[test]
fn the_same_question_has_the_same_id_wherever_it_comes_from() {
    let root = lm_eval();
    let (whole, _) = imported("lm-eval", root.path(), &[]);
    let (part, _) = imported("lm-eval", &root.path().join("acme__heron-7b"), &[]);
    let id = |data: &Dataset| {
        let question = data.questions.iter().find(|q| q.prompt.starts_with("What is 2"));
        question.unwrap().id.clone()
    };
    assert_eq!(id(&whole), id(&part));
}

#[test]
fn runs_of_helm() {
    let root = tempfile::tempdir().unwrap();
    let run = "runs/v1/mmlu:subject=anatomy,model=acme_heron/";
    let spec = json!({"name": "mmlu:subject=anatomy,method=joint,model=acme_heron",
                      "adapter_spec": {"model": "acme/heron", "max_tokens": 5}});
    put(root.path(), &format!("{run}run_spec.json"), &spec.to_string());
    let reference = |text: &str| json!({"output": {"text": text}, "tags": []});
    let state = json!({"request_states": [
        {"instance": {"id": "id1", "input": {"text": "Which bone?"}, "references": [reference("ulna"), reference("iris")]}},
        {"instance": {"id": "id2", "input": "An old one", "references": [reference("yes")]}},
        {"instance": {"id": "id1", "input": {"text": "WHICH BONE?"}, "perturbation": {"name": "upper"}}},
    ]});
    put(root.path(), &format!("{run}scenario_state.json"), &state.to_string());
    let scored = |id: &str, mean: f64| {
        json!({"instance_id": id, "train_trial_index": 0, "stats": [
            {"name": {"name": "num_bytes", "split": "test"}, "mean": 400.0},
            {"name": {"name": "exact_match", "split": "test"}, "mean": mean}]})
    };
    let stats = json!([scored("id1", 1.0), scored("id2", 0.0), scored("gone", 1.0)]);
    put(root.path(), &format!("{run}per_instance_stats.json"), &stats.to_string());
    let (data, about) = imported("helm", root.path(), &[]);
    assert_eq!(data.categories, ["mmlu/anatomy"]);
    assert_eq!(label(&data, "acme/heron", "Which bone?\nA. ulna\nB. iris"), Some(1.0));
    assert_eq!(label(&data, "acme/heron", "An old one"), Some(0.0));
    assert_eq!(about["unjudged"], 1);

    let to = root.path().join("no");
    let from = root.path().to_str().unwrap();
    let (code, _, error) = import(&["helm", from, "-o", to.to_str().unwrap(), "--metric", "bleu"]);
    assert!(code == 2 && error.contains("num_bytes, exact_match") && !to.exists(), "{error}");
}

#[test]
fn runs_without_a_name_are_passed_over() {
    let root = tempfile::tempdir().unwrap();
    let run = |folder: &str, name: &str, model: &str| {
        let spec = json!({"name": name, "adapter_spec": {"model": model}});
        let state = json!({"request_states": [{"instance": {
            "id": "id1", "input": {"text": "Which bone?"},
            "references": [{"output": {"text": "ulna"}, "tags": ["correct"]}]}}]});
        let stats = json!([{"instance_id": "id1", "train_trial_index": 0, "stats": [
            {"name": {"name": "exact_match", "split": "test"}, "mean": 1.0}]}]);
        for (file, content) in
            [("run_spec", &spec), ("scenario_state", &state), ("per_instance_stats", &stats)]
        {
            let path = format!("{folder}/{file}.json");
            put(root.path(), &path, &content.to_string());
        }
    };
    run("a", "mmlu:model=", "");
    run("b", "mmlu:model=\u{200b}", " ");
    let from = root.path().to_str().unwrap();
    let to = root.path().join("data");
    let to = to.to_str().unwrap();
    let (code, _, error) = import(&["helm", from, "-o", to]);
    assert!(code == 2 && !Path::new(to).exists(), "{error}");
    run("c", "\u{200b}", "acme/heron");
    run("d", "mmlu:subject=anatomy", "acme/heron");
    let (code, _, error) = import(&["helm", from, "-o", to]);
    assert!(code == 0 && error.contains("skipped"), "{error}");
    // The folder of a run names it where nothing else does.
    let data = dataset::load(Path::new(to)).unwrap();
    assert_eq!(data.models, ["acme/heron"]);
}

#[test]
fn annotations_of_alpaca_eval() {
    let root = tempfile::tempdir().unwrap();
    let annotations = json!([
        {"instruction": "Sing.", "generator_1": "ref", "generator_2": "heron", "preference": 2.0, "annotator": "judge"},
        {"instruction": "Dance.", "generator_1": "ref", "generator_2": "heron", "preference": 1.25, "annotator": "judge"},
        {"instruction": "Fly.", "generator_1": "ref", "generator_2": "heron", "preference": null, "annotator": "judge"},
    ]);
    put(root.path(), "heron/judge/annotations.json", &annotations.to_string());
    let (data, about) = imported("alpaca-eval", root.path(), &[]);
    assert_eq!(data.categories, ["alpaca-eval/judge"]);
    assert_eq!(data.kinds, [Kind::Preference], "a win is not a right answer");
    assert_eq!(
        (label(&data, "heron", "Sing."), label(&data, "heron", "Dance.")),
        (Some(1.0), Some(0.25))
    );
    assert_eq!(about["unjudged"], 1);
    assert_eq!(about["tasks"][0]["kind"], "preference");

    let (from, to) = (root.path().to_str().unwrap(), root.path().join("again"));
    let (code, text, _) = import(&["alpaca-eval", from, "-o", to.to_str().unwrap()]);
    assert_eq!(code, 0);
    assert!(text.contains("alpaca-eval/judge (preference)"), "{text}");
    assert!(text.contains("wins over a reference"), "{text}");
    let kinds = fs::read_to_string(to.join("categories.csv")).unwrap();
    assert_eq!(kinds, "category,kind\nalpaca-eval/judge,preference\n");
}

#[test]
fn kinds_are_written_only_where_some_labels_are_not_correctness() {
    let root = lm_eval();
    let to = root.path().join("data");
    let (from, to_name) = (root.path().to_str().unwrap(), to.to_str().unwrap());
    let (code, text, _) = import(&["lm-eval", from, "-o", to_name]);
    assert!(code == 0 && !text.contains("not correctness"), "{text}");
    assert!(to.join("questions.csv").is_file() && !to.join("categories.csv").exists());
    let (data, about) = case("alpaca-eval", "references", &[]);
    assert_eq!(data.kinds, [Kind::Preference; 2], "each reference");
    assert!(about["tasks"].as_array().unwrap().iter().all(|task| task["kind"] == "preference"));
}

#[test]
fn answers_to_mmlu_pro() {
    let root = tempfile::tempdir().unwrap();
    let answer = |question: &str, pred: Value| {
        json!({"question_id": 1, "question": question, "options": ["one", "two"], "answer": "B",
               "answer_index": 1, "category": "math", "pred": pred, "model_outputs": "…"})
    };
    let answers = json!([
        answer("1+1?", json!("B")),
        answer("2-1?", json!("A")),
        answer("3-1?", Value::Null)
    ]);
    put(root.path(), "model_outputs_Heron_7B_5shots.json", &answers.to_string());
    put(root.path(), "otter/math_result.json", &json!([answer("1+1?", json!("A"))]).to_string());
    let (data, _) = imported("mmlu-pro", root.path(), &[]);
    assert_eq!(data.models, ["Heron_7B", "otter"]);
    assert_eq!(data.categories, ["mmlu-pro/math"]);
    assert_eq!(data.kinds, [Kind::Correctness]);
    assert_eq!(label(&data, "Heron_7B", "1+1?\nA. one\nB. two"), Some(1.0));
    assert_eq!(label(&data, "Heron_7B", "3-1?"), Some(0.0), "no letter is a wrong one");
    assert_eq!(label(&data, "otter", "1+1?"), Some(0.0));
}

#[test]
fn with_strict_faults_name_file_and_line_and_write_nothing() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let (from, to) = (root.path().to_str().unwrap().to_owned(), out.to_str().unwrap().to_owned());
    let run = |strict: bool| {
        let more: &[&str] = if strict { &["--strict"] } else { &[] };
        import(&[&["lm-eval", &from, "-o", &to], more].concat())
    };
    let file = format!("heron/samples_sums_{DATE}.jsonl");
    let good = sum(1, "none", true);
    for (content, problem) in [
        (
            format!("{good}\n{{\"doc\": \n"),
            ".jsonl:2: invalid JSON: EOF while parsing a value (column",
        ),
        (
            lines(&[json!({"doc": {"question": "?"}, "bleu": 310.0, "metrics": ["bleu"]})]),
            ": sums: no metric of correctness (there are: bleu)",
        ),
        (lines(&[json!({"doc": {"x": 1}, "acc": 1})]), ":1: no question"),
        (format!("{good}\n[7]\n"), ":2: no record: a list"),
        (String::new(), ": the file is empty"),
    ] {
        put(root.path(), &file, &content);
        let (code, _, error) = run(true);
        assert!(code == 2 && error.contains(problem) && error.contains("--strict"), "{error}");
        assert!(!out.exists());
        if !content.starts_with(&good.to_string()) {
            let (code, _, error) = run(false);
            assert!(code == 2 && error.contains(problem.trim_start_matches(".jsonl")), "{error}");
            assert!(error.contains("nothing to import from"), "{error}");
        }
    }
    put(root.path(), &file, &lines(&[good]));
    assert_eq!(run(true).0, 0);
    let before = fs::read(out.join("questions.csv")).unwrap();
    let (code, _, error) = run(false);
    assert!(code == 2 && error.contains("already exists"), "{error}");
    assert_eq!(fs::read(out.join("questions.csv")).unwrap(), before);
    let hidden = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(".llmap");
    assert!(!fs::read_dir(root.path()).unwrap().flatten().any(|entry| hidden(&entry)));
    let (code, _, error) = import(&["lm-eval", "/no/such/folder", "-o", "x"]);
    assert!(code == 2 && error.contains("no such file or folder"), "{error}");
}

#[test]
fn a_question_is_all_that_the_document_asks() {
    for (name, first) in [
        ("context-body", "A heron catches 0 fish, then two.\nHow many fish?"),
        ("context-premise", "The heron woke up.\ncause\nA. It rained.\nB. It slept."),
        (
            "context-story",
            "Kim feeds the heron.\nWhat will Kim do next?\nA. leave\nB. stay\nC. sing",
        ),
        ("context-unknown", "Who owns it?\nlore: Legend says that the heron owns a lamp."),
        ("context-template", "Legend says that the heron owns a lamp.\nWho owns it?"),
    ] {
        let (data, about) = case("lm-eval", name, &[]);
        assert_eq!(prompts(&data)[0], first, "{name}");
        if name != "context-template" {
            assert_eq!(labels(&data), [0.0, 1.0, 0.0, 1.0], "{name}");
        }
        assert_eq!(about["repeated"], 0, "{name}");
    }
}

#[test]
fn templates_and_hashes_do_not_split_questions() {
    for name in ["chat-templates", "prompts-alone"] {
        let (data, _) = case("lm-eval", name, &[]);
        assert_eq!(
            (data.models.len(), data.questions.len(), data.responses.len()),
            (2, 4, 8),
            "{name}"
        );
    }
    let (data, about) = case("lm-eval", "hashes", &[]);
    assert_eq!(prompts(&data), ["Does a heron fly?"]);
    assert_eq!(labels(&data), [1.0, 0.0, 0.0]);
    assert_eq!((&about["merged_texts"], &about["merged_documents"]), (&json!(1), &json!(1)));
    let (data, about) = case("lm-eval", "twins", &[]);
    assert_eq!((data.questions.len(), &about["split"]), (4, &json!(4)), "one text, four documents");
    assert_eq!(labels(&data), [0.0, 1.0, 0.0, 1.0]);
}

#[test]
fn a_model_is_a_run_and_the_newest_counts() {
    let (data, _) = case("lm-eval", "two-models", &[]);
    assert_eq!(data.models, ["acme/heron", "acme/otter"]);
    assert_eq!(data.responses.len(), 8);
    let (data, about) = case("lm-eval", "rerun", &[]);
    assert_eq!(labels(&data), [1.0; 4]);
    assert_eq!(about["older_runs"], 1);
    assert!(about["reruns"][0]["left_out"].as_str().unwrap().contains("2026-03"), "{about}");
    let (data, about) = case("lm-eval", "variants", &[]);
    let all = [
        "acme/heron",
        "acme/heron (revision=step100)",
        "acme/heron (load_in_4bit=true)",
        "acme/heron (dtype=float16)",
    ];
    assert_eq!(data.models, all);
    assert_eq!(about["clashes"][0]["name"], "acme/heron");
    let (data, _) = case("lm-eval", "old-names", &[]);
    assert_eq!(
        (&data.models[..], &data.categories[..]),
        (&["acme/heron-1b".to_owned()][..], &["arc_easy".to_owned()][..])
    );
}

#[test]
fn a_broken_newer_run_does_not_hide_the_older_one_and_parts_of_a_run_add_up() {
    let root = tempfile::tempdir().unwrap();
    let at = |folder: &str, date: &str| format!("{folder}/acme__heron/samples_sums_{date}.jsonl");
    put(
        root.path(),
        &at("a", "2026-01-01T00-00-00.1"),
        &lines(&[sum(1, "none", true), sum(2, "none", true)]),
    );
    put(root.path(), &at("b", "2026-02-01T00-00-00.1"), "{\"doc\": ");
    put(root.path(), &at("c", "2026-01-01T00-00-00.1"), &lines(&[sum(3, "none", true)]));
    let (data, about) = imported("lm-eval", root.path(), &[]);
    assert_eq!(labels(&data), [1.0; 3]);
    assert_eq!((&about["older_runs"], &about["skipped_rows"]), (&json!(0), &json!(1)));
}

#[test]
fn examples_before_the_question_make_another_model_of_it() {
    let root = tempfile::tempdir().unwrap();
    for (shots, date) in [(0, "2026-01-01T00-00-00.1"), (5, "2026-02-01T00-00-00.1")] {
        let results = json!({"model_name": "acme/heron", "n-shot": {"sums": shots}});
        put(root.path(), &format!("x/results_{date}.json"), &results.to_string());
        put(
            root.path(),
            &format!("x/samples_sums_{date}.jsonl"),
            &lines(&[sum(1, "none", shots == 5)]),
        );
    }
    let (data, _) = imported("lm-eval", root.path(), &[]);
    assert_eq!(label(&data, "acme/heron", "What"), Some(1.0));
    assert_eq!(label(&data, "acme/heron (0-shot)", "What"), Some(0.0));
}

#[test]
fn one_metric_and_one_filter_a_task() {
    let (data, about) = case("lm-eval", "metric-by-row", &[]);
    assert_eq!(labels(&data), [0.0, 1.0, 0.0, 1.0]);
    assert_eq!(about["tasks"][0]["metric"], "bleu_acc");
    assert_eq!(about["tasks"][0]["other_metrics"], json!(["bleu_max", "bleu_diff"]));
    let (data, about) = case("lm-eval", "metric-by-row", &["--metric", "truths=bleu_max"]);
    assert_eq!(labels(&data), [0.005, 0.2, 0.0075, 0.9]);
    assert_eq!(about["tasks"][0]["percent"], true);
    let (data, about) = case("lm-eval", "percent", &[]);
    assert_eq!(
        (labels(&data), &about["tasks"][0]["percent"]),
        (vec![0.0, 1.0, 0.0, 1.0], &json!(true))
    );

    let (data, about) = case("lm-eval", "filters", &[]);
    assert_eq!(labels(&data), [0.0; 3]);
    let task = &about["tasks"][0];
    assert_eq!((&task["filter"], &task["other_filters"]), (&json!("strict"), &json!(["flexible"])));
    for choice in ["flexible", "sums=flexible", "s*=flexible"] {
        assert_eq!(labels(&case("lm-eval", "filters", &["--filter", choice]).0), [1.0; 3]);
    }
    let from = fixture("filters");
    for (option, choice, problem) in [
        ("--filter", "loose", "no filter is called `loose` (there are: strict, flexible)"),
        ("--metric", "sums=acc", "no metric of sums is called `acc` (there are: exact_match)"),
        ("--metric", "sum=acc", "no task is called `sum` (there are: sums)"),
    ] {
        let (code, _, error) =
            import(&["lm-eval", from.to_str().unwrap(), "--dry-run", option, choice]);
        assert!(code == 2 && error.contains(problem), "{error}");
    }
    let (_, text, _) = import(&["lm-eval", from.to_str().unwrap(), "--dry-run"]);
    assert!(text.contains("strict (not: flexible)"), "{text}");
}

#[test]
fn what_is_odd_is_passed_over_and_listed() {
    let (data, about) = case("lm-eval", "null-metric", &[]);
    assert_eq!(labels(&data), [1.0, 0.0]);
    let skip = &about["skipped"][0];
    assert!(skip["file"].as_str().unwrap().contains("samples_sums"), "{about}");
    assert_eq!(
        (&skip["line"], &skip["reason"]),
        (&json!(1), &json!("no score: `exact_match` is not a number"))
    );

    let (data, about) = case("lm-eval", "odd-task", &[]);
    assert_eq!((data.questions.len(), &about["skipped_tasks"]), (4, &json!(1)));
    let (data, about) = case("mmlu-pro", "stray", &[]);
    assert_eq!(labels(&data), [1.0, 0.0, 0.0]);
    assert_eq!((&about["skipped_rows"], &about["skipped"][0]["rows"]), (&json!(3), &json!(3)));

    let from = fixture("odd-task");
    let (code, _, error) = import(&["lm-eval", from.to_str().unwrap(), "--dry-run"]);
    assert!(
        code == 0 && error.contains("skipped 1 task, 2 rows") && error.contains("word_perplexity"),
        "{error}"
    );
    let (code, _, error) = import(&["lm-eval", from.to_str().unwrap(), "--dry-run", "--strict"]);
    assert!(code == 2 && error.contains("word_perplexity"), "{error}");
}

#[test]
fn nothing_usable_is_one_error_with_what_was_found() {
    for (format, name, problem) in [
        ("alpaca-eval", "nothing-judged", "none of its answers has a score (answers: 2"),
        ("lm-eval", "pointer", "a Git LFS pointer instead of the file: run `git lfs pull`"),
        ("helm", "filters", "looked for run_spec.json"),
        ("mmlu-pro", "two-models/results", "looked for model_outputs_MODEL_5shots.json"),
    ] {
        let from = fixture(name);
        let (code, _, error) = import(&[format, from.to_str().unwrap(), "--dry-run"]);
        assert!(code == 2 && error.contains(problem), "{error}");
        assert_eq!(error.matches("nothing to import from").count(), 1, "{error}");
    }
}

#[test]
fn a_pointer_of_git_lfs_is_called_one_everywhere() {
    let root = tempfile::tempdir().unwrap();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n";
    put(root.path(), "x.safetensors", pointer);
    for table in ["questions", "models", "responses"] {
        put(root.path(), &format!("data/{table}.csv"), pointer);
    }
    for name in ["x.safetensors", "data"] {
        let out =
            cargo_bin_cmd!("llmap").arg("inspect").arg(root.path().join(name)).output().unwrap();
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(error.contains("a Git LFS pointer") && error.contains("git lfs pull"), "{error}");
        assert_eq!(out.status.code(), Some(2));
    }
}

#[test]
fn files_in_every_wrapping() {
    let plain = fs::read_to_string(
        fixture("json-ending/acme__heron").join("samples_birds_2026-03-02T08-15-00.250000.json"),
    )
    .unwrap();
    let rows: Vec<Value> = plain.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let utf16 = |text: &str| -> Vec<u8> {
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    };
    let packed = |text: &str| {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        gz.finish().unwrap()
    };
    let pretty: Vec<String> =
        rows.iter().map(|row| serde_json::to_string_pretty(row).unwrap()).collect();
    let wrappings: [(&str, Vec<u8>, usize); 11] = [
        ("a list", serde_json::to_vec(&rows).unwrap(), 0),
        ("documents over lines", pretty.join("\n").into_bytes(), 0),
        ("a mark before it", ["\u{feff}", &plain].concat().into_bytes(), 0),
        ("UTF-16", utf16(&plain), 0),
        ("line ends of Windows", plain.replace('\n', "\r\n\r\n").into_bytes(), 0),
        ("gzip by another name", packed(&plain), 0),
        ("no line ends", plain.replace('\n', "").into_bytes(), 0),
        ("zero bytes behind it", [plain.as_bytes(), &[0; 64]].concat(), 0),
        ("control characters", plain.replace("Does a", "Does\ta").into_bytes(), 0),
        ("half a pair", plain.replace("fly?", "fly\\ud83d?").into_bytes(), 0),
        ("text behind it", [plain.as_bytes(), b"-- done\n"].concat(), 1),
    ];
    for (what, bytes, skipped) in wrappings {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("acme__heron/samples_birds.jsonl");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, bytes).unwrap();
        let (data, about) = imported("lm-eval", root.path(), &[]);
        assert_eq!(labels(&data), [0.0, 1.0, 0.0, 1.0], "{what}");
        assert_eq!(about["skipped_rows"], skipped, "{what}");
    }
    for name in ["list", "json-ending", "not-a-number", "link/snapshots"] {
        let (data, about) = case("lm-eval", name, &[]);
        assert_eq!(labels(&data), [0.0, 1.0, 0.0, 1.0], "{name}");
        assert_eq!(about["skipped_rows"], 0, "{name}");
    }
    for path in ["zip", "zip/model_outputs_Heron_5shots.zip"] {
        assert_eq!(labels(&case("mmlu-pro", path, &[]).0), [1.0, 0.0, 0.0]);
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_the_same_file_counts_once() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "blobs/samples_sums.jsonl", &lines(&[sum(1, "none", true)]));
    fs::create_dir_all(root.path().join("main/acme__heron")).unwrap();
    let link = format!("main/acme__heron/samples_sums_{DATE}.jsonl");
    symlink("../../blobs/samples_sums.jsonl", root.path().join(&link)).unwrap();
    symlink("..", root.path().join("main/loop")).unwrap();
    symlink("nowhere", root.path().join("main/acme__heron/samples_lost.jsonl")).unwrap();
    let (data, about) = imported("lm-eval", &root.path().join("main"), &[]);
    assert_eq!((data.models, data.responses.len()), (vec!["acme/heron".to_owned()], 1));
    assert_eq!(about["skipped"][0]["reason"], "the link is broken");
    assert_eq!(about["older_runs"], 0);
}

#[test]
fn helm_runs_each_by_their_own_metric() {
    let (data, about) = case("helm", "helm", &[]);
    assert_eq!(data.categories, ["ifeval", "narrative_qa", "wmt_14/cs-en"]);
    let metrics: Vec<&Value> =
        about["tasks"].as_array().unwrap().iter().map(|task| &task["metric"]).collect();
    assert_eq!(metrics, ["ifeval_strict_accuracy", "f1_score", "bleu_4"]);
    assert_eq!(labels(&data), [0.0, 1.0, 0.25, 0.75, 0.5, 0.75]);
    assert_eq!(about["skipped_files"], 1, "a run without a model: {about}");
    let (data, _) = case("helm", "helm", &["--metric", "ifeval=exact_match"]);
    assert_eq!(labels(&data), [0.0, 0.0, 0.25, 0.75, 0.5, 0.75]);
}

#[test]
fn draws_and_references_of_alpaca_eval() {
    assert_eq!(labels(&case("alpaca-eval", "draws", &[]).0), [0.5, 0.5, 1.0]);
    let (data, about) = case("alpaca-eval", "references", &[]);
    assert_eq!(
        data.categories,
        ["alpaca-eval/judge against other", "alpaca-eval/judge against ref"]
    );
    assert_eq!((labels(&data), &about["skipped_rows"]), (vec![0.0, 1.0], &json!(1)));
}

#[test]
fn a_dry_run_shows_all_and_writes_nothing() {
    let root = lm_eval();
    let before = fs::read_dir(root.path()).unwrap().count();
    let out = root.path().join("data");
    let (from, to) = (root.path().to_str().unwrap(), out.to_str().unwrap());
    let (code, text, _) = import(&["lm-eval", from, "-o", to, "--dry-run"]);
    assert_eq!(code, 0);
    for part in [
        "acme/heron-7b",
        "acme/otter",
        "gsm8k_cot",
        "exact_match",
        "strict (not: flexible)",
        "What is 1 + 1?",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), before);
    let (_, text, _) = import(&["lm-eval", from, "--dry-run", "--json"]);
    let about: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(about["model_names"], json!(["acme/heron-7b", "acme/otter"]));
    assert!(about["data"].is_null() && about["first_rows"][0]["prompt"].is_string(), "{about}");
}

#[test]
fn nothing_from_a_file_steers_the_terminal() {
    let root = tempfile::tempdir().unwrap();
    let name = "acme\u{1b}]0;x\u{7}";
    put(
        root.path(),
        "r/results_2026-01-01T00-00-00.1.json",
        &json!({"model_name": name}).to_string(),
    );
    let sample =
        json!({"doc": {"question": "\u{1b}[2JWhy?\u{9b}"}, "acc\u{1b}": 1, "filter": "\u{1b}x"});
    put(
        root.path(),
        "r/samples_t\u{1b}_2026-01-01T00-00-00.1.jsonl",
        &format!("{sample}\n\u{1b}[2J\n"),
    );
    for more in [
        &["--dry-run"][..],
        &["--dry-run", "--json"],
        &["--dry-run", "--strict"],
        &["--dry-run", "--metric", "\u{1b}"],
    ] {
        let (_, text, error) =
            import(&[&["lm-eval", root.path().to_str().unwrap()], more].concat());
        let steers = |c: char| c != '\n' && c.is_control();
        assert!(!text.chars().chain(error.chars()).any(steers), "{text:?} {error:?}");
    }
}

#[test]
fn answers_that_only_another_filter_gave_are_counted() {
    let root = tempfile::tempdir().unwrap();
    let only = |n: u32, filter: &str| {
        let mut sample = sum(n, filter, true);
        sample["doc_hash"] = json!(n);
        sample
    };
    let samples = [only(1, "strict"), only(1, "flexible"), only(2, "flexible")];
    put(root.path(), &format!("m/samples_t_{DATE}.jsonl"), &lines(&samples));
    let (data, about) = imported("lm-eval", root.path(), &[]);
    assert_eq!((data.responses.len(), &about["skipped_rows"]), (1, &json!(1)), "{about}");
    // No filter, and the one that is none, are the same.
    let mut samples = [only(1, "none"), only(2, "none"), only(3, "none")];
    samples[0]["filter"] = Value::Null;
    put(root.path(), &format!("m/samples_t_{DATE}.jsonl"), &lines(&samples));
    assert_eq!(imported("lm-eval", root.path(), &[]).0.responses.len(), 3);
}

#[test]
fn folders_in_any_script_name_models() {
    let root = tempfile::tempdir().unwrap();
    for (folder, right) in [("模型一二三", true), ("Яндекс", false)] {
        let path = format!("{folder}/samples_t_{DATE}.jsonl");
        put(root.path(), &path, &lines(&[sum(1, "none", right)]));
    }
    let (data, _) = imported("lm-eval", root.path(), &[]);
    assert_eq!(label(&data, "模型一二三", "What"), Some(1.0));
    assert_eq!(label(&data, "Яндекс", "What"), Some(0.0));
}

#[test]
fn one_row_with_another_metric_displaces_nothing() {
    let root = tempfile::tempdir().unwrap();
    let mut samples: Vec<Value> = (0..20).map(|n| sum(n, "none", true)).collect();
    samples.iter_mut().enumerate().for_each(|(n, sample)| sample["doc_hash"] = json!(n));
    let odd = json!({"doc_id": 20, "filter": null, "doc": {"question": "Why?"}, "metrics": ["acc"], "acc": 1.0});
    samples.push(odd);
    put(root.path(), &format!("m/samples_t_{DATE}.jsonl"), &lines(&samples));
    let (data, about) = imported("lm-eval", root.path(), &[]);
    assert_eq!((data.responses.len(), &about["skipped_rows"]), (20, &json!(1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a line holds, the import ends with an error or a data set, never in a panic.
    #[test]
    fn no_line_is_too_strange(text in "\\PC{0,40}", number in any::<f64>(), flag: bool) {
        let root = tempfile::tempdir().unwrap();
        for sample in [
            json!({"doc": {"question": text}, "acc": number}),
            json!({"doc": text, "arguments": [[text]], "metrics": [text], text.clone(): flag}),
            json!({"doc": {"query": text, "choices": [text, number, null]}, "filter": text, "acc": flag}),
            json!({"arguments": {"gen_args_0": {"arg_0": [text]}}, "exact_match": flag}),
            json!([text]),
            json!({"doc_hash": text, "doc_id": number, "doc": {text.clone(): {text.clone(): [number, text]}}, "metrics": ["acc"], "acc": number * 100.0}),
        ] {
            put(root.path(), "m/samples_t.jsonl", &lines(&[sample]));
            let read = llmap::import::import(
                llmap::import::Format::LmEval,
                &[root.path().to_owned()],
                &llmap::import::Options::default(),
                &mut llmap::Progress::silent(),
            );
            if let Ok(records) = read {
                let data = root.path().join("data");
                records.write(&data, dataset::Form::Csv).unwrap();
                prop_assert!(dataset::load(&data).is_ok());
                fs::remove_dir_all(&data).unwrap();
            }
        }
    }
}

#[test]
fn a_row_that_is_too_long_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.csv");
    let long = "x".repeat(18 << 20);
    fs::write(&path, format!("question,heron,newt\nWhat?,1,0\n\"{long}\",1,0\n")).unwrap();
    let run = assert_cmd::cargo::cargo_bin_cmd!("llmap")
        .args(["import", "wide", "--dry-run"])
        .arg(&path)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stderr);
    assert!(told.contains("from line 3 on: a row is longer than 16 MiB"), "{told}");
}
