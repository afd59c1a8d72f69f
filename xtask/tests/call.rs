//! `cargo xtask call` and `cargo xtask gateway`. The tests of `cargo-top` cover the details.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use support::{command, xtask};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn call(arguments: &[&str]) -> Output {
    xtask(&[&["call", "taobao.time.get", "--app", "12345678=helloworld"], arguments].concat())
}

#[test]
fn calls_the_gateway() {
    let mut gateway = command(&["gateway", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(gateway.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.strip_prefix("listening on ").and_then(|line| line.split_whitespace().next());
    let output = url.map(|url| call(&["--gateway", url]));
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    let output = output.unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    assert!(text(&output.stdout).contains("\"time\": \"2024-06-18 10:00:00\""), "{output:?}");
}

#[test]
fn returns_exit_statuses_and_names_the_program() {
    let output = call(&["--gateway", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let output = call(&["now=1", "--gateway", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).ends_with("Try: cargo xtask help call\n"), "{output:?}");
}
