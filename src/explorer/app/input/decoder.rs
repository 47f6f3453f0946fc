//! From bytes to events: keys, mouse and pastes. Replies of the terminal are kept apart, and those to
//! questions that another program asked are passed over, however they are split over reads.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::sequences::{self, key};
use crate::explorer::graphics::reply::Reply;

const ESC: u8 = 0x1b;
/// Time after ESC until it counts as the key.
const ESCAPE: Duration = Duration::from_millis(50);
/// Time after the first two bytes of a sequence until they count as Alt with a key.
const ALT: Duration = Duration::from_millis(300);
/// How long after that the rest of a reply may still arrive.
const LATE: Duration = Duration::from_secs(1);
/// Time until an incomplete sequence is dropped.
const REST: Duration = Duration::from_secs(3);
/// Maximum length of a sequence: no valid one is longer.
const LONGEST: usize = 256;

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    /// ESC was reported as the key. If it was the start of a reply split by the connection, the rest is still
    /// to come.
    Late,
    /// `ESC O`
    Three,
    /// `ESC [`, parameters and intermediate bytes.
    Csi(Vec<u8>),
    /// `ESC [ [`: function keys of the Linux console.
    Console,
    /// `ESC [ M` and up to three bytes: the mouse of old terminals.
    Mouse(Vec<u8>),
    /// A string (OSC, DCS, APC, PM, SOS) by its second byte.
    String {
        first: u8,
        body: Vec<u8>,
        escape: bool,
        eight_bits: bool,
    },
    Paste(Vec<u8>),
    /// A multi-byte character, and whether ESC preceded it.
    Character(Vec<u8>, bool),
}

/// Decodes bytes to events.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    replies: VecDeque<Reply>,
}

impl Decoder {
    /// Decodes the bytes of one read.
    pub fn feed(&mut self, bytes: &[u8], events: &mut VecDeque<Event>) {
        if matches!(self.state, State::Late) {
            self.state = if continues(bytes) { State::Escape } else { State::Ground };
        }
        for &byte in bytes {
            self.byte(byte, events);
        }
    }

    /// The next reply to what llmap has asked.
    pub fn reply(&mut self) -> Option<Reply> {
        self.replies.pop_front()
    }

    pub fn has_reply(&self) -> bool {
        !self.replies.is_empty()
    }

    /// How long to wait for more bytes before calling [`Self::give_up`]; `None` if no sequence is incomplete.
    pub fn patience(&self) -> Option<Duration> {
        match &self.state {
            State::Ground => None,
            State::Escape => Some(ESCAPE),
            State::Late => Some(LATE),
            State::Three => Some(ALT),
            State::String { body, escape: false, .. } if body.is_empty() => Some(ALT),
            State::Csi(body) if body.is_empty() => Some(ALT),
            _ => Some(REST),
        }
    }

    /// No more bytes came: completes or drops the current sequence.
    pub fn give_up(&mut self, events: &mut VecDeque<Event>) {
        match mem::take(&mut self.state) {
            State::Escape => {
                events.push_back(key(KeyCode::Esc, KeyModifiers::NONE));
                self.state = State::Late;
            }
            State::Three => character('O', true, events),
            State::Csi(body) if body.is_empty() => character('[', true, events),
            State::String { first, body, escape: false, eight_bits: false } if body.is_empty() => {
                character(first.into(), true, events);
            }
            State::Paste(text) => events.push_back(paste(&text)),
            _ => {}
        }
    }

    fn byte(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        match mem::take(&mut self.state) {
            State::Ground | State::Late => self.plain(byte, false, events),
            State::Escape => self.escaped(byte, events),
            State::Three => match byte {
                ESC => self.state = State::Escape,
                _ => events.extend(sequences::three(byte)),
            },
            State::Csi(body) => self.csi(body, byte, events),
            State::Console => match byte {
                ESC => self.state = State::Escape,
                b'A'..=b'E' => {
                    events.push_back(key(KeyCode::F(byte - b'A' + 1), KeyModifiers::NONE));
                }
                _ => {}
            },
            State::Mouse(mut body) => {
                body.push(byte);
                match body[..] {
                    [button, x, y] => events.extend(sequences::old_mouse(button, x, y)),
                    _ => self.state = State::Mouse(body),
                }
            }
            State::String { first, body, escape, eight_bits } => {
                self.string((first, body), escape, eight_bits, byte, events);
            }
            State::Paste(mut text) => {
                text.push(byte);
                match text.strip_suffix(b"\x1b[201~") {
                    Some(text) => events.push_back(paste(text)),
                    None => self.state = State::Paste(text),
                }
            }
            State::Character(body, alt) => self.character(body, alt, byte, events),
        }
    }

    /// The first byte of something; `alt` if ESC preceded it.
    fn plain(&mut self, byte: u8, alt: bool, events: &mut VecDeque<Event>) {
        let alternate = if alt { KeyModifiers::ALT } else { KeyModifiers::NONE };
        let control = alternate | KeyModifiers::CONTROL;
        let mut press = |code, modifiers| events.push_back(key(code, modifiers));
        match byte {
            ESC => self.state = State::Escape,
            b'\r' => press(KeyCode::Enter, alternate),
            b'\t' => press(KeyCode::Tab, alternate),
            0x7f => press(KeyCode::Backspace, alternate),
            0 => press(KeyCode::Char(' '), control),
            0x01..=0x1a => press(KeyCode::Char((byte - 1 + b'a').into()), control),
            0x1c..=0x1f => press(KeyCode::Char((byte - 0x1c + b'4').into()), control),
            0x20..=0x7e => character(byte.into(), alt, events),
            // C1 control characters, as some terminals send them.
            0x8f => self.state = State::Three,
            0x9b => self.state = State::Csi(Vec::new()),
            0x80..=0x9f => self.begin_string(byte - 0x40, true),
            0xc2..=0xf4 => self.state = State::Character(vec![byte], alt),
            _ => {}
        }
    }

    fn escaped(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        match byte {
            ESC => {
                events.push_back(key(KeyCode::Esc, KeyModifiers::NONE));
                self.state = State::Escape;
            }
            b'[' => self.state = State::Csi(Vec::new()),
            b'O' => self.state = State::Three,
            b'P' | b'X' | b']' | b'^' | b'_' => self.begin_string(byte, false),
            // The end of a string whose start was dropped.
            b'\\' => {}
            _ => self.plain(byte, true, events),
        }
    }

    fn begin_string(&mut self, first: u8, eight_bits: bool) {
        if matches!(first, b'P' | b'X' | b']' | b'^' | b'_') {
            self.state = State::String { first, body: Vec::new(), escape: false, eight_bits };
        }
    }

    fn string(
        &mut self,
        (first, mut body): (u8, Vec<u8>),
        escape: bool,
        eight_bits: bool,
        byte: u8,
        events: &mut VecDeque<Event>,
    ) {
        match byte {
            b'\\' if escape => self.replies.extend(Reply::string(first, &body)),
            _ if escape => self.escaped(byte, events),
            ESC => self.state = State::String { first, body, escape: true, eight_bits },
            // BEL.
            0x07 => self.replies.extend(Reply::string(first, &body)),
            // CAN and SUB.
            0x18 | 0x1a => {}
            0x9c if eight_bits => self.replies.extend(Reply::string(first, &body)),
            // No reply contains such a byte: its end was lost, and this is a key.
            0..0x20 => self.plain(byte, false, events),
            _ => {
                if body.len() < LONGEST {
                    body.push(byte);
                }
                self.state = State::String { first, body, escape: false, eight_bits };
            }
        }
    }

    fn csi(&mut self, mut body: Vec<u8>, byte: u8, events: &mut VecDeque<Event>) {
        match byte {
            b'[' if body.is_empty() => self.state = State::Console,
            b'M' if body.is_empty() => self.state = State::Mouse(Vec::new()),
            b'~' if body == b"200" => self.state = State::Paste(Vec::new()),
            0x40..=0x7e => {
                self.replies.extend(Reply::csi(&body, byte));
                events.extend(sequences::csi(&body, byte));
            }
            0x20..=0x3f => {
                if body.len() < LONGEST {
                    body.push(byte);
                }
                self.state = State::Csi(body);
            }
            0x7f => {}
            _ => self.plain(byte, false, events),
        }
    }

    fn character(&mut self, mut body: Vec<u8>, alt: bool, byte: u8, events: &mut VecDeque<Event>) {
        if !(0x80..0xc0).contains(&byte) {
            return self.plain(byte, false, events);
        }
        body.push(byte);
        let whole = match body[0] {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        };
        if body.len() < whole {
            self.state = State::Character(body, alt);
            return;
        }
        match std::str::from_utf8(&body).ok().and_then(|text| text.chars().next()) {
            Some(c @ '\u{80}'..='\u{9f}') => self.plain(c as u32 as u8, false, events),
            Some(c) => character(c, alt, events),
            None => {}
        }
    }
}

/// True if the bytes look like the rest of a reply rather than keys pressed within one read.
fn continues(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [b']', b'0'..=b'9' | b'l' | b'L', ..]
            | [b'P', b'>' | b'!' | b'0'..=b'9', ..]
            | [b'_', b'G', ..]
            | [b'[', b'?' | b'>' | b'=' | b'<' | b'0'..=b'9', ..]
    )
}

fn character(c: char, alt: bool, events: &mut VecDeque<Event>) {
    let mut modifiers = if alt { KeyModifiers::ALT } else { KeyModifiers::NONE };
    if c.is_uppercase() {
        modifiers |= KeyModifiers::SHIFT;
    }
    events.push_back(Event::Key(KeyEvent::new(KeyCode::Char(c), modifiers)));
}

fn paste(text: &[u8]) -> Event {
    Event::Paste(String::from_utf8_lossy(text).into_owned())
}
