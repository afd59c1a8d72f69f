//! The elements of XML documents and of samples in XML or JSON.

/// An element: its name, its text if it has any, and its children. A member of a JSON object is one too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}
