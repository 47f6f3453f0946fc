//! `llmap export`: the map, the vectors and the tables of the panes as files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use assert_cmd::cargo::cargo_bin_cmd;

fn export(arguments: &[&str]) -> (i32, String) {
    let out = cargo_bin_cmd!("llmap").arg("export").args(arguments).output().unwrap();
    (out.status.code().unwrap(), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn the_shipped_map_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, more, begins, dots) in [
        ("a.svg", &["--prompt", "What is 2+2?"][..], "<svg", 557),
        (
            "b.html",
            &["--color", "cluster", "--projection", "t-sne", "--theme", "dark"],
            "<!doctype",
            557,
        ),
        ("c.csv", &["--color", "gsm8k"], "model_name,accuracy on gsm8k,pc1,", 0),
    ] {
        let file = path(name);
        let (code, error) = export(&[&["--map", &file], more].concat());
        assert_eq!(code, 0, "{error}");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(begins) && text.matches("<circle").count() == dots, "{name}");
        let (again, _) = export(&[&["--map", &file], more].concat());
        assert!(again == 0 && fs::read_to_string(&file).unwrap() == text, "{name}: as before");
    }
    for (name, more, message) in [
        ("d.jpg", &[][..], "must end in .svg, .png, .html or .csv"),
        ("e.svg", &["--color", "opne"], "did you mean `open`?"),
        ("f.svg", &["--theme", "terminal"], "choose another"),
        ("no/folder/g.svg", &[], "no such folder"),
    ] {
        let file = path(name);
        let (code, error) = export(&[&["--map", &file], more].concat());
        assert!(code == 2 && error.contains(message) && !fs::exists(&file).unwrap(), "{error}");
    }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Standard output of an export that must work.
fn printed(arguments: &[&str]) -> String {
    let out = cargo_bin_cmd!("llmap").arg("export").args(arguments).output().unwrap();
    assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Header and rows of CSV.
fn rows(csv: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let own = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    let header = own(reader.headers().unwrap());
    (header, reader.records().map(|record| own(&record.unwrap())).collect())
}

#[test]
fn the_map_in_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "map.png");
    let (code, error) = export(&["--map", &file, "--theme", "dark", "--color", "maker"]);
    assert_eq!(code, 0, "{error}");
    let bytes = fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && &bytes[12..16] == b"IHDR");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((number(16), number(20)), (2560, 1800));
    assert!((20_000..2_000_000).contains(&bytes.len()), "not blank: {}", bytes.len());
}

#[test]
fn vectors_and_places_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| path(folder.path(), name);
    let embedder = llmap::embedder::Embedder::shipped().unwrap();
    let (models, width) = embedder.vectors().dim();
    for name in ["v.csv", "v.npy", "v.tsv", "v.parquet"] {
        printed(&["--vectors", &at(name)]);
    }
    let (header, table) = rows(&fs::read_to_string(at("v.csv")).unwrap());
    assert_eq!((header.len(), table.len()), (width + 1, models));
    let own = |row: &[String]| -> Vec<f32> { row.iter().map(|x| x.parse().unwrap()).collect() };
    for (m, row) in table.iter().enumerate() {
        assert_eq!(row[0], embedder.models()[m]);
        assert_eq!(own(&row[1..]), embedder.vectors().row(m).to_vec(), "in all their digits");
    }
    let npy = fs::read(at("v.npy")).unwrap();
    let data = npy.len() - 4 * models * width;
    let header = String::from_utf8_lossy(&npy[10..data]).into_owned();
    assert!(header.contains(&format!("({models}, {width})")) && data % 64 == 0, "{header}");
    let first = f32::from_le_bytes(npy[data..data + 4].try_into().unwrap());
    assert_eq!(first.to_bits(), embedder.vectors()[[0, 0]].to_bits());
    let [vectors, metadata] =
        ["v.tsv", "v.metadata.tsv"].map(|name| fs::read_to_string(at(name)).unwrap());
    assert_eq!((vectors.lines().count(), metadata.lines().count()), (models, models + 1));
    assert!(vectors.lines().all(|line| line.split('\t').count() == width));
    assert!(metadata.starts_with("model_name\t"));

    printed(&["--coordinates", &at("p.csv")]);
    let (header, table) = rows(&fs::read_to_string(at("p.csv")).unwrap());
    assert_eq!(header, ["model_name", "pc1", "pc2", "pc3", "pc4", "pc5", "pc6"]);
    assert_eq!(table.len(), models);
    let report = printed(&["--atlas", &at("a.parquet")]);
    assert!(report.contains(&format!("{models} models")), "{report}");
    assert!(fs::read(at("a.parquet")).unwrap().starts_with(b"PAR1"));

    for (arguments, wanted) in [
        (["--vectors", "v.xlsx"], "must end in .csv, .parquet, .npy or .tsv"),
        (["--atlas", "a.csv"], "must end in .parquet"),
    ] {
        let (code, error) = export(&[arguments[0], &at(arguments[1])]);
        assert!(code == 2 && error.contains(wanted), "{error}");
    }
    assert_eq!(export(&[]).0, 2, "something has to be exported");
}

#[test]
fn the_table_of_every_pane() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| path(folder.path(), name);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let sample = sample.to_str().unwrap();
    let mine = at("mine.safetensors");
    let trained = ["train", sample, "-o", &mine, "--dim", "8", "-q"];
    assert!(cargo_bin_cmd!("llmap").args(trained).output().unwrap().status.success());
    printed(&[&mine, "--coordinates", &at("t.tsv"), "--projection", "t-sne"]);
    let places = fs::read_to_string(at("t.tsv")).unwrap();
    assert!(places.lines().all(|line| line.split('\t').count() == 2));
    let models = llmap::dataset::load(Path::new(sample)).unwrap().models;
    let answers = at("answers.csv");
    fs::write(&answers, "prompt,label\nWhat is 2+2?,1\nWhy?,0\n").unwrap();
    let (a, b) = (models[0].as_str(), models[1].as_str());
    for (pane, more, column, least) in [
        ("map", &[][..], "pc1", 12),
        ("model", &["--model", a], "value", 5),
        ("probe", &[], "balanced_accuracy", 1),
        ("route", &["--prompt", "2+2=?"], "probability", 12),
        ("evaluate", &[], "val", 5),
        ("evaluate", &["--data", sample], "nll", 5),
        ("models", &["--prompt", "2+2=?"], "ability", 12),
        ("compare", &["--model", a, "--model", b], b, 5),
        ("questions", &["--data", sample], "surprise", 20),
        ("forecast", &[], "accuracy", 12),
        ("new", &["--answers", &answers, "--data", sample], "accuracy", 2),
    ] {
        let table = |more: &[&str]| printed(&[&[&mine, "--pane", pane], more].concat());
        let (header, rows) = rows(&table(more));
        assert!(header.iter().any(|name| name == column), "{pane}: {header:?}");
        assert!(rows.len() >= least, "{pane}: {} rows", rows.len());
        if pane != "compare" {
            continue;
        }
        let as_json: serde_json::Value =
            serde_json::from_str(&table(&[more, &["--format", "json"]].concat())).unwrap();
        assert_eq!(as_json.as_array().unwrap().len(), rows.len());
        let markdown = table(&[more, &["--format", "markdown"]].concat());
        assert_eq!(markdown.lines().count(), rows.len() + 2, "{markdown}");
        let file = at("t.parquet");
        assert!(table(&[more, &["-o", &file]].concat()).contains(&format!("{} rows", rows.len())));
        assert!(fs::read(&file).unwrap().starts_with(b"PAR1"));
    }
    for (pane, wanted) in [
        ("route", "--prompt"),
        ("questions", "--data"),
        ("model", "--model"),
        ("compare", "--model"),
        ("new", "--answers"),
    ] {
        let (code, error) = export(&[&mine, "--pane", pane]);
        assert!(code == 2 && error.contains(wanted), "{pane}: {error}");
    }
    let (code, error) = export(&[&mine, "--pane", "models", "-o", &mine]);
    assert!(code == 2 && error.contains("must end in .csv, .json, .md or .parquet"), "{error}");
}
