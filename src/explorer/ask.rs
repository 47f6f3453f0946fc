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
    /// What a model may cost.
    Cost,
    /// A name for the filter of the Route pane.
    Pool,
}

impl Purpose {
    /// What stands before the typed text.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Filter => " filter ",
            Self::Select => " mark where ",
            Self::Save => " save as ",
            Self::Answers => " answers from ",
            Self::Cost => " at most ",
            Self::Pool => " pool ",
        }
    }

    /// What stands behind it, of so many things found.
    pub fn hint(self, empty: bool, found: usize) -> String {
        match self {
            Self::Select if empty => "coder and params_b < 20 · name ~ \"qwen\" · any words".into(),
            Self::Answers => "the path of a table with label and prompt or prompt_id".into(),
            Self::Cost if empty => "a number; nothing lifts the limit".into(),
            Self::Cost => format!("{found} models   Enter routes among them, Esc goes back"),
            Self::Pool => "a name for the filter   Enter saves it, Esc goes back".into(),
            Self::Filter => format!("{found} found   Enter keeps it, Esc goes back"),
            Self::Select => format!("{found} found   Enter marks them, Esc goes back"),
            Self::Save => format!("{found} found   Enter saves them, Esc goes back"),
        }
    }
}
