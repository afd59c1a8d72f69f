//! The message channel over HTTP: the upgrade to a WebSocket, and `/_messages`, which sends messages.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Body;
use hyper::header::{CONTENT_TYPE, HeaderValue, UPGRADE};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::Role;
use top_protocol::messages::Message;

use super::broker::{MessageBroker, OutgoingMessage};
use super::channel;
use crate::admin::is_from_this_machine;

/// The path that sends messages.
const PATH: &str = "/_messages";

/// The maximum number of open connections.
const MAX_CONNECTIONS: usize = 256;

/// The maximum number of messages of one request.
const MAX_COUNT: u32 = 100_000;

/// The maximum time for the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Returns whether a request is for the message channel.
pub(crate) fn handles<B>(request: &Request<B>) -> bool {
    request.uri().path() == PATH || is_upgrade(request)
}

fn is_upgrade<B>(request: &Request<B>) -> bool {
    request.headers().get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// What all connections of the message channel share.
pub(crate) struct Endpoint {
    broker: MessageBroker,
    /// The AppSecrets by AppKey.
    applications: BTreeMap<String, String>,
    clock: fn() -> SystemTime,
    tolerance: Duration,
    connections: Arc<Semaphore>,
    /// Its sender is dropped when the server stops.
    stopping: watch::Receiver<()>,
    tokens: AtomicU64,
    log: Box<dyn Fn(&str) + Send + Sync>,
}

impl Endpoint {
    pub(crate) fn new(
        broker: MessageBroker,
        applications: BTreeMap<String, String>,
        clock: fn() -> SystemTime,
        tolerance: Duration,
        stopping: watch::Receiver<()>,
        log: impl Fn(&str) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            broker,
            applications,
            clock,
            tolerance,
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            stopping,
            tokens: AtomicU64::new(1),
            log: Box::new(log),
        })
    }

    pub(super) fn broker(&self) -> &MessageBroker {
        &self.broker
    }

    pub(super) fn secret(&self, app_key: &str) -> Option<&str> {
        self.applications.get(app_key).map(String::as_str)
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    pub(super) fn tolerance(&self) -> Duration {
        self.tolerance
    }

    /// Returns a token in the form of the platform's. It need not be secret: each connection has its own.
    pub(super) fn new_token(&self) -> String {
        format!("00000000-0000-0000-0000-{:012x}", self.tokens.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn log(&self, line: &str) {
        (self.log)(line);
    }

    /// Responds to a request for the message channel: see [`handles`].
    pub(crate) async fn respond<B>(self: Arc<Self>, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if is_upgrade(&request) {
            return self.upgrade(request);
        }
        if !is_from_this_machine(&request) {
            let problem = "forbidden: expected a request from this machine, with its own address as Host and as Origin";
            return json_response(StatusCode::FORBIDDEN, &json!({ "error": problem }));
        }
        if *request.method() == Method::GET {
            return json_response(StatusCode::OK, &self.status());
        }
        match self.send(request).await {
            Ok(ids) => json_response(StatusCode::OK, &json!({ "ids": ids })),
            Err((status, problem)) => json_response(status, &json!({ "error": problem })),
        }
    }

    /// Upgrades a connection, and serves it in a task.
    fn upgrade<B>(self: Arc<Self>, mut request: Request<B>) -> Response<Full<Bytes>> {
        let Ok(response) = create_response_with_body(&request, Full::default) else {
            return json_response(
                StatusCode::BAD_REQUEST,
                &json!({ "error": "expected a WebSocket handshake of version 13" }),
            );
        };
        let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() else {
            let problem = format!("too many connections: expected at most {MAX_CONNECTIONS}");
            return json_response(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": problem }));
        };
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            if let Ok(stream) = upgrade.await {
                let config = Some(channel::config());
                let socket = WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Server, config).await;
                let mut stopping = self.stopping.clone();
                tokio::select! {
                    () = channel::serve(&self, socket) => {}
                    _ = stopping.changed() => {}
                }
            }
            drop(permit);
        });
        response
    }

    /// Sends the messages of a POST request. The query has the topic, and optional values; the body is the content.
    async fn send<B>(&self, request: Request<B>) -> Result<Vec<i64>, (StatusCode, String)>
    where
        B: Body + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let refuse = |status, problem: &dyn fmt::Display| Err((status, problem.to_string()));
        if *request.method() != Method::POST {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, &"expected GET or POST");
        }
        // A page in a browser cannot send this type to another origin.
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            let expected = "expected the header Content-Type: application/json";
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, &expected);
        }
        let mut message = OutgoingMessage::default();
        let mut count = 1;
        for pair in request.uri().query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8_lossy().into_owned();
            match name {
                "topic" => message.topic = value,
                "app_key" => message.app_key = Some(value),
                "group" => message.group = Some(value),
                "user_nick" => message.user_nick = Some(value),
                "user_id" => match value.parse() {
                    Ok(id) => message.user_id = Some(id),
                    Err(_) => return refuse(StatusCode::BAD_REQUEST, &"invalid user_id: expected an integer"),
                },
                "count" => match value.parse() {
                    Ok(number @ 1..=MAX_COUNT) => count = number,
                    _ => {
                        let problem = format!("invalid count: expected a number from 1 to {MAX_COUNT}");
                        return refuse(StatusCode::BAD_REQUEST, &problem);
                    }
                },
                _ => {
                    let known = "topic, app_key, group, user_nick, user_id, count";
                    let problem = format!("unknown parameter {name:?}: the parameters are {known}");
                    return refuse(StatusCode::BAD_REQUEST, &problem);
                }
            }
        }
        let body = timeout(BODY_TIMEOUT, Limited::new(request.into_body(), Message::MAX_CONTENT).collect());
        let body = match body.await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) => {
                let problem = format!("cannot read the body: expected at most {} bytes", Message::MAX_CONTENT);
                return refuse(StatusCode::PAYLOAD_TOO_LARGE, &problem);
            }
            Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, &"the body did not arrive in time"),
        };
        if !body.is_empty() {
            match String::from_utf8(body.into()) {
                Ok(content) => message.content = Some(content),
                Err(_) => return refuse(StatusCode::BAD_REQUEST, &"the body is not UTF-8"),
            }
        }
        let mut ids = Vec::new();
        for _ in 0..count {
            match self.broker.send(message.clone()) {
                Ok(id) => ids.push(id),
                Err(error) => return refuse(StatusCode::BAD_REQUEST, &error),
            }
        }
        self.log(&format!("messages  {} sent, {} to each group", message.topic, ids.len()));
        Ok(ids)
    }

    fn status(&self) -> serde_json::Value {
        let groups = self.broker.groups().into_iter().map(|group| {
            json!({
                "app_key": group.app_key, "group": group.group, "connections": group.connections,
                "waiting": group.waiting, "in_flight": group.in_flight, "delivered": group.delivered,
                "confirmed": group.confirmed, "failed": group.failed,
            })
        });
        let published = self.broker.published().into_iter().map(|message| {
            json!({
                "app_key": message.app_key, "group": message.group, "topic": message.topic, "content": message.content,
            })
        });
        json!({
            "groups": groups.collect::<Vec<_>>(), "unclaimed": self.broker.unclaimed(), "published": published.collect::<Vec<_>>(),
            "topics": self.broker.topics().collect::<Vec<_>>(),
        })
    }
}

fn json_response(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
