//! The program: what it prints, and how it ends.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command.current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")).args(arguments);
    command
}

fn ended(arguments: &[&str]) -> (Option<i32>, String) {
    let output = program(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn it_prints_the_address_that_it_got() {
    let mut child = program(&["--listen", "127.0.0.1:0", "--app", "k1=s1", "--app", "k2=s=2"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
    assert!(!line.contains(":0/") && line.ends_with("apps: k1, k2\n"), "{line}");
}

#[test]
fn an_occupied_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (code, told) = ended(&["--listen", &address]);
    assert_eq!(code, Some(1));
    assert!(told.starts_with(&format!("cannot listen on {address}: ")), "{told}");
    assert!(told.ends_with("for any free port: --listen 127.0.0.1:0\n"), "{told}");
}

#[test]
fn addresses_that_others_could_reach() {
    let (code, told) = ended(&["--listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("loopback only"), "{told}");
}

#[test]
fn command_lines_that_are_wrong() {
    for (arguments, problem) in [
        (&["--app", "s3cr3t"][..], "--app takes KEY=SECRET"),
        (&["--listen", "here"], "here"),
        (&["--items", "many"], "many"),
        (&["--port", "1"], "--port"),
    ] {
        let (code, told) = ended(arguments);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(problem) && told.ends_with("Try: cargo xtask gateway --help\n"), "{told}");
        assert!(!told.contains("s3cr3t"), "{told}");
    }
}

#[test]
fn specs_that_are_not_there() {
    let (code, told) = ended(&["--specs", "nowhere"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("nowhere/platform.yaml"), "{told}");
}

/// The first line of a gateway that starts in `folder`.
fn first_line(folder: &Path) -> String {
    let mut child = program(&["--listen", "127.0.0.1:0"]).current_dir(folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    line
}

#[test]
fn the_project_around_the_current_folder() {
    let folder = tempfile::tempdir().unwrap();
    let specs = folder.path().join("specs");
    fs::create_dir_all(specs.join("util")).unwrap();
    for file in ["platform.yaml", "util/taobao.time.get.yaml"] {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
        fs::copy(shipped.join(file), specs.join(file)).unwrap();
    }
    let output = program(&[]).current_dir(&specs).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("no project found: expected `specs/` and a `Cargo.toml` with [workspace] in "), "{told}");
    fs::write(folder.path().join("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
    for folder in [folder.path(), &specs, &specs.join("util")] {
        let line = first_line(folder);
        assert!(line.contains("methods: 1;"), "{line}");
    }
}
