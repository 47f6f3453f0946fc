//! Key bindings: dispatch, the hint bar, the help overlay and the command palette all use one keymap.

mod keymap;
mod parse;
mod terms;
mod words;

use ratatui::crossterm::event::KeyEvent;
use serde::Deserialize;
use serde_json::Value;

use super::command::Command;
use super::pane::Pane;
use parse::{Stroke, parse, pretty, same};

pub use keymap::KEYMAP;
pub use terms::terms;
pub use words::words;

/// Where a binding applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// Also while typing.
    Always,
    /// Unless typing.
    Everywhere,
    /// Typing a prompt.
    Prompt,
    /// Typing a filter.
    Filter,
    /// Typing another input line.
    Line,
    /// In a list.
    Picker,
    /// The card of a group is open.
    Card,
    /// During the tour.
    Tour,
    /// The help is open.
    Help,
    /// Typing the name of a group.
    Naming,
    Training,
    /// The focused pane waits for work.
    Working,
    /// The work of the focused pane was stopped, or failed.
    Stopped,
    /// The pane is focused.
    #[serde(untagged)]
    Pane(Pane),
}

impl From<Pane> for Context {
    fn from(pane: Pane) -> Self {
        Self::Pane(pane)
    }
}

impl Context {
    pub fn title(self) -> &'static str {
        match self {
            Self::Always | Self::Everywhere => "Everywhere",
            Self::Help => "In this help",
            Self::Line => "While typing a line",
            Self::Picker => "While picking",
            Self::Tour => "In the tour",
            Self::Card => "In the card of a group",
            Self::Prompt => "While typing a prompt",
            Self::Filter => "While typing a filter",
            Self::Naming => "While naming a group",
            Self::Training => "While training",
            Self::Working => "While computing",
            Self::Stopped => "Once stopped",
            Self::Pane(pane) => pane.title(),
        }
    }

    pub fn is_typing(self) -> bool {
        matches!(self, Self::Prompt | Self::Filter | Self::Line | Self::Picker | Self::Naming)
    }
}

#[derive(Clone)]
pub struct Binding {
    /// Names of keys, separated by spaces; empty if only the palette has it.
    pub keys: String,
    pub context: Context,
    pub command: Command,
    /// The description in the help.
    pub about: &'static str,
    /// The text in the hint bar; empty if it is not shown there.
    pub hint: &'static str,
}

impl Binding {
    /// True if one of its keys was pressed.
    pub fn has(&self, key: KeyEvent) -> bool {
        self.keys.split_whitespace().filter_map(parse).any(|stroke| same(stroke, key))
    }

    /// The keys in a readable form.
    pub fn label(&self) -> String {
        self.keys.split_whitespace().map(pretty).collect::<Vec<_>>().join(" ")
    }
}

/// The keymap with the user's changes: `{"map": {"x": "zoom-in", "ctrl-f": {"focus": "route"}, "c": null}}`,
/// where null (or false) unbinds a key. Invalid entries are ignored with a warning.
pub fn overridden(changes: &Value) -> (Vec<Binding>, Vec<String>) {
    let (mut keymap, mut warnings) = (KEYMAP.clone(), Vec::new());
    let Value::Object(contexts) = changes else {
        return (keymap, vec!["keys: expected an object of contexts".into()]);
    };
    for (name, keys) in contexts {
        let context: Result<Context, _> = serde_json::from_value(Value::from(name.as_str()));
        let (Ok(context), Value::Object(keys)) = (context, keys) else {
            warnings.push(format!("keys: {name}: unknown context, or not an object of keys"));
            continue;
        };
        for (key, command) in keys {
            let Some(stroke) = parse(key) else {
                warnings.push(format!("keys: {name}: `{key}` is not a key"));
                continue;
            };
            // Null is no command; TOML has no null, so false means the same.
            let command = if *command == false { &Value::Null } else { command };
            match serde_json::from_value::<Option<Command>>(command.clone()) {
                Ok(command) => rebind(&mut keymap, context, key, stroke, command),
                Err(_) => warnings.push(format!("keys: {name}: {key}: {command} is not a command")),
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
    command: Option<Command>,
) {
    for binding in keymap.iter_mut().filter(|b| b.context == context) {
        let kept = binding.keys.split_whitespace().filter(|k| parse(k) != Some(stroke));
        binding.keys = kept.collect::<Vec<_>>().join(" ");
    }
    let Some(command) = command else { return };
    let same = |b: &Binding| b.command == command;
    if let Some(binding) = keymap.iter_mut().find(|b| b.context == context && same(b)) {
        // The user's key comes first, since the hint bar shows that.
        let keys = std::iter::once(key).chain(binding.keys.split_whitespace());
        binding.keys = keys.collect::<Vec<_>>().join(" ");
        return;
    }
    let (about, hint) = keymap.iter().find(|b| same(b)).map_or(("", ""), |b| (b.about, b.hint));
    let about = if about.is_empty() { "your own" } else { about };
    keymap.push(Binding { keys: key.to_owned(), context, command, about, hint });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::crossterm::event::{KeyCode, KeyModifiers};

    #[test]
    fn every_key_has_a_name_and_one_meaning_in_a_context() {
        let together = |a: Context, b: Context| {
            // In a filter, Tab completes; elsewhere it goes to another pane. Work is stopped before anything
            // is closed.
            // Overlays have precedence over panes.
            let meant = [
                (Context::Filter, Context::Always),
                (Context::Working, Context::Everywhere),
                (Context::Card, Context::Everywhere),
                (Context::Tour, Context::Everywhere),
                (Context::Help, Context::Everywhere),
                (Context::Help, Context::Always),
            ];
            if meant.contains(&(a, b)) || meant.contains(&(b, a)) {
                return false;
            }
            // During a training only the map is shown with it.
            let (typing, wide) = (a.is_typing() || b.is_typing(), Context::Everywhere);
            a == b
                || !(typing && (a == wide || b == wide))
                    && (matches!(a, Context::Always | Context::Everywhere)
                        || matches!(b, Context::Always | Context::Everywhere)
                        || (a == Context::Training && b == Context::Pane(Pane::Map)))
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
    fn commands_can_be_written_in_a_file() {
        for binding in KEYMAP.iter() {
            let text = serde_json::to_string(&binding.command).unwrap();
            let back: Command = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&back).unwrap(), text);
        }
    }

    #[test]
    fn the_user_can_bind_and_unbind() {
        let changes = serde_json::json!({
            "map": {"x": "zoom-in", "o": null, "ctrl-f": {"focus": "route"}, "nokey": "fit"},
            "mapp": {}, "models": {"x": "fly"},
        });
        let (keymap, warnings) = overridden(&changes);
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        let keys = |about: &str| {
            let found =
                keymap.iter().find(|b| b.context == Context::Pane(Pane::Map) && b.about == about);
            found.unwrap().keys.clone()
        };
        assert_eq!(keys("Zoom in"), "x + =");
        assert_eq!(keys("Choose a projection …"), "");
        assert_eq!(keys("Go to the router"), "ctrl-f");
    }

    #[test]
    fn shift_of_a_character_does_not_matter() {
        for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
            let key = KeyEvent::new(KeyCode::Char('?'), modifiers);
            assert!(same((KeyCode::Char('?'), KeyModifiers::NONE), key));
        }
        assert_eq!(parse("-"), Some((KeyCode::Char('-'), KeyModifiers::NONE)));
        assert_eq!(pretty("shift-left"), "⇧←");
        assert!(parse("H") != parse("h") && parse("ö").is_some());
    }
}
