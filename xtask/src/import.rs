//! `cargo xtask import`: imports the platform's documents as specs.

use std::path::PathBuf;

use codegen::files::printable;
use codegen::import::{EXTENSIONS, Import, ImportError, Importer, Refusal, State, documents};
use codegen::output;
use codegen::spec::is_category;
use lexopt::prelude::*;

use crate::failure::Failure;
use crate::tell::{self, counted};
use crate::{generate, root};

pub(crate) const HELP: &str = "\
Write specs from the platform's documents.

Usage: cargo xtask import PATH... [--category NAME] [--force] [--dry-run] [--specs DIR]

A PATH is one of these, or a folder of them:
  - a method's page: copied from a browser as text, saved as HTML, or kept in Markdown; in Chinese or
    English. A Markdown file may hold many methods, each below a heading with its name.
  - a documentation record: the JSON of the documentation service, alone or in the service's answer
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
  --specs DIR      The folder of specs [specs]
  -h, --help       Print help

Exit status: 0 success, 1 a document was refused (the others are imported), 2 usage error.";

/// How many new specs without notes are printed by name.
const TOLD: usize = 20;

/// What the command line asks for.
struct Options {
    paths: Vec<PathBuf>,
    category: Option<String>,
    force: bool,
    dry_run: bool,
    specs: PathBuf,
}

pub(crate) fn command(arguments: lexopt::Parser) -> Result<(), Failure> {
    let Some(options) = options(arguments)? else {
        tell::line(HELP);
        return Ok(());
    };
    let importer = Importer::new(&options.specs).map_err(generate::wrong)?;
    let (documents, refusals) = documents(&options.paths);
    if documents.is_empty() && refusals.is_empty() {
        let extensions = EXTENSIONS.map(|extension| format!(".{extension}")).join(", ");
        return Err(Failure::new(format!(
            "found no document: expected a file that ends in {extensions}; nothing was imported"
        )));
    }
    let progress = tell::progress(documents.len(), "documents");
    let mut results = importer.import(&documents, options.category.as_deref(), || progress.inc(1));
    progress.finish_and_clear();
    results.extend(refusals.into_iter().map(Err));
    report(&options, results)
}

fn options(mut arguments: lexopt::Parser) -> Result<Option<Options>, Failure> {
    let mut options =
        Options { paths: Vec::new(), category: None, force: false, dry_run: false, specs: PathBuf::new() };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("category") => options.category = Some(arguments.value()?.string()?),
            Long("force") => options.force = true,
            Long("dry-run") => options.dry_run = true,
            Long("specs") => options.specs = PathBuf::from(arguments.value()?),
            Short('h') | Long("help") => return Ok(None),
            Value(path) => options.paths.push(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    if options.paths.is_empty() {
        return Err(Failure::usage("which document? For example: cargo xtask import page.txt"));
    }
    if options.specs.as_os_str().is_empty() {
        options.specs = root()?.join("specs");
    }
    if let Some(category) = options.category.as_deref().filter(|category| !is_category(category)) {
        return Err(Failure::usage(format!(
            "{category:?} is no category: a category is called in lower-case letters and digits"
        )));
    }
    Ok(Some(options))
}

/// Writes what is to be written, and tells of everything.
fn report(options: &Options, results: Vec<Result<Import, Refusal>>) -> Result<(), Failure> {
    let count = results.len();
    let mut tally = Tally::default();
    for result in results {
        let done = result.and_then(|import| {
            let done = Done::of(&import.state, options.force);
            if done.writes() && !options.dry_run {
                let refuse = |error| Refusal { document: import.document.clone(), error: ImportError::Write(error) };
                output::apply(&options.specs, &[import.change()]).map_err(refuse)?;
            }
            Ok((import, done))
        });
        match done {
            Ok((import, done)) => tally.tell(options, &import, done),
            Err(refusal) => tally.refused.push(refusal),
        }
    }
    if tally.untold > 0 {
        tell::line(format_args!("imported  {} more", tally.untold));
    }
    let Tally { imported, changed, unchanged, kept, .. } = tally;
    tell::line(format_args!(
        "{}: {imported} imported, {changed} changed, {unchanged} unchanged, {kept} kept, {} refused{}",
        counted(count, "document", "documents"),
        tally.refused.len(),
        if options.dry_run { "; nothing was written" } else { "" },
    ));
    if tally.notes > 0 {
        let things = counted(tally.notes, "thing was", "things were");
        tell::line(format_args!("{things} not plain; a comment in the spec says how each was taken"));
    }
    if kept > 0 {
        tell::line("what is kept says something else than its document; --force replaces it");
    }
    if !options.dry_run && imported + changed > 0 {
        tell::line("next: cargo xtask gen");
    }
    if tally.refused.is_empty() { Ok(()) } else { Err(Failure::new(listed(&tally.refused))) }
}

/// What becomes of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Imported,
    Changed,
    Unchanged,
    Kept,
}

impl Done {
    fn of(state: &State, force: bool) -> Self {
        match state {
            State::New => Self::Imported,
            State::Unchanged => Self::Unchanged,
            State::Changed(_) | State::Broken if force => Self::Changed,
            State::Changed(_) | State::Broken => Self::Kept,
        }
    }

    fn writes(self) -> bool {
        matches!(self, Self::Imported | Self::Changed)
    }
}

/// What became of the documents.
#[derive(Default)]
struct Tally {
    imported: usize,
    changed: usize,
    unchanged: usize,
    kept: usize,
    /// Of what was imported, that which was not told by name.
    untold: usize,
    /// How many comments are in what was written.
    notes: usize,
    refused: Vec<Refusal>,
}

impl Tally {
    fn tell(&mut self, options: &Options, import: &Import, done: Done) {
        let (count, word) = match done {
            Done::Imported => (&mut self.imported, "imported"),
            Done::Changed => (&mut self.changed, "changed"),
            Done::Unchanged => (&mut self.unchanged, "unchanged"),
            Done::Kept => (&mut self.kept, "kept"),
        };
        *count += 1;
        let plain = import.notes.is_empty();
        if done == Done::Unchanged {
            return;
        }
        if done == Done::Imported && plain && self.imported > TOLD {
            self.untold += 1;
            return;
        }
        let broken = if import.state == State::Broken { ", which is no spec" } else { "" };
        tell::line(format_args!("{word:9} {}{broken}", printable(&options.specs.join(&import.path))));
        if let State::Changed(differences) = &import.state {
            differences.iter().for_each(|difference| tell::line(format_args!("          {difference}")));
        }
        import.notes.iter().for_each(|note| tell::line(format_args!("          note: {note}")));
        if done.writes() && !options.dry_run {
            self.notes += import.notes.len();
        }
    }
}

fn listed(refusals: &[Refusal]) -> String {
    let line = |refusal: &Refusal| format!("refused   {}: {}", printable(&refusal.document), refusal.reason());
    let lines: Vec<_> = refusals.iter().map(line).collect();
    lines.join("\n")
}
