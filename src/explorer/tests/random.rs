//! Whatever is done, in whatever order: nothing panics, nothing waits for ever, nothing leaks.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ratatui::crossterm::event::{Event as Sent, MouseButton, MouseEvent, MouseEventKind};
use tui_input::InputRequest;

use super::*;
use crate::explorer::app::translate::translate;
use crate::explorer::keys::KEYMAP;

/// What people type, and what nobody should.
const TEXTS: [&str; 12] = [
    "What is 17 × 23?",
    "coder and params_b < 40",
    "family = lynx or not (",
    "12",
    "-1e308",
    "/no/such/file.txt",
    "日本語 👩‍🔬 e\u{301}",
    "\u{1b}[2J\u{7}\u{202e}",
    "two\nlines\r\nand\ttabs",
    "'\"`\\",
    "",
    "otter",
];

struct Chaos {
    rng: ChaCha8Rng,
    state: State,
    terminal: Terminal<TestBackend>,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let mut state = filled(state(140, 42));
        state.with_data = true;
        Self { rng, state, terminal: Terminal::new(TestBackend::new(140, 42)).unwrap() }
    }

    fn below(&mut self, n: usize) -> usize {
        self.rng.random_range(0..n)
    }

    /// One action, and most of the time a frame after it, before which the window may have changed.
    fn act(&mut self) {
        if let Some(event) = self.event() {
            update(&mut self.state, event);
        }
        if self.rng.random_bool(0.2) {
            let (width, height) = (self.rng.random_range(1..=160), self.rng.random_range(1..=50));
            self.terminal.backend_mut().resize(width, height);
        }
        if self.rng.random_bool(0.4) {
            let state = &self.state;
            self.terminal.draw(|frame| view(frame, state)).unwrap();
        }
    }

    fn event(&mut self) -> Option<Event> {
        match self.below(16) {
            0..=4 => {
                let binding = &KEYMAP[self.below(KEYMAP.len())];
                Some(Event::Command(binding.command.clone()))
            }
            5..=8 => {
                let key = self.key();
                translate(&self.state, &Sent::Key(key))
            }
            9 | 10 => {
                let mouse = self.mouse();
                translate(&self.state, &Sent::Mouse(mouse))
            }
            11 => {
                let text = TEXTS[self.below(TEXTS.len())];
                translate(&self.state, &Sent::Paste(text.into()))
            }
            12 => Some(Event::Tick),
            // The event of the size before may come after the window has changed again.
            13 => {
                let size = self.terminal.size().unwrap();
                Some(Event::Outside(Outside::Resized(size.width, size.height)))
            }
            14 => Some(self.rare()),
            _ => Some(Event::Job(self.result())),
        }
    }

    fn key(&mut self) -> KeyEvent {
        let modifiers =
            [KeyModifiers::NONE, KeyModifiers::NONE, KeyModifiers::CONTROL][self.below(3)];
        let code = match self.below(12) {
            0 => KeyCode::Enter,
            1 => KeyCode::Esc,
            2 => KeyCode::Up,
            3 => KeyCode::Down,
            4 => KeyCode::Backspace,
            5 => KeyCode::Tab,
            6 => KeyCode::F(1 + self.below(6) as u8),
            _ => KeyCode::Char(char::from(b' ' + self.below(95) as u8)),
        };
        KeyEvent::new(code, modifiers)
    }

    fn mouse(&mut self) -> MouseEvent {
        let kind = match self.below(7) {
            0 | 1 => MouseEventKind::Down(MouseButton::Left),
            2 => MouseEventKind::Down(MouseButton::Right),
            3 => MouseEventKind::Drag(MouseButton::Left),
            4 => MouseEventKind::Up(MouseButton::Left),
            5 => MouseEventKind::ScrollUp,
            _ => MouseEventKind::ScrollDown,
        };
        // A window that has shrunk: the mouse may be beyond its edge.
        let (column, row) = (self.below(170) as u16, self.below(60) as u16);
        MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }
    }

    fn rare(&mut self) -> Event {
        match self.below(6) {
            0 => Event::Outside(Outside::Focused(self.rng.random_bool(0.5))),
            1 => Event::Outside(Outside::Failed("\u{1b}no".into())),
            2 => Event::Input(Input::Edit(InputRequest::DeleteLine)),
            3 => Event::Command(Command::UseAxes(self.below(9), self.below(9))),
            4 => Event::Command(Command::ToggleColumn(self.below(40))),
            _ => {
                let projector = [Projector::Pca, Projector::Tsne, Projector::Attribute(0)];
                Event::Command(Command::UseProjector(projector[self.below(3)]))
            }
        }
    }

    /// What a job could bring, wanted or not.
    fn result(&mut self) -> JobResult {
        let version = self.state.route.version.saturating_sub(self.below(2) as u64);
        match self.below(10) {
            0 => JobResult::Failed(JobKind::ALL[self.below(JobKind::ALL.len())], "failed".into()),
            1 => JobResult::Routed(version, Err("\u{7}".into())),
            2 | 3 => JobResult::Routed(version, Ok(route())),
            4 => JobResult::QuestionsRead(Arc::new(super::new_model::question_set())),
            5 => {
                let rows = vec![vec![0.3; 24]; 1 + self.below(3)];
                JobResult::QuestionsForecast(self.below(5), rows)
            }
            6 => JobResult::Placed(self.state.new_model.version, Ok(super::new_model::placed())),
            7 => JobResult::Forecasted(Arc::new(grid())),
            8 => {
                let dimensions = 1 + self.below(4);
                let flat = Projection::pca(self.state.model_set.profiles(), dimensions).unwrap();
                let projector = [Projector::Pca, Projector::Tsne, Projector::Attribute(0)];
                JobResult::Projected(projector[self.below(3)], flat)
            }
            _ => JobResult::Clustered(Clusters {
                of: (0..24).map(|m| m % 2).collect(),
                clusters: ["a", "b"].map(super::map::cluster).to_vec(),
            }),
        }
    }

    /// No event has left the screen in a state in which it shows what steers a terminal.
    fn is_clean(&mut self) {
        update(&mut self.state, Event::Outside(Outside::Resized(140, 42)));
        let text = screen(&self.state);
        assert!(!text.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'), "{text}");
    }
}

fn run(seeds: std::ops::Range<u64>, actions: usize) {
    for seed in seeds {
        let mut chaos = Chaos::new(seed);
        for _ in 0..actions {
            chaos.act();
        }
        chaos.is_clean();
    }
}

#[test]
fn random_actions_neither_panic_nor_leak() {
    run(0..4, 1000);
}

/// Run by hand: `cargo test --release --lib 200_000 -- --ignored`.
#[test]
#[ignore = "takes half a minute"]
fn random_actions_200_000_times() {
    #[cfg(target_os = "linux")]
    let memory = || -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    run(0..20, 5000);
    #[cfg(target_os = "linux")]
    let before = memory();
    run(20..40, 5000);
    #[cfg(target_os = "linux")]
    assert!(memory() < before + 32 * 1024, "{} KiB more", memory() - before);
}
