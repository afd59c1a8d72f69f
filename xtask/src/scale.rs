//! `cargo xtask scale`: time and memory of large catalogues.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use codegen::commands::line;
use codegen::files::printable;
use lexopt::prelude::*;

use crate::cargo::{become_program, cargo_here, cargo_run, command_line};
use crate::failure::Failure;
use crate::root;

pub(crate) const HELP: &str = "\
Measure the generator, and cargo, with N synthetic methods.

Usage: cargo xtask scale N [--crates N] [--check] [--doc] [--build] [--json FILE]

The methods are copies of the specs of this project under other names, in target/scale, so that they
have the sizes of real ones. The generator runs with an empty output folder, without a change, and
after a change of one spec. docs/performance.md has the results. GNU time measures each process: it must be installed.

Options:
  --crates N   Split the generated package into N crates
  --check      Also run cargo check on the generated package
  --doc        Also run cargo doc
  --build      Also run cargo build --release
  --json FILE  Write the rows to FILE
  -h, --help   Print help";

/// The number of methods of the whole public catalogue, which the targets are for.
const WHOLE: usize = 5312;

/// A command and its limits for the whole catalogue.
struct Step {
    name: &'static str,
    command: Command,
    /// The target of the elapsed time in seconds.
    target: f64,
}

/// What GNU time reports of a command.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Usage {
    elapsed: f64,
    user: f64,
    /// The peak memory of one process, in MB.
    memory: f64,
}

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let given: Vec<_> = arguments.raw_args()?.collect();
    let mut arguments = lexopt::Parser::from_args(given.clone());
    let (mut count, mut crates, mut json, mut cargo_steps) = (None, "1".to_owned(), None, Vec::new());
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("check") => cargo_steps.push(("check", &["check"][..], 45.0)),
            Long("doc") => cargo_steps.push(("doc", &["doc", "--no-deps"], 90.0)),
            Long("build") => cargo_steps.push(("build", &["build", "--release"], 120.0)),
            Long("crates") => crates = arguments.value()?.string()?,
            Long("json") => json = Some(PathBuf::from(arguments.value()?)),
            Short('h') | Long("help") => {
                line(HELP);
                return Ok(());
            }
            Value(number) if count.is_none() => count = Some(number.parse::<usize>()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let count = count.filter(|count| *count > 0).ok_or_else(|| Failure::usage("expected the number of methods"))?;
    if cfg!(debug_assertions) {
        // The installed generator is a release build.
        let mut release = cargo_run(&["--release", "--package", "xtask"])?;
        release.arg("scale").args(given);
        return become_program(release, "the release build");
    }
    let folder = std::path::absolute(root()?.join("target/scale")).map_err(Failure::new)?;
    let changed = write_specs(&root()?.join("specs"), &folder, count)?;
    let generator = |name, target| -> Result<Step, Failure> {
        let mut command = Command::new(std::env::current_exe().map_err(Failure::new)?);
        command.arg("gen").arg("--specs").arg(folder.join("specs")).arg("--out").arg(folder.join("sdk"));
        command.args(["--crates", &crates]);
        Ok(Step { name, command, target })
    };
    let mut rows = Vec::new();
    line(format_args!("{:24} {:>10} {:>10} {:>10} {:>10}", "step", "elapsed s", "user s", "peak MB", "target s"));
    measure(&mut rows, generator("generate, cold", 4.0)?, count)?;
    measure(&mut rows, generator("generate, unchanged", 0.5)?, count)?;
    let text = read(&changed)?;
    write(&changed, &text.replacen("title: ", "title: 改 ", 1))?;
    measure(&mut rows, generator("generate, one changed", 0.5)?, count)?;
    for (name, arguments, target) in cargo_steps {
        let cargo = |packages: &[&str]| {
            let mut command = cargo_here();
            command.args(arguments).args(["--quiet", "--manifest-path"]).arg(folder.join("sdk/Cargo.toml"));
            command.args(packages).env("CARGO_TARGET_DIR", folder.join("target"));
            command.env("CARGO_INCREMENTAL", "0");
            command
        };
        // The dependencies are not part of the catalogue.
        crate::cargo::run(&mut cargo(&["--package", "top-client"]))?;
        let step = Step { name, command: cargo(&["--workspace"]), target };
        measure(&mut rows, step, count)?;
    }
    match json {
        Some(file) => write(&file, &json_rows(&rows)),
        None => Ok(()),
    }
}

/// A measured step, and its target if the catalogue is the whole one.
struct Row {
    name: &'static str,
    usage: Usage,
    target: Option<f64>,
}

fn measure(rows: &mut Vec<Row>, step: Step, count: usize) -> Result<(), Failure> {
    let usage = timed(step.command)?;
    let target = (count == WHOLE).then_some(step.target);
    let printed = target.map(|target| format!("{target:.1}")).unwrap_or_default();
    let Usage { elapsed, user, memory } = usage;
    line(format_args!("{:24} {elapsed:10.2} {user:10.2} {memory:10.0} {printed:>10}", step.name));
    rows.push(Row { name: step.name, usage, target });
    Ok(())
}

/// Runs a command under GNU time.
fn timed(command: Command) -> Result<Usage, Failure> {
    let mut time = Command::new("time");
    time.args(["-f", "%e %U %M"]).arg(command.get_program()).args(command.get_args()).stdout(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => time.env(name, value),
            None => time.env_remove(name),
        };
    }
    let output = time.output().map_err(|error| Failure::new(format!("cannot run GNU time: {error}; install it")))?;
    let text = String::from_utf8_lossy(&output.stderr);
    match text.lines().last().and_then(usage) {
        Some(usage) if output.status.success() => Ok(usage),
        _ => Err(Failure::new(format!("command failed: {}\n{text}", command_line(&command)))),
    }
}

/// Parses the line of GNU time: seconds, seconds, and KB.
fn usage(line: &str) -> Option<Usage> {
    let mut numbers = line.split(' ').map(|number| number.parse::<f64>().ok());
    Some(Usage { elapsed: numbers.next()??, user: numbers.next()??, memory: numbers.next()?? / 1024.0 })
}

/// Writes `count` specs to `folder/specs`, and removes what was generated before. Returns the path of the last spec.
fn write_specs(source: &Path, folder: &Path, count: usize) -> Result<PathBuf, Failure> {
    if folder.join("specs").exists() {
        fs::remove_dir_all(folder.join("specs")).map_err(Failure::new)?;
    }
    if folder.join("sdk").exists() {
        fs::remove_dir_all(folder.join("sdk")).map_err(Failure::new)?;
    }
    let originals = codegen::spec::read(source).map_err(Failure::new)?.methods;
    if originals.is_empty() {
        return Err(Failure::new(format!("{} has no methods", printable(source))));
    }
    let mut last = PathBuf::new();
    for number in 0..count {
        let original = &originals[number % originals.len()];
        let (category, method) = (&original.category, &original.spec.method.value);
        let copy = number / originals.len();
        let category = if copy == 0 { category.clone() } else { format!("{category}{copy}") };
        let name = renamed(method, copy);
        last = folder.join("specs").join(category).join(format!("{name}.yaml"));
        write(&last, &renamed_spec(&original.source.text, method, copy))?;
    }
    Ok(last)
}

/// Returns the name of a copy of a method: `taobao.x2.trade.get`. The copy 0 is the method itself.
fn renamed(method: &str, copy: usize) -> String {
    match method.split_once('.') {
        Some((platform, rest)) if copy > 0 => format!("{platform}.x{copy}.{rest}"),
        _ => method.to_owned(),
    }
}

/// Returns the spec of a copy of a method, with another name and another root node.
fn renamed_spec(text: &str, method: &str, copy: usize) -> String {
    if copy == 0 {
        return text.to_owned();
    }
    let text = text.replacen(&format!("method: {method}\n"), &format!("method: {}\n", renamed(method, copy)), 1);
    text.replacen("  node: ", &format!("  node: x{copy}_"), 1)
}

/// Formats rows like those of `cargo xtask bench --json`. The floor of a step is its target.
fn json_rows(rows: &[Row]) -> String {
    let mut text = "[".to_owned();
    for (index, Row { name, usage, target }) in rows.iter().enumerate() {
        let number = |number: Option<f64>| number.map_or_else(|| "null".to_owned(), |number| format!("{number:.3}"));
        let Usage { elapsed, user, memory } = usage;
        let met = target.map_or_else(|| "null".to_owned(), |target| (*elapsed <= target).to_string());
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{}\n  {{ \"name\": \"{name}\", \"ours\": {elapsed:.3}, \"floor\": {floor}, \"unit\": \"s\", \"ratio\": {ratio}, \
             \"target\": {floor}, \"met\": {met}, \"user\": {user:.3}, \"peak_mb\": {memory:.0} }}",
            if index == 0 { "" } else { "," },
            floor = number(*target),
            ratio = number(target.map(|target| elapsed / target)),
        );
    }
    text + "\n]\n"
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| cannot("read", path, error))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let created = path.parent().map_or(Ok(()), fs::create_dir_all);
    created.and_then(|()| fs::write(path, text)).map_err(|error| cannot("write", path, error))
}

fn cannot(what: &str, path: &Path, error: std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} {}: {error}", printable(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_have_other_names() {
        let spec = "# comment\nmethod: taobao.a.get\nresponse:\n  node: a_get_response\n  fields: []\n";
        assert_eq!(renamed_spec(spec, "taobao.a.get", 0), spec);
        assert_eq!(
            renamed_spec(spec, "taobao.a.get", 2),
            "# comment\nmethod: taobao.x2.a.get\nresponse:\n  node: x2_a_get_response\n  fields: []\n"
        );
    }

    #[test]
    fn rows_are_json() {
        let usage = usage("1.50 2.25 2048").unwrap();
        assert_eq!(usage, Usage { elapsed: 1.5, user: 2.25, memory: 2.0 });
        let rows = [Row { name: "a", usage, target: Some(1.0) }, Row { name: "b", usage, target: None }];
        let rows: serde_json::Value = serde_json::from_str(&json_rows(&rows)).unwrap();
        assert_eq!((&rows[0]["ours"], &rows[0]["ratio"], &rows[0]["met"]), (&1.5.into(), &1.5.into(), &false.into()));
        assert_eq!((&rows[1]["target"], &rows[1]["met"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    }
}
