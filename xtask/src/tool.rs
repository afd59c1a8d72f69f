//! `cargo xtask bench` and `cargo xtask api`: build a program of the folder `tools`, and run it.

use std::process::Command;

use codegen::commands::line;

use crate::cargo::{become_program, cargo_run};
use crate::failure::Failure;

/// A program in the folder `tools`.
pub(crate) struct Tool {
    /// The help text. It is printed without a build of the program.
    pub(crate) help: &'static str,
    build: &'static [&'static str],
    /// The features that the program has without `--quick`.
    slow_features: &'static [&'static str],
}

/// The benchmarks, built in release.
pub(crate) const BENCH: Tool = Tool {
    help: "\
Compare the cost of the runtime with a lower bound for each task.

Usage: cargo xtask bench [NAME]... [OPTION]...

Each line has a task, its processor time, the time of its floor, their ratio, and the target of the
ratio. A floor is the part of the task that cannot be left out, such as the digest of a signature.
Both run alternately in one process. Only cases whose names contain a NAME run. docs/performance.md
explains the table.

Options:
  --quick         Count instructions with valgrind, and fail if a ratio is over 5 % above the one in
                  tools/bench/instructions.json
  --update        With --quick: write tools/bench/instructions.json
  --json FILE     Write the rows to FILE
  --compare FILE  Print the ratios of FILE, which --json wrote, beside the new ones
  -h, --help      Print help",
    build: &["--release", "--package", "bench"],
    slow_features: &["--features", "bench/gateway"],
};

/// The comparison of the public API with the committed lists.
pub(crate) const API: Tool = Tool {
    help: "\
Compare the public API of each library with the list in its folder, public-api.txt.

Usage: cargo xtask api [--update]

Options:
  --update         Write the lists
  --check-version  Only check that this version of Rust is the one that the lists need
  -h, --help       Print help",
    build: &["--package", "public-api-check"],
    slow_features: &[],
};

impl Tool {
    /// Builds the program and runs it with the rest of the command line.
    pub(crate) fn run(&self, mut arguments: lexopt::Parser) -> Result<(), Failure> {
        let arguments: Vec<_> = arguments.raw_args()?.collect();
        if arguments.iter().any(|argument| argument == "-h" || argument == "--help") {
            line(self.help);
            return Ok(());
        }
        let quick = arguments.iter().any(|argument| argument == "--quick");
        let mut command = self.build(if quick { &[] } else { self.slow_features })?;
        command.args(arguments);
        become_program(command, "the program")
    }

    /// Returns a command that builds the program for `--quick` and runs it, with the arguments that are added.
    pub(crate) fn command(&self) -> Result<Command, Failure> {
        self.build(&[])
    }

    fn build(&self, features: &[&str]) -> Result<Command, Failure> {
        cargo_run(&[self.build, features].concat())
    }
}
