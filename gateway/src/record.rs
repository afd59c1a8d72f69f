//! Recording: calls are passed on to another gateway, and its responses are stored as response files without secrets.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use codegen::files;
use codegen::spec::{Kind, Parameter, Platform};
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::{Client, Method as Verb, redirect};
use serde_json::{Map, Value as Json, json};
use top_protocol::internal::{HIDDEN, decode_value, redacted, redacted_json};
use top_protocol::{Error, ResponseBody};

use crate::method::Method;
use crate::object_types::ObjectTypes;
use crate::request::{Parameters, Request};
use crate::response_folder::Recording;
use crate::template;
use crate::value::Value;

/// The maximum length of a response in bytes.
const MAX_RESPONSE: usize = 64 << 20;

/// The maximum time without any bytes of the other gateway.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Passes calls on to another gateway, and stores its responses in a folder, which
/// [`Gateway::load_responses`](crate::Gateway::load_responses) serves.
///
/// A request is passed on unchanged, with the credentials and the signature of its sender; the gateway does not check it.
/// Stored responses have no secrets: fields that the spec or `platform.yaml` mark as secret, and texts that contain a secret
/// of the request, are replaced.
#[derive(Clone, Debug)]
pub struct Recorder {
    gateway: String,
    folder: PathBuf,
    client: Client,
}

/// Why a call was not passed on.
#[derive(Debug)]
#[non_exhaustive]
pub enum ForwardError {
    /// The other gateway is unreachable, or the connection broke.
    Http(reqwest::Error),
    /// The response is longer than 64 MiB.
    TooLong,
}

impl fmt::Display for ForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) if error.is_timeout() => write!(f, "the recorded gateway did not respond in {TIMEOUT:?}"),
            Self::Http(_) => f.write_str("cannot reach the recorded gateway, or the connection broke"),
            Self::TooLong => write!(f, "the response is too long: expected at most {MAX_RESPONSE} bytes"),
        }
    }
}

impl StdError for ForwardError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Http(error) => Some(error),
            Self::TooLong => None,
        }
    }
}

impl From<reqwest::Error> for ForwardError {
    /// Removes the URL, which has the parameters of a call.
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }
}

/// The response of the other gateway.
pub(crate) struct ForwardedResponse {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

/// The `request_id` of a successful call, or the code and sub code of its refusal.
pub(crate) type Reply = Result<String, (i64, Option<String>)>;

impl Recorder {
    /// Creates a recorder of the gateway with this URL.
    ///
    /// # Errors
    ///
    /// If the TLS library cannot be initialized.
    pub fn new(gateway: impl Into<String>, folder: impl Into<PathBuf>) -> Result<Self, ForwardError> {
        let client =
            Client::builder().redirect(redirect::Policy::none()).connect_timeout(TIMEOUT).read_timeout(TIMEOUT);
        Ok(Self { gateway: gateway.into(), folder: folder.into(), client: client.build()? })
    }

    /// Passes a request on.
    pub(crate) async fn forward(
        &self,
        request: &Request<'_>,
        user_agent: Option<String>,
    ) -> Result<ForwardedResponse, ForwardError> {
        let separator = match (request.query.is_empty(), self.gateway.contains('?')) {
            (true, _) => "",
            (false, true) => "&",
            (false, false) => "?",
        };
        let url = format!("{}{separator}{}", self.gateway, request.query);
        let mut builder = match request.verb {
            "GET" => self.client.get(url),
            verb => {
                let verb = Verb::from_bytes(verb.as_bytes()).unwrap_or(Verb::POST);
                self.client.request(verb, url).body(request.body.to_vec())
            }
        };
        if !request.content_type.is_empty() {
            builder = builder.header(CONTENT_TYPE, request.content_type);
        }
        if let Some(user_agent) = user_agent {
            builder = builder.header(USER_AGENT, user_agent);
        }
        let mut response = builder.send().await?;
        let content_type =
            response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_RESPONSE {
                return Err(ForwardError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(ForwardedResponse { status: response.status().as_u16(), content_type, body: body.freeze() })
    }

    /// Stores a response: as the response to every call of the method, and as that to calls with the same parameters.
    pub(crate) fn store(
        &self,
        platform: &Platform,
        method: Option<&Method>,
        parameters: &Parameters<'_>,
        received: ForwardedResponse,
    ) -> Result<Reply, StoreError> {
        let name = parameters.get("method").filter(|name| is_file_name(name)).ok_or(StoreError::Method)?;
        let redaction = Redaction::new(platform, method, parameters);
        let simplified = parameters.get("simplify").is_some_and(|simplify| simplify.eq_ignore_ascii_case("true"));
        let decoded = decode_value(&ResponseBody::from(received.body.to_vec()), name, simplified);
        let (response, reply) = match decoded {
            Ok((value, envelope)) => (redaction.response(&value), Ok(envelope.request_id.unwrap_or_default())),
            Err(Error::Platform(error)) => {
                let code = error.code.number().ok_or(StoreError::Response)?;
                let refusal = json!({
                    "code": code,
                    "sub_code": error.sub_code.as_deref().map(|text| redaction.text(text)),
                    "sub_msg": error.sub_msg.as_deref().map(|text| redaction.text(text)),
                });
                (json!({ "error_response": refusal }), Err((code, error.sub_code.clone())))
            }
            Err(_) => return Err(StoreError::Response),
        };
        let parameters = redaction.parameters();
        let file = self.folder.join(name).join(format!("{:016x}.json", hash(&parameters)));
        write(&self.folder.join(format!("{name}.json")), &response)?;
        let recording = Recording { parameters, response };
        write(&file, &serde_json::to_value(recording).map_err(io::Error::from).map_err(StoreError::Write)?)?;
        Ok(reply)
    }
}

/// Why a response was not stored.
#[derive(Debug)]
pub(crate) enum StoreError {
    Method,
    Response,
    Write(io::Error),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("the call has no method, or its name cannot be a file name"),
            Self::Response => f.write_str("the body is neither a response nor a refusal"),
            Self::Write(error) => write!(f, "{error}"),
        }
    }
}

/// Returns whether a method is the name of a file, and of no other folder.
fn is_file_name(name: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    !name.is_empty() && name.len() <= 128 && !name.starts_with('.') && name.chars().all(is_plain)
}

fn write(path: &Path, json: &Json) -> Result<(), StoreError> {
    let text = serde_json::to_string_pretty(json).map_err(io::Error::from).map_err(StoreError::Write)?;
    files::write(path, &(text + "\n")).map_err(StoreError::Write)
}

/// Returns the FNV-1a hash of parameters: the same in every version of the program, unlike that of std.
fn hash(parameters: &BTreeMap<String, String>) -> u64 {
    let bytes = parameters.iter().flat_map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes(), b"&"]).flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Removes the secrets of a call from its response.
struct Redaction<'r> {
    platform: &'r Platform,
    method: Option<&'r Method>,
    parameters: &'r Parameters<'r>,
    /// The values of the secret parameters, and the AppKey.
    secrets: Vec<&'r str>,
}

impl<'r> Redaction<'r> {
    fn new(platform: &'r Platform, method: Option<&'r Method>, parameters: &'r Parameters<'r>) -> Self {
        let mut redaction = Self { platform, method, parameters, secrets: Vec::new() };
        let is_hidden = |name: &str| name == "app_key" || redaction.is_secret_parameter(name);
        let secrets = parameters.texts.iter().filter(|(name, _)| is_hidden(name)).map(|(_, value)| value.as_ref());
        redaction.secrets = secrets.collect();
        redaction
    }

    fn is_secret_parameter(&self, name: &str) -> bool {
        match self.method {
            Some(method) => method.is_secret(name, self.platform),
            None => self.platform.is_secret(name),
        }
    }

    /// Returns the parameters of the method without secrets.
    fn parameters(&self) -> BTreeMap<String, String> {
        let is_stored = |name: &str, value: &str| {
            !self.platform.is_public(name) && !self.is_secret_parameter(name) && self.text(value) == value
        };
        let texts = self.parameters.texts.iter().filter(|(name, value)| is_stored(name, value));
        texts.map(|(name, value)| (name.clone().into_owned(), value.clone().into_owned())).collect()
    }

    /// Returns a text without secrets, as text of a template.
    fn text(&self, text: &str) -> String {
        template::escaped(&redacted(text, self.secrets.iter().copied()))
    }

    fn response(&self, response: &Json) -> Json {
        let fields = self.method.map_or(&[][..], |method| &method.spec.response.fields);
        match response {
            Json::Object(members) => Json::Object(self.members(members, fields, &ObjectTypes::of(fields))),
            other => other.clone(),
        }
    }

    fn members(&self, members: &Map<String, Json>, fields: &[Parameter], types: &ObjectTypes<'_>) -> Map<String, Json> {
        let member = |(name, value): (&String, &Json)| {
            let field = fields.iter().find(|field| field.name.value == *name);
            let secret = field.and_then(|field| field.secret).unwrap_or_else(|| self.platform.is_secret(name));
            let value = match field {
                Some(field) if secret => hidden(field)?,
                None if secret => HIDDEN.into(),
                Some(field) => self.value(value, field, types),
                None => self.unknown(value),
            };
            (name != "request_id").then(|| (name.clone(), value))
        };
        members.iter().filter_map(member).collect()
    }

    /// Returns the value of a field in the form of the spec: lists are arrays, and scalars have their types.
    fn value(&self, json: &Json, field: &Parameter, types: &ObjectTypes<'_>) -> Json {
        let type_name = field.type_name();
        if !type_name.list {
            return self.one(json, field, types);
        }
        // `{"trade":[…]}`, and in XML `{"trade":{…}}` if there is one element.
        let inner = match json {
            Json::Object(members) if members.len() == 1 => members.get(&type_name.inner_key()).unwrap_or(json),
            json => json,
        };
        match inner {
            Json::Array(items) => items.iter().map(|item| self.one(item, field, types)).collect(),
            item => Json::Array(vec![self.one(item, field, types)]),
        }
    }

    fn one(&self, json: &Json, field: &Parameter, types: &ObjectTypes<'_>) -> Json {
        match (field.type_name().kind(), json) {
            (None, Json::Object(members)) => Json::Object(self.members(members, types.fields(field), types)),
            (Some(Kind::Json | Kind::Map), Json::String(text)) => match serde_json::from_str::<Json>(text) {
                Ok(json) => self.unknown(&json).to_string().into(),
                Err(_) => self.text(text).into(),
            },
            (Some(kind @ (Kind::Number | Kind::Byte | Kind::Boolean)), json) => match Value::typed(kind, json) {
                Some(Value::Number(number)) => number.into(),
                Some(Value::Boolean(boolean)) => boolean.into(),
                _ => self.unknown(json),
            },
            (_, json) => self.unknown(json),
        }
    }

    /// Returns JSON of which the spec says nothing.
    fn unknown(&self, json: &Json) -> Json {
        self.texts(&redacted_json(json))
    }

    fn texts(&self, json: &Json) -> Json {
        match json {
            Json::String(text) => self.text(text).into(),
            Json::Array(items) => items.iter().map(|item| self.texts(item)).collect(),
            Json::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.texts(value))).collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }
}

/// Returns the replacement of a secret field. `None` leaves it out: no text is a value of its type.
fn hidden(field: &Parameter) -> Option<Json> {
    let type_name = field.type_name();
    match type_name.kind() {
        Some(Kind::String | Kind::FieldList | Kind::File) if !type_name.list => Some(HIDDEN.into()),
        Some(Kind::Json | Kind::Map) if !type_name.list => Some("{}".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_file_names() {
        for (name, expected) in [
            ("taobao.trade.get", true),
            ("account.aliyuncs.com.GetPubKey.2013-07-01", true),
            ("", false),
            ("..", false),
            ("../a", false),
            ("a/b", false),
            ("a\\b", false),
            ("a\0", false),
        ] {
            assert_eq!(is_file_name(name), expected, "{name:?}");
        }
        assert!(!is_file_name(&"a".repeat(129)));
    }
}
