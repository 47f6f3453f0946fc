//! The names of keys.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers.
pub type Stroke = (KeyCode, KeyModifiers);

/// True if this key was pressed.
pub fn same((code, modifiers): Stroke, key: KeyEvent) -> bool {
    let mut pressed = key.modifiers;
    // A shifted character is already a different character; terminals differ in whether they report shift.
    if matches!(key.code, KeyCode::Char(_) | KeyCode::BackTab) {
        pressed.remove(KeyModifiers::SHIFT);
    }
    code == key.code && modifiers == pressed
}

/// Parses the name of a key, such as `ctrl-d`, `left` or `?`.
pub fn parse(name: &str) -> Option<Stroke> {
    let (mut modifiers, mut rest) = (KeyModifiers::NONE, name);
    while let Some((prefix, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty()) {
        modifiers |= match prefix {
            "ctrl" => KeyModifiers::CONTROL,
            "shift" => KeyModifiers::SHIFT,
            "alt" => KeyModifiers::ALT,
            _ => return None,
        };
        rest = after;
    }
    let code = match rest {
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "pageup" => KeyCode::PageUp,
        "pagedown" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "space" => KeyCode::Char(' '),
        "delete" => KeyCode::Delete,
        "backspace" => KeyCode::Backspace,
        "insert" => KeyCode::Insert,
        f if f.len() > 1 && f.starts_with('f') => KeyCode::F(f[1..].parse().ok()?),
        one if one.chars().count() == 1 => KeyCode::Char(one.chars().next()?),
        _ => return None,
    };
    Some((code, modifiers))
}

/// The name in a readable form.
pub fn pretty(name: &str) -> String {
    let (modifier, key) = match name.split_once('-') {
        Some(("ctrl", key)) => ("^", key.to_uppercase()),
        Some(("shift", key)) => ("⇧", key.to_owned()),
        Some(("alt", key)) => ("Alt-", key.to_owned()),
        _ => ("", name.to_owned()),
    };
    let key = match key.as_str() {
        "left" => "←",
        "right" => "→",
        "up" => "↑",
        "down" => "↓",
        "pageup" => "PgUp",
        "pagedown" => "PgDn",
        "home" => "Home",
        "end" => "End",
        "enter" => "Enter",
        "esc" => "Esc",
        "tab" => "Tab",
        "backtab" => "⇧Tab",
        "space" => "Space",
        "backspace" => "Backspace",
        f if f.len() > 1 && f.starts_with('f') => return format!("{modifier}{}", f.to_uppercase()),
        other => other,
    };
    format!("{modifier}{key}")
}
