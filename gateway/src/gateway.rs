//! The gateway without HTTP: it checks a request and returns a response.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codegen::spec::{Platform, Specs};
use top_protocol::Format;

use crate::console;
use crate::excerpt::excerpt;
use crate::messages::{Endpoint, MessageBroker, OutgoingMessage, SendMessageError};
use crate::method::Method;
use crate::refusal::Refusal;
use crate::request::{Parameters, Request, RequestError};
use crate::response::{Outcome, Response, ResponseFormat};
use crate::signing;
use crate::timestamp;
use crate::value::{Members, Value};

/// A gateway: methods, and the applications that may call them.
pub struct Gateway {
    platform: Platform,
    methods: BTreeMap<String, Method>,
    /// The AppSecrets by AppKey.
    applications: BTreeMap<String, String>,
    clock: fn() -> SystemTime,
    list_length: Option<i64>,
    messages: MessageBroker,
}

impl fmt::Debug for Gateway {
    /// Without the secrets of the applications.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("methods", &self.methods.len())
            .field("applications", &self.applications.keys())
            .finish_non_exhaustive()
    }
}

impl Gateway {
    /// Creates a gateway for the methods of `specs`. It refuses every application until one is added.
    pub fn new(specs: Specs) -> Self {
        let methods =
            specs.methods.into_iter().map(|method| (method.spec.method.value.clone(), Method::new(method.spec)));
        Self {
            platform: specs.platform,
            methods: methods.collect(),
            applications: BTreeMap::new(),
            clock: SystemTime::now,
            list_length: None,
            messages: MessageBroker::new(&specs.topics),
        }
    }

    /// Adds an application that may call the methods.
    #[must_use]
    pub fn application(mut self, key: impl Into<String>, secret: impl Into<String>) -> Self {
        self.applications.insert(key.into(), secret.into());
        self
    }

    /// Sets the clock. Default: the system's.
    #[must_use]
    pub fn clock(mut self, clock: fn() -> SystemTime) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the number of items of each paged list. Default: the example of the total in the spec, or 100.
    ///
    /// A list over a time window always has one item per minute.
    #[must_use]
    pub fn list_length(mut self, items: u32) -> Self {
        self.list_length = Some(items.into());
        self
    }

    /// Returns the number of methods.
    pub fn method_count(&self) -> usize {
        self.methods.len()
    }

    /// Returns the queues of the message channel.
    pub fn messages(&self) -> &MessageBroker {
        &self.messages
    }

    /// Sends a message to each group of clients: see [`MessageBroker::send`]. Returns the id of the message.
    ///
    /// # Errors
    ///
    /// [`SendMessageError`].
    pub fn send_message(&self, topic: impl Into<String>, content: impl Into<String>) -> Result<i64, SendMessageError> {
        self.messages.send(OutgoingMessage::new(topic, content))
    }

    /// Returns the message channel of a server. Its console lines go to `log`.
    pub(crate) fn message_endpoint(&self, log: impl Fn(&str) + Send + Sync + 'static) -> Arc<Endpoint> {
        let tolerance = Duration::from_secs(60 * u64::from(self.platform.timestamp_tolerance_minutes));
        Endpoint::new(self.messages.clone(), self.applications.clone(), self.clock, tolerance, log)
    }

    /// Returns the AppKeys of the applications.
    pub fn app_keys(&self) -> impl Iterator<Item = &str> {
        self.applications.keys().map(String::as_str)
    }

    /// Responds to a request.
    pub fn respond(&self, request: &Request<'_>) -> Response {
        let (parameters, result) = match read(request) {
            Ok(parameters) => {
                let result = self.execute(request.verb, &parameters);
                (parameters, result)
            }
            // The query selects the format of the refusal.
            Err(refusal) => (request.query_parameters(), Err(refusal)),
        };
        let request_id = self.request_id();
        let public = |name: &str| parameters.get(name).map(|value| excerpt(value).into_owned());
        let mut outcome = Outcome {
            method: public("method"),
            app_key: public("app_key"),
            code: None,
            explanation: String::new(),
            request_id: request_id.clone(),
        };
        let with_id = |mut members: Members| {
            members.retain(|(name, _)| name != "request_id");
            members.push(("request_id".to_owned(), Value::Text(request_id)));
            Value::Object(members)
        };
        let simplify = is_true(parameters.get("simplify"));
        let format = match (named_format(parameters.get("format")), simplify) {
            (Some(Format::Json), true) => ResponseFormat::SimplifiedJson,
            (Some(Format::Json), false) => ResponseFormat::Json,
            _ => ResponseFormat::Xml,
        };
        match result {
            Ok((node, members)) => Response::new(node, &with_id(members), format, outcome),
            Err(refusal) => {
                outcome.code = Some(refusal.code);
                outcome.explanation = self.explain(&refusal, &parameters);
                Response::refusal(&with_id(self.refusal_members(refusal)), format, outcome)
            }
        }
    }

    /// Returns the root node of a successful response, and its members.
    fn execute(&self, verb: &str, parameters: &Parameters<'_>) -> Result<(&str, Members), Refusal> {
        let method = self.check(verb, parameters)?;
        Ok((method.node.as_str(), method.respond(parameters, self.list_length)?))
    }

    /// Checks a call in the order of the platform (docs/protocol.md section 5.1): the public parameters, the signature, and
    /// then the parameters of the method.
    fn check(&self, verb: &str, parameters: &Parameters<'_>) -> Result<&Method, Refusal> {
        let name = parameters.get("method").ok_or_else(|| Refusal::new(21))?;
        let method = self.methods.get(name).ok_or_else(|| {
            let reason = format!("unknown method {}: no spec describes it; add a spec and restart", excerpt(name));
            Refusal::with_reason(22, "isv.invalid-method", reason)
        })?;
        if verb != "POST" && method.has_files() {
            let reason = format!("unsupported HTTP verb {verb}: expected POST, because the method has file parameters");
            return Err(Refusal::with_reason(9, "isv.invalid-http-action", reason));
        }
        let key = parameters.get("app_key").ok_or_else(|| Refusal::new(28))?;
        let secret = self.applications.get(key).ok_or_else(|| {
            let key = excerpt(key);
            let reason = format!("unknown app_key {key}: restart the gateway with --app {key}=SECRET");
            Refusal::with_reason(29, "isv.appkey-not-exists", reason)
        })?;
        let timestamp = parameters.get("timestamp").ok_or_else(|| Refusal::new(30))?;
        timestamp::check(timestamp, (self.clock)(), self.platform.timestamp_tolerance_minutes)?;
        let version = parameters.get("v").ok_or_else(|| Refusal::new(32))?;
        if version != self.platform.version {
            let reason = format!("unsupported v {:?}: expected {}", excerpt(version), self.platform.version);
            return Err(Refusal::with_reason(33, "isv.invalid-version", reason));
        }
        if let (Some(format), None) = (parameters.get("format"), named_format(parameters.get("format"))) {
            let reason = format!("unsupported format {:?}: expected xml or json", excerpt(format));
            return Err(Refusal::with_reason(23, "isv.invalid-format", reason));
        }
        signing::check(parameters, secret)?;
        if method.requires_session() && parameters.get("session").is_none() {
            let reason = "the method requires a session: send any text as session";
            return Err(Refusal::with_reason(26, "isv.missing-session", reason));
        }
        method.check(parameters)?;
        Ok(method)
    }

    fn code_name(&self, code: i64) -> &str {
        self.platform.code(code).map_or("Unknown", |entry| entry.name.as_str())
    }

    /// Returns the members of `error_response` (docs/protocol.md section 4.6).
    fn refusal_members(&self, refusal: Refusal) -> Members {
        let name = self.code_name(refusal.code);
        let msg = refusal.parameter.map_or_else(|| name.to_owned(), |parameter| format!("{name}:{parameter}"));
        let optional = [("sub_code", refusal.sub_code), ("sub_msg", refusal.sub_msg)];
        [("code", Some(Value::Number(refusal.code))), ("msg", Some(Value::Text(msg)))]
            .into_iter()
            .chain(optional.map(|(name, value)| (name, value.map(Value::Text))))
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }

    fn explain(&self, refusal: &Refusal, parameters: &Parameters<'_>) -> String {
        let method = parameters.get("method").and_then(|method| self.methods.get(method));
        let is_secret = |name: &str, value: &str| {
            method.map_or_else(|| self.platform.is_secret(name), |method| method.is_secret(name, &self.platform))
                || console::contains_secret(value, &self.platform)
        };
        console::explain(refusal, self.code_name(refusal.code), parameters, is_secret)
    }

    /// Returns a new short id.
    fn request_id(&self) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let time = (self.clock)().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        base36(time.wrapping_mul(1 << 12).wrapping_add(u128::from(count & 0xfff)))
    }
}

/// Reads the parameters of a request.
fn read<'a>(request: &Request<'a>) -> Result<Parameters<'a>, Refusal> {
    if !matches!(request.verb, "GET" | "POST") {
        let reason = format!("unsupported HTTP verb {:?}: expected GET or POST", excerpt(request.verb));
        return Err(Refusal::with_reason(9, "isv.invalid-http-action", reason));
    }
    request.parameters().map_err(|error| {
        let (code, sub_code) = match error {
            RequestError::Encoding => (47, "isv.invalid-encoding"),
            RequestError::ContentType => (43, "isv.invalid-content-type"),
            RequestError::Multipart(_) => (3, "isv.invalid-multipart"),
            RequestError::TooManyParameters => (43, "isv.too-many-parameters"),
        };
        Refusal::with_reason(code, sub_code, error.to_string())
    })
}

/// Parses a format, in any case.
fn named_format(name: Option<&str>) -> Option<Format> {
    name?.to_ascii_lowercase().parse().ok()
}

/// Parses a boolean as Java, Python (`True`) and PHP (`1`) write it.
fn is_true(value: Option<&str>) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
}

fn base36(mut number: u128) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        digits.extend(char::from_digit(digit, 36));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}
