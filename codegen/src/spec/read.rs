//! Reading specs: every file, with positions, and within bounds that no honest spec comes near.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_yaml::{budget, options};

use super::{Method, Platform, Spec, Specs, bytes};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};

/// The longest spec that is read. The platform's largest method makes one of some 100 KiB.
const MAX_BYTES: u64 = 4 << 20;

/// Reads `folder/platform.yaml` and every `folder/CATEGORY/METHOD.yaml`, as far as they can be read. What cannot be read,
/// is no YAML, or is not made as a spec is, is added to `problems`.
pub(super) fn read(folder: &Path, problems: &mut Diagnostics) -> Specs {
    let platform = file::<Platform>(&folder.join("platform.yaml"), problems);
    let mut methods = Vec::new();
    for category in entries(folder, problems).into_iter().filter(|path| path.is_dir()) {
        let name = file_name(&category);
        for path in entries(&category, problems) {
            if path.extension().is_none_or(|extension| extension != "yaml") {
                problems.push(stranger(&path));
            } else if let Some((source, spec)) = file::<Spec>(&path, problems) {
                methods.push(Method { category: name.clone(), source, spec });
            }
        }
    }
    Specs { platform: platform.map(|(_, platform)| platform).unwrap_or_default(), methods }
}

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
        .help("a category's folder holds files called METHOD.yaml and nothing else")
}

/// Reads one file.
fn file<T: DeserializeOwned>(path: &Path, problems: &mut Diagnostics) -> Option<(Arc<Source>, T)> {
    let text = match text(path) {
        Ok(text) => text,
        Err(problem) => {
            problems.push(Diagnostic::new(&unread(path), None, problem));
            return None;
        }
    };
    let source = Arc::new(Source { path: path.to_owned(), text });
    match yaml(&source) {
        Ok(value) => Some((source, value)),
        Err(diagnostic) => {
            problems.push(diagnostic);
            None
        }
    }
}

fn text(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| format!("cannot read the file: {error}"))?.len();
    if size > MAX_BYTES {
        return Err(format!("the file has {size} bytes; a spec has at most {MAX_BYTES}"));
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot read the file: {error}"))?;
    String::from_utf8(bytes)
        .map_err(|error| format!("the file is not UTF-8 from byte {} on", error.utf8_error().valid_up_to()))
}

/// Reads YAML into a type, or says what is wrong and where.
fn yaml<T: DeserializeOwned>(source: &Arc<Source>) -> Result<T, Diagnostic> {
    // A spec nests some ten levels and says everything once, so it needs neither depth nor aliases.
    let budget = budget! { max_depth: 64, max_aliases: 0, max_anchors: 0, max_documents: 1 };
    let options = options! { budget: budget, with_snippet: false };
    serde_yaml::from_str_with_options(&source.text, options).map_err(|error| {
        let place = error.location().map(|location| match location.span().byte_offset() {
            Some(_) => bytes(location.span()),
            None => offset(&source.text, location.line(), location.column()),
        });
        let message = error.without_snippet().to_string();
        // The place is shown under the source line; the reader's own mention of it would be the second.
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
        let diagnostic = Diagnostic::new(source, place, sentence(&message));
        match advice(&message) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    })
}

/// The byte that a line and column point to.
fn offset(text: &str, line: u64, column: u64) -> std::ops::Range<usize> {
    let nth = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let start: usize = text.split_inclusive('\n').take(nth(line)).map(str::len).sum();
    let within: usize = text[start..].chars().take(nth(column)).map(char::len_utf8).sum();
    start + within..start + within
}

/// The reader's message in the words of a spec.
fn sentence(message: &str) -> String {
    match message {
        "expected sequence start" => "expected a list".to_owned(),
        "expected mapping start" => "expected a mapping, NAME: VALUE".to_owned(),
        "expected string scalar" => "expected a text".to_owned(),
        "unexpected end of input" => "the file is empty".to_owned(),
        message => match message.split_once(", set DuplicateKeyPolicy") {
            Some((message, _)) => message.to_owned(),
            None => message.to_owned(),
        },
    }
}

/// What to write instead, where the reader's message lets us tell.
fn advice(message: &str) -> Option<String> {
    if message == "expected sequence start" {
        return Some("write [] for none".to_owned());
    }
    if message.starts_with("multiple YAML documents") {
        return Some("one file holds one spec".to_owned());
    }
    let (found, expected) = message.strip_prefix("unknown field `")?.split_once("`, expected one of ")?;
    closest(found, expected.split(", ").map(|name| name.trim_matches('`')))
        .map(|name| format!("did you mean `{name}`?"))
}

/// The candidate that `word` is most likely a misspelling of.
pub(super) fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
