//! `llmap serve`

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use llmap::analysis::router::pools::Pools;
use llmap::service::{LARGEST, Reply, Service};
use llmap::{Error, Result};
use tokio::net::TcpListener;

use super::address::addresses;
use super::{Common, signals};

/// How soon Ctrl-C is heard.
const WAIT: Duration = Duration::from_millis(100);
/// How long answers that are under way may take after that.
const GRACE: Duration = Duration::from_secs(2);

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap serve                                   the embedder that llmap ships with
  llmap serve my.safetensors --addr localhost:9000
  curl localhost:8080/route -d '{\"prompt\": \"2+2=?\", \"where\": \"open\", \"top\": 3}'
  curl localhost:8080/route -d '{\"prompts\": [\"2+2=?\", \"Write a poem.\"], \"cost_weight\": 3}'

POST /route takes prompt or prompts, and as you like where, pool, cost_weight, min_quality, max_cost,
cheapest_tie and top, which mean what they mean to `llmap route`; it answers with the documents of
`llmap route --json`. GET /models lists the models, GET /health says that it is there.

It speaks plain HTTP and asks nobody for a password: leave it on this machine, or put it behind a
server that does.")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    #[arg(default_value = super::SHIPPED)]
    embedder: PathBuf,
    /// Where to listen: HOST:PORT, or either of them.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    addr: String,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let addresses = addresses(&arguments.addr)?;
    let embedder = super::embedder(Some(&arguments.embedder))?;
    let service = Arc::new(Service::new(embedder, Pools::path().ok()));
    // Answers under way are still given.
    signals::be_patient();
    let stop = signals::flag();
    let failed = |e| Error::Failed(format!("{} cannot be served: {e}", arguments.addr));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(failed)?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(&*addresses).await?;
        if !common.quiet {
            let address = listener.local_addr()?;
            eprintln!("llmap: listening on http://{address}, Ctrl-C ends it");
        }
        let app = Router::new().fallback(answer).with_state(service);
        let serving = axum::serve(listener, app).with_graceful_shutdown(told(Arc::clone(&stop)));
        let serving = tokio::spawn(serving.into_future());
        told(stop).await;
        // Whoever is still sending is not waited for long.
        let _ = tokio::time::timeout(GRACE, serving).await;
        Ok(())
    });
    runtime.shutdown_background();
    served.map_err(failed)
}

/// Waits until Ctrl-C.
async fn told(stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(WAIT).await;
    }
}

async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let too_large = announced.is_some_and(|length| length > LARGEST as u64);
    let body = if too_large { None } else { to_bytes(body, LARGEST).await.ok() };
    let reply = if let Some(body) = body {
        // Routing takes milliseconds, and the cores: not the threads that read and write.
        let answer = move || service.answer(parts.method.as_str(), parts.uri.path(), &body);
        let answered = tokio::task::spawn_blocking(answer).await;
        answered.unwrap_or_else(|e| Reply::fault(500, &e.to_string()))
    } else {
        Reply::fault(413, "the request broke off, or is of more than 4 MiB")
    };
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], reply.body).into_response()
}
