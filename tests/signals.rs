//! What asks a program to end is heard the first time.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A program that answers prompts, and has answered the first.
struct Running {
    child: Child,
    prompts: ChildStdin,
    answers: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn begin(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (prompts, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut running = Self { child, prompts, answers: BufReader::new(answers) };
        assert!(running.answers());
        running
    }

    fn answers(&mut self) -> bool {
        writeln!(self.prompts, "2+2=?").unwrap();
        self.answers.read_line(&mut String::new()).unwrap() > 0
    }

    fn send(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

fn route() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("llmap"));
    command.args(["route", "shipped", "--name-only"]);
    command
}

#[test]
fn one_signal_ends_a_command_that_waits() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let mut running = Running::begin(&mut route());
        running.send(signal);
        assert_eq!(running.child.wait().unwrap().code(), Some(code), "{signal}");
    }
}

#[test]
fn a_signal_that_is_to_be_ignored_is_ignored() {
    let mut command = Command::new("sh");
    let program = assert_cmd::cargo::cargo_bin!("llmap");
    command.args(["-c", "trap '' HUP; exec \"$0\" route shipped --name-only"]).arg(program);
    let mut running = Running::begin(&mut command);
    running.send("-HUP");
    assert!(running.answers(), "as under nohup");
    drop(running.prompts);
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

#[test]
fn one_signal_ends_training_that_waits_for_a_reader() {
    let home = tempfile::tempdir().unwrap();
    let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    // Nobody opens the pipe; and somebody does, and reads nothing.
    for opened in [false, true] {
        let pipe = home.path().join(format!("pipe-{opened}"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("llmap"));
        command.args(["train", "--dim", "8", "--epochs", "1", "--json", "-o"]).arg(&pipe);
        command.arg(if opened { sample.clone() } else { remarkable(home.path(), &sample) });
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut reader = None;
        if opened {
            reader = Some(std::fs::File::open(&pipe).unwrap());
        } else {
            // The remark on the data: signals are listened to.
            let mut message = String::new();
            BufReader::new(child.stderr.take().unwrap()).read_line(&mut message).unwrap();
            assert!(message.contains("out of range"), "{message}");
        }
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(129), "{opened}");
        drop(reader);
    }
}

/// The sample with a cell that is remarked upon.
fn remarkable(home: &std::path::Path, sample: &std::path::Path) -> std::path::PathBuf {
    let folder = home.join("data");
    std::fs::create_dir(&folder).unwrap();
    for name in ["questions.csv", "responses.csv"] {
        std::fs::copy(sample.join(name), folder.join(name)).unwrap();
    }
    let models = std::fs::read_to_string(sample.join("models.csv")).unwrap();
    let mut lines = models.lines().enumerate();
    let (_, header) = lines.next().unwrap();
    let rows = lines.map(|(n, line)| format!("\n{line},{}", if n == 3 { "1e300" } else { "7" }));
    std::fs::write(
        folder.join("models.csv"),
        format!("{header},extra{}", rows.collect::<String>()),
    )
    .unwrap();
    folder
}
