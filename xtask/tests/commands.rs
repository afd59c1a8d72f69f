//! The commands as they are called.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

use std::fs;
use std::process::Command;

use support::{nothing_at, root, shared_target, xtask};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn help_names_every_command_and_each_has_its_own() {
    let output = xtask(&["help"]);
    assert_eq!(output.status.code(), Some(0));
    for arguments in [&[][..], &["--help"], &["-h"]] {
        assert_eq!(xtask(arguments).stdout, output.stdout);
    }
    let commands = text(&output.stdout).split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let commands: Vec<_> = commands.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(commands, ["demo", "test", "fuzz", "gen", "new", "import", "lint", "gateway", "call", "help"]);
    for command in commands.into_iter().filter(|command| *command != "help") {
        let of_help = xtask(&["help", command]);
        assert_eq!(of_help.stdout, xtask(&[command, "--help"]).stdout);
        assert!(text(&of_help.stdout).contains(&format!("\nUsage: cargo xtask {command}")), "{command}");
    }
}

#[test]
fn command_lines_that_are_wrong() {
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
fn a_trimmed_sdk_stands_on_its_own() {
    let out = nothing_at("trimmed");
    let out_text = out.to_str().unwrap();
    let arguments = ["gen", "--only", "taobao.trade.*,taobao.time.get", "--out", out_text];
    let output = xtask(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("methods in 2 categories"), "{}", text(&output.stdout));
    assert!(text(&xtask(&arguments).stdout).ends_with("all up to date\n"));
    assert!(!out.join("src/api/top").exists() && out.join("src/api/util/time_get.rs").exists());
    // The lock file of the project keeps the build from asking the registry.
    fs::copy(root().join("Cargo.lock"), out.join("Cargo.lock")).unwrap();
    let check = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--no-default-features"])
        .current_dir(&out)
        .env("CARGO_TARGET_DIR", shared_target())
        .output()
        .unwrap();
    assert!(check.status.success() && check.stderr.is_empty(), "{}", text(&check.stderr));
    // What somebody wrote there is not ours to replace.
    fs::write(out.join("src/lib.rs"), "// mine\n").unwrap();
    let output = xtask(&arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("this file was not generated"), "{}", text(&output.stderr));
}

#[test]
fn a_folder_of_somebody_else() {
    let out = nothing_at("other");
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    let output = xtask(&["gen", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("is not empty and has no generated SDK"), "{}", text(&output.stderr));
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}

#[test]
fn trimmed_to_nothing() {
    let out = nothing_at("nothing");
    let output = xtask(&["gen", "--only", "taobao.nothing.*", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no method has such a name"), "{}", text(&output.stderr));
    assert!(!out.exists());
    assert_eq!(xtask(&["gen", "--only", "taobao.time.get"]).status.code(), Some(2));
    assert_eq!(xtask(&["gen", "--check", "--diff"]).status.code(), Some(2));
}

#[test]
fn new_specs() {
    for (arguments, code, told) in [
        (&["new"][..], 2, "which method?"),
        (&["new", "../x"], 2, "is no method name"),
        (&["new", "taobao.a.b", "--category", "../x"], 2, "is no category"),
        (&["new", "taobao.time.get", "--category", "util"], 1, "is there already"),
        (&["new", "taobao.time.get"], 1, "util/taobao.time.get.yaml is there already"),
    ] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
}
