//! A list to choose from: commands, themes, colorings, columns, saved selections.

use std::borrow::Cow;

use tui_input::Input;

use crate::explorer::command::Command;
use crate::explorer::fuzzy;

/// An entry of a list.
pub struct Item {
    pub label: String,
    /// Right-aligned text: keys, counts.
    pub remark: String,
    /// A description, shown for the entry under the cursor.
    pub about: Cow<'static, str>,
    /// Search words.
    pub aliases: &'static str,
    /// Its commands, in order.
    pub commands: Vec<Command>,
    /// It is active now.
    pub chosen: bool,
    /// The command if a number is typed after its name.
    pub with_number: Option<fn(u32) -> Command>,
}

impl Item {
    pub fn new(label: impl Into<String>, remark: impl Into<String>, command: Command) -> Self {
        Self {
            label: label.into(),
            remark: remark.into(),
            about: "".into(),
            aliases: "",
            commands: vec![command],
            chosen: false,
            with_number: None,
        }
    }
}

pub struct Picker {
    pub title: &'static str,
    pub input: Input,
    pub items: Vec<Item>,
    /// Indices of the matching entries, best first.
    pub hits: Vec<usize>,
    pub at: usize,
    /// Entries are previewed under the cursor; this command reverts the preview.
    pub preview: Option<Vec<Command>>,
    /// Stays open after a choice: for lists of switches.
    pub stays: bool,
    /// Its entries are models: the one under the cursor has a preview.
    pub of_models: bool,
    /// The command palette: a filter can be typed there, too.
    pub of_commands: bool,
}

impl Picker {
    pub fn new(title: &'static str, items: Vec<Item>) -> Self {
        let hits = (0..items.len()).collect();
        let at = items.iter().position(|item| item.chosen).unwrap_or_default();
        let (input, preview) = (Input::default(), None);
        let (stays, of_models, of_commands) = (false, false, false);
        Self { title, input, items, hits, at, preview, stays, of_models, of_commands }
    }

    /// Previews entries; `back` reverts that.
    pub fn with_preview(mut self, back: Command) -> Self {
        self.preview = Some(vec![back]);
        self
    }

    pub fn staying(mut self) -> Self {
        self.stays = true;
        self.at = 0;
        self
    }

    pub fn of_commands(mut self) -> Self {
        self.of_commands = true;
        self
    }

    pub fn of_models(mut self) -> Self {
        self.of_models = true;
        self
    }

    /// Searches: entries with words that start with every typed one come first, those in the label before
    /// search words, and then labels that contain the letters.
    pub fn typed(&mut self) {
        let typed = self.split_number().0;
        let labels = self.items.iter().map(|item| item.label.as_str());
        let fuzzily = fuzzy::matching(typed, labels);
        // Patterns with special characters are for the fuzzy search.
        let plain = !typed.contains(['!', '^', '$', '\'']);
        let words: Vec<String> = fuzzy::words(typed).filter(|_| plain).collect();
        let rank = |at: &usize| {
            let item = &self.items[*at];
            if fuzzy::begin_words(&words, &item.label) {
                Some(0)
            } else if fuzzy::begin_words(&words, &format!("{} {}", item.label, item.aliases)) {
                Some(1)
            } else {
                let all = format!("{} {} {}", item.label, item.aliases, item.about);
                fuzzy::begin_words(&words, &all).then_some(2)
            }
        };
        self.hits = if words.is_empty() {
            fuzzily
        } else {
            let mut ranked: Vec<(u8, usize)> =
                (0..self.items.len()).filter_map(|at| Some((rank(&at)?, at))).collect();
            ranked.sort_unstable();
            let first: Vec<usize> = ranked.into_iter().map(|(_, at)| at).collect();
            let mut taken = vec![false; self.items.len()];
            first.iter().for_each(|at| taken[*at] = true);
            first.into_iter().chain(fuzzily.into_iter().filter(|at| !taken[*at])).collect()
        };
        self.at = 0;
    }

    /// The typed text, without a number at its end if an entry takes one.
    fn split_number(&self) -> (&str, Option<u32>) {
        let typed = self.input.value();
        let takes = self.items.iter().any(|item| item.with_number.is_some());
        let split = typed.trim_end().rsplit_once(' ').filter(|_| takes);
        split
            .and_then(|(words, number)| Some((words, Some(number.parse().ok()?))))
            .unwrap_or((typed, None))
    }

    /// The commands of the entry under the cursor.
    pub fn commands(&self) -> Vec<Command> {
        let Some(item) = self.under_cursor() else { return Vec::new() };
        let mut commands = item.commands.clone();
        if let (Some(with), Some(number)) = (item.with_number, self.split_number().1)
            && let Some(last) = commands.last_mut()
        {
            *last = with(number);
        }
        commands
    }

    pub fn move_by(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.hits.len().saturating_sub(1));
    }

    pub fn under_cursor(&self) -> Option<&Item> {
        self.hits.get(self.at).map(|i| &self.items[*i])
    }

    /// The first visible entry, with this many rows.
    pub fn first(&self, rows: usize) -> usize {
        (self.at + 1).saturating_sub(rows.max(1))
    }
}
