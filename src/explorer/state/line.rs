//! The input line at the bottom of the screen.

use tui_input::Input;

use crate::dataset::filter::Completion;
use crate::explorer::command::Exported;

/// A text that is being typed in the input line.
pub struct LineInput {
    pub purpose: Purpose,
    pub input: Input,
    /// The value before typing.
    pub before: String,
    /// The error in the text, and how much it matches so far.
    pub problem: Option<String>,
    pub found: usize,
    /// Completions, which replace the text from the byte `from`.
    pub offers: Vec<String>,
    from: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A filter of models: applied while typing.
    Filter,
    /// Words in questions: applied while typing.
    Questions,
    /// An expression of models to mark.
    Select,
    /// A name for the marked models.
    Save,
    /// A name for the marked models as an attribute.
    Group,
    /// The path of a file with a new model's answers.
    Answers,
    /// The maximum cost of a model.
    Cost,
    /// A name for the filter, saved as a pool.
    Pool,
    /// The name of a file to write.
    Export(Exported),
}

impl LineInput {
    pub fn new(purpose: Purpose, before: String) -> Self {
        let input = Input::new(before.clone());
        Self { purpose, input, before, problem: None, found: 0, offers: Vec::new(), from: 0 }
    }

    /// True for an expression, which can be completed.
    pub fn is_expression(&self) -> bool {
        matches!(self.purpose, Purpose::Filter | Purpose::Select)
    }

    /// Its number of lines: completions are above the text.
    pub fn lines(&self) -> u16 {
        1 + u16::from(self.is_expression())
    }

    /// The text before the cursor.
    pub fn before_cursor(&self) -> String {
        self.input.value().chars().take(self.input.cursor()).collect()
    }

    pub fn offer(&mut self, completion: Completion) {
        (self.from, self.offers) = (completion.from, completion.offers);
    }

    /// Inserts the first completion; false if there is none.
    pub fn complete(&mut self) -> bool {
        let Some(offer) = self.offers.first() else { return false };
        let text = self.input.value();
        let after: String = text.chars().skip(self.input.cursor()).collect();
        let before = format!("{}{offer} ", &text[..self.from.min(text.len())]);
        let cursor = before.chars().count();
        self.input = Input::new(before + after.trim_start()).with_cursor(cursor);
        true
    }

    /// The label before the typed text.
    pub fn label(&self) -> String {
        match self.purpose {
            Purpose::Filter => " filter ".into(),
            Purpose::Questions => " questions with ".into(),
            Purpose::Select => " mark where ".into(),
            Purpose::Save => " save as ".into(),
            Purpose::Group => format!(" label the {} marked models ", self.found),
            Purpose::Answers => " load answers from ".into(),
            Purpose::Cost => " cost at most ".into(),
            Purpose::Pool => " pool ".into(),
            Purpose::Export(Exported::Table(pane)) => {
                format!(" export {} to ", pane.title().to_lowercase())
            }
            Purpose::Export(Exported::Models) => " export the marked models to ".into(),
            Purpose::Export(Exported::Answers) => " export the answers to ".into(),
        }
    }

    /// The hint after it: what to type, which gives way on narrow screens, and the keys.
    pub fn hint(&self) -> (String, &'static str) {
        let (empty, found) = (self.input.value().is_empty(), self.found);
        match self.purpose {
            Purpose::Filter | Purpose::Select => {
                (String::new(), "Tab complete · Enter apply · Esc cancel")
            }
            Purpose::Answers => {
                (String::new(), "the path of a table with label and prompt or prompt_id")
            }
            Purpose::Cost if empty => (
                "$ per million tokens, or billions of parameters where there are no prices".into(),
                "a number; empty removes the limit",
            ),
            Purpose::Cost | Purpose::Questions | Purpose::Save => {
                (format!("{found} found"), "Enter apply · Esc cancel")
            }
            Purpose::Pool => ("a name for the filter".into(), "Enter save · Esc cancel"),
            Purpose::Group => (String::new(), "Enter apply · Esc cancel"),
            Purpose::Export(exported) => {
                let endings: Vec<String> =
                    exported.endings().iter().map(|ending| format!(".{ending}")).collect();
                (endings.join(" "), "Enter write · Esc cancel")
            }
        }
    }
}
