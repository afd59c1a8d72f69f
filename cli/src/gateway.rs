//! `cargo top gateway`: runs the local gateway.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use codegen::commands::CommandError;
use codegen::spec;
use gateway::{Gateway, Server};
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
    let gateway = applications.iter().fold(Gateway::new(specs), |gateway, application| {
        gateway.application(application.app_key(), application.expose_secret())
    });
    let gateway = match args.items {
        Some(items) => gateway.list_length(items),
        None => gateway,
    };
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

/// Prints a line and flushes it. Ignores a closed output.
fn print_line(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
