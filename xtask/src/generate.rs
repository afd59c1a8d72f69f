//! `cargo xtask gen`: specs into the SDK.

use std::io::IsTerminal;

use codegen::output::{self, Change};
use lexopt::prelude::*;

use crate::failure::Failure;
use crate::root;

pub(crate) const HELP: &str = "\
Write generated-sdk from specs.

Usage: cargo xtask gen [--check]

Every specs/CATEGORY/METHOD.yaml becomes a module of generated-sdk/src/api, and every category a
feature in generated-sdk/Cargo.toml. Nothing is written if any spec is wrong. Files are written only
where they differ, and only files that were generated are ever replaced or removed.

Options:
  --check    Write nothing; list what is missing, stale or orphaned, and fail if anything is
  -h, --help Say this";

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let mut check = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("check") => check = true,
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    generate(check)
}

pub(crate) fn generate(check: bool) -> Result<(), Failure> {
    let specs = root().join("specs");
    let sdk = root().join("generated-sdk");
    let (files, summary) = codegen::generate(&specs).map_err(|problems| {
        let colour = std::io::stderr().is_terminal();
        Failure::new(format!("{}; nothing was written", problems.render(colour)))
    })?;
    let changes = files.compare(&sdk).map_err(Failure::new)?;
    if check && !changes.is_empty() {
        list(&changes);
        return Err(Failure::new("generated-sdk does not match specs; run: cargo xtask gen"));
    }
    output::apply(&sdk, &changes).map_err(Failure::new)?;
    list(&changes);
    let codegen::Summary { methods, categories } = summary;
    let state = match changes.len() {
        0 => "all up to date".to_owned(),
        count => format!("{count} changed"),
    };
    println!(
        "{} in {}: {}, {state}",
        counted(methods, "method", "methods"),
        counted(categories, "category", "categories"),
        counted(files.len(), "file", "files"),
    );
    Ok(())
}

fn list(changes: &[Change]) {
    for change in changes {
        println!("{change}");
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
