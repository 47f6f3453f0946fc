//! Which models a prompt may be routed to: an expression that is typed, or a pool that was saved.

use tui_input::Input;

/// Which models may be named.
#[derive(Default)]
pub struct Filter {
    pub input: Input,
    /// What stood there before typing.
    pub before: String,
    /// `None` for all models.
    pub pool: Option<Vec<bool>>,
    pub problem: Option<String>,
    /// What could come next.
    pub offers: Vec<String>,
    /// Where the completed word begins.
    pub from: usize,
}

impl Filter {
    /// Takes the first completion; false if there is none.
    pub fn complete(&mut self) -> bool {
        let Some(offer) = self.offers.first() else { return false };
        let text = self.input.value();
        let after: String = text.chars().skip(self.input.cursor()).collect();
        let before = format!("{}{offer} ", &text[..self.from.min(text.len())]);
        let cursor = before.chars().count();
        self.input = Input::new(before + after.trim_start()).with_cursor(cursor);
        true
    }
}
