//! A list over the screen to pick from: commands, themes, colorings, columns, saved selections.

use tui_input::Input;

use crate::explorer::command::Command;
use crate::explorer::fuzzy;

/// One thing to pick.
pub struct Item {
    pub label: String,
    /// What stands at the right: keys, counts.
    pub remark: String,
    /// What picking it does, in order.
    pub commands: Vec<Command>,
    /// It is in force now.
    pub chosen: bool,
}

impl Item {
    pub fn new(label: impl Into<String>, remark: impl Into<String>, command: Command) -> Self {
        Self { label: label.into(), remark: remark.into(), commands: vec![command], chosen: false }
    }
}

pub struct Picker {
    pub title: &'static str,
    pub input: Input,
    pub items: Vec<Item>,
    /// Indices of the items that match what was typed, best first.
    pub hits: Vec<usize>,
    pub at: usize,
    /// Items act as soon as the cursor is on them; leaving undoes that by this.
    pub preview: Option<Vec<Command>>,
    /// Picking does not close it: for lists of switches.
    pub stays: bool,
}

impl Picker {
    pub fn new(title: &'static str, items: Vec<Item>) -> Self {
        let hits = (0..items.len()).collect();
        let at = items.iter().position(|item| item.chosen).unwrap_or_default();
        Self { title, input: Input::default(), items, hits, at, preview: None, stays: false }
    }

    /// Items act while the cursor is on them; `back` undoes it.
    pub fn with_preview(mut self, back: Command) -> Self {
        self.preview = Some(vec![back]);
        self
    }

    pub fn staying(mut self) -> Self {
        self.stays = true;
        self.at = 0;
        self
    }

    pub fn typed(&mut self) {
        let labels = self.items.iter().map(|item| item.label.as_str());
        self.hits = fuzzy::matching(self.input.value(), labels);
        self.at = 0;
    }

    pub fn move_by(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.hits.len().saturating_sub(1));
    }

    pub fn under_cursor(&self) -> Option<&Item> {
        self.hits.get(self.at).map(|i| &self.items[*i])
    }

    /// The first hit that is shown in so many rows.
    pub fn first(&self, rows: usize) -> usize {
        (self.at + 1).saturating_sub(rows.max(1))
    }
}
