//! The routes beside the calls, below `/_`. They are for programs on this machine only.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, put};
use serde::Serialize;

use crate::fault::Fault;
use crate::http::{ReceivedRequest, Service};
use crate::server::Peer;
use crate::state::Resource;

/// Returns the routes.
pub(crate) fn router() -> Router<Arc<Service>> {
    Router::new()
        .route("/_health", get(health))
        .route("/_explain", any(explain))
        .route("/_faults", get(faults).put(set_faults).delete(clear_faults))
        .route("/_state", get(counts))
        .route("/_state/{resource}", put(put_record))
        .route("/_state/{resource}/{id}", get(record))
        .layer(middleware::from_fn(from_this_machine))
}

/// Refuses requests from other machines, and those that a page of another site makes a browser send.
pub(crate) async fn from_this_machine(request: Request, next: Next) -> Response {
    if is_from_this_machine(&request) {
        return next.run(request).await;
    }
    let problem = "forbidden: expected a request from this machine, with its own address as Host and as Origin";
    (StatusCode::FORBIDDEN, problem).into_response()
}

pub(crate) fn is_from_this_machine<B>(request: &axum::http::Request<B>) -> bool {
    let peer = request.extensions().get::<Peer>();
    peer.is_some_and(|peer| peer.0.ip().is_loopback()) && has_local_host(request.headers())
}

/// Returns whether `Host` is a loopback address, and `Origin`, if a browser sends it, is the same.
fn has_local_host(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or_default());
    let Some(host) = text(HOST) else { return false };
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    let is_loopback = match name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    };
    is_loopback && text(ORIGIN).is_none_or(|origin| origin.strip_prefix("http://") == Some(host))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    methods: usize,
}

async fn health(State(service): State<Arc<Service>>) -> Response {
    json(&Health { status: "ok", methods: service.gateway.method_count() })
}

/// Explains a call that is sent here instead of to the gateway's path.
async fn explain(State(service): State<Arc<Service>>, request: ReceivedRequest) -> Response {
    let explanation = tokio::task::spawn_blocking(move || service.gateway.explain(&request.as_top())).await;
    explanation.map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), |explanation| json(&explanation))
}

async fn faults(State(service): State<Arc<Service>>) -> Response {
    let faults = service.gateway.faults();
    faults.iter().map(|fault| format!("{fault}\n")).collect::<String>().into_response()
}

/// Replaces the faults by the lines of the body.
async fn set_faults(State(service): State<Arc<Service>>, request: ReceivedRequest) -> Response {
    let text = String::from_utf8_lossy(request.body());
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines.map(str::parse).collect::<Result<Vec<Fault>, _>>() {
        Ok(faults) => {
            service.gateway.set_faults(faults);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn clear_faults(State(service): State<Arc<Service>>) -> StatusCode {
    service.gateway.set_faults(Vec::new());
    StatusCode::NO_CONTENT
}

/// Returns the number of records of each kind.
async fn counts(State(service): State<Arc<Service>>) -> Response {
    match service.gateway.state() {
        Some(state) => json(&state.counts()),
        None => without_state(),
    }
}

/// Returns a record.
async fn record(State(service): State<Arc<Service>>, Path((name, id)): Path<(String, i64)>) -> Response {
    let Some(state) = service.gateway.state() else { return without_state() };
    match Resource::named(&name).and_then(|resource| state.get(resource, id)) {
        Some(record) => json(&record),
        None => (StatusCode::NOT_FOUND, "no such record").into_response(),
    }
}

/// Inserts or replaces a record, as a buyer or the platform would do. Returns its id.
async fn put_record(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    request: ReceivedRequest,
) -> Response {
    let Some(state) = service.gateway.state() else { return without_state() };
    let Some(resource) = Resource::named(&name) else {
        return (StatusCode::NOT_FOUND, "no such resource: expected one such as item, trade or refund").into_response();
    };
    let record = match serde_json::from_slice(request.body()) {
        Ok(record) => record,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("invalid record: {error}")).into_response(),
    };
    match state.put(resource, record) {
        Ok(id) => json(&BTreeMap::from([("id", id)])),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

fn without_state() -> Response {
    (StatusCode::NOT_FOUND, "the gateway has no state: start it with --seed or --state").into_response()
}

fn json(value: &impl Serialize) -> Response {
    match serde_json::to_string_pretty(value) {
        Ok(text) => ([(CONTENT_TYPE, "application/json;charset=UTF-8")], text + "\n").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn accepts_hosts_of_this_machine() {
        for (host, origin, accepted) in [
            ("127.0.0.1:8642", None, true),
            ("localhost", None, true),
            ("LocalHost:1", Some("http://LocalHost:1"), true),
            ("[::1]:8642", None, true),
            ("[::1]", None, true),
            ("127.0.0.1:8642", Some("http://127.0.0.1:8642"), true),
            ("127.0.0.1:8642", Some("http://127.0.0.1:8643"), false),
            ("127.0.0.1:8642", Some("https://evil.test"), false),
            ("127.0.0.1:8642", Some("null"), false),
            ("evil.test:8642", None, false),
            ("127.0.0.1.evil.test", None, false),
            ("192.168.0.1:8642", None, false),
            ("", None, false),
        ] {
            let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            headers.extend(origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))));
            assert_eq!(has_local_host(&headers), accepted, "{host} {origin:?}");
        }
        assert!(!has_local_host(&HeaderMap::new()));
    }
}
