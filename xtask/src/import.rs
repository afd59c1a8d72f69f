//! `cargo xtask import`: the platform's own documents into specs.

use std::path::PathBuf;

use codegen::import::{Import, Importer, Refusal, State, documents};
use codegen::output;
use codegen::spec::is_category;
use lexopt::prelude::*;

use crate::failure::Failure;
use crate::tell::{self, counted};
use crate::{generate, root};

pub(crate) const HELP: &str = "\
Write specs from the platform's own documents.

Usage: cargo xtask import PATH... [--category NAME] [--force] [--dry-run] [--specs DIR]

A PATH is a method's page, copied from a browser and saved as text; or a documentation record, the JSON
that the documentation service describes a method in; or a folder, of which every .txt and .json file is
read. Each becomes specs/CATEGORY/METHOD.yaml. Where a document is not plain, the spec has a comment that
says how it was taken.

A spec that says the same already is left as it is. One that says something else is kept, and what would
change is told, unless --force lets it be replaced.

Options:
  --category NAME  The folder for all of them. Without it, a method that has a spec stays where it is; a
                   record goes to a folder called like its own; a page to the word of its method's name
                   that says what it is about: trade for taobao.trade.close
  --force          Replace specs that say something else
  --dry-run        Write nothing; tell what would be written
  --specs DIR      The folder of specs [specs]
  -h, --help       Say this

It fails if any document is refused; the others are imported all the same.";

/// How many new specs are told by name, of those that nothing is to be said of.
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
        return Err(Failure::new("there is no .txt or .json file below that; nothing was imported"));
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
                let refuse = |error| Refusal { document: import.document.clone(), reason: format!("{error}") };
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
        tell::line(format_args!("{word:9} {}{broken}", options.specs.join(&import.path).display()));
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
    let lines: Vec<_> = refusals.iter().map(|refusal| format!("refused   {refusal}")).collect();
    lines.join("\n")
}
