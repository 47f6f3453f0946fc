//! A route as a JSON document: the same from the command line and from the explorer.

use serde::Serialize;

use super::{Evidence, Route, Unit};
use crate::dataset::Kind;
use crate::embedder::{LogitTerms, Scope};

/// The document of one prompt.
#[derive(Serialize)]
pub struct Answer<'a> {
    prompt: &'a str,
    routed: &'a str,
    kind: Kind,
    scope: Scope,
    /// The same as a flag: true unless `scope` is `in`.
    outside: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    below: bool,
    cost_unit: Option<Unit>,
    candidates: Vec<Named<'a>>,
    evidence: &'a [Evidence],
    why: Explained<'a>,
    cascade: Option<Plan<'a>>,
    milliseconds: f64,
}

#[derive(Serialize)]
struct Named<'a> {
    model: &'a str,
    p: f32,
    low: f32,
    high: f32,
    cost: Option<f64>,
    tied: bool,
    pareto: bool,
}

#[derive(Serialize)]
struct Explained<'a> {
    logit: LogitTerms,
    runner_up: Option<Second<'a>>,
}

#[derive(Serialize)]
struct Second<'a> {
    model: &'a str,
    logit: LogitTerms,
    ahead_on: Option<Ahead<'a>>,
    wins_from_cost_weight: Option<f64>,
}

#[derive(Serialize)]
struct Ahead<'a> {
    category: &'a str,
    own: f64,
    first: f64,
}

#[derive(Serialize)]
struct Plan<'a> {
    first: &'a str,
    then: &'a str,
    quality: f64,
    cost: f64,
}

impl<'a> Answer<'a> {
    /// The document of `route`, with its first `top` candidates; `models` are the names in the
    /// embedder's order.
    #[must_use]
    pub fn new(
        models: &'a [String],
        cost_unit: Option<Unit>,
        prompt: &'a str,
        route: &'a Route,
        top: usize,
    ) -> Self {
        let name = |model: usize| models.get(model).map_or("", String::as_str);
        let named = route.candidates.iter().take(top).map(|c| Named {
            model: name(c.model),
            p: c.p,
            low: c.low,
            high: c.high,
            cost: c.cost,
            tied: c.tied,
            pareto: c.front,
        });
        let runner_up = route.why.runner_up.as_ref().map(|second| Second {
            model: name(second.model),
            logit: second.parts,
            ahead_on: second.ahead_on.as_ref().map(|(category, own, first)| Ahead {
                category,
                own: *own,
                first: *first,
            }),
            wins_from_cost_weight: second.from_weight,
        });
        Self {
            prompt,
            routed: route.candidates.first().map_or("", |c| name(c.model)),
            kind: route.kind(),
            scope: route.scope,
            outside: route.scope != Scope::In,
            below: route.below,
            cost_unit,
            candidates: named.collect(),
            evidence: &route.evidence,
            why: Explained { logit: route.why.parts, runner_up },
            cascade: route.cascade.as_ref().map(|plan| Plan {
                first: name(plan.first),
                then: name(plan.then),
                quality: plan.quality,
                cost: plan.cost,
            }),
            milliseconds: route.milliseconds,
        }
    }
}
