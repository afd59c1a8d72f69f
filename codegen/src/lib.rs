//! Specs of TOP methods into Rust source.
//!
//! The whole pipeline is [`generate`]: each step is one function with one type on either side.

pub mod diagnostic;
pub mod model;
pub mod output;
pub mod render;
pub mod spec;

use std::path::Path;

use diagnostic::Diagnostics;
use output::FileSet;

/// The files of the SDK that the specs in `folder` describe: `folder/platform.yaml` and `folder/CATEGORY/METHOD.yaml`.
///
/// # Errors
///
/// All that is wrong with any of the specs. Nothing is generated then.
pub fn generate(folder: &Path) -> Result<(FileSet, Summary), Diagnostics> {
    let specs = spec::read(folder)?;
    let model = model::resolve(&specs);
    let files = render::render(&model)?;
    Ok((files, Summary { methods: model.apis().count(), categories: model.categories.len() }))
}

/// What was generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many methods.
    pub methods: usize,
    /// In how many categories.
    pub categories: usize,
}
