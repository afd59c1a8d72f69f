//! Rows as a tree: by their marks and indentation, or by the samples where a page does not show the levels.
//!
//! Many pages show one level only: a field of any depth has the same mark, and an object below an object may have none.
//! The levels of the rows behind such an object are inferred, each with a note.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

use super::row::MARK;
use crate::import::document::Entry;
use crate::import::sample::{Node, squeezed};
use crate::import::words::Spelling;

/// Deeper tables than this are an error; the platform's deepest has eight levels.
const DEPTH: usize = 32;

/// A row before it is placed in the tree.
#[derive(Debug)]
pub(super) struct Flat {
    /// The indentation.
    pub(super) depth: usize,
    /// Whether a mark says that it is a field.
    pub(super) marked: bool,
    /// Whether it is an item of a list, and so below a row that is not.
    pub(super) bulleted: bool,
    /// Whether the page does not show its level.
    pub(super) inferred: bool,
    pub(super) entry: Entry,
}

impl Flat {
    fn is_object(&self) -> bool {
        Spelling::parse(&self.entry.kind).kind().is_none()
    }
}

/// The samples of one side of a method: requests or responses.
pub(super) struct Sample<'n> {
    /// What they are called in a note.
    pub(super) name: &'static str,
    pub(super) roots: &'n [Node],
}

/// The rows as a tree.
///
/// # Errors
///
/// If rows are nested too deeply.
pub(super) fn nested(mut flat: Vec<Flat>, sample: &Sample<'_>) -> Result<Vec<Entry>, String> {
    let top = flat.first().map_or(0, |row| row.depth);
    let below = |row: &Flat| row.bulleted || row.depth != top;
    if !flat.iter().any(below) {
        return match sample.roots {
            [] => by_depth(flat, false),
            roots => Ok(unindented(flat, roots, sample)),
        };
    }
    let depths: BTreeSet<usize> =
        flat.iter().filter(|row| below(row) && !is_unmarked(row)).map(|row| row.depth).collect();
    if depths.len() > 1 {
        level_objects(&mut flat);
    } else if flat.iter().enumerate().any(|(index, row)| below(row) && is_open(row, flat.get(index + 1))) {
        return Ok(blocks(flat, top, sample));
    }
    by_depth(flat, true)
}

/// Whether a row is an item of a list without a mark. Its own level is not shown.
fn is_unmarked(row: &Flat) -> bool {
    row.bulleted && !row.marked
}

/// Whether a row is an object of which the page does not show whether the next rows are its fields.
fn is_open(row: &Flat, next: Option<&Flat>) -> bool {
    row.is_object() && (is_unmarked(row) || next.is_some_and(|next| next.depth == row.depth))
}

/// Gives objects without a mark, among rows whose marks show the levels, the level above the row that follows.
fn level_objects(flat: &mut [Flat]) {
    for index in (0..flat.len()).rev() {
        if is_unmarked(&flat[index]) {
            let next = flat.get(index + 1).filter(|next| next.bulleted).map(|next| next.depth);
            let row = &mut flat[index];
            row.depth = next.map_or(row.depth, |next| next.saturating_sub(MARK).max(1));
            row.entry.notes.push(BY_MARKS.to_owned());
        }
    }
}

/// Entries by their indentation: each belongs to the last one above that is indented less.
fn by_depth(flat: Vec<Flat>, indented: bool) -> Result<Vec<Entry>, String> {
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
    for Flat { depth, marked, mut entry, .. } in flat {
        while open.last().is_some_and(|(around, _)| *around >= depth) {
            close(&mut open, &mut entries);
        }
        // Mere spaces before a row do not make it a field of what is not an object.
        let no_object = |around: &Entry| Spelling::parse(&around.kind).kind().is_some() && around.fields.is_empty();
        if !marked && open.last().is_some_and(|(_, around)| no_object(around)) {
            let around = open.last().map(|(_, around)| around.name.clone()).unwrap_or_default();
            entry.notes.push(format!("Indented below `{around}`, which is not an object; imported on the same level."));
            close(&mut open, &mut entries);
        }
        if !indented && Spelling::parse(&entry.kind).kind().is_none() {
            entry.notes.push(UNKNOWN.to_owned());
        }
        if open.len() == DEPTH {
            return Err(format!(
                "`{}` is nested too deeply: expected at most {DEPTH} levels",
                entry.name.escape_debug()
            ));
        }
        open.push((depth, entry));
    }
    while !open.is_empty() {
        close(&mut open, &mut entries);
    }
    Ok(entries)
}

/// A table that shows no levels at all, by the samples.
fn unindented(mut flat: Vec<Flat>, roots: &[Node], sample: &Sample<'_>) -> Vec<Entry> {
    let object = flat.iter().position(Flat::is_object).unwrap_or(flat.len());
    flat.iter_mut().skip(object + 1).for_each(|row| row.inferred = true);
    let placer = Placer::new(roots.iter(), sample, true);
    let mut entries = Vec::new();
    placer.take(&mut flat.into_iter().peekable(), &roots.iter().collect::<Vec<_>>(), &mut entries, 0);
    entries
}

/// A table that shows which rows are below each of the top, but not their levels: each block by the samples, or by its
/// marks if no sample has it.
fn blocks(flat: Vec<Flat>, top: usize, sample: &Sample<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut rest = flat.into_iter().peekable();
    while let Some(Flat { mut entry, .. }) = rest.next() {
        let mut block = Vec::new();
        while let Some(row) = rest.next_if(|row| row.bulleted || row.depth != top) {
            block.push(row);
        }
        let open = (0..block.len()).find(|index| is_open(&block[*index], block.get(index + 1)));
        let certain = open.map_or(block.len(), |open| open + 1);
        block.iter_mut().skip(certain).for_each(|row| row.inferred = true);
        let key = squeezed(&entry.name);
        let nodes: Vec<&Node> =
            sample.roots.iter().flat_map(|root| &root.below).filter(|node| squeezed(&node.name) == key).collect();
        let nodes = fields_of(&entry, &nodes, block.first());
        let placer = Placer::new(nodes.iter().copied(), sample, false);
        if placer.known.is_empty() {
            entry.fields = by_marks(block);
        } else {
            placer.take(&mut block.into_iter().peekable(), &nodes, &mut entry.fields, 1);
        }
        entries.push(entry);
    }
    entries
}

/// The fields of one row by their marks alone: a row with a mark is a field of the object without a mark above it.
fn by_marks(block: Vec<Flat>) -> Vec<Entry> {
    let mut fields: Vec<Entry> = Vec::new();
    let mut open = false;
    for mut row in block {
        if row.inferred {
            row.entry.notes.push(BY_MARKS.to_owned());
        }
        match fields.last_mut() {
            Some(object) if open && !is_unmarked(&row) => object.fields.push(row.entry),
            _ => {
                open = is_unmarked(&row) && row.is_object();
                fields.push(row.entry);
            }
        }
    }
    fields
}

/// The nodes that hold the fields of an entry, of which `nodes` are the samples: the elements of a list are below nodes of
/// their own, except in simplified JSON. `first` is the first row below the entry.
fn fields_of<'n>(entry: &Entry, nodes: &[&'n Node], first: Option<&Flat>) -> Vec<&'n Node> {
    let names: BTreeSet<&str> = nodes.iter().flat_map(|node| &node.below).map(|node| node.name.as_str()).collect();
    let elements: Vec<&Node> = nodes.iter().flat_map(|node| &node.below).collect();
    let first = first.map(|row| squeezed(&row.entry.name)).unwrap_or_default();
    let direct = names.iter().any(|name| squeezed(name) == first);
    let below = elements.iter().flat_map(|node| &node.below).any(|node| squeezed(&node.name) == first);
    let wrapped =
        Spelling::parse(&entry.kind).list && names.len() == 1 && elements.iter().any(|node| !node.below.is_empty());
    if !direct && (below || wrapped) { elements } else { nodes.to_vec() }
}

/// Places rows where samples have them.
struct Placer {
    /// The names that the samples have anywhere.
    known: BTreeSet<String>,
    /// What the samples are called in a note.
    sample: &'static str,
    /// Whether the page shows no levels at all.
    unindented: bool,
}

impl Placer {
    fn new<'n>(nodes: impl Iterator<Item = &'n Node>, sample: &Sample<'_>, unindented: bool) -> Self {
        fn names(node: &Node, known: &mut BTreeSet<String>) {
            for node in &node.below {
                known.insert(squeezed(&node.name));
                names(node, known);
            }
        }
        let mut known = BTreeSet::new();
        nodes.for_each(|node| names(node, &mut known));
        Self { known, sample: sample.name, unindented }
    }

    /// Takes the rows that the samples have below `nodes`, and those that they have nowhere. At the level on which the rows
    /// begin, 0 or 1, all that are left.
    fn take(&self, rest: &mut Peekable<IntoIter<Flat>>, nodes: &[&Node], entries: &mut Vec<Entry>, depth: usize) {
        let mut below: BTreeMap<String, Vec<&Node>> = BTreeMap::new();
        for node in nodes.iter().flat_map(|node| &node.below) {
            below.entry(squeezed(&node.name)).or_default().push(node);
        }
        let floor = depth == usize::from(!self.unindented);
        let mut taken: BTreeSet<String> = entries.iter().map(|entry| squeezed(&entry.name)).collect();
        let belongs = |row: &Flat, taken: &BTreeSet<String>| {
            let key = squeezed(&row.entry.name);
            floor
                || (below.contains_key(&key) && !taken.contains(&key))
                || (!below.is_empty() && !self.known.contains(&key))
        };
        while let Some(mut row) = rest.next_if(|row| belongs(row, &taken)) {
            let key = squeezed(&row.entry.name);
            let own = below.get(&key).map_or(&[][..], Vec::as_slice);
            taken.insert(key);
            if row.inferred {
                row.entry.notes.push(match own {
                    [] => format!("Level inferred from the row above: the {} does not have this field.", self.sample),
                    _ => format!("Level inferred from the {}.", self.sample),
                });
            }
            if row.is_object() && depth < DEPTH {
                let nodes = fields_of(&row.entry, own, rest.peek());
                let mut fields = Vec::new();
                self.take(rest, &nodes, &mut fields, depth + 1);
                let unsampled = nodes.iter().all(|node| node.below.is_empty());
                if unsampled && is_unmarked(&row) {
                    let is_field = |next: &Flat| {
                        let key = squeezed(&next.entry.name);
                        next.marked && !self.known.contains(&key)
                    };
                    while let Some(mut field) = rest.next_if(is_field) {
                        field.entry.notes.push(BY_MARKS.to_owned());
                        fields.push(field.entry);
                    }
                }
                if fields.is_empty() && self.unindented {
                    row.entry.notes.push(UNKNOWN.to_owned());
                }
                row.entry.fields = fields;
            }
            entries.push(row.entry);
        }
    }
}

/// The note of an object of which nothing tells the fields.
const UNKNOWN: &str = "The page indents no rows; the rows below may be fields of this object.";

/// The note of a row whose level follows from the marks of its neighbours.
const BY_MARKS: &str = "Level inferred from the marks of the adjacent rows.";
