//! `cargo xtask demo`: generates the SDK and calls the local gateway.

use std::env::consts::EXE_SUFFIX;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use codegen::commands::line;

use crate::cargo::{cargo, run};
use crate::failure::Failure;
use crate::{generate, only_help};

pub(crate) const HELP: &str = "\
Generate the SDK, call the local gateway, and print both sides of each call.

Usage: cargo xtask demo

The command writes generated-sdk from the specs and starts the gateway on a free port. It calls
taobao.top.client.token.get with each sign method, and once with a wrong secret. It fails if a result
is unexpected.

Options:
  -h, --help  Print help";

const KEY: &str = "12345678";
const SECRET: &str = "helloworld";

pub(crate) fn command(arguments: lexopt::Parser) -> Result<(), Failure> {
    if only_help(arguments, HELP)? {
        return Ok(());
    }
    generate::generate(false)?;
    build()?;
    let mut gateway = Gateway::start()?;
    let client = Command::new(built("examples/demo")?)
        .env("TOP_GATEWAY", format!("http://{}/api", gateway.address))
        .env("TOP_APP_KEY", KEY)
        .env("TOP_APP_SECRET", SECRET)
        .env("TOP_SESSION", "71f46e93-8049-49d6-8322-7991d2ce7175")
        .status()
        .map_err(|error| Failure::new(format!("cannot start the client: {error}")))?;
    let console = gateway.stop();
    line(format_args!("\n── console of the gateway {}\n{}", "─".repeat(50), console.trim_end()));
    if client.success() { Ok(()) } else { Err(Failure::new("the demo failed: a call returned an unexpected result")) }
}

/// Builds the gateway and the client in one command: two commands would build their common dependencies twice, with other
/// features. Without TLS, which takes longest to build and is not needed on loopback.
fn build() -> Result<(), Failure> {
    let mut command = cargo();
    command.args(["build", "--package", "cargo-top", "--package", "generated-sdk", "--bin", "cargo-top"]);
    command.args([
        "--example",
        "demo",
        "--no-default-features",
        "--features",
        "generated-sdk/client,generated-sdk/top",
    ]);
    if !std::io::stderr().is_terminal() {
        command.arg("--quiet");
    }
    run(&mut command)
}

/// Returns the path of a built program. Cargo writes it next to this program.
fn built(program: &str) -> Result<PathBuf, Failure> {
    let this = std::env::current_exe().map_err(|error| Failure::new(format!("cannot find this program: {error}")))?;
    Ok(this.with_file_name(format!("{program}{EXE_SUFFIX}")))
}

/// A running gateway, which ends when this value is dropped.
struct Gateway {
    child: Child,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Gateway {
    fn start() -> Result<Self, Failure> {
        let mut child = Command::new(built("cargo-top")?)
            .args(["gateway", "--listen", "127.0.0.1:0", "--app", &format!("{KEY}={SECRET}")])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::new(format!("cannot start the gateway: {error}")))?;
        let output = child.stdout.take().ok_or_else(|| Failure::new("the gateway has no output"))?;
        let mut gateway = Self { child, output: BufReader::new(output), address: String::new() };
        let mut line = String::new();
        let _ = gateway.output.read_line(&mut line);
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split_once('/'));
        gateway.address = address
            .ok_or_else(|| Failure::new("the gateway did not start: expected its address on the first line"))?
            .0
            .to_owned();
        Ok(gateway)
    }

    /// Ends the gateway and returns its console output.
    fn stop(&mut self) -> String {
        let _ = self.child.kill();
        let mut console = String::new();
        let _ = self.output.read_to_string(&mut console);
        console
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
