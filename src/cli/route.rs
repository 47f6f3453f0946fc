//! `llmap route`

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use llmap::analysis::router::{Evidence, Route, route};
use llmap::embedder::Embedder;
use llmap::{Error, Result};
use serde::Serialize;

use super::{Common, output};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap route shipped \"Prove that there are infinitely many primes.\"
  llmap route my.safetensors --top 3 --json < prompts.txt")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    embedder: PathBuf,
    /// The prompts; without any, each line of standard input is one.
    prompt: Vec<String>,
    /// How many models to name for each prompt.
    #[arg(long, default_value_t = 10, value_name = "K")]
    top: usize,
}

#[derive(Serialize)]
struct Answer<'a> {
    prompt: &'a str,
    routed: &'a str,
    candidates: Vec<Named<'a>>,
    evidence: &'a [Evidence],
    milliseconds: f64,
}

#[derive(Serialize)]
struct Named<'a> {
    model: &'a str,
    p: f32,
    low: f32,
    high: f32,
    cost: Option<f64>,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    if arguments.top == 0 {
        return Err(Error::Usage("--top must be at least 1".into()));
    }
    let prompts = prompts(arguments)?;
    let embedder = super::embedder(Some(&arguments.embedder))?;
    let routes = prompts.iter().map(|prompt| route(&embedder, prompt));
    let routes: Vec<Route> = routes.collect::<Result<_>>()?;
    let each = prompts.iter().zip(&routes);
    if common.json {
        let named = each.map(|(prompt, route)| named(&embedder, prompt, route, arguments.top));
        output::json(&named.collect::<Vec<_>>())
    } else {
        let shown = each.map(|(prompt, route)| screen(&embedder, prompt, route, arguments.top));
        output::text(&shown.collect::<Vec<_>>().join("\n"))
    }
}

fn prompts(arguments: &Arguments) -> Result<Vec<String>> {
    let source = Path::new("standard input");
    let mut prompts = arguments.prompt.clone();
    if prompts.is_empty() {
        if io::stdin().is_terminal() {
            return Err(Error::Usage(
                "give a prompt, or prompts on standard input, one a line".into(),
            ));
        }
        for (i, line) in io::stdin().lock().lines().enumerate() {
            prompts.push(line.map_err(|e| Error::Input {
                file: source.into(),
                line: Some(i as u64 + 1),
                problem: e.to_string(),
                fix: "send prompts as UTF-8, one a line".into(),
            })?);
        }
    }
    let empty = prompts.iter().position(|prompt| prompt.trim().is_empty());
    match empty {
        None if prompts.is_empty() => {
            Err(Error::input(source, "no prompts", "send at least one line"))
        }
        None => Ok(prompts),
        Some(i) => Err(Error::Usage(format!("prompt {} is empty", i + 1))),
    }
}

fn named<'a>(embedder: &'a Embedder, prompt: &'a str, route: &'a Route, top: usize) -> Answer<'a> {
    let candidates = route.candidates.iter().take(top);
    Answer {
        prompt,
        routed: &embedder.models[route.candidates[0].model],
        candidates: candidates
            .map(|c| Named {
                model: &embedder.models[c.model],
                p: c.p,
                low: c.low,
                high: c.high,
                cost: c.cost,
            })
            .collect(),
        evidence: &route.evidence,
        milliseconds: route.milliseconds,
    }
}

fn screen(embedder: &Embedder, prompt: &str, route: &Route, top: usize) -> String {
    let percent = |p: f32| format!("{:.0}%", 100.0 * p);
    let prices = route.candidates.iter().any(|c| c.cost.is_some());
    let rows = route.candidates.iter().take(top).enumerate().map(|(i, c)| {
        let mut row = vec![
            format!("{}", i + 1),
            embedder.models[c.model].clone(),
            percent(c.p),
            format!("{} – {}", percent(c.low), percent(c.high)),
        ];
        if prices {
            row.push(c.cost.map_or_else(String::new, |cost| format!("{cost:.2}")));
        }
        row
    });
    let mut header = vec!["", "model", "right", "80% interval"];
    if prices {
        header.push("$ per million");
    }
    let like: Vec<String> =
        route.evidence.iter().map(|e| format!("{} {:.0}%", e.category, 100.0 * e.share)).collect();
    let right: BTreeMap<_, _> =
        route.evidence.first().map(|e| e.correct.clone()).unwrap_or_default();
    let best: Vec<String> =
        right.iter().map(|(model, share)| format!("{model} {:.0}%", 100.0 * share)).collect();
    let mut out = format!("{}\n\n{}\n", llmap::one_line(prompt), output::table(&header, rows, 2));
    out += &format!("like the training questions of: {}\n", llmap::one_line(&like.join(", ")));
    if let (Some(first), false) = (route.evidence.first(), best.is_empty()) {
        let line = format!("right on {}: {}", first.category, best.join(", "));
        out += &format!("{}\n", llmap::one_line(&line));
    }
    if embedder.provenance.simulated {
        out += "simulated data: these models do not exist\n";
    }
    out
}
