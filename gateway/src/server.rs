//! The HTTP server of a gateway, with limits of memory and time.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::console;
use crate::gateway::Gateway;
use crate::messages;
use crate::request::Request;
use crate::response::Response;

type HttpResponse = hyper::Response<Full<Bytes>>;

/// The bytes of each body that the total limit does not count, so that small calls pass while large ones use it up.
const UNCHARGED: usize = 64 << 10;

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
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self { body: 256 << 20, bodies: 512 << 20, connections: 512, read_timeout: Duration::from_secs(60) }
    }
}

/// A gateway that listens on a loopback address.
#[derive(Debug)]
pub struct Server {
    gateway: Gateway,
    listener: TcpListener,
    limits: ServerLimits,
}

impl Server {
    /// Listens on a loopback address. Port 0 selects a free port.
    ///
    /// # Errors
    ///
    /// If the address is not a loopback address, or is in use.
    pub async fn bind(gateway: Gateway, address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let problem = "expected a loopback address: the gateway prints requests, and its secrets are for tests";
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
        let Self { gateway, listener, limits } = self;
        let connections = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
        let bodies = Arc::new(Semaphore::new(limits.bodies.min(Semaphore::MAX_PERMITS)));
        let log = Arc::new(log);
        let log_message = Arc::clone(&log);
        let messages = gateway.message_endpoint(move |line| log_message(line));
        let service = Arc::new(Service { gateway, limits, bodies, messages, log });
        loop {
            // The semaphore is never closed.
            let permit = Arc::clone(&connections).acquire_owned().await.ok();
            let Ok((stream, _)) = listener.accept().await else {
                // Most likely there are no file descriptors left until another connection closes.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let service = Arc::clone(&service);
            tokio::spawn(async move {
                let respond = service_fn(|request| Arc::clone(&service).respond(request));
                // A broken connection is no error of the server.
                let _ = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(service.limits.read_timeout)
                    .serve_connection(TokioIo::new(stream), respond)
                    .with_upgrades()
                    .await;
                drop(permit);
            });
        }
    }
}

/// The state that all connections share.
struct Service<L> {
    gateway: Gateway,
    limits: ServerLimits,
    /// One permit for each byte of the total limit of bodies.
    bodies: Arc<Semaphore>,
    messages: Arc<messages::Endpoint>,
    log: Arc<L>,
}

impl<L: Fn(&str) + Send + Sync + 'static> Service<L> {
    async fn respond(self: Arc<Self>, request: hyper::Request<Incoming>) -> Result<HttpResponse, Infallible> {
        if messages::handles(&request) {
            return Ok(Arc::clone(&self.messages).respond(request).await);
        }
        let (head, body) = request.into_parts();
        let body = tokio::time::timeout(self.limits.read_timeout, self.read(body)).await;
        let body = match body.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT)) {
            Ok(body) => body,
            Err(status) => {
                let response = self.failure(status);
                (self.log)(&format!("request body not read: {status}"));
                return Ok(response);
            }
        };
        // A large call takes long, and must not block the others.
        let service = Arc::clone(&self);
        let response = tokio::task::spawn_blocking(move || {
            let response = service.gateway.respond(&top_request(&head, &body.bytes));
            (service.log)(&console::lines(&response.outcome));
            response
        });
        Ok(match response.await {
            Ok(response) => http_response(response),
            Err(_) => self.failure(StatusCode::INTERNAL_SERVER_ERROR),
        })
    }

    /// Reads a body within the limits.
    async fn read(&self, mut body: Incoming) -> Result<ChargedBody, StatusCode> {
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

    /// Creates the response to a request that was not processed. It closes the connection.
    fn failure(&self, status: StatusCode) -> HttpResponse {
        let problem = match status {
            StatusCode::PAYLOAD_TOO_LARGE => {
                format!("the request body is too long: expected at most {} bytes", self.limits.body)
            }
            StatusCode::REQUEST_TIMEOUT => {
                format!("the request body did not arrive within {} s", self.limits.read_timeout.as_secs())
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                "the memory for request bodies is in use: send the request again later".to_owned()
            }
            StatusCode::BAD_REQUEST => "the connection broke before the end of the request body".to_owned(),
            _ => "internal error of the gateway".to_owned(),
        };
        let mut response = HttpResponse::new(Full::new(Bytes::from(problem)));
        *response.status_mut() = status;
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// A body, and the permits of its bytes.
struct ChargedBody {
    bytes: Vec<u8>,
    charged: Option<OwnedSemaphorePermit>,
}

impl ChargedBody {
    /// Acquires the missing permits without waiting: two bodies would wait for each other until the timeout.
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

fn top_request<'a>(head: &'a Parts, body: &'a [u8]) -> Request<'a> {
    Request {
        verb: head.method.as_str(),
        query: head.uri.query().unwrap_or_default(),
        content_type: head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default(),
        body,
    }
}

fn http_response(response: Response) -> HttpResponse {
    let mut http = HttpResponse::new(Full::new(Bytes::from(response.body)));
    http.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(response.content_type));
    http
}
