//! `cargo xtask import`: writes specs from the platform's documents.

use std::path::PathBuf;

use codegen::commands::{self, Context, ImportOptions, line};
use lexopt::prelude::*;

use crate::failure::Failure;
use crate::{PROGRAM, context};

pub(crate) const HELP: &str = "\
Write specs from the platform's documents.

Usage: cargo xtask import PATH... [--category NAME] [--force] [--dry-run] [--specs DIR]

A PATH is one of these, or a folder of them:
  - a method's page: copied from a browser as text, saved as HTML, or kept in Markdown; in Chinese or
    English. A Markdown file may hold many methods, each below a heading with its name.
  - a documentation record: the JSON of the documentation service, alone or in the service's response
  - ApiMetadata.xml of an SDK download: all methods of an application

Of a folder, every .txt, .md, .markdown, .html, .htm, .json and .xml file is read, except README files.
Each method becomes specs/CATEGORY/METHOD.yaml. A comment in the spec states what was inferred, changed
or left out. A document that cannot be read is refused with the reason.

A spec that is the same already is not written. One that differs is kept, and the differences are
printed, unless --force is given.

Options:
  --category NAME  The category of all methods. Default: the category of the existing spec; or the name
                   of a record's folder; or a word of the method's name: trade for taobao.trade.close
  --force          Replace specs that differ
  --dry-run        Write nothing; print what would be written
  --specs DIR      The folder of specs. Default: specs
  -h, --help       Print help

Exit status: 0 success, 1 a document was refused (the others are imported), 2 usage error.";

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let (mut options, mut specs) = (ImportOptions::default(), None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("category") => options.category = Some(arguments.value()?.string()?),
            Long("force") => options.force = true,
            Long("dry-run") => options.dry_run = true,
            Long("specs") => specs = Some(PathBuf::from(arguments.value()?)),
            Short('h') | Long("help") => {
                line(HELP);
                return Ok(());
            }
            Value(path) => options.paths.push(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    if options.paths.is_empty() {
        return Err(Failure::usage("no document: expected a PATH, as in cargo xtask import page.txt"));
    }
    let context = match specs {
        Some(specs) => Context { program: PROGRAM.to_owned(), specs },
        None => context()?,
    };
    Ok(commands::import(&context, &options)?)
}
