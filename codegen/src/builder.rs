//! The generator's entry: specs in, Rust out.

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
/// From a `build.rs`, a command or a test, the same three lines:
///
/// ```no_run
/// # fn main() -> Result<(), codegen::BuildError> {
/// use codegen::Builder;
///
/// // Write src/api. Add `pub mod api;` to src/lib.rs or src/main.rs.
/// let report = Builder::new("specs").out("src/api").write()?;
/// println!("{} methods, {} files changed", report.methods, report.changes.len());
///
/// // In a test: fail if src/api does not match specs.
/// let stale = Builder::new("specs").out("src/api").check()?.changes;
/// assert!(stale.is_empty(), "run the generator again: {stale:?}");
///
/// // In a build script: write to OUT_DIR, and use `mod api { include!(concat!(env!("OUT_DIR"), "/api/mod.rs")); }`.
/// let out = std::env::var_os("OUT_DIR").map(std::path::PathBuf::from).unwrap_or_default();
/// Builder::new("specs").out(out.join("api")).write()?;
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

/// What a build did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The number of methods.
    pub methods: usize,
    /// The number of categories.
    pub categories: usize,
    /// The number of generated files, changed or not.
    pub files: usize,
    /// The files that differ from what is on disk.
    pub changes: Vec<Change>,
}

/// Why nothing was generated.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The specs violate rules. Nothing was written.
    Specs(Diagnostics),
    /// A file cannot be read or written.
    Output(OutputError),
}

impl Builder {
    /// Reads the specs in `specs`, a folder of `CATEGORY/METHOD.yaml` files. Its `platform.yaml` is optional.
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

    /// Takes only the methods that match one of `patterns`, in which `*` matches any text. Default: all methods.
    #[must_use]
    pub fn only<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.only.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Sets the paths that generated code names. Default: those of a crate that depends on `top-client`.
    #[must_use]
    pub fn paths(mut self, paths: Paths) -> Self {
        self.paths = paths;
        self
    }

    /// Makes `out` a package of its own, which depends on the client's crate in the folder `client`.
    #[must_use]
    pub fn package(mut self, client: impl Into<PathBuf>) -> Self {
        self.package = Some(client.into());
        self
    }

    /// Writes the files that differ, and removes generated files whose spec is gone.
    ///
    /// # Errors
    ///
    /// [`BuildError`]. If the specs are wrong, nothing is written.
    pub fn write(&self) -> Result<Report, BuildError> {
        let report = self.check()?;
        output::apply(&self.out, &report.changes)?;
        Ok(report)
    }

    /// Compares `out` with what [`write`](Self::write) would generate, and writes nothing.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn check(&self) -> Result<Report, BuildError> {
        let (files, model) = self.render()?;
        Report::new(&files, &model, &self.out)
    }

    /// Lists what changes for users of the generated code, and writes nothing.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn diff(&self) -> Result<Vec<Difference>, BuildError> {
        Ok(self.render()?.0.differences(&self.out)?)
    }

    /// Renders the files without looking at `out`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Specs`].
    pub fn files(&self) -> Result<FileSet, BuildError> {
        Ok(self.render()?.0)
    }

    fn render(&self) -> Result<(FileSet, Model), BuildError> {
        let mut specs = spec::read(&self.specs)?;
        if !self.only.is_empty() {
            specs.keep(&self.only)?;
        }
        let model = model::resolve(&specs);
        let api = render::api(&model, &self.paths, false, parallel::available())?;
        let files = match &self.package {
            None => api,
            Some(client) => api.under(Path::new("src/api")).and(render::package(&model, &self.out, client)?),
        };
        Ok((files, model))
    }
}

/// Generates this project: `generated-sdk`, the platform's data in the protocol's crate, and the JSON Schema of specs.
///
/// # Errors
///
/// [`BuildError::Specs`].
pub fn workspace(root: &Path) -> Result<Workspace, BuildError> {
    let model = model::resolve(&spec::read(&root.join("specs"))?);
    let paths = Paths::of_generated_sdk();
    let api = render::api(&model, &paths, true, parallel::available())?.under(Path::new("src/api"));
    let sdk = api.and(render::sdk(&model)?).and(render::examples(&model, &paths)?).under(Path::new("generated-sdk"));
    let platform = render::platform(&model)?.under(Path::new("runtime/protocol"));
    let mut schema = FileSet::new([]);
    schema.put(spec::SCHEMA.into(), spec::schema());
    let files = sdk.and(platform).and(schema.under(Path::new("specs")));
    Ok(Workspace { files, model, root: root.to_owned() })
}

/// The generated files of this project.
#[derive(Clone, Debug)]
pub struct Workspace {
    files: FileSet,
    model: Model,
    root: PathBuf,
}

impl Workspace {
    /// Writes the files that differ. See [`Builder::write`].
    ///
    /// # Errors
    ///
    /// [`BuildError::Output`].
    pub fn write(&self) -> Result<Report, BuildError> {
        let report = self.check()?;
        output::apply(&self.root, &report.changes)?;
        Ok(report)
    }

    /// Compares the project with its specs. See [`Builder::check`].
    ///
    /// # Errors
    ///
    /// [`BuildError::Output`].
    pub fn check(&self) -> Result<Report, BuildError> {
        Report::new(&self.files, &self.model, &self.root)
    }

    /// Lists what changes for users of the SDK. See [`Builder::diff`].
    ///
    /// # Errors
    ///
    /// [`BuildError::Output`].
    pub fn diff(&self) -> Result<Vec<Difference>, BuildError> {
        Ok(self.files.differences(&self.root)?)
    }
}

impl Report {
    fn new(files: &FileSet, model: &Model, folder: &Path) -> Result<Self, BuildError> {
        Ok(Self {
            methods: model.apis().count(),
            categories: model.categories.len(),
            files: files.len(),
            changes: files.compare(folder)?,
        })
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
