//! Hand-written user files: TOML or JSON.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// The possible paths of the file `name` in a folder: the first one that exists is used.
pub fn places(folder: &Path, name: &str) -> [PathBuf; 2] {
    ["toml", "json"].map(|extension| folder.join(format!("{name}.{extension}")))
}

/// True for a name from [`places`].
pub fn is_one(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml" || extension == "json")
}

/// Parses a file by its extension.
///
/// # Errors
/// The error, with the line.
pub fn parse(path: &Path, text: &str) -> Result<Map<String, Value>, String> {
    if path.extension().is_some_and(|extension| extension == "toml") {
        return toml::from_str(text).map_err(|e| {
            let line = e.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            format!("{} (line {line})", e.message())
        });
    }
    match serde_json::from_str(text).map_err(|e| e.to_string())? {
        Value::Object(fields) => Ok(fields),
        _ => Err("expected an object".into()),
    }
}
