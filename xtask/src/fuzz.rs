//! `cargo xtask fuzz`: runs the fuzz targets on the stable toolchain.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::thread;

use codegen::commands::line;
use lexopt::prelude::*;

use crate::cargo::{cargo, in_ci, in_root, run, succeeds};
use crate::failure::Failure;
use crate::root;

pub(crate) const HELP: &str = "\
Build the fuzz targets of fuzz/fuzz_targets and run each of them, one per core at a time.

Usage: cargo xtask fuzz [--seconds N] [TARGET]...
       cargo xtask fuzz --input FILE TARGET

Without TARGET, all targets run. Their builds, corpora and artifacts are in target/fuzz.

Options:
  --seconds N   Run each target for N seconds. Default: $TOP_FUZZ_SECONDS if it is set,
                else 15 in CI (if $CI is true) and 5 elsewhere
  --input FILE  Run TARGET once, on this input, to reproduce a crash";

/// The target folder of the instrumented build, the corpora and the artifacts. Other builds keep their own folder.
const FOLDER: &str = "target/fuzz";

/// The flags for coverage counters of libFuzzer. Without a sanitizer they work on the stable toolchain.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table";

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let (mut seconds, mut input, mut chosen) = (None, None, Vec::new());
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => {
                line(HELP);
                return Ok(());
            }
            Long("seconds") => seconds = Some(arguments.value()?.parse()?),
            Long("input") => input = Some(PathBuf::from(arguments.value()?)),
            Value(name) => chosen.push(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let targets = targets()?;
    if let Some(unknown) = chosen.iter().find(|name| !targets.contains(name)) {
        return Err(Failure::usage(format!("unknown fuzz target {unknown:?}: expected one of {}", targets.join(", "))));
    }
    match (input, &chosen[..]) {
        (Some(input), [target]) => reproduce(target, &input),
        (Some(_), _) => Err(Failure::usage("--input needs exactly one TARGET")),
        (None, []) => fuzz(targets, seconds),
        (None, _) => fuzz(chosen, seconds),
    }
}

/// Runs every target for a short time. Without a C++ compiler for libFuzzer, the targets are only checked.
pub(crate) fn smoke() -> Result<(), Failure> {
    if has_cpp_compiler() {
        return fuzz(targets()?, None);
    }
    let missing = "no C++ compiler is installed (Debian: g++)";
    if in_ci() {
        return Err(Failure::new(missing));
    }
    line(format_args!("{missing}: the fuzz targets are checked but not run"));
    run(cargo().args([
        "check",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--no-default-features",
        "--target-dir",
        "target",
    ]))
}

/// Returns whether a C++ compiler is installed.
fn has_cpp_compiler() -> bool {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    succeeds(Command::new(compiler).arg("--version"))
}

/// Returns the names of the targets, which are the files in `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>, Failure> {
    let folder = root()?.join("fuzz/fuzz_targets");
    let files = fs::read_dir(&folder).and_then(|files| files.map(|file| Ok(file?.path())).collect());
    let files: Vec<PathBuf> = files.map_err(|error| cannot("read", &folder, error))?;
    let names = files.iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let mut names: Vec<_> = names.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

/// Returns the run time of each target. In CI, 16 targets on two cores run for two minutes.
fn seconds() -> Result<u32, Failure> {
    match std::env::var("TOP_FUZZ_SECONDS") {
        Ok(text) => text.parse().map_err(|_| {
            Failure::new(format!("invalid TOP_FUZZ_SECONDS {text:?}: expected a number of seconds, such as 15"))
        }),
        Err(_) => Ok(if in_ci() { 15 } else { 5 }),
    }
}

/// Runs the targets, one per core at a time.
fn fuzz(targets: Vec<String>, given: Option<u32>) -> Result<(), Failure> {
    let seconds = given.map_or_else(seconds, Ok)?;
    for folder in targets.iter().flat_map(|target| [corpus(target), artifacts(target)]) {
        let folder = root()?.join(folder);
        fs::create_dir_all(&folder).map_err(|error| cannot("create", &folder, error))?;
    }
    let programs = build()?;
    let width = targets.iter().map(String::len).max().unwrap_or(0);
    let workers = thread::available_parallelism().map_or(1, usize::from).min(targets.len());
    let (queue, failures) = (Mutex::new(VecDeque::from(targets)), Mutex::new(Vec::new()));
    let work = || {
        while let Some(target) = with_lock(&queue, VecDeque::pop_front) {
            match fuzz_one(&programs, &target, seconds) {
                Ok(runs) => line(format_args!("{target:width$}  {runs} runs in {seconds} s, no crash")),
                Err(failure) => {
                    line(format_args!("{target:width$}  failed"));
                    with_lock(&failures, |failures| failures.push(failure));
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() { Ok(()) } else { Err(Failure::new(failures.join("\n\n"))) }
}

fn with_lock<T, R>(value: &Mutex<T>, act: impl FnOnce(&mut T) -> R) -> R {
    act(&mut value.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Builds every target. Returns the folder of the programs.
fn build() -> Result<PathBuf, Failure> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let host = Command::new(rustc).args(["--print", "host-tuple"]).output();
    let host = host.map_err(|error| Failure::new(format!("cannot run rustc: {error}")))?;
    let host = String::from_utf8_lossy(&host.stdout).trim().to_owned();
    let mut build = cargo();
    build.args(["build", "--quiet", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", FOLDER]);
    // With `--target`, the flags do not apply to build scripts and procedural macros, which do not link libFuzzer.
    build.args(["--target", &host]).env("RUSTFLAGS", RUSTFLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS");
    run(&mut build)?;
    let programs = Path::new(FOLDER).join(host).join("release");
    std::path::absolute(root()?.join(&programs)).map_err(|error| cannot("find", &programs, error))
}

fn corpus(target: &str) -> String {
    format!("{FOLDER}/corpus/{target}")
}

fn artifacts(target: &str) -> String {
    format!("{FOLDER}/artifacts/{target}")
}

/// Returns a command that runs a target in the root of the project.
fn program(programs: &Path, target: &str) -> Command {
    let mut program = Command::new(programs.join(target).with_extension(std::env::consts::EXE_EXTENSION));
    in_root(&mut program);
    program
}

/// Runs one target. Returns its number of runs, or the reason of the failure.
fn fuzz_one(programs: &Path, target: &str, seconds: u32) -> Result<String, String> {
    let seeds = format!("fuzz/seeds/{target}");
    if !root().is_ok_and(|root| root.join(&seeds).is_dir()) {
        return Err(format!("fuzz target {target} has no seeds: expected files in {seeds}"));
    }
    let mut program = program(programs, target);
    program.arg(corpus(target)).arg(seeds);
    program.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", artifacts(target)));
    program.args(["-timeout=10", "-max_len=4096"]);
    let output = program.output().map_err(|error| format!("cannot run fuzz target {target}: {error}"))?;
    verdict(target, &output)
}

/// Reads the output of libFuzzer.
fn verdict(target: &str, output: &Output) -> Result<String, String> {
    let text = String::from_utf8_lossy(&output.stderr);
    let runs = text.lines().find_map(|line| line.strip_prefix("Done ")?.split_once(" runs in "));
    if let (true, Some((runs, _))) = (output.status.success(), runs) {
        return Ok(runs.to_owned());
    }
    let mut problem = format!("fuzz target {target} failed: {}", output.status);
    match text.find("\nthread '") {
        // The message of the panic, up to the backtrace or the report of libFuzzer.
        Some(start) => {
            let more = |line: &&str| !line.starts_with("==") && *line != "stack backtrace:";
            let panic = text[start..].lines().take_while(more).take(40);
            problem.extend(panic.map(|line| format!("{line}\n")));
        }
        None => {
            let lines: Vec<_> = text.lines().collect();
            problem.extend(lines[lines.len().saturating_sub(20)..].iter().map(|line| format!("\n{line}")));
        }
    }
    if let Some((_, path)) = text.lines().find_map(|line| line.split_once("Test unit written to ")) {
        problem.push_str(&format!("\nartifact: {path}\nreproduce: cargo xtask fuzz --input {path} {target}"));
    }
    Err(problem)
}

/// Runs one target on one input.
fn reproduce(target: &str, input: &Path) -> Result<(), Failure> {
    let input = std::path::absolute(input).map_err(|error| cannot("find", input, error))?;
    if !input.is_file() {
        return Err(Failure::new(format!("cannot read {}: expected a file", input.display())));
    }
    let programs = build()?;
    run(program(&programs, target).arg(input))
}

fn cannot(act: &str, path: &Path, error: std::io::Error) -> Failure {
    Failure::new(format!("cannot {act} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[cfg(unix)]
    fn output(status: i32, stderr: &str) -> Output {
        use std::os::unix::process::ExitStatusExt;
        let status = std::process::ExitStatus::from_raw(status << 8);
        Output { status, stdout: Vec::new(), stderr: stderr.as_bytes().to_vec() }
    }

    #[test]
    #[cfg(unix)]
    fn reports_runs_and_crashes() {
        let done = "#2\tINITED cov: 1\n#9\tDONE cov: 1\nDone 1234 runs in 6 second(s)\n";
        assert_eq!(verdict("form", &output(0, done)), Ok("1234".to_owned()));
        let crash = "#9\tNEW cov: 1\n\nthread 'main' panicked at src/x.rs:1:1:\nleft: 1\nright: 2\n\
                     stack backtrace:\n   0: x\n==7== ERROR: libFuzzer: deadly signal\nartifact_prefix='a/'; Test unit written to a/crash-1\n";
        let problem = verdict("form", &output(77, crash)).unwrap_err();
        expect![[r"
            fuzz target form failed: exit status: 77
            thread 'main' panicked at src/x.rs:1:1:
            left: 1
            right: 2

            artifact: a/crash-1
            reproduce: cargo xtask fuzz --input a/crash-1 form"]]
        .assert_eq(&problem);
        let problem = verdict("form", &output(1, "no such flag\n")).unwrap_err();
        assert_eq!(problem, "fuzz target form failed: exit status: 1\nno such flag");
        // A program without a summary did not run.
        assert!(verdict("form", &output(0, "")).is_err());
    }

    #[test]
    fn every_target_has_seeds_and_is_in_the_manifest() {
        let manifest = fs::read_to_string(root().unwrap().join("fuzz/Cargo.toml")).unwrap();
        for target in targets().unwrap() {
            let seeds = root().unwrap().join(format!("fuzz/seeds/{target}"));
            assert!(seeds.read_dir().is_ok_and(|mut files| files.next().is_some()), "{}", seeds.display());
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
        }
    }
}
