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
        assert!(error.contains("is an input of this command"), "{call:?} {error}");
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
            assert!(
                error.contains(problem) || error.contains("must end in .svg"),
                "{call:?} {error}"
            );
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
    assert!(
        text(&run.stderr).contains("reference-mf could not be cached"),
        "{}",
        text(&run.stderr)
    );
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
    assert!(remarks.contains("the vectors of texts were not cached"), "{remarks}");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_kept_baseline_is_not_waited_for() {
    let bench = bench();
    let home = bench.path();
    let evaluate = ["evaluate", "e.safetensors", "data", "--resamples", "0"];
    assert!(llmap(home, &evaluate).status.success());
    let kept = |entry: &PathBuf| entry.to_string_lossy().contains("reference-mf");
    let all = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path());
    let cache = all.into_iter().find(kept).unwrap();
    fs::remove_file(&cache).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&cache).status().unwrap().success());
    let run = llmap(home, &evaluate);
    let error = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && error.contains("is not a regular file"), "{error}");
}

#[cfg(unix)]
#[test]
fn what_does_not_fit_on_the_disk_is_told_by_the_name_of_the_output() {
    let bench = bench();
    let home = bench.path();
    // A limit on the size of files stands for a full disk.
    let limited = |arguments: &str| {
        let script = format!("trap '' XFSZ; ulimit -f 1; exec \"$0\" {arguments}");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script]).arg(assert_cmd::cargo::cargo_bin!("llmap"));
        command.current_dir(home).env("XDG_CACHE_HOME", home).output().unwrap()
    };
    for (arguments, output) in [
        ("train data -o out --dim 8 --epochs 1 -q", "llmap: out: "),
        ("export e.safetensors --map map.svg", "llmap: map.svg: "),
        ("merge data -o merged", "llmap: merged: "),
    ] {
        let run = limited(arguments);
        let error = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{error}");
        assert!(error.starts_with(output) && !error.contains(".llmap-"), "{error}");
    }
    assert!(!files(home).iter().any(|(path, _)| path.to_string_lossy().contains(".llmap-")));
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_cannot_be_written_is_a_failure() {
    for call in
        [&["--version"][..], &["help"], &["route", "--help"], &["themes"], &["completions", "bash"]]
    {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("llmap"));
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = command.args(call).stdout(full).output().unwrap();
        assert_eq!(run.status.code(), Some(1), "{call:?}");
        assert!(String::from_utf8_lossy(&run.stderr).contains("standard output"), "{call:?}");
    }
}

#[test]
fn numbers_out_of_their_range_are_usage_errors() {
    let home = tempfile::tempdir().unwrap();
    for call in [
        "evaluate shipped x --resamples 18446744073709551615",
        "evaluate shipped x --resamples 100001",
        "evaluate shipped x --untested --repeats 1001",
        "probe shipped --shuffles 100001",
        "probe shipped --fail-under 1.5",
        "train x -o y --epochs 0",
        "train x -o y --epochs 4294967295",
        "train x -o y --dim 7",
        "train x -o y --dim 129",
        "bench --repeats 4294967295",
        "bench --runs 4294967295",
        "route shipped x --top 0",
        "route shipped x --top 18446744073709551615",
        "route shipped x --portfolio 0",
        "route shipped x --portfolio 18446744073709551615",
        "route shipped x --min-quality 1e300",
        "route shipped x --cost-weight 1e300",
        "route shipped x --max-cost 1e300",
        "route shipped x --portfolio 2 --budget 1e300",
        "forecast shipped --top 0",
        "ask shipped --data x --questions 0",
        "ask shipped --data x --questions 18446744073709551615",
        "ask shipped --data x --budget 18446744073709551615",
        "ask shipped --data x --enough 1e300",
    ] {
        let run = llmap(home.path(), &call.split(' ').collect::<Vec<_>>());
        let error = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{call}: {error}");
        let option = call.split(' ').rev().nth(1).unwrap();
        assert!(error.contains(option) && error.len() < 300, "{call}: {error}");
    }
}

#[test]
fn a_log_is_added_to_and_what_is_asked_for_is_checked_without_a_screen_too() {
    let home = bench();
    for call in [&["--theme", "nope"][..], &["--log", "nowhere/x"]] {
        for form in ["--plain", "--json"] {
            let run = llmap(home.path(), &[&["explore", "e.safetensors", form][..], call].concat());
            assert_eq!(run.status.code(), Some(2), "{call:?}");
        }
    }
    fs::write(home.path().join("mine"), "precious").unwrap();
    assert!(
        llmap(home.path(), &["explore", "e.safetensors", "--plain", "--log", "mine"])
            .status
            .success()
    );
    assert_eq!(fs::read_to_string(home.path().join("mine")).unwrap(), "precious");
}
