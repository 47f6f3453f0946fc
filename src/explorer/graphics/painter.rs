//! The thread that paints.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::Instant;

use super::canvas::{Canvas, Painting, Protocol, Scene};
use super::density::contours;
use super::{iterm, kitty, sixel};

/// Paints scenes, of several that wait only the last one.
pub struct Painter {
    scenes: Sender<(u64, Scene)>,
    paintings: Receiver<Painting>,
    /// The thread has ended: no picture will come.
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
        // Without its thread there is no picture, and the cells stay.
        let _ = self.scenes.send((version, scene));
    }

    /// The last painting that is done, if any is.
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

/// A scene as bytes for the terminal.
pub fn paint(canvas: Canvas, version: u64, scene: Scene) -> Option<Painting> {
    let start = Instant::now();
    let Scene { plot, with_texts, scale, mut picture, crowd } = scene;
    if let Some(crowd) = crowd {
        let size = picture.size;
        picture.shapes.splice(0..0, contours(&crowd, size));
    }
    let pixels = picture.pixels(scale as f32).ok()?;
    // What is painted has few colors and their blends: a palette makes it a third of the size.
    let pixels = pixels.indexed(canvas.colors);
    let bytes = match canvas.protocol {
        Protocol::Kitty => kitty::transmit(&pixels.png()),
        Protocol::Iterm => iterm::show(&pixels.png(), plot),
        Protocol::Sixel => sixel::encode(&pixels),
    };
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let pixels = (pixels.width, pixels.height);
    Some(Painting { version, plot, with_texts, bytes, pixels, milliseconds })
}
