//! The page of the message channel: a form that sends a message, the groups of clients, and what clients published.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Frame, Parameters, html};
use crate::gateway::Gateway;
use crate::http::{ReceivedRequest, Service};
use crate::messages::{GroupStatus, OutgoingMessage, PublishedMessage};

/// The path of the page.
pub(super) const PATH: &str = "/_topics";

/// The maximum number of published messages in the list.
const MAX_PUBLISHED: usize = 20;

#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesPage {
    frame: Frame,
    topics: Vec<String>,
    topic: String,
    content: String,
    user_nick: String,
    /// The id of the message that was sent, or the reason why none was sent.
    sent: Option<Result<i64, String>>,
    groups: Vec<GroupStatus>,
    unclaimed: usize,
    published: Vec<PublishedMessage>,
}

impl MessagesPage {
    fn new(gateway: &Gateway, headers: &HeaderMap, topic: Option<&str>) -> Self {
        let broker = gateway.messages();
        let topics: Vec<_> = broker.topics().map(str::to_owned).collect();
        let topic = topic.map(str::to_owned).or_else(|| topics.first().cloned()).unwrap_or_default();
        let here = format!("{PATH}?topic={}", utf8_percent_encode(&topic, NON_ALPHANUMERIC));
        let example = broker.example(&topic).unwrap_or("{}");
        let example = serde_json::from_str::<serde_json::Value>(example).unwrap_or_default();
        let mut published = broker.published();
        published.reverse();
        published.truncate(MAX_PUBLISHED);
        Self {
            frame: Frame::new(headers, "messages", here),
            content: serde_json::to_string_pretty(&example).unwrap_or_default(),
            topics,
            topic,
            user_nick: String::new(),
            sent: None,
            groups: broker.groups(),
            unclaimed: broker.unclaimed(),
            published,
        }
    }
}

/// The form with the example of a topic.
pub(super) async fn page(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Query(parameters): Parameters,
) -> Response {
    html(&MessagesPage::new(&service.gateway, &headers, parameters.get("topic").map(String::as_str)))
}

/// Sends the message of the form.
pub(super) async fn send(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    request: ReceivedRequest,
) -> Response {
    let Ok(form) = request.as_top().parameters() else { return StatusCode::BAD_REQUEST.into_response() };
    let text = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
    let (topic, content, user_nick) = (text("topic"), text("content"), text("user_nick"));
    let gateway = &service.gateway;
    // An empty content is the example.
    let given = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
    let message =
        OutgoingMessage { content: given(&content), user_nick: given(&user_nick), ..OutgoingMessage::example(&topic) };
    let sent = gateway.messages().send(message).map_err(|error| error.to_string());
    let page = MessagesPage::new(gateway, &headers, Some(&topic));
    html(&MessagesPage { content, user_nick, sent: Some(sent), ..page })
}
