//! Cargo, and the programs that it builds.

use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::root;

/// A cargo command in the project's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Set for this program by the cargo that runs it, and not meant for the crates that it builds.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    in_root(&mut command);
    command
}

/// Lets a command run in the project's root.
pub(crate) fn in_root(command: &mut Command) {
    let root = root();
    if !root.as_os_str().is_empty() {
        command.current_dir(root);
    }
}

/// Runs a command to its end and fails if it does.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = line(command);
    let status = command.status().map_err(|error| Failure::new(format!("cannot run {line}: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("failed: {line}"))) }
}

/// The command as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// A program that cargo has built, next to this one, to run where this one does.
pub(crate) fn built(path: &[&str]) -> Result<Command, Failure> {
    let own = std::env::current_exe().map_err(|error| Failure::new(format!("where is xtask itself? {error}")))?;
    let mut program = own.parent().map(PathBuf::from).unwrap_or_default();
    program.extend(path);
    program.set_extension(std::env::consts::EXE_EXTENSION);
    Ok(Command::new(program))
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
        Some(2) => Err(Failure::UsageTold),
        _ => Err(Failure::Told),
    }
}
