//! The package around generated code: one crate, or several and one that re-exports their modules.

use std::path::{Path, PathBuf};

use askama::Template;

use super::{Paths, docs, rust, text, tokens};
use crate::diagnostic::Diagnostics;
use crate::model::{Api, Model};
use crate::output::{FileSet, banner};
use crate::spec::MESSAGES;

/// The folder of the crates of a package that is split.
const CRATES: &str = "crates";

/// Returns the name of the package in the folder `out`.
pub fn package_name(out: &Path) -> String {
    let name = out.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    let name: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name.to_owned() } else { "top-api".to_owned() }
}

/// Returns the folder of a crate of a package with `count` crates, relative to that of the package.
pub fn crate_folder(package: &str, index: usize, count: usize) -> PathBuf {
    if count == 1 { PathBuf::new() } else { Path::new(CRATES).join(format!("{package}-{}", index + 1)) }
}

/// Renders the package around the modules `api` of its crates: manifests, roots of libraries, and a README.
///
/// Each model is a crate, and a single one is the package. The one dependency outside the package is the client's crate in the folder
/// `client`.
///
/// # Errors
///
/// A template that does not render, which is a fault of this crate.
pub fn package(models: &[Model], paths: &Paths, name: &str, client: &Path) -> Result<FileSet, Diagnostics> {
    let crates: Vec<_> =
        models.iter().enumerate().map(|(index, model)| Crate::new(model, name, index, models.len())).collect();
    let topics = models.iter().map(|model| model.topics.len()).sum();
    let package = Package {
        name,
        version: env!("CARGO_PKG_VERSION"),
        client: tokens::literal(&client.to_string_lossy()),
        features: runtime_features(models),
        count: docs::counted_together(models.iter().map(Model::method_count).sum(), topics),
        banner: banner(paths.generator, Path::new("specs")),
        crates: if models.len() == 1 { &[] } else { &crates },
        rows: Rows::new(&crates),
    };
    let mut files = FileSet::new([CRATES, "src/api"]);
    files.put(PathBuf::from("Cargo.toml"), lines("package.toml", &PackageManifest { package: &package })?);
    files.put(PathBuf::from("src/lib.rs"), lines("package.rs", &PackageRoot { package: &package })?);
    files.put(PathBuf::from("README.md"), lines("package.md", &PackageReadme { package: &package })?);
    if package.crates.is_empty() {
        return Ok(files);
    }
    let mut problems = Diagnostics::default();
    match rust(paths.generator, "src/api/mod.rs", Path::new("specs"), &PackageApi { crates: package.crates }) {
        Ok(file) => files.put(file.path, file.text),
        Err(problem) => problems.push(problem),
    }
    for part in package.crates {
        let client = if client.is_relative() { &Path::new("../..").join(client) } else { client };
        let manifest = CrateManifest {
            package: &package,
            part,
            client: tokens::literal(&client.to_string_lossy()),
            features: runtime_features(std::slice::from_ref(part.model)),
        };
        files.put(part.folder.join("Cargo.toml"), lines("crate.toml", &manifest)?);
        files.put(part.folder.join("src/lib.rs"), lines("crate.rs", &CrateRoot { package: &package })?);
    }
    problems.into_result(files)
}

/// Renders a file that is not formatted, with a line end after its last line.
fn lines(path: &str, template: &impl Template) -> Result<String, Diagnostics> {
    text(path, template).map(|text| text + "\n")
}

/// Returns the features of the runtime that generated code needs, as an entry of a dependency.
fn runtime_features(models: &[Model]) -> String {
    let needed = [
        ("messages", models.iter().any(|model| !model.topics.is_empty())),
        ("spi", models.iter().any(|model| model.callbacks().next().is_some())),
    ];
    let names: Vec<_> = needed.into_iter().filter(|(_, is_needed)| *is_needed).map(|(name, _)| name).collect();
    if names.is_empty() { String::new() } else { format!(", features = {names:?}") }
}

/// A crate of a package.
struct Crate<'a> {
    model: &'a Model,
    /// The folder, relative to that of the package.
    folder: PathBuf,
    /// The name of the crate.
    name: String,
    /// The name of the library.
    library: String,
}

impl<'a> Crate<'a> {
    fn new(model: &'a Model, package: &str, index: usize, count: usize) -> Self {
        let folder = crate_folder(package, index, count);
        let name = folder.file_name().map_or_else(|| package.to_owned(), |name| name.to_string_lossy().into_owned());
        Self { model, library: name.replace('-', "_"), folder, name }
    }

    /// Returns the modules of its module `api`, sorted.
    fn modules(&self) -> Vec<&str> {
        let messages = (!self.model.topics.is_empty()).then_some(MESSAGES);
        let mut modules: Vec<_> =
            self.model.categories.iter().map(|category| category.name.as_str()).chain(messages).collect();
        modules.sort_unstable();
        modules
    }

    /// Returns the path of a file in its module `api`, as in a URL.
    fn path(&self, module: &str, file: &str) -> String {
        let folders: Vec<_> = self.folder.iter().map(|folder| format!("{}/", folder.to_string_lossy())).collect();
        format!("{}src/api/{module}/{file}.rs", folders.concat())
    }
}

/// A row of the README.
struct Row<'a> {
    wire: &'a str,
    name: &'a str,
    path: String,
}

/// The rows of the README's tables, sorted by category and name.
struct Rows<'a> {
    apis: Vec<Row<'a>>,
    callbacks: Vec<Row<'a>>,
    topics: Vec<Row<'a>>,
}

impl<'a> Rows<'a> {
    fn new(crates: &'a [Crate<'a>]) -> Self {
        let row = |part: &Crate<'_>, api: &'a Api| Row {
            wire: &api.method,
            name: &api.request.name,
            path: part.path(&api.category, &api.module),
        };
        let sorted = |mut apis: Vec<(&'a Crate<'a>, &'a Api)>| {
            apis.sort_by_key(|(_, api)| (&api.category, &api.method));
            apis.into_iter().map(|(part, api)| row(part, api)).collect()
        };
        let apis = crates.iter().flat_map(|part| part.model.apis().map(move |api| (part, api)));
        let callbacks = crates.iter().flat_map(|part| part.model.callbacks().map(move |api| (part, api)));
        let topics = crates.iter().flat_map(|part| part.model.topics.iter().map(move |topic| (part, topic)));
        Self {
            apis: sorted(apis.collect()),
            callbacks: sorted(callbacks.collect()),
            topics: topics
                .map(|(part, topic)| Row {
                    wire: &topic.topic,
                    name: &topic.message.name,
                    path: part.path(MESSAGES, &topic.module),
                })
                .collect(),
        }
    }
}

/// A package for the templates.
struct Package<'a> {
    name: &'a str,
    version: &'static str,
    client: String,
    features: String,
    count: String,
    banner: String,
    /// The crates of a package that is split.
    crates: &'a [Crate<'a>],
    rows: Rows<'a>,
}

#[derive(Template)]
#[template(path = "package.toml", escape = "none")]
struct PackageManifest<'a> {
    package: &'a Package<'a>,
}

#[derive(Template)]
#[template(path = "package.rs", escape = "none")]
struct PackageRoot<'a> {
    package: &'a Package<'a>,
}

#[derive(Template)]
#[template(path = "package_api.rs", escape = "none")]
struct PackageApi<'a> {
    crates: &'a [Crate<'a>],
}

#[derive(Template)]
#[template(path = "package.md", escape = "none")]
struct PackageReadme<'a> {
    package: &'a Package<'a>,
}

#[derive(Template)]
#[template(path = "crate.toml", escape = "none")]
struct CrateManifest<'a> {
    package: &'a Package<'a>,
    part: &'a Crate<'a>,
    client: String,
    features: String,
}

#[derive(Template)]
#[template(path = "crate.rs", escape = "none")]
struct CrateRoot<'a> {
    package: &'a Package<'a>,
}
