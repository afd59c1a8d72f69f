//! Rows as a tree: by their indentation, or by the response samples where a table has lost it.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::vec::IntoIter;

use crate::import::document::Entry;
use crate::import::sample::Node;
use crate::import::words::Spelling;

/// Deeper tables than this are not followed; the platform's deepest has eight levels.
const DEPTH: usize = 32;

/// Entries by their indentation: each belongs to the last one above that is indented less.
pub(super) fn nested(flat: Vec<(usize, bool, Entry)>) -> Result<Vec<Entry>, String> {
    // The entries that are still open, from the outermost in, each with its indentation.
    let mut open: Vec<(usize, Entry)> = Vec::new();
    let mut entries = Vec::new();
    let close = |open: &mut Vec<(usize, Entry)>, entries: &mut Vec<Entry>| {
        if let Some((_, entry)) = open.pop() {
            match open.last_mut() {
                Some((_, around)) => around.fields.push(entry),
                None => entries.push(entry),
            }
        }
    };
    for (indent, marked, entry) in flat {
        while open.last().is_some_and(|(around, _)| *around >= indent) {
            close(&mut open, &mut entries);
        }
        // Mere spaces before a row do not make it a field of something that is no object.
        let no_object = |around: &Entry| Spelling::parse(&around.kind).kind().is_some() && around.fields.is_empty();
        if !marked && open.last().is_some_and(|(_, around)| no_object(around)) {
            close(&mut open, &mut entries);
        }
        if open.len() == DEPTH {
            return Err(format!("`{}` stands below more than {DEPTH} others", entry.name.escape_debug()));
        }
        open.push((indent, entry));
    }
    while !open.is_empty() {
        close(&mut open, &mut entries);
    }
    Ok(entries)
}

/// Entries of a table that has lost its indentation: each where the response samples have it.
pub(super) fn sampled(flat: Vec<(usize, bool, Entry)>, samples: &[Node]) -> Vec<Entry> {
    let mut rest = flat.into_iter().map(|(.., entry)| entry).collect::<Vec<_>>().into_iter().peekable();
    let mut entries = Vec::new();
    take(&mut rest, &samples.iter().collect::<Vec<_>>(), &mut entries, 0);
    entries
}

/// Takes the entries that the samples have below `nodes`; at the top, those too that they do not have.
fn take(rest: &mut Peekable<IntoIter<Entry>>, nodes: &[&Node], entries: &mut Vec<Entry>, depth: usize) {
    let mut below: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in nodes.iter().flat_map(|node| &node.below) {
        below.entry(&node.name).or_default().push(node);
    }
    while let Some(mut entry) = rest.next_if(|entry| depth == 0 || below.contains_key(entry.name.as_str())) {
        let own = below.get(entry.name.as_str()).map_or(&[][..], Vec::as_slice);
        if Spelling::parse(&entry.kind).kind().is_none() && depth < DEPTH {
            take(rest, own, &mut entry.fields, depth + 1);
            if entry.fields.is_empty() {
                // The elements of a list stand below a node of their own.
                let elements: Vec<&Node> = own.iter().flat_map(|node| &node.below).collect();
                take(rest, &elements, &mut entry.fields, depth + 1);
            }
            if !entry.fields.is_empty() {
                entry.notes.push("The page does not indent its fields; the response sample has them here.".to_owned());
            }
        }
        entries.push(entry);
    }
}
