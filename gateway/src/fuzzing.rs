//! What fuzz targets compare: the parameters as the gateway reads them.

use std::collections::BTreeMap;

use crate::Incoming;

#[doc(hidden)]
impl Incoming<'_> {
    /// The text parameters by name; `None` if the request cannot be read.
    pub fn texts(&self) -> Option<BTreeMap<String, String>> {
        self.parameters().ok().map(|parameters| parameters.texts)
    }

    /// The lengths of the files by name; `None` if the request cannot be read.
    pub fn file_lengths(&self) -> Option<BTreeMap<String, Vec<usize>>> {
        self.parameters().ok().map(|parameters| parameters.files)
    }
}
