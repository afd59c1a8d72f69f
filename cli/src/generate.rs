//! `cargo top gen`: generates the module `api` of a crate.

use std::path::Path;

use clap::Args;
use codegen::Builder;
use codegen::commands::{self, CommandError, Mode, line};
use codegen::output::Generator;
use codegen::render::Paths;

use crate::package::Package;
use crate::project::Project;

/// The arguments of `gen`.
#[derive(Args, Debug)]
pub(crate) struct GenArgs {
    /// Write nothing; list the files that are missing, stale or orphaned, and fail if there are any
    #[arg(long, conflicts_with = "diff")]
    check: bool,
    /// Write nothing; list the types and fields that would be added, removed or changed
    #[arg(long)]
    diff: bool,
}

pub(crate) fn run(args: &GenArgs) -> Result<(), CommandError> {
    let project = Project::required()?;
    let specs = project.required_specs()?;
    let package = Package::read(&project.root)?;
    let runtime = package.runtime.as_deref().unwrap_or("top_client");
    let paths = Paths { generator: Generator::CargoTop, ..Paths::of_runtime("crate", runtime) };
    let generated = Builder::new(specs).out(package.api()).paths(paths).cache(&package.target).generate()?;
    let mode = match args {
        GenArgs { check: true, .. } => Mode::Check,
        GenArgs { diff: true, .. } => Mode::Diff,
        _ => Mode::Write,
    };
    commands::generate(&generated, mode, "cargo top gen")?;
    if mode == Mode::Write {
        print_missing(&package, &generated.features());
    }
    Ok(())
}

/// Prints the dependency, its features and the declaration that the crate lacks.
fn print_missing(package: &Package, features: &[&str]) {
    if package.runtime.is_none() {
        line("\nadd to [dependencies] in Cargo.toml:");
        line(format_args!("    {}", dependency("top-client", "runtime/client", features)));
        line("or, to use the methods of generated-sdk too, add this and run `cargo top gen` again:");
        line(format_args!("    {}", dependency("generated-sdk", "generated-sdk", features)));
    }
    for feature in features.iter().filter(|feature| !package.features.iter().any(|other| other == *feature)) {
        if let Some(runtime) = &package.runtime {
            let runtime = runtime.replace('_', "-");
            line(format_args!("\nadd the feature `{feature}` to the dependency {runtime} in Cargo.toml"));
        }
    }
    if !package.declares_api() {
        let root_file = package.root_file.file_name().unwrap_or_default().to_string_lossy();
        let visibility = if package.is_library { "pub " } else { "" };
        line(format_args!("\nadd to {root_file}:\n    {visibility}mod api;"));
    }
}

/// Returns the line of a manifest for a package of this project. The line has a path if this program was installed from a
/// clone that still exists.
fn dependency(name: &str, folder: &str, features: &[&str]) -> String {
    let features = if features.is_empty() { String::new() } else { format!(", features = {features:?}") };
    let version = env!("CARGO_PKG_VERSION");
    let clone = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|root| root.join(folder));
    match clone.filter(|folder| folder.join("Cargo.toml").is_file()) {
        Some(folder) => {
            let path = folder.to_string_lossy();
            // A literal string of TOML, because Windows paths have backslashes. It cannot contain a quote.
            let path = if path.contains('\'') { format!("{path:?}") } else { format!("'{path}'") };
            format!("{name} = {{ version = \"{version}\", path = {path}{features} }}")
        }
        None if features.is_empty() => format!("{name} = \"{version}\""),
        None => format!("{name} = {{ version = \"{version}\"{features} }}"),
    }
}
