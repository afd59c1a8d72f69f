//! Imports the platform's documents as specs: method pages, documentation records and the metadata of an SDK download.
//!
//! A reader for each format (`page`, `record`, `metadata`) returns a `Document` per method. `normalize` reduces it to
//! what a spec can state, `yaml` writes the spec, and the rules of specs check it. Everything inferred, changed or left
//! out is a comment in the spec.

mod document;
mod element;
mod error;
mod metadata;
mod normalize;
mod page;
mod record;
mod sample;
mod vocabulary;
mod yaml;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::error::{ImportError, Refusal};

use self::document::Document;
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::difference::Difference;
use crate::files::{self, ReadError};
use crate::output::{Change, ChangeKind};
use crate::parallel::{available_threads, map_in_parallel};
use crate::spec::{self, Method, Platform, is_category};

/// The maximum size of a document. The largest page has about 500 KiB; a Markdown file of all methods of an area or the
/// metadata of an SDK is several times larger.
const MAX_BYTES: u64 = 16 << 20;

/// The extensions of the files that are read in a folder.
pub const EXTENSIONS: [&str; 7] = ["json", "txt", "md", "markdown", "html", "htm", "xml"];

/// A method of a document with its spec.
#[derive(Clone, Debug)]
pub struct Import {
    /// The document.
    pub document: PathBuf,
    /// The path of the spec, relative to the folder of specs.
    pub path: PathBuf,
    /// The status of the spec that exists at [`path`](Self::path).
    pub status: ImportStatus,
    /// What was inferred, changed or left out. Each note is also a comment in the spec.
    pub notes: Vec<String>,
    text: String,
}

/// The status of the existing spec of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportStatus {
    /// No spec exists.
    New,
    /// The existing spec is equal.
    Unchanged,
    /// The existing spec differs.
    Changed(Vec<Difference>),
    /// The existing file is not a valid spec.
    Broken,
}

impl Import {
    /// Returns the text of the spec.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the change to make in the folder of specs.
    pub fn change(&self) -> Change {
        let text = self.text.clone();
        let kind = if self.status == ImportStatus::New { ChangeKind::Missing(text) } else { ChangeKind::Stale(text) };
        Change { path: self.path.clone(), kind }
    }
}

/// Lists the documents at `paths`, sorted by name, and the paths that cannot be read.
///
/// A path to a file is a document. In a folder, a file is a document if its extension is in [`EXTENSIONS`] and its name
/// starts with neither a dot nor `README`.
pub fn documents(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<Refusal>) {
    let (mut documents, mut refusals) = (Vec::new(), Vec::new());
    for path in paths {
        collect(path, true, &mut documents, &mut refusals);
    }
    (documents, refusals)
}

fn collect(path: &Path, named: bool, documents: &mut Vec<PathBuf>, refusals: &mut Vec<Refusal>) {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let entries = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
            let mut entries: Vec<PathBuf> = match entries {
                Ok(entries) => entries,
                Err(error) => return refusals.push(Refusal::new(path, error)),
            };
            entries.sort();
            for entry in entries {
                let hidden = entry.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
                // A link to a folder may form a cycle.
                let leads_elsewhere = entry.is_symlink() && entry.is_dir();
                if !hidden && !leads_elsewhere {
                    collect(&entry, false, documents, refusals);
                }
            }
        }
        Ok(_) if named || is_document_name(path) => documents.push(path.to_owned()),
        Ok(_) => {}
        Err(error) => refusals.push(Refusal::new(path, error)),
    }
}

fn is_document_name(path: &Path) -> bool {
    let lower = |text: Option<&std::ffi::OsStr>| text.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    EXTENSIONS.contains(&lower(path.extension()).as_str()) && !lower(path.file_name()).starts_with("readme")
}

/// Imports documents into a folder of specs.
#[derive(Debug)]
pub struct Importer {
    folder: PathBuf,
    platform: Platform,
    /// The paths of the existing specs, by method.
    present: BTreeMap<String, PathBuf>,
}

impl Importer {
    /// Reads the platform and the names of the specs in a folder. The folder may be missing.
    ///
    /// # Errors
    ///
    /// If `platform.yaml` is invalid, or the folder or one of its categories cannot be read.
    pub fn new(folder: &Path) -> Result<Self, Diagnostics> {
        let platform = spec::platform(folder)?;
        let mut problems = Diagnostics::default();
        let mut entries = |folder: &Path| {
            let read = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
            read.unwrap_or_else(|error| {
                if error.kind() == ErrorKind::NotFound {
                    return Vec::new();
                }
                let source = Arc::new(Source { path: folder.to_owned(), text: String::new() });
                problems.push(Diagnostic::new(&source, None, format!("cannot read the folder: {error}")));
                Vec::new()
            })
        };
        let mut present = BTreeMap::new();
        for category in entries(folder).into_iter().filter(|path: &PathBuf| path.is_dir()) {
            for file in entries(&category) {
                if let (Some(method), true) = (file.file_stem(), file.extension().is_some_and(|end| end == "yaml"))
                    && let Ok(path) = file.strip_prefix(folder)
                {
                    present.insert(method.to_string_lossy().into_owned(), path.to_owned());
                }
            }
        }
        problems.into_result(Self { folder: folder.to_owned(), platform, present })
    }

    /// Imports the methods of documents, on all cores, in order. Calls `done` after each document.
    ///
    /// The category of a method is the first of: `category`, that of the existing spec, the folder of a record, a word
    /// of the method's name.
    pub fn import(
        &self,
        documents: &[PathBuf],
        category: Option<&str>,
        done: impl Fn() + Sync,
    ) -> Vec<Result<Import, Refusal>> {
        let imports = map_in_parallel(documents, available_threads(), |path| {
            let imports = self.document(path, category);
            done();
            imports
        });
        let mut first: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        let once = |result: Result<Import, Refusal>| {
            let import = result?;
            let method = PathBuf::from(import.path.file_name().unwrap_or_default());
            match first.get(&method) {
                Some(other) => Err(Refusal::new(import.document, ImportError::SameMethod(other.clone()))),
                None => {
                    first.insert(method, import.document.clone());
                    Ok(import)
                }
            }
        };
        imports.into_iter().flatten().map(once).collect()
    }

    /// Imports all methods of a document.
    fn document(&self, path: &Path, category: Option<&str>) -> Vec<Result<Import, Refusal>> {
        let methods = match text(path) {
            Ok(text) => read(&text),
            Err(error) => vec![Err(error)],
        };
        let import = |document: Result<Document, ImportError>| {
            let import = document.and_then(|document| self.method(path, document, category));
            import.map_err(|error| Refusal::new(path, error))
        };
        methods.into_iter().map(import).collect()
    }

    fn method(&self, path: &Path, document: Document, category: Option<&str>) -> Result<Import, ImportError> {
        let (method, yaml, notes) = converted(document, &self.platform)?;
        let spec = match (self.present.get(&method), category) {
            (Some(present), None) => present.clone(),
            (Some(present), Some(category)) if !present.starts_with(category) => {
                return Err(ImportError::OtherCategory(present.clone()));
            }
            _ => Path::new(&self.category(path, category, &method)?).join(format!("{method}.yaml")),
        };
        let category = spec.parent().unwrap_or(Path::new("")).to_string_lossy().into_owned();
        let after = checked(&yaml, &category, &spec, &self.platform)?;
        let status = match files::read(&self.folder.join(&spec), MAX_BYTES)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        {
            Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => ImportStatus::New,
            Err(error) => return Err(ImportError::ReadSpec(spec, error)),
            Ok(before) => match spec::parse(&category, &spec, &before, &self.platform) {
                Err(_) => ImportStatus::Broken,
                Ok(before) => match spec::differences(&before.spec, &after.spec) {
                    // No document describes pagination or the direction: they are written by hand and kept.
                    none if none.iter().all(|difference| matches!(&*difference.item, "pages" | "direction")) => {
                        ImportStatus::Unchanged
                    }
                    differences => ImportStatus::Changed(differences),
                },
            },
        };
        Ok(Import { document: path.to_owned(), path: spec, status, notes, text: yaml })
    }

    fn category(&self, path: &Path, category: Option<&str>, method: &str) -> Result<String, ImportError> {
        let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let is_record = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let candidates = [category.map(str::to_owned), folder.filter(|_| is_record), Some(derived_category(method))];
        let category = candidates.into_iter().flatten().find(|name| is_category(name));
        category.ok_or_else(|| ImportError::NoCategory(method.to_owned()))
    }
}

/// Returns the word of a method's name that names its area: `trade` for `taobao.trade.close`.
pub fn derived_category(method: &str) -> String {
    let word = method.split('.').nth(1).unwrap_or_default().to_ascii_lowercase();
    word.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Reads the text of a document.
fn text(path: &Path) -> Result<String, ImportError> {
    let not_text = |reason: String| Err(ImportError::NotText(reason));
    let mut bytes = files::read(path, MAX_BYTES)?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return not_text("the file is UTF-16; save it as UTF-8".to_owned());
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(.."\u{feff}".len());
    }
    if let Some(place) = bytes.iter().position(|byte| *byte == 0) {
        return not_text(format!("the file is binary: byte {place} is 0"));
    }
    String::from_utf8(bytes).or_else(|error| {
        let place = error.utf8_error().valid_up_to();
        not_text(format!("invalid UTF-8 at byte {place}; save the file as UTF-8"))
    })
}

/// Reads the methods that a text describes. The result is never empty.
fn read(text: &str) -> Vec<Result<Document, ImportError>> {
    let begins = text.trim_start_matches(|first: char| first.is_whitespace() || first == '\u{feff}');
    let is_tag = begins
        .strip_prefix('<')
        .is_some_and(|tag| tag.starts_with(|first: char| matches!(first, '!' | '?') || first.is_ascii_alphabetic()));
    if begins.is_empty() {
        vec![Err("the file is empty".into())]
    } else if is_tag && metadata::is_metadata(begins) {
        metadata::read(begins)
    } else if is_tag {
        page::read_html(begins)
    } else if begins.starts_with(['{', '[']) {
        match record::read(text) {
            Ok(document) => vec![Ok(document)],
            // A page may also begin with a bracket: `[返回]`.
            Err(error) => match page::read(text) {
                pages if pages.iter().any(Result::is_ok) => pages,
                _ => vec![Err(error)],
            },
        }
    } else {
        page::read(text)
    }
}

/// Returns the method that a document describes, its spec as YAML, and the notes.
fn converted(mut document: Document, platform: &Platform) -> Result<(String, String, Vec<String>), ImportError> {
    normalize::normalize(&mut document, platform)?;
    let yaml = yaml::yaml(&document);
    let notes = document.all_notes();
    Ok((document.method, yaml, notes))
}

/// Parses a written spec and checks it against the rules.
fn checked(yaml: &str, category: &str, path: &Path, platform: &Platform) -> Result<Method, ImportError> {
    spec::parse(category, path, yaml, platform).map_err(ImportError::Spec)
}

/// Returns the spec for the text of a document of one method.
///
/// # Errors
///
/// If the text describes no method or several methods, or the spec is invalid.
///
/// ```
/// let platform = codegen::spec::Platform::default();
/// let page = "taobao.a.get\nA\n请求参数\n参数名 类型 必须 描述\nb String 是 c\n响应参数\n无\n";
/// let yaml = codegen::import::spec_of(page, &platform)?;
/// assert!(yaml.contains("  - name: b\n    type: String\n    required: true\n    description: c\n"));
/// # Ok::<(), codegen::import::ImportError>(())
/// ```
pub fn spec_of(text: &str, platform: &Platform) -> Result<String, ImportError> {
    let mut documents = read(text);
    let count = documents.len();
    let document = documents.pop().filter(|_| count == 1).ok_or(ImportError::SeveralMethods(count))??;
    let (method, yaml, _) = converted(document, platform)?;
    checked(&yaml, "any", Path::new(&format!("{method}.yaml")), platform)?;
    Ok(yaml)
}
