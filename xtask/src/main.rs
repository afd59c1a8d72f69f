//! The commands of this repository. `cargo xtask help` lists them.

mod call;
mod cargo;
mod demo;
mod failure;
mod fuzz;
mod generate;
mod import;
mod lint;
mod new;
mod scale;
mod test;
mod text;
mod tool;
mod top;

use std::path::PathBuf;
use std::process::ExitCode;

use codegen::commands::{Context, line};
use codegen::project;
use lexopt::prelude::*;

use failure::Failure;

const HELP: &str = "\
The commands of this project.

Usage: cargo xtask COMMAND [OPTION]...

Commands:
  demo     Generate the SDK, call the local gateway, print both sides
  test     Run the checks that CI runs, or one part: cargo xtask test lint
  fuzz     Run the fuzz targets, each for a short time
  gen      Write generated-sdk from specs, or a trimmed SDK elsewhere
  new      Write a spec to fill in
  import   Write specs from the platform's own documents
  lint     Check specs against the rules
  gateway  Run a TOP gateway on loopback, built from the specs
  message  Send messages through a running local gateway
  call     Call any method through the client, or print the call as a curl command
  spi      Send a signed SPI call to an application
  export   Convert methods to OpenAPI, a Postman collection or JSON Schema
  mcp      Serve the methods to coding agents over standard input and output
  api      Compare the public API of the libraries with the committed lists
  bench    Compare the cost of the runtime with a lower bound for each task
  scale    Measure the generator and cargo with many synthetic methods
  help     Print help for a command: cargo xtask help gen

Exit status: 0 success, 1 failure, 2 usage error.";

/// The name of the program in messages.
const PROGRAM: &str = "cargo xtask";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run() -> Result<(), Failure> {
    let mut arguments = lexopt::Parser::from_env();
    let command = match arguments.next()? {
        None | Some(Short('h') | Long("help")) => "help".to_owned(),
        Some(Value(command)) => command.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    let result = match command.as_str() {
        "api" => tool::API.run(arguments),
        "bench" => tool::BENCH.run(arguments),
        "call" => call::command(arguments),
        "demo" => demo::command(arguments),
        "export" => top::run_local("export", arguments),
        "fuzz" => fuzz::command(arguments),
        "gateway" => call::gateway(arguments),
        "gen" => generate::command(arguments),
        "import" => import::command(arguments),
        "lint" => lint::command(arguments),
        "mcp" => top::run_full("mcp", arguments),
        "message" => top::run_local("message", arguments),
        "new" => new::command(arguments),
        "scale" => scale::command(arguments),
        "spi" => top::run_to("spi", arguments),
        "test" => test::command(arguments),
        "help" => return help(arguments),
        other => return Err(Failure::usage(format!("unknown command {other:?}"))),
    };
    result.map_err(|failure| failure.of(command))
}

fn help(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let text = match arguments.next()? {
        None => HELP,
        Some(Value(command)) => match command.string()?.as_str() {
            "api" => tool::API.help,
            "bench" => tool::BENCH.help,
            "call" => return top::help("call"),
            "demo" => demo::HELP,
            "export" => return top::help("export"),
            "fuzz" => fuzz::HELP,
            "gateway" => return top::help("gateway"),
            "gen" => generate::HELP,
            "help" => HELP,
            "import" => import::HELP,
            "lint" => lint::HELP,
            "mcp" => return top::help("mcp"),
            "message" => return top::help("message"),
            "new" => new::HELP,
            "scale" => scale::HELP,
            "spi" => return top::help("spi"),
            "test" => test::HELP,
            other => return Err(Failure::usage(format!("unknown command {other:?}"))),
        },
        Some(other) => return Err(other.unexpected().into()),
    };
    line(text);
    Ok(())
}

/// Parses the command line of a command without options. Returns whether it printed `help`.
fn only_help(mut arguments: lexopt::Parser, help: &str) -> Result<bool, Failure> {
    match arguments.next()? {
        None => Ok(false),
        Some(Short('h') | Long("help")) => {
            line(help);
            Ok(true)
        }
        Some(other) => Err(other.unexpected().into()),
    }
}

/// Returns the context of the commands that `cargo xtask` and `cargo top` share.
fn context() -> Result<Context, Failure> {
    Ok(Context { program: PROGRAM.to_owned(), specs: root()?.join("specs") })
}

/// Returns the root of the project of the current folder. It is empty if it is the current folder, for short paths in
/// messages.
fn root() -> Result<PathBuf, Failure> {
    let folder =
        std::env::current_dir().map_err(|error| Failure::new(format!("cannot read the current folder: {error}")))?;
    let root = project::root(&folder).ok_or_else(|| Failure::new(project::not_found(&folder)))?;
    Ok(if root == folder { PathBuf::new() } else { root })
}
