//! A line of text that is typed at the bottom of the screen.

use tui_input::Input;

/// A text that is being typed in the lowest line.
pub struct Ask {
    pub purpose: Purpose,
    pub input: Input,
    /// What was in force before.
    pub before: String,
    /// What is wrong with it, and what it means so far.
    pub problem: Option<String>,
    pub found: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A filter of the table or of the questions: holds while it is typed.
    Filter,
    /// An expression whose models are marked.
    Select,
    /// A name for the marked models.
    Save,
    /// The path of a new model's answers.
    Answers,
}
