//! Tables in several files are one table.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use llmap::dataset::simulate::Sparse;
use llmap::dataset::{self, Dataset};

const QUESTIONS: &str = "prompt_id,split,prompt\n1,train,one\n2,val,two\n3,test,three\n";
const MODELS: &str = "model_id,model_name\n0,a\n1,b\n";

/// A data set whose responses lie in these files.
fn with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("questions.csv", QUESTIONS), ("models.csv", MODELS)].iter().chain(files) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn named(folder: &Path) -> Dataset {
    Dataset { name: String::new(), ..dataset::load(folder).unwrap() }
}

#[test]
fn shards_are_read_as_one_table() {
    let head = "prompt_id,model_id,label\n";
    let (first, second) = (format!("{head}1,1,1\n3,0,0\n"), format!("{head}1,0,0.5\n2,0,1\n"));
    let whole = format!("{head}1,0,0.5\n1,1,1\n2,0,1\n3,0,0\n");
    let whole = named(with(&[("responses.csv", whole.as_str())]).path());
    for names in [
        ["responses-00000-of-00002.csv", "responses-00001-of-00002.csv"],
        ["responses-1.csv", "responses-2.csv"],
        ["responses.parquet/part-1.csv", "responses.parquet/part-0.csv"],
        ["responses.csv/a.csv", "responses.csv/b.csv"],
    ] {
        let hidden = ("responses.parquet/_SUCCESS", "");
        let files = [(names[0], &*first), (names[1], &*second), hidden];
        let shown = if names[0].contains("parquet") { 3 } else { 2 };
        let folder = with(&files[..shown]);
        assert_eq!(named(folder.path()), whole, "{names:?}");
    }
    let embedllm = |name: &str| {
        let head = "prompt_id,model_id,model_name,category,label,prompt\n";
        let rows = [format!("{head}1,0,a,c,1,one\n"), format!("{head}1,1,b,c,0,one\n")];
        let folder = tempfile::tempdir().unwrap();
        for (i, rows) in rows.iter().enumerate() {
            fs::write(folder.path().join(format!("{name}-{i}.csv")), rows).unwrap();
        }
        fs::write(folder.path().join("val.csv"), format!("{head}7,0,a,c,1,seven\n")).unwrap();
        dataset::load(folder.path()).unwrap()
    };
    let data = embedllm("train");
    assert_eq!((data.questions.len(), data.responses.of(0).len()), (2, 2));
}

#[test]
fn what_is_wrong_with_shards_names_the_file() {
    let head = "prompt_id,model_id,label\n";
    let (first, twice) = (format!("{head}1,1,1\n"), format!("{head}2,1,1\n1,1,0\n"));
    let fails = |files: &[(&str, &str)], words: &[&str]| {
        let error = dataset::load(with(files).path()).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let error = error.to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
    };
    let names = ["responses-0.csv", "responses-1.csv"];
    let words = ["responses-1.csv:3", "first on line 2 of", "responses-0.csv"];
    fails(&[(names[0], first.as_str()), (names[1], twice.as_str())], &words);
    fails(&[("responses-00001-of-00003.csv", first.as_str())], &["one of 3 shards", "1 are here"]);
    fails(&[("responses.parquet/_SUCCESS", "")], &["a folder without tables"]);
}

#[test]
fn simulated_shards_are_read_in_any_order_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    let sparse =
        Sparse { models: 20, questions: 300, answers: 5, categories: 3, shard: 400, seed: 3 };
    let responses = sparse.write(folder.path()).unwrap();
    let data = dataset::load(folder.path()).unwrap();
    assert_eq!(
        (data.responses.len(), data.questions.len(), data.models.len()),
        (responses, 300, 20)
    );
    assert!((1200..1800).contains(&responses), "{responses}");
    let shards = fs::read_dir(folder.path().join("responses.parquet")).unwrap().count();
    assert_eq!(shards, responses.div_ceil(400));
    assert!(data.simulated());
}
