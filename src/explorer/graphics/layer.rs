//! What the terminal shows of a painting, and the bytes that update it.

use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use super::canvas::{Canvas, Painting, Protocol};
use super::cover::Cover;
use super::kitty;

/// Requests a status report, which the terminal sends once it has processed everything before.
const READY: &[u8] = b"\x1b[5n";
/// After this time, no report is expected any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// The bytes to write after a frame.
#[derive(Debug, Default, PartialEq)]
pub struct Writing {
    pub bytes: Vec<u8>,
    /// The screen cells to write before, with the content of the frame.
    pub before: Vec<(u16, u16)>,
    /// The screen cells to write again afterwards, with the content of the frame.
    pub again: Vec<(u16, u16)>,
}

/// The painting on the terminal.
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
    /// When the last picture was sent, until the terminal confirms it. No other picture is sent before, so
    /// that a slow terminal does not fall behind.
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

    /// The version of the painting that the next frame of this plot shows below its texts.
    pub fn visible(&self, plot: Rect) -> Option<u64> {
        let painting = self.painting.as_ref().filter(|painting| painting.plot == plot)?;
        let shown = self.shown.as_ref().filter(|shown| shown.plot == plot);
        if self.awaits() { shown.map(|shown| shown.version) } else { Some(painting.version) }
    }

    /// The bytes that show the last painting on the free cells of the cover. If a newer one `comes` soon, what
    /// an overlay has erased waits for it.
    pub fn frame(&mut self, cover: Option<&Cover>, comes: bool) -> Writing {
        let fits = |painting: &&Painting| {
            // Without its texts the picture is incomplete.
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
                writing.bytes.extend(kitty::place(cover.plot, &pieces, self.canvas));
            }
            send
        } else {
            // An overlay has erased the picture below it.
            let was = shown.map_or(&[][..], |shown| &shown.free);
            let bared = was.iter().zip(&free).any(|(was, is)| *is && !was);
            let bared = bared && !comes && !self.awaits();
            if send || bared {
                if shown.is_none() {
                    // Pixels that the picture misses by rounding would show what was there.
                    writing.before = cells(cover.plot, |i| free[i]);
                }
                writing.bytes.extend(b"\x1b7");
                writing.bytes.extend(&painting.bytes);
                writing.bytes.extend(b"\x1b8");
                writing.again = around(cover);
            } else {
                free.iter_mut().zip(was).for_each(|(is, was)| *is &= was);
            }
            send || bared
        };
        // A picture that was sent again is the newest one.
        let version = if sent { painting.version } else { shown.map_or(0, |s| s.version) };
        self.shown = Some(Shown { version, plot: cover.plot, free });
        if sent {
            writing.bytes.extend(READY);
            self.awaits = Some(Instant::now());
        }
        writing
    }

    /// Removes the painting.
    fn hide(&mut self, cover: Option<&Cover>) -> Writing {
        let Some(shown) = self.shown.take() else { return Writing::default() };
        match self.canvas.protocol {
            Protocol::Kitty => {
                Writing { bytes: kitty::delete().into_bytes(), ..Writing::default() }
            }
            // In the same plot, free cells keep the old picture until the new one arrives.
            _ if cover.is_some_and(|cover| cover.plot == shown.plot) => {
                self.shown = Some(shown);
                Writing::default()
            }
            _ => Writing { again: cells(shown.plot, |_| true), ..Writing::default() },
        }
    }
}

/// The screen cells that a picture in cells may have overwritten: those over it, and right of it and below, as
/// terminals round its size up to whole bands and cells.
fn around(cover: &Cover) -> Vec<(u16, u16)> {
    let plot = cover.plot;
    let rounded = Rect { width: plot.width + 1, height: plot.height + 1, ..plot };
    rounded.positions().map(|at| (at.x, at.y)).filter(|(x, y)| !cover.is_free(*x, *y)).collect()
}

/// The screen cells of a plot whose indices match.
fn cells(plot: Rect, of: impl Fn(usize) -> bool) -> Vec<(u16, u16)> {
    plot.positions().enumerate().filter(|(i, _)| of(*i)).map(|(_, at)| (at.x, at.y)).collect()
}
