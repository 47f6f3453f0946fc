//! One whole visit in a real terminal: a pty, and a screen that understands what is written to it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// Nothing here depends on speed: this only bounds how long a failing test takes.
const PATIENCE: Duration = Duration::from_secs(30);

struct Visit {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything that was ever written.
    raw: Vec<u8>,
    master: Box<dyn portable_pty::MasterPty + Send>,
    /// Holds the configuration and what is remembered, until the end.
    home: std::sync::Arc<tempfile::TempDir>,
}

impl Visit {
    fn open(arguments: &[&str]) -> Self {
        Self::open_at(std::sync::Arc::new(tempfile::tempdir().unwrap()), arguments)
    }

    /// Opens it as a user whose files are at `home`.
    fn open_at(home: std::sync::Arc<tempfile::TempDir>, arguments: &[&str]) -> Self {
        Self::open_on("xterm-256color", home, arguments)
    }

    /// The same on a terminal of that name.
    fn open_on(term: &str, home: std::sync::Arc<tempfile::TempDir>, arguments: &[&str]) -> Self {
        // The user has been here before: the tour of the first visit has a test of its own.
        let state = home.path().join("llmap");
        std::fs::create_dir_all(&state).unwrap();
        std::fs::write(state.join("tour-seen.json"), "{}").unwrap();
        Self::open_as_it_is(term, home, arguments)
    }

    fn open_as_it_is(
        term: &str,
        home: std::sync::Arc<tempfile::TempDir>,
        arguments: &[&str],
    ) -> Self {
        // Cells of 8 x 16 pixels.
        let size = PtySize { rows: 42, cols: 140, pixel_width: 1120, pixel_height: 672 };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(assert_cmd::cargo::cargo_bin!("llmap"));
        command.args(arguments);
        command.env("TERM", term);
        command.env("COLORTERM", "truecolor");
        for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"] {
            command.env(variable, home.path());
        }
        for variable in ["TMUX", "STY", "NO_COLOR", "TERM_PROGRAM", "LC_TERMINAL"] {
            command.env_remove(variable);
        }
        command.cwd(home.path());
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, bytes) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let keys = pty.master.take_writer().unwrap();
        let screen = vt100::Parser::new(42.try_into().unwrap(), 140.try_into().unwrap(), 0);
        Self { child, keys, bytes, screen, raw: Vec::new(), master: pty.master, home }
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Reads until the screen shows what is awaited.
    fn until(&mut self, what: &str, holds: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !holds(&self.text()) {
            assert!(start.elapsed() < PATIENCE, "waited for {what}:\n{}", self.text());
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(200)) {
                self.screen.process(&bytes);
                self.raw.extend(bytes);
            }
        }
    }

    fn see(&mut self, text: &str) {
        self.until(text, |screen| screen.contains(text));
    }

    /// Reads until these bytes were written, from a place of all that was written. Gives where they end.
    fn written(&mut self, from: usize, what: &str) -> usize {
        let start = Instant::now();
        loop {
            let found = self.raw[from..].windows(what.len()).position(|at| at == what.as_bytes());
            if let Some(at) = found {
                return from + at + what.len();
            }
            assert!(start.elapsed() < PATIENCE, "waited for {what:?}:\n{}", self.text());
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(200)) {
                self.screen.process(&bytes);
                self.raw.extend(bytes);
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for the end and checks that the terminal is as it was before.
    fn leave(mut self) -> u32 {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it did not end:\n{}", self.text());
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(50)) {
                self.screen.process(&bytes);
                self.raw.extend(bytes);
            }
        };
        while let Ok(bytes) = self.bytes.recv_timeout(Duration::from_secs(2)) {
            self.screen.process(&bytes);
            self.raw.extend(bytes);
        }
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        let raw = String::from_utf8_lossy(&self.raw);
        for mode in ["?1049", "?2004", "?1006"] {
            assert!(raw.rfind(&format!("{mode}h")) < raw.rfind(&format!("{mode}l")), "{mode}");
        }
        status.exit_code()
    }
}

/// A press of a mouse button as terminals send it (SGR), at a place counted from 1.
fn mouse(button: u8, x: usize, y: usize, end: char) -> String {
    format!("\u{1b}[<{button};{x};{y}{end}")
}

#[test]
fn the_mouse_turns_panes_sorts_scrolls_and_drags() {
    let mut visit = Visit::open(&[]);
    visit.see("of variance");
    let place = |visit: &Visit, text: &str| {
        let screen = visit.text();
        let (y, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
        (line.split(text).next().unwrap().chars().count() + 2, y + 1)
    };
    let click = |visit: &mut Visit, text: &str| {
        visit.see(text);
        let (x, y) = place(visit, text);
        visit.press(&(mouse(0, x, y, 'M') + &mouse(0, x, y, 'm')));
    };
    click(&mut visit, "9 Forecast");
    visit.see("eval-1▼");
    click(&mut visit, "eval-2");
    visit.see("eval-2▼");
    let before = visit.text();
    let (x, y) = place(&visit, "eval-2▼");
    visit.press(&mouse(65, x, y + 8, 'M').repeat(5));
    visit.until("the list scrolled", |screen| screen != before);
    click(&mut visit, "1 Map");
    visit.see("of variance");
    // A box over the whole map marks models.
    visit.press(&(mouse(0, 4, 6, 'M') + &mouse(32, 40, 20, 'M') + &mouse(32, 80, 36, 'M')));
    visit.press(&mouse(0, 80, 36, 'm'));
    visit.until("models are marked", |screen| screen.contains("◆"));
    visit.press("q");
    assert_eq!(visit.leave(), 0);
}

#[test]
fn the_first_visit_begins_with_a_tour_and_no_key_is_lost() {
    let home = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let open = |arguments: &[&str]| {
        Visit::open_as_it_is("xterm-256color", std::sync::Arc::clone(&home), arguments)
    };
    let tour = "skips the tour";
    let mut fresh = open(&["--fresh"]);
    fresh.see("of variance");
    assert!(!fresh.text().contains(tour), "nothing would be remembered");
    fresh.press("q");
    assert_eq!(fresh.leave(), 0);
    let mut first = open(&[]);
    first.see(tour);
    first.press("\r");
    first.see("The selected model");
    // A key of the explorer ends it and is done.
    first.press("p");
    first.see("stop typing");
    assert!(!first.text().contains(tour));
    first.press("\u{3}");
    assert_eq!(first.leave(), 0);
    let mut second = open(&[]);
    second.see("of variance");
    assert!(!second.text().contains(tour));
    second.press(":tour\r");
    second.see(tour);
    second.press("q");
    second.until("the tour has ended", |screen| !screen.contains(tour));
    second.press("q");
    assert_eq!(second.leave(), 0);
}

#[test]
fn a_whole_visit() {
    let mut visit = Visit::open(&[]);
    visit.see("557 models");
    visit.see("of variance");
    visit.press("/");
    visit.press("gpt-4o-2024-08");
    visit.see("gpt-4o-2024-08-06");
    visit.press("\r");
    visit.see("gpt-4o-2024-08-06");
    visit.press("3");
    visit.see("● measured");
    visit.until("a probe's result", |screen| {
        screen.contains("coder") && screen.contains("decodable")
    });
    visit.press("p");
    visit.press("\u{1b}[200~What is 17 times 23?\u{1b}[201~");
    visit.see("P(correct)");
    visit.see("★");
    visit.press("\u{1b}");
    visit.until("typing has ended", |screen| !screen.contains("stop typing"));
    visit.press("?");
    visit.see("Esc close");
    visit.press("\u{1b}");
    visit.until("help is closed", |screen| !screen.contains("Esc close"));
    visit.press("6");
    visit.see("params_b");
    visit.press("f");
    visit.press("params_b > 100");
    visit.see(" of 557 models");
    visit.press("\r");
    visit.press("*");
    visit.press("v");
    visit.see("largest gap first");
    visit.press(":");
    visit.press("choose a theme");
    visit.see("Choose a theme");
    visit.press("\r");
    visit.see("deuteranopia");
    visit.press("paper\r");
    visit.until("the picker is closed", |screen| !screen.contains("deuteranopia"));
    let home = std::sync::Arc::clone(&visit.home);
    visit.press("q");
    assert_eq!(visit.leave(), 0);
    let mut again = Visit::open_at(home, &[]);
    again.see("largest gap first");
    again.press("q");
    assert_eq!(again.leave(), 0);
}

#[test]
#[cfg(unix)]
fn replies_of_the_terminal_are_no_keys_and_hold_nothing_up() {
    let mut visit = Visit::open(&["--fresh"]);
    visit.see("557 models");
    // What is drawn last: the frame is whole.
    visit.see("q quit");
    let before = visit.text();
    for reply in [
        "\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\",
        "\u{1b}]10;rgb:0000/0000/0000\u{7}",
        "\u{1b}P>|tmux 3.3a\u{1b}\\",
        "\u{1b}_Gi=31;OK\u{1b}\\",
        "\u{1b}[?62;22c\u{1b}[>41;390;0c",
        "\u{1b}[24;80R\u{1b}[?2026;2$y\u{1b}[0n",
    ] {
        let (start, rest) = reply.split_at(reply.len() / 2);
        visit.press(start);
        visit.press(rest);
    }
    // The next key is taken as one, and nothing but it has changed the screen.
    visit.press("?");
    visit.see("Esc close");
    visit.press("\u{1b}");
    visit.until("all is as it was", |screen| screen == before);
    // Half a sequence, and one that means nothing, do not keep the window from being drawn.
    for held in ["\u{1b}[9;9z", "\u{1b}[<0;12"] {
        visit.press(held);
        for (rows, cols, shown) in [(12, 50, "Terminal too small"), (42, 140, "of variance")] {
            let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
            visit.master.resize(size).unwrap();
            let cells = |n: u16| n.try_into().unwrap();
            visit.screen.set_size(cells(rows), cells(cols));
            visit.see(shown);
        }
    }
    visit.press("\u{3}");
    visit.press("q");
    assert_eq!(visit.leave(), 0);
}

#[test]
#[cfg(unix)]
fn a_terminal_that_cannot_draw_gets_the_screen_as_text() {
    let home = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/data/sample");
    let arguments = ["train", sample, "-o", "e.safetensors", "--dim", "8", "--epochs", "1", "-q"];
    let mut train = assert_cmd::cargo::cargo_bin_cmd!("llmap");
    train.args(arguments).current_dir(home.path()).assert().success();
    for (term, named) in [("dumb", "TERM is `dumb`"), ("", "TERM is not set")] {
        let mut visit = Visit::open_on(term, home.clone(), &["explore", "e.safetensors"]);
        let noted = visit.written(0, named);
        visit.written(noted, "Best predicted models, by benchmark");
        assert!(!visit.raw.contains(&0x1b), "{}", visit.text());
        assert_eq!(visit.child.wait().unwrap().exit_code(), 0);
    }
}

#[test]
#[cfg(unix)]
fn a_signal_leaves_the_terminal_clean() {
    let mut visit = Visit::open(&["--theme", "light"]);
    visit.see("557 models");
    let id = visit.child.process_id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    // It ends by the signal, for which portable-pty gives 1; a shell gives 128 + n.
    assert_eq!(visit.leave(), 1);
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    let mut visit = Visit::open(&[]);
    visit.see("557 models");
    let Visit { mut child, mut keys, bytes, master, .. } = visit;
    // The reading thread holds the terminal open until it has something to send to nobody.
    drop(bytes);
    keys.write_all(b"?").unwrap();
    drop((keys, master));
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < PATIENCE, "it goes on without a terminal");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_training_is_watched_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.safetensors");
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data/sample");
    let mut visit =
        Visit::open(&["train", data, "-o", &path.display().to_string(), "--live", "--epochs", "6"]);
    visit.see("simulated data");
    visit.see("any key explores the result");
    assert!(path.is_file(), "it is saved before the explorer is left");
    visit.press("q");
    assert_eq!(visit.leave(), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn twenty_series_of_forty_shrinks_neither_end_it_nor_fill_the_memory() {
    let mut visit = Visit::open(&["--fresh"]);
    visit.see("557 models");
    let process = visit.child.process_id().unwrap();
    let memory = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let cells = |n: u16| n.try_into().unwrap();
    let mut used = Vec::new();
    for series in 0..20_u16 {
        // Every pane twice, with its keys held down meanwhile.
        visit.press("\t");
        for step in 0..40_u16 {
            let (rows, cols) = (60 - step - series % 3, 240 - 5 * step - series);
            let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
            visit.master.resize(size).unwrap();
            visit.screen.set_size(cells(rows), cells(cols));
            visit.press(["\u{1b}[B", "\u{1b}[C", "\u{1b}[A", "\u{1b}[D"][usize::from(step % 4)]);
            while let Ok(bytes) = visit.bytes.try_recv() {
                visit.screen.process(&bytes);
            }
        }
        visit.see("Terminal too small");
        let size = PtySize { rows: 42, cols: 140, pixel_width: 0, pixel_height: 0 };
        visit.master.resize(size).unwrap();
        visit.screen.set_size(cells(42), cells(140));
        visit.see("557 models");
        if series % 5 == 4 {
            used.push(memory());
        }
    }
    // What a pane works out once may come late on a busy machine; what leaks grows with every series.
    let grown = used.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).min().unwrap();
    assert!(grown < 8 * 1024, "at least {grown} KiB more with every five series: {used:?}");
    visit.press("\u{3}");
    assert_eq!(visit.leave(), 0);
}

/// The last of the questions at the start, and the one after each picture.
const ATTRIBUTES: &str = "\u{1b}[c";
const READY: &str = "\u{1b}[5n";

#[test]
#[cfg(unix)]
fn a_terminal_with_graphics_shows_the_map_in_pixels_and_is_left_without_them() {
    let mut visit = Visit::open(&["--fresh"]);
    // A key that is typed before the terminal has answered is not lost.
    visit.written(0, ATTRIBUTES);
    visit.press("\u{1b}_Gi=7105645;OK\u{1b}\\:\u{1b}[?62;22c");
    let sent = visit.written(0, "\u{1b}_Ga=t,t=d,f=100,i=7105645,");
    let placed = visit.written(sent, "a=p,i=7105645,");
    visit.written(placed, READY);
    visit.see("Commands");
    visit.press("\u{1b}[0n\u{1b}");
    visit.until("the list is closed", |screen| !screen.contains("Commands"));
    visit.press("6");
    let gone = visit.written(placed, "\u{1b}_Ga=d,d=I,i=7105645,");
    visit.press("1");
    let again = visit.written(gone, "a=p,i=7105645,");
    let again = visit.written(again, READY);
    visit.press("\u{1b}[0n");
    visit.press("q");
    let deleted = "\u{1b}_Ga=d,d=I,i=7105645,";
    visit.written(again, deleted);
    assert_eq!(visit.leave(), 0);
}

#[test]
#[cfg(unix)]
fn sixels_come_in_the_place_of_cells_and_go_with_a_setting() {
    let home = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let mut visit = Visit::open_at(std::sync::Arc::clone(&home), &["--fresh"]);
    visit.written(0, ATTRIBUTES);
    visit.press("\u{1b}[?62;4;22c");
    let sent = visit.written(0, "\u{1b}P0;1;0q\"1;1;");
    visit.written(sent, READY);
    visit.press("\u{1b}[0n");
    visit.press(":toggle pixels\r");
    visit.see("Pixels off");
    visit.until("cells are back", |screen| screen.contains('◉'));
    visit.press("q");
    assert_eq!(visit.leave(), 0);

    std::fs::write(home.path().join("llmap/config.toml"), "pixels = false").unwrap();
    let mut visit = Visit::open_at(home, &["--fresh"]);
    visit.see("q quit");
    visit.press("q");
    let raw = String::from_utf8_lossy(&visit.raw).into_owned();
    assert!(!raw.contains(ATTRIBUTES) && !raw.contains("\u{1b}_G"));
    assert_eq!(visit.leave(), 0);
}
