//! `llmap merge`: several data sets as one; and the first try with very little data.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use assert_cmd::cargo::cargo_bin_cmd;
use llmap::dataset::{self, Dataset, Split};
use serde_json::{Value, json};

fn llmap(arguments: &[&str]) -> (i32, String, String) {
    let out = cargo_bin_cmd!("llmap").args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code().unwrap(), text(&out.stdout), text(&out.stderr))
}

fn put(root: &Path, name: &str, questions: &str, models: &str, responses: &str) -> String {
    let folder = root.join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("questions.csv"), questions).unwrap();
    fs::write(folder.join("models.csv"), models).unwrap();
    fs::write(folder.join("responses.csv"), responses).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// Two data sets that share models, questions and an answer on which they differ.
fn two(root: &Path) -> [String; 2] {
    let a = put(
        root,
        "a",
        "prompt_id,category,split,prompt\n1,birds,train,Does a heron fly?\n2,birds,test,Does a stone fly?\n",
        "model_id,model_name,family,params_b\n0,acme/Heron-7B,heron,7\n1,otter-chat,,\n2,lynx-8b,,8\n",
        "prompt_id,model_id,label\n1,0,1\n2,0,0\n1,1,0.5\n1,2,1\n",
    );
    let b = put(
        root,
        "b",
        "prompt_id,category,split,prompt\n1,sums,train,What is 1 + 1?\n2,flight,val,\"Does a  heron\nfly?\"\n",
        "model_id,model_name,family,coder\n0,heron_7b,wader,0\n1,Otter Chat,mustelid,1\n2,lynx-80b,,0\n3,lynx-8bx,,\n",
        "prompt_id,model_id,label\n1,0,1\n2,0,0\n2,1,0.5\n1,2,1\n1,3,0\n",
    );
    [a, b]
}

fn label(data: &Dataset, model: &str, question: &str) -> Option<f32> {
    let m = data.models.iter().position(|name| name == model)?;
    let q = data.questions.iter().position(|q| &*q.prompt == question)?;
    data.responses.of(q).find(|(of, _)| *of == m).map(|(_, y)| y)
}

#[test]
fn several_data_sets_are_one() {
    let root = tempfile::tempdir().unwrap();
    let [a, b] = two(root.path());
    for form in ["csv", "parquet"] {
        let to = root.path().join(form);
        let to = to.to_str().unwrap();
        let (code, text, error) = llmap(&["merge", &a, &b, "-o", to, "--json", "--format", form]);
        assert_eq!(code, 0, "{error}");
        let data = dataset::load(Path::new(to)).unwrap();
        let report = serde_json::from_str::<Value>(&text).unwrap()["report"].clone();
        assert_eq!(data.models, ["acme/Heron-7B", "otter-chat", "lynx-8b", "lynx-80b", "lynx-8bx"]);
        assert_eq!(
            report["renamed"],
            json!([["acme/Heron-7B", "heron_7b"], ["otter-chat", "Otter Chat"]])
        );
        // The one named first goes before the other, and what differs is listed.
        assert_eq!(label(&data, "acme/Heron-7B", "Does a heron fly?"), Some(1.0));
        assert_eq!(
            (report["conflicting"].clone(), report["repeated"].clone()),
            (json!(1), json!(1))
        );
        let conflict = &report["conflicts"][0];
        assert_eq!((&conflict["kept"], &conflict["dropped"]), (&json!(1.0), &json!(0.0)));
        assert_eq!(conflict["data_set"], 2);
        // One text is one question, of the first category, in the split that is held out furthest.
        assert_eq!(data.questions.len(), 3);
        let splits: Vec<Split> = data.questions.iter().map(|question| question.split).collect();
        assert_eq!(splits, [Split::Val, Split::Test, Split::Train]);
        assert_eq!(data.categories, ["birds", "sums"]);
        let ids: Vec<&str> = data.questions.iter().map(|question| &*question.id).collect();
        assert_eq!(ids, ["1", "2", "1-2"]);
        let of = |name: &str| {
            let column = data.attributes.iter().find(|one| one.name == name).unwrap();
            (0..data.models.len()).map(|m| column.values.text(m)).collect::<Vec<_>>()
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(of("family"), [text("heron"), text("mustelid"), None, None, None]);
        assert_eq!(of("coder"), [text("no"), text("yes"), None, text("no"), None]);
        assert_eq!(report["attribute_conflicts"], 1);
    }
}

#[test]
fn one_category_of_two_kinds_is_two() {
    let root = tempfile::tempdir().unwrap();
    let set = |name: &str, kind: Option<&str>, text: &str| {
        let questions =
            format!("prompt_id,category,split,prompt\n1,x,train,{text}\n2,x,val,{text} Why?\n");
        let folder = put(
            root.path(),
            name,
            &questions,
            "model_id,model_name\n0,m\n",
            "prompt_id,model_id,label\n1,0,1\n2,0,0\n",
        );
        if let Some(kind) = kind {
            fs::write(
                root.path().join(name).join("categories.csv"),
                format!("category,kind,description\nx,{kind},songs\n"),
            )
            .unwrap();
        }
        folder
    };
    let (a, b) = (set("a", Some("preference"), "Sing."), set("b", None, "Sing."));
    let to = root.path().join("c");
    let to = to.to_str().unwrap();
    assert_eq!(llmap(&["merge", &a, &b, "-o", to]).0, 0);
    let data = dataset::load(Path::new(to)).unwrap();
    assert_eq!(data.categories, ["x", "x (correctness)"]);
    assert_eq!(data.kinds, [dataset::Kind::Preference, dataset::Kind::Correctness]);
    assert_eq!(data.descriptions, ["songs", ""]);
    assert_eq!(data.questions.len(), 4, "a preference is no right answer");
}

#[test]
fn near_names_are_listed_and_kept_apart_unless_the_user_says_so() {
    let root = tempfile::tempdir().unwrap();
    let [a, b] = two(root.path());
    let to = root.path().join("c");
    let (code, text, _) = llmap(&["merge", &a, &b, "-o", to.to_str().unwrap()]);
    assert!(code == 0 && text.contains("matched as one model:"), "{text}");
    assert!(!text.contains("lynx-8b — lynx-80b"), "another number is another model: {text}");
    let to = root.path().join("d");
    let to = to.to_str().unwrap();
    let (code, _, error) = llmap(&["merge", &a, &b, "-o", to, "--rename", "lynx-8bx=lynx-8b"]);
    assert_eq!(code, 0, "{error}");
    let data = dataset::load(Path::new(to)).unwrap();
    assert_eq!(label(&data, "lynx-8b", "What is 1 + 1?"), Some(0.0));
    let (code, _, error) = llmap(&["merge", &a, "-o", "x", "--rename", "lynx-8bb=y"]);
    assert!(code == 2 && error.contains("did you mean `lynx-8b`?"), "{error}");
    let (code, _, error) = llmap(&["merge", &a, "-o", to]);
    assert!(code == 2 && error.contains("already exists"), "{error}");
}

#[test]
fn attributes_are_joined_and_guesses_are_called_so() {
    let root = tempfile::tempdir().unwrap();
    let [a, _] = two(root.path());
    let prices = root.path().join("prices.csv");
    let rows = "model_name,cost_in,release_date,family\nHERON-7b,0.25,2024-07-23,wader\nnobody,1,2020-01-01,x\n";
    fs::write(&prices, rows).unwrap();
    let to = root.path().join("c");
    let to = to.to_str().unwrap();
    let with = ["--attributes", prices.to_str().unwrap(), "--guess", "--json"];
    let (code, text, error) = llmap(&[&["merge", &a, "-o", to][..], &with].concat());
    assert_eq!(code, 0, "{error}");
    let about: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(about["report"]["unused_attributes"], json!(["nobody"]));
    let data = dataset::load(Path::new(to)).unwrap();
    let of = |name: &str| {
        let column = data.attributes.iter().find(|one| one.name == name);
        column.and_then(|column| column.values.text(0))
    };
    assert_eq!(of("cost_in").as_deref(), Some("0.25"));
    assert_eq!(of("release").as_deref(), Some("2024.56"));
    assert_eq!(of("family").as_deref(), Some("wader"), "the table goes before the data");
    assert_eq!(of("guessed_params_b").as_deref(), Some("7"));
    assert_eq!(of("params_b").as_deref(), Some("7"));
}

#[test]
fn the_first_try_works_with_one_model_and_a_few_questions() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("results/acme__heron-7b");
    fs::create_dir_all(&folder).unwrap();
    for task in ["arc_easy", "gsm8k"] {
        let sample = |n: u32| {
            let doc =
                json!({"question": format!("Question {n} of {task}: what is {n} times {n}?")});
            json!({"doc_id": n, "doc": doc, "acc": f64::from(n % 3 % 2), "metrics": ["acc"]})
        };
        let lines: Vec<String> = (0..11).map(|n| sample(n).to_string()).collect();
        let name = format!("samples_{task}_2026-01-01T10-00-00.123456.jsonl");
        fs::write(folder.join(name), lines.join("\n")).unwrap();
    }
    let at = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let (code, text, error) = llmap(arguments);
        assert_eq!(code, 0, "{arguments:?}: {error}");
        text
    };
    run(&["import", "lm-eval", &at("results"), "-o", &at("data")]);
    let text = run(&["train", &at("data"), "-o", &at("e.safetensors")]);
    for part in [
        "1 model ×",
        "nothing to compare",
        "training questions: accuracies are known to",
        "--guess",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = run(&["route", &at("e.safetensors"), "What is 3 times 3?"]);
    assert!(text.contains(" heron-7b ") && !text.contains("acme/heron-7b"), "{text}");
    assert!(text.contains("heron-7b is the only candidate"), "{text}");
    let text = run(&["route", &at("e.safetensors"), "What is 3 times 3?", "--json"]);
    assert!(text.contains("\"acme/heron-7b\""), "full names in JSON: {text}");
    let text = run(&["explore", &at("e.safetensors"), "--plain"]);
    assert!(text.starts_with("1 model of data") && text.contains("nothing to compare"));
    run(&["export", &at("e.safetensors"), "--map", &at("map.svg")]);
    run(&["evaluate", &at("e.safetensors"), &at("data")]);
    run(&["forecast", &at("e.safetensors"), "--model", "heron-7b"]);
}
