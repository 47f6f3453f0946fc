//! The thread that paints scenes.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::Instant;

use super::canvas::{Canvas, Painting, Protocol, Scene};
use super::density::contours;
use super::{iterm, kitty, sixel};

/// Paints scenes; of several waiting ones only the last.
pub struct Painter {
    scenes: Sender<(u64, Scene)>,
    paintings: Receiver<Painting>,
    /// The thread has ended.
    gone: bool,
}

impl Painter {
    pub fn new(canvas: Canvas) -> Self {
        let (scenes, wanted) = channel::<(u64, Scene)>();
        let (done, paintings) = channel();
        thread::spawn(move || {
            while let Ok(first) = wanted.recv() {
                let (version, scene) = wanted.try_iter().last().unwrap_or(first);
                let Some(painting) = paint(canvas, version, scene) else { continue };
                if done.send(painting).is_err() {
                    break;
                }
            }
        });
        Self { scenes, paintings, gone: false }
    }

    pub fn paint(&self, version: u64, scene: Scene) {
        // If the thread has ended, the map stays in cells.
        let _ = self.scenes.send((version, scene));
    }

    /// The last finished painting, if any.
    pub fn done(&mut self) -> Option<Painting> {
        let mut last = None;
        loop {
            match self.paintings.try_recv() {
                Ok(painting) => last = Some(painting),
                Err(end) => {
                    self.gone = end == TryRecvError::Disconnected;
                    return last;
                }
            }
        }
    }

    pub fn is_gone(&self) -> bool {
        self.gone
    }
}

/// Paints a scene and encodes it for the terminal.
pub fn paint(canvas: Canvas, version: u64, scene: Scene) -> Option<Painting> {
    let start = Instant::now();
    let Scene { plot, with_texts, scale, mut picture, crowd } = scene;
    if let Some(crowd) = crowd {
        let size = picture.size;
        picture.shapes.splice(0..0, contours(&crowd, size));
    }
    let pixels = picture.pixels(scale as f32).ok()?;
    // A scene has few colors and their blends: a palette reduces its size to a third.
    let pixels = pixels.indexed(canvas.colors);
    let bytes = match canvas.protocol {
        Protocol::Kitty => kitty::transmit(&pixels.png()),
        Protocol::Iterm => iterm::show(&pixels.png(), plot),
        Protocol::Sixel => sixel::show(&pixels, plot, canvas),
    };
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let pixels = (pixels.width, pixels.height);
    Some(Painting { version, plot, with_texts, bytes, pixels, milliseconds })
}
