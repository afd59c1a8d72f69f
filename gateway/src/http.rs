//! The routes of the server, and the calls among them. A call is accepted on any path that is not another route.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, Request, State};
#[cfg(feature = "record")]
use axum::http::header::USER_AGENT;
use axum::http::header::{CONNECTION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use codegen::search::Index;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::catch_panic::CatchPanicLayer;
use tower_service::Service as _;

use crate::admin;
use crate::batch;
use crate::console;
use crate::delivery::deliver;
use crate::fault::{Fault, ParseFaultError};
use crate::gateway::Gateway;
use crate::page;
use crate::request;
use crate::response;
use crate::server::ServerLimits;

/// The bytes of each body that the total limit does not count, so that small calls pass while large ones use it up.
const UNCHARGED: usize = 64 << 10;

/// The maximum bytes of the body of a call that is processed on the thread of its connection.
const SMALL_BODY: usize = 16 << 10;

/// Receives the console lines of calls.
pub(crate) type Log = Box<dyn Fn(&str) + Send + Sync>;

/// The state that all routes share.
pub(crate) struct Service {
    pub(crate) gateway: Arc<Gateway>,
    limits: ServerLimits,
    /// One permit for each byte of the total limit of bodies.
    bodies: Arc<Semaphore>,
    log: Log,
    /// The search index of the page, which its first search creates.
    pub(crate) index: OnceLock<Index>,
}

/// Returns the routes.
pub(crate) fn router(gateway: Arc<Gateway>, limits: ServerLimits, log: Log) -> Router {
    let bodies = Arc::new(Semaphore::new(limits.bodies.min(Semaphore::MAX_PERMITS)));
    let service = Arc::new(Service { gateway, limits, bodies, log, index: OnceLock::new() });
    let routes = Router::new().route("/", any(root)).merge(admin::router()).merge(page::router());
    routes
        .fallback(call)
        .layer(CatchPanicLayer::custom(|_: Box<dyn Any + Send>| Failure::Internal.into_response()))
        .with_state(service)
}

/// The header with the separator of a batch.
const SEPARATOR_HEADER: HeaderName = HeaderName::from_static("top-api-separator");

/// The header with faults of one call, joined by commas.
const FAULT_HEADER: &str = "x-top-fault";

/// Responds with the page, unless the request is a call.
async fn root(State(service): State<Arc<Service>>, request: Request) -> Response {
    let query =
        request::Request { verb: "GET", query: request.uri().query().unwrap_or_default(), ..Default::default() };
    let is_call = query.query_parameters().texts.keys().any(|name| service.gateway.platform.is_public(name));
    if request.method() == Method::GET && !is_call && admin::is_from_this_machine(&request) {
        return page::index_route().with_state(service).call(request).await.into_response();
    }
    match ReceivedRequest::from_request(request, &service).await {
        Ok(request) => call(State(service), request).await,
        Err(failure) => failure.into_response(),
    }
}

/// Responds to a call.
async fn call(State(service): State<Arc<Service>>, request: ReceivedRequest) -> Response {
    #[cfg(feature = "record")]
    if service.gateway.recorder.is_some() {
        return forward(service, request).await;
    }
    let faults = match request.faults() {
        Ok(faults) => faults,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let is_small = request.body().len() <= SMALL_BODY && !batch::is_batch(request.head.uri.path());
    let respond = move || {
        let (response, injection) = service.gateway.respond_with(&request.as_top(), &faults);
        match response.calls.as_slice() {
            [] => service.print(&response.outcome),
            calls => calls.iter().for_each(|call| service.print(call)),
        }
        (response, injection)
    };
    // A large call takes long, and must not block the others. A small one takes less than the change of the thread.
    let response = if is_small { Ok(respond()) } else { tokio::task::spawn_blocking(respond).await };
    match response {
        Ok((response, injection)) => deliver(response, injection).await,
        Err(_) => Failure::Internal.into_response(),
    }
}

/// Passes a call on to another gateway, and stores its response.
#[cfg(feature = "record")]
async fn forward(service: Arc<Service>, request: ReceivedRequest) -> Response {
    let Some(recorder) = &service.gateway.recorder else { return Failure::Internal.into_response() };
    let user_agent = request.head.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let received = match recorder.forward(&request.as_top(), user_agent).await {
        Ok(received) => received,
        Err(problem) => {
            (service.log)(&format!("cannot forward a call: {problem}"));
            return (StatusCode::BAD_GATEWAY, problem.to_string()).into_response();
        }
    };
    let (status, content_type, body) = (received.status, received.content_type.clone(), received.body.clone());
    let stored = tokio::task::spawn_blocking(move || {
        let (gateway, call) = (&service.gateway, request.as_top());
        let Some(recorder) = &gateway.recorder else { return };
        let parameters = call.parameters().unwrap_or_default();
        let method = parameters.get("method").and_then(|name| gateway.methods.get(name));
        let stored = recorder.store(&gateway.platform, method, &parameters, received);
        match stored {
            Ok(reply) => service.print(&gateway.record_forwarded(&call, reply)),
            Err(problem) => (service.log)(&format!("response not stored: {problem}")),
        }
    });
    if stored.await.is_err() {
        return Failure::Internal.into_response();
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = (status, body).into_response();
    response.headers_mut().remove(CONTENT_TYPE);
    if let Some(content_type) = content_type.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

/// A request with its whole body, which was read within the limits.
pub(crate) struct ReceivedRequest {
    head: Parts,
    body: ChargedBody,
}

impl ReceivedRequest {
    pub(crate) fn body(&self) -> &[u8] {
        &self.body.bytes
    }

    /// Returns the faults of the header.
    fn faults(&self) -> Result<Vec<Fault>, ParseFaultError> {
        let values = self.head.headers.get_all(FAULT_HEADER).into_iter();
        let texts = values.flat_map(|value| value.to_str().unwrap_or("not ASCII").split(','));
        texts.map(str::parse).collect()
    }

    pub(crate) fn as_top(&self) -> request::Request<'_> {
        let header = |name: &HeaderName| self.head.headers.get(name).and_then(|value| value.to_str().ok());
        request::Request {
            verb: self.head.method.as_str(),
            path: self.head.uri.path(),
            query: self.head.uri.query().unwrap_or_default(),
            content_type: header(&CONTENT_TYPE).unwrap_or_default(),
            separator: header(&SEPARATOR_HEADER),
            body: &self.body.bytes,
        }
    }
}

impl FromRequest<Arc<Service>> for ReceivedRequest {
    type Rejection = Failure;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Failure> {
        let (head, body) = request.into_parts();
        let timeout = service.limits.read_timeout;
        let body = tokio::time::timeout(timeout, service.read(body)).await;
        match body.unwrap_or(Err(Failure::Timeout { seconds: timeout.as_secs() })) {
            Ok(body) => Ok(Self { head, body }),
            Err(failure) => {
                (service.log)(&format!("request body not read: {}", failure.status()));
                Err(failure)
            }
        }
    }
}

impl Service {
    /// Prints the console lines of a call.
    pub(crate) fn print(&self, outcome: &response::Outcome) {
        (self.log)(&console::lines(outcome));
    }

    /// Reads a body within the limits.
    async fn read(&self, mut body: Body) -> Result<ChargedBody, Failure> {
        let too_long = || Failure::TooLong { limit: self.limits.body };
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > self.limits.body {
            return Err(too_long());
        }
        let mut read = ChargedBody { bytes: Vec::with_capacity(announced.min(UNCHARGED)), charged: None };
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Failure::Interrupted)?.into_data() else { continue };
            if read.bytes.len() + data.len() > self.limits.body {
                return Err(too_long());
            }
            read.bytes.extend_from_slice(&data);
            read.charge(&self.bodies)?;
        }
        Ok(read)
    }
}

/// A body, and the permits of its bytes.
struct ChargedBody {
    bytes: Vec<u8>,
    charged: Option<OwnedSemaphorePermit>,
}

impl ChargedBody {
    /// Acquires the missing permits without waiting: two bodies would wait for each other until the timeout.
    fn charge(&mut self, bodies: &Arc<Semaphore>) -> Result<(), Failure> {
        let charged = self.charged.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let due = self.bytes.len().saturating_sub(UNCHARGED).saturating_sub(charged);
        // The total limit is below the maximum of a semaphore, which may be above `u32`.
        let due = u32::try_from(due).map_err(|_| Failure::Busy)?;
        let more = Arc::clone(bodies).try_acquire_many_owned(due).map_err(|_| Failure::Busy)?;
        match &mut self.charged {
            Some(charged) => charged.merge(more),
            None => self.charged = Some(more),
        }
        Ok(())
    }
}

/// Why a request was not processed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    TooLong { limit: usize },
    Timeout { seconds: u64 },
    Busy,
    Interrupted,
    Internal,
}

impl Failure {
    fn status(self) -> StatusCode {
        match self {
            Self::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Interrupted => StatusCode::BAD_REQUEST,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => write!(f, "the request body is too long: expected at most {limit} bytes"),
            Self::Timeout { seconds } => write!(f, "the request body did not arrive within {seconds} s"),
            Self::Busy => f.write_str("the memory for request bodies is in use: send the request again later"),
            Self::Interrupted => f.write_str("the connection broke before the end of the request body"),
            Self::Internal => f.write_str("internal error of the gateway"),
        }
    }
}

impl IntoResponse for Failure {
    /// The response closes the connection, because the rest of the request is unread.
    fn into_response(self) -> Response {
        let close = [(CONNECTION, HeaderValue::from_static("close"))];
        (self.status(), close, self.to_string()).into_response()
    }
}
