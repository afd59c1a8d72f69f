//! Reads spec files within limits, and reports problems with their positions.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::platform::Platform;
use super::schema::SchemaChecker;
use super::topics::{self, MESSAGES};
use super::types::{Method, Specs};
use super::yaml::{self, YamlNode};
use super::{rules, tables};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, chain};
use crate::files;
use crate::parallel::{available_threads, map_in_parallel};

/// The maximum size of a spec. The platform's largest method has about 100 KiB.
pub const MAX_BYTES: u64 = 4 << 20;

/// Reads `folder/platform.yaml`, every `folder/CATEGORY/METHOD.yaml` and every `folder/messages/TOPIC.yaml`, and checks
/// the rules of the platform. Files that cannot be read or parsed are added to `problems`.
pub(super) fn read(folder: &Path, problems: &mut Diagnostics) -> Specs {
    let platform = platform(folder, problems);
    let mut paths = Vec::new();
    for path in entries(folder, problems) {
        let name = file_name(&path);
        if !path.is_dir() {
            if !matches!(name.as_str(), PLATFORM | METHOD_SCHEMA | MESSAGE_SCHEMA) {
                problems.push(unexpected_file(&path).help("expected CATEGORY/METHOD.yaml; move or remove the file"));
            }
            continue;
        }
        for path in entries(&path, problems) {
            if path.extension().is_some_and(|extension| extension == "yaml") {
                paths.push((name.clone(), path));
            } else {
                let expected = if name == MESSAGES { "TOPIC.yaml" } else { "METHOD.yaml" };
                problems.push(unexpected_file(&path).help(format!("expected {expected}; move or remove the file")));
            }
        }
    }
    specs(platform, &paths, problems)
}

/// Reads the specs at `paths`, which are files or folders, with the `platform.yaml` of `folder`.
pub(super) fn read_paths(folder: &Path, paths: &[PathBuf], problems: &mut Diagnostics) -> Specs {
    let platform = platform(folder, problems);
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        collect(path, &mut files, problems);
        if files.len() == before && path.is_dir() {
            problems.push(Diagnostic::new(
                &unread_source(path),
                None,
                "no spec in the folder: expected a file METHOD.yaml or TOPIC.yaml",
            ));
        }
    }
    specs(platform, &files, problems)
}

fn collect(path: &Path, files: &mut Vec<(String, PathBuf)>, problems: &mut Diagnostics) {
    if !path.is_dir() {
        let category = path.parent().map(file_name).unwrap_or_default();
        files.push((category, path.to_owned()));
        return;
    }
    for entry in entries(path, problems) {
        let is_spec = entry.extension().is_some_and(|extension| extension == "yaml") && file_name(&entry) != PLATFORM;
        if is_spec || (entry.is_dir() && !entry.is_symlink()) {
            collect(&entry, files, problems);
        }
    }
}

/// Reads files with the names of their folders. A file in `messages` describes a topic, any other file a method.
fn specs(platform: Platform, paths: &[(String, PathBuf)], problems: &mut Diagnostics) -> Specs {
    let (topics, methods): (Vec<_>, Vec<_>) = paths.iter().partition(|(folder, _)| folder == MESSAGES);
    let methods = read_all(&methods, problems, |category, source, problems| {
        let spec = document(&source, tables::spec, problems)?;
        Some(Method { category: category.to_owned(), source, spec })
    });
    let topics = read_all(&topics, problems, |_, source, problems| topics::document(&source, problems));
    Specs { platform, methods, topics }
}

/// Reads files in parallel. `convert` takes the name of the folder and the file.
fn read_all<T: Send>(
    paths: &[&(String, PathBuf)],
    problems: &mut Diagnostics,
    convert: impl Fn(&str, Arc<Source>, &mut Diagnostics) -> Option<T> + Sync,
) -> Vec<T> {
    let read = map_in_parallel(paths, available_threads(), |(folder, path)| {
        let mut problems = Diagnostics::default();
        let spec = source(path, &mut problems).and_then(|source| convert(folder, source, &mut problems));
        (spec, problems)
    });
    let mut specs = Vec::new();
    for (spec, wrong) in read {
        problems.extend(wrong);
        specs.extend(spec);
    }
    specs
}

/// Reads and checks `folder/platform.yaml`. Default: the built-in platform.
pub(super) fn platform(folder: &Path, problems: &mut Diagnostics) -> Platform {
    let path = folder.join(PLATFORM);
    if is_missing(&path) {
        return built_in_platform(problems);
    }
    source(&path, problems).map(|source| check_platform(&source, problems)).unwrap_or_default()
}

/// Reads the built-in platform.
pub(super) fn built_in_platform(problems: &mut Diagnostics) -> Platform {
    check_platform(
        &Arc::new(Source { path: BUILT_IN.into(), text: include_str!("platform.yaml").to_owned() }),
        problems,
    )
}

fn check_platform(source: &Arc<Source>, problems: &mut Diagnostics) -> Platform {
    let mut checker = SchemaChecker { source, problems };
    match yaml::deserialize(&source.text) {
        Ok(platform) => {
            rules::platform(&mut checker, &platform);
            platform
        }
        Err(error) => {
            checker.problem(&error.span, error.message, error.help.map(str::to_owned));
            Platform::default()
        }
    }
}

/// Reads the text of `folder/platform.yaml`; `None` if the file does not exist.
pub(super) fn platform_text(folder: &Path, problems: &mut Diagnostics) -> Option<String> {
    let path = folder.join(PLATFORM);
    if is_missing(&path) {
        return None;
    }
    source(&path, problems).map(|source| source.text.clone())
}

/// Returns whether `path` does not exist. A broken link exists.
fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// The file of the platform.
const PLATFORM: &str = "platform.yaml";

/// The built-in platform: a copy of `specs/platform.yaml` that is part of this crate's package.
pub(crate) const BUILT_IN: &str = "codegen/src/spec/platform.yaml";

/// The JSON Schema of the specs of methods, used by editors.
pub(crate) const METHOD_SCHEMA: &str = "method.schema.json";

/// The JSON Schema of the specs of topics, used by editors.
pub(crate) const MESSAGE_SCHEMA: &str = "message.schema.json";

/// Returns the visible entries of a folder, sorted by name.
fn entries(folder: &Path, problems: &mut Diagnostics) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = read.unwrap_or_else(|error| {
        problems.push(Diagnostic::new(&unread_source(folder), None, format!("cannot read the folder: {error}")));
        Vec::new()
    });
    paths.retain(|path| !file_name(path).starts_with('.'));
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn unread_source(path: &Path) -> Arc<Source> {
    Arc::new(Source { path: path.to_owned(), text: String::new() })
}

fn unexpected_file(path: &Path) -> Diagnostic {
    Diagnostic::new(&unread_source(path), None, "unexpected file in the folder of specs")
}

/// Reads one document.
pub(super) fn document<T>(
    source: &Arc<Source>,
    convert: fn(&mut SchemaChecker<'_>, &YamlNode) -> Option<T>,
    problems: &mut Diagnostics,
) -> Option<T> {
    let mut checker = SchemaChecker { source, problems };
    match yaml::parse(&source.text) {
        Ok(node) => convert(&mut checker, &node),
        Err(error) => {
            checker.problem(&error.span, error.message, error.help.map(str::to_owned));
            None
        }
    }
}

/// Reads the text of a file.
fn source(path: &Path, problems: &mut Diagnostics) -> Option<Arc<Source>> {
    let text = files::read(path, MAX_BYTES).map_err(|error| chain(&error)).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| {
            format!("invalid UTF-8 at byte {}; save the file as UTF-8", error.utf8_error().valid_up_to())
        })
    });
    match text {
        Ok(text) => Some(Arc::new(Source { path: path.to_owned(), text })),
        Err(problem) => {
            problems.push(Diagnostic::new(&unread_source(path), None, problem));
            None
        }
    }
}
