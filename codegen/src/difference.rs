//! Differences between two versions of specs or generated code.

use std::fmt;

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The item: a type `trade::TradeCloseRequest`, a field `trade::TradeCloseRequest.tid`, a variant `Status::Closed`,
    /// or the part of a spec `request.tid`.
    pub item: String,
    /// The kind of the difference.
    pub kind: DifferenceKind,
}

/// The kind of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The item is new.
    Added,
    /// The item is gone.
    Removed,
    /// The type changed, from the first to the second.
    Retyped(String, String),
    /// Another property changed, from the first to the second.
    Changed(String, String),
    /// The documentation changed, such as a description or an example.
    Reworded,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = &self.item;
        match &self.kind {
            DifferenceKind::Added => write!(f, "added    {item}"),
            DifferenceKind::Removed => write!(f, "removed  {item}"),
            DifferenceKind::Retyped(before, after) => write!(f, "retyped  {item}: {before} -> {after}"),
            DifferenceKind::Changed(before, after) => write!(f, "changed  {item}: {before} -> {after}"),
            DifferenceKind::Reworded => write!(f, "reworded {item}"),
        }
    }
}
