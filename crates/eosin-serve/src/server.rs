//! Listening, and ending in good order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::batches::Batches;
use crate::guard::Guard;
use crate::limits::Limits;
use crate::numbers::Numbers;
use crate::routes::{Shared, router};
use crate::served_run::ServedRun;

/// How often the wish to stop is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// After a connection could not be accepted: too many files are open.
const PAUSE: Duration = Duration::from_millis(100);
/// Threads that decode images besides those that predict.
const DECODING: usize = 8;

/// A server that has its address and answers nobody yet.
pub struct Listening {
    listener: std::net::TcpListener,
    address: SocketAddr,
    guard: Guard,
}

impl Listening {
    /// Takes `address`; port 0 takes any that is free. Others than this machine's want a `token`.
    ///
    /// # Errors
    /// When the address is taken or not this machine's, or the token is missing or a bad one.
    pub fn on(address: SocketAddr, token: Option<&str>) -> Result<Self> {
        let guard = Guard::new(address, token)?;
        let listener = std::net::TcpListener::bind(address).with_context(|| {
            format!(
                "cannot listen on {address}: name another with '--port', or 0 for any that is free"
            )
        })?;
        listener.set_nonblocking(true).context("cannot listen")?;
        let address = listener.local_addr().context("cannot listen")?;
        Ok(Self {
            listener,
            address,
            guard,
        })
    }

    /// The address, with the port that was taken.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Answers for `run` until `stop` is set; then what has begun is ended, and nothing new is taken.
///
/// # Errors
/// When threads cannot be started.
pub fn serve(
    listening: Listening,
    run: ServedRun,
    limits: Limits,
    stop: &'static AtomicBool,
) -> Result<()> {
    let numbers = Arc::new(Numbers::default());
    let run = Arc::new(run);
    let waiting = limits.waiting;
    let (batches, predicts) = Batches::start(Arc::clone(&run), Arc::clone(&numbers), waiting)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(DECODING)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let shared = Shared::new(run, batches, numbers, listening.guard, limits);
    let app = router(shared);
    let ended = runtime.block_on(accept(listening.listener, app, limits, stop));
    // Whoever is slow to read an answer does not hold the server up.
    runtime.shutdown_timeout(Duration::from_secs(1));
    drop(predicts.join());
    ended
}

/// Accepts connections until it is time to stop.
async fn accept(
    listener: std::net::TcpListener,
    app: Router,
    limits: Limits,
    stop: &AtomicBool,
) -> Result<()> {
    let listener = TcpListener::from_std(listener).context("cannot listen")?;
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    while !stop.load(Ordering::Relaxed) {
        let Ok(Ok(place)) = tokio::time::timeout(LOOK, Arc::clone(&places).acquire_owned()).await
        else {
            continue;
        };
        let stream = match tokio::time::timeout(LOOK, listener.accept()).await {
            Ok(Ok((stream, _))) => stream,
            Ok(Err(_)) => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(_) => continue,
        };
        let connection = graceful.watch(connection(stream, &app, limits));
        tokio::spawn(async move {
            // A connection that breaks is nobody's loss but its own.
            drop(connection.await);
            drop(place);
        });
    }
    drop(listener);
    drop(app);
    drop(tokio::time::timeout(limits.stop, graceful.shutdown()).await);
    Ok(())
}

type Connection = http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

fn connection(stream: TcpStream, app: &Router, limits: Limits) -> Connection {
    // Small answers are not held back; where that cannot be asked for they are a little slower.
    drop(stream.set_nodelay(true));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app.clone()))
}
