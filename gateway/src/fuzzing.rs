//! What fuzz targets compare: the parameters as the gateway reads them.

use std::collections::BTreeMap;

use crate::Incoming;

impl Incoming<'_> {
    /// The text parameters by name, and the lengths of the files by name. `None` if the request cannot be read.
    #[doc(hidden)]
    pub fn texts_and_files(&self) -> Option<(BTreeMap<String, String>, BTreeMap<String, Vec<usize>>)> {
        self.parameters().ok().map(|parameters| (parameters.texts, parameters.files))
    }
}
