//! The HTTP server of a gateway: connections, with limits of their number and time. `http.rs` has the routes.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{self, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower_service::Service as _;

use crate::delivery::ResetConnection;
use crate::gateway::Gateway;
use crate::http;
use crate::messages;
use crate::state::ShopState;

/// The limits of a [`Server`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// The maximum length of a body in bytes. Default: 256 MiB.
    pub body: usize,
    /// The maximum length of all bodies together in bytes, without the first 64 KiB of each. Default: 512 MiB.
    pub bodies: usize,
    /// The maximum number of open connections. Others wait until one is closed. Default: 512.
    pub connections: usize,
    /// The timeout for the headers of a request, and again for its body. Default: 60 seconds.
    ///
    /// An idle connection is closed after this time.
    pub read_timeout: Duration,
    /// The time that open connections have for their current calls when the server stops. Default: 5 seconds.
    pub shutdown_timeout: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            body: 256 << 20,
            bodies: 512 << 20,
            connections: 512,
            read_timeout: Duration::from_secs(60),
            shutdown_timeout: Duration::from_secs(5),
        }
    }
}

/// A gateway that listens on an address.
#[derive(Debug)]
pub struct Server {
    gateway: Arc<Gateway>,
    listener: TcpListener,
    limits: ServerLimits,
}

impl Server {
    /// Listens on a loopback address. Port 0 selects a free port.
    ///
    /// # Errors
    ///
    /// If the address is not a loopback address, or is in use.
    pub async fn bind(gateway: impl Into<Arc<Gateway>>, address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let problem = "expected a loopback address: for calls from other machines, use bind_remote";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
        }
        Self::bind_remote(gateway, address).await
    }

    /// Listens on any address. Other machines can make calls, change the data of the shop and read messages. The page and the
    /// paths that start with `/_` stay on loopback.
    ///
    /// # Errors
    ///
    /// If the address is in use, or this machine does not have it.
    pub async fn bind_remote(gateway: impl Into<Arc<Gateway>>, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { gateway: gateway.into(), listener, limits: ServerLimits::default() })
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: ServerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Returns the gateway.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Returns the address of the server.
    ///
    /// # Errors
    ///
    /// If the operating system does not return the address.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Responds to requests forever. Passes the console lines of each to `log`.
    pub async fn serve(self, log: impl Fn(&str) + Send + Sync + 'static) -> Infallible {
        self.serve_until(log, std::future::pending::<()>()).await;
        std::future::pending().await
    }

    /// Responds to requests until `shutdown` completes. Then it closes idle connections, and the others after their current
    /// calls or [`shutdown_timeout`](ServerLimits::shutdown_timeout), and saves the [state](Gateway::state).
    pub async fn serve_until(self, log: impl Fn(&str) + Send + Sync + 'static, shutdown: impl Future<Output = ()>) {
        let Self { gateway, listener, limits } = self;
        let log = Arc::new(log);
        let (stop, stopping) = watch::channel(());
        let (message_log, save_log) = (Arc::clone(&log), Arc::clone(&log));
        let messages = gateway.message_endpoint(stopping.clone(), move |line| message_log(line));
        let save_log = move |line: &str| save_log(line);
        let mut saving = pin!(save_repeatedly(gateway.state().cloned(), &save_log));
        let state = gateway.state().cloned();
        let router = http::router(gateway, limits, Box::new(move |line| log(line)));
        let permits = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            // The semaphore is never closed.
            let accept = async { (Arc::clone(&permits).acquire_owned().await.ok(), listener.accept().await) };
            let (permit, accepted) = tokio::select! {
                accepted = accept => accepted,
                () = &mut shutdown => break,
                never = &mut saving => match never {},
            };
            while connections.try_join_next().is_some() {}
            let Ok((stream, peer)) = accepted else {
                // Most likely there are no file descriptors left until another connection closes.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let routes = Routes { router: router.clone(), messages: Arc::clone(&messages) };
            let connection = serve_connection(stream, peer, routes, limits.read_timeout, stopping.clone());
            connections.spawn(async move {
                connection.await;
                drop(permit);
            });
        }
        drop((listener, stop));
        let finished = async { while connections.join_next().await.is_some() {} };
        // Dropping the set closes the connections that are left.
        let _ = tokio::time::timeout(limits.shutdown_timeout, finished).await;
        drop(connections);
        if let Some(state) = state {
            save(state, &save_log).await;
        }
    }
}

/// The time between two checks whether the state has changed.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// Saves the state again and again.
async fn save_repeatedly(state: Option<ShopState>, log: &(dyn Fn(&str) + Send + Sync)) -> Infallible {
    let Some(state) = state.filter(|state| state.path().is_some()) else { return std::future::pending().await };
    loop {
        save(state.clone(), log).await;
        tokio::time::sleep(SAVE_INTERVAL).await;
    }
}

/// Saves the state if it has changed.
async fn save(state: ShopState, log: &(dyn Fn(&str) + Send + Sync)) {
    let saved = tokio::task::spawn_blocking(move || state.save()).await;
    if let Ok(Err(error)) = saved {
        log(&format!("state not saved: {error}"));
    }
}

/// The address of the client, an extension of each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The routes, and the message channel beside them.
#[derive(Clone)]
struct Routes {
    router: Router,
    messages: Arc<messages::Endpoint>,
}

/// Serves a connection until it is closed, or until the server stops and the current call is finished.
async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    routes: Routes,
    read_timeout: Duration,
    mut stopping: watch::Receiver<()>,
) {
    let reset = Arc::new(AtomicBool::new(false));
    let service_reset = Arc::clone(&reset);
    let respond = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let (mut routes, reset) = (routes.clone(), Arc::clone(&service_reset));
        async move {
            if messages::handles(&request) {
                return Ok(routes.messages.respond(request).await.map(Body::new));
            }
            let Ok(response) = routes.router.call(request).await;
            if response.extensions().get::<ResetConnection>().is_none() {
                return Ok(response);
            }
            reset.store(true, Ordering::Relaxed);
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(read_timeout)
        .serve_connection(TokioIo::new(stream), respond)
        .with_upgrades();
    // A broken connection is not an error of the server.
    tokio::select! {
        _ = &mut connection => {}
        // The sender is dropped without a message.
        _ = stopping.changed() => {
            pin::Pin::new(&mut connection).graceful_shutdown();
            let _ = (&mut connection).await;
        }
    }
    if reset.load(Ordering::Relaxed)
        && let Some(parts) = connection.into_parts()
    {
        // The connection is reset when it is dropped with unsent data discarded.
        let _ = parts.io.into_inner().set_zero_linger();
    }
}
