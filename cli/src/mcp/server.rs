//! The server of `cargo top mcp`.

use std::collections::BTreeMap;
use std::sync::Arc;

use codegen::categories;
use codegen::commands::CommandError;
use codegen::export::{Format, Selection};
use codegen::search::Index;
use codegen::spec::{Authorization, Method, Specs, closest};
use gateway::RunningGateway;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt as _};
use serde_json::{Value as Json, json};
use top_protocol::AppCredentials;
use top_protocol::internal::{is_read_only_method, optional_variable};

use super::call::Caller;
use super::{McpArgs, outline};
use crate::application;
use crate::methods;
use crate::project::Project;

/// The maximum number of results of a search.
const MAX_RESULTS: usize = 40;

/// The session of calls to the local gateway, which accepts any. Results hide it, so it must not be a usual word.
const LOCAL_SESSION: &str = "top-mcp-session";

const INSTRUCTIONS: &str = "Methods of the Taobao Open Platform (TOP). Find a method with search_methods, read its parameters \
    with describe_method, and call it with call_method. Ids have up to 19 digits: pass and keep them as text.";

/// Serves until standard input ends.
pub(crate) fn run(args: &McpArgs) -> Result<(), CommandError> {
    let own = Project::find()?.and_then(|project| project.existing_specs());
    let specs = methods::all(own.as_deref())?;
    let failed = |error: &dyn std::error::Error| CommandError::from_error(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    let result = runtime.block_on(async {
        let (caller, local) = match args.gateway.as_deref() {
            Some(gateway) => {
                let gateway = crate::call::named_gateway(own.as_deref(), Some(gateway), "--gateway")?;
                let credentials = AppCredentials::from_env().map_err(|error| failed(&error))?;
                let session =
                    optional_variable("TOP_SESSION", |name| std::env::var_os(name)).map_err(|error| failed(&error))?;
                (Caller::new(gateway, credentials, session)?, None)
            }
            None => local_caller(&specs).await?,
        };
        let server = Server::new(specs, caller, args.allow_writes, local);
        let running = server.serve(rmcp::transport::stdio()).await.map_err(|error| failed(&error))?;
        running.waiting().await.map_err(|error| failed(&error))?;
        Ok(())
    });
    // A read of standard input may be pending.
    runtime.shutdown_background();
    result
}

/// Starts a local gateway.
async fn local_caller(specs: &Specs) -> Result<(Caller, Option<RunningGateway>), CommandError> {
    let application = application::local_default();
    let gateway = gateway::Gateway::builder(specs.clone());
    let gateway = gateway.application(application.app_key(), application.expose_secret()).start().await;
    let gateway = gateway.map_err(|error| CommandError::from_error(&error))?;
    Ok((Caller::new(gateway.url(), application, Some(LOCAL_SESSION.to_owned()))?, Some(gateway)))
}

/// The tools.
struct Server {
    specs: Specs,
    /// The indices of the methods by name.
    by_name: BTreeMap<String, usize>,
    index: Index,
    caller: Caller,
    allow_writes: bool,
    /// The gateway that `caller` calls, which stops when it is dropped.
    _local: Option<RunningGateway>,
}

impl Server {
    fn new(specs: Specs, caller: Caller, allow_writes: bool, local: Option<RunningGateway>) -> Self {
        let by_name = specs.methods.iter().enumerate().map(|(index, method)| (method.spec.method.value.clone(), index));
        let index = Index::new(specs.methods.iter().map(|method| (method.category.as_str(), &method.spec)));
        Self { by_name: by_name.collect(), index, caller, allow_writes, _local: local, specs }
    }

    fn tools(&self) -> Vec<Tool> {
        let method = json!({ "type": "string", "description": "The name of the method, such as taobao.trade.get" });
        let calls = if self.allow_writes {
            "Call a method, and return its response as JSON. Methods that are not read-only change data on the gateway."
        } else {
            "Call a read-only method, and return its response as JSON. Other methods are refused."
        };
        vec![
            tool(
                "search_methods",
                "Search methods by words of the name, the title, the parameters and the category, in Chinese or English. \
                 Every word must match. Without words, list the categories.",
                json!({ "query": { "type": "string", "description": "Words, such as: trade.get, 订单, buyer_nick" } }),
                &[],
                true,
            ),
            tool(
                "describe_method",
                "Describe a method: its parameters with types, limits and examples, its response and its error codes.",
                json!({ "method": method, "json_schema": {
                    "type": "boolean",
                    "description": "Return JSON Schemas of the request and the response instead of an outline"
                } }),
                &["method"],
                true,
            ),
            tool(
                "call_method",
                calls,
                json!({ "method": method, "parameters": {
                    "type": "object",
                    "description": "The parameters of the method by name, without public ones such as app_key, session and \
                                    sign. Pass ids as text"
                } }),
                &["method"],
                !self.allow_writes,
            ),
        ]
    }

    /// Runs a tool.
    ///
    /// # Errors
    ///
    /// The text of a failure for the agent.
    async fn run(&self, name: &str, arguments: &JsonObject) -> Result<String, String> {
        match name {
            "search_methods" => self.search(text(arguments, "query")?.unwrap_or_default()),
            "describe_method" => self.describe(self.method(arguments)?, arguments.get("json_schema")),
            "call_method" => self.call(self.method(arguments)?, arguments.get("parameters")).await,
            other => Err(format!("unknown tool {other:?}: expected search_methods, describe_method or call_method")),
        }
    }

    /// Returns the method that the arguments name.
    fn method(&self, arguments: &JsonObject) -> Result<&Method, String> {
        let name = text(arguments, "method")?.ok_or("missing argument method: expected the name of a method")?;
        let found = self.by_name.get(name).and_then(|index| self.specs.methods.get(*index));
        found.ok_or_else(|| {
            let meant = closest(name, self.by_name.keys().map(String::as_str));
            let meant = meant.map(|meant| format!(" (did you mean {meant}?)")).unwrap_or_default();
            format!("unknown method {name:?}: no spec describes it{meant}; find methods with search_methods")
        })
    }

    fn search(&self, query: &str) -> Result<String, String> {
        if query.trim().is_empty() {
            return Ok(self.categories());
        }
        let found = self.index.find(query);
        if found.is_empty() {
            return Err(format!("no method matches {query:?}: every word must match; use fewer or other words"));
        }
        let rows = found.iter().take(MAX_RESULTS).filter_map(|name| {
            let method = self.specs.methods.get(*self.by_name.get(*name)?)?;
            let access = if is_read_only(method) { "read-only" } else { "writes" };
            let deprecated = if method.spec.facts.deprecated.is_some() { ", deprecated" } else { "" };
            Some(format!("{name} - {} [{}, {access}{deprecated}]", method.spec.facts.title.value, method.category))
        });
        let mut rows: Vec<_> = rows.collect();
        if found.len() > MAX_RESULTS {
            rows.push(format!("… {} more: add a word to the query", found.len() - MAX_RESULTS));
        }
        Ok(rows.join("\n"))
    }

    fn categories(&self) -> String {
        let mut counts = BTreeMap::new();
        for method in &self.specs.methods {
            *counts.entry(method.category.as_str()).or_insert(0) += 1;
        }
        let rows = counts.into_iter().map(|(folder, count)| match categories::titles(folder) {
            Some((english, chinese)) => format!("{folder} - {english}, {chinese} ({count} methods)"),
            None => format!("{folder} ({count} methods)"),
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    fn describe(&self, method: &Method, json_schema: Option<&Json>) -> Result<String, String> {
        match json_schema {
            Some(Json::Bool(true)) => {
                let methods = [(method.category.as_str(), &method.spec)];
                Ok(format!("{:#}", Format::JsonSchema.document(&Selection::new(&self.specs.platform, methods))))
            }
            None | Some(Json::Bool(false) | Json::Null) => {
                Ok(outline::of(method, &self.specs.platform, is_read_only(method)))
            }
            Some(_) => Err("invalid json_schema: expected true or false".to_owned()),
        }
    }

    async fn call(&self, method: &Method, parameters: Option<&Json>) -> Result<String, String> {
        let name = &method.spec.method.value;
        if !self.allow_writes && !is_read_only(method) {
            return Err(format!(
                "{name} may change data, and the server calls read-only methods only: ask the user to start it with \
                 --allow-writes"
            ));
        }
        let empty = JsonObject::new();
        let parameters = match parameters {
            None | Some(Json::Null) => &empty,
            Some(Json::Object(parameters)) => parameters,
            Some(_) => return Err("invalid parameters: expected an object of names and values".to_owned()),
        };
        self.caller.call(method, &self.specs.platform, parameters).await
    }
}

/// Returns whether a call of a method changes nothing: by the key `reads` of its spec, or else by the last word of its name.
fn is_read_only(method: &Method) -> bool {
    method.spec.facts.reads.unwrap_or_else(|| is_read_only_method(&method.spec.method.value))
}

/// Returns a text among the arguments of a tool.
fn text<'a>(arguments: &'a JsonObject, name: &str) -> Result<Option<&'a str>, String> {
    match arguments.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("invalid argument {name}: expected a text")),
    }
}

fn tool(name: &'static str, description: &'static str, properties: Json, required: &[&str], read_only: bool) -> Tool {
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), properties);
    schema.insert("required".to_owned(), json!(required));
    schema.insert("additionalProperties".to_owned(), json!(false));
    Tool::new(name, description, Arc::new(schema)).with_annotations(ToolAnnotations::new().read_only(read_only))
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("cargo-top", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        // An agent does not see an error of the protocol, so a failure is a result.
        Ok(match self.run(&request.name, &arguments).await {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(problem) => CallToolResult::error(vec![ContentBlock::text(problem)]),
        }
        .into())
    }
}

/// Returns whether a spec requires a session.
pub(super) fn needs_session(method: &Method) -> bool {
    method.spec.facts.authorization == Some(Authorization::Required)
}
