//! Labels marked models as an attribute.

use std::sync::Arc;

use crate::dataset::{Attribute, Values};
use crate::explorer::effect::Effect;
use crate::explorer::state::State;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::job::Job;

/// The marked models become an attribute, replacing a group of the same name.
pub fn add(state: &mut State, name: &str, effects: &mut Vec<Effect>) {
    let of_data = state.groups_from..;
    let known = state.model_set.attributes.iter().position(|a| a.name == name);
    if name.is_empty() || known.is_some_and(|at| !of_data.contains(&at)) {
        let problem = format!("`{name}` cannot be the name of a group: it is empty or taken");
        return state.show_error(&problem);
    }
    let member = |m| Some(state.marked.contains(&m));
    let values = Values::Flag((0..state.model_set.models.len()).map(member).collect());
    let attribute = Attribute { name: name.into(), values };
    let model_set = Arc::make_mut(&mut state.model_set);
    let at = known.unwrap_or(model_set.attributes.len());
    if known.is_some() {
        Arc::make_mut(&mut model_set.attributes)[at] = attribute;
    } else {
        Arc::make_mut(&mut model_set.attributes).push(attribute);
        state.probe.reports.push(Job::Idle);
    }
    state.probe.reports[at] = Job::Running;
    state.probe.choose(at);
    state.color_by(ColorBy::Attribute(at));
    // A newer job of a kind replaces the older one: it includes the attributes that are not probed yet.
    effects.push(Effect::Probe(state.probe.running()));
}
