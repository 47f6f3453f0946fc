//! A training that is interrupted goes on to the bytes of one that is not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use llmap::Progress;
use llmap::dataset::Dataset;
use llmap::dataset::simulate::Simulation;
use llmap::embedder::{Checkpoints, Embedder, Event, Resources, Settings, train, train_with};

fn data() -> Dataset {
    Simulation { models: 12, questions: 400, ..Simulation::default() }.run()
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.dim = 16;
    settings.epochs = 6;
    settings
}

fn bytes(embedder: &Embedder, folder: &Path) -> Vec<u8> {
    let path = folder.join("embedder");
    embedder.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn a_cancelled_training_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (data, settings) = (data(), settings());
    let whole = train(&data, &settings, &mut Progress::silent()).unwrap();
    let output = folder.path().join("e.safetensors");
    let keep = |resume| Checkpoints::beside(&output, Duration::from_secs(1000), resume);
    // Cancelled after one epoch, after the second, and then not at all.
    for (round, epochs) in [(0, 1), (1, 1), (2, 9)] {
        let (checkpoints, stop) = (keep(round > 0), AtomicBool::new(false));
        let mut seen = 0;
        let mut report = |event: Event| {
            if let Event::Epoch(_) = event {
                seen += 1;
                if seen == epochs {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        };
        let resources = Resources { checkpoints: Some(&checkpoints), ..Resources::default() };
        let progress = &mut Progress::new(&mut report, &stop);
        let embedder = train_with(&data, &settings, resources, progress).unwrap();
        let same = bytes(&embedder, folder.path()) == bytes(&whole, folder.path());
        assert!(checkpoints.problem().is_none() && checkpoints.exist());
        assert!(same || round < 2, "round {round}");
        if round == 2 {
            assert!(seen < 6, "it did not start from the beginning");
            checkpoints.remove().unwrap();
            assert!(!checkpoints.folder().exists());
        }
    }
}

#[test]
fn other_data_or_settings_cannot_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let (data, settings) = (data(), settings());
    let output = folder.path().join("e.safetensors");
    let run = |data: &Dataset, settings: &Settings, resume| {
        let checkpoints = Checkpoints::beside(&output, Duration::ZERO, resume);
        let resources = Resources { checkpoints: Some(&checkpoints), ..Resources::default() };
        train_with(data, settings, resources, &mut Progress::silent()).map(|_| ())
    };
    run(&data, &settings, false).unwrap();
    let mut other = settings.clone();
    other.seed = 2;
    let fewer = data.only(|q| q != 17);
    for (data, settings) in [(&data, &other), (&fewer, &settings)] {
        let error = run(data, settings, true).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let error = error.to_string();
        assert!(
            error.contains("other data, other settings") && error.contains("--resume"),
            "{error}"
        );
    }
    let file = folder.path().join("e.safetensors.checkpoint/network-1.safetensors");
    let mut broken = std::fs::read(&file).unwrap();
    let middle = broken.len() / 2;
    broken[middle] ^= 1;
    std::fs::write(&file, broken).unwrap();
    let error = run(&data, &settings, true).unwrap_err();
    assert!(error.exit_code() == 2 && error.to_string().contains("corrupt"), "{error}");
    // Without --resume, what was there is nobody's concern.
    run(&data, &other, false).unwrap();
    run(&data, &other, true).unwrap();
}

#[cfg(unix)]
#[test]
fn a_killed_program_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let train = |output: &Path, more: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("llmap"));
        command.arg("train").arg(&sample).arg("-o").arg(output);
        command.args(["--dim", "8", "--epochs", "40", "--quiet", "--json"]).args(more);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    let [whole, killed] = ["whole", "killed"].map(|name| folder.path().join(name));
    assert!(train(&whole, &[]).status().unwrap().success());
    let mut child = train(&killed, &["--checkpoint-every", "0"]).spawn().unwrap();
    let kept = folder.path().join("killed.checkpoint");
    let both = ["network-0.safetensors", "network-1.safetensors"].map(|name| kept.join(name));
    while !both.iter().all(|file| file.exists()) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before there was a checkpoint");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!killed.exists() && kept.exists());
    let mut resumed = train(&killed, &["--resume"]);
    assert!(resumed.status().unwrap().success());
    assert!(std::fs::read(&killed).unwrap() == std::fs::read(&whole).unwrap());
    assert!(!kept.exists(), "it has come to its end");
    // Resuming where there is nothing starts from the beginning.
    let mut again = train(&killed, &["--resume"]);
    assert!(again.status().unwrap().success());
    assert!(std::fs::read(&killed).unwrap() == std::fs::read(&whole).unwrap());
}
