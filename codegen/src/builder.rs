//! The entry point: generates Rust from specs.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostics;
use crate::difference::Difference;
use crate::model::Model;
use crate::output::{self, Change, FileSet, OutputError};
use crate::render::Paths;
use crate::{model, parallel, render, spec};

/// Generates the module `api` from a folder of specs.
///
/// The same builder works in a `build.rs`, a command and a test:
///
/// ```no_run
/// # fn main() -> Result<(), codegen::BuildError> {
/// use codegen::Builder;
///
/// // Write src/api. Add `pub mod api;` to src/lib.rs or src/main.rs.
/// let report = Builder::new("specs").out("src/api").generate()?.write()?;
/// println!("{} methods, {} files changed", report.methods, report.changes.len());
///
/// // In a test: fail if src/api does not match specs.
/// let stale = Builder::new("specs").out("src/api").generate()?.check()?.changes;
/// assert!(stale.is_empty(), "run the generator again: {stale:?}");
///
/// // In a build script: write to OUT_DIR, and use `mod api { include!(concat!(env!("OUT_DIR"), "/api/mod.rs")); }`.
/// let out = std::env::var_os("OUT_DIR").map(std::path::PathBuf::from).unwrap_or_default();
/// Builder::new("specs").out(out.join("api")).generate()?.write()?;
/// println!("cargo::rerun-if-changed=specs");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    specs: PathBuf,
    out: PathBuf,
    only: Vec<String>,
    paths: Paths,
    package: Option<PathBuf>,
}

/// The result of a build or a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The number of methods.
    pub methods: usize,
    /// The number of categories.
    pub categories: usize,
    /// The number of topics.
    pub topics: usize,
    /// The number of generated files, changed or not.
    pub files: usize,
    /// The files that differ from what is on disk.
    pub changes: Vec<Change>,
}

/// Why no code was generated.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The specs violate rules. Nothing was written.
    Specs(Diagnostics),
    /// A file cannot be read or written.
    Output(OutputError),
}

impl Builder {
    /// Reads the specs in `specs`, a folder of `CATEGORY/METHOD.yaml` and `messages/TOPIC.yaml` files. Its `platform.yaml`
    /// is optional.
    pub fn new(specs: impl Into<PathBuf>) -> Self {
        Self {
            specs: specs.into(),
            out: PathBuf::from("src/api"),
            only: Vec::new(),
            paths: Paths::of_package("crate"),
            package: None,
        }
    }

    /// Writes to the folder `out`. Default: `src/api`.
    #[must_use]
    pub fn out(mut self, out: impl Into<PathBuf>) -> Self {
        self.out = out.into();
        self
    }

    /// Generates only the methods and topics that match one of `patterns`, in which `*` matches any text. Default: all.
    #[must_use]
    pub fn only<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.only.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Sets the paths in generated code and the command in its banner. Default: those of a crate that depends on
    /// `top-client`.
    #[must_use]
    pub fn paths(mut self, paths: Paths) -> Self {
        self.paths = paths;
        self
    }

    /// Generates a package in `out` that depends on the client crate in the folder `client`.
    #[must_use]
    pub fn package(mut self, client: impl Into<PathBuf>) -> Self {
        self.package = Some(client.into());
        self
    }

    /// Renders the code. Does not read or write `out`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Specs`].
    pub fn generate(&self) -> Result<Generated, BuildError> {
        let mut specs = spec::read(&self.specs)?;
        if !self.only.is_empty() {
            specs.keep(&self.only)?;
        }
        let model = model::resolve(&specs);
        let api = render::api(&model, &self.paths, false, parallel::available_threads())?;
        let files = match &self.package {
            None => api,
            Some(client) => {
                let package = render::package(&model, &self.paths, &self.out, client)?;
                api.under(Path::new("src/api")).and(package)
            }
        };
        Ok(Generated { files, model, folder: self.out.clone() })
    }
}

/// Generates the files of this project: `generated-sdk`, the platform data of the protocol crate, the JSON Schema of
/// specs, and the specs that are built into `codegen` and `cargo-top`.
///
/// # Errors
///
/// [`BuildError::Specs`].
pub fn workspace(root: &Path) -> Result<Generated, BuildError> {
    let folder = root.join("specs");
    let specs = spec::read(&folder)?;
    let model = model::resolve(&specs);
    let paths = Paths::of_generated_sdk();
    let api = render::api(&model, &paths, true, parallel::available_threads())?.under(Path::new("src/api"));
    let sdk = api.and(render::sdk(&model)?).and(render::examples(&model, &paths)?);
    let platform = render::platform(&model)?.under(Path::new("runtime/protocol"));
    let mut files = sdk.under(Path::new("generated-sdk")).and(platform);
    files.put(Path::new("specs").join(spec::METHOD_SCHEMA), spec::method_schema());
    files.put(Path::new("specs").join(spec::MESSAGE_SCHEMA), spec::message_schema());
    if let Some(text) = spec::platform_text(&folder)? {
        files.put(spec::BUILT_IN.into(), render::built_in_platform(&text));
    }
    let files = files.and(render::shipped(&specs)?.under(Path::new("cli")));
    Ok(Generated { files, model, folder: root.to_owned() })
}

/// Generated files and their folder.
#[derive(Clone, Debug)]
pub struct Generated {
    files: FileSet,
    model: Model,
    folder: PathBuf,
}

impl Generated {
    /// Returns the files.
    pub fn files(&self) -> &FileSet {
        &self.files
    }

    /// Returns the features of the runtime that the files need.
    pub fn features(&self) -> Vec<&'static str> {
        let messages = (!self.model.topics.is_empty()).then_some("messages");
        let spi = self.model.callbacks().next().map(|_| "spi");
        messages.into_iter().chain(spi).collect()
    }

    /// Writes the files that differ, and removes generated files without a spec.
    ///
    /// # Errors
    ///
    /// [`BuildError::Output`].
    pub fn write(&self) -> Result<Report, BuildError> {
        let report = self.check()?;
        output::apply(&self.folder, &report.changes)?;
        Ok(report)
    }

    /// Compares the folder with the generated files. Writes nothing.
    ///
    /// # Errors
    ///
    /// [`BuildError::Output`].
    pub fn check(&self) -> Result<Report, BuildError> {
        Ok(Report {
            methods: self.model.method_count(),
            categories: self.model.categories.len(),
            topics: self.model.topics.len(),
            files: self.files.len(),
            changes: self.files.compare(&self.folder)?,
        })
    }

    /// Lists the API changes. Writes nothing.
    ///
    /// # Errors
    ///
    /// [`BuildError::Output`].
    pub fn diff(&self) -> Result<Vec<Difference>, BuildError> {
        Ok(self.files.differences(&self.folder)?)
    }
}

impl From<Diagnostics> for BuildError {
    fn from(problems: Diagnostics) -> Self {
        Self::Specs(problems)
    }
}

impl From<OutputError> for BuildError {
    fn from(error: OutputError) -> Self {
        Self::Output(error)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Specs(problems) => write!(f, "{}; nothing was written", problems.render(false)),
            Self::Output(error) => error.fmt(f),
        }
    }
}

impl StdError for BuildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Specs(_) => None,
            Self::Output(error) => error.source(),
        }
    }
}
