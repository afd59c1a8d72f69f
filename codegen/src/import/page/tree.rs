//! Nests rows: by marks and indentation, or by the samples if the page does not show the levels.
//!
//! Many pages show one level only: fields of all depths have the same mark, and nested objects may have none. The
//! levels of the rows after such an object are inferred, each with a note.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

use super::row::MARK_INDENT;
use crate::import::document::Entry;
use crate::import::element::Element;
use crate::import::sample::normalized_name;
use crate::import::vocabulary::DocumentType;

/// The maximum nesting of a table. The platform's deepest has eight levels.
const MAX_DEPTH: usize = 32;

/// A row before nesting.
#[derive(Debug)]
pub(super) struct FlatRow {
    /// The indentation.
    pub(super) depth: usize,
    /// Whether the row has the mark of a field.
    pub(super) marked: bool,
    /// Whether the row is a list item, and so below a row that is not.
    pub(super) bulleted: bool,
    /// Whether the page does not show the level of the row.
    pub(super) inferred: bool,
    pub(super) entry: Entry,
}

impl FlatRow {
    fn is_object(&self) -> bool {
        DocumentType::parse(&self.entry.kind).kind().is_none()
    }
}

/// The samples of requests or responses.
pub(super) struct Samples<'n> {
    /// The name of the samples in notes.
    pub(super) name: &'static str,
    pub(super) roots: &'n [Element],
}

/// Nests the rows.
///
/// # Errors
///
/// If rows are nested too deeply.
pub(super) fn nest(mut flat: Vec<FlatRow>, sample: &Samples<'_>) -> Result<Vec<Entry>, String> {
    let top = flat.first().map_or(0, |row| row.depth);
    let below = |row: &FlatRow| row.bulleted || row.depth != top;
    if !flat.iter().any(below) {
        return match sample.roots {
            [] => by_indentation(flat, false),
            roots => Ok(by_samples(flat, roots, sample)),
        };
    }
    let depths: BTreeSet<usize> =
        flat.iter().filter(|row| below(row) && !is_unmarked(row)).map(|row| row.depth).collect();
    if depths.len() > 1 {
        level_objects(&mut flat);
    } else if flat.iter().enumerate().any(|(index, row)| below(row) && may_have_fields(row, flat.get(index + 1))) {
        return Ok(by_blocks(flat, top, sample));
    }
    by_indentation(flat, true)
}

/// Returns whether a row is a list item without a mark. Its own level is not shown.
fn is_unmarked(row: &FlatRow) -> bool {
    row.bulleted && !row.marked
}

/// Returns whether a row is an object whose fields may or may not be the next rows.
fn may_have_fields(row: &FlatRow, next: Option<&FlatRow>) -> bool {
    row.is_object() && (is_unmarked(row) || next.is_some_and(|next| next.depth == row.depth))
}

/// Sets the level of objects without a mark to one above the next row, if marks show the levels.
fn level_objects(flat: &mut [FlatRow]) {
    for index in (0..flat.len()).rev() {
        if is_unmarked(&flat[index]) {
            let next = flat.get(index + 1).filter(|next| next.bulleted).map(|next| next.depth);
            let row = &mut flat[index];
            row.depth = next.map_or(row.depth, |next| next.saturating_sub(MARK_INDENT).max(1));
            row.entry.notes.push(BY_MARKS.to_owned());
        }
    }
}

/// Nests entries by indentation: each is a field of the last preceding entry with less indentation.
fn by_indentation(flat: Vec<FlatRow>, indented: bool) -> Result<Vec<Entry>, String> {
    // The open entries, outermost first, each with its indentation.
    let mut open: Vec<(usize, Entry)> = Vec::new();
    let mut entries = Vec::new();
    let close = |open: &mut Vec<(usize, Entry)>, entries: &mut Vec<Entry>| {
        if let Some((_, entry)) = open.pop() {
            match open.last_mut() {
                Some((_, parent)) => parent.fields.push(entry),
                None => entries.push(entry),
            }
        }
    };
    for FlatRow { depth, marked, mut entry, .. } in flat {
        while open.last().is_some_and(|(parent, _)| *parent >= depth) {
            close(&mut open, &mut entries);
        }
        // Indentation without a mark does not make a row the field of a scalar.
        let no_object = |parent: &Entry| DocumentType::parse(&parent.kind).kind().is_some() && parent.fields.is_empty();
        if !marked && open.last().is_some_and(|(_, parent)| no_object(parent)) {
            let parent = open.last().map(|(_, parent)| parent.name.clone()).unwrap_or_default();
            entry.notes.push(format!("Indented below `{parent}`, which is not an object; imported on the same level."));
            close(&mut open, &mut entries);
        }
        if !indented && DocumentType::parse(&entry.kind).kind().is_none() {
            entry.notes.push(UNKNOWN_FIELDS.to_owned());
        }
        if open.len() == MAX_DEPTH {
            return Err(format!(
                "`{}` is nested too deeply: expected at most {MAX_DEPTH} levels",
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

/// Nests a table that shows no levels, by the samples.
fn by_samples(mut flat: Vec<FlatRow>, roots: &[Element], sample: &Samples<'_>) -> Vec<Entry> {
    let object = flat.iter().position(FlatRow::is_object).unwrap_or(flat.len());
    flat.iter_mut().skip(object + 1).for_each(|row| row.inferred = true);
    let inference = LevelInference::new(roots.iter(), sample, true);
    let mut entries = Vec::new();
    inference.place(&mut flat.into_iter().peekable(), &roots.iter().collect::<Vec<_>>(), &mut entries, 0);
    entries
}

/// Nests a table that shows only the top level: each block by the samples, or by marks if no sample has it.
fn by_blocks(flat: Vec<FlatRow>, top: usize, sample: &Samples<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut rest = flat.into_iter().peekable();
    while let Some(FlatRow { mut entry, .. }) = rest.next() {
        let mut block = Vec::new();
        while let Some(row) = rest.next_if(|row| row.bulleted || row.depth != top) {
            block.push(row);
        }
        let open = (0..block.len()).find(|index| may_have_fields(&block[*index], block.get(index + 1)));
        let certain = open.map_or(block.len(), |open| open + 1);
        block.iter_mut().skip(certain).for_each(|row| row.inferred = true);
        let key = normalized_name(&entry.name);
        let elements: Vec<&Element> = sample
            .roots
            .iter()
            .flat_map(|root| &root.children)
            .filter(|element| normalized_name(&element.name) == key)
            .collect();
        let elements = field_elements(&entry, &elements, block.first());
        let inference = LevelInference::new(elements.iter().copied(), sample, false);
        if inference.sampled_names.is_empty() {
            entry.fields = by_marks(block);
        } else {
            inference.place(&mut block.into_iter().peekable(), &elements, &mut entry.fields, 1);
        }
        entries.push(entry);
    }
    entries
}

/// Nests the rows below one entry by marks: a marked row is a field of the preceding unmarked object.
fn by_marks(block: Vec<FlatRow>) -> Vec<Entry> {
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

/// Returns the elements that contain the fields of an entry. `samples` are the elements of the entry; a list has an extra
/// level, except in simplified JSON. `first` is the first row below the entry.
fn field_elements<'n>(entry: &Entry, samples: &[&'n Element], first: Option<&FlatRow>) -> Vec<&'n Element> {
    let children: Vec<&Element> = samples.iter().flat_map(|sample| &sample.children).collect();
    let names: BTreeSet<&str> = children.iter().map(|child| child.name.as_str()).collect();
    let first = first.map(|row| normalized_name(&row.entry.name)).unwrap_or_default();
    let is_first = |element: &Element| normalized_name(&element.name) == first;
    let direct = children.iter().any(|child| is_first(child));
    let nested = children.iter().flat_map(|child| &child.children).any(is_first);
    let wrapped = DocumentType::parse(&entry.kind).list
        && names.len() == 1
        && children.iter().any(|child| !child.children.is_empty());
    if !direct && (nested || wrapped) { children } else { samples.to_vec() }
}

/// Places rows on the levels that samples show.
struct LevelInference {
    /// The names of all elements in the samples.
    sampled_names: BTreeSet<String>,
    /// The name of the samples in notes.
    sample: &'static str,
    /// Whether the page shows no levels.
    unindented: bool,
}

impl LevelInference {
    fn new<'n>(elements: impl Iterator<Item = &'n Element>, sample: &Samples<'_>, unindented: bool) -> Self {
        fn names(element: &Element, sampled_names: &mut BTreeSet<String>) {
            for element in &element.children {
                sampled_names.insert(normalized_name(&element.name));
                names(element, sampled_names);
            }
        }
        let mut sampled_names = BTreeSet::new();
        elements.for_each(|element| names(element, &mut sampled_names));
        Self { sampled_names, sample: sample.name, unindented }
    }

    /// Places the rows that the samples have below `elements`, and those that they have nowhere. On the first level of
    /// the rows, 0 or 1, places all remaining rows.
    fn place(
        &self,
        rest: &mut Peekable<IntoIter<FlatRow>>,
        elements: &[&Element],
        entries: &mut Vec<Entry>,
        depth: usize,
    ) {
        let mut below: BTreeMap<String, Vec<&Element>> = BTreeMap::new();
        for element in elements.iter().flat_map(|element| &element.children) {
            below.entry(normalized_name(&element.name)).or_default().push(element);
        }
        let is_first_level = depth == usize::from(!self.unindented);
        let mut placed: BTreeSet<String> = entries.iter().map(|entry| normalized_name(&entry.name)).collect();
        let belongs = |row: &FlatRow, placed: &BTreeSet<String>| {
            let key = normalized_name(&row.entry.name);
            is_first_level
                || (below.contains_key(&key) && !placed.contains(&key))
                || (!below.is_empty() && !self.sampled_names.contains(&key))
        };
        while let Some(mut row) = rest.next_if(|row| belongs(row, &placed)) {
            let key = normalized_name(&row.entry.name);
            let samples = below.get(&key).map_or(&[][..], Vec::as_slice);
            placed.insert(key);
            if row.inferred {
                row.entry.notes.push(match samples {
                    [] => format!("Level inferred from the row above: the {} does not have this field.", self.sample),
                    _ => format!("Level inferred from the {}.", self.sample),
                });
            }
            if row.is_object() && depth < MAX_DEPTH {
                let elements = field_elements(&row.entry, samples, rest.peek());
                let mut fields = Vec::new();
                self.place(rest, &elements, &mut fields, depth + 1);
                let unsampled = elements.iter().all(|element| element.children.is_empty());
                if unsampled && is_unmarked(&row) {
                    let is_field = |next: &FlatRow| {
                        let key = normalized_name(&next.entry.name);
                        next.marked && !self.sampled_names.contains(&key)
                    };
                    while let Some(mut field) = rest.next_if(is_field) {
                        field.entry.notes.push(BY_MARKS.to_owned());
                        fields.push(field.entry);
                    }
                }
                if fields.is_empty() && self.unindented {
                    row.entry.notes.push(UNKNOWN_FIELDS.to_owned());
                }
                row.entry.fields = fields;
            }
            entries.push(row.entry);
        }
    }
}

/// The note on an object whose fields cannot be determined.
const UNKNOWN_FIELDS: &str = "The page indents no rows; the rows below may be fields of this object.";

/// The note on a row whose level follows from the marks of adjacent rows.
const BY_MARKS: &str = "Level inferred from the marks of the adjacent rows.";
