//! `cargo top`: generates Rust from the specs of a crate, calls methods and runs a local gateway.

mod application;
mod call;
mod export;
mod gateway;
mod generate;
mod mcp;
mod message;
mod methods;
mod package;
mod project;
#[rustfmt::skip]
mod shipped;
mod spi;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use codegen::commands::{self, CommandError, Context, ImportOptions};

use project::Project;

/// Generate Rust from specs of TOP methods, call methods, and run a local gateway
///
/// A spec is specs/CATEGORY/METHOD.yaml in the folder of a crate. It describes one method of a gateway that
/// speaks the Taobao Open Platform (TOP) protocol. specs/messages/TOPIC.yaml describes one topic of its
/// message channel. specs/platform.yaml is optional: it replaces the built-in
/// list of gateways, error codes and secret names.
#[derive(Parser)]
#[command(
    version,
    verbatim_doc_comment,
    after_help = "\
Start in the folder of a crate:
  cargo top import page.txt     Write a spec from the platform's page of a method
  cargo top gen                 Write src/api
  cargo top gateway             Serve the methods on loopback

Exit status: 0 success, 1 failure, 2 usage error."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a spec to fill in from the platform's page
    #[command(after_help = "\
The spec is specs/CATEGORY/METHOD.yaml, or specs/messages/TOPIC.yaml for a topic of the message channel.
A file that exists is not changed.

Examples:
  cargo top new taobao.trade.close
  cargo top new taobao_trade_TradeSuccess")]
    New {
        /// The method, such as taobao.trade.close, or the topic, such as taobao_trade_TradeSuccess
        name: String,
        /// The folder of a method. Default: a word of its name, such as trade for taobao.trade.close
        #[arg(long, value_name = "NAME")]
        category: Option<String>,
    },
    /// Write specs from the platform's documents
    #[command(after_help = "\
A PATH is one of these, or a folder of them:
  - a method's page: copied from a browser as text, saved as HTML, or kept in Markdown; in Chinese or
    English. A Markdown file may hold many methods, each below a heading with its name.
  - a documentation record: the JSON of the documentation service, alone or in the service's response
  - ApiMetadata.xml of an SDK download: all methods of an application

Of a folder, every .txt, .md, .markdown, .html, .htm, .json and .xml file is read, except README files.
Each method becomes specs/CATEGORY/METHOD.yaml. A comment in the spec states what was inferred, changed
or left out. A document that cannot be read is refused with the reason; the others are imported.

A spec that is the same already is not written. One that differs is kept, and the differences are
printed, unless --force is given.

Examples:
  cargo top import page.txt
  cargo top import documents --category trade --dry-run")]
    Import {
        /// The documents
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
        /// The category of all methods. Default: the category of the existing spec; or the name of a record's
        /// folder; or a word of the method's name, such as trade for taobao.trade.close
        #[arg(long, value_name = "NAME", verbatim_doc_comment)]
        category: Option<String>,
        /// Replace specs that differ
        #[arg(long)]
        force: bool,
        /// Write nothing; print what would be written
        #[arg(long)]
        dry_run: bool,
    },
    /// Check specs against the rules; write nothing
    #[command(after_help = "\
All violations are printed, each with its line.

Examples:
  cargo top lint
  cargo top lint specs/trade")]
    Lint {
        /// Specs, or folders of specs. Default: specs
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Write the module api from specs
    #[command(after_help = "\
Every specs/CATEGORY/METHOD.yaml becomes a module of src/api, which the crate declares with `mod api;`.
Every specs/messages/TOPIC.yaml becomes a module of src/api/messages, which needs the feature messages of
the runtime crate.
Nothing is written if any spec is wrong. Only files that differ are written, and only generated files are
replaced or removed.

The code names the crate generated-sdk if the manifest depends on it, and top-client otherwise. A renamed
dependency is named as the manifest names it.

Examples:
  cargo top gen
  cargo top gen --check")]
    Gen(generate::GenArgs),
    /// Run a local TOP gateway
    #[command(after_help = "\
The gateway serves the methods of the crate's specs and of generated-sdk. A spec of the crate overrides
the spec of the same method in generated-sdk.

It responds to GET and POST on any path with the examples of the specs, in XML, JSON or simplified JSON.
It refuses invalid calls with the platform's codes. For a wrong signature, the response names a common
mistake, and the console prints the text to sign.

The address in a browser is a page: it searches methods, calls them, and lists the calls that arrived with
the reason of each refusal. For programs on this machine there are:
  /_explain   Explains a call that is sent here: the result, and the text to sign for each sign method
  /_faults    GET lists the faults, PUT replaces them by the lines of the body, DELETE removes them
  /_health    Reports that the gateway is running
  /_state     GET counts the records of the shop, PUT /_state/trade inserts one, GET /_state/trade/ID returns one
The header X-Top-Fault adds faults to one call.

It is the server of a message channel (TMC) too, at ws://ADDRESS/; `cargo top message send` sends messages.

With --seed or --state, calls read and change the data of a shop: sessions, items, trades, shipments and
refunds. With --record, calls are passed on to a real gateway, whose responses are stored.

It listens on loopback unless --allow-remote is given. Ctrl-C or SIGTERM closes its connections and stops it.

Examples:
  cargo top gateway
  cargo top gateway --listen 127.0.0.1:0 --app 12345678=helloworld
  cargo top gateway --seed 7 --state shop.json
  cargo top gateway --record taobao --responses recorded
  cargo top gateway --session s1 --quota taobao.trade.get=100/60 --fault code=10@5%")]
    Gateway(gateway::GatewayArgs),
    /// Send messages through a running local gateway
    #[command(after_help = "\
The gateway serves the message channel (TMC) at ws://ADDRESS/, beside the methods. A message goes to each
group that has connected; without such a group, it waits for the first one. It is delivered again until the
client confirms it.

Examples, with the gateway in another terminal:
  cargo top gateway
  cargo top message send taobao_trade_TradeSuccess
  cargo top message send taobao_trade_TradeSuccess --content '{\"tid\":1}'")]
    Message(message::MessageArgs),
    /// Call any method through the client, and print the response as JSON
    #[command(after_help = "\
Names and values are those of the platform's page: a list is comma-separated, an object is JSON, a
date is yyyy-MM-dd HH:mm:ss.
  NAME=VALUE    Send a value
  NAME=         Send an empty value
  NAME=@PATH    Send a file as a byte[] parameter
  NAME=@@TEXT   Send the text @TEXT

If a spec of the crate or of generated-sdk describes the method, the call is checked before it is sent.
Other calls are sent unchecked. Environment variables keep secrets out of the shell's history.

Examples, with the gateway in another terminal:
  cargo top gateway
  cargo top call taobao.time.get --gateway http://127.0.0.1:8642 --app 12345678=helloworld")]
    Call(call::CallArgs),
    /// Convert methods to OpenAPI, a Postman collection or JSON Schema
    #[command(after_help = "\
The methods are those of the crate's specs and of generated-sdk.
  openapi      OpenAPI 3.1. Each method is an operation on /router/rest?method=METHOD
  postman      A Postman collection 2.1, whose pre-request script signs each call. Its variables are gateway,
               app_key, app_secret, session and sign_method
  json-schema  JSON Schema 2020-12: #/$defs/METHOD.request and #/$defs/METHOD.response

Examples:
  cargo top export openapi --category trade --out trade.json
  cargo top export postman taobao.trade.get taobao.trades.sold.get")]
    Export(export::ExportArgs),
    /// Serve the methods to coding agents over standard input and output (MCP)
    #[command(after_help = "\
The tools are search_methods, describe_method and call_method. The methods are those of the crate's specs and
of generated-sdk.

A method is read-only if its spec says `reads: true`, or, without that key, if the last word of its name is
get, query, search, list, count or detail. Other methods are refused without --allow-writes.

Secrets are hidden in results: the AppSecret, the session, and values whose names or specs mark them as secret.
Integers above 2^53 are texts.

Example of a configuration:
  { \"mcpServers\": { \"top\": { \"command\": \"cargo\", \"args\": [\"top\", \"mcp\"] } } }")]
    Mcp(mcp::McpArgs),
    /// Send a signed SPI call to an application, as the platform does
    #[command(after_help = "\
The body has the examples of the method's spec. NAME=VALUE replaces a field of the request, or adds a signed
parameter to the query. The response of the application is printed.

The call is signed for the application 12345678 with the secret helloworld, unless --app names another one.

Examples:
  cargo top spi taobao.qimen.order.cancel --to http://127.0.0.1:8080/qimen
  cargo top spi taobao.qimen.order.cancel --to http://127.0.0.1:8080/qimen orderCode=JY1 customerId=c1
  cargo top spi taobao.qimen.order.cancel --to http://127.0.0.1:8080/qimen --body call.xml --charset gbk")]
    Spi(spi::SpiArgs),
}

fn main() -> ExitCode {
    let (program, arguments) = invocation(std::env::args_os().skip(1).collect());
    let is_call = arguments.first().is_some_and(|first| first == "call");
    let mut command = named(Cli::command(), program);
    let parsed = command.try_get_matches_from_mut(arguments).and_then(|matches| {
        let name = matches.subcommand_name().unwrap_or_default().to_owned();
        Ok((name, Cli::from_arg_matches(&matches)?.command))
    });
    let (name, command) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let _ = error.print();
            if is_call && error.kind() == ErrorKind::UnknownArgument {
                eprintln!("Pass a parameter of the method as NAME=VALUE.");
            }
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(command, program) {
        Ok(()) => ExitCode::SUCCESS,
        Err(CommandError::Usage(problem)) => {
            eprintln!("{problem}\nTry: {program} help {name}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the name of the program in messages, and its arguments. Cargo passes the subcommand as the first argument, and
/// so does `cargo xtask`.
fn invocation(mut arguments: Vec<OsString>) -> (&'static str, Vec<OsString>) {
    let program = match arguments.first().and_then(|first| first.to_str()) {
        Some("top") => "cargo top",
        Some("xtask") => "cargo xtask",
        _ => return ("cargo-top", arguments),
    };
    arguments.remove(0);
    (program, arguments)
}

/// Replaces the name of the program in the help texts of a command and its subcommands.
fn named(command: clap::Command, program: &str) -> clap::Command {
    let names: Vec<_> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let help = command.get_after_help().map(|help| help.to_string().replace("cargo top ", &format!("{program} ")));
    let command = command.bin_name(program).no_binary_name(true);
    let command = names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |command| {
            let help =
                command.get_after_help().map(|help| help.to_string().replace("cargo top ", &format!("{program} ")));
            match help {
                Some(help) => command.after_help(help),
                None => command,
            }
        })
    });
    match help {
        Some(help) => command.after_help(help),
        None => command,
    }
}

fn run(command: Command, program: &str) -> Result<(), CommandError> {
    let context = |specs| Context { program: program.to_owned(), specs };
    match command {
        Command::New { name, category } => {
            commands::new(&context(Project::required()?.specs()), &name, category.as_deref())
        }
        Command::Import { paths, category, force, dry_run } => {
            let options = ImportOptions { paths, category, force, dry_run };
            commands::import(&context(Project::required()?.specs()), &options)
        }
        Command::Lint { paths } => commands::lint(&context(Project::required()?.required_specs()?), &paths),
        Command::Gen(args) => generate::run(&args),
        Command::Gateway(args) => gateway::run(args),
        Command::Message(args) => message::run(args),
        Command::Call(args) => call::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Mcp(args) => mcp::run(&args),
        Command::Spi(args) => spi::run(&args),
    }
}
