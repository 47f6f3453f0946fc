//! The user's configuration: `config.toml` or `config.json` in the configuration folder.

use std::path::{Path, PathBuf};

use serde_json::Map;

use crate::analysis::router::ANSWER_TOKENS;
use crate::dirs;
use crate::explorer::keys::{Binding, KEYMAP, overridden};
use crate::explorer::user_file;
use crate::unpack;

/// The settings of the file:
/// `{"theme": "light", "motion": false, "mouse": false, "session": false, "pixels": false,
/// "answer_tokens": 500, "keys": {…}}`.
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the file")]
pub struct Config {
    pub theme: Option<String>,
    /// Animations are on.
    pub motion: bool,
    /// The mouse is captured.
    pub mouse: bool,
    /// The last session is restored.
    pub session: bool,
    /// The map is painted in pixels where the terminal can show them.
    pub pixels: bool,
    /// The assumed length of an answer, in tokens.
    pub answer_tokens: u32,
    pub keymap: Vec<Binding>,
}

/// The possible paths of the user's file.
pub fn files() -> impl Iterator<Item = PathBuf> {
    dirs::config().into_iter().flat_map(|folder| user_file::places(&folder, "config"))
}

impl Config {
    /// Reads the file, if it exists. Invalid settings are ignored with a warning.
    pub fn load() -> (Self, Vec<String>) {
        let Some(path) = files().find(|path| path.exists()) else {
            return Self::parse("{}", Path::new("config.json"));
        };
        match unpack::settings(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(problem) => {
                let (config, _) = Self::parse("{}", Path::new("config.json"));
                (config, vec![problem.to_string()])
            }
        }
    }

    pub fn parse(text: &str, path: &Path) -> (Self, Vec<String>) {
        let mut warnings = Vec::new();
        let fields = user_file::parse(path, text).unwrap_or_else(|problem| {
            warnings.push(problem);
            Map::new()
        });
        let mut config = Self {
            theme: None,
            motion: true,
            mouse: true,
            session: true,
            pixels: true,
            answer_tokens: ANSWER_TOKENS,
            keymap: KEYMAP.clone(),
        };
        for (name, value) in &fields {
            let switch = value.as_bool();
            match (name.as_str(), switch) {
                ("theme", _) if value.is_string() => config.theme = value.as_str().map(Into::into),
                ("motion", Some(on)) => config.motion = on,
                ("mouse", Some(on)) => config.mouse = on,
                ("session", Some(on)) => config.session = on,
                ("pixels", Some(on)) => config.pixels = on,
                ("answer_tokens", _) => match value.as_u64().map(u32::try_from) {
                    Some(Ok(tokens)) => config.answer_tokens = tokens,
                    _ => warnings.push("answer_tokens: expected a number of tokens".into()),
                },
                ("keys", _) => {
                    let (keymap, wrong) = overridden(value);
                    config.keymap = keymap;
                    warnings.extend(wrong);
                }
                ("theme", _) => warnings.push("theme: expected a name".into()),
                ("motion" | "mouse" | "session" | "pixels", None) => {
                    warnings.push(format!("{name}: expected true or false"));
                }
                _ => warnings.push(format!("{name}: unknown setting")),
            }
        }
        let warnings = warnings.into_iter().map(|w| format!("{}: {w}", path.display())).collect();
        (config, warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_and_the_rest_holds() {
        let text = r#"{"theme": "light", "motion": false, "mouse": 3, "color": 1,
                       "keys": {"map": {"x": "fit"}}}"#;
        let (config, warnings) = Config::parse(text, Path::new("config.json"));
        assert_eq!(config.theme.as_deref(), Some("light"));
        assert!(!config.motion && config.mouse && config.session);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings.iter().all(|w| w.starts_with("config.json: ")));
        let (_, warnings) = Config::parse("[1, 2", Path::new("config.json"));
        assert_eq!(warnings.len(), 1);
    }

    #[test]
    fn the_file_can_be_toml() {
        let text = "theme = 'light'\nmouse = false\nanswer_tokens = 900\n[keys.map]\nx = 'fit' # all of it\no = false\n\
                    ctrl-f = { focus = 'route' }\n";
        let (config, warnings) = Config::parse(text, Path::new("config.toml"));
        assert!(warnings.is_empty(), "{warnings:?}");
        assert!(config.theme.as_deref() == Some("light") && !config.mouse);
        assert_eq!(config.answer_tokens, 900);
        let (_, wrong) = Config::parse("answer_tokens = -1", Path::new("config.toml"));
        assert!(wrong.len() == 1 && wrong[0].contains("a number of tokens"), "{wrong:?}");
        let keys =
            |about: &str| config.keymap.iter().find(|b| b.about == about).unwrap().keys.clone();
        assert_eq!(
            (keys("Fit the whole map"), keys("Choose a projection …")),
            ("x F".into(), String::new())
        );
        let (_, warnings) = Config::parse("theme = 1\nmotion =", Path::new("config.toml"));
        assert!(warnings[0].contains("config.toml: ") && warnings[0].contains("line 2"));
    }
}
