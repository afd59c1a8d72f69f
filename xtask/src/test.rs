//! `cargo xtask test`: runs the checks that a change must pass.

use std::cell::OnceCell;
use std::process::{Command, Stdio};
use std::thread;

use codegen::commands::line;
use lexopt::prelude::*;

use crate::cargo::{cargo, command_line, in_ci, in_root, run, succeeds};
use crate::failure::Failure;
use crate::{fuzz, generate, root, text, tool};

pub(crate) const HELP: &str = "\
Run the checks that CI runs, or one part of them.

Usage: cargo xtask test [PART]...

Parts:
  format            Check the format of the Rust code
  generated         Check that generated files match the specs
  lint              Run clippy on all targets and features, and check phrases, summaries and spelling
  features          Run clippy on each library with each of its features alone
  msrv              Check the workspace with the oldest supported Rust
  test              Run all tests and doc tests
  docs              Build the API docs without warnings, and the guide
  api               Compare the public API of the libraries with the committed lists
  package           Check that every crate can be packaged for the registry
  bench             Compare instruction counts with the committed ones: cargo xtask help bench
  fuzz              Run each fuzz target for a short time: cargo xtask help fuzz
  deny              Check licenses, advisories and duplicate dependencies with cargo-deny
  semver            Compare the public API with the last release by cargo-semver-checks
  minimal-versions  Check the workspace with the oldest versions of its dependencies

Without PART, all parts run but minimal-versions, which needs a nightly toolchain and a registry. bench
and fuzz run beside the others, and their output follows at the end.

A part that needs a tool that is not installed is skipped with a message: cargo-deny,
cargo-semver-checks, mdbook, typos, redis-server, valgrind, Chromium, OpenSSL's headers, a C++
compiler, the oldest supported Rust. Tests run under cargo nextest if it is installed, otherwise under
cargo test. With CI=true a missing redis-server, valgrind, Chromium, OpenSSL or C++ compiler is a
failure, and so is a missing tool of a PART that is named.

Options:
  -h, --help  Print help";

/// A part of the checks.
struct Part {
    name: &'static str,
    run: fn(&Checks) -> Result<(), Failure>,
    /// Whether the part runs only if it is named.
    on_request: bool,
    /// Whether the part runs beside the others in a full run: it has a build folder of its own, and one processor for a while.
    beside: bool,
}

/// The parts in the order of a full run, fast parts first.
const PARTS: &[Part] = &[
    Part::new("format", format),
    Part::new("generated", generated),
    Part::new("lint", lint),
    Part::new("features", features),
    Part::new("msrv", msrv),
    Part::new("test", test),
    Part::new("docs", docs),
    Part::new("api", api),
    Part::new("package", package),
    Part { beside: true, ..Part::new("bench", bench) },
    Part { beside: true, ..Part::new("fuzz", fuzz_targets) },
    Part::new("deny", deny),
    Part::new("semver", semver),
    Part { on_request: true, ..Part::new("minimal-versions", minimal_versions) },
];

impl Part {
    const fn new(name: &'static str, run: fn(&Checks) -> Result<(), Failure>) -> Self {
        Self { name, run, on_request: false, beside: false }
    }
}

/// The state that the parts share.
struct Checks {
    /// Whether the parts are named on the command line.
    named: bool,
    /// The cached result of [`all_features`](Self::all_features).
    features: OnceCell<&'static [&'static str]>,
}

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let mut parts = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                line(HELP);
                return Ok(());
            }
            Value(name) => parts.push(part(&name.string()?)?),
            other => return Err(other.unexpected().into()),
        }
    }
    root()?;
    let checks = Checks { named: !parts.is_empty(), features: OnceCell::new() };
    if parts.is_empty() {
        full_run(&checks)?;
    }
    for part in &parts {
        (part.run)(&checks)?;
    }
    line(if checks.named { NAMED_PASSED } else { "\nall checks passed" });
    Ok(())
}

const NAMED_PASSED: &str = "\nall checks passed for the named parts";

/// Runs all parts. The output of those that run beside the others follows at the end.
fn full_run(checks: &Checks) -> Result<(), Failure> {
    let (beside, others): (Vec<_>, Vec<_>) = PARTS.iter().filter(|part| !part.on_request).partition(|part| part.beside);
    let program =
        std::env::current_exe().map_err(|error| Failure::new(format!("cannot find this program: {error}")))?;
    let mut command = Command::new(program);
    command.arg("test").args(beside.iter().map(|part| part.name));
    thread::scope(|scope| {
        let beside = scope.spawn(|| command.output());
        let result = others.iter().try_for_each(|part| (part.run)(checks));
        let output = beside.join().map_err(|_| Failure::new("a part failed"))?;
        let output = output.map_err(|error| Failure::new(format!("cannot start this program: {error}")))?;
        // The last line of the parts beside is not that of the run.
        line(String::from_utf8_lossy(&output.stdout).trim_end().trim_end_matches(NAMED_PASSED));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        result?;
        if output.status.success() { Ok(()) } else { Err(Failure::new("checks failed: see above")) }
    })
}

fn part(name: &str) -> Result<&'static Part, Failure> {
    PARTS.iter().find(|part| part.name == name).ok_or_else(|| {
        let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        Failure::usage(format!("unknown part {name:?}: expected one of {}", names.join(", ")))
    })
}

fn format(_: &Checks) -> Result<(), Failure> {
    announced(cargo().args(["fmt", "--all", "--check"]))
}

fn generated(_: &Checks) -> Result<(), Failure> {
    step("cargo xtask gen --check");
    generate::generate(true)
}

fn lint(checks: &Checks) -> Result<(), Failure> {
    announced(
        cargo().args(["clippy", "--workspace", "--all-targets"]).args(checks.all_features()?).args(DENY_WARNINGS),
    )?;
    step("text");
    text::check(&root()?)?;
    if !succeeds(program("typos").arg("--version")) {
        step("typos is not installed; the spelling is not checked");
        return Ok(());
    }
    announced(&mut program("typos"))
}

fn features(checks: &Checks) -> Result<(), Failure> {
    let tls = if checks.all_features()? == ALL { &["native-tls"][..] } else { &[] };
    let protocol = ["", "tokio", "messages", "spi", "secret"].iter().map(|feature| ("top-protocol", *feature));
    let sdk = ["", "client", "axum", "messages", "spi", "secret"].iter().map(|feature| ("generated-sdk", *feature));
    let client = [
        "",
        "blocking",
        "gzip",
        "hyper",
        "hyper,gzip,rustls",
        "messages",
        "redis",
        "reqwest-0_13",
        "rustls",
        "rustls-no-provider",
        "rustls-ring",
        "secret",
        "socks",
        "system-proxy",
    ];
    let client = client.iter().chain(tls).map(|feature| ("top-client", *feature));
    for (package, features) in protocol.chain(sdk).chain(client).chain([("cargo-top", "")]) {
        let library = ["clippy", "--package", package, "--no-default-features", "--features", features];
        announced(cargo().args(library).args(DENY_WARNINGS))?;
    }
    Ok(())
}

fn msrv(checks: &Checks) -> Result<(), Failure> {
    const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");
    let rustup = |arguments: &[&str]| {
        let mut command = program("rustup");
        command.args(["run", OLDEST, "cargo"]).args(arguments);
        command
    };
    if !succeeds(&mut rustup(&["--version"])) {
        return checks.skip(&format!("Rust {OLDEST} is not installed; clippy and a test of the manifests stand in"));
    }
    announced(rustup(&["check", "--workspace"]).args(checks.all_features()?))
}

fn test(checks: &Checks) -> Result<(), Failure> {
    let features = checks.all_features()?;
    let tests: &[&str] = if succeeds(cargo().args(["nextest", "--version"])) { &["nextest", "run"] } else { &["test"] };
    // Without the examples, which clippy checks: each links the whole SDK.
    announced(cargo().args(tests).args(["--workspace", "--tests", "--no-fail-fast"]).args(features))?;
    announced(cargo().args(["test", "--doc", "--workspace"]).args(features))
}

fn docs(checks: &Checks) -> Result<(), Failure> {
    let docs = ["doc", "--workspace", "--no-deps"];
    announced(cargo().args(docs).args(checks.all_features()?).env("RUSTDOCFLAGS", "-D warnings"))?;
    if !succeeds(program("mdbook").arg("--version")) {
        return checks.skip("mdbook is not installed; the guide is not built");
    }
    for language in ["en", "zh"] {
        announced(program("mdbook").args(["build", &format!("docs/guide/{language}")]))?;
    }
    Ok(())
}

fn api(checks: &Checks) -> Result<(), Failure> {
    if !succeeds(tool::API.command()?.arg("--check-version")) {
        return checks.skip("the public API is not compared: its lists need another version of Rust");
    }
    step("cargo xtask api");
    run(&mut tool::API.command()?)
}

/// Packages without building them, which would take as long as all tests.
fn package(_: &Checks) -> Result<(), Failure> {
    announced(cargo().args(["package", "--workspace", "--no-verify", "--allow-dirty", "--quiet"]))
}

fn bench(checks: &Checks) -> Result<(), Failure> {
    if !succeeds(program("valgrind").arg("--version")) {
        let missing = "valgrind is not installed; instructions are not counted";
        return if in_ci() { Err(Failure::new(missing)) } else { checks.skip(missing) };
    }
    step("cargo xtask bench --quick");
    run(tool::BENCH.command()?.arg("--quick"))
}

fn fuzz_targets(_: &Checks) -> Result<(), Failure> {
    step("cargo xtask fuzz");
    fuzz::smoke()
}

fn deny(checks: &Checks) -> Result<(), Failure> {
    if !succeeds(cargo().args(["deny", "--version"])) {
        return checks.skip("cargo-deny is not installed");
    }
    // Advisories need the network, so a full run does not check them.
    let checked: &[&str] = if checks.named { &[] } else { &["bans", "licenses", "sources"] };
    announced(cargo().args(["deny", "--all-features", "check"]).args(checked))
}

fn semver(checks: &Checks) -> Result<(), Failure> {
    if !succeeds(cargo().args(["semver-checks", "--version"])) {
        return checks.skip("cargo-semver-checks is not installed");
    }
    let tag = program("git").args(["describe", "--tags", "--abbrev=0", "--match", "v*"]).stderr(Stdio::null()).output();
    let tag = tag.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let Some(tag) = tag.and_then(|tag| String::from_utf8(tag).ok()) else {
        step("there is no release tag to compare with; semver is skipped");
        return Ok(());
    };
    let packages = ["top-protocol", "top-client", "generated-sdk", "top-codegen"].map(|package| ["--package", package]);
    announced(cargo().args(["semver-checks", "--baseline-rev", tag.trim()]).args(packages.as_flattened()))
}

/// Checks the workspace with the oldest version of each direct dependency, in a separate lock file and target folder.
fn minimal_versions(checks: &Checks) -> Result<(), Failure> {
    let nightly = || {
        let mut command = program("rustup");
        command.args(["run", "nightly", "cargo"]);
        command
    };
    if !succeeds(nightly().arg("--version")) {
        return checks.skip("a nightly toolchain is not installed");
    }
    let options =
        ["-Z", "direct-minimal-versions", "--config", "resolver.lockfile-path=\"target/minimal-versions/Cargo.lock\""];
    let check = ["check", "--workspace", "--target-dir", "target/minimal-versions"];
    announced(nightly().args(options).args(check).args(checks.all_features()?))
}

const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

/// The options for all features.
const ALL: &[&str] = &["--all-features"];

impl Checks {
    /// Returns the options for all features that can be built: on Linux, `native-tls` needs the headers of OpenSSL.
    fn all_features(&self) -> Result<&'static [&'static str], Failure> {
        const BUT_NATIVE_TLS: &[&str] = &[
            "--features",
            "generated-sdk/full,generated-sdk/axum,generated-sdk/messages,top-client/rustls,top-client/blocking,top-client/redis,\
             top-client/hyper,top-client/reqwest-0_13,top-client/secret,top-protocol/spi",
        ];
        if let Some(features) = self.features.get() {
            return Ok(features);
        }
        let found = !cfg!(target_os = "linux") || succeeds(program("pkg-config").args(["--exists", "openssl"]));
        if !found {
            let missing = "OpenSSL's headers are not installed (Debian: libssl-dev, pkg-config)";
            if in_ci() {
                return Err(Failure::new(missing));
            }
            step(&format!("{missing}; native-tls is left out"));
        }
        Ok(self.features.get_or_init(|| if found { ALL } else { BUT_NATIVE_TLS }))
    }

    /// Skips a part. In CI, a named part fails instead.
    fn skip(&self, reason: &str) -> Result<(), Failure> {
        if self.named && in_ci() {
            return Err(Failure::new(reason));
        }
        step(&format!("skipped: {reason}"));
        Ok(())
    }
}

/// Returns a command in the root of the project.
fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    in_root(&mut command);
    command
}

/// Prints a command and runs it.
fn announced(command: &mut Command) -> Result<(), Failure> {
    step(&command_line(command));
    run(command)
}

fn step(text: &str) {
    line(format_args!("\n── {text}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_the_parts_in_their_order() {
        let (_, parts) = HELP.split_once("Parts:\n").unwrap();
        let (parts, _) = parts.split_once("\n\n").unwrap();
        let listed: Vec<_> = parts.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
        assert_eq!(listed, PARTS.iter().map(|part| part.name).collect::<Vec<_>>());
        for name in listed {
            assert!(part(name).is_ok());
        }
        assert!(
            matches!(part("tests"), Err(Failure::Usage(problem, None)) if problem.starts_with("unknown part \"tests\""))
        );
    }

    #[test]
    fn the_workflow_runs_every_part_and_the_gate_needs_every_job() {
        let workflow = include_str!("../../.github/workflows/ci.yml");
        let commands =
            workflow.lines().filter_map(|line| line.split_once("run: cargo xtask test ")).map(|(_, parts)| parts);
        let run: Vec<_> = commands.flat_map(str::split_whitespace).collect();
        for part in PARTS {
            assert!(run.contains(&part.name), "no job runs {}", part.name);
        }
        let (_, jobs) = workflow.split_once("\njobs:\n").unwrap();
        let is_job = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
        let jobs: Vec<_> = jobs.lines().filter(is_job).map(|line| line.trim().trim_end_matches(':')).collect();
        let (_, needs) = workflow.split_once("needs: [").unwrap();
        let (needs, _) = needs.split_once(']').unwrap();
        assert_eq!([&needs.split(", ").collect::<Vec<_>>()[..], &["gate"]].concat(), jobs);
    }
}
