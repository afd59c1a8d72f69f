//! Cargo, and the programs that it builds.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::root;

/// A cargo command in the project's root. Outside a project it is one in the current folder, where cargo fails.
pub(crate) fn cargo() -> Command {
    let mut command = cargo_here();
    in_root(&mut command);
    command
}

/// A cargo command in the current folder.
fn cargo_here() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Set for this program by the cargo that runs it, and not meant for the crates that it builds.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command
}

/// A command that builds a program of the project and runs it in the current folder, with the arguments that are added.
pub(crate) fn cargo_run(program: &[&str]) -> Result<Command, Failure> {
    let mut command = cargo_here();
    command.args(["run", "--quiet", "--manifest-path"]).arg(root()?.join("Cargo.toml")).args(program).arg("--");
    Ok(command)
}

/// A command that builds `cargo-top`, with or without TLS, and runs it as a part of `cargo xtask`, with the arguments that are
/// added.
pub(crate) fn cargo_top(tls: bool) -> Result<Command, Failure> {
    let features: &[&str] = if tls { &[] } else { &["--no-default-features"] };
    let mut command = cargo_run(&[&["--package", "cargo-top"], features].concat())?;
    // As cargo names the subcommand that it runs: messages say `cargo xtask`.
    command.arg("xtask");
    Ok(command)
}

/// Lets a command run in the project's root.
pub(crate) fn in_root(command: &mut Command) {
    if let Ok(root) = root()
        && !root.as_os_str().is_empty()
    {
        command.current_dir(root);
    }
}

/// Runs a command to its end and fails if it does.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = command_line(command);
    let status = command.status().map_err(|error| Failure::new(format!("cannot run {line}: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("failed: {line}"))) }
}

/// Runs a command without output, and returns whether it succeeds.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Returns whether this is CI, where a missing tool is a failure.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// The command as a person would type it.
pub(crate) fn command_line(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Puts a program in the place of this process, so that what ends the one ends the other.
#[cfg(unix)]
pub(crate) fn become_program(mut program: Command, what: &str) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;
    let error = program.exec();
    Err(Failure::new(format!("cannot start {what}: {error}")))
}

#[cfg(not(unix))]
pub(crate) fn become_program(mut program: Command, what: &str) -> Result<(), Failure> {
    let status = program.status().map_err(|error| Failure::new(format!("cannot start {what}: {error}")))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(2) => Err(Failure::UsageReported),
        _ => Err(Failure::Reported),
    }
}
