//! The filter: a typed expression or a saved pool. It applies to the map, the tables and the candidates of
//! the router.

use super::route;
use crate::dataset::filter as expressions;
use crate::explorer::command::Command;
use crate::explorer::effect::Effect;
use crate::explorer::state::State;
use crate::explorer::state::filter::Filter;
use crate::explorer::state::line::LineInput;
use crate::explorer::state::picker::{Item, Picker};
use crate::explorer::state::selection::Columns;
use crate::one_line;

/// The message for an expression that is not complete yet.
const BEGUN: &str = "incomplete expression";

/// After typing: what can be read holds at once, until something else can. Gives how many models are
/// left, and what is wrong with the text.
pub fn typed(
    state: &mut State,
    text: &str,
    meant: Result<Vec<bool>, String>,
    begun: bool,
    effects: &mut Vec<Effect>,
) -> (usize, Option<String>) {
    let read = checked(state, text, meant);
    let problem = if begun { Some(BEGUN.into()) } else { read.as_ref().err().cloned() };
    if let Ok(filter) = read
        && !begun
    {
        set(state, filter, effects);
    }
    (state.filter.left(state.model_set.models.len()), problem)
}

/// Parses a filter.
///
/// # Errors
/// A description of the problem; a filter that leaves no model, or none that the router may use, is an error
/// too.
fn read(state: &State, text: &str) -> Result<Filter, String> {
    checked(state, text, Columns::of_models(&state.facts()).meant(text))
}

/// The filter of a text that means these models.
fn checked(state: &State, text: &str, meant: Result<Vec<bool>, String>) -> Result<Filter, String> {
    if text.trim().is_empty() {
        return Ok(Filter::default());
    }
    let mask = meant?;
    if !mask.contains(&true) {
        return Err("no model fits".into());
    }
    let preferences = state.route.limits.preferences(Some(mask.clone()));
    preferences.check(state.model_set.costs()).map_err(|problem| problem.to_string())?;
    Ok(Filter::new(text, Some(mask)))
}

/// Brings back the filter of an earlier visit. One that cannot be read any more, or that leaves none of
/// these models, is dropped.
pub fn restore(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    if let Err(problem) = apply(state, text.trim(), effects) {
        let text = one_line(text.trim());
        state.show_notice(format!("The last filter was dropped: {text} ({problem})"));
    }
}

/// Applies a filter everywhere.
pub fn set(state: &mut State, filter: Filter, effects: &mut Vec<Effect>) {
    let changed = filter.within != state.filter.within;
    state.filter = filter;
    if changed {
        state.arrange_table();
        route::ask(state, effects);
    }
}

/// Ends typing.
pub fn accept(state: &mut State, line: LineInput, effects: &mut Vec<Effect>) {
    let text = line.input.value().trim().to_owned();
    if let Err(problem) = apply(state, &text, effects) {
        take_back(state, &line, effects);
        state.show_error(&format!("Filter not applied: {problem}"));
    }
}

/// Ends typing and restores the filter before it.
pub fn take_back(state: &mut State, line: &LineInput, effects: &mut Vec<Effect>) {
    let before = read(state, &line.before).unwrap_or_default();
    set(state, before, effects);
}

fn apply(state: &mut State, text: &str, effects: &mut Vec<Effect>) -> Result<(), String> {
    let filter = read(state, text)?;
    set(state, filter, effects);
    // The selected model must pass the filter.
    if !state.filter.has(state.selected)
        && let Some(&first) = state.table.rows.first()
    {
        state.select(first);
    }
    Ok(())
}

pub fn clear(state: &mut State, effects: &mut Vec<Effect>) {
    set(state, Filter::default(), effects);
}

/// The list of pools.
pub fn pools(state: &State) -> Picker {
    let (models, attributes) = (&state.model_set.models, &state.model_set.attributes);
    let now = state.filter.text.trim();
    let all = Item {
        chosen: now.is_empty(),
        ..Item::new("all models", models.len().to_string(), Command::UsePool(None))
    };
    let pools = state.pools.named.iter().map(|(name, expression)| {
        let remark = match expressions::select(expression, models, attributes) {
            Ok(mask) => {
                let n = mask.iter().filter(|meant| **meant).count();
                format!("{expression}   {n} models")
            }
            Err(_) => format!("{expression}   not applicable to these models"),
        };
        let pick = Command::UsePool(Some(name.clone()));
        Item { chosen: now == expression.trim(), ..Item::new(name, remark, pick) }
    });
    Picker::new("Pools", std::iter::once(all).chain(pools).collect())
}

/// Applies a pool, or clears it.
pub fn use_pool(state: &mut State, name: Option<&str>, effects: &mut Vec<Effect>) {
    let expression = match name.map(|name| state.pools.expression(name)) {
        None => String::new(),
        Some(Ok(expression)) => expression.to_owned(),
        Some(Err(problem)) => return state.show_error(&problem.to_string()),
    };
    if let Err(problem) = apply(state, &expression, effects) {
        state.show_error(&problem);
    }
}

/// Saves the filter as a pool, also for `llmap route --pool`.
pub fn save_pool(state: &mut State, name: &str, effects: &mut Vec<Effect>) {
    let (name, expression) = (one_line(name), state.filter.text.trim().to_owned());
    let model_set = &state.model_set;
    // Groups, clusters and accuracies are not available to `llmap route`.
    let recorded = &model_set.attributes[..state.groups_from.min(model_set.attributes.len())];
    if let Err(problem) = expressions::select(&expression, &model_set.models, recorded) {
        let why = "a pool compares recorded attributes and names only";
        return state.show_error(&format!("Pool not saved: {why}; {problem}"));
    }
    effects.push(Effect::SavePool(name.clone(), expression.clone()));
    state.pools.named.insert(name, expression);
}
