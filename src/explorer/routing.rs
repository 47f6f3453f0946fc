//! The state of the Route pane and what its keys do.

use ratatui_textarea::{CursorMove, TextArea, WrapMode};
use serde::{Deserialize, Serialize};
use tui_input::InputRequest;

use super::action::{Effect, Pane};
use super::colouring::ColourBy;
use super::filtering::{self, Filter};
use super::job::{Job, JobKind};
use super::limits::{self, Limits};
use super::state::{Notice, State};
use super::{commands, table, work};
use crate::Printable;
use crate::analysis::router::{Answer, Preferences, Route};

/// Prompts that are remembered.
const REMEMBERED: usize = 100;
/// Prompts that can be compared.
const PINS: usize = 6;
/// The longest prompt, in bytes.
pub const LONGEST: usize = 1 << 18;

/// What the pane's keys do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Type which models may be named.
    Filter,
    /// Take the first completion of the filter.
    Complete,
    /// Let cost count more.
    Cheaper,
    /// Let cost count less.
    Better,
    /// Ask for a higher chance of being right: the cheapest that has it comes first.
    Surer,
    LessSure,
    /// Take the cheapest of those that cannot be told from the best, or the best.
    CheapestTie,
    /// Rank cautiously, by the lower end of the interval, or by the probability.
    Cautious,
    /// Type what a model may cost.
    HighestCost,
    /// The saved pools, to pick from.
    Pools,
    /// Keep the filter under a name.
    SavePool,
    /// A line break in the prompt.
    Newline,
    /// The prompt before.
    Older,
    /// The prompt after.
    Newer,
    /// Keep the prompt for comparison, or no longer.
    Pin,
    /// The list, the plot, the pinned prompts, the history.
    NextView,
    /// Colour the map by this prompt, or as before.
    Heat,
    CopyName,
    CopyJson,
}

/// What is shown below the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    List,
    /// Quality against cost.
    Plot,
    /// Pinned prompts side by side.
    Pinned,
    History,
}

impl View {
    pub fn title(self) -> &'static str {
        match self {
            Self::List => "models",
            Self::Plot => "plot",
            Self::Pinned => "pinned",
            Self::History => "history",
        }
    }
}

/// A prompt with its answer.
pub struct Asked {
    pub prompt: String,
    /// `None` while it is on its way.
    pub route: Option<Route>,
}

pub struct RouteState {
    pub editor: TextArea<'static>,
    pub typing: bool,
    pub filter: Filter,
    pub limits: Limits,
    pub view: View,
    /// The prompt that was asked last.
    pub asked: String,
    /// Of the newest question; older answers are dropped.
    pub version: u64,
    pub routing: Job<()>,
    pub result: Option<Route>,
    pub cursor: usize,
    pub pinned: Vec<Asked>,
    pub history: Vec<Asked>,
    /// The prompt of the history that is in the editor.
    at: Option<usize>,
    /// What coloured the map before the prompt did.
    before_heat: Option<ColourBy>,
}

impl Default for RouteState {
    fn default() -> Self {
        Self {
            editor: editor(""),
            typing: false,
            filter: Filter::default(),
            limits: Limits::default(),
            view: View::default(),
            asked: String::new(),
            version: 0,
            routing: Job::Idle,
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

    /// Puts a prompt in the place of what was typed.
    pub fn set_prompt(&mut self, prompt: &str) {
        self.editor = editor(&printable(prompt));
    }

    /// Forgets what belonged to other models.
    pub fn forget(&mut self) {
        (self.result, self.routing) = (None, Job::Idle);
        self.filter = Filter::default();
        (self.pinned, self.history) = (Vec::new(), Vec::new());
        (self.at, self.before_heat) = (None, None);
    }

    /// True while keys are text.
    pub fn is_typing(&self) -> bool {
        self.typing || self.filter.typing
    }

    /// The model under the cursor of the list.
    pub fn under_cursor(&self) -> Option<usize> {
        let candidates = &self.result.as_ref()?.candidates;
        candidates.get(self.cursor).map(|c| c.model)
    }

    /// Lines that the cursor can go through.
    pub fn lines(&self) -> usize {
        self.result.as_ref().map_or(0, |route| route.candidates.len())
    }

    /// What the next route weighs.
    pub fn preferences(&self) -> Preferences {
        self.limits.preferences(self.filter.pool.clone())
    }
}

/// Lines of text without anything that steers a terminal.
fn printable(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
    let mut text = Printable(&text).to_string();
    let mut end = LONGEST.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// True if the cursor can go up within the prompt: past its first line it goes through the models.
pub fn moves_up(state: &State) -> bool {
    in_prompt(state) && state.route.editor.cursor().0 > 0
}

/// True if the cursor can go down within the prompt.
pub fn moves_down(state: &State) -> bool {
    let editor = &state.route.editor;
    in_prompt(state) && editor.cursor().0 + 1 < editor.lines().len()
}

fn in_prompt(state: &State) -> bool {
    state.search.is_none() && state.focus == Pane::Route && state.route.typing
}

/// Moves the cursor within the prompt.
pub fn go(state: &mut State, to: CursorMove) {
    state.route.editor.move_cursor(to);
}

/// Types into the filter or the prompt.
pub fn edit(state: &mut State, request: InputRequest) {
    let route = &mut state.route;
    if route.filter.typing {
        route.filter.input.handle(request);
        return;
    }
    let editor = &mut route.editor;
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
        InputRequest::DeleteLine => route.set_prompt(""),
        _ => {}
    }
}

/// Takes a pasted text in. A path, as a terminal pastes for a file that is dropped on it, is looked
/// up first.
pub fn paste(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    let route = &mut state.route;
    if route.filter.typing {
        for c in crate::one_line(text).chars() {
            route.filter.input.handle(InputRequest::InsertChar(c));
        }
    } else if looks_like_path(text) {
        effects.push(Effect::Drop(text.to_owned()));
    } else {
        insert(state, text);
    }
}

/// Inserts a text at the cursor of the prompt.
pub fn insert(state: &mut State, text: &str) {
    let route = &mut state.route;
    let room = LONGEST.saturating_sub(route.prompt().len());
    let text = printable(text);
    if text.len() > room {
        let problem = format!("a prompt may have {} KiB", LONGEST / 1024);
        state.notice = Some(Notice { text: problem, bad: true });
    } else {
        route.editor.insert_str(text);
    }
}

fn looks_like_path(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['"', '\'']);
    let begins = ["/", "~/", "file://", "\\\\"].iter().any(|start| text.starts_with(start));
    let drive = text.chars().nth(1) == Some(':') && text.chars().nth(2) == Some('\\');
    (begins || drive) && text.len() < 4096 && !text.contains('\n')
}

/// After typing: judges the filter, and asks for a new route if anything has changed.
pub fn typed(state: &mut State, effects: &mut Vec<Effect>) {
    if state.route.filter.typing {
        return filtering::typed(state, effects);
    }
    let prompt = state.route.prompt();
    if prompt.trim() != state.route.asked {
        prompt.trim().clone_into(&mut state.route.asked);
        ask(state, effects);
    }
}

/// Asks for a route of the prompt as it is now.
pub fn ask(state: &mut State, effects: &mut Vec<Effect>) {
    let route = &mut state.route;
    route.version += 1;
    if !route.asked.is_empty() && state.subject.unread.is_none() {
        route.routing = Job::Running;
        effects.push(Effect::Route(route.version, route.asked.clone()));
    } else {
        route.routing = Job::Idle;
        route.result = None;
        forecast(state);
    }
}

/// An answer has come. One to an older question is dropped.
pub fn routed(state: &mut State, version: u64, answer: Result<Route, String>) {
    let route = &mut state.route;
    if version != route.version {
        return;
    }
    let answer = match answer {
        Ok(answer) => answer,
        Err(problem) => return work::failed(state, JobKind::Route, &problem),
    };
    route.routing = Job::Done(());
    route.cursor = 0;
    if let Some(last) = route.history.last_mut().filter(|last| last.prompt == route.asked) {
        last.route = Some(answer.clone());
    }
    route.result = Some(answer);
    forecast(state);
}

/// Ends typing; without `keep`, what was there before comes back.
pub fn stop_typing(state: &mut State, keep: bool, effects: &mut Vec<Effect>) {
    if state.route.filter.typing {
        return filtering::end(state, keep, effects);
    }
    state.route.typing = false;
    remember(&mut state.route);
}

/// Puts the prompt at the end of the history.
fn remember(route: &mut RouteState) {
    let prompt = route.asked.clone();
    if prompt.is_empty() {
        return;
    }
    route.history.retain(|asked| asked.prompt != prompt);
    let answer = route.result.clone().filter(|_| !route.routing.is_running());
    route.history.push(Asked { prompt, route: answer });
    let over = route.history.len().saturating_sub(REMEMBERED);
    route.history.drain(..over);
    route.at = None;
}

/// Does what a key of the pane says.
pub fn command(state: &mut State, command: Command, effects: &mut Vec<Effect>) {
    let unit = limits::costs(state).unit();
    let route = &mut state.route;
    match command {
        Command::Filter => filtering::begin(state),
        Command::Complete => filtering::complete(state, effects),
        Command::Cheaper => limits::weigh(state, 1, effects),
        Command::Better => limits::weigh(state, -1, effects),
        Command::Surer => limits::demand(state, true, effects),
        Command::LessSure => limits::demand(state, false, effects),
        Command::CheapestTie => limits::toggle_ties(state, effects),
        Command::Cautious => limits::toggle_rank(state, effects),
        Command::HighestCost => commands::ask_for_cost(state),
        Command::Pools => state.picker = Some(filtering::pools(state)),
        Command::SavePool => commands::ask_for_pool(state),
        Command::Newline => {
            route.editor.insert_newline();
            typed(state, effects);
        }
        Command::Older => recall(state, true, effects),
        Command::Newer => recall(state, false, effects),
        Command::Pin => pin(state),
        Command::NextView => {
            route.view = match route.view {
                View::List => View::Plot,
                View::Plot => View::Pinned,
                View::Pinned => View::History,
                View::History => View::List,
            };
        }
        Command::Heat => {
            let now = state.map.colouring.by;
            if now == ColourBy::Forecast {
                let before = route.before_heat.take().unwrap_or(ColourBy::Nothing);
                state.colour_by(before);
            } else if route.result.is_none() {
                state.say("type a prompt first: the map is coloured by who answers it");
            } else {
                route.before_heat = Some(now);
                state.colour_by(ColourBy::Forecast);
            }
        }
        Command::CopyName => {
            let under = route.result.as_ref().and_then(|r| r.candidates.get(route.cursor));
            if let Some(model) = under.map(|c| c.model) {
                effects.push(Effect::Copy(state.name(model).to_owned()));
            }
        }
        Command::CopyJson => {
            if let Some(answer) = &route.result {
                let (models, prompt) = (&state.subject.models, &route.asked);
                let document = Answer::new(models, unit, prompt, answer, usize::MAX);
                let mut bytes = Vec::new();
                // Writing to memory cannot fail.
                let _ = crate::write_json(&mut bytes, &document, true);
                effects.push(Effect::Copy(String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
}

fn recall(state: &mut State, older: bool, effects: &mut Vec<Effect>) {
    let route = &mut state.route;
    let n = route.history.len();
    let newest = route.history.last().is_some_and(|last| last.prompt == route.asked);
    let at = match (route.at, older) {
        // What is in the editor now may be the newest of the history.
        (None, true) => n.checked_sub(1 + usize::from(newest)),
        (None, false) => None,
        (Some(at), true) => Some(at.saturating_sub(1)),
        (Some(at), false) => Some(at + 1).filter(|at| *at < n),
    };
    let Some(asked) = at.and_then(|at| route.history.get(at)) else { return };
    let prompt = asked.prompt.clone();
    route.set_prompt(&prompt);
    route.at = at;
    typed(state, effects);
}

fn pin(state: &mut State) {
    let route = &mut state.route;
    let known = route.pinned.iter().position(|pinned| pinned.prompt == route.asked);
    if let Some(known) = known {
        route.pinned.remove(known);
        state.notice = Some(Notice { text: "no longer pinned".into(), bad: false });
    } else if let Some(answer) = route.result.clone().filter(|_| !route.routing.is_running()) {
        if route.pinned.len() == PINS {
            route.pinned.remove(0);
        }
        route.pinned.push(Asked { prompt: route.asked.clone(), route: Some(answer) });
        let text = format!("pinned, {} to compare: m shows them", route.pinned.len());
        state.notice = Some(Notice { text, bad: false });
    }
}

/// What the answer says of each model becomes what the map and the table show.
fn forecast(state: &mut State) {
    state.forecast.clear();
    if let Some(answer) = &state.route.result {
        state.forecast.resize(state.subject.models.len(), None);
        for candidate in &answer.candidates {
            if let Some(p) = state.forecast.get_mut(candidate.model) {
                *p = Some(candidate.p);
            }
        }
    }
    state.recolour(ColourBy::Forecast);
    if state.table.sort == table::Column::Forecast {
        table::arrange(state);
    }
}
