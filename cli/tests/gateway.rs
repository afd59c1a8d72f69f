//! `cargo top gateway`, run as a program.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use support::{cargo_top, root};

fn program(arguments: &[&str]) -> Command {
    cargo_top(&[&["gateway"], arguments].concat())
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
        assert!(told.contains(problem), "{told}");
        assert!(!told.contains("s3cr3t"), "{told}");
    }
}

#[test]
fn specs_that_are_not_there() {
    let (code, told) = ended(&["--specs", "nowhere"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("cannot read the folder") && told.contains("nowhere"), "{told}");
}

/// The first line of a gateway that starts in `folder`, and what it reports before.
fn start(folder: &Path, arguments: &[&str]) -> (String, String) {
    let mut command = program(&[&["--listen", "127.0.0.1:0"], arguments].concat());
    let mut child = command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    (line, String::from_utf8(output.stderr).unwrap())
}

/// The number of shipped methods.
fn shipped() -> usize {
    let categories = fs::read_dir(root().join("specs")).unwrap().map(|entry| entry.unwrap().path());
    categories.filter(|path| path.is_dir()).map(|category| fs::read_dir(category).unwrap().count()).sum()
}

#[test]
fn methods_of_the_crate_and_shipped_methods() {
    let folder = tempfile::tempdir().unwrap();
    let (line, reported) = start(folder.path(), &[]);
    assert!(line.contains(&format!("methods: {};", shipped())), "{line}");
    assert_eq!(reported, "");

    let specs = folder.path().join("specs");
    let spec = fs::read_to_string(root().join("specs/util/taobao.time.get.yaml")).unwrap();
    fs::create_dir_all(specs.join("demo")).unwrap();
    fs::create_dir_all(specs.join("other")).unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[package]\nname = \"demo\"\n").unwrap();
    fs::write(specs.join("demo/demo.time.get.yaml"), spec.replace("taobao.time.get", "demo.time.get")).unwrap();
    fs::write(specs.join("other/taobao.time.get.yaml"), spec.replace("\n", "\r\n")).unwrap();
    for folder in [folder.path(), &specs, &specs.join("demo")] {
        let (line, reported) = start(folder, &[]);
        assert!(line.contains(&format!("methods: {};", shipped() + 1)), "{line}");
        // A spec that is the same as the shipped one, but for line ends, is no news.
        assert_eq!(reported, "");
    }
    fs::write(specs.join("other/taobao.time.get.yaml"), format!("{spec}# another\n")).unwrap();
    let (line, reported) = start(folder.path(), &[]);
    assert!(line.contains(&format!("methods: {};", shipped() + 1)), "{line}");
    let expected = "other/taobao.time.get.yaml is used in place of the shipped spec of taobao.time.get\n";
    assert!(reported.replace('\\', "/").ends_with(expected), "{reported}");
    let (line, _) = start(folder.path(), &["--specs", "specs"]);
    assert!(line.contains("methods: 2;"), "{line}");
}
