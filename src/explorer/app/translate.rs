//! Translates terminal input to events, by the keymap and the mode.

use ratatui::crossterm::event::{
    Event as Sent, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};

use crate::explorer::direction::Button;
use crate::explorer::event::{Event, Input, Outside};
use crate::explorer::state::State;

/// The event for terminal input in the current state.
pub fn translate(state: &State, sent: &Sent) -> Option<Event> {
    match sent {
        Sent::Key(key) if key.kind == KeyEventKind::Release => None,
        Sent::Key(key) => resolve(state, *key),
        Sent::Paste(text) => Some(Event::Input(Input::Paste(text.clone()))),
        Sent::FocusGained => Some(Event::Outside(Outside::Focused(true))),
        Sent::FocusLost => Some(Event::Outside(Outside::Focused(false))),
        Sent::Resize(width, height) => Some(Event::Outside(Outside::Resized(*width, *height))),
        Sent::Mouse(mouse) => of_mouse(*mouse).map(Event::Input),
    }
}

fn of_mouse(mouse: MouseEvent) -> Option<Input> {
    let (x, y) = (mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Input::Click(x, y)),
        MouseEventKind::Down(MouseButton::Right) | MouseEventKind::Drag(MouseButton::Right) => {
            Some(Input::Drag(Button::Right, x, y))
        }
        MouseEventKind::Drag(MouseButton::Left) => Some(Input::Drag(Button::Left, x, y)),
        MouseEventKind::Up(_) => Some(Input::Release),
        MouseEventKind::ScrollUp => Some(Input::Wheel(x, y, true)),
        MouseEventKind::ScrollDown => Some(Input::Wheel(x, y, false)),
        MouseEventKind::Drag(MouseButton::Middle) => Some(Input::Drag(Button::Middle, x, y)),
        MouseEventKind::Moved => Some(Input::Hover(x, y)),
        MouseEventKind::Down(MouseButton::Middle)
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => None,
    }
}

/// The event for a key: the command of the most specific binding, or else text.
pub fn resolve(state: &State, key: KeyEvent) -> Option<Event> {
    let contexts = state.contexts();
    let found = contexts.iter().find_map(|context| {
        state.keymap.iter().find(|binding| binding.context == *context && binding.has(key))
    });
    if let Some(binding) = found {
        return Some(Event::Command(binding.command.clone()));
    }
    let typing = contexts.iter().any(|context| context.is_typing());
    let request = tui_input::backend::crossterm::to_input_request(&Sent::Key(key));
    if typing {
        return request.map(|request| Event::Input(Input::Edit(request)));
    }
    // Only keys that could be commands are reported: a lone modifier is not.
    let KeyCode::Char(c) = key.code else { return None };
    let control = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    (!control && !c.is_control()).then(|| Event::Input(Input::Unbound(c.to_string())))
}
