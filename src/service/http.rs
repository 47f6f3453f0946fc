//! The service over HTTP.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{LARGEST, Reply, Service, connections};

/// Limits of how much of an oversized request is still read, and for how long.
const UNWANTED: usize = 16 * LARGEST;
const LINGER: Duration = Duration::from_secs(1);

/// What request handlers need.
#[derive(Clone)]
struct Served {
    service: Arc<Service>,
    patience: Duration,
    /// Limits concurrent routing to the number of cores, since each route takes memory.
    turns: Arc<Semaphore>,
}

impl Service {
    /// Serves HTTP on the first of `addresses` that can be bound, until `stop` is set; requests in progress
    /// are then completed. `patience` is the time limit of a request, and of its reply. `listening` receives
    /// the address, once.
    ///
    /// # Errors
    /// If none of the addresses can be bound, or no threads can be started.
    pub fn serve(
        self,
        addresses: &[SocketAddr],
        patience: Duration,
        stop: Arc<AtomicBool>,
        listening: impl FnOnce(SocketAddr),
    ) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let served = runtime.block_on(async {
            let listener = TcpListener::bind(addresses).await?;
            listening(listener.local_addr()?);
            let turns = std::thread::available_parallelism().map_or(1, NonZero::get);
            let turns = Arc::new(Semaphore::new(turns));
            let served = Served { service: Arc::new(self), patience, turns };
            let app = Router::new().fallback(answer).with_state(served);
            connections::serve(listener, app, patience, stop).await;
            Ok(())
        });
        runtime.shutdown_background();
        served
    }
}

/// Sets its flag when dropped: hyper drops a reply in progress when the client disconnects.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
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

/// The next bytes of a body; `None` at its end.
async fn part(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
        match frame.map(Frame::into_data) {
            Ok(Ok(bytes)) => return Some(Ok(bytes)),
            // Trailers.
            Ok(Err(_)) => {}
            Err(error) => return Some(Err(error)),
        }
    }
}

/// The whole body; `None` if it is too large.
async fn whole(body: &mut Body) -> Option<Result<Vec<u8>, axum::Error>> {
    let mut whole = Vec::new();
    while let Some(part) = part(body).await {
        match part {
            Ok(part) if whole.len() + part.len() > LARGEST => return None,
            Ok(part) => whole.extend_from_slice(&part),
            Err(error) => return Some(Err(error)),
        }
    }
    Some(Ok(whole))
}

/// Reads and discards the rest of a request for a while: closing a connection with unread bytes would reset
/// it before the client has seen the reply.
fn discard(mut body: Body) {
    tokio::spawn(timeout(LINGER, async move {
        let mut left = UNWANTED;
        while left > 0
            && let Some(Ok(part)) = part(&mut body).await
        {
            left = left.saturating_sub(part.len());
        }
    }));
}

async fn replied(served: Served, request: Request) -> Reply {
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let too_large = || Reply::fault(413, "the request is larger than 4 MiB");
    if announced.is_some_and(|length| length > LARGEST as u64) {
        discard(body);
        return too_large();
    }
    let mut body = body;
    let body = match timeout(served.patience, whole(&mut body)).await {
        Ok(Some(Ok(whole))) => whole,
        Ok(None) => {
            discard(body);
            return too_large();
        }
        Ok(Some(Err(_))) => return Reply::fault(400, "the request was incomplete"),
        Err(_) => return Reply::fault(408, "the request timed out"),
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
    let gone = StopOnDrop(Arc::default());
    let flag = Arc::clone(&gone.0);
    // Routing takes milliseconds of CPU: it must not block the threads that read and write.
    let answered = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let stop = || flag.load(Ordering::Relaxed) || Instant::now() >= deadline;
        served.service.answer(parts.method.as_str(), parts.uri.path(), &body, &stop)
    });
    answered.await.unwrap_or_else(|e| Reply::fault(500, &e.to_string()))
}
