//! Write specs from the platform's documents.

use std::path::PathBuf;

use super::print::{Progress, counted, line};
use super::{CommandError, Context};
use crate::files::printable;
use crate::import::{EXTENSIONS, Import, ImportError, Importer, Refusal, State, documents};
use crate::output;
use crate::spec::is_category;

/// How many new specs without notes are printed by name.
const LISTED: usize = 20;

/// What to import, and how.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The documents, or folders of documents.
    pub paths: Vec<PathBuf>,
    /// The category of all methods. Default: as [`Importer::import`] chooses it.
    pub category: Option<String>,
    /// Replace specs that differ.
    pub force: bool,
    /// Write nothing.
    pub dry_run: bool,
}

/// Imports documents as specs.
///
/// # Errors
///
/// The documents that were refused. The others are imported.
pub fn import(context: &Context, options: &ImportOptions) -> Result<(), CommandError> {
    if let Some(category) = options.category.as_deref().filter(|category| !is_category(category)) {
        return Err(CommandError::usage(format!(
            "{category:?} is no category: a category is called in lower-case letters and digits"
        )));
    }
    let importer = Importer::new(&context.specs).map_err(|found| CommandError::nothing_written(&found))?;
    let (documents, refusals) = documents(&options.paths);
    if documents.is_empty() && refusals.is_empty() {
        let extensions = EXTENSIONS.map(|extension| format!(".{extension}")).join(", ");
        return Err(CommandError::failed(format!(
            "found no document: expected a file that ends in {extensions}; nothing was imported"
        )));
    }
    let progress = Progress::new(documents.len(), "documents");
    let mut results = importer.import(&documents, options.category.as_deref(), || progress.increment());
    drop(progress);
    results.extend(refusals.into_iter().map(Err));
    report(context, options, results)
}

/// Writes specs, and prints every result.
fn report(
    context: &Context,
    options: &ImportOptions,
    results: Vec<Result<Import, Refusal>>,
) -> Result<(), CommandError> {
    let count = results.len();
    let mut tally = Tally::default();
    for result in results {
        let done = result.and_then(|import| {
            let done = Done::of(&import.state, options.force);
            if done.writes() && !options.dry_run {
                let refuse = |error| Refusal { document: import.document.clone(), error: ImportError::Write(error) };
                output::apply(&context.specs, &[import.change()]).map_err(refuse)?;
            }
            Ok((import, done))
        });
        match done {
            Ok((import, done)) => tally.add(context, options, &import, done),
            Err(refusal) => tally.refused.push(refusal),
        }
    }
    if tally.unlisted > 0 {
        line(format_args!("imported  {} more", tally.unlisted));
    }
    let Tally { imported, changed, unchanged, kept, .. } = tally;
    line(format_args!(
        "{}: {imported} imported, {changed} changed, {unchanged} unchanged, {kept} kept, {} refused{}",
        counted(count, "document", "documents"),
        tally.refused.len(),
        if options.dry_run { "; nothing was written" } else { "" },
    ));
    if tally.notes > 0 {
        let things = counted(tally.notes, "thing was", "things were");
        line(format_args!("{things} not plain; a comment in the spec says how each was taken"));
    }
    if kept > 0 {
        line("what is kept says something else than its document; --force replaces it");
    }
    if !options.dry_run && imported + changed > 0 {
        line(format_args!("next: {} gen", context.program));
    }
    if tally.refused.is_empty() { Ok(()) } else { Err(CommandError::failed(listed(&tally.refused))) }
}

/// The result of a document.
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

/// The results of all documents.
#[derive(Default)]
struct Tally {
    imported: usize,
    changed: usize,
    unchanged: usize,
    kept: usize,
    /// The imported specs that are not printed by name.
    unlisted: usize,
    /// The comments in the written specs.
    notes: usize,
    refused: Vec<Refusal>,
}

impl Tally {
    fn add(&mut self, context: &Context, options: &ImportOptions, import: &Import, done: Done) {
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
        if done == Done::Imported && plain && self.imported > LISTED {
            self.unlisted += 1;
            return;
        }
        let broken = if import.state == State::Broken { ", which is no spec" } else { "" };
        line(format_args!("{word:9} {}{broken}", printable(&context.specs.join(&import.path))));
        if let State::Changed(differences) = &import.state {
            differences.iter().for_each(|difference| line(format_args!("          {difference}")));
        }
        import.notes.iter().for_each(|note| line(format_args!("          note: {note}")));
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
