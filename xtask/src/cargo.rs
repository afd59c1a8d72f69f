//! Commands of cargo, and programs that it builds.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::root;

/// Returns a cargo command in the root of the project, or in the current folder outside a project.
pub(crate) fn cargo() -> Command {
    let mut command = cargo_here();
    in_root(&mut command);
    command
}

/// Returns a cargo command in the current folder.
pub(crate) fn cargo_here() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Cargo sets these variables for this program. The crates that are built must not inherit them.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command
}

/// Returns a command that builds a program of the project and runs it in the current folder. Added arguments are passed to
/// the program.
pub(crate) fn cargo_run(program: &[&str]) -> Result<Command, Failure> {
    let mut command = cargo_here();
    command.args(["run", "--quiet", "--manifest-path"]).arg(root()?.join("Cargo.toml")).args(program).arg("--");
    Ok(command)
}

/// Returns a command that builds `cargo-top`, with or without TLS, and runs it. Added arguments are passed to it.
pub(crate) fn cargo_top(tls: bool) -> Result<Command, Failure> {
    let features: &[&str] = if tls { &[] } else { &["--no-default-features"] };
    let mut command = cargo_run(&[&["--package", "cargo-top"], features].concat())?;
    // The first argument selects `cargo xtask` as the name of the program in messages.
    command.arg("xtask");
    Ok(command)
}

/// Runs a command in the root of the project.
pub(crate) fn in_root(command: &mut Command) {
    if let Ok(root) = root()
        && !root.as_os_str().is_empty()
    {
        command.current_dir(root);
    }
}

/// Runs a command. Returns a failure if the command fails.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = command_line(command);
    let status = command.status().map_err(|error| Failure::new(format!("cannot run `{line}`: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("command failed: {line}"))) }
}

/// Runs a command without output. Returns whether it succeeds.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Returns whether this is CI, where a missing tool is a failure.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Returns a command as typed in a shell.
pub(crate) fn command_line(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Replaces this process by a program, so that a signal reaches the program.
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
