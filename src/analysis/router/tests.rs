use super::*;
use crate::dataset::filter;
use crate::embedder::LogitTerms;

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
fn the_runner_up_wins_from_the_reported_weight() {
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
fn the_cheapest_within_some_points_of_the_best_is_chosen_by_every_way_of_routing() {
    let embedder = shipped();
    let router = Router::new(&embedder);
    let best = one(&router, &Preferences::default()).candidates[0].p;
    for within in [0.0, 0.03, 1.0] {
        let near = Preferences { cheapest_within: Some(within), ..Preferences::default() };
        let route = one(&router, &near);
        let chosen = &route.candidates[0];
        let enough = |c: &&Candidate| f64::from(best) - f64::from(c.p) <= within;
        assert!(enough(&chosen), "{within}");
        let cost = |c: &Candidate| c.cost.unwrap_or(f64::INFINITY);
        let cheaper = |c: &Candidate| cost(c) < cost(chosen);
        assert!(!route.candidates.iter().filter(enough).any(cheaper), "{within}");
        let top = router.route_top(&[PROMPT], &near, 3).unwrap().remove(0);
        let pick = router.pick_all(&[PROMPT], &near).unwrap()[0];
        assert_eq!([top.candidates[0].model, pick.model], [chosen.model; 2]);
        assert!(!route.below && !pick.below);
    }
    let far = Preferences { cheapest_within: Some(1.5), ..Preferences::default() };
    assert!(router.route(&[PROMPT], &far).unwrap_err().to_string().contains("from 0 to 1"));
}

#[test]
fn the_top_of_very_many_models_is_that_of_comparing_all() {
    for (seed, models) in [(1, 9000), (2, 20_011), (3, 1025)] {
        let embedder = shipped().simulated(models, seed);
        let router = Router::new(&embedder);
        let prompts = [PROMPT, "Write a poem about the sea.", "Xq zvv kkp"];
        let features = embedder.encode(&prompts).unwrap();
        let all = probabilities(&embedder, &features);
        for (row, prompt) in prompts.into_iter().enumerate() {
            let p = all.row(row);
            let mut order: Vec<usize> = (0..models).collect();
            order.sort_by(|a, b| p[*b].total_cmp(&p[*a]).then(a.cmp(b)));
            let top = router.route_top(&[prompt], &Preferences::default(), 10).unwrap().remove(0);
            let found: Vec<usize> = top.candidates.iter().map(|c| c.model).collect();
            assert_eq!(found, order[..10]);
            let frugal = Preferences { cost_weight: 5.0, ..Preferences::default() };
            let whole = router.route(&[prompt], &frugal).unwrap().remove(0);
            let top = router.route_top(&[prompt], &frugal, 10).unwrap().remove(0);
            assert_eq!(top.candidates, whole.candidates[..10]);
        }
        // Many prompts at once take another path.
        let many = embedder.encode(&[prompts[0]; 6]).unwrap();
        let many = probabilities(&embedder, &many);
        let apart = (&many.row(5) - &all.row(0)).mapv(f32::abs);
        assert!(apart.iter().all(|x| *x < 1e-6));
    }
}

#[test]
fn bad_preferences_are_reported() {
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

/// The sentence with models called by their places, and costs in dollars.
fn sentence(route: &Route) -> String {
    route.sentence(&|model| format!("m{model}"), Some(Unit::Dollars))
}

/// Two candidates of which the first leads by some logits.
fn led(ability: f32, fit: f32) -> Route {
    let answers = Answers { here: 412, all: 9405 };
    let candidate = |model: usize, p: f32| Candidate {
        model,
        p,
        low: p - 0.1,
        high: p + 0.1,
        support: 1.0,
        cost: Some(model as f64),
        tied: false,
        front: true,
        measured: Measured::Here,
        answers,
    };
    let parts = LogitTerms { ability, ease: 0.2, fit };
    let runner_up = RunnerUp {
        model: 1,
        p: 0.76,
        low: 0.55,
        tied: false,
        parts: LogitTerms { ability: 0.0, ease: 0.2, fit: 0.0 },
        ahead_on: None,
        from_weight: None,
    };
    let evidence = |category: &str, kind, share| Evidence {
        category: category.into(),
        kind,
        share,
        similarity: 0.8,
        correct: std::collections::BTreeMap::new(),
    };
    Route {
        candidates: vec![candidate(0, 0.81), candidate(1, 0.76)],
        scope: Scope::In,
        familiarity: Some(1.4),
        below: false,
        evidence: vec![
            evidence("MMLU-Pro math", Kind::Correctness, 0.7),
            evidence("GSM8K", Kind::Correctness, 0.3),
        ],
        why: Why { parts, runner_up: Some(runner_up), ..Why::default() },
        cascade: None,
        milliseconds: 1.0,
    }
}

#[test]
fn the_sentence_has_the_numbers_and_what_the_gap_is() {
    assert_eq!(
        sentence(&led(0.15, 0.15)),
        "m0 leads: its predicted accuracy on questions as hard as this one (MMLU-Pro math) is 81% from \
         412 answers; the runner-up m1 has 76%, inside the 80% interval of the first (71% to 91%); half \
         of the gap is general ability."
    );
    for (ability, fit, gap) in [
        (0.3, 0.0, "; the gap comes from general ability."),
        (
            0.0,
            0.3,
            "the gap comes from predicted fit to this kind of question, not from general ability.",
        ),
        (0.08, 0.22, "a quarter of the gap"),
        (-0.2, 0.5, "overall the runner-up is stronger."),
        (0.6, -0.3, "the runner-up fits this kind of question better."),
    ] {
        let message = sentence(&led(ability, fit));
        assert!(message.contains(gap), "{message}");
    }
}

#[test]
fn the_sentence_says_what_else_decides() {
    let base = || led(0.1, 0.2);
    let of = |change: fn(&mut Route)| {
        let mut route = base();
        change(&mut route);
        sentence(&route)
    };
    let near = of(|r| {
        r.scope = Scope::Near;
        r.evidence[1].share = 0.4;
    });
    assert!(near.contains("as hard as this one (nearest: MMLU-Pro math, GSM8K) is 81%"), "{near}");
    let out = of(|r| r.scope = Scope::Out);
    assert_eq!(
        out,
        "Unlike any training question: m0 leads as the strongest overall, from 9,405 answers to \
         other questions; the runner-up is m1."
    );
    let cheap = of(|r| {
        r.why.lead = Lead::Cost;
        let Candidate { model, cost, .. } = r.candidates[1];
        r.why.most_probable = Some(MostProbable { model, p: 0.9, cost });
    });
    assert!(cheap.starts_with("m0 ($0.00) comes first for its cost"), "{cheap}");
    assert!(
        cheap.ends_with("the most accurate, m1, has 90% at $1.00, 9.0 points more."),
        "{cheap}"
    );
    let same = of(|r| r.why.lead = Lead::Cheapest { tied: false });
    assert!(same.starts_with("m0 leads, and no cheaper model is near enough: its"), "{same}");
    let lower = of(|r| r.why.lead = Lead::LowerEnd);
    assert!(lower.contains("by the lower end of its interval (71%)"), "{lower}");
    let second = |change: fn(&mut RunnerUp)| {
        let mut route = base();
        change(route.why.runner_up.as_mut().unwrap());
        sentence(&route)
    };
    assert!(second(|s| s.p = 0.81).ends_with("the runner-up m1 has 81% too."));
    assert!(second(|s| s.tied = true).contains("76%, statistically a tie; a third"));
    assert!(of(|r| r.below = true).starts_with("No model reaches the quality floor: m0 leads"));
    assert!(
        of(|r| r.candidates.truncate(1)).contains("the runner-up m1 has 76%"),
        "of the top one"
    );
    assert!(of(|r| r.why.runner_up = None).starts_with("m0 is the only candidate: its"));
    let preferred = of(|r| r.evidence[0].kind = Kind::Preference);
    assert!(preferred.contains("predicted win rate over a reference on questions"), "{preferred}");
    for (measured, here, message) in [
        (Measured::Elsewhere, 0, "81%, from 9,405 answers to other questions and none to these;"),
        (Measured::Elsewhere, 12, "81%, from 12 answers to these and 9,393 to others;"),
        (Measured::Hardly, 0, "81%, from only 9,405 answers of this kind;"),
    ] {
        let mut route = base();
        (route.candidates[0].measured, route.candidates[0].answers.here) = (measured, here);
        assert!(sentence(&route).contains(message), "{}", sentence(&route));
    }
}

#[test]
fn evidence_and_prices_are_those_of_the_records() {
    let embedder = shipped();
    let router = Router::new(&embedder);
    let routes = router.route(&[PROMPT, "Xq zvv kkp"], &Preferences::default()).unwrap();
    let here = |route: &Route, measured| {
        route.candidates.iter().filter(|c| c.measured == measured).count()
    };
    let [known, unknown] = &routes[..] else { panic!() };
    assert!(here(known, Measured::Here) > 5 && here(known, Measured::Elsewhere) > 10);
    assert!(known.candidates.iter().all(|c| c.answers.here <= c.answers.all));
    assert!(known.familiarity.unwrap() >= 1.0 && known.scope == Scope::In);
    assert_eq!((unknown.scope, here(unknown, Measured::Here)), (Scope::Out, 0));
    assert!(unknown.why.best_measured.is_none() && unknown.cascade.is_none());
    assert!(known.candidates[0].answers.here < 20, "else none is named beside it");
    let best = known.why.best_measured.as_ref().unwrap();
    let first = known.candidates.iter().find(|c| c.answers.here >= 20).unwrap();
    assert_eq!((best.model, best.p, best.low), (first.model, first.p, first.low));
    // Out of scope, ability is what ranks.
    let [strongest, .., weakest] = &unknown.candidates[..] else { panic!() };
    let terms = |c: &Candidate| {
        let features = embedder.encode(&["Xq zvv kkp"]).unwrap();
        let forecast = embedder.forecast(&features, crate::embedder::Given::Nothing);
        embedder.logit_terms(&forecast, 0, &[c.model])[0]
    };
    assert!(terms(strongest).ability > 1.0 && terms(weakest).ability < -0.5);
    let tokens = Tokens::of(PROMPT, ANSWER_TOKENS);
    for c in &known.candidates {
        let cost = router.costs.of_prompt(c.model, tokens);
        assert_eq!(cost.is_some(), c.cost.is_some());
        let longer = router.costs.of_prompt(c.model, Tokens { answer: 5000, ..tokens });
        assert!(cost.is_none() || cost <= longer);
    }
    let sums: Vec<String> = [0.0, 0.000_123_4, 0.0456, 0.5, 2.5, 1e12].map(price_text).to_vec();
    assert_eq!(sums, ["0¢", "0.012¢", "4.6¢", "50¢", "$2.50", "$1000000000000"]);
}
