//! The terminal: entered with one call, left whatever happens.

use std::cell::Cell;
use std::io::{self, Stdout, Write};
use std::panic;
use std::path::Path;
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell as Drawn, CellWidth};
use ratatui::crossterm::clipboard::CopyToClipboard;
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture,
};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, window_size,
};
use ratatui::crossterm::{cursor, execute, queue};
use ratatui::layout::Rect;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::{Error, Result};
use crate::explorer::graphics::cover::Cover;
use crate::explorer::graphics::{Canvas, Graphics, Painting, Protocol, delete_image};
use crate::explorer::state::State;
use crate::explorer::theme::Ink;
use crate::explorer::ui::{scene, view};

thread_local! {
    /// True on the thread that has the terminal, while it has it.
    static DRAWS: Cell<bool> = const { Cell::new(false) };
}
/// True while any thread has it.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// True once an image may be on it that stays until it is deleted.
static HOLDS_IMAGE: AtomicBool = AtomicBool::new(false);

/// A terminal in raw mode on its alternate screen. Dropping it undoes every mode, and so does a
/// panic of its thread, before its message is printed. A panic of a worker is kept off the screen:
/// it comes back as a notice (see [`crate::explorer::jobs`]).
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    graphics: Option<Graphics>,
    area: Rect,
    /// The signal that has asked the program to end; 0 for none.
    ended: Arc<AtomicI32>,
}

impl Screen {
    pub fn enter() -> Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |report| {
                if DRAWS.get() {
                    leave();
                }
                if !TAKEN.load(Ordering::Relaxed) {
                    before(report);
                }
            }));
        });
        let ended = Arc::new(AtomicI32::new(0));
        watch(&ended)?;
        let terminal =
            Terminal::new(CrosstermBackend::new(io::stdout())).map_err(terminal_error)?;
        let screen = Self { terminal, graphics: None, area: Rect::default(), ended };
        enter().map_err(terminal_error)?;
        Ok(screen)
    }

    /// True once a signal has asked the program to end.
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed) != 0
    }

    /// Gives the terminal back, and ends as the signal would have, if one came: whoever sent it sees
    /// that in the exit status.
    pub fn end(self) {
        let signal = self.ended.load(Ordering::Relaxed);
        drop(self);
        if signal != 0 {
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }

    /// Width and height in cells.
    pub fn size(&self) -> Result<(u16, u16)> {
        let size = self.terminal.size().map_err(terminal_error)?;
        Ok((size.width, size.height))
    }

    /// The size in pixels, as far as the system knows it.
    pub fn pixels() -> (u16, u16) {
        window_size().map_or((0, 0), |size| (size.width, size.height))
    }

    /// Paints the state, so that no half-painted frame is ever seen.
    pub fn draw(&mut self, state: &State) -> Result<()> {
        let mut paint = || -> io::Result<()> {
            queue!(io::stdout(), BeginSynchronizedUpdate)?;
            self.paint(state)?;
            queue!(io::stdout(), EndSynchronizedUpdate)?;
            io::stdout().flush()
        };
        paint().map_err(terminal_error)
    }

    /// The cells of a frame, and then the picture that it leaves room for.
    fn paint(&mut self, state: &State) -> io::Result<()> {
        let (graphics, mut cover) = (&mut self.graphics, None);
        let frame = self.terminal.draw(|frame| {
            view(frame, state);
            let Some(graphics) = graphics else { return };
            let area = frame.area();
            if let Some(plot) = scene::left_out(state, area) {
                let ground = state.theme[Ink::Background];
                let painted = graphics.paints_texts();
                cover = Some(Cover::take(frame.buffer_mut(), plot, ground, painted));
            }
            if let Some(scene) = scene::scene(state, area, graphics.canvas(), cover.as_ref()) {
                graphics.want(scene, cover.as_ref());
            }
            if let Some(cover) = &mut cover
                && let Some(words) = graphics.held(cover.plot)
            {
                cover.hold(frame.buffer_mut(), words, state.theme[Ink::Background]);
            }
        })?;
        let resized = std::mem::replace(&mut self.area, frame.area) != frame.area;
        let Some(graphics) = &mut self.graphics else { return Ok(()) };
        if resized {
            // The terminal was cleared.
            graphics.forget();
        }
        let writing = graphics.frame(cover.as_ref());
        let before = drawn(frame.buffer, &writing.before);
        let again = drawn(frame.buffer, &writing.again);
        self.write(&before)?;
        io::stdout().write_all(&writing.bytes)?;
        self.write(&again)
    }

    /// Writes cells outside of a frame.
    fn write(&mut self, cells: &[(u16, u16, Drawn)]) -> io::Result<()> {
        if cells.is_empty() {
            return Ok(());
        }
        queue!(io::stdout(), cursor::SavePosition)?;
        self.terminal.backend_mut().draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell)))?;
        queue!(io::stdout(), cursor::RestorePosition)
    }

    /// Shows pictures from now on, or none any more.
    pub fn use_canvas(&mut self, canvas: Option<Canvas>) {
        if self.graphics.as_ref().map(Graphics::canvas) == canvas {
            return;
        }
        if canvas.is_some_and(|canvas| canvas.protocol == Protocol::Kitty) {
            HOLDS_IMAGE.store(true, Ordering::Relaxed);
        }
        self.graphics = canvas.map(Graphics::new);
    }

    /// The newest painting that has come since the last one, if any has.
    pub fn painted(&mut self) -> Option<&Painting> {
        self.graphics.as_mut()?.arrived()
    }

    /// True while a picture is being painted.
    pub fn is_painting(&self) -> bool {
        self.graphics.as_ref().is_some_and(Graphics::is_painting)
    }

    /// The terminal has shown the last picture.
    pub fn ready(&mut self) {
        self.graphics.iter_mut().for_each(Graphics::ready);
    }

    /// True while it has not.
    pub fn awaits(&self) -> bool {
        self.graphics.as_ref().is_some_and(Graphics::awaits)
    }

    /// Asks the terminal something; the answer comes to [`super::input::Reader`].
    pub fn ask(questions: &str) -> Result<()> {
        let mut out = io::stdout();
        out.write_all(questions.as_bytes()).and_then(|()| out.flush()).map_err(terminal_error)
    }

    /// Captures the mouse, or leaves it to the terminal.
    pub fn mouse(captured: bool) -> Result<()> {
        let mut out = io::stdout();
        if captured {
            execute!(out, EnableMouseCapture)
        } else {
            execute!(out, DisableMouseCapture)
        }
        .map_err(terminal_error)
    }

    /// Asks the terminal to put a text on the clipboard (OSC 52), which also works over SSH. No
    /// answer tells whether it did.
    pub fn copy(text: &str) -> Result<()> {
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text)).map_err(terminal_error)
    }

    /// Gives the terminal back to the shell until the user comes back.
    pub fn suspend(&mut self) -> Result<()> {
        leave();
        self.graphics.iter_mut().for_each(Graphics::forget);
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)
            .map_err(terminal_error)?;
        let mut again = || -> io::Result<()> {
            enter()?;
            // Not `clear`: it asks the terminal where the cursor stands, and would wait for the answer.
            let size = self.terminal.size()?;
            self.terminal.resize(Rect::new(0, 0, size.width, size.height))
        };
        again().map_err(terminal_error)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Raises `ended` at a signal. If the loop does not leave by itself soon after, as when the terminal
/// is gone and reading from it never returns, the program ends here.
fn watch(ended: &Arc<AtomicI32>) -> Result<()> {
    const SOON: Duration = Duration::from_secs(2);
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT]).map_err(terminal_error)?;
    let ended = Arc::downgrade(ended);
    thread::spawn(move || {
        for signal in &mut signals {
            // Without a screen there is nothing to leave, and what still runs looks after itself.
            let Some(flag) = ended.upgrade() else { break };
            flag.store(signal, Ordering::Relaxed);
            drop(flag);
            thread::sleep(SOON);
            if ended.strong_count() > 0 {
                leave();
                std::process::exit(128 + signal);
            }
        }
    });
    Ok(())
}

/// The content of cells, row by row.
fn drawn(buffer: &Buffer, cells: &[(u16, u16)]) -> Vec<(u16, u16, Drawn)> {
    let mut found: Vec<(u16, u16, Drawn)> = Vec::with_capacity(cells.len());
    for &(x, y) in cells {
        // The second half of a wide letter is written with the first.
        let half = found.last().is_some_and(|(before, line, cell)| {
            *line == y && *before + 1 == x && cell.cell_width() > 1
        });
        if let Some(cell) = buffer.cell((x, y)).filter(|_| !half) {
            found.push((x, y, cell.clone()));
        }
    }
    found
}

fn enter() -> io::Result<()> {
    DRAWS.set(true);
    TAKEN.store(true, Ordering::Relaxed);
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste,
        EnableFocusChange
    )
}

/// Undoes [`enter`]; errors are ignored, because there is no screen left to show them.
fn leave() {
    // A second time would take the cursor back over what was printed since.
    if !TAKEN.swap(false, Ordering::Relaxed) {
        return;
    }
    if HOLDS_IMAGE.load(Ordering::Relaxed) {
        let _ = io::stdout().write_all(delete_image().as_bytes());
    }
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        DisableFocusChange,
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
    DRAWS.set(false);
}

pub fn terminal_error(source: io::Error) -> Error {
    Error::io(Path::new("the terminal"), source)
}
