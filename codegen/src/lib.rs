//! Specs of TOP methods into Rust source.
//!
//! The whole pipeline is [`sdk`]: each step is one function with one type on either side.

pub mod diagnostic;
pub mod difference;
mod html;
pub mod import;
pub mod model;
pub mod output;
mod parallel;
pub mod project;
pub mod render;
pub mod spec;

use std::path::Path;

use diagnostic::Diagnostics;
use model::Model;
use output::FileSet;

/// The files that the specs in `root/specs` make, by their paths from the project's root: the SDK, and the JSON Schema that
/// editors check specs by.
///
/// # Errors
///
/// All that is wrong with any of the specs. Nothing is generated then.
pub fn generate(root: &Path) -> Result<(FileSet, Summary), Diagnostics> {
    let model = model::resolve(&spec::read(&root.join("specs"))?, false);
    let sdk = render::render(&model, parallel::available())?.and(render::examples(&model)?);
    let mut schema = FileSet::new([]);
    schema.put(spec::SCHEMA.into(), spec::schema());
    let files = sdk.under(Path::new("generated-sdk")).and(schema.under(Path::new("specs")));
    Ok((files, Summary::of(&model)))
}

/// The generated files of an SDK for the specs in `folder`, by their paths from the SDK: for all of the methods, or for
/// those that match one of the patterns in `only`.
///
/// # Errors
///
/// All that is wrong with any of the specs, or that a pattern matches no method.
pub fn sdk(folder: &Path, only: &[String]) -> Result<(FileSet, Summary), Diagnostics> {
    let mut specs = spec::read(folder)?;
    specs.keep(only)?;
    let model = model::resolve(&specs, !only.is_empty());
    let files = render::render(&model, parallel::available())?;
    Ok((files, Summary::of(&model)))
}

/// What was generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many methods.
    pub methods: usize,
    /// In how many categories.
    pub categories: usize,
}

impl Summary {
    fn of(model: &Model) -> Self {
        Self { methods: model.apis().count(), categories: model.categories.len() }
    }
}
