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
use crate::analysis::router::{
    ANSWER_TOKENS, Answer, Preferences, Rank, Route, Router, Tokens, price_text, probabilities,
};
use crate::embedder::{Embedder, LogitTerms, Question, Scope};
use crate::{Error, Result, cell, one_line};

/// Maximum number of prompts for a portfolio.
const PORTFOLIO_PROMPTS: usize = 200_000;
/// Maximum width of a name.
const NAME: usize = 80;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap route shipped \"Prove that there are infinitely many primes.\"
  llmap route shipped --where 'open and params_b <= 15 and not coder' \"2+2=?\"
  llmap route shipped --where 'name ~ \"qwen\"' --save-pool qwen \"2+2=?\"
  llmap route shipped --pool qwen --cost-weight 3 --name-only < prompts.txt
  llmap route shipped --input jsonl --json-lines < prompts.jsonl > routes.jsonl
  llmap route shipped --min-quality 0.8 \"2+2=?\"      the cheapest that is 80% likely correct
  llmap route shipped --portfolio 5 < prompts.txt    the five models to keep

--where compares attributes (`llmap inspect` lists them) and `name` with = != < <= > >= ~ and in,
and combines tests with and, or, not; adjacent tests must all hold, as in
family=qwen size<10 reasoning=yes. A pattern after ~ is a regular expression.

Costs are the mean of cost_in and cost_out, dollars per million tokens; if no model has them,
params_b is used instead, billions of parameters.")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    embedder: PathBuf,
    /// The prompts; without any, they are read from standard input.
    prompt: Vec<String>,
    /// Number of models per prompt.
    #[arg(long, default_value_t = 10, value_name = "K", value_parser = super::count)]
    top: usize,
    /// Only models that match an expression, as in `open and params_b <= 15`.
    #[arg(long = "where", visible_alias = "filter", value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Only the models of a saved pool.
    #[arg(long, value_name = "NAME", conflicts_with = "filter")]
    pool: Option<String>,
    /// Save the expression of --where under a name.
    #[arg(long, value_name = "NAME", requires = "filter")]
    save_pool: Option<String>,
    /// The cost weight, from 0 (ignored) to 10 (always the cheapest).
    #[arg(long, default_value_t = 0.0, value_name = "W", value_parser = super::weight)]
    cost_weight: f64,
    /// Choose the cheapest model with at least this probability of a correct answer.
    #[arg(long, value_name = "P", value_parser = super::share)]
    min_quality: Option<f64>,
    /// Exclude models with a higher cost.
    #[arg(long, value_name = "COST", value_parser = super::cost)]
    max_cost: Option<f64>,
    /// Choose the cheapest of the models that are statistically tied with the best: the difference is within
    /// the 80% interval given the number of training responses.
    #[arg(long)]
    cheapest_tie: bool,
    /// Choose the cheapest of the models whose probability is at most this much below the highest one, such as
    /// 0.02.
    #[arg(long, value_name = "P", value_parser = super::share)]
    cheapest_within: Option<f64>,
    /// Rank by the probability (`mean`), or cautiously by the lower end of its interval (`lower`).
    #[arg(long, value_name = "mean|lower", default_value = "mean", value_parser = Rank::from_str)]
    rank: Rank,
    /// How prompts on standard input are separated.
    #[arg(long, value_enum, default_value_t = Format::Lines, value_name = "FORMAT")]
    input: Format,
    /// Print only the name of the model, one per line.
    #[arg(long, conflicts_with_all = ["json", "json_lines", "portfolio"])]
    name_only: bool,
    /// Print one JSON document per line.
    #[arg(long, conflicts_with_all = ["json", "portfolio"])]
    json_lines: bool,
    /// The assumed length of an answer, for the cost of a prompt.
    #[arg(long, value_name = "N", default_value_t = ANSWER_TOKENS)]
    answer_tokens: u32,
    /// Add the terms of the logits; with --json or --json-lines also the network outputs for the prompt, from
    /// which docs/python.md computes the probabilities of all models.
    #[arg(long, conflicts_with_all = ["name_only", "portfolio"])]
    explain: bool,
    /// Choose the K models that together cover the prompts best.
    #[arg(long, value_name = "K", value_parser = super::count)]
    portfolio: Option<usize>,
    /// Maximum total cost of the models of a portfolio.
    #[arg(long, value_name = "COST", requires = "portfolio", value_parser = super::cost)]
    budget: Option<f64>,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    if let Some(i) = arguments.prompt.iter().position(|prompt| prompt.trim().is_empty()) {
        return Err(Error::Usage(format!("prompt {} is empty", i + 1)));
    }
    if arguments.prompt.is_empty() && io::stdin().is_terminal() {
        return Err(Error::Usage(
            "pass a prompt, or prompts on standard input, one per line".into(),
        ));
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
            let top = arguments.top;
            let routes = router.route_encoded((&features, start), &preferences, top)?;
            let explained = arguments.explain && (common.json || arguments.json_lines);
            let questions = explained.then(|| embedder.questions(&features));
            let questions = questions.unwrap_or_default();
            for (at, (prompt, route)) in prompts.iter().zip(&routes).enumerate() {
                writer.route(&router, prompt, route, questions.get(at))?;
            }
            writer.flush()
        }
    });
    // The document is complete even if the prompts were not.
    writer.end()?;
    if below > 0 && !common.quiet {
        let least = crate::number(arguments.min_quality.unwrap_or_default());
        let routed = crate::count(routed, "prompt");
        output::message(format!(
            "no model reaches --min-quality {least} for {below} of {routed}: \
             the most likely one is used"
        ));
    }
    outcome?;
    if routed == 0 {
        let source = Path::new("standard input");
        return Err(Error::input(source, "no prompts", "send at least one line"));
    }
    Ok(())
}

/// Passes the prompts on as they arrive.
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
        cheapest_within: arguments.cheapest_within,
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

/// Standard output in the requested format.
struct Writer<'a> {
    out: io::BufWriter<io::StdoutLock<'static>>,
    embedder: &'a Embedder,
    /// The names as text.
    short: Vec<String>,
    arguments: &'a Arguments,
    list: bool,
    first: bool,
}

impl<'a> Writer<'a> {
    fn new(arguments: &'a Arguments, common: &Common, embedder: &'a Embedder) -> Self {
        let out = io::BufWriter::new(io::stdout().lock());
        let short = crate::short_names(embedder.models());
        Self { out, embedder, short, arguments, list: common.json, first: true }
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
        if self.list || self.arguments.json_lines {
            let asked = (prompt, self.arguments.answer_tokens);
            let models = self.embedder.models();
            let answer = Answer::new(models, &router.costs, asked, route, self.arguments.top);
            crate::write_json(&mut text, &Document { answer, question }, false)
        } else {
            let screen = self.screen(router, prompt, route);
            write!(text, "{}", crate::PrintableLines(&screen))
        }
        .map_err(|e| Error::io(Path::new("standard output"), e))?;
        let before: &[u8] = match (self.list, self.arguments.json_lines, self.first) {
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

    fn name(&self, model: usize) -> String {
        cell(&self.short[model], NAME)
    }

    /// The candidates as a table.
    fn table(&self, router: &Router, prompt: &str, route: &Route) -> String {
        let (unit, out) = (router.costs.unit(), route.scope == Scope::Out);
        let tokens = Tokens::of(prompt, self.arguments.answer_tokens);
        let shown = || route.candidates.iter().take(self.arguments.top);
        let prices: Vec<Option<f64>> =
            shown().map(|c| router.costs.of_prompt(c.model, tokens)).collect();
        let prompts = prices.iter().any(Option::is_some);
        let rows = shown().zip(&prices).enumerate().map(|(i, (c, price))| {
            let interval = format!("{} – {}", percent(c.low.into()), percent(c.high.into()));
            let mut row = vec![format!("{}", i + 1), self.name(c.model)];
            // The percentages do not apply out of scope.
            row.extend((!out).then(|| percent(c.p.into())));
            row.extend([interval, c.measured.meaning().into()]);
            if let Some(unit) = unit {
                row.push(c.cost.map_or_else(String::new, |cost| unit.text(cost)));
            }
            row.extend(prompts.then(|| price.map_or_else(String::new, price_text)));
            row.push(match (route.is_tie(c), c.front) {
                (true, true) => "tied, pareto".into(),
                (true, false) => "tied".into(),
                (false, true) => "pareto".into(),
                _ => String::new(),
            });
            row
        });
        let mut header = vec!["", "model"];
        header.extend((!out).then(|| route.kind().achieved()));
        header.extend(["80% interval", "evidence"]);
        header.extend(unit.map(|_| "cost"));
        header.extend(prompts.then_some("this prompt"));
        header.push("");
        let mut table = output::table(&header, rows, 2);
        if prompts {
            let (asked, answer) = (tokens.prompt, tokens.answer);
            table += &format!("\nthis prompt: about {asked} tokens, and {answer} for the answer");
        }
        table
    }

    fn screen(&self, router: &Router, prompt: &str, route: &Route) -> String {
        let unit = router.costs.unit();
        let name = |model: usize| self.name(model);
        let table = self.table(router, prompt, route);
        let sentence = one_line(&route.sentence(&name, unit));
        let mut out = format!("{}\n\n{table}\n{sentence}\n", one_line(prompt));
        for remark in route.remarks() {
            out += &format!("{}\n", one_line(&remark));
        }
        if let Some(best) = route.best_measured(&name) {
            out += &format!("{}\n", one_line(&best));
        }
        out += match route.scope {
            Scope::In => "",
            Scope::Near => "near the edge of scope: ranked partly by overall ability\n",
            Scope::Out => {
                "out of scope: ranked by predicted accuracy over all benchmarks, not for this prompt\n"
            }
        };
        out += &self.likes(route);
        out += &self.runner_up(route);
        if let (Some(plan), Some(unit)) = (&route.cascade, unit) {
            out += &format!(
                "cascade: {} first, {} if it is incorrect: {} correct for {} on average\n",
                name(plan.first),
                name(plan.then),
                percent(plan.quality),
                unit.text(plan.cost),
            );
        }
        if self.embedder.provenance().simulated {
            out += "simulated data: these models do not exist\n";
        }
        out
    }

    /// The most similar benchmarks, and the accuracies of the best models there.
    fn likes(&self, route: &Route) -> String {
        let like = route.evidence.iter();
        let like = like.map(|e| format!("{} {}", cell(&e.category, NAME), percent(e.share)));
        let like: Vec<String> = like.collect();
        let mut out = format!("most similar benchmarks: {}\n", one_line(&like.join(", ")));
        if let Some(first) = route.evidence.first().filter(|first| !first.correct.is_empty()) {
            let models = self.embedder.models();
            let full = |model: &str| models.iter().position(|name| name == model);
            let called =
                |model: &str| full(model).map_or_else(|| model.to_owned(), |m| self.name(m));
            let best = first
                .correct
                .iter()
                .map(|(model, share)| format!("{} {}", called(model), percent(*share)));
            let (achieved, category) = (first.kind.achieved(), cell(&first.category, NAME));
            let best: Vec<String> = best.collect();
            let line = format!("{achieved} on {category}: {}", best.join(", "));
            out += &format!("{}\n", one_line(&line));
        }
        out
    }

    /// What would make the runner-up win; with the terms of both logits if requested.
    fn runner_up(&self, route: &Route) -> String {
        let Some(first) = route.candidates.first() else { return String::new() };
        let mut out = String::new();
        let second = route.why.runner_up.as_ref();
        if self.arguments.explain {
            let parts = |model: usize, parts: &LogitTerms| {
                let LogitTerms { ability, ease, fit } = parts;
                let name = self.name(model);
                format!(
                    "logit of {name}: ability {ability:+.2}, ease {ease:+.2}, match {fit:+.2}\n"
                )
            };
            out += &parts(first.model, &route.why.parts);
            out += &second.map_or_else(String::new, |second| parts(second.model, &second.parts));
        }
        let Some(second) = second else { return out };
        let mut reasons = Vec::new();
        if let Some((category, own, other)) = &second.ahead_on {
            let (category, own, other) = (cell(category, NAME), percent(*own), percent(*other));
            reasons.push(format!("ahead on {category} ({own} to {other})"));
        }
        if let Some(weight) = second.from_weight {
            reasons.push(format!("first from cost weight {weight:.1}"));
        }
        if !reasons.is_empty() {
            out += &format!("{}: {}\n", self.name(second.model), reasons.join("; "));
        }
        out
    }
}

fn percent(p: f64) -> String {
    format!("{:.0}%", 100.0 * p)
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
        let more = probabilities(embedder, &embedder.encode(&prompts)?);
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
        ["", "model", "correct, each prompt to the best of these", "", "gain", "cost so far"];
    output::text(&format!(
        "{}\n\n{}\npredicted, not measured. Chosen greedily: at least {:.0}% of what the best \
         such portfolio reaches, usually much closer",
        crate::count(p.nrows(), "prompt"),
        output::table(&header, rows, 3),
        100.0 * guarantee
    ))
}
