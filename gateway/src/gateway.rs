//! The gateway without HTTP: it checks a request and returns a response.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codegen::spec::{Authorization, Dialect, Parameter, Platform, Spec, Specs, response_node};
use serde_json::{Map, Value as Json};
use tokio::sync::watch;

use crate::batch;
use crate::builder::GatewayBuilder;
use crate::console;
use crate::content;
use crate::dialect::Dialects;
use crate::example_cache::{ExampleCache, Key};
use crate::excerpt::excerpt;
use crate::fault::{Fault, Faults, Injection};
use crate::journal::{Call, CallLog, CallRefusal, Journal};
use crate::messages::{Endpoint, MessageBroker, OutgoingMessage, SendMessageError};
use crate::method::Method;
use crate::mock::{self, Mock, Mocks, Reply, TypedMock};
use crate::quota::Quotas;
#[cfg(feature = "record")]
use crate::record::Recorder;
use crate::refusal::Refusal;
use crate::request::{Parameters, Request, RequestError};
use crate::response::{Body, Outcome, Response, ResponseFormat, ResponseStyle, named_format};
use crate::response_folder::{self, LoadResponsesError, ResponseFile};
use crate::secret_keys;
use crate::signing;
use crate::state::{self, SessionStatus, ShopState};
use crate::template::{ParseTemplateError, Template, Variables};
use crate::timestamp;
use crate::value::{Members, Value};

/// A gateway: methods, and the applications that may call them.
pub struct Gateway {
    pub(crate) platform: Platform,
    pub(crate) dialects: Dialects,
    pub(crate) methods: BTreeMap<String, Method>,
    /// The AppSecrets by AppKey.
    pub(crate) applications: BTreeMap<String, String>,
    pub(crate) clock: fn() -> SystemTime,
    pub(crate) list_length: Option<i64>,
    /// The known sessions. If empty, every session is known.
    pub(crate) sessions: BTreeSet<String>,
    pub(crate) quotas: Quotas,
    pub(crate) faults: Faults,
    pub(crate) mocks: Mocks,
    pub(crate) examples: ExampleCache,
    pub(crate) journal: Journal,
    pub(crate) call_log: CallLog,
    pub(crate) messages: MessageBroker,
    /// The data of the shop. `None`: every response is an example.
    pub(crate) state: Option<ShopState>,
    /// The fields of each topic.
    pub(crate) topics: BTreeMap<String, Vec<Parameter>>,
    /// Passes calls on to another gateway, instead of responding.
    #[cfg(feature = "record")]
    pub(crate) recorder: Option<Recorder>,
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
    /// Returns the settings of a gateway for the methods of `specs`.
    pub fn builder(specs: Specs) -> GatewayBuilder {
        GatewayBuilder::new(specs)
    }

    /// Programs responses to calls of a method. A call that no programmed response matches gets the examples of the spec.
    ///
    /// If several match, the order is: responses for a number of calls, those with more conditions, those that were added
    /// first. The gateway checks the call first, so a wrong signature or a missing parameter is always refused. A method without a spec can be programmed too.
    pub fn on(&self, method: impl Into<String>) -> Mock<'_> {
        Mock::new(&self.mocks, method.into())
    }

    /// Programs responses of the generated type to calls of a method: see [`on`](Self::on).
    pub fn on_request<R: top_protocol::Request>(&self) -> TypedMock<'_, R> {
        TypedMock::new(self.on(R::METHOD))
    }

    /// Returns a template for responses of a method: JSON whose texts may have placeholders.
    ///
    /// - `{{NAME}}`: a parameter of the method, or a public one such as `{{session}}`. `{{NAME.FIELD}}` is a value inside the
    ///   JSON of a parameter.
    /// - `{{now}}`, `{{now_ms}}`: the time of the call, at GMT+8 or in milliseconds since 1970.
    /// - `{{open}}`: the text `{{`.
    ///
    /// A text that is one placeholder has the type of its field, and is left out if the parameter is not sent.
    ///
    /// # Errors
    ///
    /// If the response is not a JSON object, or has an unknown placeholder. Any parameter of a method without a spec is known.
    pub fn template(&self, method: &str, response: Json) -> Result<Template, ParseTemplateError> {
        let known = self.methods.get(method);
        let is_parameter = |name: &str| {
            let Some(known) = known else { return !name.is_empty() };
            let first = name.split('.').next().unwrap_or_default();
            self.platform.is_public(first)
                || known.spec.request.iter().any(|parameter| [first, name].contains(&parameter.name.value.as_str()))
        };
        Template::parse(method, response, &is_parameter)
    }

    /// Programs the responses of a folder, as [templates](Self::template).
    ///
    /// `METHOD.json` has the response to every call of a method. `METHOD/NAME.json` has the response to calls with some
    /// parameters: `{"parameters":{"tid":"1"},"response":{…}}`. Other files are ignored.
    ///
    /// # Errors
    ///
    /// If the folder or a file cannot be read, or a file is not a template.
    pub fn load_responses(&self, folder: impl AsRef<Path>) -> Result<(), LoadResponsesError> {
        for ResponseFile { path, method, recording } in response_folder::read(folder.as_ref())? {
            let template = self.template(&method, recording.response);
            let template = template.map_err(|error| LoadResponsesError::template(path, error))?;
            let mock = self.on(method);
            recording
                .parameters
                .into_iter()
                .fold(mock, |mock, (name, value)| mock.with(name, value))
                .respond_template(template);
        }
        Ok(())
    }

    /// Returns the faults that are applied to calls.
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.all()
    }

    /// Replaces the faults. The sequence of random numbers that selects calls starts again.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.faults.set(faults);
    }

    /// Removes all programmed responses.
    pub fn reset(&self) {
        self.mocks.clear();
    }

    /// Returns the latest calls that arrived, the oldest first: at most 1,000, with at most 16 MiB of parameters.
    pub fn calls(&self) -> Vec<Call> {
        self.journal.last(usize::MAX)
    }

    /// Returns the latest calls of one method, the oldest first.
    pub fn calls_of(&self, method: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.method() == Some(method)).collect()
    }

    /// Returns the number of methods.
    pub fn method_count(&self) -> usize {
        self.methods.len()
    }

    /// Returns the data of the shop, if the gateway has a state.
    pub fn state(&self) -> Option<&ShopState> {
        self.state.as_ref()
    }

    /// Returns the spec of each method with its category.
    pub(crate) fn specs(&self) -> impl Iterator<Item = (&str, &Spec)> {
        self.methods.values().map(|method| (method.category.as_str(), &method.spec))
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

    /// Returns the message channel of a server, which ends with `stopping`. Its console lines go to `log`.
    pub(crate) fn message_endpoint(
        &self,
        stopping: watch::Receiver<()>,
        log: impl Fn(&str) + Send + Sync + 'static,
    ) -> Arc<Endpoint> {
        let tolerance = Duration::from_secs(60 * u64::from(self.platform.timestamp_tolerance_minutes));
        Endpoint::new(self.messages.clone(), self.applications.clone(), self.clock, tolerance, stopping, log)
    }

    /// Returns the AppKeys of the applications.
    pub fn app_keys(&self) -> impl Iterator<Item = &str> {
        self.applications.keys().map(String::as_str)
    }

    /// Responds to a request. Of the faults, only `code` is applied: the others need a server.
    pub fn respond(&self, request: &Request<'_>) -> Response {
        self.respond_with(request, &[]).0
    }

    /// Responds to a request with more faults. Returns the faults that the server applies.
    pub(crate) fn respond_with(&self, request: &Request<'_>, faults: &[Fault]) -> (Response, Injection) {
        if batch::is_batch(request.path) {
            return self.respond_to_batch(request, faults);
        }
        match read(request) {
            Ok(mut parameters) => {
                let mut injection = self.faults.draw(parameters.get("method"), faults);
                let fault = injection.refusal.take();
                let style = self.style(request, &parameters);
                let result = self.execute(style, request.verb, &mut parameters, fault);
                (self.finish(style, request.verb, &parameters, result, &injection), injection)
            }
            // The query selects the format of the refusal.
            Err(refusal) => self.refuse(request, &request.query_parameters(), refusal, faults),
        }
    }

    /// Refuses a request as a whole.
    pub(crate) fn refuse(
        &self,
        request: &Request<'_>,
        parameters: &Parameters<'_>,
        refusal: Refusal,
        faults: &[Fault],
    ) -> (Response, Injection) {
        let mut injection = self.faults.draw(parameters.get("method"), faults);
        injection.refusal = None;
        let style = self.style(request, parameters);
        (self.finish(style, request.verb, parameters, Err(refusal), &injection), injection)
    }

    /// Returns how the response to a request is written.
    pub(crate) fn style(&self, request: &Request<'_>, parameters: &Parameters<'_>) -> ResponseStyle<'_> {
        ResponseStyle { dialect: self.dialects.of(request.path), format: ResponseFormat::of(parameters) }
    }

    /// Records a call and returns its response.
    pub(crate) fn finish(
        &self,
        style: ResponseStyle<'_>,
        verb: &str,
        parameters: &Parameters<'_>,
        result: Result<Arc<Body>, Refusal>,
        injection: &Injection,
    ) -> Response {
        let request_id = self.request_id();
        let public = |name: &str| parameters.get(name).map(|value| self.hide(&excerpt(value)));
        let mut outcome = Outcome {
            method: public("method"),
            app_key: public("app_key"),
            code: None,
            explanation: String::new(),
            request_id: request_id.clone(),
        };
        let body = match result {
            Ok(body) => {
                self.record(verb, parameters, &outcome, None, injection);
                body.with_id(&request_id)
            }
            Err(refusal) => {
                outcome.code = Some(refusal.code);
                outcome.explanation = self.explain_refusal(&refusal, parameters);
                self.record(verb, parameters, &outcome, refusal.sub_code.as_deref(), injection);
                style.refusal(self.refusal_members(style.dialect, refusal)).with_id(&request_id)
            }
        };
        Response { content_type: style.format.content_type(), body, outcome, calls: Vec::new() }
    }

    /// Adds a call to the journal.
    fn record(
        &self,
        verb: &str,
        parameters: &Parameters<'_>,
        outcome: &Outcome,
        sub_code: Option<&str>,
        injection: &Injection,
    ) {
        let mut call = Call {
            number: 0,
            time: (self.clock)(),
            verb: excerpt(verb).into_owned(),
            parameters: BTreeMap::new(),
            files: BTreeMap::new(),
            complete: true,
            request_id: outcome.request_id.clone(),
            faults: injection.names.clone(),
            refusal: outcome.code.map(|code| CallRefusal {
                code,
                sub_code: sub_code.map(str::to_owned),
                explanation: outcome.explanation.clone(),
            }),
        };
        call.set_parameters(parameters);
        self.call_log.write(&call, || self.redacted(&call));
        self.journal.add(call);
    }

    /// Records a call that another gateway answered. Returns its outcome for the console.
    #[cfg(feature = "record")]
    pub(crate) fn record_forwarded(
        &self,
        request: &Request<'_>,
        reply: Result<String, (i64, Option<String>)>,
    ) -> Outcome {
        let parameters = read(request).unwrap_or_else(|_| request.query_parameters());
        let public = |name: &str| parameters.get(name).map(|value| self.hide(&excerpt(value)));
        let (request_id, refused) = match reply {
            Ok(request_id) => (request_id, None),
            Err(refused) => (String::new(), Some(refused)),
        };
        let (code, sub_code) = refused.map_or((None, None), |(code, sub_code)| (Some(code), sub_code));
        let explanation = code.map(|code| format!("{code} {}: from the recorded gateway", self.code_name(code)));
        let (method, app_key) = (public("method"), public("app_key"));
        let explanation = explanation.unwrap_or_default();
        let outcome = Outcome { method, app_key, code, explanation, request_id };
        self.record(request.verb, &parameters, &outcome, sub_code.as_deref(), &Injection::default());
        outcome
    }

    /// Returns the body of a successful response. `fault` refuses a call that passes the checks.
    fn execute(
        &self,
        style: ResponseStyle<'_>,
        verb: &str,
        parameters: &mut Parameters<'_>,
        fault: Option<Refusal>,
    ) -> Result<Arc<Body>, Refusal> {
        self.check_method(verb, parameters)?;
        self.check_application(style.dialect, parameters)?;
        self.execute_signed(style, parameters, fault)
    }

    /// Returns the body of the response to a call of a batch, whose application and signature are checked.
    pub(crate) fn execute_part(
        &self,
        style: ResponseStyle<'_>,
        parameters: &mut Parameters<'_>,
        fault: Option<Refusal>,
    ) -> Result<Arc<Body>, Refusal> {
        self.check_method("POST", parameters)?;
        if self.method_of(parameters).is_some_and(Method::has_files) {
            let reason = "a batch cannot have files: call the method alone";
            return Err(Refusal::with_reason(43, "isv.invalid-batch", reason));
        }
        self.execute_signed(style, parameters, fault)
    }

    /// [`execute`](Self::execute) without the checks of the application and the signature.
    fn execute_signed(
        &self,
        style: ResponseStyle<'_>,
        parameters: &mut Parameters<'_>,
        fault: Option<Refusal>,
    ) -> Result<Arc<Body>, Refusal> {
        let method = self.check_own(style.dialect, parameters)?;
        let parameters = &*parameters;
        let name = parameters.get("method").unwrap_or_default();
        self.quotas.charge(name, parameters.get("app_key").unwrap_or_default(), (self.clock)())?;
        fault.map_or(Ok(()), Err)?;
        let node = method.map_or_else(|| response_node(name), |method| method.spec.response.node.value.clone());
        match (self.mocks.next(name, parameters), method) {
            (Some(Reply::Json(json)), method) => {
                let members = Value::from_json(root_members(&json, &node), response_fields(method));
                Ok(Arc::new(style.successful(&node, members)))
            }
            (Some(Reply::Template(template)), method) => {
                let variables = Variables { parameters, now: (self.clock)() };
                let response = template.response();
                if response.contains_key("error_response")
                    && let Some(refusal) = mock::refusal(&variables.render_members(response))
                {
                    return Err(refusal);
                }
                let members = Value::from_template(root_members(response, &node), response_fields(method), &variables);
                Ok(Arc::new(style.successful(&node, members)))
            }
            (Some(Reply::Refusal(refusal)), _) => Err(refusal),
            (None, Some(_)) if name == secret_keys::METHOD => {
                Ok(Arc::new(style.successful(&node, secret_keys::respond(parameters)?)))
            }
            (None, Some(method)) => self.stateful(style, method, parameters),
            (None, None) => Err(unknown_method(name, "no programmed response of the method matches the call")),
        }
    }

    /// Returns the body of the response with the data of the shop, or else of the example response.
    fn stateful(
        &self,
        style: ResponseStyle<'_>,
        method: &Method,
        parameters: &Parameters<'_>,
    ) -> Result<Arc<Body>, Refusal> {
        let response = self.state.as_ref().and_then(|state| state.respond(method, parameters, (self.clock)()));
        let Some(response) = response else {
            return self.example(style, method, parameters);
        };
        let (members, events) = response?;
        for event in events {
            self.emit(&event);
        }
        Ok(Arc::new(style.successful(&method.spec.response.node.value, members)))
    }

    /// Sends the message of a change, if a client has connected to the message channel.
    fn emit(&self, event: &state::Event) {
        let Some(fields) = self.topics.get(event.topic).filter(|_| !self.messages.groups().is_empty()) else { return };
        let message =
            OutgoingMessage { user_nick: event.seller(), ..OutgoingMessage::new(event.topic, event.content(fields)) };
        // A call succeeds even if the queues are full.
        let _ = self.messages.send(message);
    }

    /// Returns the body of the example response.
    fn example(
        &self,
        style: ResponseStyle<'_>,
        method: &Method,
        parameters: &Parameters<'_>,
    ) -> Result<Arc<Body>, Refusal> {
        let key = Key::new(method, style.format, parameters).filter(|_| style.dialect.response_root.is_none());
        if let Some(body) = key.as_ref().and_then(|key| self.examples.get(key)) {
            return Ok(body);
        }
        let members = method.respond(parameters, self.list_length)?;
        let body = Arc::new(style.successful(&method.spec.response.node.value, members));
        if let Some(key) = key {
            self.examples.put(key, Arc::clone(&body));
        }
        Ok(body)
    }

    /// Checks a call in the order of the platform (docs/protocol.md section 5.1): the public parameters, the signature, and
    /// then the parameters of the method.
    pub(crate) fn check(&self, dialect: &Dialect, verb: &str, parameters: &mut Parameters<'_>) -> Result<(), Refusal> {
        self.check_method(verb, parameters)?;
        self.check_application(dialect, parameters)?;
        self.check_own(dialect, parameters).map(|_| ())
    }

    /// Returns the spec of the method that a call names.
    fn method_of(&self, parameters: &Parameters<'_>) -> Option<&Method> {
        self.methods.get(parameters.get("method")?)
    }

    /// Checks that the method exists, and the verb.
    fn check_method(&self, verb: &str, parameters: &Parameters<'_>) -> Result<(), Refusal> {
        let name = parameters.get("method").ok_or_else(|| Refusal::new(21))?;
        let method = self.methods.get(name);
        if method.is_none() && !self.mocks.has(name) {
            return Err(unknown_method(name, "no spec describes it; add a spec and restart"));
        }
        if method.is_some_and(|method| !method.spec.direction.is_api()) {
            return Err(unknown_method(
                name,
                "it is an SPI, which the platform calls; send a signed call to an application with `cargo top spi`",
            ));
        }
        if verb != "POST" && method.is_some_and(Method::has_files) {
            let reason = format!("unsupported HTTP verb {verb}: expected POST, because the method has file parameters");
            return Err(Refusal::with_reason(9, "isv.invalid-http-action", reason));
        }
        Ok(())
    }

    /// Checks the application, the other public parameters and the signature.
    pub(crate) fn check_application(&self, dialect: &Dialect, parameters: &Parameters<'_>) -> Result<(), Refusal> {
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
        signing::check(dialect, parameters, secret)
    }

    /// Checks the session and the parameters of the method, which may be in the body. Returns the spec of the method, which
    /// a programmed method may lack.
    fn check_own(&self, dialect: &Dialect, parameters: &mut Parameters<'_>) -> Result<Option<&Method>, Refusal> {
        let method = self.method_of(parameters);
        content::read(parameters, method.map_or(&[], |method| &method.spec.request))?;
        let parameters = &*parameters;
        let authorization = method.and_then(|method| method.spec.facts.authorization);
        let own = dialect.session_parameter.as_ref().and_then(|name| parameters.get(&name.value));
        let app_key = parameters.get("app_key").unwrap_or_default();
        self.check_session(authorization, own.or_else(|| parameters.get("session")), app_key)?;
        method.map_or(Ok(()), |method| method.check(parameters))?;
        Ok(method)
    }

    fn check_session(
        &self,
        authorization: Option<Authorization>,
        session: Option<&str>,
        app_key: &str,
    ) -> Result<(), Refusal> {
        let status =
            self.state.as_ref().zip(session).map(|(state, session)| state.session(session, app_key, (self.clock)()));
        match (authorization, session, status) {
            (Some(Authorization::Required), None, _) => {
                let text = if self.sessions.is_empty() { "any text" } else { "a text of --session" };
                let reason = format!("the method requires a session: send {text} as session");
                Err(Refusal::with_reason(26, "isv.missing-session", reason))
            }
            (Some(Authorization::None), ..) | (_, None, _) | (.., Some(SessionStatus::Valid)) => Ok(()),
            (.., Some(SessionStatus::Invalid(problem))) => Err(Refusal::with_reason(27, "invalid-sessionkey", problem)),
            (_, Some(session), _) if self.sessions.is_empty() || self.sessions.contains(session) => Ok(()),
            (_, Some(_), _) => {
                let reason = "unknown session: send a text of --session, or start the gateway without --session";
                Err(Refusal::with_reason(27, "invalid-sessionkey", reason))
            }
        }
    }

    fn code_name(&self, code: i64) -> &str {
        self.platform.code(code).map_or("Unknown", |entry| entry.name.as_str())
    }

    /// Returns the members of the response to a refused call (docs/protocol.md sections 4.6, 7.4 and 11.3).
    fn refusal_members(&self, dialect: &Dialect, refusal: Refusal) -> Members {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let name = self.code_name(refusal.code);
        let msg = refusal.parameter.map_or_else(|| name.to_owned(), |parameter| format!("{name}:{parameter}"));
        let word = self.platform.code(refusal.code).and_then(|code| code.words.first());
        let code = match word.filter(|_| dialect.error_words) {
            Some(word) => text(&word.value),
            None => Some(Value::Number(refusal.code)),
        };
        let (sub_code, sub_msg) = (refusal.sub_code.map(Value::Text), refusal.sub_msg.map(Value::Text));
        let members = if dialect.response_root.is_some() {
            let [flag, message] = [text("failure"), text(&msg)];
            [("flag", flag), ("code", code), ("message", message), ("sub_code", sub_code), ("sub_message", sub_msg)]
        } else {
            let kind = if dialect.error_words { text("ISV") } else { None };
            [("type", kind), ("code", code), ("msg", text(&msg)), ("sub_code", sub_code), ("sub_msg", sub_msg)]
        };
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// Returns the lines of the console for a refusal.
    pub(crate) fn explain_refusal(&self, refusal: &Refusal, parameters: &Parameters<'_>) -> String {
        let is_secret = |name: &str, value: &str| self.is_secret_value(parameters.get("method"), name, value);
        self.hide(&console::explain(refusal, self.code_name(refusal.code), parameters, is_secret))
    }

    /// Returns whether the value of a parameter must not be printed: by the spec of the method, by its name, or because it
    /// contains a secret.
    pub(crate) fn is_secret_value(&self, method: Option<&str>, name: &str, value: &str) -> bool {
        method
            .and_then(|method| self.methods.get(method))
            .map_or_else(|| self.platform.is_secret(name), |method| method.is_secret(name, &self.platform))
            || console::contains_secret(value, &self.platform)
    }

    /// Returns the parameters of a call with secret values replaced and long values cut.
    pub(crate) fn redacted(&self, call: &Call) -> Vec<(String, String)> {
        let parameters = call.parameters.iter().map(|(name, value)| {
            let value = match self.is_secret_value(call.method(), name, value) {
                true => format!("[hidden: {} characters]", value.chars().count()),
                false => self.hide(&excerpt(value)),
            };
            (self.hide(&excerpt(name)), value)
        });
        parameters.collect()
    }

    /// Replaces the AppSecrets in a text: a client may send one by mistake.
    pub(crate) fn hide(&self, text: &str) -> String {
        // Shorter secrets match too much.
        let secrets = self.applications.values().filter(|secret| secret.len() >= 4);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "[hidden]"))
    }

    /// Returns a new short id.
    fn request_id(&self) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let time = (self.clock)().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        base36(time.wrapping_mul(1 << 12).wrapping_add(u128::from(count & 0xfff)))
    }
}

fn response_fields(method: Option<&Method>) -> &[Parameter] {
    method.map_or(&[], |method| &method.spec.response.fields)
}

/// Returns the members of a programmed response, which may be copied from a document with its root node.
fn root_members<'j>(response: &'j Map<String, Json>, node: &str) -> &'j Map<String, Json> {
    let inner = if response.len() == 1 { response.get(node).and_then(Json::as_object) } else { None };
    inner.unwrap_or(response)
}

fn unknown_method(name: &str, problem: &str) -> Refusal {
    let reason = format!("unknown method {}: {problem}", excerpt(name));
    Refusal::with_reason(22, "isv.invalid-method", reason)
}

/// Reads the parameters of a request.
pub(crate) fn read<'a>(request: &Request<'a>) -> Result<Parameters<'a>, Refusal> {
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
