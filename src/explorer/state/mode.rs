//! What keys mean now: one mode, over which others may lie.

use super::line::LineInput;
use super::picker::Picker;

#[derive(Default)]
pub enum Mode {
    /// Keys are commands.
    #[default]
    Normal,
    /// Typing the prompt of the Route pane.
    Prompt,
    /// Typing a line at the bottom.
    Line(LineInput),
    /// Picking from a list.
    Picker(Picker),
}

/// The modes on top of each other. The uppermost has the keys.
#[derive(Default)]
pub struct Modes {
    /// What lies below all others: never a line, never a list.
    base: Mode,
    over: Vec<Mode>,
}

impl Modes {
    /// The mode that has the keys.
    pub fn top(&self) -> &Mode {
        self.over.last().unwrap_or(&self.base)
    }

    pub fn top_mut(&mut self) -> &mut Mode {
        self.over.last_mut().unwrap_or(&mut self.base)
    }

    /// Replaces what lies below all others.
    pub fn set_base(&mut self, base: Mode) {
        self.base = base;
    }

    /// Opens a line or a list over the others. A list takes the place of a list.
    pub fn open(&mut self, mode: Mode) {
        if matches!(mode, Mode::Picker(_)) {
            self.close_picker();
        }
        self.over.push(mode);
    }

    /// Closes the uppermost line or list, and gives it.
    pub fn close(&mut self) -> Option<Mode> {
        self.over.pop()
    }

    pub fn close_picker(&mut self) {
        if matches!(self.top(), Mode::Picker(_)) {
            self.over.pop();
        }
    }

    pub fn picker(&self) -> Option<&Picker> {
        if let Mode::Picker(picker) = self.top() { Some(picker) } else { None }
    }

    pub fn line(&self) -> Option<&LineInput> {
        if let Mode::Line(line) = self.top() { Some(line) } else { None }
    }
}
