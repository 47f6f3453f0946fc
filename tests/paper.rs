//! The paper's own weights: read exactly, and never run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::cargo::cargo_bin_cmd;
use llmap::embedder::Paper;
use serde_json::Value;

const QUESTIONS: [&str; 3] = ["Does a heron fly?", "Does an otter swim?", "Why, or not?"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/paper")
}

fn fixture(name: &str) -> String {
    fixtures().join(name).to_str().unwrap().to_owned()
}

fn llmap(arguments: &[&str]) -> (i32, String, String) {
    let out = cargo_bin_cmd!("llmap").args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code().unwrap(), text(&out.stdout), text(&out.stderr))
}

fn json(arguments: &[&str]) -> Value {
    let (code, text, error) = llmap(arguments);
    assert_eq!(code, 0, "{arguments:?}: {error}");
    serde_json::from_str(&text).unwrap()
}

fn expected() -> Vec<Vec<f32>> {
    let text = fs::read_to_string(fixtures().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The weights in a file of llmap's own.
fn imported(folder: &Path) -> String {
    let file = folder.join("paper.safetensors").to_str().unwrap().to_owned();
    let about = json(&["import", "paper", &fixture(""), "-o", &file, "--json"]);
    assert_eq!((&about["dimensions"], &about["questions"]), (&4.into(), &3.into()));
    file
}

#[test]
fn forecasts_are_those_of_the_papers_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = imported(folder.path());
    let paper = Paper::load(Path::new(&file)).unwrap().unwrap();
    assert_eq!(paper.models[..2], ["otter-code-0", "acme/heron-1b"], "in the order of the ids");
    let predict = |texts: &[&str]| paper.predict(texts, &mut llmap::Progress::silent());
    let found = predict(&QUESTIONS).unwrap();
    for (row, wanted) in found.rows().into_iter().zip(expected()) {
        assert_eq!(row.len(), wanted.len());
        assert!(row.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{row} {wanted:?}");
    }
    if llmap::hub::cached("mpnet").is_none() {
        let problem = predict(&["Another text."]).unwrap_err().to_string();
        assert!(problem.contains("llmap fetch mpnet"), "{problem}");
    }
    let about = json(&["inspect", &file, "--json"]);
    assert_eq!((&about["kind"], &about["forecasts"]), (&"paper-weights".into(), &true.into()));
}

#[test]
fn vectors_alone_are_mapped_probed_and_exported() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let file = at("vectors.safetensors");
    let [vectors, order] = ["model_embeddings.pth", "model_order.csv"].map(fixture);
    let about = json(&["import", "paper", &vectors, &order, "-o", &file, "--json"]);
    assert_eq!(
        (&about["forecasts"], &about["models"].as_array().unwrap().len()),
        (&false.into(), &12)
    );
    let whole = imported(folder.path());
    for name in ["v.npy", "v.csv", "v.tsv"] {
        let from = [&file, &whole].map(|file| {
            assert_eq!(llmap(&["export", file, "--vectors", &at(name)]).0, 0);
            fs::read(at(name)).unwrap()
        });
        assert!(from[0] == from[1] && !from[0].is_empty(), "the same vectors: {name}");
    }
    for (name, begins) in [("m.svg", &b"<svg"[..]), ("m.png", b"\x89PNG"), ("m.html", b"<!doctype")]
    {
        let (code, _, error) = llmap(&["export", &file, "--map", &at(name)]);
        assert!(code == 0 && fs::read(at(name)).unwrap().starts_with(begins), "{error}");
    }
    assert_eq!(llmap(&["export", &file, "--atlas", &at("a.parquet")]).0, 0);
    let communities = json(&["probe", &file, "--communities", "code", "--json"]);
    assert_eq!(communities[0]["models"], 6);
    let rules = at("rules.csv");
    fs::write(&rules, "regex,attribute,value\ncode,coder,1\n.,coder,0\n").unwrap();
    let report = json(&["probe", &file, "coder", "--rules", &rules, "--shuffles", "9", "--json"]);
    assert_eq!(report[0]["models"], 12);
    for arguments in [
        &["route", &file, "2+2=?"][..],
        &["export", &file, "--pane", "models"],
        &["forecast", &file],
    ] {
        let (code, _, error) = llmap(arguments);
        assert!(code == 2 && error.contains("the paper's weights"), "{error}");
    }
}

#[test]
fn the_weights_are_judged_on_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let paper = imported(folder.path());
    let (data, mine) = (at("data"), at("mine.safetensors"));
    fs::create_dir(&data).unwrap();
    let names = Paper::load(Path::new(&paper)).unwrap().unwrap().models;
    let label = |q: usize, m: usize| usize::from((q * 5 + m * 7).is_multiple_of(3));
    let mut questions = "prompt_id,prompt,category,split\n".to_owned();
    let mut responses = "prompt_id,model_id,label\n".to_owned();
    let mut models = "model_id,model_name\n".to_owned();
    for (q, text) in QUESTIONS.iter().enumerate() {
        let split = if q == 2 { "val" } else { "train" };
        questions += &format!("{q},\"{text}\",birds,{split}\n");
        (0..names.len()).for_each(|m| responses += &format!("{q},{m},{}\n", label(q, m)));
    }
    names.iter().enumerate().for_each(|(m, name)| models += &format!("{m},{name}\n"));
    for (stem, table) in [("questions", questions), ("models", models), ("responses", responses)] {
        fs::write(Path::new(&data).join(format!("{stem}.csv")), table).unwrap();
    }
    assert_eq!(llmap(&["train", &data, "-o", &mine, "--dim", "8", "-q"]).0, 0);
    let judge = ["evaluate", &mine, &data, "--weights", &paper, "--no-reference", "--json", "-q"];
    let found = &json(&judge)["predictors"]["paper-weights"];
    let loss = |m: usize| {
        let p = f64::from(expected()[2][m]);
        if label(2, m) == 1 { -p.ln() } else { -(1.0 - p).ln() }
    };
    let wanted = (0..names.len()).map(loss).sum::<f64>() / names.len() as f64;
    assert!((found["nll"].as_f64().unwrap() - wanted).abs() < 1e-5, "{found} {wanted}");
    let (code, _, error) = llmap(&["evaluate", &mine, &data, "--weights", &mine]);
    assert!(code == 2 && error.contains("llmap import paper"), "{error}");
}

#[test]
fn a_file_that_would_run_a_program_is_refused_and_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let order = fixture("model_order.csv");
    for name in ["call_beside.pth", "call_alone.pth"] {
        let to = folder.path().join("paper.safetensors");
        let from = fixture(name);
        let arguments = ["import", "paper", &from, &order, "-o", to.to_str().unwrap()];
        let out = cargo_bin_cmd!("llmap").args(arguments).current_dir(&folder).output().unwrap();
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{error}");
        assert!(error.contains("posix.system") && error.contains(name), "{error}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing ran and nothing is written");
    }
}

#[test]
fn what_does_not_fit_together_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("model_order.csv");
    fs::write(&short, "model_id,model_name\n0,heron\n1,otter\n").unwrap();
    let [model, questions, order, texts] =
        ["saved_model.pth", "question_embeddings.pth", "model_order.csv", "question_order.csv"]
            .map(|name| fixtures().join(name));
    for (paths, wanted) in [
        (vec![model.clone()], "model_order.csv"),
        (vec![order.clone()], "saved_model.pth"),
        (vec![model.clone(), short], "lists 2 models where"),
        (vec![questions, order.clone()], "vectors of the models are missing"),
        (vec![fixtures().join("make.py"), order.clone()], "no column"),
        (vec![fixtures().join("../import")], "contains none of saved_model.pth"),
    ] {
        let error = Paper::import(&paths).unwrap_err();
        let text = error.to_string();
        let either = text.contains(wanted) || text.contains("neither an order");
        assert!(either && error.exit_code() == 2, "{text}");
    }
    assert_eq!(Paper::import(&[model.clone(), order.clone()]).unwrap().questions(), 0);
    assert_eq!(Paper::import(&[model, order, texts]).unwrap().questions(), 3);
}

#[test]
fn no_bytes_make_the_reader_panic_or_take_memory() {
    let folder = tempfile::tempdir().unwrap();
    let order = fixtures().join("model_order.csv");
    for name in ["saved_model.pth", "model_embeddings.pth"] {
        let whole = fs::read(fixtures().join(name)).unwrap();
        let path = folder.path().join(name);
        let mut read = 0;
        for at in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            fs::write(&path, &bytes).unwrap();
            read += usize::from(Paper::import(&[path.clone(), order.clone()]).is_ok());
        }
        assert!(read < whole.len() / 7, "some of them were seen");
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(Paper::import(&[path, order.clone()]).is_err());
    }
}
