use super::*;
use crate::dataset::filter;

fn shipped() -> Embedder {
    Embedder::shipped().unwrap()
}

fn only(embedder: &Embedder, expression: &str) -> Preferences {
    let pool = filter::select(expression, embedder.models(), embedder.attributes()).unwrap();
    Preferences { pool: Some(pool), ..Preferences::default() }
}

const PROMPT: &str = "What is the derivative of x^2 sin(x) with respect to x?";

fn one(router: &Router, preferences: &Preferences) -> Route {
    preferences.check(&router.costs).unwrap();
    router.route(&[PROMPT], preferences).unwrap().remove(0)
}

#[test]
fn a_pool_a_cost_and_a_quality_are_kept_to() {
    let embedder = shipped();
    let router = Router::new(&embedder);
    assert_eq!(router.costs.unit(), Some(Unit::Dollars));
    let open = only(&embedder, "open and params_b <= 15");
    let free = one(&router, &open);
    assert_eq!(free.candidates.len(), open.pool.iter().flatten().filter(|m| **m).count());
    assert!(free.candidates.windows(2).all(|w| w[0].p >= w[1].p), "the most probable first");

    let capped = one(&router, &Preferences { max_cost: Some(0.7), ..open.clone() });
    assert!(capped.candidates.iter().all(|c| c.cost.is_some_and(|cost| cost <= 0.7)));

    let least = f64::from(free.candidates[0].p) - 0.1;
    let enough = one(&router, &Preferences { min_quality: Some(least), ..open.clone() });
    let chosen = &enough.candidates[0];
    assert!(f64::from(chosen.p) >= least && !enough.below);
    let cheaper =
        |c: &Candidate| c.cost.is_some() && c.cost < chosen.cost && f64::from(c.p) >= least;
    assert!(!enough.candidates.iter().any(cheaper), "the cheapest that is good enough");
    assert!(one(&router, &Preferences { min_quality: Some(1.0), ..open }).below);
}

#[test]
fn the_more_cost_weighs_the_cheaper_the_model() {
    let embedder = shipped();
    let router = Router::new(&embedder);
    let at = |cost_weight| {
        let route = one(&router, &Preferences { cost_weight, ..only(&embedder, "open") });
        route.candidates[0].clone()
    };
    let chosen: Vec<Candidate> = (0..=10).map(|weight| at(f64::from(weight))).collect();
    assert!(chosen.windows(2).all(|w| w[1].cost <= w[0].cost && w[1].p <= w[0].p));
    assert!(chosen.iter().all(|c| c.front), "each on the front");
}

#[test]
fn the_runner_up_takes_over_at_the_weight_that_is_told() {
    let better = (0.9, 70.0);
    let cheaper = (0.8, 7.0);
    let weight = cost::break_even_weight(better, cheaper, 70.0).unwrap();
    let worth = |(p, cost): (f64, f64), w: f64| p - w / (10.0 - w) * cost / 70.0;
    assert!(worth(better, weight - 0.01) > worth(cheaper, weight - 0.01));
    assert!(worth(better, weight + 0.01) < worth(cheaper, weight + 0.01));
    assert_eq!(cost::break_even_weight(better, (0.8, 70.0), 70.0), None, "it is no cheaper");
}

#[test]
fn the_parts_add_up_to_the_probability() {
    let embedder = shipped();
    let route = one(&Router::new(&embedder), &Preferences::default());
    let runner_up = route.why.runner_up.as_ref().unwrap();
    assert_eq!(runner_up.model, route.candidates[1].model);
    for (parts, candidate) in
        [(route.why.parts, &route.candidates[0]), (runner_up.parts, &route.candidates[1])]
    {
        let p = 1.0 / (1.0 + (-parts.sum()).exp());
        assert!((p - candidate.p).abs() < 1e-4, "{p} {}", candidate.p);
    }
}

#[test]
fn a_cascade_is_cheaper_and_no_worse_than_the_best_alone() {
    let embedder = shipped();
    let route = one(&Router::new(&embedder), &only(&embedder, "open"));
    let cascade = route.cascade.expect("small open models save something on this prompt");
    let of = |model| route.candidates.iter().find(|c| c.model == model).unwrap();
    let (first, then) = (of(cascade.first), of(cascade.then));
    assert!(first.cost < then.cost && first.front && then.front);
    let alone = route.candidates.iter().filter(|c| c.front).max_by(|a, b| a.p.total_cmp(&b.p));
    let alone = alone.unwrap();
    assert!(cascade.cost < alone.cost.unwrap() && cascade.quality >= f64::from(alone.p));
    let independent = 1.0 - (1.0 - f64::from(first.p)) * (1.0 - f64::from(then.p));
    assert!(cascade.quality <= independent + 1e-6, "failures go together");
}

#[test]
fn ties_are_what_the_responses_leave_open_and_the_cheapest_is_preferred_when_asked() {
    let embedder = shipped();
    let router = Router::new(&embedder);
    let open = only(&embedder, "open");
    let free = one(&router, &open);
    let best = &free.candidates[0];
    let tied: Vec<&Candidate> = free.candidates.iter().filter(|c| c.tied).collect();
    assert!(best.tied && tied.len() < free.candidates.len());
    assert!(tied.iter().all(|c| best.p - c.p < 0.1), "many responses leave little open");
    let frugal = one(&router, &Preferences { cheapest_tie: true, ..open });
    let chosen = &frugal.candidates[0];
    assert!(chosen.tied && !frugal.candidates.iter().any(|c| c.tied && c.cost < chosen.cost));
}

#[test]
fn bad_preferences_are_told() {
    let embedder = shipped();
    let router = Router::new(&embedder);
    let problem =
        |preferences: Preferences| preferences.check(&router.costs).unwrap_err().to_string();
    let base = Preferences::default();
    assert!(problem(Preferences { cost_weight: 11.0, ..base.clone() }).contains("0 to 10"));
    assert!(
        problem(Preferences { min_quality: Some(f64::NAN), ..base.clone() }).contains("0 to 1")
    );
    let poor = Preferences { max_cost: Some(0.01), ..base.clone() };
    assert!(problem(poor).contains("the cheapest costs"));
    let nobody = vec![false; embedder.models().len()];
    assert!(problem(Preferences { pool: Some(nobody), ..base }).contains("no model is left"));
}

#[test]
fn picking_is_routing_without_the_rest() {
    let embedder = shipped();
    let router = Router::new(&embedder);
    let prompts = [PROMPT, "Write a poem about the sea.", "Xq zvv kkp"];
    for preferences in [
        Preferences::default(),
        Preferences { cost_weight: 3.0, ..only(&embedder, "open") },
        Preferences { min_quality: Some(0.9999), ..Preferences::default() },
    ] {
        let routes = router.route(&prompts, &preferences).unwrap();
        let picked = router.pick(&embedder.encode(&prompts).unwrap(), &preferences);
        let routed = routes.iter();
        let routed: Vec<Pick> = routed
            .map(|route| Pick { model: route.candidates[0].model, below: route.below })
            .collect();
        assert_eq!(picked, routed);
    }
}
