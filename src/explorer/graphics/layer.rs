//! What of a painting the terminal shows, and what has to be written to show another.

use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use super::canvas::{Canvas, Painting, Protocol};
use super::cover::Cover;
use super::kitty;

/// Asks the terminal to answer once it has come so far.
const READY: &[u8] = b"\x1b[5n";
/// Without an answer for so long, none will come.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is to be written after a frame.
#[derive(Debug, Default, PartialEq)]
pub struct Writing {
    pub bytes: Vec<u8>,
    /// Cells of the screen that have to be written again after that, as the frame has them.
    pub again: Vec<(u16, u16)>,
}

/// What the terminal shows.
struct Shown {
    version: u64,
    plot: Rect,
    free: Vec<bool>,
}

pub struct Layer {
    canvas: Canvas,
    newest: u64,
    painting: Option<Painting>,
    shown: Option<Shown>,
    /// Since when the terminal has not confirmed the last picture. None is sent meanwhile: a slow one
    /// would fall behind.
    awaits: Option<Instant>,
}

impl Layer {
    pub fn new(canvas: Canvas) -> Self {
        Self { canvas, newest: 0, painting: None, shown: None, awaits: None }
    }

    /// The version of the newest painting.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    pub fn take(&mut self, painting: Painting) -> &Painting {
        self.newest = painting.version;
        self.painting.insert(painting)
    }

    pub fn ready(&mut self) {
        self.awaits = None;
    }

    pub fn awaits(&self) -> bool {
        self.awaits.is_some_and(|since| since.elapsed() < PATIENCE)
    }

    pub fn forget(&mut self) {
        self.shown = None;
    }

    pub fn frame(&mut self, cover: Option<&Cover>) -> Writing {
        let fits = |painting: &&Painting| {
            // Without its texts it would not be the whole picture.
            let whole = painting.with_texts || self.canvas.protocol.lies_under_text();
            whole && cover.is_some_and(|cover| cover.plot == painting.plot)
        };
        let (Some(painting), Some(cover)) = (self.painting.as_ref().filter(fits), cover) else {
            return self.hide(cover);
        };
        let shown = self.shown.as_ref().filter(|shown| shown.plot == cover.plot);
        let new = shown.is_none_or(|shown| shown.version != painting.version);
        let send = new && !self.awaits();
        if !send && shown.is_none() {
            return Writing::default();
        }
        let same = shown.is_some_and(|shown| shown.free == cover.free);
        let mut writing = Writing::default();
        let mut free = cover.free.clone();
        let sent = if self.canvas.protocol.lies_under_text() {
            if send {
                writing.bytes.extend(&painting.bytes);
            }
            if send || !same {
                let pieces = cover.pieces();
                writing.bytes.extend(kitty::place(cover.plot, &pieces, self.canvas.cell));
            }
            send
        } else {
            // What covered it has left no picture below.
            let was = shown.map_or(&[][..], |shown| &shown.free);
            let bared = was.iter().zip(&free).any(|(was, is)| *is && !was) && !self.awaits();
            if send || bared {
                let (x, y) = (cover.plot.x + 1, cover.plot.y + 1);
                writing.bytes.extend(format!("\x1b7\x1b[{y};{x}H").as_bytes());
                writing.bytes.extend(&painting.bytes);
                writing.bytes.extend(b"\x1b8");
                writing.again = cells(cover.plot, |i| !free[i]);
            } else {
                free.iter_mut().zip(was).for_each(|(is, was)| *is &= was);
            }
            send || bared
        };
        // A picture that was sent again is the newest too.
        let version = if sent { painting.version } else { shown.map_or(0, |s| s.version) };
        self.shown = Some(Shown { version, plot: cover.plot, free });
        if sent {
            writing.bytes.extend(READY);
            self.awaits = Some(Instant::now());
        }
        writing
    }

    /// Takes away what is shown.
    fn hide(&mut self, cover: Option<&Cover>) -> Writing {
        let Some(shown) = self.shown.take() else { return Writing::default() };
        match self.canvas.protocol {
            Protocol::Kitty => Writing { bytes: kitty::delete().into_bytes(), again: Vec::new() },
            // Free cells of the same plot keep the old picture until the new one comes.
            _ if cover.is_some_and(|cover| cover.plot == shown.plot) => {
                self.shown = Some(shown);
                Writing::default()
            }
            _ => Writing { bytes: Vec::new(), again: cells(shown.plot, |_| true) },
        }
    }
}

/// The cells of the screen at these places of a plot.
fn cells(plot: Rect, of: impl Fn(usize) -> bool) -> Vec<(u16, u16)> {
    plot.positions().enumerate().filter(|(i, _)| of(*i)).map(|(_, at)| (at.x, at.y)).collect()
}
