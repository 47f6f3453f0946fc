//! `llmap route`

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Instant;

use ndarray::{Array2, Axis};
use serde_json::json;

use super::prompts::{Format, Prompts};
use super::{Common, output};
use crate::analysis::router::pools::Pools;
use crate::analysis::router::portfolio::{Step, portfolio};
use crate::analysis::router::{Answer, Preferences, Rank, Route, Router};
use crate::embedder::{Embedder, LogitTerms, Question, Scope};
use crate::{Error, Result, cell, one_line};

/// Prompts that a portfolio is chosen for at most.
const PORTFOLIO_PROMPTS: usize = 200_000;
/// Columns of a terminal that a name takes at most.
const NAME: usize = 80;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap route shipped \"Prove that there are infinitely many primes.\"
  llmap route shipped --where 'open and params_b <= 15 and not coder' \"2+2=?\"
  llmap route shipped --where 'name ~ \"qwen\"' --save-pool qwen \"2+2=?\"
  llmap route shipped --pool qwen --cost-weight 3 --name-only < prompts.txt
  llmap route shipped --input jsonl --json-lines < prompts.jsonl > routes.jsonl
  llmap route shipped --min-quality 0.8 \"2+2=?\"      the cheapest that is right with 80%
  llmap route shipped --portfolio 5 < prompts.txt    the five models to keep

--where compares attributes (`llmap inspect` lists them) and `name` with = != < <= > >= ~ and in,
and joins with and, or, not; tests beside each other must all hold, as in
family=qwen size<10 reasoning=yes. A pattern after ~ is a regular expression.

Costs are the mean of cost_in and cost_out, dollars per million tokens; where no model has them,
params_b stands in for them, billions of parameters.")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    embedder: PathBuf,
    /// The prompts; without any, they come from standard input.
    prompt: Vec<String>,
    /// How many models to name for each prompt.
    #[arg(long, default_value_t = 10, value_name = "K", value_parser = super::count)]
    top: usize,
    /// Only models that an expression means, as in `open and params_b <= 15`.
    #[arg(long = "where", visible_alias = "filter", value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Only the models of a pool that was saved.
    #[arg(long, value_name = "NAME", conflicts_with = "filter")]
    pool: Option<String>,
    /// Save the expression of --where under a name.
    #[arg(long, value_name = "NAME", requires = "filter")]
    save_pool: Option<String>,
    /// How much cost counts, from 0 (not at all) to 10 (the cheapest, always).
    #[arg(long, default_value_t = 0.0, value_name = "W", value_parser = super::weight)]
    cost_weight: f64,
    /// Take the cheapest model that is right with at least this probability.
    #[arg(long, value_name = "P", value_parser = super::share)]
    min_quality: Option<f64>,
    /// Leave out models that cost more.
    #[arg(long, value_name = "COST", value_parser = super::cost)]
    max_cost: Option<f64>,
    /// Take the cheapest of the models that cannot be told from the best: the difference lies within
    /// the 80% interval that so many training responses leave.
    #[arg(long)]
    cheapest_tie: bool,
    /// Rank by the probability (`mean`), or cautiously by the lower end of its interval (`lower`).
    #[arg(long, value_name = "mean|lower", default_value = "mean", value_parser = Rank::from_str)]
    rank: Rank,
    /// What tells prompts on standard input apart.
    #[arg(long, value_enum, default_value_t = Format::Lines, value_name = "FORMAT")]
    input: Format,
    /// Print only the name of the model, a line each.
    #[arg(long, conflicts_with_all = ["json", "json_lines", "portfolio"])]
    name_only: bool,
    /// Print one JSON document a line.
    #[arg(long, conflicts_with_all = ["json", "portfolio"])]
    json_lines: bool,
    /// Add what the text asks of a model, as numbers from which docs/python.md makes the probabilities
    /// of all models (with --json or --json-lines).
    #[arg(long, conflicts_with_all = ["name_only", "portfolio"])]
    explain: bool,
    /// Choose the K models that together cover the prompts best.
    #[arg(long, value_name = "K", value_parser = super::count)]
    portfolio: Option<usize>,
    /// What the models of a portfolio may cost together.
    #[arg(long, value_name = "COST", requires = "portfolio", value_parser = super::cost)]
    budget: Option<f64>,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    if let Some(i) = arguments.prompt.iter().position(|prompt| prompt.trim().is_empty()) {
        return Err(Error::Usage(format!("prompt {} is empty", i + 1)));
    }
    if arguments.prompt.is_empty() && io::stdin().is_terminal() {
        return Err(Error::Usage("give a prompt, or prompts on standard input, one a line".into()));
    }
    if arguments.explain && !common.json && !arguments.json_lines {
        return Err(Error::usage("--explain gives numbers for programs", "add --json"));
    }
    let embedder = super::embedder(Some(&arguments.embedder), common)?;
    let router = Router::new(&embedder);
    let preferences = preferences(arguments, &embedder)?;
    preferences.check(&router.costs)?;
    if let Some(k) = arguments.portfolio {
        return choose(arguments, common, &embedder, &router, &preferences, k);
    }
    let mut writer = Writer::new(arguments, common, &embedder);
    let (mut routed, mut below) = (0, 0);
    let outcome = each_batch(arguments, |prompts| {
        routed += prompts.len();
        let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
        if arguments.name_only {
            let picks = router.pick_all(&prompts, &preferences)?;
            below += picks.iter().filter(|pick| pick.below).count();
            let names =
                picks.into_iter().map(|pick| one_line(&embedder.models()[pick.model]) + "\n");
            writer.write(&names.collect::<String>())
        } else {
            let start = Instant::now();
            let features = embedder.encode(&prompts)?;
            let routes = router.route_encoded(&features, &preferences, start)?;
            let questions = arguments.explain.then(|| embedder.questions(&features));
            let questions = questions.unwrap_or_default();
            for (at, (prompt, route)) in prompts.iter().zip(&routes).enumerate() {
                writer.route(&router, prompt, route, questions.get(at))?;
            }
            writer.flush()
        }
    });
    // The document is complete even where the prompts were not.
    writer.end()?;
    if below > 0 && !common.quiet {
        let least = crate::number(arguments.min_quality.unwrap_or_default());
        let routed = crate::count(routed, "prompt");
        output::message(format!(
            "no model is right with --min-quality {least} for {below} of {routed}: \
             the most likely one is named"
        ));
    }
    outcome?;
    if routed == 0 {
        let source = Path::new("standard input");
        return Err(Error::input(source, "no prompts", "send at least one line"));
    }
    Ok(())
}

/// Hands the prompts over as they come.
fn each_batch(arguments: &Arguments, mut take: impl FnMut(&[String]) -> Result<()>) -> Result<()> {
    if !arguments.prompt.is_empty() {
        return take(&arguments.prompt);
    }
    let mut prompts = Prompts::standard(arguments.input);
    loop {
        let batch = prompts.batch()?;
        if batch.is_empty() {
            return Ok(());
        }
        take(&batch)?;
    }
}

fn preferences(arguments: &Arguments, embedder: &Embedder) -> Result<Preferences> {
    let mut expression = arguments.filter.clone();
    if let Some(name) = &arguments.pool {
        expression = Some(Pools::load(&Pools::path()?)?.expression(name)?.to_owned());
    }
    let pool = expression.as_deref().map(|expression| embedder.select(expression)).transpose()?;
    if let (Some(name), Some(expression)) = (&arguments.save_pool, &expression) {
        Pools::add(&Pools::path()?, name, expression)?;
    }
    Ok(Preferences {
        pool,
        cost_weight: arguments.cost_weight,
        min_quality: arguments.min_quality,
        max_cost: arguments.max_cost,
        cheapest_tie: arguments.cheapest_tie,
        rank: arguments.rank,
    })
}

/// The document of a prompt.
#[derive(serde::Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    answer: Answer<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<&'a Question>,
}

/// Standard output in the form that was asked for.
struct Writer<'a> {
    out: io::BufWriter<io::StdoutLock<'static>>,
    embedder: &'a Embedder,
    top: usize,
    list: bool,
    lines: bool,
    first: bool,
}

impl<'a> Writer<'a> {
    fn new(arguments: &Arguments, common: &Common, embedder: &'a Embedder) -> Self {
        let out = io::BufWriter::new(io::stdout().lock());
        let (list, lines) = (common.json, arguments.json_lines);
        Self { out, embedder, top: arguments.top, list, lines, first: true }
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let written = self.out.write_all(text.as_bytes());
        written.map_err(|e| Error::io(Path::new("standard output"), e))?;
        self.first = false;
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(|e| Error::io(Path::new("standard output"), e))
    }

    fn route(
        &mut self,
        router: &Router,
        prompt: &str,
        route: &Route,
        question: Option<&Question>,
    ) -> Result<()> {
        let mut text = Vec::new();
        if self.list || self.lines {
            let unit = router.costs.unit();
            let answer = Answer::new(self.embedder.models(), unit, prompt, route, self.top);
            crate::write_json(&mut text, &Document { answer, question }, false)
        } else {
            let screen = screen(self.embedder, router, prompt, route, self.top);
            write!(text, "{}", crate::PrintableLines(&screen))
        }
        .map_err(|e| Error::io(Path::new("standard output"), e))?;
        let before: &[u8] = match (self.list, self.lines, self.first) {
            (true, _, true) => b"[\n",
            (true, _, false) => b",\n",
            (_, true, _) | (_, _, true) => b"",
            _ => b"\n",
        };
        if self.list {
            text.pop();
        }
        self.first = false;
        let written = self.out.write_all(before).and_then(|()| self.out.write_all(&text));
        written.map_err(|e| Error::io(Path::new("standard output"), e))
    }

    /// Closes the list.
    fn end(&mut self) -> Result<()> {
        if self.list && !self.first { self.write("\n]\n") } else { self.flush() }
    }
}

fn percent(p: f64) -> String {
    format!("{:.0}%", 100.0 * p)
}

fn screen(embedder: &Embedder, router: &Router, prompt: &str, route: &Route, top: usize) -> String {
    let unit = router.costs.unit();
    let short = crate::short_names(embedder.models());
    let name = |model: usize| cell(&short[model], NAME);
    let cost = |cost: Option<f64>| unit.zip(cost).map_or_else(String::new, |(u, c)| u.text(c));
    let rows = route.candidates.iter().take(top).enumerate().map(|(i, c)| {
        let marks = match (c.tied, c.front) {
            (true, true) => "tied, pareto",
            (true, false) => "tied",
            (false, true) => "pareto",
            _ => "",
        };
        let interval = format!("{} – {}", percent(c.low.into()), percent(c.high.into()));
        let mut row = vec![format!("{}", i + 1), name(c.model), percent(c.p.into()), interval];
        if unit.is_some() {
            row.extend([cost(c.cost), marks.into()]);
        }
        row
    });
    let mut header = vec!["", "model", route.kind().achieved(), "80% interval"];
    if unit.is_some() {
        header.extend(["cost", ""]);
    }
    let mut out = format!("{}\n\n{}\n", one_line(prompt), output::table(&header, rows, 2));
    if let Some(remark) = route.kind().remark() {
        out += &format!("{remark}\n");
    }
    match route.scope {
        Scope::In => {}
        Scope::Near => {
            out += "near the edge of what this embedder has seen: ranked partly by overall \
                    ability\n";
        }
        Scope::Out => {
            out += "out of scope, unlike any training question: ranked by predicted accuracy over all benchmarks\n";
        }
    }
    if route.below {
        out += "no model is likely enough to be right: this is the most likely one\n";
    }
    let like: Vec<String> = route
        .evidence
        .iter()
        .map(|e| format!("{} {}", cell(&e.category, NAME), percent(e.share)))
        .collect();
    out += &format!("like the training questions of: {}\n", one_line(&like.join(", ")));
    if let Some(first) = route.evidence.first().filter(|first| !first.correct.is_empty()) {
        let full = |model: &str| embedder.models().iter().position(|name| name == model);
        let called = |model: &str| full(model).map_or_else(|| model.to_owned(), name);
        let best = first
            .correct
            .iter()
            .map(|(model, share)| format!("{} {}", called(model), percent(*share)));
        let best: Vec<String> = best.collect();
        out += &format!(
            "{}\n",
            one_line(&format!(
                "{} on {}: {}",
                first.kind.achieved(),
                cell(&first.category, NAME),
                best.join(", ")
            ))
        );
    }
    out += &reasons(embedder, route);
    if let Some(plan) = &route.cascade {
        out += &format!(
            "cascade: {} first, {} if it is incorrect: {} correct for {} on average\n",
            name(plan.first),
            name(plan.then),
            percent(plan.quality),
            cost(Some(plan.cost)),
        );
    }
    if embedder.models().len() == 1 {
        out += "one model: it comes first whatever the prompt\n";
    }
    if embedder.provenance().simulated {
        out += "simulated data: these models do not exist\n";
    }
    out
}

/// Why the first comes first, and what the second lacks.
fn reasons(embedder: &Embedder, route: &Route) -> String {
    let Some(first) = route.candidates.first() else { return String::new() };
    let short = crate::short_names(embedder.models());
    let name = |model: usize| cell(&short[model], NAME);
    let parts = |parts: &LogitTerms| {
        format!("ability {:+.2}, ease {:+.2}, match {:+.2}", parts.ability, parts.ease, parts.fit)
    };
    let mut out = format!("why {}: {}\n", name(first.model), parts(&route.why.parts));
    let Some(second) = &route.why.runner_up else { return out };
    out += &format!("then {}: {}", name(second.model), parts(&second.parts));
    let behind = route.why.parts.sum() - second.parts.sum();
    if behind > 0.0 {
        out += &format!("; {behind:.2} behind");
    }
    if let Some((category, own, other)) = &second.ahead_on {
        let category = cell(category, NAME);
        out += &format!("; ahead on {category} ({} to {})", percent(*own), percent(*other));
    }
    if let Some(weight) = second.from_weight {
        out += &format!("; first from cost weight {weight:.1}");
    }
    out + "\n"
}

/// `--portfolio`
fn choose(
    arguments: &Arguments,
    common: &Common,
    embedder: &Embedder,
    router: &Router,
    preferences: &Preferences,
    k: usize,
) -> Result<()> {
    let models = embedder.models().len();
    let mut p = Array2::<f32>::zeros((0, models));
    each_batch(arguments, |prompts| {
        let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
        if p.nrows() + prompts.len() > PORTFOLIO_PROMPTS {
            let problem = format!("more than {PORTFOLIO_PROMPTS} prompts for a portfolio");
            return Err(Error::input(Path::new("standard input"), problem, "send a sample"));
        }
        let more = router.probabilities(&embedder.encode(&prompts)?);
        p.append(Axis(0), more.view()).map_err(|e| Error::Failed(e.to_string()))
    })?;
    if p.is_empty() {
        let source = Path::new("standard input");
        return Err(Error::input(source, "no prompts", "send at least one line"));
    }
    let costs = |model| router.costs.of_model(model);
    if arguments.budget.is_some() && router.costs.unit().is_none() {
        return Err(Error::Usage(
            "--budget needs costs: give the models cost_in and cost_out, or params_b".into(),
        ));
    }
    let pool: Vec<usize> = preferences.candidates(&router.costs).collect();
    let steps = portfolio(&p, &pool, k, &costs, arguments.budget);
    if steps.is_empty() {
        return Err(Error::Usage("no model is within the budget".into()));
    }
    let guarantee = if arguments.budget.is_some() { 0.316 } else { 0.632 };
    let unit = router.costs.unit();
    if common.json {
        let step = |step: &Step| {
            json!({ "model": embedder.models()[step.model], "quality": step.quality,
                    "cost": step.cost })
        };
        return output::json(&json!({
            "prompts": p.nrows(),
            "cost_unit": unit,
            "guarantee": guarantee,
            "portfolio": steps.iter().map(step).collect::<Vec<_>>(),
        }));
    }
    let short = crate::short_names(embedder.models());
    let rows = steps.iter().enumerate().map(|(i, step)| {
        let gain = step.quality - i.checked_sub(1).map_or(0.0, |before| steps[before].quality);
        let bar = "█".repeat((40.0 * step.quality).round() as usize);
        let cost = unit.zip(step.cost).map_or_else(String::new, |(u, cost)| u.text(cost));
        vec![
            (i + 1).to_string(),
            short[step.model].clone(),
            bar,
            format!("{:.1}%", 100.0 * step.quality),
            format!("{:+.1}", 100.0 * gain),
            cost,
        ]
    });
    let header =
        ["", "model", "right, each prompt to the best of these", "", "gain", "cost so far"];
    output::text(&format!(
        "{}\n\n{}\nforecast, not measured. Chosen greedily: at least {:.0}% of what the best \
         such portfolio reaches, mostly much nearer",
        crate::count(p.nrows(), "prompt"),
        output::table(&header, rows, 3),
        100.0 * guarantee
    ))
}
