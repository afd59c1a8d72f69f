//! The commands as they are called.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::path::Path;
use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Command::new(env!("CARGO_BIN_EXE_xtask")).current_dir(root).args(arguments).output().unwrap()
}

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
    assert_eq!(commands, ["demo", "test", "gen", "new", "gateway", "help"]);
    // The gateway is a program of its own, which its own tests ask.
    for command in commands.into_iter().filter(|command| !matches!(*command, "gateway" | "help")) {
        let of_help = xtask(&["help", command]);
        assert_eq!(of_help.stdout, xtask(&[command, "--help"]).stdout);
        assert!(text(&of_help.stdout).contains(&format!("\nUsage: cargo xtask {command}")), "{command}");
    }
}

#[test]
fn command_lines_that_are_wrong() {
    for arguments in [&["generate"][..], &["gen", "--chek"], &["gen", "extra"], &["--verbose"], &["help", "nothing"]] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
        assert!(text(&output.stderr).ends_with("Try: cargo xtask help\n"), "{arguments:?}");
    }
}

#[test]
fn generated_files_are_up_to_date() {
    let output = xtask(&["gen", "--check"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).ends_with(" all up to date\n"));
}
