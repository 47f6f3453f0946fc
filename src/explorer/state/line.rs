//! A line of text that is typed at the bottom of the screen.

use tui_input::Input;

use crate::explorer::command::Exported;

/// A text that is being typed in the lowest line.
pub struct LineInput {
    pub purpose: Purpose,
    pub input: Input,
    /// What was in force before.
    pub before: String,
    /// What is wrong with it, and how much it finds so far.
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
    /// A name for the marked models as an attribute.
    Group,
    /// The path of a new model's answers.
    Answers,
    /// What a model may cost.
    Cost,
    /// A name for the filter of the Route pane.
    Pool,
    /// The name of a file to write.
    Export(Exported),
}

impl LineInput {
    pub fn new(purpose: Purpose, before: String) -> Self {
        let input = Input::new(before.clone());
        Self { purpose, input, before, problem: None, found: 0 }
    }

    /// What stands before the typed text.
    pub fn label(&self) -> String {
        match self.purpose {
            Purpose::Filter => " filter ".into(),
            Purpose::Select => " mark where ".into(),
            Purpose::Save => " save as ".into(),
            Purpose::Group => format!(" label the {} marked models ", self.found),
            Purpose::Answers => " load answers from ".into(),
            Purpose::Cost => " at most ".into(),
            Purpose::Pool => " pool ".into(),
            Purpose::Export(_) => " export to ".into(),
        }
    }

    /// What stands behind it.
    pub fn hint(&self) -> String {
        let (empty, found) = (self.input.value().is_empty(), self.found);
        match self.purpose {
            Purpose::Select if empty => {
                "coder and params_b < 20 · name ~ \"qwen\" · any words".into()
            }
            Purpose::Answers => "the path of a table with label and prompt or prompt_id".into(),
            Purpose::Cost if empty => "a number; empty lifts the limit".into(),
            Purpose::Cost | Purpose::Filter | Purpose::Select | Purpose::Save => {
                format!("{found} found   Enter apply · Esc cancel")
            }
            Purpose::Pool => "a name for the filter   Enter save · Esc cancel".into(),
            Purpose::Group => "Enter apply · Esc cancel".into(),
            Purpose::Export(_) => "a new file   Enter write · Esc cancel".into(),
        }
    }
}
