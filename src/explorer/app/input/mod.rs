//! User input as events.
//!
//! On Unix a separate thread reads the terminal and [`decoder`] converts the bytes to events, since crossterm
//! mistakes the replies of terminals for keys, and blocks while it waits for the rest of a sequence.

#[cfg(unix)]
mod decoder;
#[cfg(unix)]
mod sequences;
#[cfg(all(unix, test))]
mod tests;

use std::time::Duration;

use ratatui::crossterm::event::Event;

use super::terminal::terminal_error;
use crate::error::Result;
use crate::explorer::graphics::reply::Reply;

#[cfg(unix)]
pub use unix::Reader;
#[cfg(not(unix))]
pub use windows::Reader;

#[cfg(unix)]
mod unix {
    use std::collections::VecDeque;
    use std::io::{self, Read};
    use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
    use std::sync::{Mutex, OnceLock, PoisonError};
    use std::thread;
    use std::time::Instant;

    use ratatui::crossterm::terminal;
    use signal_hook::consts::SIGWINCH;
    use signal_hook::iterator::Signals;

    use super::decoder::Decoder;
    use super::{Duration, Event, Reply, Result, terminal_error};

    /// The only source of the process: a thread that waits for bytes cannot be cancelled.
    static SOURCE: OnceLock<Mutex<Receiver<Chunk>>> = OnceLock::new();

    /// Messages of the reader thread.
    enum Chunk {
        Bytes(Vec<u8>),
        Resized,
        /// The terminal was closed.
        End,
    }

    /// The events of the terminal, in their order.
    pub struct Reader {
        decoder: Decoder,
        events: VecDeque<Event>,
        heard: Instant,
        gone: bool,
    }

    impl Reader {
        /// Starts reading. The terminal should be in raw mode.
        pub fn open() -> Result<Self> {
            if SOURCE.get().is_none() {
                let (sender, receiver) = channel();
                let signals = Signals::new([SIGWINCH]).map_err(terminal_error)?;
                listen(signals, sender);
                // The first reader reads for all.
                let _ = SOURCE.set(Mutex::new(receiver));
            }
            let (decoder, events) = (Decoder::default(), VecDeque::new());
            Ok(Self { decoder, events, heard: Instant::now(), gone: false })
        }

        /// True once the terminal was closed.
        pub fn is_gone(&self) -> bool {
            self.gone
        }

        /// The next reply to what the terminal was asked.
        pub fn reply(&mut self) -> Option<Reply> {
            self.decoder.reply()
        }

        /// The next event, if one comes within `wait` and before a reply.
        pub fn next(&mut self, wait: Duration) -> Result<Option<Event>> {
            let Some(source) = SOURCE.get() else { return Ok(None) };
            let source = source.lock().unwrap_or_else(PoisonError::into_inner);
            let end = Instant::now() + wait;
            loop {
                if let Some(event) = self.events.pop_front() {
                    return Ok(Some(event));
                }
                if self.decoder.has_reply() {
                    return Ok(None);
                }
                let left = end.saturating_duration_since(Instant::now());
                let patience = self.decoder.patience();
                let patience = patience.map(|all| all.saturating_sub(self.heard.elapsed()));
                let waited_out = patience.filter(|patience| *patience <= left);
                match source.recv_timeout(waited_out.unwrap_or(left)) {
                    Ok(Chunk::Bytes(bytes)) => {
                        self.heard = Instant::now();
                        self.decoder.feed(&bytes, &mut self.events);
                    }
                    Ok(Chunk::Resized) => {
                        let (width, height) = terminal::size().map_err(terminal_error)?;
                        self.events.push_back(Event::Resize(width, height));
                    }
                    Err(RecvTimeoutError::Timeout) if waited_out.is_some() => {
                        self.decoder.give_up(&mut self.events);
                    }
                    Err(RecvTimeoutError::Timeout) => return Ok(None),
                    Ok(Chunk::End) | Err(RecvTimeoutError::Disconnected) => {
                        self.gone = true;
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn listen(mut signals: Signals, sender: Sender<Chunk>) {
        let resized = sender.clone();
        thread::spawn(move || {
            for _ in &mut signals {
                if resized.send(Chunk::Resized).is_err() {
                    break;
                }
            }
        });
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let chunk = match io::stdin().lock().read(&mut buffer) {
                    Ok(0) => Chunk::End,
                    Ok(n) => Chunk::Bytes(buffer[..n].to_vec()),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(_) => Chunk::End,
                };
                let last = matches!(chunk, Chunk::End);
                if sender.send(chunk).is_err() || last {
                    break;
                }
            }
        });
    }
}

#[cfg(not(unix))]
mod windows {
    use ratatui::crossterm::event;

    use super::{Duration, Event, Reply, Result, terminal_error};

    /// The events of the terminal, in order. The console sends events, not bytes.
    pub struct Reader;

    impl Reader {
        /// Starts reading.
        #[allow(clippy::unnecessary_wraps, reason = "as on Unix")]
        pub fn open() -> Result<Self> {
            Ok(Self)
        }

        /// True once the terminal was closed.
        #[allow(clippy::unused_self, reason = "as on Unix")]
        pub fn is_gone(&self) -> bool {
            false
        }

        /// The console is asked nothing.
        #[allow(clippy::unused_self, reason = "as on Unix")]
        pub fn reply(&mut self) -> Option<Reply> {
            None
        }

        /// The next event, if one comes within `wait`.
        #[allow(clippy::unused_self, reason = "as on Unix")]
        pub fn next(&mut self, wait: Duration) -> Result<Option<Event>> {
            if !event::poll(wait).map_err(terminal_error)? {
                return Ok(None);
            }
            event::read().map(Some).map_err(terminal_error)
        }
    }
}
