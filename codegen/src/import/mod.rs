//! The platform's own documents into specs: pages as they are copied from a browser, and documentation records.
//!
//! A document is read, by `page` or `record`, into one form; `settle` makes it into what a spec can say, `write` writes it
//! as YAML, and the rules that every spec is held against are held against it. Whatever was not plain is a comment in it.

mod document;
mod page;
mod record;
mod sample;
mod settle;
mod words;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostics, described};
use crate::difference::Difference;
use crate::files;
use crate::output::{Change, ChangeKind};
use crate::parallel::{available, on_threads};
use crate::spec::{self, Method, Platform, is_category};

/// The largest document that is read. The platform's largest has some 500 KiB.
const MAX_BYTES: u64 = 4 << 20;

/// A document of one method, and what it is imported as.
#[derive(Clone, Debug)]
pub struct Import {
    /// The document.
    pub document: PathBuf,
    /// The spec, from the folder of specs.
    pub path: PathBuf,
    /// What stands at [`path`](Self::path) and how the document differs from that.
    pub state: State,
    /// What was not plain from the document, and how it was taken. Each is a comment in the spec too.
    pub notes: Vec<String>,
    text: String,
}

/// What there is already of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    New,
    /// A spec that says the same.
    Unchanged,
    /// A spec that says something else.
    Changed(Vec<Difference>),
    /// A file that is no spec.
    Broken,
}

/// A document that was not imported, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The document.
    pub document: PathBuf,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.document.display(), self.reason)
    }
}

impl std::error::Error for Refusal {}

impl Import {
    /// The text of the spec.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is to be done to the folder of specs.
    pub fn change(&self) -> Change {
        let text = self.text.clone();
        let kind = if self.state == State::New { ChangeKind::Missing(text) } else { ChangeKind::Stale(text) };
        Change { path: self.path.clone(), kind }
    }
}

/// The documents at `paths`, in the order of their names, and the paths that cannot be read: the files themselves, and below
/// folders every `.json` and `.txt` file.
pub fn documents(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<Refusal>) {
    let (mut documents, mut refusals) = (Vec::new(), Vec::new());
    for path in paths {
        collect(path, true, &mut documents, &mut refusals);
    }
    (documents, refusals)
}

fn collect(path: &Path, named: bool, documents: &mut Vec<PathBuf>, refusals: &mut Vec<Refusal>) {
    let mut refuse = |error| refusals.push(Refusal { document: path.to_owned(), reason: unread(&error) });
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let entries = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
            let mut entries: Vec<PathBuf> = match entries {
                Ok(entries) => entries,
                Err(error) => return refuse(error),
            };
            entries.sort();
            for entry in entries {
                // A link may lead back up, and what begins with a dot is no document.
                let hidden = entry.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
                let leads_elsewhere = entry.is_symlink() && entry.is_dir();
                if !hidden && !leads_elsewhere {
                    collect(&entry, false, documents, refusals);
                }
            }
        }
        Ok(_) => {
            let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
            if named || extension.is_some_and(|extension| extension == "json" || extension == "txt") {
                documents.push(path.to_owned());
            }
        }
        Err(error) => refuse(error),
    }
}

fn unread(error: &std::io::Error) -> String {
    format!("cannot be read: {error}")
}

/// A folder of specs, into which documents are imported.
#[derive(Debug)]
pub struct Importer {
    folder: PathBuf,
    platform: Platform,
    /// The specs that are there, by their methods.
    present: BTreeMap<String, PathBuf>,
}

impl Importer {
    /// Looks at a folder of specs.
    ///
    /// # Errors
    ///
    /// If its `platform.yaml` is wrong.
    pub fn new(folder: &Path) -> Result<Self, Diagnostics> {
        let platform = spec::platform(folder)?;
        let mut present = BTreeMap::new();
        for category in fs::read_dir(folder).into_iter().flatten().flatten() {
            for file in fs::read_dir(category.path()).into_iter().flatten().flatten() {
                let path = Path::new(&category.file_name()).join(file.file_name());
                if let (Some(method), true) = (path.file_stem(), path.extension().is_some_and(|end| end == "yaml")) {
                    present.insert(method.to_string_lossy().into_owned(), path);
                }
            }
        }
        Ok(Self { folder: folder.to_owned(), platform, present })
    }

    /// Imports documents, on all cores, in their order. The category is the one that is given; or the one that the method's
    /// spec stands in; or the folder of the document, if it is called like a category. `done` is called after each.
    pub fn import(
        &self,
        documents: &[PathBuf],
        category: Option<&str>,
        done: impl Fn() + Sync,
    ) -> Vec<Result<Import, Refusal>> {
        let mut imports = on_threads(documents, available(), |path| {
            let import = self.one(path, category);
            done();
            import.map_err(|reason| Refusal { document: path.clone(), reason })
        });
        let mut first: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        for result in &mut imports {
            let Ok(import) = result else { continue };
            let method = PathBuf::from(import.path.file_name().unwrap_or_default());
            match first.get(&method) {
                Some(other) => {
                    let reason = format!("the same method is described by {}", other.display());
                    *result = Err(Refusal { document: import.document.clone(), reason });
                }
                None => {
                    first.insert(method, import.document.clone());
                }
            }
        }
        imports
    }

    fn one(&self, path: &Path, category: Option<&str>) -> Result<Import, String> {
        let text = text(path)?;
        let (method, yaml, notes) = converted(&text, &self.platform)?;
        let present = self.present.get(&method);
        let spec = match (present, category) {
            (Some(present), None) => present.clone(),
            (Some(present), Some(category)) if !present.starts_with(category) => {
                let there = present.display();
                return Err(format!("the method has a spec already, {there}; leave --category out, or move that file"));
            }
            _ => Path::new(&self.category(path, category, &method)?).join(format!("{method}.yaml")),
        };
        let category = spec.parent().unwrap_or(Path::new("")).to_string_lossy().into_owned();
        let after = checked(&yaml, &category, &spec, &self.platform)?;
        let state = match files::read(&self.folder.join(&spec), MAX_BYTES)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        {
            Err(files::ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => State::New,
            Err(error) => return Err(format!("its spec {}: {}", spec.display(), described(&error))),
            Ok(before) => match spec::parse(&category, &spec, &before, &self.platform) {
                Err(_) => State::Broken,
                Ok(before) => match spec::differences(&before.spec, &after.spec) {
                    // How a list is paged no document says, so what somebody has said of it stands while the rest does.
                    none if none.iter().all(|difference| difference.item == "pages") => State::Unchanged,
                    differences => State::Changed(differences),
                },
            },
        };
        Ok(Import { document: path.to_owned(), path: spec, state, notes, text: yaml })
    }

    fn category(&self, path: &Path, category: Option<&str>, method: &str) -> Result<String, String> {
        let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let is_record = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let candidates = [category.map(str::to_owned), folder.filter(|_| is_record), Some(guessed_category(method))];
        let category = candidates.into_iter().flatten().find(|name| is_category(name));
        category.ok_or_else(|| format!("no category follows from {method}; name one with --category"))
    }
}

/// The word of a method's name that says what it is about, in the letters that a category may have: `trade` of
/// `taobao.trade.close`.
pub fn guessed_category(method: &str) -> String {
    let word = method.split('.').nth(1).unwrap_or_default().to_ascii_lowercase();
    word.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The text of a document, if it is one that somebody can have meant.
fn text(path: &Path) -> Result<String, String> {
    let mut bytes = files::read(path, MAX_BYTES).map_err(|error| described(&error))?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("it is UTF-16; save it as UTF-8".to_owned());
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(.."\u{feff}".len());
    }
    if let Some(place) = bytes.iter().position(|byte| *byte == 0) {
        return Err(format!("it is no text: its byte {place} is 0"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        format!("it is not UTF-8 from byte {place} on; save it as UTF-8, or is it no text?")
    })
}

/// The method that a document describes, its spec as YAML, and what was not plain.
///
/// # Errors
///
/// Why the text describes no method.
fn converted(text: &str, platform: &Platform) -> Result<(String, String, Vec<String>), String> {
    let begins = text.trim_start();
    let is_html = begins
        .strip_prefix('<')
        .is_some_and(|tag| tag.starts_with(|first: char| first == '!' || first.is_ascii_alphabetic()));
    let mut document = if begins.is_empty() {
        return Err("the file is empty".to_owned());
    } else if is_html {
        return Err("it is HTML; open it in a browser, and copy the page's text into a file".to_owned());
    } else if begins.starts_with(['{', '[']) {
        // A page may begin with a bracket too, as `[返回]`.
        record::read(text).or_else(|problem| page::read(text).map_err(|_| problem))?
    } else {
        page::read(text)?
    };
    settle::settle(&mut document, platform)?;
    let yaml = write::yaml(&document);
    let notes = document.all_notes();
    Ok((document.method, yaml, notes))
}

/// The spec that was written, read as any other is.
fn checked(yaml: &str, category: &str, path: &Path, platform: &Platform) -> Result<Method, String> {
    spec::parse(category, path, yaml, platform).map_err(|problems| {
        let first = problems.iter().next().map(|problem| problem.message.clone()).unwrap_or_default();
        match problems.iter().count() {
            0 | 1 => format!("its spec would break a rule: {first}"),
            count => format!("its spec would break {count} rules: {first}, and more"),
        }
    })
}

/// A document's text as the spec that it is imported as, for whoever has the text at hand.
///
/// # Errors
///
/// Why the text describes no method, or none that a spec can be of.
///
/// ```
/// let platform = codegen::spec::Platform::default();
/// let page = "taobao.a.get\nA\n请求参数\n参数名 类型 必须 描述\nb String 是 c\n响应参数\n";
/// let yaml = codegen::import::spec_of(page, &platform)?;
/// assert!(yaml.contains("  - name: b\n    type: String\n    required: true\n    description: c\n"));
/// # Ok::<(), String>(())
/// ```
pub fn spec_of(text: &str, platform: &Platform) -> Result<String, String> {
    let (method, yaml, _) = converted(text, platform)?;
    checked(&yaml, "any", Path::new(&format!("{method}.yaml")), platform)?;
    Ok(yaml)
}
