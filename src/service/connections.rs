//! Accepts HTTP connections: limits their number, and closes idle ones.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep};

/// How often the stop flag is checked.
const WAIT: Duration = Duration::from_millis(100);
/// Grace period for requests in progress after that.
const GRACE: Duration = Duration::from_secs(2);
/// Maximum number of open connections; more wait until one is closed.
const MOST: u32 = 512;

/// Serves `app` on `listener` until `stop` is set. Closes a connection if the head of a request does not
/// arrive within `patience`, or nothing is transferred for twice as long.
pub async fn serve(listener: TcpListener, app: Router, patience: Duration, stop: Arc<AtomicBool>) {
    let (end, ended) = watch::channel(false);
    let free = Arc::new(Semaphore::new(MOST as usize));
    loop {
        let accepted = tokio::select! {
            () = stopped(&stop) => break,
            accepted = accept(&listener, &free) => accepted,
        };
        if let Some((stream, permit)) = accepted {
            let (app, ended) = (app.clone(), ended.clone());
            tokio::spawn(async move {
                connection(stream, app, patience, ended).await;
                drop(permit);
            });
        }
    }
    drop(listener);
    let _ = end.send(true);
    // Clients that are still sending get a short grace period only.
    let _ = tokio::time::timeout(GRACE, free.acquire_many(MOST)).await;
}

/// Waits for the stop flag.
async fn stopped(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(WAIT).await;
    }
}

async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(free).acquire_owned().await.ok()?;
    if let Ok((stream, _)) = listener.accept().await {
        Some((stream, permit))
    } else {
        // The client has disconnected, or there are no file descriptors left for the moment.
        tokio::time::sleep(WAIT).await;
        None
    }
}

async fn connection(
    stream: TcpStream,
    app: Router,
    patience: Duration,
    mut ended: watch::Receiver<bool>,
) {
    let io = TokioIo::new(Watched::new(stream, 2 * patience));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience);
    let serving = builder.serve_connection(io, TowerToHyperService::new(app));
    let mut serving = pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => return,
        _ = ended.wait_for(|ended| *ended) => {}
    }
    serving.as_mut().graceful_shutdown();
    let _ = serving.await;
}

/// A stream that fails when it was idle for too long.
struct Watched {
    stream: TcpStream,
    idle: Duration,
    end: Pin<Box<Sleep>>,
}

impl Watched {
    fn new(stream: TcpStream, idle: Duration) -> Self {
        Self { stream, idle, end: Box::pin(tokio::time::sleep(idle)) }
    }

    fn watched<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.end.as_mut().reset(Instant::now() + self.idle);
            return polled;
        }
        self.end.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.watched(context, polled)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(context, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
