//! The one keymap: dispatch, the hint bar and the help overlay are all read off this table.

use std::sync::LazyLock;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action::{Action, Direction, Pane};
use super::routing::Command;
use super::state::State;
use super::work;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// Even while typing.
    Always,
    /// Unless typing.
    Everywhere,
    Map,
    Model,
    Probe,
    Route,
    Evaluate,
    Models,
    Compare,
    Questions,
    Forecast,
    Newcomer,
    /// Typing a prompt.
    Prompt,
    /// Typing which models may be named.
    Filter,
    /// Typing a search.
    Search,
    /// Typing another line at the bottom.
    Line,
    /// Picking from a list.
    Picker,
    /// Typing the name of a group.
    Naming,
    Training,
    /// The focused pane waits for something.
    Working,
    /// What the focused pane shows was stopped, or failed.
    Stopped,
}

impl Context {
    pub fn title(self) -> &'static str {
        match self {
            Self::Always | Self::Everywhere => "Everywhere",
            Self::Map => "Map",
            Self::Model => "Model",
            Self::Probe => "Probe",
            Self::Route => "Route",
            Self::Evaluate => "Evaluate",
            Self::Models => "Models",
            Self::Compare => "Compare",
            Self::Questions => "Questions",
            Self::Forecast => "Forecast",
            Self::Newcomer => "New",
            Self::Line => "While typing a line",
            Self::Picker => "While picking",
            Self::Prompt => "While typing a prompt",
            Self::Filter => "While typing a filter",
            Self::Search => "While searching",
            Self::Naming => "While naming a group",
            Self::Training => "While training",
            Self::Working => "While computing",
            Self::Stopped => "Once stopped",
        }
    }

    /// The contexts that hold now, the most special first.
    pub fn of(state: &State) -> Vec<Self> {
        if state.picker.is_some() {
            return vec![Self::Picker, Self::Always];
        }
        if state.ask.is_some() {
            return vec![Self::Line, Self::Always];
        }
        if state.search.is_some() {
            return vec![Self::Search, Self::Always];
        }
        if state.probe.naming.is_some() {
            return vec![Self::Naming, Self::Always];
        }
        if state.focus == Pane::Route && state.route.is_typing() && state.training.is_none() {
            let typed = if state.route.filter.typing { Self::Filter } else { Self::Prompt };
            return vec![typed, Self::Always];
        }
        let mut contexts = Vec::new();
        if state.training.is_some() {
            contexts.push(Self::Training);
        } else if work::here(state).is_some() {
            contexts.push(Self::Working);
        } else if work::is_to_begin_again(state) {
            contexts.push(Self::Stopped);
        }
        contexts.push(match state.focus {
            Pane::Map => Self::Map,
            Pane::Model => Self::Model,
            Pane::Probe => Self::Probe,
            Pane::Route => Self::Route,
            Pane::Evaluate => Self::Evaluate,
            Pane::Models => Self::Models,
            Pane::Compare => Self::Compare,
            Pane::Questions => Self::Questions,
            Pane::Forecast => Self::Forecast,
            Pane::Newcomer => Self::Newcomer,
        });
        contexts.extend([Self::Everywhere, Self::Always]);
        contexts
    }

    pub fn is_typing(self) -> bool {
        matches!(
            self,
            Self::Prompt | Self::Filter | Self::Search | Self::Line | Self::Picker | Self::Naming
        )
    }
}

#[derive(Clone)]
pub struct Binding {
    /// Names of keys, separated by spaces; empty for what only the palette has.
    pub keys: String,
    pub context: Context,
    pub action: Action,
    /// What the help overlay says.
    pub about: &'static str,
    /// What the hint bar says; empty for what does not earn a place there.
    pub hint: &'static str,
}

impl Binding {
    /// The keys as people know them.
    pub fn label(&self) -> String {
        self.keys.split_whitespace().map(pretty).collect::<Vec<_>>().join(" ")
    }
}

/// All bindings.
pub static KEYMAP: LazyLock<Vec<Binding>> = LazyLock::new(|| {
    use super::newcomer::Command as N;
    use Action as A;
    use Command as C;
    use Context::{
        Always, Compare, Everywhere, Filter, Forecast, Line, Map, Model, Models, Naming, Newcomer,
        Picker, Probe, Prompt, Questions, Route, Search, Stopped, Training, Working,
    };
    use Direction::{Down, Left, Right, Up};
    let bind = |context, keys: &str, action, about, hint| Binding {
        keys: String::from(keys),
        context,
        action,
        about,
        hint,
    };
    let mut map = vec![
        bind(Working, "esc", A::Stop, "stop what is computed", "stop"),
        bind(Stopped, "f5", A::Again, "begin it again", "begin again"),
        bind(Training, "s", A::StopTraining, "stop, keep the best epoch", "stop and keep"),
        bind(Map, "left h", A::Step(Left), "model to the left", ""),
        bind(Map, "down j", A::Step(Down), "model below", ""),
        bind(Map, "up k", A::Step(Up), "model above", ""),
        bind(Map, "right l", A::Step(Right), "model to the right", ""),
        bind(Map, "+ =", A::ZoomIn, "zoom in (or the wheel)", "zoom in"),
        bind(Map, "-", A::ZoomOut, "zoom out", "out"),
        bind(Map, "shift-left H", A::Pan(Left), "pan left", ""),
        bind(Map, "shift-down J", A::Pan(Down), "pan down", ""),
        bind(Map, "shift-up K", A::Pan(Up), "pan up", ""),
        bind(Map, "shift-right L", A::Pan(Right), "pan right", ""),
        bind(Map, "f", A::Fit, "see the whole map", "fit"),
        bind(Map, "F", A::Reset, "the map as at the start", ""),
        bind(Map, "c", A::Colours, "colour by …", "colour"),
        bind(Map, ")", A::NextColour, "colour by the next", ""),
        bind(Map, "(", A::PreviousColour, "colour by the previous", ""),
        bind(Map, "i", A::Isolate, "isolate the next class", "isolate"),
        bind(Map, "o", A::Projections, "t-SNE, an attribute, …", "projection"),
        bind(Map, "a", A::NextAxes, "other components as axes", "axes"),
        bind(Map, "A", A::Axes, "choose the axes …", ""),
        bind(Map, "r", A::Space, "three dimensions or flat", "3-D"),
        bind(Map, "[", A::Turn(Left), "turn left", ""),
        bind(Map, "]", A::Turn(Right), "turn right", ""),
        bind(Map, "{", A::Turn(Up), "tilt up", ""),
        bind(Map, "}", A::Turn(Down), "tilt down", ""),
        bind(Map, "R", A::Spin, "turn by itself", ""),
        bind(Map, "m", A::Markers, "Braille, shapes, blocks, …", "markers"),
        bind(Map, "d", A::Density, "shade where it is crowded", ""),
        bind(Map, "n", A::Names, "names on or off", "names"),
        bind(Map, "b", A::Tool, "drag: box, loop or zoom", ""),
        bind(Map, "z", A::ZoomToMarked, "zoom to the marked", ""),
        bind(Map, "space", A::Mark, "mark the model", "mark"),
        bind(Map, "enter", A::Open, "look at the model", "model"),
    ];
    for (pane, open, hint) in [
        (Model, "go to the neighbour", "go to neighbour"),
        (Probe, "colour the map by it", "colour the map"),
        (Route, "look at the model", "model"),
        (Models, "look at the model", "model"),
        (Compare, "look at the model", ""),
        (Questions, "select its best model", ""),
        (Forecast, "look at the model", "model"),
    ] {
        map.extend([
            bind(pane, "down j", A::Down, "next line", ""),
            bind(pane, "up k", A::Up, "previous line", ""),
            bind(pane, "pagedown ctrl-d", A::PageDown, "a page down", ""),
            bind(pane, "pageup ctrl-u", A::PageUp, "a page up", ""),
            bind(pane, "home g", A::First, "first line", ""),
            bind(pane, "end G", A::Last, "last line", ""),
            bind(pane, "enter", A::Open, open, hint),
        ]);
    }
    map.extend([
        bind(Route, "f", A::Route(C::Filter), "which models, as an expression", "filter"),
        bind(Route, "m", A::Route(C::NextView), "list, plot, pinned, history", "view"),
        bind(Route, "+", A::Route(C::Cheaper), "cost counts more", "cheaper"),
        bind(Route, "-", A::Route(C::Better), "cost counts less", ""),
        bind(Route, ".", A::Route(C::Surer), "the cheapest that is sure enough", "surer"),
        bind(Route, ",", A::Route(C::LessSure), "less sure", ""),
        bind(Route, "$", A::Route(C::HighestCost), "the highest cost …", ""),
        bind(Route, "=", A::Route(C::CheapestTie), "the cheapest of the ties", ""),
        bind(Route, "o", A::Route(C::Pools), "saved pools of models …", "pools"),
        bind(Route, "s", A::Route(C::SavePool), "save the filter as a pool", ""),
        bind(Route, "x", A::Route(C::Pin), "pin the prompt, or unpin", ""),
        bind(Route, "h", A::Route(C::Heat), "colour the map by it", ""),
        bind(Route, "[", A::Route(C::Older), "the prompt before", ""),
        bind(Route, "]", A::Route(C::Newer), "the prompt after", ""),
        bind(Route, "c", A::Route(C::CopyName), "copy the model's name", ""),
        bind(Route, "C", A::Route(C::CopyJson), "copy the route as JSON", ""),
        bind(Prompt, "alt-enter ctrl-j", A::Route(C::Newline), "a line break", "line break"),
        bind(Prompt, "ctrl-p", A::Route(C::Older), "the prompt before", ""),
        bind(Prompt, "ctrl-n", A::Route(C::Newer), "the prompt after", ""),
        bind(Filter, "tab", A::Route(C::Complete), "complete the word", "complete"),
        bind(Filter, "enter", A::Accept, "keep it", "keep"),
        bind(Filter, "esc", A::Dismiss, "as before", "as before"),
        bind(Models, "left h", A::Step(Left), "column to the left", ""),
        bind(Models, "right l", A::Step(Right), "column to the right", ""),
        bind(Models, "s", A::Sort, "sort by it, and reverse", "sort"),
        bind(Models, "f", A::Filter, "filter: words or expression", "filter"),
        bind(Models, "c", A::Columns, "choose columns …", "columns"),
        bind(Models, "space", A::Mark, "mark the model", "mark"),
        bind(Models, "a", A::MarkShown, "mark all shown, or none", "mark all"),
        bind(Questions, "f", A::Filter, "filter by words", "filter"),
        bind(Questions, "c", A::NextColour, "only the next category", "category"),
        bind(Questions, "r", A::Prompt, "route this question", "route it"),
        bind(Questions, "+ =", A::Newcomer(N::Right), "a new model answered it right", "right"),
        bind(Questions, "-", A::Newcomer(N::Wrong), "a new model answered it wrong", "wrong"),
        bind(Questions, "x", A::Newcomer(N::Open), "take that back", ""),
        bind(Questions, "n", A::Newcomer(N::Next), "the question that tells most", "ask next"),
        bind(Newcomer, "down j", A::Down, "next line", ""),
        bind(Newcomer, "up k", A::Up, "previous line", ""),
        bind(Newcomer, "pagedown ctrl-d", A::PageDown, "a page down", ""),
        bind(Newcomer, "pageup ctrl-u", A::PageUp, "a page up", ""),
        bind(Newcomer, "n", A::Newcomer(N::Next), "the question that tells most", "ask me"),
        bind(Newcomer, "o", A::Newcomer(N::Read), "its answers from a file …", "from a file"),
        bind(Newcomer, "e", A::Newcomer(N::Write), "write its answers to a file", "export"),
        bind(Newcomer, "x", A::Newcomer(N::Forget), "forget it", "forget"),
        bind(Forecast, "left h", A::Step(Left), "benchmark to the left", "benchmark"),
        bind(Forecast, "right l", A::Step(Right), "benchmark to the right", ""),
        bind(Forecast, "f", A::Filter, "filter: words or expression", "filter"),
        bind(Forecast, "space", A::Mark, "mark the model", "mark"),
        bind(Forecast, "e", A::ExportForecasts, "write the forecasts to a file", "export"),
        bind(Line, "enter", A::Accept, "keep it", "keep"),
        bind(Line, "esc", A::Dismiss, "go back", "go back"),
        bind(Picker, "enter", A::Accept, "pick it", "pick"),
        bind(Picker, "down ctrl-n", A::Down, "next", "next"),
        bind(Picker, "up ctrl-p", A::Up, "previous", "previous"),
        bind(Picker, "pagedown", A::PageDown, "a page down", ""),
        bind(Picker, "pageup", A::PageUp, "a page up", ""),
        bind(Picker, "esc", A::Dismiss, "go back", "go back"),
        bind(Probe, "right l", A::NextSection, "what else is known of it", "more"),
        bind(Probe, "left h", A::PreviousSection, "back", ""),
        bind(Probe, "n", A::NameGroup, "name the marked models, probe", "name the marked"),
        bind(Naming, "enter", A::Accept, "probe the group", "probe it"),
        bind(Naming, "esc", A::Dismiss, "no group", "no group"),
        bind(Prompt, "enter", A::Accept, "to the list of models", "to the list"),
        bind(Prompt, "down", A::Down, "next model", ""),
        bind(Prompt, "up", A::Up, "previous model", ""),
        bind(Prompt, "esc", A::Dismiss, "stop typing", "stop typing"),
        bind(Search, "enter", A::Accept, "stay at the model", "stay"),
        bind(Search, "down ctrl-n", A::Down, "next hit", "next"),
        bind(Search, "up ctrl-p", A::Up, "previous hit", "previous"),
        bind(Search, "esc", A::Dismiss, "go back", "go back"),
        bind(Everywhere, "p", A::Prompt, "type a prompt, route it", "prompt"),
        bind(Everywhere, "/", A::Search, "search a model by name", "search"),
        bind(Everywhere, "1", A::Focus(Pane::Map), "the map", ""),
        bind(Everywhere, "2", A::Focus(Pane::Model), "the model", ""),
        bind(Everywhere, "3", A::Focus(Pane::Probe), "the probes", ""),
        bind(Everywhere, "4", A::Focus(Pane::Route), "the router", ""),
        bind(Everywhere, "5", A::Focus(Pane::Evaluate), "how good it is", ""),
        bind(Everywhere, "6", A::Focus(Pane::Models), "the table of models", ""),
        bind(Everywhere, "7 v", A::Focus(Pane::Compare), "compare the marked", "compare"),
        bind(Everywhere, "8", A::Focus(Pane::Questions), "the questions", ""),
        bind(Everywhere, "9", A::Focus(Pane::Forecast), "the forecasts", ""),
        bind(Everywhere, "0", A::Focus(Pane::Newcomer), "a new model", ""),
        bind(Everywhere, ":", A::Palette, "all commands …", "commands"),
        bind(Everywhere, "w", A::Select, "mark by an expression", ""),
        bind(Everywhere, "N", A::MarkNeighbours, "mark the nearest models", ""),
        bind(Everywhere, "X", A::MarkCluster, "mark the model's cluster", ""),
        bind(Everywhere, "!", A::Invert, "mark all others instead", ""),
        bind(Everywhere, "S", A::SaveSelection, "save the marked by a name", ""),
        bind(Everywhere, "\"", A::Selections, "saved selections …", ""),
        bind(Everywhere, "E", A::Export, "write the marked to a file", ""),
        bind(Everywhere, "y", A::Copy, "copy the marked names", ""),
        bind(Everywhere, "u", A::Undo, "undo marks and view", ""),
        bind(Everywhere, "U ctrl-r", A::Redo, "redo", ""),
        bind(Everywhere, "T", A::Themes, "choose a theme …", ""),
        bind(Always, "f2", A::Mouse, "release or catch the mouse", ""),
        bind(Always, "tab", A::NextPane, "next pane", "pane"),
        bind(Always, "backtab", A::PreviousPane, "previous pane", ""),
        bind(Everywhere, "t", A::NextTheme, "next theme", "theme"),
        bind(Everywhere, "esc", A::Dismiss, "close, show all classes", ""),
        bind(Always, "f1", A::Help, "these keys, even typing", ""),
        bind(Always, "ctrl-z", A::Suspend, "suspend (fg comes back)", ""),
        bind(Always, "ctrl-c", A::Quit, "quit, even while typing", ""),
        bind(Everywhere, "?", A::Help, "these keys", "help"),
        bind(Everywhere, "q", A::Quit, "quit", "quit"),
    ]);
    map
});

/// What a key does now.
pub fn resolve(state: &State, key: KeyEvent) -> Option<Action> {
    let contexts = Context::of(state);
    let found = contexts.iter().find_map(|context| {
        let here = state.keymap.iter().filter(|binding| binding.context == *context);
        here.into_iter()
            .find(|binding| binding.keys.split_whitespace().filter_map(parse).any(|k| same(k, key)))
    });
    if let Some(binding) = found {
        return Some(binding.action.clone());
    }
    let typing = contexts.iter().any(|context| context.is_typing());
    let event = ratatui::crossterm::event::Event::Key(key);
    typing
        .then(|| tui_input::backend::crossterm::to_input_request(&event).map(Action::Edit))
        .flatten()
}

/// The keymap with the user's changes: `{"map": {"x": "zoom-in", "ctrl-f": {"focus": "route"},
/// "c": null}}`, where null unbinds a key. What is wrong in it is told and passed over.
pub fn overridden(changes: &Value) -> (Vec<Binding>, Vec<String>) {
    let (mut keymap, mut warnings) = (KEYMAP.clone(), Vec::new());
    let Value::Object(contexts) = changes else {
        return (keymap, vec!["keys: an object of contexts is needed".into()]);
    };
    for (name, keys) in contexts {
        let context: Result<Context, _> = serde_json::from_value(Value::from(name.as_str()));
        let (Ok(context), Value::Object(keys)) = (context, keys) else {
            warnings.push(format!("keys: {name}: no such context, or not an object of keys"));
            continue;
        };
        for (key, action) in keys {
            let Some(stroke) = parse(key) else {
                warnings.push(format!("keys: {name}: `{key}` is no key"));
                continue;
            };
            // Null is no action.
            match serde_json::from_value::<Option<Action>>(action.clone()) {
                Ok(action) => rebind(&mut keymap, context, key, stroke, action),
                Err(_) => warnings.push(format!("keys: {name}: {key}: {action} is no action")),
            }
        }
    }
    (keymap, warnings)
}

fn rebind(
    keymap: &mut Vec<Binding>,
    context: Context,
    key: &str,
    stroke: Stroke,
    action: Option<Action>,
) {
    for binding in keymap.iter_mut().filter(|b| b.context == context) {
        let kept = binding.keys.split_whitespace().filter(|k| parse(k) != Some(stroke));
        binding.keys = kept.collect::<Vec<_>>().join(" ");
    }
    let Some(action) = action else { return };
    let text = |action: &Action| serde_json::to_string(action).unwrap_or_default();
    let same = |b: &Binding| text(&b.action) == text(&action);
    if let Some(binding) = keymap.iter_mut().find(|b| b.context == context && same(b)) {
        // The user's key stands first, where the hint bar shows it.
        let keys = std::iter::once(key).chain(binding.keys.split_whitespace());
        binding.keys = keys.collect::<Vec<_>>().join(" ");
        return;
    }
    let (about, hint) = keymap.iter().find(|b| same(b)).map_or(("", ""), |b| (b.about, b.hint));
    let about = if about.is_empty() { "your own" } else { about };
    keymap.push(Binding { keys: key.to_owned(), context, action, about, hint });
}

type Stroke = (KeyCode, KeyModifiers);

fn same((code, modifiers): Stroke, key: KeyEvent) -> bool {
    let mut pressed = key.modifiers;
    // A shifted character is another character already; terminals differ in whether they say so.
    if matches!(key.code, KeyCode::Char(_) | KeyCode::BackTab) {
        pressed.remove(KeyModifiers::SHIFT);
    }
    code == key.code && modifiers == pressed
}

/// Reads the name of a key, such as `ctrl-d`, `left` or `?`.
fn parse(name: &str) -> Option<Stroke> {
    let (mut modifiers, mut rest) = (KeyModifiers::NONE, name);
    while let Some((prefix, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty()) {
        modifiers |= match prefix {
            "ctrl" => KeyModifiers::CONTROL,
            "shift" => KeyModifiers::SHIFT,
            "alt" => KeyModifiers::ALT,
            _ => return None,
        };
        rest = after;
    }
    let code = match rest {
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "pageup" => KeyCode::PageUp,
        "pagedown" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "space" => KeyCode::Char(' '),
        "delete" => KeyCode::Delete,
        "backspace" => KeyCode::Backspace,
        "insert" => KeyCode::Insert,
        f if f.len() > 1 && f.starts_with('f') => KeyCode::F(f[1..].parse().ok()?),
        one if one.chars().count() == 1 => KeyCode::Char(one.chars().next()?),
        _ => return None,
    };
    Some((code, modifiers))
}

fn pretty(name: &str) -> String {
    let (modifier, key) = match name.split_once('-') {
        Some(("ctrl", key)) => ("^", key.to_uppercase()),
        Some(("shift", key)) => ("⇧", key.to_owned()),
        Some(("alt", key)) => ("Alt-", key.to_owned()),
        _ => ("", name.to_owned()),
    };
    let key = match key.as_str() {
        "left" => "←",
        "right" => "→",
        "up" => "↑",
        "down" => "↓",
        "pageup" => "PgUp",
        "pagedown" => "PgDn",
        "home" => "Home",
        "end" => "End",
        "enter" => "Enter",
        "esc" => "Esc",
        "tab" => "Tab",
        "backtab" => "⇧Tab",
        "space" => "Space",
        f if f.len() > 1 && f.starts_with('f') => return format!("{modifier}{}", f.to_uppercase()),
        other => other,
    };
    format!("{modifier}{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_name_and_one_meaning_in_a_context() {
        let together = |a: Context, b: Context| {
            // What is typed into a filter is completed by Tab, which is another pane elsewhere; what is
            // computed stops before anything is closed.
            let meant =
                [(Context::Filter, Context::Always), (Context::Working, Context::Everywhere)];
            if meant.contains(&(a, b)) || meant.contains(&(b, a)) {
                return false;
            }
            // A training has only the map beside it.
            let (typing, wide) = (a.is_typing() || b.is_typing(), Context::Everywhere);
            a == b
                || !(typing && (a == wide || b == wide))
                    && (matches!(a, Context::Always | Context::Everywhere)
                        || matches!(b, Context::Always | Context::Everywhere)
                        || (a == Context::Training && b == Context::Map))
        };
        let strokes: Vec<(Stroke, &Binding)> = KEYMAP
            .iter()
            .flat_map(|b| b.keys.split_whitespace().map(move |key| (parse(key).expect(key), b)))
            .collect();
        for (i, (stroke, a)) in strokes.iter().enumerate() {
            for (other, b) in &strokes[i + 1..] {
                let clash = stroke == other && together(a.context, b.context);
                assert!(!clash, "`{}` and `{}` share {stroke:?}", a.about, b.about);
            }
        }
    }

    #[test]
    fn actions_can_be_written_in_a_file() {
        for binding in KEYMAP.iter() {
            let text = serde_json::to_string(&binding.action).unwrap();
            let back: Action = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&back).unwrap(), text);
        }
    }

    #[test]
    fn the_user_can_bind_and_unbind() {
        let changes = serde_json::json!({
            "map": {"x": "zoom-in", "c": null, "ctrl-f": {"focus": "route"}, "nokey": "fit"},
            "mapp": {}, "models": {"x": "fly"},
        });
        let (keymap, warnings) = overridden(&changes);
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        let keys = |about: &str| {
            let found = keymap.iter().find(|b| b.context == Context::Map && b.about == about);
            found.unwrap().keys.clone()
        };
        assert_eq!(keys("zoom in (or the wheel)"), "x + =");
        assert_eq!(keys("colour by …"), "");
        assert_eq!(keys("the router"), "ctrl-f");
    }

    #[test]
    fn shift_of_a_character_does_not_matter() {
        for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
            let key = KeyEvent::new(KeyCode::Char('?'), modifiers);
            assert!(same((KeyCode::Char('?'), KeyModifiers::NONE), key));
        }
        assert_eq!(parse("-"), Some((KeyCode::Char('-'), KeyModifiers::NONE)));
        assert_eq!(pretty("shift-left"), "⇧←");
    }
}
