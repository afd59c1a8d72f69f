//! Reading specs: every file, with positions, and within bounds that no honest spec comes near.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::node::{self, Node};
use super::shape::Checker;
use super::{Method, Platform, Specs, rules, tables};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, chain};
use crate::files;
use crate::parallel::{available, on_threads};

/// The longest spec that is read. The platform's largest method makes one of some 100 KiB.
pub const MAX_BYTES: u64 = 4 << 20;

/// Reads `folder/platform.yaml` and every `folder/CATEGORY/METHOD.yaml`, as far as they can be read, and holds the
/// platform against its rules. What cannot be read, is no YAML, or is not made as a spec is, is added to `problems`.
pub(super) fn read(folder: &Path, problems: &mut Diagnostics) -> Specs {
    let platform = platform(folder, problems);
    let mut paths = Vec::new();
    for path in entries(folder, problems) {
        let name = file_name(&path);
        if !path.is_dir() {
            if !matches!(name.as_str(), PLATFORM | SCHEMA) {
                problems.push(stranger(&path).help("a spec is called METHOD.yaml and stands in a category's folder"));
            }
            continue;
        }
        for path in entries(&path, problems) {
            if path.extension().is_some_and(|extension| extension == "yaml") {
                paths.push((name.clone(), path));
            } else {
                problems
                    .push(stranger(&path).help("a category's folder holds files called METHOD.yaml and nothing else"));
            }
        }
    }
    Specs { platform, methods: methods(&paths, problems) }
}

/// Reads the specs at `paths` and below those that are folders, next to the `platform.yaml` of `folder`.
pub(super) fn some(folder: &Path, paths: &[PathBuf], problems: &mut Diagnostics) -> Specs {
    let platform = platform(folder, problems);
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        below(path, &mut files, problems);
        if files.len() == before && path.is_dir() {
            problems.push(Diagnostic::new(&unread(path), None, "there is no spec below this"));
        }
    }
    Specs { platform, methods: methods(&files, problems) }
}

fn below(path: &Path, files: &mut Vec<(String, PathBuf)>, problems: &mut Diagnostics) {
    if !path.is_dir() {
        let category = path.parent().map(file_name).unwrap_or_default();
        files.push((category, path.to_owned()));
        return;
    }
    for entry in entries(path, problems) {
        let is_spec = entry.extension().is_some_and(|extension| extension == "yaml") && file_name(&entry) != PLATFORM;
        if is_spec || (entry.is_dir() && !entry.is_symlink()) {
            below(&entry, files, problems);
        }
    }
}

/// Reads specs, each with the category that it stands in.
fn methods(paths: &[(String, PathBuf)], problems: &mut Diagnostics) -> Vec<Method> {
    let mut methods = Vec::new();
    for (method, wrong) in on_threads(paths, available(), |(category, path)| method(category, path)) {
        problems.extend(wrong);
        methods.extend(method);
    }
    methods
}

/// Reads `folder/platform.yaml`, or the built-in one if there is no such file, and checks its rules.
pub(super) fn platform(folder: &Path, problems: &mut Diagnostics) -> Platform {
    let path = folder.join(PLATFORM);
    if is_missing(&path) {
        return built_in_platform(problems);
    }
    checked(file(&path, tables::platform, problems), problems)
}

/// Reads the built-in platform.
pub(super) fn built_in_platform(problems: &mut Diagnostics) -> Platform {
    let source = Arc::new(Source { path: BUILT_IN.into(), text: include_str!("platform.yaml").to_owned() });
    let platform = document(&source, tables::platform, problems);
    checked(platform.map(|platform| (source, platform)), problems)
}

fn checked(read: Option<(Arc<Source>, Platform)>, problems: &mut Diagnostics) -> Platform {
    let Some((source, platform)) = read else { return Platform::default() };
    rules::platform(&mut Checker { source: &source, problems }, &platform);
    platform
}

/// Reads the spec of one method, and what is wrong with it.
fn method(category: &str, path: &Path) -> (Option<Method>, Diagnostics) {
    let mut problems = Diagnostics::default();
    let read = file(path, tables::spec, &mut problems);
    (read.map(|(source, spec)| Method { category: category.to_owned(), source, spec }), problems)
}

/// Reads the text of `folder/platform.yaml`, if there is such a file.
pub(super) fn platform_text(folder: &Path, problems: &mut Diagnostics) -> Option<String> {
    let path = folder.join(PLATFORM);
    if is_missing(&path) {
        return None;
    }
    text(&path).map_err(|problem| problems.push(Diagnostic::new(&unread(&path), None, problem))).ok()
}

/// Whether nothing is at `path`. A link that leads nowhere is something.
fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// The file that speaks of no single method.
const PLATFORM: &str = "platform.yaml";

/// The platform of folders without a `platform.yaml`: a copy of this project's, which is in the package of this crate.
pub(crate) const BUILT_IN: &str = "codegen/src/spec/platform.yaml";

/// The JSON Schema of specs, which editors find there.
pub(crate) const SCHEMA: &str = "method.schema.json";

/// The entries of a folder but hidden ones, in the byte order of their names.
fn entries(folder: &Path, problems: &mut Diagnostics) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = read.unwrap_or_else(|error| {
        problems.push(Diagnostic::new(&unread(folder), None, format!("cannot read the folder: {error}")));
        Vec::new()
    });
    paths.retain(|path| !file_name(path).starts_with('.'));
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn unread(path: &Path) -> Arc<Source> {
    Arc::new(Source { path: path.to_owned(), text: String::new() })
}

fn stranger(path: &Path) -> Diagnostic {
    Diagnostic::new(&unread(path), None, "this is no spec")
}

/// Reads one file.
fn file<T>(
    path: &Path,
    convert: fn(&mut Checker<'_>, &Node) -> Option<T>,
    problems: &mut Diagnostics,
) -> Option<(Arc<Source>, T)> {
    let text = match text(path) {
        Ok(text) => text,
        Err(problem) => {
            problems.push(Diagnostic::new(&unread(path), None, problem));
            return None;
        }
    };
    let source = Arc::new(Source { path: path.to_owned(), text });
    let value = document(&source, convert, problems)?;
    Some((source, value))
}

/// Reads one document.
pub(super) fn document<T>(
    source: &Arc<Source>,
    convert: fn(&mut Checker<'_>, &Node) -> Option<T>,
    problems: &mut Diagnostics,
) -> Option<T> {
    let mut checker = Checker { source, problems };
    match node::parse(&source.text) {
        Ok(node) => convert(&mut checker, &node),
        Err(malformed) => {
            checker.problem(&malformed.place, malformed.message, malformed.help.map(str::to_owned));
            None
        }
    }
}

fn text(path: &Path) -> Result<String, String> {
    let bytes = files::read(path, MAX_BYTES).map_err(|error| chain(&error))?;
    String::from_utf8(bytes)
        .map_err(|error| format!("the file is not UTF-8 from byte {} on", error.utf8_error().valid_up_to()))
}
