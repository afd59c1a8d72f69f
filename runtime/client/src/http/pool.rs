//! Connections over hyper, and the idle ones.
//!
//! The task that uses a connection drives it, so that a call neither spawns a task nor wakes another one.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, unconstrained};
use tokio::time::{Instant, sleep};

use super::Outgoing;
use super::hyper::{Socket, failed};
use crate::error::TransportError;
use crate::transport::Chunks;
use top_protocol::internal::locked;

/// A connection.
pub(super) struct Connection {
    sender: SendRequest<Outgoing>,
    /// Reads and writes when it is polled. `None` after the connection ended: an unsent request is returned when the
    /// driver is dropped.
    driver: Option<http1::Connection<Socket, Outgoing>>,
}

impl Connection {
    /// Starts HTTP on a connected socket.
    pub(super) async fn start(socket: Socket) -> hyper::Result<Box<Self>> {
        let (sender, driver) = http1::handshake(socket).await?;
        Ok(Box::new(Self { sender, driver: Some(driver) }))
    }

    /// Reads and writes what is possible now. Ready after the connection ended; the response or its body has the error.
    fn drive(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(driver) = &mut self.driver {
            let _ = ready!(Pin::new(driver).poll(context));
            self.driver = None;
        }
        Poll::Ready(())
    }

    /// Returns whether the connection is open and idle.
    fn is_ready(&mut self) -> bool {
        let ended = pin!(unconstrained(poll_fn(|context| self.drive(context))));
        // The next exchange registers a waker.
        ended.poll(&mut Context::from_waker(Waker::noop())).is_pending() && self.sender.is_ready()
    }

    /// Sends a request and receives the head of the response. The error contains the request if nothing of it was sent.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Outgoing>>> {
        let mut response = pin!(unconstrained(self.sender.try_send_request(request)));
        poll_fn(|context| {
            let _ = self.drive(context);
            // Only the driver completes the response, so this needs no waker.
            response.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        })
        .await
    }
}

/// The idle connections of a transport.
pub(super) struct Pool {
    /// How long a connection may be idle.
    timeout: Duration,
    /// The maximum number of idle connections to one server.
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The connections of each server, the latest last.
    idle: HashMap<Arc<str>, Vec<Idle>>,
    /// The task that closes connections after the timeout.
    closing: Option<AbortHandle>,
}

struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

impl Pool {
    pub(super) fn new(timeout: Duration, limit: usize) -> Self {
        Self { timeout, limit, state: Mutex::default() }
    }

    /// Takes an open connection to a server.
    pub(super) fn take(&self, server: &str) -> Option<Box<Connection>> {
        loop {
            let Idle { mut connection, since } = locked(&self.state).idle.get_mut(server)?.pop()?;
            if since.elapsed() < self.timeout && connection.is_ready() {
                return Some(connection);
            }
        }
    }

    /// Adds a connection that has received a response, unless it cannot be used again.
    fn put(self: &Arc<Self>, server: Arc<str>, mut connection: Box<Connection>) {
        if !connection.is_ready() {
            return;
        }
        let mut state = locked(&self.state);
        let idle = state.idle.entry(server).or_default();
        if idle.len() >= self.limit {
            return;
        }
        idle.push(Idle { connection, since: Instant::now() });
        if state.closing.as_ref().is_none_or(AbortHandle::is_finished)
            && let Ok(runtime) = Handle::try_current()
        {
            state.closing = Some(runtime.spawn(close_idle(Arc::downgrade(self), self.timeout)).abort_handle());
        }
    }

    /// Closes the connections that were idle for too long. Returns the time until the next one.
    fn close_idle(&self) -> Option<Duration> {
        let mut state = locked(&self.state);
        state.idle.retain(|_, idle| {
            idle.retain(|idle| idle.since.elapsed() < self.timeout);
            !idle.is_empty()
        });
        let oldest = state.idle.values().filter_map(|idle| idle.first()).map(|idle| idle.since).min();
        if oldest.is_none() {
            state.closing = None;
        }
        Some(self.timeout.saturating_sub(oldest?.elapsed()))
    }
}

/// Closes idle connections until the pool is empty or dropped.
async fn close_idle(pool: Weak<Pool>, timeout: Duration) {
    let mut next = Some(timeout);
    while let Some(time) = next {
        sleep(time).await;
        next = pool.upgrade().and_then(|pool| pool.close_idle());
    }
}

/// The body of a response. Dropping it before its end closes the connection.
pub(super) struct Body {
    incoming: Incoming,
    /// `None` after the last chunk.
    connection: Option<Box<Connection>>,
    server: Arc<str>,
    pool: Arc<Pool>,
}

impl Body {
    pub(super) fn new(incoming: Incoming, connection: Box<Connection>, server: Arc<str>, pool: Arc<Pool>) -> Self {
        Self { incoming, connection: Some(connection), server, pool }
    }
}

impl Chunks for Body {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let mut driven = false;
        loop {
            match Pin::new(&mut self.incoming).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Other frames are trailers.
                    if let Ok(bytes) = frame.into_data() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    self.connection = None;
                    return Poll::Ready(Some(Err(failed(error, false))));
                }
                Poll::Ready(None) => {
                    if let Some(connection) = self.connection.take() {
                        self.pool.put(self.server.clone(), connection);
                    }
                    return Poll::Ready(None);
                }
                Poll::Pending if driven => return Poll::Pending,
                Poll::Pending => {
                    if let Some(connection) = &mut self.connection {
                        let _ = connection.drive(context);
                    }
                    driven = true;
                }
            }
        }
    }
}
