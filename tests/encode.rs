//! Questions that are encoded by several processes give the embedder of one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::cargo::cargo_bin_cmd;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn fixture(name: &str) -> String {
    root().join("tests/fixtures/encoders").join(name).display().to_string()
}

/// Runs the program with a cache of its own, which is empty.
fn llmap(arguments: &[&str]) -> Output {
    let cache = tempfile::tempdir().unwrap();
    let mut command = cargo_bin_cmd!("llmap");
    command.args(arguments).arg("--quiet").env("XDG_CACHE_HOME", cache.path());
    command.output().unwrap()
}

fn succeeds(arguments: &[&str]) {
    let done = llmap(arguments);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn fails(arguments: &[&str], word: &str) {
    let done = llmap(arguments);
    let message = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2), "{message}");
    assert!(message.contains(word) && message.contains("fix:"), "{word}: {message}");
}

#[test]
fn shards_together_give_the_embedder_of_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let data = root().join("data/sample").display().to_string();
    let place = |name: &str| folder.path().join(name).display().to_string();
    for name in ["static", "bert", "mpnet"] {
        let encoder = format!("builtin+{}", fixture(name));
        let train = |output: &str, more: &[&str]| {
            let own = ["train", &data, "-o", output, "--encoder", &encoder, "--dim", "8"];
            succeeds(&[&own[..], &["--epochs", "1"], more].concat());
            std::fs::read(output).unwrap()
        };
        let vectors = place(&format!("vectors-of-{name}"));
        for shard in ["2/3", "1/3", "3/3"] {
            succeeds(&["encode", &data, "--encoder", &encoder, "-o", &vectors, "--shard", shard]);
        }
        let one = train(&place("one"), &[]);
        let many = train(&place("many"), &["--vectors", &vectors]);
        assert!(one == many, "{name}");
    }
}

#[test]
fn what_is_wrong_with_vectors_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let data = root().join("data/sample").display().to_string();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (encoder, vectors, output) = (fixture("static"), place("v"), place("e"));
    let encode = |shard: &str, data: &str| {
        succeeds(&["encode", data, "--encoder", &encoder, "-o", &vectors, "--shard", shard]);
    };
    let train = ["train", &data, "-o", &output, "--encoder", &encoder, "--vectors", &vectors];
    fails(&train, "no such file or folder");
    std::fs::create_dir(&vectors).unwrap();
    fails(&train, "holds no vectors");
    encode("1/2", &data);
    fails(&train, "the shard 2 of 2 is missing");
    let other = fixture("bert");
    fails(
        &["train", &data, "-o", &output, "--encoder", &other, "--vectors", &vectors],
        "another encoder",
    );
    encode("1/3", &data);
    fails(&train, "one of 3 shards");
    std::fs::remove_dir_all(&vectors).unwrap();
    // The same shard under two names: the questions of the other are not there.
    encode("1/2", &data);
    let first = std::fs::read_dir(&vectors).unwrap().next().unwrap().unwrap().path();
    let second = first.display().to_string().replace("-00001-", "-00002-");
    std::fs::copy(&first, &second).unwrap();
    fails(&train, "has no vector for");
    // Vectors of one encoder under the name of another.
    std::fs::remove_dir_all(&vectors).unwrap();
    succeeds(&["encode", &data, "--encoder", &other, "-o", &vectors]);
    let theirs = std::fs::read_dir(&vectors).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&theirs).unwrap();
    std::fs::remove_dir_all(&vectors).unwrap();
    encode("1/1", &data);
    let own = std::fs::read_dir(&vectors).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&own, bytes).unwrap();
    fails(&train, "another encoder");
    std::fs::write(&own, "rubbish").unwrap();
    fails(&train, "not a Parquet file");
    fails(&["encode", &data, "--encoder", "builtin", "-o", &vectors], "nothing to encode");
    let done = llmap(&["encode", &data, "--encoder", &encoder, "-o", &vectors, "--shard", "4/3"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("3/16"));
}
