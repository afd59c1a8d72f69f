//! `cargo top gateway`: runs the local gateway.

use std::convert::Infallible;
use std::fmt::Display;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use codegen::commands::CommandError;
use codegen::{files, spec};
use gateway::{Fault, Gateway, Quota, Server};
use top_protocol::AppCredentials;

use crate::application;
use crate::methods;
use crate::project::Project;

/// The arguments of `gateway`.
#[derive(Args, Debug)]
pub(crate) struct GatewayArgs {
    /// The address to listen on, on loopback; port 0 is any free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8642")]
    listen: SocketAddr,
    /// An application that may call the gateway; repeat it for more.
    /// Default: TOP_APP_KEY and TOP_APP_SECRET, or else 12345678=helloworld
    #[arg(long, value_name = "KEY=SECRET", verbatim_doc_comment)]
    app: Vec<String>,
    /// The number of items of each paged list. Default: the example of the number in the spec, or 100.
    /// A list over a time window has one item per minute
    #[arg(long, value_name = "N", verbatim_doc_comment)]
    items: Option<u32>,
    /// A session that calls may have; repeat it for more. Default: any text
    #[arg(long, value_name = "TOKEN")]
    session: Vec<String>,
    /// The maximum number of calls of each application in a time window, of all methods or of one:
    /// [METHOD=]CALLS[/SECONDS], such as 1000/60. Calls above it are refused with code 7; repeat it for more
    #[arg(long, value_name = "QUOTA", verbatim_doc_comment)]
    quota: Vec<Quota>,
    // Not a doc comment: rustdoc reads `[@PERCENT%]` as a link.
    #[arg(
        long,
        value_name = "FAULT",
        help = "\
A fault: [METHOD:]KIND[=VALUE][@PERCENT%], such as latency=500ms, code=7@10% or taobao.time.get:reset.
KIND is code, status, latency, reset, truncate, malformed, content-type or slow; repeat it for more"
    )]
    fault: Vec<Fault>,
    /// The seed of the random numbers that select the calls of a fault
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Respond with the files in DIR instead of examples: METHOD.json has the members of the response,
    /// or {"error_response":{"code":CODE,"sub_code":TEXT,"sub_msg":TEXT}}
    #[arg(long, value_name = "DIR", verbatim_doc_comment)]
    responses: Option<PathBuf>,
    /// Append each call to FILE as a line of JSON, without secrets
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Use only the specs in DIR, without the specs of the crate and of generated-sdk
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
}

/// Runs the gateway until the process ends.
pub(crate) fn run(args: GatewayArgs) -> Result<Infallible, CommandError> {
    let mut applications = args.app.iter().map(|app| application::parse(app)).collect::<Result<Vec<_>, _>>()?;
    if applications.is_empty() {
        applications.push(AppCredentials::from_env().unwrap_or_else(|_| application::local_default()));
    }
    let specs = match args.specs {
        Some(folder) => spec::read(&folder)?,
        None => methods::all(Project::find()?.and_then(|project| project.existing_specs()).as_deref())?,
    };
    let mut builder = applications.iter().fold(Gateway::builder(specs), |builder, application| {
        builder.application(application.app_key(), application.expose_secret())
    });
    if let Some(items) = args.items {
        builder = builder.list_length(items);
    }
    builder = args.session.into_iter().fold(builder, |builder, session| builder.session(session));
    builder = args.quota.into_iter().fold(builder, |builder, quota| builder.quota(quota));
    builder = args.fault.into_iter().fold(builder, |builder, fault| builder.fault(fault));
    if let Some(path) = args.log {
        let file = fs::OpenOptions::new().create(true).append(true).open(&path);
        builder = builder.call_log(file.map_err(|error| cannot("open", &path, &error))?);
    }
    let gateway = builder.seed(args.seed).build();
    if let Some(folder) = args.responses {
        program_responses(&gateway, &folder)?;
    }
    let (methods, keys) = (gateway.method_count(), gateway.app_keys().collect::<Vec<_>>().join(", "));
    let failed = |error: std::io::Error| CommandError::from_error(&error);
    // A large call takes several times the memory of its body, so few run at once.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build();
    runtime.map_err(failed)?.block_on(async {
        let listen = args.listen;
        let server = Server::bind(gateway, listen).await.map_err(|error| {
            let problem = format!("cannot listen on {listen}: {error}; for a free port, use --listen 127.0.0.1:0");
            CommandError::Failed(problem)
        })?;
        let address = server.address().map_err(failed)?;
        print_line(&format!("listening on http://{address}/ (any path); methods: {methods}; apps: {keys}"));
        Ok(server.serve(print_line).await)
    })
}

/// The maximum size of a file with a response.
const MAX_RESPONSE: u64 = 16 << 20;

/// Programs the responses of a folder: `METHOD.json`.
fn program_responses(gateway: &Gateway, folder: &Path) -> Result<(), CommandError> {
    let entries = fs::read_dir(folder).map_err(|error| cannot("read the folder", folder, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| cannot("read the folder", folder, &error))?.path();
        let Some(method) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")) else { continue };
        let text = files::read(&path, MAX_RESPONSE).map_err(|error| cannot("read", &path, &error))?;
        match serde_json::from_slice(&text) {
            Ok(response @ serde_json::Value::Object(_)) => gateway.on(method).respond(response),
            Ok(_) => return Err(cannot("use", &path, &"expected a JSON object")),
            Err(error) => return Err(cannot("use", &path, &error)),
        }
    }
    Ok(())
}

fn cannot(action: &str, path: &Path, problem: &dyn Display) -> CommandError {
    CommandError::Failed(format!("cannot {action} {}: {problem}", files::printable(path)))
}

/// Prints a line and flushes it. Ignores a closed output.
fn print_line(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
