//! `cargo top` in a crate outside this workspace: from a page to calls of its own and shipped methods.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use support::{cargo_top, root, shared_target, text};
use tempfile::TempDir;

const MAIN: &str = r##"#![deny(warnings)]

mod api;

use generated_sdk::Client;
use generated_sdk::api::util::TimeGetRequest;
use generated_sdk::protocol::messages::Message;

use crate::api::demo::FixtureParcelsGetRequest;
use crate::api::messages::TopicMessage;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let message = Message::new(1, "acme_parcel_Lost", r#"{"parcel_id": 7}"#);
    if let TopicMessage::AcmeParcelLost(lost) = TopicMessage::from_message(&message)?.into_value() {
        println!("topic: {:?}", lost.parcel_id);
    }
    let client = Client::from_env()?.build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let own = FixtureParcelsGetRequest::new(["parcel_id"], "2024-06-18 00:00:00".parse()?);
        println!("own: {:?}", client.execute(&own).await?.message);
        let shipped = client.execute(&TimeGetRequest::new()).await?;
        println!("shipped: {}", shipped.time.ok_or("no time")?);
        Ok(())
    })
}
"##;

const TOPIC: &str =
    "topic: acme_parcel_Lost\ntitle: 包裹丢失\nfields:\n  - { name: parcel_id, type: Number, required: true }\n";

/// Returns a folder outside this workspace.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    assert!(!folder.path().starts_with(root()));
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    cargo_top(arguments).current_dir(folder).output().unwrap()
}

fn succeeded(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    text(&output.stdout)
}

/// Returns a manifest with these lines of dependencies.
fn manifest(dependencies: &str) -> String {
    format!("[package]\nname = \"acceptance\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}")
}

/// Returns the dependency on the SDK of this workspace, without TLS.
fn sdk(name: &str) -> String {
    let path = root().join("generated-sdk");
    format!(
        "{name} = {{ package = \"generated-sdk\", path = '{}', default-features = false, features = [\"client\", \"messages\", \"util\"] }}\n\
         tokio = {{ version = \"1\", features = [\"rt\"] }}\n",
        path.display()
    )
}

/// A gateway on a free port, which ends when this value is dropped.
struct Gateway(Child, String);

impl Gateway {
    fn start(folder: &Path) -> Self {
        let mut command = cargo_top(&["gateway", "--listen", "127.0.0.1:0"]);
        let mut child = command.current_dir(folder).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_once("http://").unwrap().1.split_once('/').unwrap().0;
        Self(child, format!("http://{address}/api"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn calls_methods_of_the_crate_and_shipped_methods() {
    let folder = folder();
    let folder = folder.path();
    let page = root().join("codegen/tests/fixtures/documents/taobao.fixture.parcels.get.txt");
    fs::copy(page, folder.join("page.txt")).unwrap();
    fs::create_dir(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest("")).unwrap();
    fs::write(folder.join("src/main.rs"), "fn main() {}\n").unwrap();

    let output = run(folder, &["import", "page.txt", "--category", "demo"]);
    let printed = succeeded(&output);
    assert!(printed.ends_with("next: cargo top gen\n"), "{printed}");
    assert!(folder.join("specs/demo/taobao.fixture.parcels.get.yaml").is_file());

    let output = run(folder, &["new", "acme_parcel_Lost"]);
    assert!(succeeded(&output).ends_with("fill it in, then run: cargo top gen\n"), "{output:?}");
    fs::write(folder.join("specs/messages/acme_parcel_Lost.yaml"), TOPIC).unwrap();
    assert_eq!(succeeded(&run(folder, &["lint"])), "2 specs, no problems\n");

    // `gen` prints the dependency, its feature and the declaration that the crate lacks.
    let output = run(folder, &["gen"]);
    let printed = succeeded(&output);
    assert!(printed.starts_with("created  demo/"), "{printed}");
    assert!(printed.contains("\n1 method in 1 category and 1 topic: 5 files, 5 changed\n"), "{printed}");
    assert!(printed.contains("\nadd to [dependencies] in Cargo.toml:\n    top-client = { version = "), "{printed}");
    assert!(printed.contains(", features = [\"messages\"] }\n"), "{printed}");
    assert!(printed.ends_with("\nadd to main.rs:\n    mod api;\n"), "{printed}");
    fs::write(folder.join("Cargo.toml"), manifest("top-client = \"0.1\"\n")).unwrap();
    let output = run(folder, &["gen"]);
    let hint = "\nadd the feature `messages` to the dependency top-client in Cargo.toml\n";
    assert!(succeeded(&output).contains(hint), "{output:?}");
    let api = || fs::read_to_string(folder.join("src/api/mod.rs")).unwrap();
    assert!(api().starts_with("// Generated by `cargo top gen` from specs. "), "{}", api());
    assert!(api().contains("\ntop_client::generated::contract!("), "{}", api());

    fs::write(folder.join("Cargo.toml"), manifest(&sdk("generated-sdk"))).unwrap();
    fs::write(folder.join("src/main.rs"), MAIN).unwrap();
    let stale = run(folder, &["gen", "--check"]);
    assert_eq!(stale.status.code(), Some(1));
    assert!(text(&stale.stderr).ends_with("generated files do not match the specs; run: cargo top gen\n"), "{stale:?}");
    let output = run(folder, &["gen"]);
    assert!(succeeded(&output).ends_with("1 method in 1 category and 1 topic: 5 files, 4 changed\n"), "{output:?}");
    assert!(succeeded(&run(folder, &["gen", "--check"])).ends_with("all up to date\n"));
    assert_eq!(succeeded(&run(folder, &["gen", "--diff"])), "0 differences\n");
    assert!(api().contains("\ngenerated_sdk::generated::contract!("), "{}", api());

    let gateway = Gateway::start(folder);
    // With the lock file of the workspace, cargo needs no registry.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).args(["--quiet", "--offline"]).current_dir(folder);
        command.env("CARGO_TARGET_DIR", shared_target()).env("CARGO_PROFILE_DEV_DEBUG", "0");
        command.env("TOP_GATEWAY", &gateway.1);
        command.env("TOP_APP_KEY", "12345678").env("TOP_APP_SECRET", "helloworld").env("TOP_SESSION", "session");
        command.output().unwrap()
    };
    let output = cargo(&["run"]);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(succeeded(&output), "topic: Some(7)\nown: Some(\"一切正常\")\nshipped: 2024-06-18 10:00:00\n");

    // `cargo top call` calls both methods too.
    let call = |arguments: &[&str]| {
        let common = ["--gateway", &gateway.1, "--app", "12345678=helloworld", "--session", "session"];
        run(folder, &[&["call"], arguments, &common].concat())
    };
    let own = call(&["taobao.fixture.parcels.get", "fields=parcel_id", "start_time=2024-06-18 00:00:00"]);
    assert!(succeeded(&own).contains("一切正常"), "{own:?}");
    assert!(succeeded(&call(&["taobao.time.get"])).contains("2024-06-18 10:00:00"));
    let wrong = call(&["taobao.fixture.parcels.get", "fields=parcel_id"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("missing parameter start_time of type Date"), "{wrong:?}");

    // The code uses the name of a renamed dependency.
    fs::write(folder.join("Cargo.toml"), manifest(&sdk("sdk"))).unwrap();
    fs::write(folder.join("src/main.rs"), MAIN.replace("generated_sdk", "sdk")).unwrap();
    assert!(succeeded(&run(folder, &["gen"])).ends_with(" 4 changed\n"));
    assert!(api().contains("\nsdk::generated::contract!("), "{}", api());
    assert_eq!(succeeded(&cargo(&["run"])), succeeded(&output));
}

#[test]
fn reports_missing_crates_and_specs() {
    let folder = folder();
    let folder = folder.path();
    fs::create_dir(folder.join("src")).unwrap();
    for (arguments, expected) in [
        (&["lint"][..], "no crate found: expected a `Cargo.toml` in "),
        (&["gen"], "no crate found: "),
        (&["new", "taobao.parcel.get"], "no crate found: "),
        (&["import", "page.txt"], "no crate found: "),
    ] {
        let output = run(folder, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).starts_with(expected), "{output:?}");
    }
    fs::write(folder.join("Cargo.toml"), manifest("")).unwrap();
    fs::write(folder.join("src/lib.rs"), "").unwrap();
    for command in ["lint", "gen"] {
        let output = run(&folder.join("src"), &[command]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        let reported = text(&output.stderr);
        assert!(reported.starts_with("no specs found: expected a folder `specs` in "), "{reported}");
        assert!(reported.contains("create it with `cargo top import PAGE` or `cargo top new METHOD`"), "{reported}");
    }
    // A refused document and an invalid name create nothing.
    assert_eq!(run(folder, &["import", "nowhere.txt"]).status.code(), Some(1));
    assert_eq!(run(folder, &["new", "no method"]).status.code(), Some(2));
    assert!(!folder.join("specs").exists());
    let output = run(folder, &["new", "taobao.parcel.get"]);
    assert!(succeeded(&output).ends_with("fill it in, then run: cargo top gen\n"), "{output:?}");
    assert!(folder.join("specs/parcel/taobao.parcel.get.yaml").is_file());
    // A workspace without a package has specs, but no folder for code.
    fs::write(folder.join("Cargo.toml"), "[workspace]\n").unwrap();
    let output = run(folder, &["gen"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("has no [package]"), "{output:?}");
}

#[test]
fn uses_the_platform_of_the_crate() {
    let folder = folder();
    let folder = folder.path();
    fs::create_dir_all(folder.join("specs")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest("")).unwrap();
    let call = ["call", "taobao.time.get", "--app", "k=s", "--curl", "--gateway"];
    let output = run(folder, &[&call[..], &["mine"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).starts_with("unknown gateway \"mine\": expected --gateway or TOP_GATEWAY"),
        "{output:?}"
    );
    let platform = fs::read_to_string(root().join("specs/platform.yaml")).unwrap();
    let platform = platform.replace("id: ieasynote", "id: mine").replace("https://open.ieasynote.com/api", "http://");
    fs::write(folder.join("specs/platform.yaml"), &platform).unwrap();
    let output = run(folder, &[&call[..], &["mine"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("expected a URL starting with `https://`"), "{output:?}");
    fs::write(folder.join("specs/platform.yaml"), platform.replace("http://\n", "https://mine.example/api\n")).unwrap();
    let output = run(folder, &[&call[..], &["mine"]].concat());
    // Printed as a curl command, or as an error if the program is built without TLS.
    let printed = [&*output.stdout, &*output.stderr].concat();
    assert!(text(&printed).contains("https://mine.example/api"), "{output:?}");
}

#[test]
fn prints_help_and_returns_exit_statuses() {
    for (arguments, status, expected) in [
        (&["--help"][..], 0, "Usage: cargo top <COMMAND>"),
        (&["help", "gen"], 0, "Usage: cargo top gen [OPTIONS]"),
        (&["--version"], 0, "cargo-top "),
        (&[], 2, "Usage: cargo top <COMMAND>"),
        (&["generate"], 2, "unrecognized subcommand 'generate'"),
        (&["gen", "--check", "--diff"], 2, "cannot be used with"),
        (&["import"], 2, "<PATH>..."),
    ] {
        let output = run(&root(), arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        let (printed, silent) =
            if status == 0 { (&output.stdout, &output.stderr) } else { (&output.stderr, &output.stdout) };
        assert!(text(printed).contains(expected), "{}", text(printed));
        assert_eq!(text(silent), "");
        assert!(!text(printed).contains('\x1b'), "{arguments:?}");
    }
    // Run without cargo, and by `cargo xtask`.
    let program = env!("CARGO_BIN_EXE_cargo-top");
    for (arguments, expected) in
        [(&["call", "-h"][..], "Usage: cargo-top call"), (&["xtask", "call", "-h"], "  cargo xtask gateway\n")]
    {
        let output = Command::new(program).args(arguments).output().unwrap();
        assert!(succeeded(&output).contains(expected), "{output:?}");
    }
}
