//! `cargo xtask import`: the platform's own documents into specs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use codegen::difference::Difference;
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

/// How many new specs are told by name, and of how many of any kind the notes.
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
    let documents = documents(&options.paths).map_err(|refusals| Failure::new(listed(&refusals)))?;
    if documents.is_empty() {
        return Err(Failure::new("there is no .txt or .json file below that; nothing was imported"));
    }
    let progress = tell::progress(documents.len(), "documents");
    let results = importer.import(&documents, options.category.as_deref(), || progress.inc(1));
    progress.finish_and_clear();
    report(&options, &results)
}

fn options(mut arguments: lexopt::Parser) -> Result<Option<Options>, Failure> {
    let mut options =
        Options { paths: Vec::new(), category: None, force: false, dry_run: false, specs: root().join("specs") };
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
    if let Some(category) = options.category.as_deref().filter(|category| !is_category(category)) {
        return Err(Failure::usage(format!(
            "{category:?} is no category: a category is called in lower-case letters and digits"
        )));
    }
    Ok(Some(options))
}

/// Writes what is to be written, and tells of everything.
fn report(options: &Options, results: &[Result<Import, Refusal>]) -> Result<(), Failure> {
    let mut tally = Tally::default();
    for result in results {
        match result {
            Ok(import) => take(options, import, &mut tally)?,
            Err(refusal) => tally.refused.push(refusal.clone()),
        }
    }
    if tally.count("imported") > TOLD {
        tell::line(format_args!("imported  {} more", tally.count("imported") - TOLD));
    }
    let done = if options.dry_run { "; nothing was written" } else { "" };
    let summary = format!(
        "{}: {} imported, {} changed, {} unchanged, {} kept, {} refused{done}",
        counted(results.len(), "document", "documents"),
        tally.count("imported"),
        tally.count("changed"),
        tally.count("unchanged"),
        tally.count("kept"),
        tally.refused.len()
    );
    tell::line(summary);
    if tally.notes > 0 {
        tell::line(format_args!(
            "{} not plain; comments in the specs say how it was taken",
            counted(tally.notes, "thing was", "things were")
        ));
    }
    if tally.count("kept") > 0 {
        tell::line("what is kept says something else than its document; --force replaces it");
    }
    if !options.dry_run && tally.count("imported") + tally.count("changed") > 0 {
        tell::line("next: cargo xtask gen");
    }
    if tally.refused.is_empty() { Ok(()) } else { Err(Failure::new(listed(&tally.refused))) }
}

/// What became of the documents.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<&'static str, usize>,
    notes: usize,
    refused: Vec<Refusal>,
}

impl Tally {
    fn count(&self, word: &str) -> usize {
        self.counts.get(word).copied().unwrap_or_default()
    }

    /// Counts one, and returns how many of its kind there are now.
    fn add(&mut self, word: &'static str) -> usize {
        let count = self.counts.entry(word).or_default();
        *count += 1;
        *count
    }
}

fn take(options: &Options, import: &Import, tally: &mut Tally) -> Result<(), Failure> {
    let (word, differences): (_, &[Difference]) = match &import.state {
        State::New => ("imported", &[]),
        State::Unchanged => {
            tally.add("unchanged");
            return Ok(());
        }
        State::Changed(differences) if options.force => ("changed", differences),
        State::Changed(differences) => ("kept", differences),
        State::Broken if options.force => ("changed", &[]),
        State::Broken => ("kept", &[]),
    };
    if word != "kept" && !options.dry_run {
        output::apply(&options.specs, &[import.change()]).map_err(Failure::new)?;
    }
    let told = tally.add(word) <= TOLD;
    tally.notes += import.notes.len();
    // What changes is worth a line whatever there is of it; what is new is told in its spec.
    if told || import.state != State::New {
        let broken = if import.state == State::Broken { ", which is no spec" } else { "" };
        tell::line(format_args!("{word:9} {}{broken}", options.specs.join(&import.path).display()));
        differences.iter().for_each(|difference| tell::line(format_args!("          {difference}")));
    }
    if told {
        import.notes.iter().for_each(|note| tell::line(format_args!("          note: {note}")));
    }
    Ok(())
}

fn listed(refusals: &[Refusal]) -> String {
    let lines: Vec<_> = refusals.iter().map(|refusal| format!("refused   {refusal}")).collect();
    lines.join("\n")
}
