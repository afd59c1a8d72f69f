//! The commands as processes.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

mod support;

use std::fs;
use std::process::Command;

use support::{absent_path, root, shared_target, xtask};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn help_lists_every_command() {
    let output = xtask(&["help"]);
    assert_eq!(output.status.code(), Some(0));
    for arguments in [&[][..], &["--help"], &["-h"]] {
        assert_eq!(xtask(arguments).stdout, output.stdout);
    }
    let commands = text(&output.stdout).split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let commands: Vec<_> = commands.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    let expected = [
        "demo", "test", "fuzz", "gen", "new", "import", "lint", "gateway", "message", "call", "spi", "export", "mcp",
        "api", "bench", "scale", "help",
    ];
    assert_eq!(commands, expected);
    for command in commands.into_iter().filter(|command| *command != "help") {
        let of_help = xtask(&["help", command]);
        assert_eq!(of_help.stdout, xtask(&[command, "--help"]).stdout);
        assert!(text(&of_help.stdout).contains(&format!("\nUsage: cargo xtask {command}")), "{command}");
    }
}

#[test]
fn usage_errors_name_the_help() {
    for (arguments, help) in [
        (&["generate"][..], ""),
        (&["gen", "--chek"], " gen"),
        (&["gen", "extra"], " gen"),
        (&["--verbose"], ""),
        (&["help", "nothing"], ""),
        (&["test", "nothing"], " test"),
    ] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
        assert!(text(&output.stderr).ends_with(&format!("Try: cargo xtask help{help}\n")), "{arguments:?}");
    }
}

#[test]
fn generated_files_are_up_to_date() {
    let output = xtask(&["gen", "--check"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).ends_with(" all up to date\n"));
}

#[test]
fn generated_package_compiles() {
    let out = absent_path("trimmed");
    let out_text = out.to_str().unwrap();
    let arguments = ["gen", "--only", "taobao.trade.*,taobao.time.get", "--out", out_text];
    let output = xtask(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("methods in 2 categories"), "{}", text(&output.stdout));
    assert!(text(&xtask(&arguments).stdout).ends_with("all up to date\n"));
    assert!(!out.join("src/api/top").exists() && out.join("src/api/util/time_get.rs").exists());
    // With the lock file of the project, the build needs no registry.
    fs::copy(root().join("Cargo.lock"), out.join("Cargo.lock")).unwrap();
    let check = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--no-default-features"])
        .current_dir(&out)
        .env("CARGO_TARGET_DIR", shared_target())
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .output()
        .unwrap();
    assert!(check.status.success() && check.stderr.is_empty(), "{}", text(&check.stderr));
    // A file that was not generated is not replaced.
    fs::write(out.join("src/lib.rs"), "// mine\n").unwrap();
    let output = xtask(&arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("the file was not generated"), "{}", text(&output.stderr));
}

#[test]
fn generated_package_can_be_split() {
    let out = absent_path("split");
    let generate = |crates: &[&str]| {
        let only = "taobao.trade.*,taobao.time.get,taobao_trade_TradeCreate";
        let output = xtask(&[&["gen", "--only", only, "--out", out.to_str().unwrap()], crates].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    let check = || {
        // The paths are those of a package of one crate.
        fs::create_dir_all(out.join("examples")).unwrap();
        let code = "use split::api::{messages::TradeCreate, trade::TradeGetRequest, util::TimeGetRequest};\n\n\
                    fn main() {\n    dbg!(TradeCreate::default(), TradeGetRequest::new([\"tid\"], 1), TimeGetRequest::new());\n}\n";
        fs::write(out.join("examples/paths.rs"), code).unwrap();
        fs::copy(root().join("Cargo.lock"), out.join("Cargo.lock")).unwrap();
        let check = Command::new(env!("CARGO"))
            .args(["check", "--quiet", "--offline", "--workspace", "--examples", "--no-default-features"])
            .current_dir(&out)
            .env("CARGO_TARGET_DIR", shared_target())
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .output()
            .unwrap();
        assert!(check.status.success() && check.stderr.is_empty(), "{}", text(&check.stderr));
    };
    // More crates than modules: trade, util and messages.
    generate(&["--crates", "9"]);
    assert_eq!(fs::read_dir(out.join("crates")).unwrap().count(), 3);
    check();
    assert!(generate(&["--crates", "9"]).ends_with("all up to date\n"));
    generate(&["--crates", "2"]);
    assert_eq!(fs::read_dir(out.join("crates")).unwrap().count(), 2);
    check();
    generate(&[]);
    assert!(!out.join("crates").exists() && out.join("src/api/util/time_get.rs").exists());
    check();
    for arguments in [&["gen", "--crates", "2"][..], &["gen", "--out", "x", "--crates", "0"]] {
        assert_eq!(xtask(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn gen_keeps_other_folders() {
    let out = absent_path("other");
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    let output = xtask(&["gen", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("expected an empty folder, a new folder or a generated package"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}

#[test]
fn gen_reports_patterns_without_a_match() {
    let out = absent_path("nothing");
    let output = xtask(&["gen", "--only", "taobao.nothing.*", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no method or topic matches the pattern"), "{}", text(&output.stderr));
    assert!(!out.exists());
    assert_eq!(xtask(&["gen", "--only", "taobao.time.get"]).status.code(), Some(2));
    assert_eq!(xtask(&["gen", "--check", "--diff"]).status.code(), Some(2));
}

#[test]
fn new_reports_invalid_names_and_existing_specs() {
    for (arguments, code, expected) in [
        (&["new"][..], 2, "no name: expected a METHOD or a TOPIC"),
        (&["new", "../x"], 2, "invalid name"),
        (&["new", "taobao.a.b", "--category", "../x"], 2, "invalid category"),
        (&["new", "taobao.time.get", "--category", "util"], 1, "already exists"),
        (&["new", "taobao.time.get"], 1, "util/taobao.time.get.yaml already exists"),
        (&["new", "taobao_trade_TradeSuccess"], 1, "messages/taobao_trade_TradeSuccess.yaml already exists"),
        (&["new", "taobao_trade_TradeSuccess", "--category", "trade"], 2, "a topic has no category"),
        (&["new", "taobao.messages.get"], 2, "invalid category \"messages\""),
    ] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    }
}
