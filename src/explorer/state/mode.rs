//! Input modes: one base mode, and others on top of it.

use super::line::LineInput;
use super::picker::Picker;

#[derive(Default)]
pub enum Mode {
    /// Keys are commands.
    #[default]
    Normal,
    /// Typing the prompt of the Route pane.
    Prompt,
    /// Typing in the input line.
    Line(LineInput),
    /// Choosing from a list.
    Picker(Picker),
}

/// A stack of modes. The top one receives the keys.
#[derive(Default)]
pub struct Modes {
    /// The base mode: never a line or a list.
    base: Mode,
    over: Vec<Mode>,
}

impl Modes {
    /// The mode that receives the keys.
    pub fn top(&self) -> &Mode {
        self.over.last().unwrap_or(&self.base)
    }

    pub fn top_mut(&mut self) -> &mut Mode {
        self.over.last_mut().unwrap_or(&mut self.base)
    }

    /// Replaces the base mode.
    pub fn set_base(&mut self, base: Mode) {
        self.base = base;
    }

    /// Opens a line or a list on top. A list replaces another list.
    pub fn open(&mut self, mode: Mode) {
        if matches!(mode, Mode::Picker(_)) {
            self.close_picker();
        }
        self.over.push(mode);
    }

    /// Closes the top line or list, and returns it.
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
