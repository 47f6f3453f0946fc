//! Connections over which HTTP is spoken: so many at once, and none that stands still.

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

/// How soon Ctrl-C is heard.
const WAIT: Duration = Duration::from_millis(100);
/// How long answers that are under way may take after that.
const GRACE: Duration = Duration::from_secs(2);
/// Connections that are open at once; more wait until one is closed.
const MOST: u32 = 512;

/// Answers on `listener` by `app` until `stop` is raised. A connection on which the head of a request does
/// not come within `patience`, or nothing moves for twice as long, is closed.
pub async fn serve(listener: TcpListener, app: Router, patience: Duration, stop: Arc<AtomicBool>) {
    let (end, ended) = watch::channel(false);
    let free = Arc::new(Semaphore::new(MOST as usize));
    loop {
        let accepted = tokio::select! {
            () = raised(&stop) => break,
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
    // Whoever is still sending is not waited for long.
    let _ = tokio::time::timeout(GRACE, free.acquire_many(MOST)).await;
}

/// Waits until Ctrl-C.
async fn raised(stop: &AtomicBool) {
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
        // It has gone again, or there are no more descriptors, which may take a while.
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

/// A stream that fails when nothing has moved on it for a while.
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
