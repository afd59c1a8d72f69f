//! Rows as a tree: by their indentation, or by the response samples where a table has lost it.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

use crate::import::document::Entry;
use crate::import::sample::Node;
use crate::import::words::Spelling;

/// Deeper tables than this are not followed; the platform's deepest has eight levels.
const DEPTH: usize = 32;

/// Entries by their indentation: each belongs to the last one above that is indented less.
pub(super) fn nested(flat: Vec<(usize, bool, Entry)>) -> Result<Vec<Entry>, String> {
    let indented = flat.iter().any(|(indent, ..)| Some(indent) != flat.first().map(|(indent, ..)| indent));
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
    for (indent, marked, mut entry) in flat {
        while open.last().is_some_and(|(around, _)| *around >= indent) {
            close(&mut open, &mut entries);
        }
        // Mere spaces before a row do not make it a field of something that is no object.
        let no_object = |around: &Entry| Spelling::parse(&around.kind).kind().is_some() && around.fields.is_empty();
        if !marked && open.last().is_some_and(|(_, around)| no_object(around)) {
            let around = open.last().map(|(_, around)| around.name.clone()).unwrap_or_default();
            entry.notes.push(format!("Indented below `{around}`, which is no object; taken as its neighbour."));
            close(&mut open, &mut entries);
        }
        if !indented && Spelling::parse(&entry.kind).kind().is_none() {
            entry.notes.push(UNKNOWN.to_owned());
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
    let mut known = BTreeSet::new();
    samples.iter().for_each(|sample| names(sample, &mut known));
    let mut rest = flat.into_iter().map(|(.., entry)| entry).collect::<Vec<_>>().into_iter().peekable();
    let mut entries = Vec::new();
    take(&mut rest, &samples.iter().collect::<Vec<_>>(), &known, &mut entries, 0);
    entries
}

fn names<'n>(node: &'n Node, known: &mut BTreeSet<&'n str>) {
    for node in &node.below {
        known.insert(&node.name);
        names(node, known);
    }
}

/// Takes the entries that the samples have below `nodes`, and those that they have nowhere; at the top, all that are left.
fn take(
    rest: &mut Peekable<IntoIter<Entry>>,
    nodes: &[&Node],
    known: &BTreeSet<&str>,
    entries: &mut Vec<Entry>,
    depth: usize,
) {
    let mut below: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in nodes.iter().flat_map(|node| &node.below) {
        below.entry(&node.name).or_default().push(node);
    }
    let belongs = |name: &str| depth == 0 || below.contains_key(name) || (!below.is_empty() && !known.contains(name));
    while let Some(mut entry) = rest.next_if(|entry| belongs(&entry.name)) {
        let own = below.get(entry.name.as_str()).map_or(&[][..], Vec::as_slice);
        if depth > 0 && own.is_empty() {
            entry
                .notes
                .push("The response sample does not have it; taken to stand where the row above does.".to_owned());
        }
        if Spelling::parse(&entry.kind).kind().is_none() && depth < DEPTH {
            take(rest, own, known, &mut entry.fields, depth + 1);
            if entry.fields.is_empty() {
                // The elements of a list stand below a node of their own.
                let elements: Vec<&Node> = own.iter().flat_map(|node| &node.below).collect();
                take(rest, &elements, known, &mut entry.fields, depth + 1);
            }
            entry.notes.push(match entry.fields.is_empty() {
                true => UNKNOWN.to_owned(),
                false => "The page does not indent its fields; the response sample has them here.".to_owned(),
            });
        }
        entries.push(entry);
    }
}

/// What is to be said of an object of which nothing tells the fields.
const UNKNOWN: &str = "The page indents no rows; those below it may be its fields.";
