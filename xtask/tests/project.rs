//! The commands work on the project of the current folder, wherever the program was built.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use support::{command, root};
use tempfile::TempDir;

/// Returns a project outside this workspace, with one method.
fn project() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().canonicalize().unwrap();
    fs::create_dir_all(path.join("specs/util")).unwrap();
    fs::write(path.join("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
    for file in ["platform.yaml", "util/taobao.time.get.yaml"] {
        fs::copy(root().join("specs").join(file), path.join("specs").join(file)).unwrap();
    }
    (folder, path)
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn commands_work_on_the_project_of_the_current_folder() {
    let (_folder, path) = project();
    for folder in [path.clone(), path.join("specs"), path.join("specs/util")] {
        let output = run(&folder, &["lint"]);
        assert_eq!(text(&output.stdout), "1 spec, no problems\n", "{output:?}");
    }
    let output = run(&path, &["new", "taobao.trade.close"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).starts_with("specs/trade/taobao.trade.close.yaml: "), "{output:?}");
    assert!(path.join("specs/trade/taobao.trade.close.yaml").is_file());
    let output = run(&path.join("specs"), &["new", "taobao.time.get"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn commands_outside_a_project_fail() {
    let folder = TempDir::new().unwrap();
    let page = folder.path().join("page.txt");
    fs::write(&page, "page").unwrap();
    for arguments in [
        &["lint"][..],
        &["gen"],
        &["gen", "--check"],
        &["gen", "--out", "sdk"],
        &["new", "taobao.time.get"],
        &["import", "page.txt"],
        &["gateway"],
        &["demo"],
        &["test"],
        &["call", "taobao.time.get", "--app", "k=s", "--gateway", "http://127.0.0.1:1"],
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        let expected = "no project found: expected `specs/` and a `Cargo.toml` with [workspace] in ";
        assert!(text(&output.stderr).starts_with(expected), "{arguments:?}: {output:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{arguments:?}");
    }
    // Help needs no project.
    assert_eq!(run(folder.path(), &["gen", "--help"]).status.code(), Some(0));
}
