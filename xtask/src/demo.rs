//! `cargo xtask demo`: the whole idea on real input.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use codegen::commands::line;

use crate::cargo::{cargo, cargo_run, cargo_top, run};
use crate::failure::Failure;
use crate::{generate, only_help};

pub(crate) const HELP: &str = "\
Show the whole idea on real input: specs, generated code, a signed call, both sides of it.

Usage: cargo xtask demo

It writes generated-sdk from specs, starts the gateway on a free port of loopback, calls
taobao.top.client.token.get through the generated client with each way of signing, and once with a
wrong secret. It fails if anything is not as it should be.";

const KEY: &str = "12345678";
const SECRET: &str = "helloworld";

pub(crate) fn command(arguments: lexopt::Parser) -> Result<(), Failure> {
    if only_help(arguments, HELP)? {
        return Ok(());
    }
    generate::generate(false)?;
    // Built first, so that the gateway's first line is its address.
    run(cargo().args(["build", "--quiet", "--package", "cargo-top", "--no-default-features"]))?;
    let mut gateway = Gateway::start()?;
    // Without TLS, which calls over loopback do not need and which takes longest to build.
    let features = ["--no-default-features", "--features", "client,top"];
    let client = cargo_run(&[&["--package", "generated-sdk", "--example", "demo"], &features[..]].concat())?
        .env("TOP_GATEWAY", format!("http://{}/api", gateway.address))
        .env("TOP_APP_KEY", KEY)
        .env("TOP_APP_SECRET", SECRET)
        .env("TOP_SESSION", "71f46e93-8049-49d6-8322-7991d2ce7175")
        .status()
        .map_err(|error| Failure::new(format!("cannot start the client: {error}")))?;
    let seen = gateway.stop();
    line(format_args!("\n── what the gateway saw {}\n{}", "─".repeat(52), seen.trim_end()));
    if client.success() { Ok(()) } else { Err(Failure::new("the demo did not go as it should")) }
}

/// The running gateway. It ends with this value.
struct Gateway {
    child: Child,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Gateway {
    fn start() -> Result<Self, Failure> {
        let mut child = cargo_top(false)?
            .args(["gateway", "--listen", "127.0.0.1:0", "--app", &format!("{KEY}={SECRET}")])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::new(format!("cannot start the gateway: {error}")))?;
        let output = child.stdout.take().ok_or_else(|| Failure::new("the gateway has no output"))?;
        let mut gateway = Self { child, output: BufReader::new(output), address: String::new() };
        let mut line = String::new();
        let _ = gateway.output.read_line(&mut line);
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split_once('/'));
        gateway.address = address.ok_or_else(|| Failure::new("the gateway did not start"))?.0.to_owned();
        Ok(gateway)
    }

    /// Ends the gateway and returns what it told.
    fn stop(&mut self) -> String {
        let _ = self.child.kill();
        let mut told = String::new();
        let _ = self.output.read_to_string(&mut told);
        told
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
