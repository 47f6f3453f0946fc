//! A route as a JSON document: the same for the command line and the explorer.

use serde::Serialize;

use super::{Candidate, Costs, Evidence, Measured, Route, Tokens, Unit};
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
    tokens: Tokens,
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
    prompt_cost: Option<f64>,
    tied: bool,
    pareto: bool,
    measured: Measured,
    answers: u32,
    all_answers: u32,
}

#[derive(Serialize)]
struct Explained<'a> {
    sentence: String,
    logit: LogitTerms,
    runner_up: Option<Second<'a>>,
    best_measured: Option<Named<'a>>,
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
    /// The document of `route`, with its first `top` candidates; `models` are the names in the embedder's
    /// order, and the assumed length of an answer is `answer_tokens`.
    #[must_use]
    pub fn new(
        models: &'a [String],
        costs: &Costs,
        (prompt, answer_tokens): (&'a str, u32),
        route: &'a Route,
        top: usize,
    ) -> Self {
        let tokens = Tokens::of(prompt, answer_tokens);
        let name = |model: usize| models.get(model).map_or("", String::as_str);
        let named = |c: &Candidate| Named {
            model: name(c.model),
            p: c.p,
            low: c.low,
            high: c.high,
            cost: c.cost,
            prompt_cost: costs.of_prompt(c.model, tokens),
            tied: c.tied,
            pareto: c.front,
            measured: c.measured,
            answers: c.answers.here,
            all_answers: c.answers.all,
        };
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
            cost_unit: costs.unit(),
            tokens,
            candidates: route.candidates.iter().take(top).map(named).collect(),
            evidence: &route.evidence,
            why: Explained {
                sentence: route.sentence(&|model| name(model).to_owned(), costs.unit()),
                logit: route.why.parts,
                runner_up,
                best_measured: route.why.best_measured.as_ref().map(named),
            },
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
