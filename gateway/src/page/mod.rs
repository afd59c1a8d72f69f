//! The page at `/`: methods with search, a form that calls them, the calls that arrived, and the message channel.
//!
//! It is rendered on the server. `page.js` only replaces parts of it without a reload.

mod export;
mod language;
mod messages;
mod samples;
mod try_call;
mod views;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use codegen::search::Index;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::admin::from_this_machine;
use crate::http::{ReceivedRequest, Service};

use language::{COOKIE_NAME, Labels, Language};
use try_call::{Outcome, TryCall};
use views::{CallView, CategoryView, FieldTable, InputView, MethodRow};

/// The maximum number of results of a search.
const MAX_RESULTS: usize = 60;

/// The maximum number of calls in the list.
const MAX_CALLS: usize = 100;

/// The page loads nothing from elsewhere, runs no inline script, and is in no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Returns the routes, without `/`.
pub(crate) fn router() -> Router<Arc<Service>> {
    let routes = Router::new()
        .route("/_methods/{name}", get(method))
        .route("/_calls", get(calls))
        .route("/_call", post(call))
        .route(messages::PATH, get(messages::page).post(messages::send))
        .route("/_samples", post(program_samples))
        .route("/_language", get(select_language))
        .route("/_export/{format}", get(export::export))
        .route("/_page.css", get(|| asset("text/css;charset=UTF-8", include_str!("../../templates/page.css"))))
        .route("/_page.js", get(|| asset("text/javascript;charset=UTF-8", include_str!("../../templates/page.js"))));
    protected(routes)
}

/// Returns the route `/` for requests that are not calls.
pub(crate) fn index_route() -> Router<Arc<Service>> {
    protected(Router::new().route("/", get(index)))
}

/// Adds the headers of the page, and refuses requests from other machines and sites.
fn protected(router: Router<Arc<Service>>) -> Router<Arc<Service>> {
    let header = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    router
        .layer(header(CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // With `no-referrer`, a browser would send a form without its origin, and the form would be refused.
        .layer(header(REFERRER_POLICY, "same-origin"))
        .layer(middleware::from_fn(from_this_machine))
}

async fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, content_type)], text).into_response()
}

/// The parameters of a query.
type Parameters = Query<BTreeMap<String, String>>;

/// What every page has.
struct Frame {
    language: &'static str,
    l: &'static Labels,
    section: &'static str,
    /// The path of the page, for the links to the other language.
    here: String,
}

impl Frame {
    fn new(headers: &HeaderMap, section: &'static str, here: impl Into<String>) -> Self {
        let language = Language::of(None, headers);
        Self { language: language.code(), l: language.labels(), section, here: here.into() }
    }
}

#[derive(Template)]
#[template(path = "index.html")]
struct IndexPage {
    frame: Frame,
    query: String,
    results: Results,
    url: String,
    applications: Vec<String>,
}

#[derive(Template)]
#[template(path = "results.html")]
struct Results {
    l: &'static Labels,
    /// The category, and its title.
    heading: Option<(String, String)>,
    total: usize,
    categories: Vec<CategoryView>,
    methods: Vec<MethodRow>,
    more: bool,
}

/// The categories, one category, or the results of a search.
async fn index(State(service): State<Arc<Service>>, headers: HeaderMap, Query(parameters): Parameters) -> Response {
    let gateway = &service.gateway;
    let text = |name: &str| parameters.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let (query, category) = (text("q"), text("category"));
    let here = match (query, category) {
        (Some(query), _) => format!("/?q={}", encoded(query)),
        (None, Some(category)) => format!("/?category={}", encoded(category)),
        (None, None) => "/".to_owned(),
    };
    let frame = Frame::new(&headers, "methods", encoded(&here));
    let language = Language::of(None, &headers);
    let mut results = Results {
        l: frame.l,
        heading: None,
        total: gateway.methods.len(),
        categories: Vec::new(),
        methods: Vec::new(),
        more: false,
    };
    if let Some(query) = query {
        let found = service.index.get_or_init(|| Index::new(gateway.specs())).find(query);
        results.more = found.len() > MAX_RESULTS;
        let methods = found.into_iter().take(MAX_RESULTS).filter_map(|name| gateway.methods.get_key_value(name));
        results.methods = methods.map(MethodRow::new).collect();
    } else if let Some(category) = category {
        let methods = gateway.methods.iter().filter(|(_, method)| method.category == category);
        results.methods = methods.map(MethodRow::new).collect();
        results.heading = Some((category.to_owned(), views::category_title(category, language)));
    } else {
        results.categories = CategoryView::all(gateway, language);
    }
    if parameters.contains_key("fragment") {
        return html(&results);
    }
    let query = query.unwrap_or_default().to_owned();
    let applications = gateway.app_keys().map(str::to_owned).collect();
    html(&IndexPage { frame, query, results, url: url(&headers), applications })
}

#[derive(Template)]
#[template(path = "method.html")]
struct MethodPage<'a> {
    frame: Frame,
    name: &'a str,
    title: &'a str,
    description: Option<&'a str>,
    folder: &'a str,
    category: String,
    authorization: &'static str,
    /// Whether the application calls the method.
    callable: bool,
    /// Whether the platform calls the method.
    callback: bool,
    deprecated: Option<&'a str>,
    doc_url: Option<&'a str>,
    applications: Vec<&'a str>,
    session: &'a str,
    inputs: Vec<InputView<'a>>,
    request: FieldTable<'a>,
    response: FieldTable<'a>,
    errors: &'a [codegen::spec::ErrorCode],
    samples: Tabs,
    response_samples: Tabs,
    result: &'static str,
}

async fn method(State(service): State<Arc<Service>>, headers: HeaderMap, Path(name): Path<String>) -> Response {
    let frame = Frame::new(&headers, "methods", encoded(&format!("/_methods/{}", encoded(&name))));
    let gateway = &service.gateway;
    let Some(method) = gateway.methods.get(&name) else {
        return (StatusCode::NOT_FOUND, html(&NotFound { frame })).into_response();
    };
    let (spec, l) = (&method.spec, frame.l);
    let inputs: Vec<_> = spec.request.iter().map(|parameter| InputView::new(parameter, spec.pages.as_ref())).collect();
    let session = match spec.facts.authorization {
        Some(codegen::spec::Authorization::None) => "",
        _ => gateway.sessions.first().map_or("session", String::as_str),
    };
    let example = TryCall::example(gateway, &name, session, &inputs);
    let Ok(programs) = example.programs(gateway, &url(&headers)) else { return failed() };
    html(&MethodPage {
        name: &name,
        title: &spec.facts.title.value,
        description: spec.facts.description.as_deref(),
        folder: &method.category,
        category: views::category_title(&method.category, Language::of(None, &headers)),
        authorization: match spec.facts.authorization {
            Some(codegen::spec::Authorization::Required) => l.needs_session,
            Some(codegen::spec::Authorization::None) => l.no_session,
            _ => l.optional_session,
        },
        callable: spec.direction.is_api(),
        callback: spec.direction.is_spi(),
        deprecated: spec.facts.deprecated.as_deref(),
        // Another scheme would run a script.
        doc_url: spec.facts.doc_url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        applications: gateway.app_keys().collect(),
        session,
        inputs,
        request: FieldTable::new(&spec.request, l),
        response: FieldTable::new(&spec.response.fields, l),
        errors: &spec.facts.errors,
        samples: tabs("sample", programs),
        response_samples: tabs("response", views::response_samples(method)),
        result: "",
        frame,
    })
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "tabs.html")]
struct Tabs {
    group: &'static str,
    tabs: Vec<(&'static str, String)>,
}

fn tabs(group: &'static str, tabs: Vec<(&'static str, String)>) -> Tabs {
    Tabs { group, tabs }
}

#[derive(Template)]
#[template(path = "result.html")]
struct ResultView {
    l: &'static Labels,
    refused: bool,
    outcome: Option<String>,
    response: String,
    string_to_sign: String,
    request: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemView {
    l: &'static Labels,
    problem: String,
}

#[derive(Template)]
#[template(path = "result_page.html")]
struct ResultPage {
    frame: Frame,
    name: String,
    result: String,
}

/// Signs the call of the form, and makes it.
async fn call(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Query(parameters): Parameters,
    request: ReceivedRequest,
) -> Response {
    let frame = Frame::new(&headers, "methods", "/");
    let l = frame.l;
    let Some(call) = TryCall::of_form(&request) else { return StatusCode::BAD_REQUEST.into_response() };
    let name = call.method.clone();
    let result = tokio::task::spawn_blocking(move || {
        call.execute(&service.gateway).inspect(|Outcome { outcome, .. }| service.print(outcome))
    });
    let result = match result.await {
        Ok(Ok(outcome)) => ResultView {
            l,
            refused: outcome.outcome.code.is_some(),
            outcome: outcome.outcome.code.map(|_| outcome.outcome.explanation),
            response: outcome.response,
            string_to_sign: outcome.string_to_sign,
            request: outcome.request,
        }
        .render(),
        Ok(Err(problem)) => ProblemView { l, problem }.render(),
        Err(_) => return failed(),
    };
    match result {
        Ok(result) if parameters.contains_key("fragment") => fragment(result),
        Ok(result) => html(&ResultPage { frame, name, result }),
        Err(_) => failed(),
    }
}

/// Returns the programs for the values of the form.
async fn program_samples(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    request: ReceivedRequest,
) -> Response {
    let Some(call) = TryCall::of_form(&request) else { return StatusCode::BAD_REQUEST.into_response() };
    let programs = call.programs(&service.gateway, &url(&headers));
    programs.map_or_else(|_| failed(), |programs| html(&tabs("sample", programs)))
}

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage {
    frame: Frame,
    url: String,
    list: CallList,
}

#[derive(Template)]
#[template(path = "call_list.html")]
struct CallList {
    l: &'static Labels,
    latest: u64,
    calls: Vec<CallView>,
}

/// The latest calls. With `after`, there is no content if none is later.
async fn calls(State(service): State<Arc<Service>>, headers: HeaderMap, Query(parameters): Parameters) -> Response {
    let frame = Frame::new(&headers, "calls", "/_calls");
    let after = parameters.get("after").and_then(|number| number.parse().ok());
    let latest = service.gateway.journal.latest();
    if after == Some(latest) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let calls = service.gateway.journal.last(MAX_CALLS);
    let calls = calls.iter().rev().map(|call| CallView::new(&service.gateway, call)).collect();
    let list = CallList { l: frame.l, latest, calls };
    if parameters.contains_key("fragment") {
        return html(&list);
    }
    html(&CallsPage { frame, url: url(&headers), list })
}

/// Stores the language in a cookie, and returns to a path of the page.
async fn select_language(Query(parameters): Parameters) -> Response {
    let text = |name: &str| parameters.get(name).map_or("", String::as_str);
    let language = Language::of(Some(text("code")), &HeaderMap::new()).code();
    let cookie = format!("{COOKIE_NAME}={language}; Path=/; Max-Age=31536000; SameSite=Strict; HttpOnly");
    // `//evil.test` is another site, and a browser drops the tab of `/\t/evil.test`.
    let is_path = |to: &&str| to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\t']);
    let to = Some(text("to")).filter(is_path);
    let to = HeaderValue::from_str(to.unwrap_or("/")).unwrap_or(HeaderValue::from_static("/"));
    let Ok(cookie) = HeaderValue::from_str(&cookie) else { return StatusCode::BAD_REQUEST.into_response() };
    (StatusCode::SEE_OTHER, [(LOCATION, to), (SET_COOKIE, cookie)]).into_response()
}

/// Returns the URL that clients call.
fn url(headers: &HeaderMap) -> String {
    address(headers) + "/router/rest"
}

/// Returns the address of the gateway. The guard has checked `Host`.
fn address(headers: &HeaderMap) -> String {
    let host = headers.get(axum::http::header::HOST).and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("127.0.0.1:8642"))
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn html(page: &impl Template) -> Response {
    page.render().map_or_else(|_| failed(), fragment)
}

/// The response if a template cannot be rendered, or a task fails.
fn failed() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn fragment(html: String) -> Response {
    ([(CONTENT_TYPE, "text/html;charset=UTF-8")], html).into_response()
}
