//! A list over the screen to pick from: commands, themes, colorings, columns, saved selections.

use tui_input::Input;

use crate::explorer::command::Command;
use crate::explorer::fuzzy;

/// One thing to pick.
pub struct Item {
    pub label: String,
    /// What stands at the right: keys, counts.
    pub remark: String,
    /// A sentence on it, shown while the cursor is on it.
    pub about: &'static str,
    /// Other words that find it.
    pub aliases: &'static str,
    /// What picking it does, in order.
    pub commands: Vec<Command>,
    /// It is in force now.
    pub chosen: bool,
    /// What picking it does where a number is typed behind its words.
    pub with_number: Option<fn(u32) -> Command>,
}

impl Item {
    pub fn new(label: impl Into<String>, remark: impl Into<String>, command: Command) -> Self {
        Self {
            label: label.into(),
            remark: remark.into(),
            about: "",
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
    /// Indices of the items that match what was typed, best first.
    pub hits: Vec<usize>,
    pub at: usize,
    /// Items act as soon as the cursor is on them; leaving undoes that by this.
    pub preview: Option<Vec<Command>>,
    /// Picking does not close it: for lists of switches.
    pub stays: bool,
    /// Its items are models: the one under the cursor is shown below.
    pub of_models: bool,
    /// Its items are all commands: a filter can be typed there, too.
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

    pub fn of_commands(mut self) -> Self {
        self.of_commands = true;
        self
    }

    pub fn of_models(mut self) -> Self {
        self.of_models = true;
        self
    }

    /// Finds what was typed: items with words that begin with every typed one come first, those of
    /// the label before others, and then labels in which the letters are found.
    pub fn typed(&mut self) {
        let typed = self.split_number().0;
        let labels = self.items.iter().map(|item| item.label.as_str());
        let fuzzily = fuzzy::matching(typed, labels);
        // What has a meaning for the fuzzy search alone is left to it.
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

    /// What was typed, without a number at its end where an item takes one.
    fn split_number(&self) -> (&str, Option<u32>) {
        let typed = self.input.value();
        let takes = self.items.iter().any(|item| item.with_number.is_some());
        let split = typed.trim_end().rsplit_once(' ').filter(|_| takes);
        split
            .and_then(|(words, number)| Some((words, Some(number.parse().ok()?))))
            .unwrap_or((typed, None))
    }

    /// What the item under the cursor stands for.
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

    /// The first hit that is shown in so many rows.
    pub fn first(&self, rows: usize) -> usize {
        (self.at + 1).saturating_sub(rows.max(1))
    }
}
