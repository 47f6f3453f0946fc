//! The user's configuration: `config.json` in the folder where the themes are.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::explorer::folders;
use crate::explorer::keys::{Binding, KEYMAP, overridden};

/// What the file may say:
/// `{"theme": "light", "motion": false, "mouse": false, "session": false, "keys": {…}}`.
pub struct Config {
    pub theme: Option<String>,
    /// Movements are shown.
    pub motion: bool,
    /// The mouse is caught.
    pub mouse: bool,
    /// The last session is restored.
    pub session: bool,
    pub keymap: Vec<Binding>,
}

/// The user's file.
pub fn file() -> Option<PathBuf> {
    Some(folders::config()?.join("config.json"))
}

impl Config {
    /// Reads the file, if there is one. What is wrong in it gives a warning and is passed over.
    pub fn load() -> (Self, Vec<String>) {
        let read = file().and_then(|path| Some((std::fs::read_to_string(&path).ok()?, path)));
        let Some((text, path)) = read else { return Self::parse("{}", "config.json") };
        Self::parse(&text, &path.display().to_string())
    }

    fn parse(text: &str, origin: &str) -> (Self, Vec<String>) {
        let mut warnings = Vec::new();
        let fields = match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => {
                warnings.push("an object is needed".into());
                Map::new()
            }
            Err(e) => {
                warnings.push(e.to_string());
                Map::new()
            }
        };
        let mut config =
            Self { theme: None, motion: true, mouse: true, session: true, keymap: KEYMAP.clone() };
        for (name, value) in &fields {
            let switch = value.as_bool();
            match (name.as_str(), switch) {
                ("theme", _) if value.is_string() => config.theme = value.as_str().map(Into::into),
                ("motion", Some(on)) => config.motion = on,
                ("mouse", Some(on)) => config.mouse = on,
                ("session", Some(on)) => config.session = on,
                ("keys", _) => {
                    let (keymap, wrong) = overridden(value);
                    config.keymap = keymap;
                    warnings.extend(wrong);
                }
                ("theme", _) => warnings.push("theme: a name is needed".into()),
                ("motion" | "mouse" | "session", None) => {
                    warnings.push(format!("{name}: true or false is needed"));
                }
                _ => warnings.push(format!("{name}: no such setting")),
            }
        }
        let warnings = warnings.into_iter().map(|w| format!("{origin}: {w}")).collect();
        (config, warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_and_the_rest_holds() {
        let text = r#"{"theme": "light", "motion": false, "mouse": 3, "colour": 1,
                       "keys": {"map": {"x": "fit"}}}"#;
        let (config, warnings) = Config::parse(text, "config.json");
        assert_eq!(config.theme.as_deref(), Some("light"));
        assert!(!config.motion && config.mouse && config.session);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings.iter().all(|w| w.starts_with("config.json: ")));
        let (_, warnings) = Config::parse("[1, 2", "config.json");
        assert_eq!(warnings.len(), 1);
    }
}
