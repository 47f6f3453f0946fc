//! Which models a prompt may be routed to: an expression that is typed, or a pool that was saved.

use tui_input::Input;

use super::route;
use crate::dataset::filter;
use crate::explorer::command::Command;
use crate::explorer::effect::Effect;
use crate::explorer::state::State;
use crate::explorer::state::mode::Mode;
use crate::explorer::state::picker::{Item, Picker};

/// Begins typing.
pub fn begin(state: &mut State) {
    state.modes.set_base(Mode::Filter);
    let filter = &mut state.route.filter;
    filter.before = filter.input.value().to_owned();
    judge(state);
}

/// After typing: reads the filter, and asks for a new route.
pub fn typed(state: &mut State, effects: &mut Vec<Effect>) {
    judge(state);
    route::ask(state, effects);
}

/// Ends typing; without `keep`, what was there before comes back.
pub fn end(state: &mut State, keep: bool, effects: &mut Vec<Effect>) {
    let problem = state.route.filter.problem.clone();
    if !keep || problem.is_some() {
        take_back(state, effects);
    }
    if let Some(problem) = problem.filter(|_| keep) {
        state.complain(&format!("Filter not applied: {problem}"));
    }
    state.modes.set_base(Mode::Normal);
}

fn take_back(state: &mut State, effects: &mut Vec<Effect>) {
    let filter = &mut state.route.filter;
    filter.input = Input::new(std::mem::take(&mut filter.before));
    typed(state, effects);
}

/// Takes the first completion.
pub fn complete(state: &mut State, effects: &mut Vec<Effect>) {
    if state.route.filter.complete() {
        typed(state, effects);
    }
}

/// Reads the filter: who is meant, what is wrong, what could come next.
fn judge(state: &mut State) {
    let (model_set, text) = (&state.model_set, state.route.filter.input.value().to_owned());
    let meant = if text.trim().is_empty() {
        Ok(None)
    } else {
        filter::select(&text, &model_set.models, &model_set.attributes)
            .map_err(|problem| problem.to_string())
            .map(Some)
    };
    let costs = state.model_set.costs();
    let left = meant.and_then(|pool| match &pool {
        Some(models) if !models.contains(&true) => Err("no model fits".into()),
        _ => {
            let preferences = state.route.limits.preferences(pool.clone());
            preferences.check(&costs).map_err(|problem| problem.to_string()).map(|()| pool)
        }
    });
    let filter = &mut state.route.filter;
    filter.problem = None;
    match left {
        Ok(pool) => filter.pool = pool,
        Err(problem) => filter.problem = Some(problem),
    }
    let before: String = text.chars().take(filter.input.cursor()).collect();
    let completion = filter::complete(&before, &model_set.models, &model_set.attributes);
    (filter.from, filter.offers) = (completion.from, completion.offers);
}

/// The pools, to pick from.
pub fn pools(state: &State) -> Picker {
    let (models, attributes) = (&state.model_set.models, &state.model_set.attributes);
    let now = state.route.filter.input.value().trim();
    let all = Item {
        chosen: now.is_empty(),
        ..Item::new("all models", models.len().to_string(), Command::UsePool(None))
    };
    let pools = state.pools.named.iter().map(|(name, expression)| {
        let remark = match filter::select(expression, models, attributes) {
            Ok(mask) => {
                let n = mask.iter().filter(|meant| **meant).count();
                format!("{expression}   {n} models")
            }
            Err(_) => format!("{expression}   not of these models"),
        };
        let pick = Command::UsePool(Some(name.clone()));
        Item { chosen: now == expression.trim(), ..Item::new(name, remark, pick) }
    });
    Picker::new("Pools", std::iter::once(all).chain(pools).collect())
}

/// Routes among the models of a pool, or among all.
pub fn use_pool(state: &mut State, name: Option<&str>, effects: &mut Vec<Effect>) {
    let expression = match name.map(|name| state.pools.expression(name)) {
        None => String::new(),
        Some(Ok(expression)) => expression.to_owned(),
        Some(Err(problem)) => return state.complain(&problem.to_string()),
    };
    let filter = &mut state.route.filter;
    filter.before = filter.input.value().to_owned();
    filter.input = Input::new(expression);
    typed(state, effects);
    if let Some(problem) = state.route.filter.problem.clone() {
        take_back(state, effects);
        state.complain(&problem);
    }
}

/// Keeps the filter as a pool, for another day and for `llmap route --pool`.
pub fn save_pool(state: &mut State, name: &str, effects: &mut Vec<Effect>) {
    let (name, expression) = (crate::one_line(name), state.route.filter.input.value().trim());
    effects.push(Effect::SavePool(name.clone(), expression.to_owned()));
    state.pools.named.insert(name, expression.to_owned());
}
