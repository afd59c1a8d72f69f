//! `cargo top mcp`: serves the methods to coding agents, by the Model Context Protocol over standard input and output.

#[cfg(feature = "mcp")]
mod call;
#[cfg(feature = "mcp")]
mod outline;
#[cfg(feature = "mcp")]
mod response;
#[cfg(feature = "mcp")]
mod server;

use clap::Args;
#[cfg(not(feature = "mcp"))]
use codegen::commands::CommandError;
#[cfg(feature = "mcp")]
pub(crate) use server::run;

/// The arguments of `mcp`.
#[derive(Args)]
#[cfg_attr(not(feature = "mcp"), allow(dead_code, reason = "only the server reads the arguments"))]
pub(crate) struct McpArgs {
    /// The gateway of calls: a URL, or an id of platform.yaml such as taobao. Its application is TOP_APP_KEY and
    /// TOP_APP_SECRET, and its session TOP_SESSION. Default: a local gateway, which returns the examples of the specs
    #[arg(long, value_name = "GATEWAY", verbatim_doc_comment)]
    gateway: Option<String>,
    /// Also call methods that may change something
    #[arg(long)]
    allow_writes: bool,
}

/// Fails: only the help of the command needs no server.
#[cfg(not(feature = "mcp"))]
pub(crate) fn run(_: &McpArgs) -> Result<(), CommandError> {
    Err(CommandError::Failed("this program was built without the feature `mcp`".to_owned()))
}
