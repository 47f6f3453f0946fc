//! The roles of table columns, chosen by the user.

use crate::error::{Error, Result};

/// The roles.
const ROLES: [&str; 8] =
    ["question", "model", "label", "category", "split", "id", "choices", "ignore"];

/// Columns by role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(Vec<(String, String)>);

impl Columns {
    /// Parses `question=text,model=llm,label=ok`; each of `texts` may contain several.
    ///
    /// # Errors
    /// [`Error::Usage`] for an unknown role.
    pub fn parse(texts: &[String]) -> Result<Self> {
        let mut all = Vec::new();
        for part in texts.iter().flat_map(|text| text.split(',')).filter(|part| !part.is_empty()) {
            let (role, name) = part.split_once('=').unwrap_or((part, ""));
            let (role, name) = (role.trim().to_lowercase(), name.trim());
            // Synonyms of roles.
            let role = match &*role {
                "prompt" => "question",
                "score" => "label",
                "task" => "category",
                role => role,
            };
            if !ROLES.contains(&role) || name.is_empty() {
                return Err(Error::Usage(format!(
                    "--columns: `{part}` is not a role and column: write question=NAME,model=NAME,\
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
