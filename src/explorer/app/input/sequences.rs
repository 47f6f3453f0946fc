//! The meaning of control sequences for keys and the mouse.

use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

/// A key that is pressed.
pub fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

/// The key of `ESC O` and one byte.
pub fn three(byte: u8) -> Option<Event> {
    let code = match byte {
        b'M' => KeyCode::Enter,
        b'p'..=b'y' => KeyCode::Char((byte - b'p' + b'0').into()),
        b'P'..=b'S' => KeyCode::F(byte - b'P' + 1),
        _ => arrow(byte)?,
    };
    Some(key(code, KeyModifiers::NONE))
}

fn arrow(byte: u8) -> Option<KeyCode> {
    Some(match byte {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        _ => return None,
    })
}

/// The event of `ESC [ body last`; `None` for reports of the terminal and anything else that is not input.
pub fn csi(body: &[u8], last: u8) -> Option<Event> {
    if let Some(body) = body.strip_prefix(b"<") {
        let [button, x, y] = numbers(body)?[..] else { return None };
        return match last {
            b'M' => mouse(button, x, y, false),
            b'm' => mouse(button, x, y, true),
            _ => None,
        };
    }
    // Reports have a prefix before their parameters, or an intermediate byte after them.
    if !body.iter().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':')) {
        return None;
    }
    let fields: Vec<&str> = std::str::from_utf8(body).ok()?.split(';').collect();
    let number = |i: usize| fields.get(i)?.split(':').next()?.parse::<u32>().ok();
    let (held, kind) = fields.get(1).map_or((KeyModifiers::NONE, KeyEventKind::Press), modifiers);
    let made = |code, modifiers| Some(Event::Key(KeyEvent::new_with_kind(code, modifiers, kind)));
    match (last, fields.len()) {
        (b'I', 1) if body.is_empty() => Some(Event::FocusGained),
        (b'O', 1) if body.is_empty() => Some(Event::FocusLost),
        (b'Z', _) => made(KeyCode::BackTab, held | KeyModifiers::SHIFT),
        // With parameters, `R` is a cursor position report.
        (b'P' | b'Q' | b'S', 1 | 2) => made(KeyCode::F(last - b'P' + 1), held),
        (b'A'..=b'H', 1 | 2) => made(arrow(last)?, held),
        (b'M', 3) => mouse(number(0)?.checked_sub(32)?, number(1)?, number(2)?, false),
        // modifyOtherKeys
        (b'~', 3) if number(0) == Some(27) => {
            let (code, held) = other(number(2)?, held)?;
            made(code, held)
        }
        (b'~', 1 | 2) => made(numbered(number(0)?)?, held),
        (b'u', 1..=3) => {
            let (code, held) = other(number(0)?, held)?;
            made(code, held)
        }
        _ => None,
    }
}

fn numbers(body: &[u8]) -> Option<Vec<u32>> {
    std::str::from_utf8(body).ok()?.split(';').map(|field| field.parse().ok()).collect()
}

/// The modifiers, and whether the key was pressed, repeated or released.
fn modifiers(field: &&str) -> (KeyModifiers, KeyEventKind) {
    let mut parts = field.split(':').map(|part| part.parse::<u8>().unwrap_or(1));
    let mask = parts.next().unwrap_or(1).saturating_sub(1);
    let each = [
        KeyModifiers::SHIFT,
        KeyModifiers::ALT,
        KeyModifiers::CONTROL,
        KeyModifiers::SUPER,
        KeyModifiers::HYPER,
        KeyModifiers::META,
    ];
    let held = each.into_iter().enumerate().filter(|(bit, _)| (mask >> bit) & 1 == 1);
    let held = held.fold(KeyModifiers::NONE, |all, (_, one)| all | one);
    let kind = match parts.next() {
        Some(2) => KeyEventKind::Repeat,
        Some(3) => KeyEventKind::Release,
        _ => KeyEventKind::Press,
    };
    (held, kind)
}

/// The key of `ESC [ number ~`.
fn numbered(number: u32) -> Option<KeyCode> {
    let f = |first: u8, base: u32| KeyCode::F(first + (number - base) as u8);
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => f(1, 11),
        17..=21 => f(6, 17),
        23..=26 => f(11, 23),
        28..=29 => f(15, 28),
        31..=34 => f(17, 31),
        _ => return None,
    })
}

/// A key given by its character code.
fn other(number: u32, mut held: KeyModifiers) -> Option<(KeyCode, KeyModifiers)> {
    let code = match number {
        8 | 127 => KeyCode::Backspace,
        9 if held.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        9 => KeyCode::Tab,
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        // Private use area: keys without a character, such as media keys.
        0xe000..=0xf8ff => return None,
        _ => {
            let mut c = char::from_u32(number).filter(|c| !c.is_control())?;
            if held.contains(KeyModifiers::SHIFT) {
                c = c.to_uppercase().next().unwrap_or(c);
            }
            if c.is_uppercase() {
                held |= KeyModifiers::SHIFT;
            }
            KeyCode::Char(c)
        }
    };
    Some((code, held))
}

/// A mouse event of three bytes.
pub fn old_mouse(button: u8, x: u8, y: u8) -> Option<Event> {
    let place = |byte: u8| u32::from(byte.saturating_sub(32));
    mouse(place(button), place(x), place(y), false)
}

/// A mouse event; coordinates start at 1.
fn mouse(code: u32, x: u32, y: u32, released: bool) -> Option<Event> {
    use MouseButton::{Left, Middle, Right};
    let button = match code & 3 {
        0 => Left,
        1 => Middle,
        _ => Right,
    };
    let kind = match ((code & 3) | ((code & 0xc0) >> 4), code & 32 != 0) {
        (0..=2, _) if released => MouseEventKind::Up(button),
        (0..=2, false) => MouseEventKind::Down(button),
        (0..=2, true) => MouseEventKind::Drag(button),
        (3, false) => MouseEventKind::Up(Left),
        (3..=5, true) => MouseEventKind::Moved,
        (4, false) => MouseEventKind::ScrollUp,
        (5, false) => MouseEventKind::ScrollDown,
        (6, false) => MouseEventKind::ScrollLeft,
        (7, false) => MouseEventKind::ScrollRight,
        _ => return None,
    };
    let held = [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)];
    let held = held.into_iter().filter(|(bit, _)| code & bit != 0);
    let modifiers = held.fold(KeyModifiers::NONE, |all, (_, one)| all | one);
    let place = |n: u32| u16::try_from(n.saturating_sub(1)).ok();
    Some(Event::Mouse(MouseEvent { kind, column: place(x)?, row: place(y)?, modifiers }))
}
