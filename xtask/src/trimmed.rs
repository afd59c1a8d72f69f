//! A trimmed SDK elsewhere: the runtime as it is, and only the methods that somebody asks for.

use std::fs;
use std::path::{Path, PathBuf};

use codegen::output::{FileSet, banner};

use crate::failure::Failure;

/// Where the hand-written files are.
const FOLDERS: &[&str] = &[
    "src",
    "src/client",
    "src/client/limit",
    "src/client/oauth",
    "src/client/redis",
    "src/client/session",
    "src/client/walk",
    "src/protocol",
    "src/protocol/decode",
    "src/protocol/error",
];

/// The hand-written files of generated-sdk, and a manifest that stands on its own, each with the banner that lets a
/// later run replace it.
pub(crate) fn runtime(root: &Path) -> Result<FileSet, Failure> {
    let mut files = FileSet::new(["src/protocol", "src/client"]);
    for folder in FOLDERS {
        let from = Path::new("generated-sdk").join(folder);
        let entries =
            fs::read_dir(root.join(&from)).map_err(|error| Failure::new(format!("{}: {error}", from.display())))?;
        for entry in entries.flatten() {
            let source = from.join(entry.file_name());
            let is_rust = source.extension().is_some_and(|extension| extension == "rs");
            if is_rust && !source.ends_with("src/platform.rs") {
                let path = Path::new(folder).join(entry.file_name());
                let text = without_doctests(&read(root, &source)?);
                files.put(path, format!("// {}\n\n{text}", banner(&source)));
            }
        }
    }
    let manifest = manifest(&read(root, Path::new("generated-sdk/Cargo.toml"))?, &read(root, Path::new("Cargo.toml"))?);
    let banner = banner(Path::new("generated-sdk/Cargo.toml"));
    files.put(PathBuf::from("Cargo.toml"), format!("# {banner}\n{manifest}"));
    Ok(files)
}

/// The text with examples that are shown and not run: they call methods that a trimmed SDK may be without, and are run
/// where all are.
fn without_doctests(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().map(|line| match line.split_once("```") {
        Some((before, _)) if before.trim_start().starts_with("//") => {
            inside = !inside;
            format!("{before}```{}\n", if inside { "ignore" } else { "" })
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

fn read(root: &Path, path: &Path) -> Result<String, Failure> {
    fs::read_to_string(root.join(path)).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// The SDK's manifest with what it takes from the workspace written out, and without what only tests need.
fn manifest(sdk: &str, workspace: &str) -> String {
    let mut lines = Vec::new();
    let mut section = "";
    for line in sdk.lines() {
        if line.starts_with('[') {
            section = line;
        }
        if matches!(section, "[dev-dependencies]" | "[lints]") || line.starts_with("readme") {
            continue;
        }
        lines.push(match line.split_once(".workspace = true") {
            Some((name, _)) => format!("{name} = {}", workspace_value(workspace, name)),
            None => match line.split_once(" = { workspace = true, ") {
                Some((name, more)) => {
                    let value = workspace_value(workspace, name);
                    let table = value.strip_prefix('{').and_then(|value| value.strip_suffix('}'));
                    let table = table.map_or_else(|| format!("version = {value}"), |table| table.trim().to_owned());
                    format!("{name} = {{ {table}, {more}")
                }
                None => line.to_owned(),
            },
        });
    }
    // A crate that stands below somebody's workspace is no member of it.
    lines.join("\n").trim_end().to_owned() + "\n\n[workspace]\n"
}

/// What the workspace's manifest says of a package key or a dependency. Its lines are ours, one for each.
fn workspace_value(workspace: &str, name: &str) -> String {
    let mut lines = workspace.lines();
    let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
    found.unwrap_or("\"*\"").to_owned()
}
