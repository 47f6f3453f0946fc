//! `llmap serve`

use std::path::PathBuf;
use std::time::Duration;

use super::address::addresses;
use super::{Common, output, signals};
use crate::analysis::router::pools::Pools;
use crate::service::Service;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap serve                                   the embedder that llmap ships with
  llmap serve my.safetensors --addr localhost:9000
  curl localhost:8080/route -d '{\"prompt\": \"2+2=?\", \"where\": \"open\", \"top\": 3}'
  curl localhost:8080/route -d '{\"prompts\": [\"2+2=?\", \"Write a poem.\"], \"cost_weight\": 3}'

POST /route takes prompt or prompts, and optionally where, pool, cost_weight, min_quality, max_cost,
cheapest_tie, cheapest_within and top, as in `llmap route`; it replies with the documents of
`llmap route --json`. GET /models lists the models, GET /health is a health check. A request may
have 1024 prompts, 65536 models named for all of them, and 4 MiB.

It speaks plain HTTP and asks nobody for a password: leave it on this machine, or put it behind a
server that does.")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    #[arg(default_value = super::SHIPPED)]
    embedder: PathBuf,
    /// The address: HOST:PORT, or only one of them.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    addr: String,
    /// Time limit for receiving a request, and for its reply: slower ones are aborted, and an idle connection
    /// is closed.
    #[arg(long, default_value_t = 30.0, value_name = "SECONDS", value_parser = seconds)]
    timeout: f64,
}

/// A valid time limit.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.01..=86_400.0).contains(seconds));
    seconds.ok_or_else(|| "expected a number of seconds from 0.01 to 86400".into())
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let addresses = addresses(&arguments.addr)?;
    let embedder = super::embedder(Some(&arguments.embedder), common)?;
    let service = Service::new(embedder, Pools::path().ok());
    // Requests in progress are still completed.
    signals::be_patient();
    let patience = Duration::from_secs_f64(arguments.timeout);
    let listening = |address| {
        if !common.quiet {
            output::message(format!("listening on http://{address}, Ctrl-C stops it"));
        }
    };
    let served = service.serve(&addresses, patience, signals::flag(), listening);
    served.map_err(|e| Error::Failed(format!("cannot listen on {}: {e}", arguments.addr)))
}
