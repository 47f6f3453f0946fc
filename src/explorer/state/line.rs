//! A line of text that is typed at the bottom of the screen.

use tui_input::Input;

/// A text that is being typed in the lowest line.
pub struct LineInput {
    pub purpose: Purpose,
    pub input: Input,
    /// What was in force before.
    pub before: String,
    /// What is wrong with it, and how much it finds so far.
    pub problem: Option<String>,
    pub found: usize,
    /// Of a search: the models that are found, the one under the cursor, and what was selected before.
    pub hits: Vec<usize>,
    pub at: usize,
    pub selected: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The name of a model, which is selected while it is typed.
    Search,
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
}

impl LineInput {
    pub fn new(purpose: Purpose, before: String, selected: usize) -> Self {
        let input = Input::new(before.clone());
        Self { purpose, input, before, problem: None, found: 0, hits: Vec::new(), at: 0, selected }
    }

    /// What stands before the typed text.
    pub fn label(&self) -> String {
        match self.purpose {
            Purpose::Search => " /".into(),
            Purpose::Filter => " filter ".into(),
            Purpose::Select => " mark where ".into(),
            Purpose::Save => " save as ".into(),
            Purpose::Group => format!(" name of the {} marked models: ", self.found),
            Purpose::Answers => " answers from ".into(),
            Purpose::Cost => " at most ".into(),
            Purpose::Pool => " pool ".into(),
        }
    }

    /// What stands behind it.
    pub fn hint(&self) -> String {
        let (empty, found) = (self.input.value().is_empty(), self.found);
        match self.purpose {
            Purpose::Search => match self.hits.len() {
                0 => "no model   Enter stays, Esc goes back".into(),
                n => format!("{} of {n}   Enter stays, Esc goes back", self.at + 1),
            },
            Purpose::Select if empty => {
                "coder and params_b < 20 · name ~ \"qwen\" · any words".into()
            }
            Purpose::Answers => "the path of a table with label and prompt or prompt_id".into(),
            Purpose::Cost if empty => "a number; nothing lifts the limit".into(),
            Purpose::Cost => format!("{found} models   Enter routes among them, Esc goes back"),
            Purpose::Pool => "a name for the filter   Enter saves it, Esc goes back".into(),
            Purpose::Filter => format!("{found} found   Enter keeps it, Esc goes back"),
            Purpose::Select => format!("{found} found   Enter marks them, Esc goes back"),
            Purpose::Save => format!("{found} found   Enter saves them, Esc goes back"),
            Purpose::Group => "Enter probes it, Esc does not".into(),
        }
    }

    /// Moves the cursor among what is found; the model it comes to.
    pub fn move_by(&mut self, by: isize) -> Option<usize> {
        self.at = self.at.saturating_add_signed(by).min(self.hits.len().saturating_sub(1));
        self.hits.get(self.at).copied()
    }
}
