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
