//! Calls of methods for an agent.

use codegen::diagnostic::chain;
use codegen::export::parameter_text;
use codegen::model;
use codegen::spec::{Kind, Method, Platform};
use rmcp::model::JsonObject;
use serde_json::Value as Json;
use top_client::{Client, Format, Gateway};
use top_protocol::internal::redacted;
use top_protocol::{AppCredentials, PUBLIC_PARAMETERS, UntypedParameters};

use super::response;
use super::server::needs_session;
use crate::call::{is_remote_http, spec_violations};

/// The maximum bytes of a response, which the context of an agent has to hold.
const MAX_RESPONSE: usize = 100_000;

/// Calls methods of one gateway.
pub(super) struct Caller {
    client: Client,
    /// The URL of the gateway.
    url: String,
    /// The texts that no result contains.
    secrets: Vec<String>,
    has_session: bool,
}

impl Caller {
    pub(super) fn new(
        gateway: impl Into<Gateway>,
        credentials: AppCredentials,
        session: Option<String>,
    ) -> Result<Self, codegen::commands::CommandError> {
        let gateway: Gateway = gateway.into();
        let secrets = [Some(credentials.expose_secret().to_owned()), session.clone()].into_iter().flatten().collect();
        let has_session = session.is_some();
        let url = gateway.url().to_owned();
        let builder = Client::builder(gateway, credentials).format(Format::Json);
        let builder = session.into_iter().fold(builder, top_client::ClientBuilder::session);
        let client = builder.build().map_err(|error| codegen::commands::CommandError::from_error(&error))?;
        Ok(Self { client, url, secrets, has_session })
    }

    /// Calls a method. Returns the response as JSON.
    ///
    /// # Errors
    ///
    /// All violations of the spec, or the error of the call.
    pub(super) async fn call(
        &self,
        method: &Method,
        platform: &Platform,
        parameters: &JsonObject,
    ) -> Result<String, String> {
        let result = self.call_unredacted(method, platform, parameters).await;
        let redacted = |text: String| redacted(&text, self.secrets.iter().map(String::as_str));
        result.map(redacted).map_err(redacted)
    }

    async fn call_unredacted(
        &self,
        method: &Method,
        platform: &Platform,
        parameters: &JsonObject,
    ) -> Result<String, String> {
        let name = method.spec.method.value.as_str();
        let mut texts = Vec::new();
        for (name, value) in parameters.iter().filter(|(_, value)| !value.is_null()) {
            texts.push((name.as_str(), text(method, name, value)?));
        }
        self.check(method, &texts)?;
        let parameters = texts.into_iter().fold(UntypedParameters::new(), |parameters, (name, text)| {
            if text.is_empty() { parameters.with_empty(name) } else { parameters.text(name, text) }
        });
        let response = self.client.call(name, parameters).await.map_err(|error| chain(&error))?;
        let api = model::resolve_method(&method.category, &method.spec, platform);
        let text = format!("{:#}", response::readable(&api, &response));
        if text.len() <= MAX_RESPONSE {
            return Ok(text);
        }
        let end = (0..=MAX_RESPONSE).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        let start = text.get(..end).unwrap_or_default();
        Ok(format!("{start}\n… cut: the response has {} bytes; request fewer fields or a smaller page", text.len()))
    }

    /// Checks a call against the spec.
    fn check(&self, method: &Method, texts: &[(&str, String)]) -> Result<(), String> {
        let name = &method.spec.method.value;
        // `call` reads `@PATH` as a file, and `@@` as the text `@`.
        let escaped: Vec<_> = texts
            .iter()
            .map(|(name, text)| (*name, if text.starts_with('@') { format!("@{text}") } else { text.clone() }))
            .collect();
        let pairs: Vec<_> = escaped.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let mut problems = spec_violations(&method.spec, &pairs, true);
        if needs_session(method) && !self.has_session {
            problems.push(format!("missing session: {name} requires TOP_SESSION in the environment of the server"));
        }
        if method.spec.facts.https_only && is_remote_http(&self.url) {
            problems.push(format!("{name} requires https: start the server with an https URL"));
        }
        if problems.is_empty() { Ok(()) } else { Err(format!("{}\nnothing was sent", problems.join("\n"))) }
    }
}

/// Returns the value of a parameter as text.
fn text(method: &Method, name: &str, value: &Json) -> Result<String, String> {
    if PUBLIC_PARAMETERS.contains(&name) {
        return Err(format!("{name} is a public parameter, which the server sets: leave it out"));
    }
    let parameter = method.spec.request.iter().find(|parameter| parameter.name.value == name);
    let kind = parameter.and_then(|parameter| parameter.type_name().kind());
    if kind == Some(Kind::File) {
        return Err(format!("{name} is a file, which this tool cannot send: leave it out, or use cargo top call"));
    }
    if has_inexact(value) {
        return Err(format!("{name} has a number that JSON does not hold exactly: pass it as text"));
    }
    let is_json_list = parameter
        .is_some_and(|parameter| parameter.type_name().list && matches!(kind, None | Some(Kind::Json | Kind::Map)));
    Ok(if is_json_list && value.is_array() { value.to_string() } else { parameter_text(value) })
}

/// Returns whether a value has an integer that was read as a float.
fn has_inexact(value: &Json) -> bool {
    match value {
        Json::Number(number) => {
            number.as_f64().is_some_and(|float| number.is_f64() && float.abs() >= 9_007_199_254_740_992.0)
        }
        Json::Array(items) => items.iter().any(has_inexact),
        Json::Object(members) => members.values().any(has_inexact),
        _ => false,
    }
}
