//! The state of the Route pane.

pub mod limits;

use ratatui_textarea::{CursorMove, TextArea, WrapMode};
use tui_input::InputRequest;

use super::coloring::ColorBy;
use super::job::Job;
use crate::analysis::router::{ANSWER_TOKENS, Route};
use crate::printable::PrintableLines;
use limits::Limits;

/// Maximum number of prompts in the history.
const REMEMBERED: usize = 100;
/// Maximum number of pinned prompts.
const PINS: usize = 6;
/// Number of candidates whose answers to similar questions are shown.
pub const LEADING: usize = 5;
/// Maximum size of a prompt, in bytes.
pub const LONGEST: usize = 1 << 18;

/// The view below the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    List,
    /// The explanation of the ranking.
    Why,
    /// Accuracy against cost.
    Plot,
    /// Pinned prompts side by side.
    Pinned,
    History,
}

impl View {
    pub fn title(self) -> &'static str {
        match self {
            Self::List => "ranking",
            Self::Why => "why",
            Self::Plot => "plot",
            Self::Pinned => "pinned",
            Self::History => "history",
        }
    }

    /// The next one; if list, explanation and plot are shown `beside` each other, they count as one.
    pub fn next(self, beside: bool) -> Self {
        match self {
            Self::List | Self::Why | Self::Plot if beside => Self::Pinned,
            Self::List => Self::Why,
            Self::Why => Self::Plot,
            Self::Plot => Self::Pinned,
            Self::Pinned => Self::History,
            Self::History => Self::List,
        }
    }
}

/// A training question similar to the prompt, safe to print.
#[derive(Clone, Debug, PartialEq)]
pub struct Similar {
    pub prompt: String,
    pub category: String,
    pub cosine: f64,
    /// (model, label), as the explorer's models.
    pub answers: Vec<(usize, f32)>,
}

impl Similar {
    /// The mean label of all answers.
    pub fn correct(&self) -> Option<f64> {
        let sum: f64 = self.answers.iter().map(|(_, label)| f64::from(*label)).sum();
        (!self.answers.is_empty()).then(|| sum / self.answers.len() as f64)
    }
}

/// A prompt with its route.
pub struct Asked {
    pub prompt: String,
    /// `None` while it is computed.
    pub route: Option<Route>,
}

pub struct RouteState {
    pub editor: TextArea<'static>,
    pub limits: Limits,
    pub view: View,
    /// The last requested prompt.
    pub asked: String,
    /// Version of the request; older results are dropped.
    pub version: u64,
    pub routing: Job<()>,
    /// The assumed length of an answer, for the cost of a prompt.
    pub answer_tokens: u32,
    /// Tokens of the last requested prompt.
    pub tokens: usize,
    /// Similar training questions, if a data set is open; during a search, those of the previous prompt.
    pub similar: Vec<Similar>,
    /// Version of the search; older results are dropped.
    pub similar_version: u64,
    pub finding: Job<()>,
    pub result: Option<Route>,
    pub cursor: usize,
    pub pinned: Vec<Asked>,
    pub history: Vec<Asked>,
    /// The index in the history of the prompt in the editor.
    at: Option<usize>,
    /// The coloring before the prompt's.
    pub before_heat: Option<ColorBy>,
}

impl Default for RouteState {
    fn default() -> Self {
        Self {
            editor: editor(""),
            limits: Limits::default(),
            view: View::default(),
            asked: String::new(),
            version: 0,
            routing: Job::Idle,
            answer_tokens: ANSWER_TOKENS,
            tokens: 0,
            similar: Vec::new(),
            similar_version: 0,
            finding: Job::Idle,
            result: None,
            cursor: 0,
            pinned: Vec::new(),
            history: Vec::new(),
            at: None,
            before_heat: None,
        }
    }
}

fn editor(text: &str) -> TextArea<'static> {
    let mut editor = TextArea::new(text.split('\n').map(String::from).collect());
    editor.set_wrap_mode(WrapMode::WordOrGlyph);
    editor.set_cursor_line_style(ratatui::style::Style::new());
    editor.move_cursor(CursorMove::Bottom);
    editor.move_cursor(CursorMove::End);
    editor
}

impl RouteState {
    pub fn prompt(&self) -> String {
        self.editor.lines().join("\n")
    }

    /// Replaces the typed text by a prompt.
    pub fn set_prompt(&mut self, prompt: &str) {
        self.editor = editor(&printable(prompt));
    }

    /// Clears what belonged to other models.
    pub fn forget(&mut self) {
        (self.result, self.routing) = (None, Job::Idle);
        (self.similar, self.finding) = (Vec::new(), Job::Idle);
        (self.pinned, self.history) = (Vec::new(), Vec::new());
        (self.at, self.before_heat) = (None, None);
    }

    /// The model under the cursor of the list.
    pub fn under_cursor(&self) -> Option<usize> {
        let candidates = &self.result.as_ref()?.candidates;
        candidates.get(self.cursor).map(|c| c.model)
    }

    /// Number of lines for the cursor.
    pub fn lines(&self) -> usize {
        self.result.as_ref().map_or(0, |route| route.candidates.len())
    }

    /// Types into the prompt.
    pub fn edit(&mut self, request: InputRequest) {
        let editor = &mut self.editor;
        let go = |editor: &mut TextArea, to| editor.move_cursor(to);
        match request {
            InputRequest::InsertChar(c) => editor.insert_char(c),
            InputRequest::DeletePrevChar => drop(editor.delete_char()),
            InputRequest::DeleteNextChar => drop(editor.delete_next_char()),
            InputRequest::GoToPrevChar => go(editor, CursorMove::Back),
            InputRequest::GoToNextChar => go(editor, CursorMove::Forward),
            InputRequest::GoToPrevWord => go(editor, CursorMove::WordBack),
            InputRequest::GoToNextWord => go(editor, CursorMove::WordForward),
            InputRequest::GoToStart => go(editor, CursorMove::Head),
            InputRequest::GoToEnd => go(editor, CursorMove::End),
            InputRequest::DeletePrevWord => drop(editor.delete_word()),
            InputRequest::DeleteNextWord => drop(editor.delete_next_word()),
            InputRequest::DeleteTillEnd => drop(editor.delete_line_by_end()),
            InputRequest::DeleteLine => self.set_prompt(""),
            InputRequest::SetCursor(_) | InputRequest::DeleteFromStart | InputRequest::Yank => {}
        }
    }

    /// Inserts a text at the cursor of the prompt, unless it would become too long.
    ///
    /// # Errors
    /// The maximum size of a prompt.
    pub fn insert(&mut self, text: &str) -> Result<(), String> {
        let room = LONGEST.saturating_sub(self.prompt().len());
        let text = printable(text);
        if text.len() > room {
            return Err(format!("a prompt is limited to {} KiB", LONGEST / 1024));
        }
        self.editor.insert_str(text);
        Ok(())
    }

    /// The route of the current prompt, if it was computed.
    pub fn answer(&self) -> Option<&Route> {
        self.result.as_ref().filter(|_| !self.routing.is_running())
    }

    /// Stores the route of the last requested prompt.
    pub fn take(&mut self, answer: Route) {
        self.routing = Job::Done(());
        self.cursor = 0;
        if let Some(last) = self.history.last_mut().filter(|last| last.prompt == self.asked) {
            last.route = Some(answer.clone());
        }
        self.result = Some(answer);
    }

    /// Appends the prompt to the history.
    pub fn remember(&mut self) {
        let prompt = self.asked.clone();
        if prompt.is_empty() {
            return;
        }
        self.history.retain(|asked| asked.prompt != prompt);
        let route = self.answer().cloned();
        self.history.push(Asked { prompt, route });
        let over = self.history.len().saturating_sub(REMEMBERED);
        self.history.drain(..over);
        self.at = None;
    }

    /// Shows an older or newer prompt of the history in the editor. False if there is none.
    pub fn recall(&mut self, older: bool) -> bool {
        let n = self.history.len();
        let newest = self.history.last().is_some_and(|last| last.prompt == self.asked);
        let at = match (self.at, older) {
            // The text in the editor may be the newest of the history.
            (None, true) => n.checked_sub(1 + usize::from(newest)),
            (None, false) => None,
            (Some(at), true) => Some(at.saturating_sub(1)),
            (Some(at), false) => Some(at + 1).filter(|at| *at < n),
        };
        let Some(asked) = at.and_then(|at| self.history.get(at)) else { return false };
        let prompt = asked.prompt.clone();
        self.set_prompt(&prompt);
        self.at = at;
        true
    }

    /// Pins or unpins the prompt, and returns a notice.
    pub fn pin(&mut self) -> Option<String> {
        if let Some(known) = self.pinned.iter().position(|pinned| pinned.prompt == self.asked) {
            self.pinned.remove(known);
            return Some("Unpinned".into());
        }
        let route = Some(self.answer()?.clone());
        if self.pinned.len() == PINS {
            self.pinned.remove(0);
        }
        self.pinned.push(Asked { prompt: self.asked.clone(), route });
        let prompts = crate::count(self.pinned.len(), "prompt");
        Some(format!("{prompts} pinned, side by side in the view pinned (m)"))
    }
}

/// Lines of text without control characters.
fn printable(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
    let mut text = PrintableLines(&text).to_string();
    let mut end = LONGEST.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
