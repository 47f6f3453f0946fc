//! `llmap serve`

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use llmap::analysis::router::pools::Pools;
use llmap::service::{LARGEST, Reply, Service};
use llmap::{Error, Result};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::address::addresses;
use super::{Common, connections, output, signals};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap serve                                   the embedder that llmap ships with
  llmap serve my.safetensors --addr localhost:9000
  curl localhost:8080/route -d '{\"prompt\": \"2+2=?\", \"where\": \"open\", \"top\": 3}'
  curl localhost:8080/route -d '{\"prompts\": [\"2+2=?\", \"Write a poem.\"], \"cost_weight\": 3}'

POST /route takes prompt or prompts, and as you like where, pool, cost_weight, min_quality, max_cost,
cheapest_tie and top, which mean what they mean to `llmap route`; it answers with the documents of
`llmap route --json`. GET /models lists the models, GET /health says that it is there. A request may
have 1024 prompts, 65536 models named for all of them, and 4 MiB.

It speaks plain HTTP and asks nobody for a password: leave it on this machine, or put it behind a
server that does.")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    #[arg(default_value = super::SHIPPED)]
    embedder: PathBuf,
    /// Where to listen: HOST:PORT, or either of them.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    addr: String,
    /// How long a request may take to come, and how long its answer: those that take longer are given
    /// up, and a connection on which nothing comes is closed.
    #[arg(long, default_value_t = 30.0, value_name = "SECONDS", value_parser = seconds)]
    timeout: f64,
}

/// A time that can be waited for.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.01..=86_400.0).contains(seconds));
    seconds.ok_or_else(|| "a number of seconds from 0.01 to 86400 is needed".into())
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let addresses = addresses(&arguments.addr)?;
    let embedder = super::embedder(Some(&arguments.embedder), common)?;
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
            output::message(format!("listening on http://{address}, Ctrl-C ends it"));
        }
        let patience = Duration::from_secs_f64(arguments.timeout);
        let turns = std::thread::available_parallelism().map_or(1, NonZero::get);
        let turns = Arc::new(Semaphore::new(turns));
        let app = Router::new().fallback(answer).with_state(Served { service, patience, turns });
        connections::serve(listener, app, patience, stop).await;
        Ok(())
    });
    runtime.shutdown_background();
    served.map_err(failed)
}

/// What answers need.
#[derive(Clone)]
struct Served {
    service: Arc<Service>,
    patience: Duration,
    /// As many routes are computed at once as there are cores: each takes memory.
    turns: Arc<Semaphore>,
}

/// Raises its flag when it is dropped: hyper drops an answer under way when the client hangs up.
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn answer(State(served): State<Served>, request: Request) -> Response {
    let reply = replied(served, request).await;
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response =
        (status, [(header::CONTENT_TYPE, "application/json")], reply.body).into_response();
    if let Some(allow) = reply.allow {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    response
}

async fn replied(served: Served, request: Request) -> Reply {
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let too_large = || Reply::fault(413, "the request is of more than 4 MiB");
    if announced.is_some_and(|length| length > LARGEST as u64) {
        return too_large();
    }
    let body = match timeout(served.patience, to_bytes(body, LARGEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(e)) if e.to_string().contains("length limit") => return too_large(),
        Ok(Err(_)) => return Reply::fault(400, "the request broke off"),
        Err(_) => return Reply::fault(408, "the request did not come in time"),
    };
    let deadline = Instant::now() + served.patience;
    let mut turn = None;
    if parts.method == Method::POST {
        turn =
            timeout(served.patience, served.turns.acquire_owned()).await.ok().and_then(Result::ok);
        if turn.is_none() {
            return Reply::fault(503, "too many requests at once: try again later");
        }
    }
    let gone = Gone(Arc::default());
    let flag = Arc::clone(&gone.0);
    // Routing takes milliseconds, and the cores: not the threads that read and write.
    let answered = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let stop = || flag.load(Ordering::Relaxed) || Instant::now() >= deadline;
        served.service.answer(parts.method.as_str(), parts.uri.path(), &body, &stop)
    });
    answered.await.unwrap_or_else(|e| Reply::fault(500, &e.to_string()))
}
