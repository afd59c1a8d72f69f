//! `cargo top gateway`: runs the local gateway.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use codegen::commands::CommandError;
use codegen::{files, spec};
use gateway::{Fault, Gateway, Quota, Recorder, Server, ShopState};
use tokio::signal;
use top_protocol::AppCredentials;

use crate::application;
use crate::call;
use crate::methods;
use crate::project::Project;

/// The arguments of `gateway`.
#[derive(Args, Debug)]
pub(crate) struct GatewayArgs {
    /// The address to listen on; port 0 is any free port. An address beyond loopback requires --allow-remote
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8642")]
    listen: SocketAddr,
    /// Allow calls from other machines. The page and the paths that start with /_ stay on loopback
    #[arg(long)]
    allow_remote: bool,
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
    /// Respond with the data of a shop, generated from N, which calls read and change. The same N gives the same data.
    /// N is the seed of the random numbers that select the calls of a fault, too. Default: examples, and 0 for faults
    #[arg(long, value_name = "N", verbatim_doc_comment)]
    seed: Option<u64>,
    /// Keep the data of the shop in FILE. Without the file, the data is generated from --seed, or from 0
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Respond with the files in DIR instead of examples: METHOD.json has the members of the response, or
    /// {"error_response":{"code":CODE,"sub_code":TEXT}}. Texts may have placeholders such as {{tid}} (a parameter)
    /// and {{now}}
    #[arg(long, value_name = "DIR", verbatim_doc_comment)]
    responses: Option<PathBuf>,
    /// Pass calls on to a real gateway, a URL or an id of platform.yaml such as taobao, and store its responses
    /// without secrets in the folder of --responses, which serves them without --record
    #[arg(long, value_name = "URL", requires = "responses", verbatim_doc_comment)]
    record: Option<String>,
    /// Append each call to FILE as a line of JSON, without secrets
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Use only the specs in DIR, without the specs of the crate and of generated-sdk
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
}

/// Runs the gateway until the process is interrupted.
pub(crate) fn run(args: GatewayArgs) -> Result<(), CommandError> {
    let mut applications = args.app.iter().map(|app| application::parse(app)).collect::<Result<Vec<_>, _>>()?;
    if applications.is_empty() {
        applications.push(AppCredentials::from_env().unwrap_or_else(|_| application::local_default()));
    }
    let is_remote = !args.listen.ip().is_loopback();
    if is_remote && !args.allow_remote {
        let problem = format!("cannot listen on {}: expected a loopback address", args.listen);
        return Err(CommandError::Usage(format!("{problem}; for calls from other machines, add --allow-remote")));
    }
    let own = Project::find()?.and_then(|project| project.existing_specs());
    let recorder = match (&args.record, &args.responses) {
        (Some(named), Some(folder)) => {
            let gateway = call::named_gateway(args.specs.as_deref().or(own.as_deref()), Some(named), "--record")?;
            let url = gateway.url().to_owned();
            Some((url.clone(), Recorder::new(url, folder).map_err(|error| CommandError::from_error(&error))?))
        }
        _ => None,
    };
    let specs = match args.specs {
        Some(folder) => spec::read(&folder)?,
        None => methods::all(own.as_deref())?,
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
    let mut recorded = None;
    if let Some((url, recorder)) = recorder {
        builder = builder.record(recorder);
        recorded = Some(url);
    }
    if let Some(state) = shop_state(args.state.as_deref(), args.seed)? {
        builder = builder.state(state);
    }
    let gateway = builder.seed(args.seed.unwrap_or_default()).build();
    if let Some(folder) = args.responses.filter(|_| recorded.is_none()) {
        gateway.load_responses(folder).map_err(|error| CommandError::from_error(&error))?;
    }
    let (methods, keys) = (gateway.method_count(), gateway.app_keys().collect::<Vec<_>>().join(", "));
    let failed = |error: io::Error| CommandError::from_error(&error);
    if is_remote {
        eprintln!(
            "warning: the gateway accepts calls from other machines: it is for tests, so use no secret and no data of \
             a real shop. They can make calls, change the shop's data and read messages; the page and the paths that \
             start with /_ stay on loopback"
        );
    }
    // A large call takes several times the memory of its body, so few run at once.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build();
    runtime.map_err(failed)?.block_on(async {
        let listen = args.listen;
        let bound =
            if is_remote { Server::bind_remote(gateway, listen).await } else { Server::bind(gateway, listen).await };
        let server = bound.map_err(|error| {
            let problem = format!("cannot listen on {listen}: {error}; for a free port, use --listen 127.0.0.1:0");
            CommandError::Failed(problem)
        })?;
        let address = server.address().map_err(failed)?;
        let shutdown = shutdown_signal().map_err(failed)?;
        if let Some(url) = &recorded {
            print_line(&format!("recording {url}: calls are passed on unchecked"));
        }
        print_line(&format!("listening on http://{address}/ (any path); methods: {methods}; apps: {keys}"));
        server.serve_until(print_line, shutdown).await;
        print_line("stopped");
        Ok(())
    })
}

/// Returns the data of the shop, if an option asks for it.
fn shop_state(path: Option<&Path>, seed: Option<u64>) -> Result<Option<ShopState>, CommandError> {
    let generate = || ShopState::generate(seed.unwrap_or_default(), SystemTime::now());
    match path {
        Some(path) => {
            let state = ShopState::open(path, generate);
            let state = state.map_err(|error| cannot("use", path, &CommandError::from_error(&error)))?;
            // An unwritable file is reported now, and not with the first change.
            state.save().map_err(|error| cannot("write", path, &error))?;
            Ok(Some(state))
        }
        None => Ok(seed.map(|_| generate())),
    }
}

/// Completes when the process is asked to end: Ctrl-C or SIGTERM, which containers send.
#[cfg(unix)]
fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    let mut interrupt = signal::unix::signal(signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Completes when the process is asked to end: Ctrl-C.
#[cfg(not(unix))]
fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = signal::ctrl_c().await;
    })
}

fn cannot(action: &str, path: &Path, problem: &dyn Display) -> CommandError {
    CommandError::Failed(format!("cannot {action} {}: {problem}", files::printable(path)))
}

/// Prints a line and flushes it. Ignores a closed output.
fn print_line(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
