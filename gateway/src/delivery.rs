//! The delivery of a response over HTTP, with the faults of its call.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::channel::Channel;

use crate::fault::Injection;
use crate::response;

/// Marks a response instead of which the connection is reset.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResetConnection;

/// The number of pieces per second of a slow body.
const PIECES: u32 = 10;

/// Returns the HTTP response after the delay of the call.
pub(crate) async fn deliver(response: response::Response, injection: Injection) -> Response {
    if !injection.latency.is_zero() {
        tokio::time::sleep(injection.latency).await;
    }
    let mut http = respond(response, &injection);
    if injection.reset {
        http.extensions_mut().insert(ResetConnection);
    }
    http
}

fn respond(response: response::Response, injection: &Injection) -> Response {
    let (status, mut content_type, mut body) =
        match injection.status.and_then(|status| StatusCode::from_u16(status).ok()) {
            Some(status) => {
                let page = format!("<html><head><title>{status}</title></head><body>{status}</body></html>");
                (status, HeaderValue::from_static("text/html"), Bytes::from(page))
            }
            None => (StatusCode::OK, HeaderValue::from_static(response.content_type), Bytes::from(response.body)),
        };
    if let Some(other) = injection.content_type.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
        content_type = other;
    }
    if injection.malformed {
        body.truncate(body.len() / 2);
    }
    let length = HeaderValue::from(body.len());
    let body = if injection.truncate || injection.slow.is_some() { in_pieces(body, injection) } else { body.into() };
    (status, [(CONTENT_TYPE, content_type), (CONTENT_LENGTH, length)], body).into_response()
}

/// Returns a body that is sent slowly or breaks in the middle.
fn in_pieces(mut bytes: Bytes, injection: &Injection) -> Body {
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
    let truncate = injection.truncate;
    let end = if truncate { bytes.len() / 2 } else { bytes.len() };
    bytes.truncate(end);
    let piece = injection.slow.map_or(end, |bytes| usize::try_from(bytes.div_ceil(PIECES)).unwrap_or(end)).max(1);
    let pause = injection.slow.map(|bytes| Duration::from_secs(1) * bytes.div_ceil(PIECES) / bytes);
    tokio::spawn(async move {
        while !bytes.is_empty() {
            let next = bytes.split_to(piece.min(bytes.len()));
            if sender.send_data(next).await.is_err() {
                return;
            }
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
        }
        if truncate {
            sender.abort(io::Error::other("fault: truncate"));
        }
    });
    Body::new(body)
}
