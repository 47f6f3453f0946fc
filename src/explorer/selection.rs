//! Which models a typed text means.

use super::fuzzy;
use super::state::State;
use crate::dataset::filter;

/// The models that `text` means, in their own order, and what is wrong with it: an expression over
/// attributes and names (see [`filter`]), or else words that are found in the name, fuzzily.
pub fn matching(state: &State, text: &str) -> (Vec<usize>, Option<String>) {
    let (models, attributes) = (&state.subject.models, &state.subject.attributes);
    if text.trim().is_empty() {
        return ((0..models.len()).collect(), None);
    }
    let problem = match filter::select(text, models, attributes) {
        Ok(mask) => {
            let meant = mask.iter().enumerate().filter(|(_, meant)| **meant);
            return (meant.map(|(model, _)| model).collect(), None);
        }
        Err(problem) => problem.to_string(),
    };
    let words = text.split_whitespace();
    let is_expression = text.contains(['=', '<', '>', '~', '(', '`'])
        || words.clone().skip(1).any(|word| matches!(word, "and" | "or" | "in" | "is" | "not"))
        || words.clone().next() == Some("not") && words.count() > 1;
    if is_expression {
        return (Vec::new(), Some(problem));
    }
    let mut found = fuzzy::matching(text, models.iter().map(String::as_str));
    found.sort_unstable();
    (found, None)
}
