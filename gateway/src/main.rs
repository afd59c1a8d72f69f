//! The gateway as a program.

use std::convert::Infallible;
use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use codegen::{project, spec};
use gateway::{Gateway, Server};
use lexopt::prelude::*;

const HELP: &str = "\
A TOP gateway on loopback, made from the specs.

Usage: cargo xtask gateway [OPTION]...

It answers GET and POST on any path with the specs' examples, in XML, JSON or simplified JSON, and
refuses what the platform refuses, with the platform's codes. The refusal of a wrong signature names
the mistake where it is a usual one, and the console shows the text that was to be signed.

Options:
  --listen ADDR     Listen there [127.0.0.1:8642]; port 0 is any free one
  --app KEY=SECRET  Open it to an application; may be given several times. Without any, it is the
                    one of TOP_APP_KEY and TOP_APP_SECRET, or else 12345678=helloworld
  --items N         How many items each paged list has; without it, as many as the example of their
                    number, or 100. A list over a span of time has one for every minute
  --specs DIR       Take the methods from there [specs of the project that the current folder is in]
  -h, --help        Print help

It listens on loopback only, and runs until it is interrupted.";

/// What the command line asks for.
struct Options {
    listen: SocketAddr,
    applications: Vec<(String, String)>,
    items: Option<u32>,
    specs: Option<PathBuf>,
}

fn main() -> ExitCode {
    match options() {
        Ok(None) => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Some(options)) => match run(options) {
            Ok(never) => match never {},
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprintln!("{error}\nTry: cargo xtask gateway --help");
            ExitCode::from(2)
        }
    }
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 8642)),
        applications: Vec::new(),
        items: None,
        specs: None,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("listen") => options.listen = arguments.value()?.parse()?,
            Long("app") => options.applications.push(application(&arguments.value()?.string()?)?),
            Long("items") => options.items = Some(arguments.value()?.parse()?),
            Long("specs") => options.specs = Some(PathBuf::from(arguments.value()?)),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    if options.applications.is_empty() {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        options.applications.push(match (set("TOP_APP_KEY"), set("TOP_APP_SECRET")) {
            (Some(key), Some(secret)) => (key, secret),
            _ => ("12345678".to_owned(), "helloworld".to_owned()),
        });
    }
    Ok(Some(options))
}

fn application(text: &str) -> Result<(String, String), lexopt::Error> {
    match text.split_once('=') {
        Some((key, secret)) if !key.is_empty() && !secret.is_empty() => Ok((key.to_owned(), secret.to_owned())),
        // The text is not repeated: it may be a secret.
        _ => Err("--app takes KEY=SECRET".into()),
    }
}

/// The specs of the project that the current folder is in.
fn default_specs() -> Result<PathBuf, Box<dyn Error>> {
    let folder = std::env::current_dir()?;
    let root = project::root(&folder).ok_or_else(|| project::not_found(&folder))?;
    Ok(root.join("specs"))
}

fn run(options: Options) -> Result<Infallible, Box<dyn Error>> {
    let folder = match options.specs {
        Some(folder) => folder,
        None => default_specs()?,
    };
    let specs = spec::read(&folder)?;
    let gateway = options
        .applications
        .into_iter()
        .fold(Gateway::new(specs), |gateway, (key, secret)| gateway.application(key, secret));
    let gateway = match options.items {
        Some(items) => gateway.list_length(items),
        None => gateway,
    };
    let (methods, keys) = (gateway.methods(), gateway.keys().collect::<Vec<_>>().join(", "));
    // Each large call in work takes several times the memory of its body.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build()?;
    runtime.block_on(async {
        let listen = options.listen;
        let server = Server::bind(gateway, listen)
            .await
            .map_err(|error| format!("cannot listen on {listen}: {error}; for any free port: --listen 127.0.0.1:0"))?;
        say(&format!("listening on http://{}/ (any path); methods: {methods}; apps: {keys}", server.address()?));
        Ok(server.serve(say).await)
    })
}

/// Prints a line at once. Where nobody listens any more there is nothing to tell.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
