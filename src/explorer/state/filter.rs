//! The one filter of models: it holds for the map, the tables and the candidates of the router at once.

use std::sync::Arc;

use crate::one_line;

/// Which models are looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// An expression or words, as they were typed.
    pub text: String,
    /// One entry a model; `None` for all models.
    pub within: Option<Arc<Vec<bool>>>,
}

impl Filter {
    pub fn new(text: &str, within: Option<Vec<bool>>) -> Self {
        Self { text: text.to_owned(), within: within.map(Arc::new) }
    }

    pub fn is_on(&self) -> bool {
        self.within.is_some()
    }

    pub fn has(&self, model: usize) -> bool {
        self.within.as_ref().is_none_or(|within| within.get(model).copied().unwrap_or_default())
    }

    /// How many of so many models are left.
    pub fn left(&self, all: usize) -> usize {
        self.within.as_ref().map_or(all, |within| within.iter().filter(|within| **within).count())
    }

    /// The same for a router.
    pub fn pool(&self) -> Option<Vec<bool>> {
        self.within.as_ref().map(|within| within.to_vec())
    }

    /// Its text in one line.
    pub fn title(&self) -> String {
        one_line(self.text.trim())
    }
}
