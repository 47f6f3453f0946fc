//! What the columns of a table are for, as the user says.

use crate::error::{Error, Result};

/// What a column can be for.
const ROLES: [&str; 8] =
    ["question", "model", "label", "category", "split", "id", "choices", "ignore"];

/// Columns by what they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(Vec<(String, String)>);

impl Columns {
    /// Reads `question=text,model=llm,label=ok`; each of `texts` may hold several.
    ///
    /// # Errors
    /// [`Error::Usage`] for a role that there is not.
    pub fn parse(texts: &[String]) -> Result<Self> {
        let mut all = Vec::new();
        for part in texts.iter().flat_map(|text| text.split(',')).filter(|part| !part.is_empty()) {
            let (role, name) = part.split_once('=').unwrap_or((part, ""));
            let (role, name) = (role.trim().to_lowercase(), name.trim());
            // Names that are close at hand mean the same.
            let role = match &*role {
                "prompt" => "question",
                "score" => "label",
                "task" => "category",
                role => role,
            };
            if !ROLES.contains(&role) || name.is_empty() {
                return Err(Error::Usage(format!(
                    "--columns: `{part}` is no role and column: write question=NAME,model=NAME,\
                     label=NAME; also category, split, id, choices and ignore"
                )));
            }
            all.push((role.to_owned(), name.to_owned()));
        }
        Ok(Self(all))
    }

    /// The column for a role.
    pub(super) fn of(&self, role: &str) -> Option<&str> {
        self.all(role).next()
    }

    /// All columns for a role.
    pub(super) fn all(&self, role: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == role).map(|(_, name)| name.as_str())
    }
}
