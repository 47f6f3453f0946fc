//! What keys do, and where: dispatch, the hint bar, the help overlay and the list of commands are all
//! read off one keymap.

mod keymap;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action::{Action, Pane};
use super::state::State;

pub use keymap::KEYMAP;

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
        } else if state.running_here().is_some() {
            contexts.push(Self::Working);
        } else if state.to_begin_again().next().is_some() {
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
