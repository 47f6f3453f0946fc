//! What commands write: nothing that they read, nothing in the place of something else, and caches
//! only where that is possible.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::cargo::cargo_bin_cmd;

fn llmap(home: &Path, arguments: &[&str]) -> Output {
    let mut command = cargo_bin_cmd!("llmap");
    command.args(arguments).env("XDG_CONFIG_HOME", home).env("XDG_CACHE_HOME", home);
    command.current_dir(home).output().unwrap()
}

/// A folder with the sample in `data`, and an embedder of it.
fn bench() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    for name in ["questions.csv", "models.csv", "responses.csv"] {
        fs::copy(sample.join(name), folder.path().join("data").join(name)).unwrap();
    }
    let train = ["train", "data", "-o", "e.safetensors", "--dim", "8", "--epochs", "2", "-q"];
    assert!(llmap(folder.path(), &train).status.success());
    folder
}

/// All files below a folder, with what is in them.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let all = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let all = all.filter(|entry| entry.file_type().is_file());
    all.map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn what_is_read_is_not_replaced() {
    let bench = bench();
    let home = bench.path();
    fs::write(home.join("new.csv"), "prompt,label\nWhat is two and two?,1\n").unwrap();
    let before = files(home);
    for call in [
        &["train", "data", "-o", "data/responses.csv"][..],
        &["train", "data", "-o", "./data/../data/questions.csv", "-q"],
        &["onboard", "e.safetensors", "new.csv", "--name", "x", "-o", "e.safetensors"],
        &["onboard", "e.safetensors", "new.csv", "--name", "x", "-o", "new.csv"],
        &["export", "new.csv", "--map", "new.csv"],
    ] {
        let run = llmap(home, call);
        let error = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{call:?} {error}");
        assert!(error.contains("is read by this very command"), "{call:?} {error}");
    }
    assert!(files(home) == before, "nothing is changed, and nothing is left");
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_the_work() {
    let bench = bench();
    let home = bench.path();
    for (place, problem) in [("none/e", "none: no such folder"), ("data", "is a folder")] {
        // The data is not even looked for.
        for call in [&["train", "nowhere", "-o", place][..], &["export", "nowhere", "--map", place]]
        {
            let run = llmap(home, call);
            let error = String::from_utf8_lossy(&run.stderr);
            assert_eq!(run.status.code(), Some(2));
            assert!(error.contains(problem) || error.contains("ends in .svg"), "{call:?} {error}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_bytes() {
    let bench = bench();
    let first = fs::read(bench.path().join("e.safetensors")).unwrap();
    let train = ["train", "data", "-o", "again", "--dim", "8", "--epochs", "2", "-q"];
    assert!(llmap(bench.path(), &train).status.success());
    assert!(fs::read(bench.path().join("again")).unwrap() == first);
}

#[test]
fn a_baseline_that_cannot_be_kept_is_judged_all_the_same() {
    let bench = bench();
    // Beside an embedder of so long a name there is no room for another one's.
    let long = format!("{}.safetensors", "e".repeat(230));
    fs::rename(bench.path().join("e.safetensors"), bench.path().join(&long)).unwrap();
    let run = llmap(bench.path(), &["evaluate", &long, "data", "--resamples", "0"]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert!(text(&run.stdout).contains("reference-mf"));
    assert!(text(&run.stderr).contains("reference-mf cannot be kept"), "{}", text(&run.stderr));
}

#[test]
fn pools_that_are_saved_at_the_same_time_are_all_kept() {
    let home = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for n in 0..6 {
            let home = home.path();
            scope.spawn(move || {
                let name = format!("pool-{n}");
                let call = ["route", "shipped", "2+2=?", "--where", "open", "--save-pool", &name];
                assert!(llmap(home, &call).status.success());
            });
        }
    });
    let pools = fs::read_to_string(home.path().join("llmap/pools.json")).unwrap();
    let pools: serde_json::Map<_, _> = serde_json::from_str(&pools).unwrap();
    assert_eq!(pools.len(), 6);
}

#[test]
fn numbers_that_are_none_are_usage_errors() {
    let home = tempfile::tempdir().unwrap();
    for call in [
        &["probe", "shipped", "--fail-under", "nan"][..],
        &["ask", "shipped", "--data", "x", "--enough", "nan"],
        &["route", "shipped", "x", "--cost-weight", "inf"],
        &["route", "shipped", "x", "--min-quality", "NaN"],
        &["route", "shipped", "x", "--max-cost", "-inf"],
        &["route", "shipped", "x", "--portfolio", "2", "--budget", "nan"],
    ] {
        assert_eq!(llmap(home.path(), call).status.code(), Some(2), "{call:?}");
    }
}

#[test]
fn vectors_of_texts_that_cannot_be_kept_cost_a_remark() {
    let home = bench();
    let nowhere = home.path().join("a file");
    fs::write(&nowhere, "").unwrap();
    let encoder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/encoders/static");
    let mut command = cargo_bin_cmd!("llmap");
    command.current_dir(home.path()).env("XDG_CACHE_HOME", &nowhere);
    command.args(["train", "data", "-o", "new.safetensors", "--epochs", "1", "--encoder"]);
    let ran = command.arg(&encoder).output().unwrap();
    let remarks = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && home.path().join("new.safetensors").exists(), "{remarks}");
    assert!(remarks.contains("the vectors of texts are not kept"), "{remarks}");
}
