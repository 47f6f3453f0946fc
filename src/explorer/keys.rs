//! The one keymap: dispatch, the hint bar and the help overlay are all read off this table.

use std::sync::LazyLock;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, Direction, Pane};
use super::state::State;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Typing a prompt.
    Prompt,
    /// Typing a search.
    Search,
    /// Typing the name of a group.
    Naming,
    Training,
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
            Self::Prompt => "While typing a prompt",
            Self::Search => "While searching",
            Self::Naming => "While naming a group",
            Self::Training => "While training",
        }
    }

    /// The contexts that hold now, the most special first.
    pub fn of(state: &State) -> Vec<Self> {
        if state.search.is_some() {
            return vec![Self::Search, Self::Always];
        }
        if state.probe.naming.is_some() {
            return vec![Self::Naming, Self::Always];
        }
        if state.focus == Pane::Route && state.route.typing && state.training.is_none() {
            return vec![Self::Prompt, Self::Always];
        }
        let mut contexts = Vec::new();
        if state.training.is_some() {
            contexts.push(Self::Training);
        }
        contexts.push(match state.focus {
            Pane::Map => Self::Map,
            Pane::Model => Self::Model,
            Pane::Probe => Self::Probe,
            Pane::Route => Self::Route,
            Pane::Evaluate => Self::Evaluate,
        });
        contexts.extend([Self::Everywhere, Self::Always]);
        contexts
    }

    pub fn is_typing(self) -> bool {
        matches!(self, Self::Prompt | Self::Search | Self::Naming)
    }
}

pub struct Binding {
    /// Names of keys, separated by spaces.
    pub keys: &'static str,
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
        self.keys.split(' ').map(pretty).collect::<Vec<_>>().join(" ")
    }
}

/// All bindings.
pub static KEYMAP: LazyLock<Vec<Binding>> = LazyLock::new(|| {
    use Action as A;
    use Context::{Always, Everywhere, Map, Model, Naming, Probe, Prompt, Route, Search, Training};
    use Direction::{Down, Left, Right, Up};
    let bind = |context, keys, action, about, hint| Binding { keys, context, action, about, hint };
    let mut map = vec![
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
        bind(Map, "f 0", A::Fit, "see the whole map", "fit"),
        bind(Map, "c", A::NextColour, "colour by next attribute", "colour"),
        bind(Map, "C", A::PreviousColour, "colour by previous one", ""),
        bind(Map, "i", A::Isolate, "isolate the next class", "isolate"),
        bind(Map, "a", A::NextAxes, "other components as axes", "axes"),
        bind(Map, "m", A::Markers, "dots or shapes", "shapes"),
        bind(Map, "n", A::Names, "names on or off", "names"),
        bind(Map, "space", A::Mark, "mark the model", "mark"),
        bind(Map, "enter", A::Open, "look at the model", "model"),
    ];
    for (pane, open, hint) in [
        (Model, "go to the neighbour", "go to neighbour"),
        (Probe, "colour the map by it", "colour the map"),
        (Route, "look at the model", "model"),
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
        let here = KEYMAP.iter().filter(|binding| binding.context == *context);
        here.into_iter()
            .find(|binding| binding.keys.split(' ').filter_map(parse).any(|k| same(k, key)))
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
        "f1" => KeyCode::F(1),
        one if one.chars().count() == 1 => KeyCode::Char(one.chars().next()?),
        _ => return None,
    };
    Some((code, modifiers))
}

fn pretty(name: &str) -> String {
    let (modifier, key) = match name.split_once('-') {
        Some(("ctrl", key)) => ("^", key.to_uppercase()),
        Some(("shift", key)) => ("⇧", key.to_owned()),
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
        "f1" => "F1",
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
            let (typing, wide) = (a.is_typing() || b.is_typing(), Context::Everywhere);
            let panes =
                [Context::Map, Context::Model, Context::Probe, Context::Route, Context::Evaluate];
            a == b
                || !(typing && (a == wide || b == wide))
                    && (matches!(a, Context::Always | Context::Everywhere)
                        || matches!(b, Context::Always | Context::Everywhere)
                        || (a == Context::Training && panes.contains(&b)))
        };
        let strokes: Vec<(Stroke, &Binding)> = KEYMAP
            .iter()
            .flat_map(|b| b.keys.split(' ').map(move |key| (parse(key).expect(key), b)))
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
    fn shift_of_a_character_does_not_matter() {
        for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
            let key = KeyEvent::new(KeyCode::Char('?'), modifiers);
            assert!(same((KeyCode::Char('?'), KeyModifiers::NONE), key));
        }
        assert_eq!(parse("-"), Some((KeyCode::Char('-'), KeyModifiers::NONE)));
        assert_eq!(pretty("shift-left"), "⇧←");
    }
}
