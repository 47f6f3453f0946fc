//! `llmap import`: what other evaluation programs wrote, as a data set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Write;
use std::path::Path;

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
    let (code, said, error) = import(&[&[format, from, "-o", to, "--json"], more].concat());
    assert_eq!(code, 0, "{error}");
    (dataset::load(&data).unwrap(), serde_json::from_str(&said).unwrap())
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
fn faults_name_file_and_line_and_write_nothing() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let (from, to) = (root.path().to_str().unwrap().to_owned(), out.to_str().unwrap().to_owned());
    let run = || import(&["lm-eval", &from, "-o", &to]);
    let file = format!("heron/samples_sums_{DATE}.jsonl");
    for (content, said) in [
        (
            format!("{}\n{{\"doc\": \n", sum(1, "none", true)),
            ".jsonl:2: EOF while parsing a value (column",
        ),
        (
            lines(&[json!({"doc": {"question": "?"}, "bleu": 31.0, "metrics": ["bleu"]})]),
            ":1: no metric of right or wrong (there are: bleu)",
        ),
        (lines(&[json!({"doc": {"x": 1}, "acc": 1})]), ":1: no question"),
        (String::new(), "no samples_*.jsonl is there"),
    ] {
        put(root.path(), &file, &content);
        let (code, _, error) = run();
        assert!(code == 2 && error.contains(said), "{error}");
        assert!(!out.exists());
    }
    put(root.path(), &file, &lines(&[sum(1, "none", true)]));
    assert_eq!(run().0, 0);
    let before = fs::read(out.join("questions.csv")).unwrap();
    let (code, _, error) = run();
    assert!(code == 2 && error.contains("is there already"), "{error}");
    assert_eq!(fs::read(out.join("questions.csv")).unwrap(), before);
    let hidden = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(".llmap");
    assert!(!fs::read_dir(root.path()).unwrap().flatten().any(|entry| hidden(&entry)));
    let (code, _, error) = import(&["lm-eval", "/no/such/folder", "-o", "x"]);
    assert!(code == 2 && error.contains("no such file or folder"), "{error}");
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
        ] {
            put(root.path(), "m/samples_t.jsonl", &lines(&[sample]));
            let read = llmap::import::import(
                llmap::import::Format::LmEval,
                &[root.path().to_owned()],
                &llmap::import::Options::default(),
                &mut |_, _| {},
                &std::sync::atomic::AtomicBool::new(false),
            );
            if let Ok(records) = read {
                let data = root.path().join("data");
                records.write(&data).unwrap();
                prop_assert!(dataset::load(&data).is_ok());
                fs::remove_dir_all(&data).unwrap();
            }
        }
    }
}
