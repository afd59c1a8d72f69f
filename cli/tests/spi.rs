//! `cargo top spi` against a socket.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

use top_protocol::spi::http::Request;
use top_protocol::spi::{SpiCall, SpiVerifier};

/// Runs the command against an application that answers with `response`. Returns its output and the verified call.
fn run(arguments: &[&str], response: &'static str) -> (Output, SpiCall) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/spi?shop=1", listener.local_addr().unwrap());
    let application = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut received, mut buffer) = (Vec::new(), [0; 4096]);
        let request = loop {
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&received));
            received.extend_from_slice(&buffer[..count]);
            if let Some(request) = complete(&received) {
                break request;
            }
        };
        stream.write_all(response.as_bytes()).unwrap();
        SpiVerifier::new("helloworld").verify(&request).unwrap()
    });
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-top"));
    command.current_dir(folder.path()).env("NO_PROXY", "127.0.0.1").arg("spi").args(arguments).args(["--to", &url]);
    (command.output().unwrap(), application.join().unwrap())
}

/// Returns the request if all of it was received.
fn complete(bytes: &[u8]) -> Option<Request<Vec<u8>>> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut request = Request::builder().uri(lines.next().unwrap().split(' ').nth(1).unwrap());
    let mut length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        }
        request = request.header(name, value);
    }
    let body = bytes.get(end + 4..end + 4 + length)?;
    Some(request.body(body.to_vec()).unwrap())
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\n<ok>";
const CANCEL: &str = "taobao.qimen.order.cancel";

#[test]
fn sends_the_examples_of_the_spec() {
    let (output, call) = run(&[CANCEL, "orderCode=JY1", "customerId=c1"], OK);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "<ok>\n");
    assert_eq!(call.method(), Some(CANCEL));
    assert_eq!((call.parameter("customerId"), call.parameter("shop")), (Some("c1"), Some("1")));
    assert!(call.body().contains("<orderCode>JY1</orderCode>"), "{}", call.body());
    assert!(call.body().contains("<warehouseCode>OTHER</warehouseCode>"), "{}", call.body());
}

#[test]
fn sends_a_body_of_a_method_without_a_spec() {
    let folder = tempfile::tempdir().unwrap();
    let body = folder.path().join("body.json");
    std::fs::write(&body, r#"{"nick":"小二"}"#).unwrap();
    let (output, call) = run(&["acme.a.b", "--body", body.to_str().unwrap(), "--charset", "gbk"], OK);
    assert!(output.status.success(), "{output:?}");
    assert_eq!((call.method(), call.body()), (Some("acme.a.b"), r#"{"nick":"小二"}"#));
}

#[test]
fn fails_on_another_status() {
    let response = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbad";
    let (output, _) = run(&[CANCEL, "--format", "json"], response);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "bad\n");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "unexpected HTTP status 500: expected 200\n");
}

#[test]
fn refuses_methods_that_are_no_spi() {
    for (arguments, code, expected) in [
        (&["taobao.time.get"][..], 1, "taobao.time.get is not an SPI"),
        (&["acme.a.b"], 1, "unknown method acme.a.b: no spec describes it"),
        (&[CANCEL, "orderCode"], 2, "invalid value \"orderCode\": expected NAME=VALUE"),
        (&[CANCEL, "--app", "secret"], 2, "invalid --app: expected KEY=SECRET"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-top"));
        let output = command.arg("spi").args(arguments).args(["--to", "http://127.0.0.1:1"]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(code) && error.starts_with(expected), "{error}");
    }
}
