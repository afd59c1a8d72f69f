//! `/_export/FORMAT`: the methods as OpenAPI, a Postman collection or JSON Schema.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use codegen::export::{Format, Selection};

use crate::http::Service;

use super::{address, failed};

/// Exports the methods of the query: each `method=NAME` and the methods of each `category=NAME`. Default: all.
pub(super) async fn export(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Path(format): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Response {
    let format: Format = match format.parse() {
        Ok(format) => format,
        Err(error) => return (StatusCode::NOT_FOUND, error.to_string()).into_response(),
    };
    let address = address(&headers);
    let document = tokio::task::spawn_blocking(move || {
        let is_selected = |category: &str, method: &str| {
            let values = [("category", category), ("method", method)];
            parameters.is_empty()
                || parameters.iter().any(|(name, value)| values.contains(&(name.as_str(), value.as_str())))
        };
        let methods = service.gateway.specs().filter(|(category, spec)| is_selected(category, &spec.method.value));
        let methods: Vec<_> = methods.collect();
        let selection = Selection::new(&service.gateway.platform, methods.iter().copied()).local_gateway(address);
        (!methods.is_empty()).then(|| format!("{:#}\n", format.document(&selection)))
    });
    match document.await {
        Ok(Some(document)) => ([(CONTENT_TYPE, "application/json;charset=UTF-8")], document).into_response(),
        Ok(None) => {
            (StatusCode::NOT_FOUND, "no method is selected: expected method=NAME or category=NAME").into_response()
        }
        Err(_) => failed(),
    }
}
