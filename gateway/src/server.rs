//! The gateway behind a socket, within limits of memory and time.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming as Body};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Answer, Gateway, Incoming, console};

/// The part of each body that is not charged to the total, so that small calls pass while large ones use it up.
const UNCHARGED: usize = 64 << 10;

/// The limits of a [`Server`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// The longest body, in bytes. Default: 256 MiB.
    pub body: usize,
    /// The bytes that the bodies of all requests may have together. The first 64 KiB of each are not counted. Default:
    /// 512 MiB.
    pub bodies: usize,
    /// The open connections. More wait until one is closed. Default: 512.
    pub connections: usize,
    /// The time in which the headers of a request must arrive, and again its body. An idle connection is closed after it.
    /// Default: 60 seconds.
    pub arrival: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { body: 256 << 20, bodies: 512 << 20, connections: 512, arrival: Duration::from_secs(60) }
    }
}

/// A gateway that listens.
#[derive(Debug)]
pub struct Server {
    gateway: Gateway,
    listener: TcpListener,
    limits: ServerLimits,
}

impl Server {
    /// Listens on a loopback address. Port 0 is any free one.
    ///
    /// # Errors
    ///
    /// If the address is not on loopback or cannot be listened on.
    pub async fn bind(gateway: Gateway, address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let problem = "the gateway listens on loopback only: it knows test secrets and shows what it is sent";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
        }
        let listener = TcpListener::bind(address).await?;
        Ok(Self { gateway, listener, limits: ServerLimits::default() })
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: ServerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The address that it listens on.
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers calls forever, and passes the console's lines about each to `log`.
    pub async fn serve(self, log: impl Fn(&str) + Send + Sync + 'static) -> Infallible {
        let Self { gateway, listener, limits } = self;
        let connections = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
        let bodies = Arc::new(Semaphore::new(limits.bodies.min(Semaphore::MAX_PERMITS)));
        let service = Arc::new(Service { gateway, limits, bodies, log });
        loop {
            // The semaphore is never closed.
            let permit = Arc::clone(&connections).acquire_owned().await.ok();
            let Ok((stream, _)) = listener.accept().await else {
                // Most likely out of file descriptors: others must be closed first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let service = Arc::clone(&service);
            tokio::spawn(async move {
                let answer = service_fn(|request| Arc::clone(&service).answer(request));
                // A connection that breaks is the client's affair.
                let _ = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(service.limits.arrival)
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
                drop(permit);
            });
        }
    }
}

/// What all connections share.
struct Service<L> {
    gateway: Gateway,
    limits: ServerLimits,
    /// A permit for every byte that bodies may still take.
    bodies: Arc<Semaphore>,
    log: L,
}

impl<L: Fn(&str) + Send + Sync + 'static> Service<L> {
    async fn answer(self: Arc<Self>, request: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let arrived = tokio::time::timeout(self.limits.arrival, self.read(body)).await;
        let body = match arrived.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT)) {
            Ok(body) => body,
            Err(status) => {
                (self.log)(&format!("a request whose body was not read: {status}"));
                return Ok(unread(status));
            }
        };
        // Large calls take time, in which others are answered.
        let answered = tokio::task::spawn_blocking(move || {
            let answer = self.gateway.answer(&incoming(&head, &body.bytes));
            (self.log)(&console::lines(&answer));
            answer
        });
        Ok(match answered.await {
            Ok(answer) => response(answer),
            Err(_) => unread(StatusCode::INTERNAL_SERVER_ERROR),
        })
    }

    /// Reads a body within the limits.
    async fn read(&self, mut body: Body) -> Result<ChargedBody, StatusCode> {
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > self.limits.body {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let mut read = ChargedBody { bytes: Vec::with_capacity(announced.min(UNCHARGED)), charged: None };
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
            if read.bytes.len() + data.len() > self.limits.body {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            read.bytes.extend_from_slice(&data);
            read.charge(&self.bodies)?;
        }
        Ok(read)
    }
}

/// A body, and the permits for its bytes.
struct ChargedBody {
    bytes: Vec<u8>,
    charged: Option<OwnedSemaphorePermit>,
}

impl ChargedBody {
    /// Takes permits for the bytes that have none. It does not wait for them: two bodies that wait for each other would
    /// both be late.
    fn charge(&mut self, bodies: &Arc<Semaphore>) -> Result<(), StatusCode> {
        let charged = self.charged.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let due = self.bytes.len().saturating_sub(UNCHARGED).saturating_sub(charged);
        let due = u32::try_from(due).map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        let more = Arc::clone(bodies).try_acquire_many_owned(due).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        match &mut self.charged {
            Some(charged) => charged.merge(more),
            None => self.charged = Some(more),
        }
        Ok(())
    }
}

fn incoming<'a>(head: &'a Parts, body: &'a [u8]) -> Incoming<'a> {
    Incoming {
        verb: head.method.as_str(),
        query: head.uri.query().unwrap_or_default(),
        content_type: head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default(),
        body,
    }
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    response
}

/// The response to a request that was not read to its end, which ends the connection.
fn unread(status: StatusCode) -> Response<Full<Bytes>> {
    let problem = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too long",
        StatusCode::REQUEST_TIMEOUT => "the body did not arrive in time",
        StatusCode::SERVICE_UNAVAILABLE => {
            "the bodies of other requests take the memory for bodies: send it again later"
        }
        StatusCode::BAD_REQUEST => "the body broke off",
        _ => "the gateway failed",
    };
    let mut response = Response::new(Full::new(Bytes::from_static(problem.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
