//! Writes specs from the platform's documents.

use std::path::PathBuf;

use super::context::Context;
use super::error::CommandError;
use super::print::{Progress, counted, line};
use crate::files::printable;
use crate::import::{EXTENSIONS, Import, ImportError, ImportStatus, Importer, Refusal, documents};
use crate::output;
use crate::spec::is_category;

/// The maximum number of new specs without notes that are listed.
const MAX_LISTED: usize = 20;

/// The options of an import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The documents or folders.
    pub paths: Vec<PathBuf>,
    /// The category of all methods. Default: see [`Importer::import`].
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
/// The documents that were refused. All others are imported.
pub fn import(context: &Context, options: &ImportOptions) -> Result<(), CommandError> {
    if let Some(category) = options.category.as_deref().filter(|category| !is_category(category)) {
        return Err(CommandError::usage(format!(
            "invalid category {category:?}: expected lower-case letters and digits"
        )));
    }
    let importer = Importer::new(&context.specs).map_err(|found| CommandError::nothing_written(&found))?;
    let (documents, refusals) = documents(&options.paths);
    if documents.is_empty() && refusals.is_empty() {
        let extensions = EXTENSIONS.map(|extension| format!(".{extension}")).join(", ");
        return Err(CommandError::failed(format!(
            "no document found: expected files that end in {extensions}; nothing was imported"
        )));
    }
    let progress = Progress::new(documents.len(), "documents");
    let mut results = importer.import(&documents, options.category.as_deref(), || progress.increment());
    drop(progress);
    results.extend(refusals.into_iter().map(Err));
    report(context, options, results)
}

/// Writes specs, and prints all results.
fn report(
    context: &Context,
    options: &ImportOptions,
    results: Vec<Result<Import, Refusal>>,
) -> Result<(), CommandError> {
    let count = results.len();
    let mut summary = Summary::default();
    for result in results {
        let action = result.and_then(|import| {
            let action = Action::of(&import.status, options.force);
            if action.writes() && !options.dry_run {
                let refuse = |error| Refusal { document: import.document.clone(), error: ImportError::Write(error) };
                output::apply(&context.specs, &[import.change()]).map_err(refuse)?;
            }
            Ok((import, action))
        });
        match action {
            Ok((import, action)) => summary.add(context, options, &import, action),
            Err(refusal) => summary.refused.push(refusal),
        }
    }
    if summary.unlisted > 0 {
        line(format_args!("imported  {} more", summary.unlisted));
    }
    let Summary { imported, changed, unchanged, kept, .. } = summary;
    line(format_args!(
        "{}: {imported} imported, {changed} changed, {unchanged} unchanged, {kept} kept, {} refused{}",
        counted(count, "document", "documents"),
        summary.refused.len(),
        if options.dry_run { "; nothing was written" } else { "" },
    ));
    if summary.notes > 0 {
        let notes = counted(summary.notes, "note", "notes");
        line(format_args!("{notes} on unclear or omitted parts; each is also a comment in its spec"));
    }
    if kept > 0 {
        line("kept specs differ from their documents; --force replaces them");
    }
    if !options.dry_run && imported + changed > 0 {
        line(format_args!("next: {} gen", context.program));
    }
    if summary.refused.is_empty() { Ok(()) } else { Err(CommandError::failed(format_refusals(&summary.refused))) }
}

/// The action for a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Imported,
    Changed,
    Unchanged,
    Kept,
}

impl Action {
    fn of(status: &ImportStatus, force: bool) -> Self {
        match status {
            ImportStatus::New => Self::Imported,
            ImportStatus::Unchanged => Self::Unchanged,
            ImportStatus::Changed(_) | ImportStatus::Broken if force => Self::Changed,
            ImportStatus::Changed(_) | ImportStatus::Broken => Self::Kept,
        }
    }

    fn writes(self) -> bool {
        matches!(self, Self::Imported | Self::Changed)
    }
}

/// The totals of an import.
#[derive(Default)]
struct Summary {
    imported: usize,
    changed: usize,
    unchanged: usize,
    kept: usize,
    /// The number of imported specs that are not listed.
    unlisted: usize,
    /// The number of notes in the written specs.
    notes: usize,
    refused: Vec<Refusal>,
}

impl Summary {
    fn add(&mut self, context: &Context, options: &ImportOptions, import: &Import, action: Action) {
        let (count, word) = match action {
            Action::Imported => (&mut self.imported, "imported"),
            Action::Changed => (&mut self.changed, "changed"),
            Action::Unchanged => (&mut self.unchanged, "unchanged"),
            Action::Kept => (&mut self.kept, "kept"),
        };
        *count += 1;
        let has_no_notes = import.notes.is_empty();
        if action == Action::Unchanged {
            return;
        }
        if action == Action::Imported && has_no_notes && self.imported > MAX_LISTED {
            self.unlisted += 1;
            return;
        }
        let suffix = if import.status == ImportStatus::Broken { ", which is not a valid spec" } else { "" };
        line(format_args!("{word:9} {}{suffix}", printable(&context.specs.join(&import.path))));
        if let ImportStatus::Changed(differences) = &import.status {
            differences.iter().for_each(|difference| line(format_args!("          {difference}")));
        }
        import.notes.iter().for_each(|note| line(format_args!("          note: {note}")));
        if action.writes() && !options.dry_run {
            self.notes += import.notes.len();
        }
    }
}

fn format_refusals(refusals: &[Refusal]) -> String {
    let line = |refusal: &Refusal| format!("refused   {}: {}", printable(&refusal.document), refusal.reason());
    let lines: Vec<_> = refusals.iter().map(line).collect();
    lines.join("\n")
}
