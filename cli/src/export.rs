//! `cargo top export`: converts methods to documents for other tools.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use codegen::commands::{CommandError, line};
use codegen::export::{Format, Selection};
use codegen::files::printable;
use codegen::spec::{Specs, closest};

use crate::methods;
use crate::project::Project;

/// The arguments of `export`.
#[derive(Args)]
pub(crate) struct ExportArgs {
    /// The format of the document
    #[arg(value_parser = PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| name.parse::<Format>()))]
    format: Format,
    /// The methods, such as taobao.trade.get. Default: all
    #[arg(value_name = "METHOD")]
    methods: Vec<String>,
    /// A category whose methods are exported, such as trade; repeat it for more
    #[arg(long, value_name = "NAME")]
    category: Vec<String>,
    /// Write the document to FILE. Default: standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &ExportArgs) -> Result<(), CommandError> {
    let specs = methods::all(Project::find()?.and_then(|project| project.existing_specs()).as_deref())?;
    let selection = select(&specs, &args.methods, &args.category)?;
    let text = format!("{:#}", args.format.document(&selection));
    match &args.out {
        None => line(text),
        Some(path) => fs::write(path, text + "\n")
            .map_err(|error| CommandError::Failed(format!("cannot write {}: {error}", printable(path))))?,
    }
    Ok(())
}

/// Selects methods by name and by category; all without either.
fn select<'a>(specs: &'a Specs, names: &[String], categories: &[String]) -> Result<Selection<'a>, CommandError> {
    let methods: BTreeSet<&str> = specs.methods.iter().map(|method| method.spec.method.value.as_str()).collect();
    let folders: BTreeSet<&str> = specs.methods.iter().map(|method| method.category.as_str()).collect();
    check_known("method", names, &methods)?;
    check_known("category", categories, &folders)?;
    let is_all = names.is_empty() && categories.is_empty();
    let selected = specs
        .methods
        .iter()
        .filter(|method| is_all || names.contains(&method.spec.method.value) || categories.contains(&method.category));
    Ok(Selection::new(&specs.platform, selected.map(|method| (method.category.as_str(), &method.spec))))
}

/// Refuses the first name that is not known.
fn check_known(what: &str, names: &[String], known: &BTreeSet<&str>) -> Result<(), CommandError> {
    let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) else { return Ok(()) };
    let meant = closest(name, known.iter().copied()).map(|meant| format!("; did you mean {meant}?"));
    let meant = meant.unwrap_or_default();
    Err(CommandError::Usage(format!("unknown {what} {name:?}: no spec describes it{meant}")))
}
