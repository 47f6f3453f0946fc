//! Files that users write by hand: TOML, or JSON.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// Where the file `name` of a folder can be: the first one that is there holds.
pub fn places(folder: &Path, name: &str) -> [PathBuf; 2] {
    ["toml", "json"].map(|extension| folder.join(format!("{name}.{extension}")))
}

/// True for a name that [`places`] gives.
pub fn is_one(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml" || extension == "json")
}

/// What a file says, by the extension of its name.
///
/// # Errors
/// What is wrong with it, with the line.
pub fn parse(path: &Path, text: &str) -> Result<Map<String, Value>, String> {
    if path.extension().is_some_and(|extension| extension == "toml") {
        return toml::from_str(text).map_err(|e| {
            let line = e.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            format!("{} (line {line})", e.message())
        });
    }
    match serde_json::from_str(text).map_err(|e| e.to_string())? {
        Value::Object(fields) => Ok(fields),
        _ => Err("an object is needed".into()),
    }
}
