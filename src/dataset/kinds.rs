//! What the labels of a category measure: not every label is correctness.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::table::{self, Table};

/// What a label of 1 means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The answer is correct.
    #[default]
    Correctness,
    /// The answer was preferred to that of a reference.
    Preference,
    /// A judge rated the answer above the median.
    Judge,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Correctness, Self::Preference, Self::Judge];

    /// The name used in files and `--json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Correctness => "correctness",
            Self::Preference => "preference",
            Self::Judge => "judge",
        }
    }

    /// The kind called `name` in a file.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// True for the default kind.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub fn is_correctness(&self) -> bool {
        *self == Self::Correctness
    }

    /// The outcome of label 1, as in "82% correct".
    #[must_use]
    pub fn achieved(self) -> &'static str {
        match self {
            Self::Correctness => "correct",
            Self::Preference => "preferred",
            Self::Judge => "above the median",
        }
    }

    /// A description of a label other than correctness; `None` for correctness.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        match self {
            Self::Correctness => None,
            Self::Preference => Some("preference (wins over a reference), not correctness"),
            Self::Judge => Some("a judge's rating (above the median), not correctness"),
        }
    }

    /// A note for predictions of this kind; `None` for correctness.
    #[must_use]
    pub fn remark(self) -> Option<&'static str> {
        match self {
            Self::Correctness => None,
            Self::Preference => {
                Some("predicts preference (wins over a reference), not correctness")
            }
            Self::Judge => Some("predicts a judge's rating (above the median), not correctness"),
        }
    }

    /// The name of a category, with its kind unless it is correctness.
    #[must_use]
    pub fn marked(self, category: &str) -> String {
        match self {
            Self::Correctness => category.to_owned(),
            kind => format!("{category} ({})", kind.name()),
        }
    }
}

/// The kinds and the descriptions of `categories`, in order, from the table `categories` of a folder. The
/// defaults are correctness and none; categories without questions are ignored.
pub(super) fn load(folder: &Path, categories: &[String]) -> Result<Vec<(Kind, String)>> {
    let mut all = vec![(Kind::default(), String::new()); categories.len()];
    let Some(path) = table::find(folder, "categories")? else { return Ok(all) };
    let mut table = Table::open(&path)?;
    let (category, kind) = (table.column("category")?, table.column("kind")?);
    let description = table.optional("description");
    let mut known = HashMap::new();
    while let Some(row) = table.next()? {
        let name = row.filled(kind)?.trim();
        let Some(kind) = Kind::from_name(name) else {
            let problem = format!("`{name}` is not a kind of label");
            return Err(row.error(problem, "write correctness, preference or judge"));
        };
        let category = row.filled(category)?;
        let about = description.map(|at| row.text(at)).transpose()?.unwrap_or_default().trim();
        match known.entry(category.to_owned()) {
            Entry::Vacant(new) => drop(new.insert((row.line(), kind, about.to_owned()))),
            Entry::Occupied(first) => {
                let line = first.get().0;
                let problem = format!("duplicate category `{category}` (first on line {line})");
                return Err(row.error(problem, "keep one row per category"));
            }
        }
    }
    for (category, place) in categories.iter().zip(&mut all) {
        if let Some((_, kind, about)) = known.remove(category) {
            *place = (kind, about);
        }
    }
    Ok(all)
}
