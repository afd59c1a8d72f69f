//! The entry point: generates Rust from specs.

use std::error::Error as StdError;
use std::fmt;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use crate::cache::{Cache, Reuse, Summary};
use crate::diagnostic::Diagnostics;
use crate::difference::Difference;
use crate::digest::Digest;
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
/// Builder::new("specs").out(out.join("api")).cache(&out).generate()?.write()?;
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
    crates: usize,
    cache: Option<PathBuf>,
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
            crates: 1,
            cache: None,
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

    /// Splits a [`package`](Self::package) into `count` crates in the folder `crates`, and one that re-exports their modules.
    /// Default: 1, a package of one crate.
    ///
    /// Each category is in one crate. Cargo builds the crates in parallel, and after a change only those that differ.
    #[must_use]
    pub fn crates(mut self, count: usize) -> Self {
        self.crates = count;
        self
    }

    /// Makes repeated runs faster with a file in `folder`, such as the target folder of cargo. Default: no cache.
    ///
    /// The file has hashes of the inputs and of the generated files. Files in `out` whose hashes match are not rendered
    /// again. No cache is used if `folder` does not exist.
    #[must_use]
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Renders the code. Writes nothing, and reads `out` only with a [`cache`](Self::cache).
    ///
    /// # Errors
    ///
    /// [`BuildError::Specs`].
    pub fn generate(&self) -> Result<Generated, BuildError> {
        let (sources, problems) = spec::sources(&self.specs);
        let settings = (&self.out, &self.only, &self.paths, &self.package, self.crates);
        generate(&self.out, self.cache.as_deref(), &(&sources, settings), problems, |problems, cache| {
            let mut specs = spec::parse_sources(&sources, problems)?;
            specs.keep(&self.only)?;
            let model = model::resolve(&specs);
            let summary = Summary::of(&model);
            let api = |model: &Model, paths: &Paths, folder: &Path| {
                let reuse = Reuse::below(cache, folder);
                let files = render::api_with(model, paths, false, parallel::available_threads(), reuse)?;
                Ok::<_, Diagnostics>(files.under(folder))
            };
            let Some(client) = &self.package else {
                return Ok((api(&model, &self.paths, Path::new(""))?, summary));
            };
            let name = render::package_name(&self.out);
            let models = model.split(self.crates);
            let mut files = render::package(&models, &self.paths, &name, client)?;
            for (index, model) in models.iter().enumerate() {
                let folder = render::crate_folder(&name, index, models.len()).join("src/api");
                files = files.and(api(model, &self.paths, &folder)?);
            }
            Ok((files, summary))
        })
    }
}

/// Returns the files of the last run if nothing has changed, or renders them. `problems` are those of reading the inputs.
fn generate(
    out: &Path,
    cache: Option<&Path>,
    inputs: &impl Hash,
    problems: Diagnostics,
    render: impl FnOnce(Diagnostics, Option<&Cache>) -> Result<(FileSet, Summary), BuildError>,
) -> Result<Generated, BuildError> {
    let Some(cache) = cache.and_then(|folder| Cache::open(folder, out)) else {
        let (files, summary) = render(problems, None)?;
        return Ok(Generated { files, summary, folder: out.to_owned(), unchanged: false, cache: None });
    };
    let inputs = cache.key(inputs);
    let present = if problems.count() == 0 { cache.all(&inputs) } else { None };
    let unchanged = present.is_some();
    let (files, summary) = match present {
        Some(present) => present,
        None => render(problems, Some(&cache))?,
    };
    Ok(Generated { files, summary, folder: out.to_owned(), unchanged, cache: Some((cache, inputs)) })
}

/// Generates the files of this project: `generated-sdk`, the platform data of the protocol crate, the JSON Schema of
/// specs, and the specs that are built into `codegen` and `cargo-top`.
///
/// # Errors
///
/// [`BuildError::Specs`].
pub fn workspace(root: &Path) -> Result<Generated, BuildError> {
    let (sources, problems) = spec::sources(&root.join("specs"));
    generate(root, Some(&root.join("target")), &sources, problems, |problems, cache| {
        let specs = spec::parse_sources(&sources, problems)?;
        let model = model::resolve(&specs);
        let paths = Paths::of_generated_sdk();
        let reuse = Reuse::below(cache, Path::new("generated-sdk/src/api"));
        let api = render::api_with(&model, &paths, true, parallel::available_threads(), reuse)?;
        let sdk = api.under(Path::new("src/api")).and(render::sdk(&model)?).and(render::examples(&model, &paths)?);
        let platform = render::platform(&model)?.under(Path::new("runtime/protocol"));
        let mut files = sdk.under(Path::new("generated-sdk")).and(platform);
        files.put(Path::new("specs").join(spec::METHOD_SCHEMA), spec::method_schema());
        files.put(Path::new("specs").join(spec::MESSAGE_SCHEMA), spec::message_schema());
        if let Some(text) = sources.platform_text() {
            files.put(spec::BUILT_IN.into(), render::built_in_platform(text));
        }
        let files = files.and(render::shipped(&specs)?.under(Path::new("cli")));
        Ok((files, Summary::of(&model)))
    })
}

/// Generated files and their folder.
#[derive(Clone, Debug)]
pub struct Generated {
    files: FileSet,
    summary: Summary,
    folder: PathBuf,
    /// Whether all files were read from the folder, so that they need not be compared.
    unchanged: bool,
    /// The cache and the digest of the inputs.
    pub(crate) cache: Option<(Cache, Digest)>,
}

impl Generated {
    /// Returns the files.
    pub fn files(&self) -> &FileSet {
        &self.files
    }

    /// Returns the features of the runtime that the files need.
    pub fn features(&self) -> Vec<&'static str> {
        let messages = (self.summary.topics > 0).then_some("messages");
        let spi = (self.summary.callbacks > 0).then_some("spi");
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
        if let Some((cache, inputs)) = &self.cache {
            cache.save(inputs, &self.summary, &self.files);
        }
        Ok(report)
    }

    /// Compares the folder with the generated files. Writes nothing. If nothing has changed since the last run, the files were compared
    /// by their hashes when they were read.
    ///
    /// # Errors
    ///
    /// [`BuildError::Output`].
    pub fn check(&self) -> Result<Report, BuildError> {
        let (files, folder) = (&self.files, &self.folder);
        let changes = if self.unchanged { files.compare_others(folder) } else { files.compare(folder) };
        Ok(Report {
            methods: self.summary.methods,
            categories: self.summary.categories,
            topics: self.summary.topics,
            files: self.files.len(),
            changes: changes?,
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
