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

/// The files of a folder of specs, before they are parsed.
#[derive(Hash)]
pub(crate) struct Sources {
    /// `None` if the file cannot be read.
    platform: Option<Arc<Source>>,
    /// The specs, each with the name of its folder.
    specs: Vec<(String, Arc<Source>)>,
}

impl Sources {
    /// Returns the text of `platform.yaml`; `None` if the folder has no such file.
    pub(crate) fn platform_text(&self) -> Option<&str> {
        self.platform.as_ref().filter(|source| source.path != Path::new(BUILT_IN)).map(|source| source.text.as_str())
    }
}

/// Reads `folder/platform.yaml`, every `folder/CATEGORY/METHOD.yaml` and every `folder/messages/TOPIC.yaml`. Files that cannot
/// be read are added to `problems`.
pub(super) fn sources(folder: &Path, problems: &mut Diagnostics) -> Sources {
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
    Sources { platform: platform_source(folder, problems), specs: read_all(&paths, problems) }
}

/// Reads the specs at `paths`, which are files or folders, with the `platform.yaml` of `folder`.
pub(super) fn sources_at(folder: &Path, paths: &[PathBuf], problems: &mut Diagnostics) -> Sources {
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
    Sources { platform: platform_source(folder, problems), specs: read_all(&files, problems) }
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

/// Reads files in parallel.
fn read_all(paths: &[(String, PathBuf)], problems: &mut Diagnostics) -> Vec<(String, Arc<Source>)> {
    let read = map_in_parallel(paths, available_threads(), |(folder, path)| {
        let mut problems = Diagnostics::default();
        (source(path, &mut problems).map(|source| (folder.clone(), source)), problems)
    });
    merged(read, problems)
}

/// Parses specs, and checks the rules of the platform. A file in `messages` describes a topic, any other file a method. Files
/// that cannot be parsed are added to `problems`.
pub(super) fn parse(sources: &Sources, problems: &mut Diagnostics) -> Specs {
    let platform = sources.platform.as_ref().map(|source| check_platform(source, problems)).unwrap_or_default();
    let (topics, methods): (Vec<_>, Vec<_>) = sources.specs.iter().partition(|(folder, _)| folder == MESSAGES);
    let methods = map_in_parallel(&methods, available_threads(), |(category, source)| {
        let mut problems = Diagnostics::default();
        let spec = document(source, tables::spec, &mut problems);
        let method = |spec| Method { category: category.clone(), source: Arc::clone(source), spec };
        (spec.map(method), problems)
    });
    let topics = map_in_parallel(&topics, available_threads(), |(_, source)| {
        let mut problems = Diagnostics::default();
        (topics::document(source, &mut problems), problems)
    });
    Specs { platform, methods: merged(methods, problems), topics: merged(topics, problems) }
}

/// Collects the results and the problems of parallel work.
fn merged<T>(results: Vec<(Option<T>, Diagnostics)>, problems: &mut Diagnostics) -> Vec<T> {
    let mut values = Vec::new();
    for (value, found) in results {
        problems.extend(found);
        values.extend(value);
    }
    values
}

/// Reads and checks `folder/platform.yaml`. Default: the built-in platform.
pub(super) fn platform(folder: &Path, problems: &mut Diagnostics) -> Platform {
    platform_source(folder, problems).map(|source| check_platform(&source, problems)).unwrap_or_default()
}

/// Reads `folder/platform.yaml`. Default: the built-in platform.
fn platform_source(folder: &Path, problems: &mut Diagnostics) -> Option<Arc<Source>> {
    let path = folder.join(PLATFORM);
    if is_missing(&path) { Some(built_in_source()) } else { source(&path, problems) }
}

/// Reads the built-in platform.
pub(super) fn built_in_platform(problems: &mut Diagnostics) -> Platform {
    check_platform(&built_in_source(), problems)
}

fn built_in_source() -> Arc<Source> {
    Arc::new(Source { path: BUILT_IN.into(), text: include_str!("platform.yaml").to_owned() })
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
