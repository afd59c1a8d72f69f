//! What is different between a state and the one after it, as people are told of it.

use std::fmt;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs: `trade::TradeCloseRequest`, or with `.tid` behind it a field, with `::Closed` a value of a choice; of
    /// specs `request.tid`.
    pub item: String,
    /// What happens to it.
    pub kind: DifferenceKind,
}

/// What happens to an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// It is new.
    Added,
    /// It goes away.
    Removed,
    /// Its type changes, from the first to the second.
    Retyped(String, String),
    /// Something else that is said of it changes, from the first to the second.
    Changed(String, String),
    /// Its words for people change: a description, an example.
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
